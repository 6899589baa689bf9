"""Forged, expired, replayed, foreign: at least ten thousand requests made by combination, and not one is let in."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterable
from urllib.parse import urlencode

import pytest

from bot.sandbox.ledger import Json
from tests.bot import vectors
from tests.bot.doors import CHANNEL, FORM, INCIDENTS, JSON, LASTING, SLACK, TEAMS, House, command, line
from tests.bot.vectors import Vector

LEAST = 5_000
"""How many of each door's are asked here (promises.md, section 4: 10,000 in all)."""


def slack_kinds() -> dict[str, vectors.SlackBody]:
    """Each kind of request of Slack's, of a given workspace; each would change something if it were let in."""

    def typed(team: str | None) -> tuple[bytes, str]:
        return command(team_id=team) if team is not None else command().replace(b"&team_id=T0SANDBOX", b""), FORM

    def acted(kind: str, **more: object) -> vectors.SlackBody:
        def made(team: str | None) -> tuple[bytes, str]:
            payload = {"type": kind, "user": {"id": "U0ANA"}, "trigger_id": str(time.time_ns()), **more}
            payload |= {} if team is None else {"team": {"id": team}}
            return urlencode({"payload": json.dumps(payload)}).encode(), FORM

        return made

    def told(team: str | None) -> tuple[bytes, str]:
        event = {"type": "app_mention", "user": "U0ANA", "text": "severity 1 sev1", "ts": "1.1", "channel": INCIDENTS}
        envelope = {"type": "event_callback", "event_id": f"Ev{time.time_ns()}", "event": event}
        return json.dumps(envelope | ({} if team is None else {"team_id": team})).encode(), JSON

    press = {"type": "button", "action_id": "say:0", "value": "severity 1 sev1", "action_ts": "1.1"}
    view = {
        "id": "V1",
        "type": "modal",
        "callback_id": "form",
        "private_metadata": '{"says":"severity 1"}',
        "state": {"values": {}},
    }
    return {
        "a command": typed,
        "a press": acted("block_actions", actions=[press], channel={"id": INCIDENTS}),
        "a form": acted("view_submission", view=view),
        "a shortcut": acted("shortcut", callback_id="declare", action_ts="1.1"),
        "a mention": told,
    }


def activities(house: House) -> dict[str, Json]:
    """Each kind of activity of Teams' that would do something if it were let in."""
    press = {"action": {"type": "Action.Execute", "verb": "say", "data": {"says": "severity 1 sev1"}}}
    return {
        "a line": line(house),
        "a press": line(house, type="invoke", name="adaptiveCard/action", value=press, replyToId="1"),
        "a form": line(house, type="invoke", name="task/submit", value={"data": {"says": "severity 1", "form": {}}}),
        "an installation": line(house, type="installationUpdate", action="add"),
    }


def turned_away(house: House, requests: Iterable[Vector]) -> Counter[int]:
    """Ask each of them; every status as it must be, nothing written by any, nothing said by anybody."""
    house.settle()
    before, said, digest = house.writes(), house.said(), house.trace()

    async def ask() -> tuple[Counter[int], list[str]]:
        found: Counter[int] = Counter()
        wrong = []
        for vector in requests:
            status, _ = await house.straight(vector.path, vector.body, vector.headers)
            found[status] += 1
            if status != vector.status:
                wrong.append(f"{vector.name}: {status}, not {vector.status}")
        return found, wrong

    found, wrong = house.runner.run(ask())
    assert not wrong, wrong[:10]
    house.settle()
    assert (house.writes(), house.said(), house.trace()) == (before, said, digest)
    return found


def test_threat_01_no_combination_of_wrong_signature_time_and_workspace_gets_in(house: House) -> None:
    """Every way to be wrong at Slack's door, with every other, for each kind of request: 401 or 403, zero effects."""
    made = vectors.slack_vectors(slack_kinds(), house.box.slack.signing_secret, int(time.time()), every=3)
    found = turned_away(house, made)
    assert found.total() >= LEAST
    assert set(found) == {401, 403}


def test_threat_02_no_combination_of_wrong_key_claim_scheme_and_place_gets_in(house: House) -> None:
    """The same at Teams' door."""
    app_id, now = house.box.teams.app_id, int(time.time())
    found = turned_away(house, vectors.teams_vectors(activities(house), app_id, now, every=23))
    assert found.total() >= LEAST
    assert set(turned_away(house, vectors.teams_vectors(activities(house), app_id, now, most=1))) == {401, 403}


def test_the_vectors_are_wrong_in_nothing_else(house: House) -> None:
    """With everything right each kind of request is let in, so that it is the fault that is refused."""
    now, secret = int(time.time()), house.box.slack.signing_secret
    for kind, made in slack_kinds().items():
        body, content_type = made("T0SANDBOX")
        stamp = str(now)
        signed = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={vectors._mac(secret, stamp, body)}"}
        status, _ = house.runner.run(house.straight(SLACK, body, signed | {"Content-Type": content_type}))
        assert status == 200, kind
    for kind, activity in activities(house).items():
        token = vectors._token(activity, vectors.RIGHT, vectors.RIGHT, house.box.teams.app_id, now)
        headers = {"Content-Type": JSON, "Authorization": f"Bearer {token}"}
        status, _ = house.runner.run(house.straight(TEAMS, json.dumps(activity).encode(), headers))
        assert status == 200, kind
    house.settle()


def test_threat_01_genuine_requests_are_refused_once_they_are_old(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was recorded on the way is a 401 six minutes later at Slack's door, and once its token ended at Teams'."""
    slack, teams, run = house.box.slack, house.box.teams, house.runner.run
    for number in range(20):
        assert run(slack.command("ana", INCIDENTS, "/incident", f"note 1 recorded {number}")).ok
        run(teams.mention("ana", CHANNEL, f"note 1 recorded there {number}"))
    house.settle()
    slack_requests = [Vector("", SLACK, dict(a.headers), a.raw, 401) for a in slack.wire.acks if a.raw and a.ok]
    recorded = [d.activity for d in teams.deliveries if d.status == 200]
    signed = [{"Content-Type": JSON, "Authorization": teams.identity.sign(a)} for a in recorded]
    teams_requests = [Vector("", TEAMS, h, json.dumps(a).encode(), 401) for h, a in zip(signed, recorded, strict=True)]
    assert len(slack_requests) >= 20
    assert len(teams_requests) >= 20
    doors = house.box.app
    assert doors.slack_door is not None
    assert doors.teams_door is not None
    monkeypatch.setattr(doors.slack_door, "_time", lambda: time.time() + 301)
    monkeypatch.setattr(doors.teams_door._verifier, "_clock", lambda: time.time() + 3600 + 301)
    turned_away(house, slack_requests + teams_requests)


def test_threat_01_a_thousand_replays_within_the_time_have_no_second_effect(house: House) -> None:
    """Caught and sent again while the signature still holds: the stored answer, and nothing else."""
    slack, run = house.box.slack, house.runner.run
    acks = [run(slack.command("ana", INCIDENTS, "/incident", f"note 1 said once {number}")) for number in range(20)]
    house.settle()
    before, said = house.trace(*LASTING, "outbox", "requests", "audit"), house.said()

    async def again() -> set[tuple[int, bool]]:
        answers = await asyncio.gather(*(house.straight(SLACK, a.raw, a.headers) for a in acks * 50))
        stored = [a.body.encode() for a in acks * 50]
        return {(status, body == kept) for (status, body), kept in zip(answers, stored, strict=True)}

    assert run(again()) == {(200, True)}
    house.settle()
    assert (house.trace(*LASTING, "outbox", "requests", "audit"), house.said()) == (before, said)
