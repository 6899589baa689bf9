"""A short soak on each kind of database, and an oracle that can say no; `make soak` is the long one."""

import asyncio
import json
import os
from collections import Counter
from contextlib import AbstractAsyncContextManager

import pytest

from bot.store import Store
from handlers.card import Card
from handlers.domain.delivery import BROADCAST, Place, Post
from storage import outbox
from storage.database import Database, make_engine
from tests.soak import Soak, on_postgres, on_sqlite
from tests.victim import entries

REPLICAS = int(os.environ.get("AMENDS_SOAK_REPLICAS", "2"))
POSTS = int(os.environ.get("AMENDS_SOAK_POSTS", "400"))
"""`make soak` asks eight servers for a hundred thousand."""


def house(kind: str, request: pytest.FixtureRequest, seed: int) -> AbstractAsyncContextManager[Soak]:
    """A house under fire; skips where PostgreSQL is not here."""
    if kind == "sqlite":
        return on_sqlite(seed)
    request.getfixturevalue("postgres")
    return on_postgres(seed)


@pytest.mark.parametrize(("kind", "seed", "kills"), [("sqlite", 1, 4), ("postgresql", 1, 6)])
async def test_random_kills_lose_nothing_and_double_nothing(
    kind: str, seed: int, kills: int, request: pytest.FixtureRequest
) -> None:
    """Kills, zombies, a database restart and a partition; then the oracle, which also hears one word too many."""
    async with house(kind, request, seed) as soak:
        await soak.run(kills, 60)
        assert soak.judge()["messages"] > 0
        assert soak.faults["kill"] > 0
        lines = soak.ledger.read_bytes()
        said = next(e for e in map(json.loads, lines.splitlines()) if e["op"] == "message" and not e["edit"])
        for rogue, verdict in ((said, "said twice"), (said | {"key": "nobody/asked"}, "nobody asked for this")):
            soak.ledger.write_bytes(lines + json.dumps(rogue).encode() + b"\n")
            with pytest.raises(AssertionError, match=verdict):
                soak.judge()
        without = [line for line in lines.splitlines(keepends=True) if said["key"] != json.loads(line)["key"]]
        soak.ledger.write_bytes(b"".join(without))
        with pytest.raises(AssertionError, match="never said"):
            soak.judge()


async def test_several_servers_at_one_outbox_say_each_post_once(postgres: str) -> None:
    """Processes of their own, one database, everything due at once: nothing is said twice, nothing is left."""
    del postgres  # skips where there is none
    async with on_postgres(1, REPLICAS) as soak:
        await soak.prepare()
        (soak.folder / "calm").touch()  # no answer is lost
        posts = [
            Post(
                f"mass-{n}", Place("slack", "thread", f"C{n % 5000}"), card=Card(str(n)), rank=BROADCAST, incident=n % 9
            )
            for n in range(POSTS)
        ]
        store = Store(Database(make_engine(soak.direct)))
        await store.book(lambda book: book.send_all(posts))
        for place in range(REPLICAS):
            await soak.start(place)
        while (await store.rows(lambda c, _now: outbox.counts(c))).get("sent", 0) < POSTS:  # noqa: ASYNC110 - others do it
            await asyncio.sleep(0.1)
        await soak.stop()
        store.close()
        assert Counter(e["key"] for e in entries(soak.ledger)) == {p.key: 1 for p in posts}
