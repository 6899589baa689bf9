"""Once, however often it is asked or answered: repeated requests on two replicas, and posts whose answer is lost."""

import asyncio
import os
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.channel import Request
from handlers.card import Card
from handlers.domain.delivery import Outcome, Place, Post, Sent, Unknown
from storage.outbox import Claimed
from storage.tables import events
from tests.desk import Desk
from tests.victim import PaperCarrier, entries

DELIVERIES = 10
REQUESTS = int(os.environ.get("AMENDS_SOAK_REQUESTS", "100"))
"""`make soak` asks for ten thousand."""
DROPPED = 1000


class Dropping(PaperCarrier):
    """Paper that takes every new message and never says so."""

    async def carry(self, row: Claimed) -> Outcome:
        """Taken, and the answer is lost."""
        found = await super().carry(row)
        return Unknown("reset") if isinstance(found, Sent) and not row.message_id else found


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_thousand_posts_taken_without_an_answer_stand_there_once_each(desk: Desk, tmp_path: Path) -> None:
    """Every one is looked for, found, and never sent again; what follows in its line goes on."""
    ledger = tmp_path / "ledger.jsonl"
    desk.delivery.carriers = {"slack": Dropping("slack", ledger)}
    places = [Place("slack", "thread", f"C{n % 500}") for n in range(DROPPED)]
    posts = [Post(f"k{n}", place, card=Card(str(n))) for n, place in enumerate(places)]
    await desk.store.book(lambda book: book.send_all(posts))
    for _ in range(DROPPED // 20):
        await desk.delivery.drain()
        desk.clock.wind(seconds=11)
        await desk.delivery.settle()
        if all(p.state == "sent" for p in await desk.posts()):
            break
    said = Counter(e["key"] for e in entries(ledger))
    assert said == {p.key: 1 for p in posts}
    assert {p.state for p in await desk.posts()} == {"sent"}


async def test_ten_deliveries_on_two_replicas_have_one_effect(desk: Desk) -> None:
    """Of the same request at the same moment: one line in the record, one answer, given ten times."""
    assert (await desk.say("ana", "declare Checkout is down sev1 services sign-in region NA")).recorded
    other = Desk(desk.store.database, desk.clock)
    for number in range(REQUESTS):
        desk.clock.wind(seconds=1)
        words = f"note 1 number {number:05} of many"
        asked = Request(f"once-{number}", "slack", "U0BEN", "C0INCIDENTS", words)
        replicas = [(desk, other)[n % 2].intake for n in range(DELIVERIES)]
        answers = await asyncio.gather(*(intake.take(asked) for intake in replicas))
        assert sum(a.recorded and not a.repeated for a in answers) == 1
        assert {a.show for a in answers} == {answers[0].show}
    told = await desk.store.rows(lambda c, _now: list(c.execute(select(events.c.words)).scalars()))
    counted = Counter(words.split("number ")[1][:5] for words in told if "number " in words)
    assert counted == {f"{n:05}": 1 for n in range(REQUESTS)}
    other.store.close()
