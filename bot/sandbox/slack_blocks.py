"""Block Kit as Slack checks and completes it: sizes, shapes, ids; the state of the inputs a message or view holds.

Rules: https://docs.slack.dev/reference/block-kit. Errors read as Slack's do: words, then where, as a JSON pointer.
"""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox import slack_limits as limits
from bot.sandbox.ledger import Json

SELECTS = frozenset(f"{kind}_select" for kind in ("static", "external", "users", "conversations", "channels"))
MULTI_SELECTS = frozenset(f"multi_{kind}" for kind in SELECTS)
PICKERS = frozenset({"datepicker", "timepicker", "datetimepicker", "checkboxes", "radio_buttons"})
TEXT_INPUTS = frozenset({"plain_text_input", "email_text_input", "url_text_input", "number_input"})
STATEFUL = SELECTS | MULTI_SELECTS | PICKERS | TEXT_INPUTS | {"rich_text_input", "file_input"}
BUTTONS = frozenset({"button", "workflow_button", "overflow", "feedback_buttons", "icon_button"})
INTERACTIVE = STATEFUL | BUTTONS
ACCESSORIES = (INTERACTIVE | {"image"}) - TEXT_INPUTS - {"rich_text_input", "file_input"}
IN_ACTIONS = INTERACTIVE - {"file_input", "email_text_input", "url_text_input", "number_input", "feedback_buttons"}
PLAIN_BLOCKS = frozenset({"divider", "rich_text", "video", "file", "table", "context_actions"})


@dataclass
class Check:
    """One pass over blocks or a view; `problems` reads like Slack's `response_metadata.messages`."""

    problems: list[str] = field(default_factory=list)
    characters: int = 0  # of every text in every block, what msg_blocks_too_long counts

    def say(self, words: str, where: str) -> None:
        """Write down one problem."""
        self.problems.append(f"[ERROR] {words} [json-pointer:{where}]")

    def length(self, value: object, most: int, where: str, least: int = 0) -> None:
        """A string of at most `most` characters."""
        if not isinstance(value, str):
            self.say("must be a string", where)
        elif len(value) > most:
            self.say(f"must be less than {most + 1} characters", where)
        elif len(value) < least:
            self.say(f"must be more than {least - 1} characters", where)

    def optional(self, thing: Json, name: str, most: int, where: str) -> None:
        """A string that may be missing."""
        if thing.get(name) is not None:
            self.length(thing[name], most, f"{where}/{name}")

    def text(self, value: object, most: int, where: str, plain: bool = True) -> None:
        """A text object, plain_text only unless `plain` is false."""
        if not isinstance(value, dict):
            self.say("must be an object", where)
            return
        kinds = ("plain_text",) if plain else ("plain_text", "mrkdwn")
        if value.get("type") not in kinds:
            self.say(f"must be one of: {', '.join(kinds)}", f"{where}/type")
        self.length(value.get("text"), most, f"{where}/text", least=1)
        self.characters += len(value["text"]) if isinstance(value.get("text"), str) else 0

    def many(self, value: object, most: int, where: str, least: int = 1) -> Iterator[tuple[Json, str]]:
        """The objects of a list of `least` to `most`, each with its pointer."""
        if not isinstance(value, list):
            self.say("must be an array", where)
            return
        if len(value) > most:
            self.say(f"no more than {most} items allowed", where)
        if len(value) < least:
            self.say(f"must have at least {least} items", where)
        for i, item in enumerate(value):
            if isinstance(item, dict):
                yield item, f"{where}/{i}"
            else:
                self.say("must be an object", f"{where}/{i}")

    # elements

    def element(self, element: Json, where: str, allowed: frozenset[str], seen: set[str]) -> None:
        """One interactive element or image; `seen` holds the action_ids of its block."""
        kind = element.get("type")
        if kind not in allowed:
            self.say(f"unsupported type: {kind}", f"{where}/type")
            return
        if kind == "image":
            self.picture(element, where)
            return
        self.optional(element, "action_id", limits.ID_CHARACTERS, where)
        action_id = element.get("action_id")
        if isinstance(action_id, str) and action_id in seen:
            self.say(f"action_id {action_id!r} already exists", f"{where}/action_id")
        seen.add(str(action_id or where))
        if "placeholder" in element:
            self.text(element["placeholder"], limits.PLACEHOLDER_CHARACTERS, f"{where}/placeholder")
        if "confirm" in element:
            self.confirm(element["confirm"], f"{where}/confirm")
        self.element_body(str(kind), element, where)

    def element_body(self, kind: str, element: Json, where: str) -> None:
        """What is particular to this kind of element."""
        if kind == "button":
            self.text(element.get("text"), limits.BUTTON_TEXT_CHARACTERS, f"{where}/text")
            self.optional(element, "value", limits.BUTTON_VALUE_CHARACTERS, where)
            self.optional(element, "url", limits.URL_CHARACTERS, where)
            if element.get("style", "primary") not in ("primary", "danger"):
                self.say("must be one of: primary, danger", f"{where}/style")
        elif kind in ("static_select", "multi_static_select"):
            if ("options" in element) == ("option_groups" in element):
                self.say("must provide either options or option_groups", where)
            groups = element.get("option_groups", [])
            for group, there in self.many(groups, limits.SELECT_OPTIONS, f"{where}/option_groups", least=0):
                self.text(group.get("label"), limits.OPTION_TEXT_CHARACTERS, f"{there}/label")
                self.options(group, limits.SELECT_OPTIONS, there)
            if "options" in element:
                self.options(element, limits.SELECT_OPTIONS, where)
            self.initial(element, where)
        elif kind == "overflow":
            self.options(element, limits.OVERFLOW_OPTIONS, where)
        elif kind in ("checkboxes", "radio_buttons"):
            self.options(element, limits.CHECKBOX_OPTIONS, where, plain=False)
            self.initial(element, where)
        elif kind == "plain_text_input":
            most = element.get("max_length", limits.INPUT_CHARACTERS)
            if not isinstance(most, int) or not 1 <= most <= limits.INPUT_CHARACTERS:
                self.say(f"must be between 1 and {limits.INPUT_CHARACTERS}", f"{where}/max_length")
            self.optional(element, "initial_value", limits.INPUT_CHARACTERS, where)

    def options(self, element: Json, most: int, where: str, plain: bool = True) -> None:
        """The options of a menu, each with a text and a value."""
        for option, there in self.many(element.get("options"), most, f"{where}/options"):
            self.text(option.get("text"), limits.OPTION_TEXT_CHARACTERS, f"{there}/text", plain=plain)
            self.length(option.get("value"), limits.OPTION_VALUE_CHARACTERS, f"{there}/value", least=1)
            if "description" in option:
                description = option["description"]
                self.text(description, limits.OPTION_TEXT_CHARACTERS, f"{there}/description", plain=plain)

    def initial(self, element: Json, where: str) -> None:
        """What is chosen beforehand must be among the options, exactly."""
        known = [option_key(o) for o in all_options(element)]
        chosen = list(element.get("initial_options", []))
        chosen += [element["initial_option"]] if element.get("initial_option") else []
        if any(not isinstance(option, dict) or option_key(option) not in known for option in chosen):
            self.say("initial option must exactly match one of the provided options", where)

    def confirm(self, value: object, where: str) -> None:
        """A confirmation dialog object."""
        if not isinstance(value, dict):
            self.say("must be an object", where)
            return
        self.text(value.get("title"), limits.CONFIRM_TITLE_CHARACTERS, f"{where}/title")
        self.text(value.get("text"), limits.CONFIRM_TEXT_CHARACTERS, f"{where}/text", plain=False)
        for button in ("confirm", "deny"):
            self.text(value.get(button), limits.CONFIRM_BUTTON_CHARACTERS, f"{where}/{button}")

    def picture(self, thing: Json, where: str) -> None:
        """An image block or element."""
        if "slack_file" not in thing:
            self.length(thing.get("image_url"), limits.URL_CHARACTERS, f"{where}/image_url", least=1)
        self.length(thing.get("alt_text"), limits.ALT_TEXT_CHARACTERS, f"{where}/alt_text", least=1)

    # blocks

    def blocks(self, blocks: object, most: int, where: str) -> None:
        """All blocks of one surface."""
        ids: set[str] = set()
        markdown = 0
        for block, there in self.many(blocks, most, where, least=0):
            self.optional(block, "block_id", limits.ID_CHARACTERS, there)
            block_id = block.get("block_id")
            if isinstance(block_id, str) and block_id in ids:
                self.say(f"block_id {block_id!r} already exists", f"{there}/block_id")
            ids.add(str(block_id or there))
            kind = str(block.get("type"))
            if kind in BLOCKS:
                BLOCKS[kind](self, block, there)
            elif kind == "rich_text":
                self.characters += sum(len(t) for t in texts(block))
            elif kind not in PLAIN_BLOCKS:
                self.say(f"unsupported type: {kind}", f"{there}/type")
            if kind == "markdown" and isinstance(block.get("text"), str):
                markdown += len(block["text"])
        if markdown > limits.MARKDOWN_CHARACTERS:
            self.say(f"must be less than {limits.MARKDOWN_CHARACTERS + 1} characters", where)

    def section(self, block: Json, where: str) -> None:
        """Text or fields, maybe an accessory."""
        if "text" not in block and not block.get("fields"):
            self.say("missing required field: text", where)
        if "text" in block:
            self.text(block["text"], limits.SECTION_CHARACTERS, f"{where}/text", plain=False)
        if "fields" in block:
            for text, there in self.many(block["fields"], limits.FIELDS, f"{where}/fields"):
                self.text(text, limits.FIELD_CHARACTERS, there, plain=False)
        if "accessory" in block:
            self.element(block["accessory"], f"{where}/accessory", ACCESSORIES, set())

    def header(self, block: Json, where: str) -> None:
        """One short plain text."""
        self.text(block.get("text"), limits.HEADER_CHARACTERS, f"{where}/text")

    def markdown(self, block: Json, where: str) -> None:
        """Markdown as a bare string."""
        self.length(block.get("text"), limits.MARKDOWN_CHARACTERS, f"{where}/text", least=1)
        self.characters += len(block["text"]) if isinstance(block.get("text"), str) else 0

    def context(self, block: Json, where: str) -> None:
        """Small texts and images."""
        for element, there in self.many(block.get("elements"), limits.CONTEXT_ELEMENTS, f"{where}/elements"):
            if element.get("type") == "image":
                self.picture(element, there)
            else:
                self.text(element, limits.SECTION_CHARACTERS, there, plain=False)

    def actions(self, block: Json, where: str) -> None:
        """Buttons and menus in a row."""
        seen: set[str] = set()
        for element, there in self.many(block.get("elements"), limits.ACTIONS_ELEMENTS, f"{where}/elements"):
            self.element(element, there, IN_ACTIONS, seen)

    def input(self, block: Json, where: str) -> None:
        """A label and one input element."""
        self.text(block.get("label"), limits.LABEL_CHARACTERS, f"{where}/label")
        if "hint" in block:
            self.text(block["hint"], limits.LABEL_CHARACTERS, f"{where}/hint")
        element = block.get("element")
        if isinstance(element, dict):
            self.element(element, f"{where}/element", STATEFUL, set())
        else:
            self.say("missing required field: element", where)

    def view(self, view: Json) -> None:
        """A modal or a home tab: https://docs.slack.dev/reference/views."""
        kind = view.get("type")
        if kind not in ("modal", "home"):
            self.say("must be one of: modal, home", "/view/type")
        if kind == "modal":
            self.text(view.get("title"), limits.TITLE_CHARACTERS, "/view/title")
            for name in ("submit", "close"):
                if view.get(name) is not None:
                    self.text(view[name], limits.TITLE_CHARACTERS, f"/view/{name}")
            blocks = view.get("blocks") or []
            if any(isinstance(b, dict) and b.get("type") == "input" for b in blocks) and not view.get("submit"):
                self.say("missing required field: submit", "/view")
        self.optional(view, "private_metadata", limits.PRIVATE_METADATA_CHARACTERS, "/view")
        for name in ("callback_id", "external_id"):
            self.optional(view, name, limits.ID_CHARACTERS, "/view")
        self.blocks(view.get("blocks"), limits.VIEW_BLOCKS, "/view/blocks")


BLOCKS: dict[str, Callable[[Check, Json, str], None]] = {
    "section": Check.section,
    "header": Check.header,
    "markdown": Check.markdown,
    "context": Check.context,
    "actions": Check.actions,
    "input": Check.input,
    "image": Check.picture,
}


def texts(value: object) -> Iterator[str]:
    """Every string under a key "text", at any depth."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "text" and isinstance(inner, str):
                yield inner
            else:
                yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)


def option_key(option: Json) -> tuple[str, str]:
    """What makes two options the same: text and value."""
    text = option.get("text")
    return (str(text.get("text")) if isinstance(text, dict) else "", str(option.get("value")))


def all_options(element: Json) -> list[Json]:
    """The options of a menu, those in groups too."""
    groups = [g.get("options") or [] for g in element.get("option_groups") or [] if isinstance(g, dict)]
    return [o for options in [element.get("options") or [], *groups] for o in options if isinstance(o, dict)]


def elements(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Every interactive element with its block, in order of appearance."""
    for block in blocks:
        inner: list[Any] = [block.get("accessory"), block.get("element"), *(block.get("elements") or [])]
        for element in inner:
            if isinstance(element, dict) and element.get("type") in INTERACTIVE:
                yield block, element


def completed(blocks: list[Json], next_id: Callable[[], str]) -> list[Json]:
    """A copy as Slack stores it: block and action ids for those without, `emoji` and `verbatim` spelled out."""
    done = copy.deepcopy(blocks)
    for block in done:
        if not block.get("block_id"):
            block["block_id"] = next_id()
    for _, element in elements(done):
        if not element.get("action_id"):
            element["action_id"] = next_id()
    _spell_out(done)
    return done


def _spell_out(value: object) -> None:
    if isinstance(value, list):
        for inner in value:
            _spell_out(inner)
    elif isinstance(value, dict):
        if value.get("type") == "plain_text" and "text" in value:
            value.setdefault("emoji", True)
        elif value.get("type") == "mrkdwn" and "text" in value:
            value.setdefault("verbatim", False)
        for inner in value.values():
            _spell_out(inner)


# the state of inputs: https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload

_SINGLE = {
    "users_select": ("selected_user", "initial_user"),
    "channels_select": ("selected_channel", "initial_channel"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "multi_users_select": ("selected_users", "initial_users"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"),
    "checkboxes": ("selected_options", "initial_options"),
    "rich_text_input": ("rich_text_value", "initial_value"),
    "file_input": ("files", "initial_files"),
}


def state_key(kind: str) -> tuple[str, str]:
    """The name under which an element's value travels, and that of its initial value."""
    return _SINGLE.get(kind, ("value", "initial_value"))


def state_of(element: Json, value: object) -> Json:
    """An element's entry in state.values with this (already Slack-shaped) value."""
    kind = str(element["type"])
    empty: object = [] if kind in MULTI_SELECTS or kind in ("checkboxes", "file_input") else None
    state: Json = {"type": kind, state_key(kind)[0]: empty if value is None else value}
    if kind == "timepicker" and element.get("timezone"):
        state["timezone"] = element["timezone"]
    return state


def initial_state(element: Json) -> Json:
    """An element's state before anybody touched it."""
    return state_of(element, element.get(state_key(str(element["type"]))[1]))


def chosen(element: Json, choice: object, offered: list[Json] | None = None) -> object:
    """Turn what a person picked (an option's value or text, a date, a user id …) into Slack's shape.

    `offered` are an external menu's suggestions. Raises LookupError when the menu has no such option.
    """
    kind = str(element["type"])
    name = "selected_option" if kind == "overflow" else state_key(kind)[0]
    if choice is None or name not in ("selected_option", "selected_options"):
        return choice
    options = all_options(element) or list(offered or [])
    wanted = choice if isinstance(choice, list) else [choice]
    found = []
    for want in wanted:
        fits = [o for o in options if want in (o, o.get("value"))] or [o for o in options if option_key(o)[0] == want]
        if not fits:
            message = f"{element.get('action_id')} has no option {want!r}"
            raise LookupError(message)
        found.append(fits[0])
    return found if name == "selected_options" else found[0]
