"""Real requests, bent: whatever a sender can do, the whole server answers it, and what only looks changes nothing."""

import copy
import json
import time
from typing import Any
from urllib.parse import urlencode

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.sandbox.ledger import Json
from tests.bot.doors import CHANNEL, FORM, INCIDENTS, JSON, LASTING, REFUSALS, House, line

ODD: list[Any] = [None, True, 0, -1, 2**63, 1.5, "", " ", "x" * 5000, "\0", "\ud800", "\u202e", "<@U0ANA>", "1" * 400]
ODD += [[], {}, [[]], [None], {"id": None}, {"": ""}, "T0CONTOSO", "../../etc", "{{1}}", "%s%n", "2026-13-45"]


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a tree."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(p for key, child in inner for p in paths(child, (*at, key)))]


def bent(draw: st.DrawFn, tree: Json) -> Json:
    """The same with one to three places taken away, or holding something odd."""
    tree = copy.deepcopy(tree)
    for _ in range(draw(st.integers(1, 3))):
        there = [p for p in paths(tree) if p]
        if not there:
            break
        *way, last = draw(st.sampled_from(there))
        parent: Any = tree
        for key in way:
            parent = parent[key]
        if draw(st.booleans()):
            parent[last] = copy.deepcopy(draw(st.sampled_from(ODD) | st.text(max_size=20)))
        else:
            del parent[last]
    return tree


def written(kind: str, tree: Json) -> tuple[bytes, str]:
    """A request of Slack's as bytes, and their type."""
    if kind == "events_api":
        return json.dumps(tree).encode(), JSON
    if kind == "slash_commands":
        return urlencode({str(k): str(v).encode("utf-8", "ignore") for k, v in tree.items()}).encode(), FORM
    return urlencode({"payload": json.dumps(tree)}).encode(), FORM


def torn(draw: st.DrawFn, body: bytes) -> bytes:
    """Cut off, or with a few bytes put in."""
    at = draw(st.integers(0, len(body)))
    return body[:at] + (b"" if draw(st.booleans()) else draw(st.binary(max_size=8)) + body[at:])


def test_no_request_of_slacks_however_bent_breaks_anything(house: House) -> None:
    """Of lines that only look: never a 5xx, never a change; and what is refused leaves no trace whatsoever."""
    slack, run = house.box.slack, house.runner.run
    run(slack.command("ana", INCIDENTS, "/incident", "show 1"))
    run(slack.mention("ana", INCIDENTS, "show 1"))
    run(slack.say("ana", slack.direct("ana"), "list"))
    run(slack.open_home("ana"))
    run(slack.shortcut("ana", "whoami"))
    buttons = ((m, e) for m in slack.messages(INCIDENTS) for b in m.blocks for e in b.get("elements", []))
    card, button = next((m, e) for m, e in buttons if e.get("value") == "show 1")
    run(slack.press("ana", INCIDENTS, card.ts, button["action_id"], value="show 1"))
    house.settle()
    acks = [a for a in slack.wire.acks if a.raw and not a.problem][-12:]
    recorded = copy.deepcopy([(a.kind, a.payload) for a in acks])
    assert {kind for kind, _ in recorded} == {"slash_commands", "events_api", "interactive"}
    lasting = house.trace(*LASTING)

    @st.composite
    def bent_slack(draw: st.DrawFn) -> tuple[bytes, str]:
        which, tree = draw(st.sampled_from(recorded))
        body, kind = written(which, bent(draw, tree))
        return (torn(draw, body) if draw(st.integers(0, 4)) == 0 else body), kind

    @given(bent_slack())
    @settings(max_examples=300)
    def bend(case: tuple[bytes, str]) -> None:
        house.settle()  # what the one before set going
        before = house.writes()
        status = house.slack(*case)
        assert status in {200, *REFUSALS}
        assert b"broke" not in house.answers[-1]
        assert house.trace(*LASTING) == lasting
        assert status == 200 or house.writes() == before

    bend()


def test_no_activity_of_teams_however_bent_breaks_anything(house: House) -> None:
    """The same at the other door: signed by Microsoft, whatever it is."""
    teams, run = house.box.teams, house.runner.run
    run(teams.mention("ana", CHANNEL, "show 1"))
    run(teams.say_personal("ana", "list"))
    house.settle()
    run(teams.install("19:operations@thread.tacv2"))
    card = next(m for m in reversed(list(teams.world.messages[CHANNEL].values())) if m.attachments)
    press = {"action": {"type": "Action.Execute", "verb": "say", "data": {"says": "show 1"}}, "trigger": "manual"}
    for name, value in (
        ("adaptiveCard/action", press),
        ("task/fetch", {"data": {"says": "show 1", "msteams": {"type": "task/fetch"}}}),
        ("task/submit", {"data": {"says": "list", "form": {}, "words": "x"}}),
    ):
        invoke = line(house, type="invoke", name=name, value=value, replyToId=card.id)
        run(teams.deliver(invoke))
    recorded = copy.deepcopy([d.activity for d in teams.deliveries if d.status == 200][-8:])
    assert {a["type"] for a in recorded} >= {"message", "invoke", "conversationUpdate", "installationUpdate"}
    house.settle()
    lasting = house.trace(*LASTING)

    @st.composite
    def bent_teams(draw: st.DrawFn) -> Json:
        return bent(draw, draw(st.sampled_from(recorded)))

    @given(bent_teams())
    @settings(max_examples=300)
    def bend(activity: Json) -> None:
        activity = activity | ({"id": str(time.time_ns())} if isinstance(activity.get("id"), str) else {})
        house.settle()  # what the one before set going
        before = house.writes()
        status = house.teams(activity)
        assert status in {200, *REFUSALS}
        assert b"broke" not in house.answers[-1]
        assert house.trace(*LASTING) == lasting
        assert status == 200 or house.writes() == before

    bend()
