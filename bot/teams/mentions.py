"""What a person typed in Teams, without the markup: pure.

https://learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/channel-and-group-conversations#work-with-mentions
"""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_AT = re.compile(r"<at(?:\s[^<>]*)?>(?P<name>.*?)</at>", re.IGNORECASE | re.DOTALL)
_SPACE = r"(?:&nbsp;|[ \t\u00a0])"
# Teams splits a name of several words into as many mentions, joined by one space (microsoft/botbuilder-js#4379).
_JOINT = re.compile(rf"{_SPACE}{{1,2}}")
# Only with the semicolon: html.unescape alone would read "&copy=1" in a typed address as a character.
_REFERENCE = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_SPACES = re.compile(r"[ \t\u00a0\u200b\ufeff]+")


@dataclass(frozen=True, slots=True)
class PlainText:
    """Plain text, in which `mentions` maps each `@name` that stands in it (without the @) to that person's Teams id."""

    text: str
    mentions: Mapping[str, str] = field(default_factory=dict)
    to_bot: bool = False
    """Whether the bot itself was mentioned."""


@dataclass(slots=True)
class _Mention:
    start: int
    end: int
    name: str
    id: str


def plain_text(activity: Mapping[str, Any], bot_id: str) -> PlainText:
    """An activity's text with the bot's own mentions taken out and everybody else's written `@name`.

    Two people of one name become `@Alex Kim` and `@Alex Kim (2)`. Character references are undone, non-breaking spaces
    become spaces, line breaks stay. Whatever the activity holds, nothing is raised.
    """
    text = activity.get("text")
    if not isinstance(text, str):
        return PlainText("")
    found = _mentions(text, _entities(activity.get("entities")))
    ids: dict[str, str] = {}
    pieces: list[str] = []
    at = 0
    to_bot = False
    for mention in found:
        pieces.append(_unmark(text[at : mention.start]))
        at = mention.end
        if mention.id == bot_id:
            to_bot = True
            pieces.append(" ")
        elif mention.id:
            pieces.append(f"@{_unique(mention.name, mention.id, ids)}")
        else:
            pieces.append(mention.name)
    pieces.append(_unmark(text[at:]))
    lines = (_SPACES.sub(" ", line).strip() for line in "".join(pieces).splitlines())
    return PlainText("\n".join(lines).strip(), ids, to_bot)


def _entities(entities: object) -> list[tuple[str, str, str]]:
    """The mentions among an activity's entities: (text as it stands in the message, id, name)."""
    found = []
    for entity in entities if isinstance(entities, list) else []:
        if not isinstance(entity, dict) or str(entity.get("type", "")).lower() != "mention":
            continue
        mentioned = entity.get("mentioned")
        mentioned = mentioned if isinstance(mentioned, dict) else {}
        parts = (entity.get("text"), mentioned.get("id"), mentioned.get("name"))
        text, person, name = (part if isinstance(part, str) else "" for part in parts)
        if person:
            found.append((text, person, name))
    return found


def _mentions(text: str, entities: list[tuple[str, str, str]]) -> list[_Mention]:
    """Each tag with the person it stands for, in order; split names put together again."""
    unused = list(entities)
    found: list[_Mention] = []
    for tag in _AT.finditer(text):
        name = _SPACES.sub(" ", _unmark(tag["name"])).strip()
        entity = (
            next((one for one in unused if one[0] == tag[0]), None)
            or next((one for one in unused if one[2] == name), None)
            # The same person twice, described once.
            or next((one for one in entities if one[0] == tag[0] or one[2] == name), None)
        )
        if entity in unused:
            unused.remove(entity)
        person = entity[1] if entity else ""
        last = found[-1] if found else None
        if last and person and last.id == person and _JOINT.fullmatch(text, last.end, tag.start()):
            last.name, last.end = f"{last.name} {name}", tag.end()
        else:
            found.append(_Mention(tag.start(), tag.end(), name, person))
    return found


def _unique(name: str, person: str, ids: dict[str, str]) -> str:
    """The name under which this person is known in this text; entered into `ids`."""
    candidate, number = name, 1
    while ids.get(candidate, person) != person:
        number += 1
        candidate = f"{name} ({number})"
    ids[candidate] = person
    return candidate


def _unmark(text: str) -> str:
    return _REFERENCE.sub(lambda found: html.unescape(found[0]), text)
