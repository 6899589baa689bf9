"""Adaptive Cards as Teams takes them: what is refused, what is only frowned upon, and what can be pressed.

Schema: https://adaptivecards.io/explorer/ ; what Teams supports:
https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-reference
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.ledger import Json

NEWEST_VERSION = (1, 5)  # what the Teams clients draw
MOST_ACTIONS = 6  # shown in one row; the rest hides behind a menu
DEEPEST = 100  # levels of JSON, ours

# element type to the properties it cannot do without
_ELEMENTS: dict[str, tuple[str, ...]] = {
    "TextBlock": ("text",),
    "RichTextBlock": ("inlines",),
    "Image": ("url",),
    "Media": ("sources",),
    "ImageSet": ("images",),
    "Container": ("items",),
    "ColumnSet": (),
    "Column": (),
    "FactSet": ("facts",),
    "ActionSet": ("actions",),
    "Table": (),
    "TableRow": (),
    "TableCell": ("items",),
    "Input.Text": ("id",),
    "Input.Number": ("id",),
    "Input.Date": ("id",),
    "Input.Time": ("id",),
    "Input.Toggle": ("id", "title"),
    "Input.ChoiceSet": ("id",),
}
_ACTIONS: dict[str, tuple[str, ...]] = {
    "Action.Execute": ("verb",),  # optional in the schema; a bot that has to tell its buttons apart wants it
    "Action.Submit": (),
    "Action.OpenUrl": ("url",),
    "Action.ShowCard": ("card",),
    "Action.ToggleVisibility": ("targetElements",),
}
_CHILDREN = {  # where elements hold elements, and of which type when the type may be left out
    "items": "",
    "columns": "Column",
    "rows": "TableRow",
    "cells": "TableCell",
    "images": "Image",
}
_ENUMS: dict[str, frozenset[str]] = {
    "size": frozenset({"default", "small", "medium", "large", "extralarge", "auto", "stretch"}),
    "weight": frozenset({"default", "lighter", "bolder"}),
    "color": frozenset({"default", "dark", "light", "accent", "good", "warning", "attention"}),
    "spacing": frozenset({"default", "none", "small", "medium", "large", "extralarge", "padding"}),
}
_ACTION_STYLES = frozenset({"default", "positive", "destructive"})
_TEXTS = ("text", "title", "label", "placeholder", "errorMessage", "altText", "id", "verb", "tooltip")


@dataclass
class CardReport:
    """What is wrong with a card: `errors` are refused by Teams, `warnings` only look bad."""

    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    texts: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Pressable:
    """An action of a card with the inputs that travel with it: its own card's and those of the cards around it."""

    action: Json
    inputs: tuple[Json, ...]


def check_card(card: object) -> CardReport:
    """Judge a card as the Bot Connector and the clients would."""
    report = CardReport()
    if is_too_deep(card):
        report.errors.append("card: nested too deeply")
        return report
    _check_card(card, "card", report, nested=False)
    if isinstance(card, dict):
        msteams = card.get("msteams")
        entities = msteams.get("entities") if isinstance(msteams, dict) else None
        spoken = "\n".join(report.texts)
        for entity in entities if isinstance(entities, list) else []:
            if isinstance(entity, dict) and str(entity.get("text")) not in spoken:
                report.warnings.append(f"card: the mention {entity.get('text')!r} stands in no text")
    return report


def _check_card(card: object, where: str, report: CardReport, *, nested: bool) -> None:
    if not isinstance(card, dict) or card.get("type") != "AdaptiveCard":
        report.errors.append(f"{where}: type must be AdaptiveCard")
        return
    version = card.get("version")
    if not (nested and version is None):
        match = re.fullmatch(r"(\d+)\.(\d+)", version) if isinstance(version, str) else None
        if match is None:
            report.errors.append(f"{where}: version must be a string such as 1.5")
        elif (int(match[1]), int(match[2])) > NEWEST_VERSION:
            report.errors.append(f"{where}: version {version} is newer than 1.5")
    _check_elements(card.get("body", []), f"{where}.body", report)
    _check_actions(card.get("actions", []), f"{where}.actions", report)
    if (refresh := card.get("refresh")) is not None:
        action = refresh.get("action") if isinstance(refresh, dict) else None
        if not isinstance(action, dict) or action.get("type") != "Action.Execute":
            report.errors.append(f"{where}.refresh: action must be an Action.Execute")
        else:
            _check_action(action, f"{where}.refresh.action", report, shown=False)


def _check_elements(elements: object, where: str, report: CardReport, default: str = "") -> None:
    if not isinstance(elements, list):
        report.errors.append(f"{where}: must be a list")
        return
    for index, element in enumerate(elements):
        _check_element(element, f"{where}[{index}]", report, default)


def _check_element(element: object, where: str, report: CardReport, default: str) -> None:
    if not isinstance(element, dict):
        report.errors.append(f"{where}: must be an object")
        return
    kind = element.get("type", default)
    if not isinstance(kind, str) or kind not in _ELEMENTS:
        if "fallback" not in element:
            report.errors.append(f"{where}: unknown element type {kind!r}")
        return
    _check_properties(element, kind, _ELEMENTS[kind], where, report)
    for name, allowed in _ENUMS.items():
        value = element.get(name)
        if isinstance(value, str) and kind != "Image" and value.lower() not in allowed:
            report.warnings.append(f"{where}: {name} {value!r} is unknown and will be ignored")
    if kind.startswith("Input."):
        _check_input(element, kind, where, report)
    if kind == "FactSet":
        _check_pairs(element.get("facts", []), f"{where}.facts", report)
    if kind == "RichTextBlock":
        for index, inline in enumerate(_listed(element.get("inlines"), f"{where}.inlines", report)):
            if isinstance(inline, dict) and inline.get("type") == "TextRun" and isinstance(inline.get("text"), str):
                report.texts.append(inline["text"])
            elif not isinstance(inline, str):
                report.errors.append(f"{where}.inlines[{index}]: must be text or a TextRun")
    for name, child in _CHILDREN.items():
        if name in element and not (kind == "Table" and name == "columns"):
            _check_elements(element[name], f"{where}.{name}", report, child)
    if kind == "ActionSet":
        _check_actions(element.get("actions", []), f"{where}.actions", report)
    if "selectAction" in element:
        _check_action(element["selectAction"], f"{where}.selectAction", report, shown=False)


def _check_input(element: Json, kind: str, where: str, report: CardReport) -> None:
    if kind == "Input.ChoiceSet":
        _check_pairs(element.get("choices", []), f"{where}.choices", report)
    if kind == "Input.Number":
        for name in ("min", "max", "value"):
            value = element.get(name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
                report.errors.append(f"{where}: {name} must be a number")
    if element.get("isRequired") and not element.get("errorMessage"):
        report.warnings.append(f"{where}: a required input without errorMessage fails silently")
    if kind != "Input.Toggle" and not element.get("label"):
        report.warnings.append(f"{where}: an input without label cannot be read aloud")


def _check_pairs(pairs: object, where: str, report: CardReport) -> None:
    for index, pair in enumerate(_listed(pairs, where, report)):
        if not isinstance(pair, dict) or not all(isinstance(pair.get(k), str) for k in ("title", "value")):
            report.errors.append(f"{where}[{index}]: title and value must be text")
        else:
            report.texts += [pair["title"], pair["value"]]


def _check_actions(actions: object, where: str, report: CardReport) -> None:
    listed = _listed(actions, where, report)
    for index, action in enumerate(listed):
        _check_action(action, f"{where}[{index}]", report, shown=True)
    primary = [a for a in listed if isinstance(a, dict) and a.get("mode") != "secondary"]
    if len(primary) > MOST_ACTIONS:
        report.warnings.append(f"{where}: {len(primary)} actions; Teams shows {MOST_ACTIONS}")


def _check_action(action: object, where: str, report: CardReport, *, shown: bool) -> None:
    if not isinstance(action, dict):
        report.errors.append(f"{where}: must be an object")
        return
    kind = action.get("type")
    if not isinstance(kind, str) or kind not in _ACTIONS:
        if "fallback" not in action:
            report.errors.append(f"{where}: unknown action type {kind!r}")
        return
    _check_properties(action, kind, _ACTIONS[kind], where, report)
    if shown and not action.get("title"):
        report.warnings.append(f"{where}: a button without a title")
    if isinstance(style := action.get("style"), str) and style.lower() not in _ACTION_STYLES:
        report.warnings.append(f"{where}: style {style!r} is unknown and will be ignored")
    if kind == "Action.Execute" and not isinstance(action.get("data", {}), dict):
        report.errors.append(f"{where}: data must be an object")
    if kind == "Action.OpenUrl" and not re.match(r"https?://|mailto:|tel:|msteams:", str(action.get("url"))):
        report.errors.append(f"{where}: url must be absolute")
    if kind == "Action.ShowCard" and "card" in action:
        _check_card(action["card"], f"{where}.card", report, nested=True)


def _check_properties(thing: Json, kind: str, needed: tuple[str, ...], where: str, report: CardReport) -> None:
    report.errors += [f"{where}: {kind} needs {name}" for name in needed if thing.get(name) in (None, "")]
    for name in _TEXTS:
        value = thing.get(name)
        if value is not None and not isinstance(value, str):
            report.errors.append(f"{where}: {name} must be text")
        elif value:
            report.texts.append(value)
    own = thing.get("id")
    if isinstance(own, str) and own:
        if own in report.ids:
            report.errors.append(f"{where}: the id {own!r} is used twice")
        report.ids.add(own)


def _listed(value: object, where: str, report: CardReport) -> list[Any]:
    if isinstance(value, list):
        return value
    report.errors.append(f"{where}: must be a list")
    return []


def pressables(card: Json) -> list[Pressable]:
    """Everything on a card that can be pressed, top to bottom; buttons of a ShowCard follow the one that shows it."""
    return list(_pressables(card, ()))


def _pressables(card: Json, outer: tuple[Json, ...]) -> Iterator[Pressable]:
    parts = list(_parts(card.get("body", [])))
    inputs = outer + tuple(p for p in parts if str(p.get("type")).startswith("Input."))
    actions: list[Json] = []
    for part in parts:
        if isinstance(part.get("selectAction"), dict):
            actions.append(part["selectAction"])
        if part.get("type") == "ActionSet":
            actions += part.get("actions", [])
    for action in actions + list(card.get("actions", [])):
        yield Pressable(action, inputs)
        if action.get("type") == "Action.ShowCard":
            yield from _pressables(action["card"], inputs)


def _parts(elements: list[Any]) -> Iterator[Json]:
    for element in elements:
        if isinstance(element, dict) and str(element.get("type", "Column")) in _ELEMENTS:
            yield element
            for name in _CHILDREN:
                if isinstance(element.get(name), list):
                    yield from _parts(element[name])


def find_action(card: Json, wanted: str | int) -> Pressable:
    """The action of this index, title, verb or id; LookupError names what is there."""
    choices = pressables(card)
    if isinstance(wanted, int):
        if 0 <= wanted < len(choices):
            return choices[wanted]
    else:
        for name in ("title", "verb", "id"):
            for choice in choices:
                if choice.action.get(name) == wanted:
                    return choice
    there = ", ".join(str(c.action.get("title") or c.action.get("verb")) for c in choices) or "no button"
    raise LookupError(f"the card has no action {wanted!r}; it has {there}")


def gather(card: Json, pressable: Pressable, typed: Json) -> Json:
    """What the client sends for the inputs: what was typed, else each input's own value.

    Inputs of another ShowCard stay behind. Raises ValueError, as a client would show the error message, when a required
    input is empty or too long, or a name stands nowhere on the card.
    """
    everywhere = {str(i["id"]) for p in pressables(card) for i in p.inputs}
    if unknown := set(typed) - everywhere:
        raise ValueError(f"the card has no input {', '.join(sorted(unknown))}")
    if pressable.action.get("associatedInputs") == "none":
        return {}
    values: Json = {}
    for element in pressable.inputs:
        name = str(element["id"])
        value = typed.get(name, element.get("value"))
        if element.get("type") == "Input.Toggle" and value is None:
            value = element.get("valueOff", "false")
        if value in (None, "") and element.get("isRequired"):
            raise ValueError(str(element.get("errorMessage") or f"{name} is required"))
        longest = element.get("maxLength")
        if isinstance(longest, int) and isinstance(value, str) and len(value) > longest:
            raise ValueError(f"{name} takes at most {longest} characters")
        if value is not None:
            values[name] = value
    return values


def is_too_deep(value: object) -> bool:
    """Whether JSON nests deeper than anything a bot has reason to send."""
    layer, depth = [value], 0
    while layer:
        depth += 1
        if depth > DEEPEST:
            return True
        layer = [
            inner
            for outer in layer
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return False


def utf8_size(value: object) -> int:
    """The bytes of a value as compact JSON in UTF-8."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"))


def utf16_size(value: object) -> int:
    """The bytes of a value as compact JSON in UTF-16, which is how Teams counts a message."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-16-le", "surrogatepass"))
