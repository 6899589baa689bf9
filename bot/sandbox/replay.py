"""`amends replay`: a scenario of who types what, where and when, on the sandbox's platforms and a virtual clock."""

import asyncio
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import yaml
from sqlalchemy import func, select

from bot.app import listen, serving
from bot.sandbox.house import Sandbox, sandbox
from bot.sandbox.ledger import SandboxClock
from bot.sandbox.memory import remember
from bot.settings import Wrong
from handlers.domain.catalog import CatalogErrors
from handlers.domain.delivery import PostState
from storage import outbox
from storage.tables import incidents

SCENARIOS = Path(__file__).parent.parent / "scenarios"
PACE = timedelta(seconds=20)
"""Between two lines of one step: a person types that fast."""
STEP_KEYS = {"at", "by", "platform", "in", "says", "refused"}


@dataclass(frozen=True)
class Step:
    """One person's lines, from a moment on."""

    at: datetime
    by: str
    on: str
    place: str
    says: tuple[str, ...]
    refused: bool = False


@dataclass(frozen=True)
class Scenario:
    """A file of steps, with the catalog they play in."""

    title: str
    catalog: Path
    timezone: str
    steps: tuple[Step, ...]


def find(name: str) -> Path:
    """A shipped scenario by name, or a file by path. Raises Wrong."""
    shipped = SCENARIOS / f"{name}.yaml"
    if shipped.is_file() and "/" not in name:
        return shipped
    path = Path(name)
    if path.is_file():
        return path
    names = ", ".join(sorted(p.stem for p in SCENARIOS.glob("*.yaml") if ".catalog" not in p.name))
    raise Wrong(f"There is no scenario “{name}”. Shipped: {names}; or name a file.")


def load(path: Path) -> Scenario:
    """Read a scenario file. Raises Wrong naming the step that is wrong."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise Wrong(f"The scenario {path.name} cannot be read: {str(error).splitlines()[0]}.") from None
    if not isinstance(content, dict) or not isinstance(content.get("steps"), list):
        raise Wrong(f"The scenario {path.name} needs `title`, `catalog` and a list of `steps`.")
    catalog = path.parent / str(content.get("catalog", ""))
    if not catalog.is_file():
        raise Wrong(f"The scenario {path.name} names the catalog “{content.get('catalog')}”, which is not beside it.")
    steps = tuple(_step(path, n, raw) for n, raw in enumerate(content["steps"], 1))
    if [s.at for s in steps] != sorted(s.at for s in steps):
        raise Wrong(f"The steps of {path.name} must be in the order of their times.")
    return Scenario(str(content.get("title", path.stem)), catalog, str(content.get("timezone", "UTC")), steps)


def _step(path: Path, number: int, raw: Any) -> Step:
    where = f"Step {number} of {path.name}"
    if not isinstance(raw, dict) or not {"at", "by", "platform", "says"} <= set(raw) or set(raw) - STEP_KEYS:
        raise Wrong(f"{where} needs `at`, `by`, `platform` and `says`, and may have `in` and `refused`; nothing else.")
    at = raw["at"]
    if isinstance(at, str):
        try:
            at = datetime.fromisoformat(at)
        except ValueError:
            raise Wrong(f"{where}: “{at}” is no time. Write 2010-08-23T18:00Z.") from None
    if not isinstance(at, datetime):
        raise Wrong(f"{where}: `at` needs a date and a time.")
    if raw["platform"] not in ("slack", "teams"):
        raise Wrong(f"{where}: `platform` is slack or teams.")
    says = raw["says"] if isinstance(raw["says"], list) else [raw["says"]]
    place = str(raw.get("in", "#incidents" if raw["platform"] == "slack" else "Incidents"))
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return Step(at, str(raw["by"]), raw["platform"], place, tuple(map(str, says)), bool(raw.get("refused", False)))


def run(name: str, database_url: str) -> None:
    """Play a scenario into a database that holds no incident yet. Raises Wrong."""
    path = find(name)
    scenario = load(path)
    asyncio.run(_run(scenario, database_url))


async def _run(scenario: Scenario, database_url: str) -> None:
    first = scenario.steps[0].at if scenario.steps else datetime.now(UTC)
    clock = SandboxClock(first)
    sock = listen("127.0.0.1", 0)
    try:
        world_ = sandbox(
            port=sock.getsockname()[1],
            database_url=database_url,
            catalog_file=scenario.catalog,
            clock=clock,
            timezone=scenario.timezone,
            tick_seconds=3600,
        )
        async with world_ as world, serving(world.app, sock):
            held = await world.app.store.rows(
                lambda c, _now: c.execute(select(func.count(incidents.c.number))).scalar_one()
            )
            if held:
                raise Wrong(
                    f"This database already holds {held} incident(s). Replay into an empty one: AMENDS_DATABASE_URL."
                )
            await play(world, scenario)
            await remember(world, str(scenario.catalog))
    except CatalogErrors as errors:
        raise Wrong(f"The scenario's catalog has faults.\n{errors}") from None
    finally:
        sock.close()


async def play(world: Sandbox, scenario: Scenario) -> None:
    """Everything that is typed, in order, each line carried out before the next."""
    total = sum(len(s.says) for s in scenario.steps)
    with click.progressbar(length=total, label=scenario.title, show_pos=True, file=sys.stderr) as bar:
        for step in scenario.steps:
            await until(world, step.at)
            for words in step.says:
                refused = await say(world, step, words)
                if refused != step.refused:
                    said = "was refused" if refused else "was not refused"
                    raise Wrong(
                        f"{step.by} said “{words}”, and it {said}, which this scenario does not expect: {_last(world)}"
                    )
                world.clock.wind(PACE)
                bar.update(1)
        await until(world, world.clock.now() + timedelta(minutes=5))
    posts = await world.app.store.rows(lambda c, _now: outbox.all_states(c))
    click.echo(summary(posts))


def _last(world: Sandbox) -> str:
    entry = next((e for e in reversed(world.ledger.entries) if e.answer or e.payload), None)
    return str(entry.answer or entry.payload)[:400] if entry else "nothing was answered"


async def until(world: Sandbox, at: datetime) -> None:
    """Let time pass: what fell due meanwhile is done on the way, then everything is carried."""
    while world.clock.now() < at:
        world.clock.set(min(at, world.clock.now() + timedelta(minutes=30)))
        await world.app.intake.tick()
        await world.settle()
    await world.settle()


async def say(world: Sandbox, step: Step, words: str) -> bool:
    """One line, typed by a person; whether the bot refused it."""
    before = world.app.intake.refused
    if step.on == "slack":
        command, _, text = words.partition(" ")
        person = next(p.id for p in world.slack.world.people.values() if p.real_name == step.by)
        ack = await world.slack.command(person, step.place, command, text)
        if not ack.ok:
            raise Wrong(f"The bot did not answer “{words}” ({ack.problem or ack.status}).")
    else:
        person = next(p.key for p in world.teams.world.people.values() if p.name == step.by)
        conversation = next(c.id for t in world.teams.world.teams.values() for c in t.channels if c.name == step.place)
        await world.teams.mention(person, conversation, words.removeprefix("@Amends").strip())
    await world.settle()
    return world.app.intake.refused > before


def summary(posts: list[PostState]) -> str:
    """What came of it, for the person who ran it."""
    customers = [p for p in posts if p.audience == "customer"]
    sent = sum(p.state == "sent" for p in customers)
    inside = sum(p.audience == "internal" and p.state == "sent" for p in posts)
    stuck = [p for p in posts if p.state != "sent"]
    lines = [f"{sent} of {len(customers)} customer messages sent, {inside} cards inside the house."]
    lines += [f"  {p.state}: {p.key} {p.error}" for p in stuck[:10]]
    return "\n".join(lines)
