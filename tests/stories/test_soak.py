"""A short soak on each kind of database, and an oracle that can say no; `make soak` is the long one."""

import json
from contextlib import AbstractAsyncContextManager

import pytest

from tests.soak import Soak, on_postgres, on_sqlite


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
