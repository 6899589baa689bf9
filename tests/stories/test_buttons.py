"""Every button of a reminder in every state it may be pressed in: docs/buttons.md is written from this table."""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from bot.channel import Answer
from bot.scenarios import FOLDER
from handlers.card import Form
from handlers.domain.incident import Incident
from storage.database import Database, make_engine
from tests.conftest import hurried
from tests.desk import Clock, Desk, buttons, words

DOCS = Path(__file__).parents[2] / "docs" / "buttons.md"
SEV1 = 20
"""Minutes between updates of a sev1 under investigation."""
STATES = {
    "fresh": "Ana presses it while the reminder stands",
    "pressed twice": "Ana pressed it; Ben presses it again a minute later",
    "late": "an update answered the reminder, the next one stands; Ben presses the old button",
    "after resolve": "Ana resolved the incident; Ben presses",
    "other replica": "Ana and Ben press at the same moment, each at another server",
    "other platform": "Ana answered in Slack; Ben presses the card in Teams",
    "after restart": "the server that reminded is gone; Ana presses at the next one",
}
OVER = "That reminder is over; this button did nothing."
ENDED = "INC-1 is resolved."
ACTS = {
    "On track": "Noted: on track. The clock starts again.",
    "Snooze 15": "Snoozed the reminder for 15 min.",
    "Snooze 30": "Snoozed the reminder for 30 min.",
    "Snooze 60": "Snoozed the reminder for 1 h.",
    "Stop because …": "Reminders are off.",
    "Post update": "Posted in 2 rooms.",
    "Hand over": "Handed over to Ben Okafor, who has to say “I have it”.",
}
"""What each says when it has acted."""
ANSWERS = {
    "Stop because …": {"because": "the supplier keeps us posted"},
    "Post update": {"text": "Half of the nodes are back"},
    "Hand over": {"role": "commander", "person": "ben@example.com"},
}
"""What is filled in where a button opens a form."""
ALWAYS = {
    "Post update": "The form opens and shows the latest update, by whom and when.",
    "Hand over": "The form opens and shows the status and who commands now.",
}
"""Forms that are right to open at any time: they show what is true now, and nothing is changed until they are sent."""


def cell(button: str, state: str) -> str:
    """What this button says, pressed in this state."""
    if state in ("fresh", "after restart"):
        return ACTS[button]
    if state == "after resolve":
        return ALWAYS[button] if button == "Hand over" else ENDED
    if button in ALWAYS:
        return ALWAYS[button]
    return f"One acts; the other: {OVER}" if state == "other replica" else OVER


@dataclass
class House:
    """One database, two servers, one Slack, one Teams."""

    first: Desk
    second: Desk

    async def incident(self) -> Incident:
        """INC-1 as it is stored."""
        found = await self.first.store.book(lambda b: b.get(Incident, 1))
        assert found is not None
        return found


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[House]:
    """A sev1 of Ana's that was due a moment ago; its reminder stands in both rooms."""
    clock = Clock()
    first, second = (Desk(Database(hurried(make_engine(database_url)), clock), clock) for _ in range(2))
    await first.furnish(FOLDER / "bpos-2010.catalog.yaml")
    second.slack, second.teams = first.slack, first.teams
    second.delivery.carriers = first.delivery.carriers
    for line in ("declare Checkout is down sev1", "update 1 We see errors in the US"):
        assert not (await first.say("ana", line)).refused
    await first.settle()
    await first.pass_time(minutes=SEV1)
    yield House(first, second)
    first.store.close()
    second.store.close()


def card(desk: Desk, on: str = "slack", serial: int = 1) -> dict[str, str]:
    """The buttons on the reminder's card in one room."""
    return buttons(desk.screens(f"inc-1/reminder/{serial}@{on}")[0].card)


async def press(desk: Desk, who: str, says: str, button: str, *, on: str = "slack", key: str = "") -> Answer:
    """Press it; where it opens a form, fill that in and send it."""
    answer = await desk.say(who, says, on=on, key=key)
    if isinstance(answer.show, Form):
        return await desk.say(
            who, answer.show.says, values=dict(ANSWERS[button]), on=on, key=f"{key}-sent" if key else ""
        )
    return answer


async def opened(desk: Desk, button: str, says: str, *, on: str = "slack", key: str = "") -> None:
    """A button whose form is always right to open: it shows the present, and opening it changes nothing."""
    shown = (await desk.say("ben", says, on=on, key=key)).show
    assert isinstance(shown, Form)
    now = await desk.store.book(lambda b: b.get(Incident, 1))
    assert now is not None
    if button == "Post update":
        assert now.last_update in str(shown.intro)
        assert next(f.initial for f in shown.fields if f.name == "text") == now.last_update
    else:
        leader = await desk.store.book(lambda b: b.person(now.holder("commander")))
        assert leader is not None
        assert f"INC-1 is {now.status}. Commander now: {leader.name}." in str(shown.intro)


SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
EVERY = pytest.mark.parametrize("button", list(ACTS))


@SQLITE
@EVERY
async def test_fresh(house: House, button: str) -> None:
    """It does what it says, on both platforms at once, and its card has no buttons left where that answered it."""
    before = await house.incident()
    answer = await press(house.first, "ana", card(house.first)[button], button)
    assert cell(button, "fresh") in words(answer.show)
    assert await house.incident() != before
    await house.first.settle()
    standing = [bool(card(house.first, on)) for on in ("slack", "teams")]
    assert standing == [button == "Hand over"] * 2  # a hand-over is no update: somebody is still asked


@SQLITE
@EVERY
async def test_pressed_twice(house: House, button: str) -> None:
    """The second press changes nothing and says who was first."""
    says = card(house.first)[button]
    await press(house.first, "ana", says, button)
    house.first.clock.wind(minutes=1)
    before = await house.incident()
    if button in ALWAYS:
        await opened(house.first, button, says)
    else:
        answer = await press(house.first, "ben", says, button)
        assert cell(button, "pressed twice") in words(answer.show)
        assert "Ana Silva" in words(answer.show)
    assert await house.incident() == before


@SQLITE
@EVERY
async def test_late(house: House, button: str) -> None:
    """A button of an earlier reminder never acts on a later one."""
    says = card(house.first)[button]
    assert not (await house.first.say("ana", "update 1 The supplier works on it")).refused
    await house.first.pass_time(minutes=SEV1)
    assert card(house.first, serial=2)[button]
    before = await house.incident()
    if button in ALWAYS:
        await opened(house.first, button, says)
    else:
        answer = await press(house.first, "ben", says, button)
        assert cell(button, "late") in words(answer.show)
        assert "Ana Silva updated: The supplier works on it" in words(answer.show)
    assert await house.incident() == before


@SQLITE
@EVERY
async def test_after_resolve(house: House, button: str) -> None:
    """Nothing is asked any more; a form that was open already is refused as well."""
    says = card(house.first)[button]
    form = (await house.first.say("ben", says)).show if button == "Post update" else None
    assert not (await house.first.say("ana", "resolve 1")).refused
    await house.first.settle()
    assert card(house.first) == {}
    before = await house.incident()
    if cell(button, "after resolve") == ENDED:
        answer = await press(house.first, "ben", says, button)
        assert answer.refused
        assert ENDED in words(answer.show)
    else:
        await opened(house.first, button, says)
    if isinstance(form, Form):
        sent = await house.first.say("ben", form.says, values=dict(ANSWERS[button]))
        assert sent.refused
        assert ENDED in words(sent.show)
    assert await house.incident() == before


@EVERY
async def test_other_replica(house: House, button: str) -> None:
    """Two servers, two presses, one moment: one acts. On both kinds of database."""
    says = card(house.first)[button]
    pair = ((house.first, "ana", "one"), (house.second, "ben", "two"))
    if button in ALWAYS:
        await press(house.first, "ana", says, button)
        before = await house.incident()
        await opened(house.second, button, says, key="two")
        assert await house.incident() == before
        return
    answers = await asyncio.gather(*(press(desk, who, says, button, key=key) for desk, who, key in pair))
    said = [words(a.show) for a in answers]
    assert sum(ACTS[button] in s for s in said) == 1, said
    assert sum(OVER in s for s in said) == 1, said


@SQLITE
@EVERY
async def test_other_platform(house: House, button: str) -> None:
    """Answered in Slack, pressed in Teams from a screen that was not drawn anew."""
    says = card(house.first, "teams")[button]
    await press(house.first, "ana", card(house.first)[button], button)
    house.first.clock.wind(minutes=1)
    before = await house.incident()
    if button in ALWAYS:
        await opened(house.first, button, says, on="teams")
    else:
        answer = await press(house.first, "ben", says, button, on="teams")
        assert cell(button, "other platform") in words(answer.show)
    assert await house.incident() == before


@EVERY
async def test_after_restart(house: House, button: str) -> None:
    """Nothing was kept in memory: the next server knows the reminder, acts, and edits the same cards."""
    says = card(house.first)[button]
    house.first.store.close()
    answer = await press(house.second, "ana", says, button, key="after")
    assert cell(button, "after restart") in words(answer.show)
    await house.second.settle()
    assert len(house.second.screens("inc-1/reminder/")) == 2


@SQLITE
@pytest.mark.parametrize("button", ["Snooze 15", "Snooze 30", "Snooze 60", "On track", "Stop because …"])
async def test_no_button_moves_a_promise_to_customers(house: House, button: str) -> None:
    """What customers were told to expect stands, whatever is pressed inside."""
    promised = house.first.clock.at + timedelta(minutes=10)
    from dataclasses import replace

    kept = replace(await house.incident(), customer_update_at=promised, customer_ping_at=promised)
    await house.first.store.book(lambda b: b.put(kept))
    await press(house.first, "ana", card(house.first)[button], button)
    found = await house.incident()
    assert (found.customer_update_at, found.customer_ping_at) == (promised, promised)


def test_the_table_in_docs_is_current() -> None:
    """docs/buttons.md is this table; `WRITE_DOCS=1 pytest tests/stories/test_buttons.py` writes it."""
    heads = list(STATES)
    rows = [f"| | {' | '.join(heads)} |", "|---|" + "---|" * len(heads)]
    rows += [f"| **{button}** | {' | '.join(cell(button, state) for state in heads)} |" for button in ACTS]
    means = [f"- **{state}**: {how}." for state, how in STATES.items()]
    text = (
        "# Every button of a reminder, whenever it is pressed\n\nWritten from `tests/stories/test_buttons.py`, where "
        "each cell is a test. A button names the reminder it belongs to (`ontrack 7 r3`);\nwhat is stored decides, so "
        "that one of an earlier reminder never acts. It answers with who was first, what they said, and\nwhen the next "
        "update is due.\n\n" + "\n".join(means) + "\n\n" + "\n".join(rows) + "\n"
    )
    if os.environ.get("WRITE_DOCS"):
        DOCS.write_text(text, encoding="utf-8")
    assert DOCS.read_text(encoding="utf-8") == text
