"""Bad input at both doors: a few thousand of the fifty thousand that `make malformed` asks, and what must hold of each.

Never a 5xx, never a traceback or an error in the log, nothing changed that nobody asked for, nothing written of what is
not let in (tests/bot/malformed.py).
"""

import io
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.channel import Request
from bot.logs import configure
from tests.bot.doors import House, behind_doors
from tests.bot.malformed import WORDS, Spoiler, Watch, recorded
from tests.desk import Desk, words

SHARE = 2_000
"""How many of them are asked here."""


@pytest.fixture
def watch(log: None, tmp_path: Path, sqlite_template: Path) -> Iterator[Watch]:
    """A house of its own, and its log as the server writes it."""
    database = tmp_path / "amends.db"
    database.write_bytes(sqlite_template.read_bytes())
    said = io.StringIO()
    configure("json", stream=said)
    with behind_doors(database) as house:
        yield Watch(house, said)


def spoiler(house: House, seed: int) -> Spoiler:
    """Recordings of this house, spoilt."""
    return Spoiler(house, recorded(house), seed)


def test_threat_12_bad_input_of_every_kind_is_answered_and_changes_nothing(watch: Watch) -> None:
    """Recordings bent, torn, spoilt, mistyped, too large, too deep, unsigned, or naughty, at both doors."""
    cases = spoiler(watch.house, seed=2026).cases()
    watch.ask(itertools.islice(cases, SHARE))
    assert watch.asked == SHARE
    assert set(watch.statuses) == {200, 400, 401, 403, 413, 415}
    assert watch.effects > 0
    kinds = {name.partition(" (")[0] for name in watch.kinds}
    assert kinds >= {"bent", "torn", "spoilt JSON", "a wrong type", "large", "deep", "noise", "naughty words"}


def test_every_kind_of_request_is_among_the_recordings(house: House) -> None:
    """A way of acting that is not recorded would not be spoilt either."""
    seeds = recorded(house)
    events = {s.payload["event"]["type"] for s in seeds if s.kind == "events_api" and "event" in s.payload}
    assert events >= {"app_mention", "message", "app_home_opened", "message_metadata_posted", "channel_rename"}
    pressed = {s.payload["type"] for s in seeds if s.kind == "interactive"}
    assert pressed == {"block_actions", "view_submission", "shortcut"}
    activities = {(s.payload["type"], s.payload.get("name", "")) for s in seeds if s.kind == "teams"}
    assert activities >= {
        *(("message", ""), ("messageUpdate", ""), ("messageDelete", ""), ("messageReaction", "")),
        *(("installationUpdate", ""), ("conversationUpdate", "")),
        *(("invoke", "adaptiveCard/action"), ("invoke", "task/fetch"), ("invoke", "task/submit")),
    }
    assert any(s.looks for s in seeds)
    assert any(not s.looks for s in seeds)


async def test_the_naughty_strings_are_taken_by_both_databases(desk: Desk) -> None:
    """Each of them, noted, and a NUL and half a character beside: kept as text, or refused with a sentence."""
    await desk.say("ana", "declare Checkout is down sev2")
    kept = 0
    for number, text in enumerate([*WORDS, "a\0b", "half \ud83d"]):
        request = Request(f"naughty{number}", "slack", "U0ANA", "C0INCIDENTS", f"note 1 -- {text}")
        desk.clock.wind(seconds=11)
        answer = await desk.intake.take(request)
        assert "broke on our side" not in words(answer.show), ascii(text)
        assert "Not recorded" not in words(answer.show), ascii(text)
        kept += answer.recorded
    assert kept > len(WORDS) * 3 // 4
