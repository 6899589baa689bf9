"""What the sandbox's platforms showed, drawn again after a restart from the bot's own outbox.

The fakes live in memory; what the bot put on screen is in the database. People's own typed lines are not kept.
"""

import itertools
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError

from bot.sandbox.house import Sandbox
from bot.sandbox.slack_blocks import completed
from bot.sandbox.slack_records import APP_ID, BOT_ID, BOT_USER
from bot.sandbox.slack_records import Channel as SlackChannel
from bot.sandbox.slack_records import Message as SlackMessage
from bot.sandbox.teams_world import Message as TeamsMessage
from bot.slack import blocks
from bot.teams import cards
from handlers.card import Card
from handlers.domain.incident import Incident, Room, Setting
from handlers.domain.letter import LETTERS, opened
from storage.book import SqlBook
from storage.database import make_engine
from storage.rows import unpack
from storage.tables import outbox, requests, settings

CATALOG, NOW = "sandbox.catalog", "sandbox.now"


@dataclass(frozen=True)
class Remembered:
    """Where a sandbox stood: its catalog file and its virtual time (UTC)."""

    catalog: str
    now: datetime


def remembered(database_url: str) -> Remembered | None:
    """What an earlier sandbox or replay left in this database; None for a fresh one."""
    engine = make_engine(database_url)
    try:
        with engine.connect() as connection:
            query = select(settings.c.name, settings.c.value).where(settings.c.name.in_((CATALOG, NOW)))
            found = {row[0]: row[1] for row in connection.execute(query)}
    except SQLAlchemyError:  # no such table yet, or no such database: `serve` says so in its own words
        return None
    finally:
        engine.dispose()
    return Remembered(found.get(CATALOG, ""), datetime.fromisoformat(found[NOW])) if NOW in found else None


async def remember(world: Sandbox, catalog: str) -> None:
    """Keep where the sandbox stands."""
    now = world.clock.now().isoformat()

    def work(book: SqlBook) -> None:
        book.put(Setting(CATALOG, catalog))
        book.put(Setting(NOW, now))

    await world.app.store.book(work)


async def restore(world: Sandbox) -> None:
    """Draw again what the bot had on screen. Call it once the schema is current and before anything is posted."""
    await world.app.store.rows(lambda connection, _now: _restore(world, connection))


def _restore(world: Sandbox, connection: Connection) -> None:
    book = world.app.store.open(connection, world.clock.now())
    private = {i.number for i in book.find(Incident) if i.private}
    house = [p.id for p in world.slack.world.people.values() if p.team_id == world.slack.world.team_id]
    for room in book.find(Room, platform="slack"):
        if room.address and room.address not in world.slack.world.channels:
            world.slack.add_channel(
                SlackChannel(
                    room.address,
                    room.name,
                    [p for p in house if p != "USLACKBOT"],
                    creator=BOT_USER,
                    is_private=room.incident in private,
                )
            )
    rows = connection.execute(select(outbox).where(outbox.c.message_id != "").order_by(outbox.c.seq)).mappings()
    highest = 0
    for row in rows:
        card: Card | None = unpack(row["body"]["card"]) if row["body"]["card"] else None
        if row["platform"] == "slack" and row["op"] == "message":
            _slack(world, row, card)
            highest = max(highest, *(int("0" + "".join(c for c in row["message_at"] if c.isdigit())[-8:]), 0))
        elif row["platform"] == "teams":
            _teams(world, connection, row, card)
        elif row["platform"] in LETTERS and row["audience"] == "customer":
            _letter(world, row)
    if highest:
        world.slack.world._number = itertools.count(highest + 1000)  # noqa: SLF001 - ids go on where they stood


def _letter(world: Sandbox, row: Any) -> None:
    at = (row["sent_at"] or world.clock.now()).isoformat()
    subject, words = opened(row["body"]["text"])
    (world.mail if row["platform"] == "email" else world.hooks).redraw(row["address"], subject, words, at)


def _slack(world: Sandbox, row: Any, card: Card | None) -> None:
    home = world.slack.world
    if row["message_at"] not in home.channels:
        who = row["address"] if row["kind"] == "person" else ""
        if who not in home.people:
            return
        world.slack.add_channel(SlackChannel(row["message_at"], who, [who, BOT_USER], is_im=True, creator=BOT_USER))
    drawn = blocks.message(card) if card is not None else blocks.customer(row["body"]["text"])
    home.channels[row["message_at"]].messages[row["message_id"]] = SlackMessage(
        row["message_id"],
        row["message_at"],
        BOT_USER,
        drawn.get("text", ""),
        completed(drawn.get("blocks", []), home.block_id),  # as Slack does, so that its buttons can be pressed
        drawn.get("attachments", []),
        bot_id=BOT_ID,
        app_id=APP_ID,
        team=home.team_id,
    )


def _teams(world: Sandbox, connection: Connection, row: Any, card: Card | None) -> None:
    home = world.teams.world
    base, _, root = str(row["message_at"]).partition(";messageid=")
    drawn = cards.message(card) if card is not None else cards.customer(row["body"]["text"])
    message = TeamsMessage(
        row["message_id"],
        base,
        "" if root == row["message_id"] else root,
        home.bot_id,
        home.bot_name,
        row["sent_at"] or world.clock.now(),
        drawn.get("text", ""),
        drawn.get("textFormat", "markdown"),
        drawn.get("summary", ""),
        drawn.get("attachments", []),
    )
    with home.lock:
        said = home.messages.setdefault(base, {})
        if message.root and message.root not in said:
            said[message.root] = _typed(world, connection, str(row["message_at"]), message)
        said[row["message_id"]] = message


def _typed(world: Sandbox, connection: Connection, conversation: str, answer: TeamsMessage) -> TeamsMessage:
    """The person's message that a thread began with, as far as the record has it."""
    query = select(requests.c.person, requests.c.line).where(requests.c.channel == conversation).limit(1)
    found = connection.execute(query).first()
    home = world.teams.world
    person = home.find_person(found.person) if found else None
    words = f"@{home.bot_name} {found.line}" if found else "(typed before the sandbox was restarted)"
    return TeamsMessage(
        answer.root,
        answer.conversation,
        "",
        person.id if person else "",
        person.name if person else "Somebody",
        answer.at,
        words,
        "plain",
    )
