"""Pressing and filling in as a person in Slack: buttons, menus, modals, the home tab, shortcuts.

Payload shapes: https://docs.slack.dev/reference/interaction-payloads.
"""

import copy
from collections.abc import Mapping
from typing import Any

from bot.sandbox import slack_blocks as kit
from bot.sandbox.ledger import Json
from bot.sandbox.slack_call import event_json
from bot.sandbox.slack_events import NotPossible
from bot.sandbox.slack_limits import INPUT_CHARACTERS
from bot.sandbox.slack_records import APP_ID, BOT_USER, VERIFICATION_TOKEN, SlackError, View
from bot.sandbox.slack_typing import SlackTyping
from bot.sandbox.slack_views import check_view, pushed
from bot.sandbox.slack_wire import Ack

TROUBLE = "We had some trouble connecting. Try again?"  # what Slack's client says to a submission that failed


class SlackPeople(SlackTyping):
    """People who type, press and fill in; each act reaches the app as Slack would send it."""

    def _about(self, user: str, kind: str, view: str = "") -> Json:
        """What every interaction payload carries."""
        return {
            "type": kind,
            "team": {"id": self.world.team_id, "domain": self.world.team_domain},
            "user": self.world.user_field(user),
            "api_app_id": APP_ID,
            "token": VERIFICATION_TOKEN,
            "trigger_id": self.world.trigger(user, view).id,
            "enterprise": None,
            "is_enterprise_install": False,
        }

    async def press(
        self,
        user: str,
        channel: str,
        ts: str,
        action_id: str,
        *,
        choose: object = None,
        value: str | None = None,
        block_id: str | None = None,
        state: Mapping[str, Mapping[str, Json]] | None = None,
        overrides: Mapping[str, Any] | None = None,
    ) -> Ack:
        """Press a button, or choose in a menu or picker, of a message.

        `choose`: an option's value or text (a list where several may be chosen), a date, a time, a user id. `value`
        (a button's value or label) and `block_id` tell elements with the same action_id apart. `state`, shaped like
        Slack's state.values, is what stands in the other inputs; `overrides` replace parts of the payload.
        """
        user = self.who(user)
        room = self.where(user, channel)
        message = self._seen(user, room, ts)
        blocks = [*message.blocks, *(b for a in message.attachments for b in a.get("blocks") or [])]
        typed = self.world.typed.setdefault((user, room.id, ts), {})
        typed |= {(block, action): dict(s) for block, inner in (state or {}).items() for action, s in inner.items()}
        action = self._acted(self._element(blocks, action_id, value, block_id), typed, choose)
        payload = self._about(user, "block_actions")
        ephemeral = bool(message.ephemeral_to)
        payload["container"] = {"type": "message", "message_ts": ts, "channel_id": room.id, "is_ephemeral": ephemeral}
        if message.thread_ts:
            payload["container"]["thread_ts"] = message.thread_ts
        payload["channel"] = {"id": room.id, "name": self._channel_name(room)}
        if not ephemeral:
            payload["message"] = self.world.message_json(message)
        payload["state"] = {"values": self.world.values(blocks, typed)}
        payload["response_url"] = self.world.hook("actions", user, room.id, ts)
        payload["actions"] = [action]
        payload |= copy.deepcopy(dict(overrides or {}))
        ack = await self.wire.deliver("interactive", payload)
        self._by_person("press", room.id, user, payload, ack)
        return ack

    async def press_in_view(
        self,
        user: str,
        view_id: str,
        action_id: str,
        *,
        choose: object = None,
        value: str | None = None,
        block_id: str | None = None,
        state: Mapping[str, Mapping[str, Json]] | None = None,
    ) -> Ack:
        """Press or choose inside a modal or the home tab; arguments as for `press`."""
        user = self.who(user)
        view = self._open(user, view_id)
        self.fill(view, state or {})
        pressed = self._element(view.body["blocks"], action_id, value, block_id)
        action = self._acted(pressed, view.typed, choose, view.offered.get(action_id))
        payload = self._about(user, "block_actions", view_id)
        payload["container"] = {"type": "view", "view_id": view_id}
        payload["view"] = self.world.view_json(view)
        payload["actions"] = [action]
        ack = await self.wire.deliver("interactive", payload)
        self._by_person("press", "", user, payload, ack)
        return ack

    def _acted(
        self,
        pressed: tuple[Json, Json],
        typed: dict[tuple[str, str], Json],
        choose: object,
        offered: list[Json] | None = None,
    ) -> Json:
        """The entry of `actions` for one press of (block, element); choices are remembered in `typed`."""
        block, element = pressed
        kind = str(element["type"])
        action: Json = {"type": kind, "action_id": element["action_id"], "block_id": block["block_id"]}
        action |= {k: copy.deepcopy(element[k]) for k in ("text", "value", "style", "placeholder") if k in element}
        if kind == "overflow":
            action["selected_option"] = self._choice(element, choose, offered)
        elif kind in kit.STATEFUL:
            state = kit.state_of(element, self._choice(element, choose, offered))
            typed[(str(block["block_id"]), str(element["action_id"]))] = state
            action |= state
        return action | {"action_ts": self.world.next_ts()}

    @staticmethod
    def _element(blocks: list[Json], action_id: str, value: str | None, block_id: str | None) -> tuple[Json, Json]:
        there = list(kit.elements(blocks))
        same = [(b, e) for b, e in there if e["action_id"] == action_id]
        # a message edited between the look and the press has new block ids: what the person saw still counts
        fits = [(b, e) for b, e in same if b["block_id"] == block_id] or same
        if value:
            named = [(b, e) for b, e in fits if value in (e.get("value"), (e.get("text") or {}).get("text"))]
            fits = named or [(b, e) for b, e in fits if e["type"] != "button"]
        if len(fits) != 1:
            shown = [(e["action_id"], e.get("value")) for _, e in there]
            raise NotPossible(f"{len(fits)} elements fit {action_id!r} (value {value!r}); there are {shown}")
        return fits[0]

    @staticmethod
    def _choice(element: Json, choose: object, offered: list[Json] | None) -> object:
        try:
            return kit.chosen(element, choose, offered)
        except LookupError as missing:
            raise NotPossible(str(missing)) from None

    async def suggest(self, user: str, view_id: str, action_id: str, typed: str) -> list[Json]:
        """Type into an external menu of a view: the options the app offers, which can then be chosen."""
        user = self.who(user)
        view = self._open(user, view_id)
        block, element = self._element(view.body["blocks"], action_id, None, None)
        payload = self._about(user, "block_suggestion", view_id)
        payload |= {"container": {"type": "view", "view_id": view_id}, "view": self.world.view_json(view)}
        payload |= {"action_id": action_id, "block_id": block["block_id"], "value": typed}
        ack = await self.wire.deliver("interactive", payload)
        groups = ack.answer.get("option_groups") or []
        found = ack.answer.get("options") or [o for g in groups for o in g.get("options") or []]
        view.offered[str(element["action_id"])] = found
        return list(found)

    async def shortcut(self, user: str, callback_id: str) -> Ack:
        """A global shortcut."""
        user = self.who(user)
        payload = self._about(user, "shortcut") | {"callback_id": callback_id, "action_ts": self.world.next_ts()}
        ack = await self.wire.deliver("interactive", payload)
        self._by_person("shortcut", "", user, payload, ack)
        return ack

    async def message_shortcut(self, user: str, channel: str, ts: str, callback_id: str) -> Ack:
        """A shortcut from a message's menu."""
        user = self.who(user)
        room = self.where(user, channel)
        payload = self._about(user, "message_action") | {"callback_id": callback_id, "message_ts": ts}
        payload |= {"action_ts": self.world.next_ts(), "channel": {"id": room.id, "name": self._channel_name(room)}}
        payload["message"] = self.world.message_json(self._seen(user, room, ts))
        payload["response_url"] = self.world.hook("actions", user, room.id, ts)
        ack = await self.wire.deliver("interactive", payload)
        self._by_person("shortcut", room.id, user, payload, ack)
        return ack

    # modals and the home tab

    async def submit(
        self,
        user: str,
        view_id: str,
        values: Mapping[Any, object] | None = None,
        *,
        overrides: Mapping[str, Any] | None = None,
    ) -> Ack:
        """Fill in and send a modal; keys are action ids, block ids or (block id, action id).

        Values are what a person would pick (see `press`), or {action id: Slack's own state of that input}. The answer
        is carried out: closed, `errors` shown, `update`, `push`, `clear`.
        """
        user = self.who(user)
        view = self._open(user, view_id)
        self.fill(view, values or {})
        self._complete(view)
        payload = self._about(user, "view_submission", view_id)
        payload |= {"view": self.world.view_json(view), "response_urls": [], **copy.deepcopy(dict(overrides or {}))}
        view.errors, view.problem = {}, ""
        ack = await self.wire.deliver("interactive", payload)
        self._by_person("submit", "", user, payload, ack)
        if ack.problem:
            view.problem = TROUBLE
        else:
            self._after_submission(view, ack)
        return ack

    def fill(self, view: View, values: Mapping[Any, object]) -> None:
        """Put values into a view's inputs without sending it."""
        there = [(b, e) for b, e in kit.elements(view.body["blocks"]) if e["type"] in kit.STATEFUL]
        for key, value in values.items():
            wanted = [
                (b, e) for b, e in there if key in (e["action_id"], b["block_id"], (b["block_id"], e["action_id"]))
            ]
            raw = value if isinstance(value, Mapping) else {}
            states = [((b, e), raw[e["action_id"]]) for b, e in wanted if e["action_id"] in raw]
            if not states and len(wanted) != 1:
                shown = [(b["block_id"], e["action_id"]) for b, e in there]
                raise NotPossible(f"{len(wanted)} inputs fit {key!r}; there are {shown}")
            for (block, element), state in states:
                view.typed[(str(block["block_id"]), str(element["action_id"]))] = dict(state)
            if not states:
                block, element = wanted[0]
                offered = view.offered.get(str(element["action_id"]))
                state = kit.state_of(element, self._choice(element, value, offered))
                view.typed[(str(block["block_id"]), str(element["action_id"]))] = state

    def _complete(self, view: View) -> None:
        """What Slack's client checks before it sends: required fields and lengths."""
        values = self.world.values(view.body["blocks"], view.typed)
        for block, element in kit.elements(view.body["blocks"]):
            if block["type"] != "input":
                continue
            state = values[block["block_id"]][element["action_id"]]
            value = state.get(kit.state_key(str(element["type"]))[0])
            if value in (None, "", []):
                if not block.get("optional"):
                    raise NotPossible(f"{block['label']['text']!r} is required")
            elif element["type"] == "plain_text_input":
                least, most = element.get("min_length", 0), element.get("max_length", INPUT_CHARACTERS)
                if not least <= len(str(value)) <= most:
                    raise NotPossible(f"{block['label']['text']!r} takes {least} to {most} characters")

    def _after_submission(self, view: View, ack: Ack) -> None:
        try:
            self._respond(view, ack)
        except SlackError as refused:
            self.world.violations[f"ack:{refused.error}"] += 1
            view.problem = TROUBLE

    def _respond(self, view: View, ack: Ack) -> None:
        """Carry out a response_action: https://docs.slack.dev/surfaces/modals; raises SlackError for a bad one."""
        told = ack.answer
        action = told.get("response_action")
        if action == "errors":
            self._show_errors(view, told.get("errors"))
        elif action == "update":
            self.world.change_view(view, check_view(told.get("view"), "modal"))
        elif action == "push":
            pushed(self.world, view.user, check_view(told.get("view"), "modal"))
        elif action == "clear":
            self.world.close_views(view.user)
        elif action is None and ack.body.strip() in ("", "{}", '""'):
            self.world.close_views(view.user, view)
        else:
            raise SlackError("bad_response_action")

    @staticmethod
    def _show_errors(view: View, errors: object) -> None:
        inputs = {str(b["block_id"]) for b in view.body["blocks"] if b["type"] == "input"}
        if not isinstance(errors, dict) or not errors or not set(errors) <= inputs:
            raise SlackError("bad_response_action")
        view.errors = {str(k): str(v) for k, v in errors.items()}

    async def close_view(self, user: str, view_id: str, *, clear: bool = False) -> Ack | None:
        """Cancel a modal (`clear`: the whole stack); the app hears of it if it asked to."""
        user = self.who(user)
        view = self._open(user, view_id)
        shown = self.world.view_json(view)
        self.world.close_views(user, None if clear else view)
        if not view.body.get("notify_on_close"):
            return None
        payload = self._about(user, "view_closed", view_id) | {"view": shown, "is_cleared": clear}
        payload.pop("trigger_id")
        ack = await self.wire.deliver("interactive", payload)
        self._by_person("close", "", user, payload, ack)
        return ack

    async def open_home(self, user: str) -> list[Ack]:
        """Open the app's home tab."""
        user = self.who(user)
        direct = self.world.direct(user, BOT_USER)
        home = self.world.homes.get(user)
        shown = {"view": self.world.view_json(self.world.views[home])} if home else {}
        self._by_person("home", direct.id, user, {})
        told = event_json(self.world, "app_home_opened", None, user=user, channel=direct.id, tab="home", **shown)
        return await self.emit([told])
