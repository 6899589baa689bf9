"""One replica of a server under a soak: `python -m tests.replica URL LEDGER SEED`.

Requests come as JSON lines on standard input, answers go as JSON lines to standard output; posts go to platforms whose
only memory is an append-only file. Time is real. Now and then a platform takes a post and its answer is lost.
"""

import asyncio
import json
import random
import sys
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.channel import LEFT, Request
from bot.delivery import Delivery
from bot.intake import House, Intake
from bot.store import Store
from handlers.domain.delivery import Outcome, Sent, Unknown
from storage.database import Database, make_engine
from storage.outbox import Claimed
from tests.desk import words
from tests.victim import PaperCarrier

LOST = 0.02
"""The share of posts that are taken without an answer."""


@dataclass
class SlowPaper(PaperCarrier):
    """Paper that takes its time, and sometimes does not answer."""

    dice: random.Random = field(default_factory=random.Random)

    async def carry(self, row: Claimed) -> Outcome:
        """As long as a platform takes, more or less."""
        await asyncio.sleep(self.dice.random() * 0.05)
        place = f"{self.platform}-room-{row.incident}" if row.op == "open" else row.message_at or row.address
        entry = {
            "key": row.key, "op": row.op, "nonce": row.nonce, "edit": bool(row.message_id), "place": place,
            "text": row.text, "says": words(row.card), "audience": row.audience,
        }  # fmt: skip
        with self.ledger.open("ab", buffering=0) as paper:
            paper.write(json.dumps(entry).encode() + b"\n")
        LEFT.get()()
        await asyncio.sleep(self.dice.random() * 0.05)
        if self.dice.random() < LOST and not self.ledger.with_name("calm").exists():
            return Unknown("no answer")
        return Sent(row.message_id or row.nonce, place)


async def main(url: str, ledger: Path, seed: int) -> None:
    """Serve until standard input ends."""
    store = Store(Database(make_engine(url)))
    intake = Intake(store, House(ZoneInfo("UTC"), ("slack", "teams")))
    dice = random.Random(seed)
    carriers = {p: SlowPaper(p, ledger, dice=dice) for p in ("slack", "teams")}
    delivery = Delivery(store, intake, carriers)
    intake.wake = delivery.wake
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    running = asyncio.create_task(delivery.run())
    while line := await reader.readline():
        asked = json.loads(line)
        request = Request(asked["key"], "slack", asked["user"], asked["channel"], asked["words"])
        answer = await intake.take(request)
        told = {"key": asked["key"], "yes": answer.recorded or answer.repeated, "says": words(answer.show)}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
    await delivery.stop()
    running.cancel()
    store.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
