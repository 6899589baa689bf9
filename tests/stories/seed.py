"""The seed's three incidents, typed at a desk."""

from datetime import UTC, datetime

import yaml

from bot.scenarios import FOLDER
from tests.desk import Desk, words


async def type_seed(
    desk: Desk, until: datetime = datetime(2010, 9, 8, 18, 30, tzinfo=UTC), *, flip: bool = False
) -> None:
    """Everything up to (and without) the approvals; `flip` types each line on the other platform."""
    scenario = yaml.safe_load((FOLDER / "bpos-2010.yaml").read_text(encoding="utf-8"))
    for step in scenario["steps"]:
        at = datetime.fromisoformat(str(step["at"]))
        if at >= until:
            return
        desk.clock.at = max(desk.clock.at, at)
        who = step["by"].split()[0].lower()
        on = {"slack": "teams", "teams": "slack"}[step["platform"]] if flip else step["platform"]
        for line in step["says"]:
            bare = line.removeprefix("/incident ").removeprefix("@Amends ").removeprefix("/").strip()
            answer = await desk.say(who, bare, on=on)
            assert not answer.refused, f"{line}: {words(answer.show)}"


async def publish_seed(desk: Desk) -> None:
    """Approved by Ana and Cleo, published by Cleo, everything carried."""
    await type_seed(desk)
    for who, line in (("ana", "apology approve"), ("cleo", "apology approve"), ("cleo", "apology publish")):
        answer = await desk.say(who, line)
        assert not answer.refused, words(answer.show)
    for _ in range(10):  # a busy machine may hold a post up
        await desk.settle()
        if all(p.state == "sent" for p in await desk.posts()):
            return
        desk.clock.wind(seconds=2)
