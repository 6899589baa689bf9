"""Wrong-customer guards on the platforms themselves: signed events in, Web API and Bot Connector calls out."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.app import listen, serving
from bot.sandbox.house import Sandbox, sandbox
from bot.sandbox.ledger import SandboxClock
from bot.sandbox.slack_blocks import texts
from bot.slack.blocks import CALLBACK
from handlers.domain.apology import Apology
from handlers.domain.channels import Binding
from storage import outbox
from storage.tables import audit
from tests.stories.quick import SERVICES, customer, people

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
INCIDENTS, ROOM = "C0INCIDENTS", "inc-1-mail-is-down"
CORD = "19:cord@thread.tacv2"
FACTS = (
    'fact 1 impact "could not send mail" source support public',
    "fact 1 window 2026-11-20 02:00-03:00 UTC source monitoring public",
    'fact 1 cause.trigger "our configuration change" source statement public',
    "fact 1 fix fixed source statement public",
    'fact 1 count "1,200 customers" source monitoring public',
    "fact 1 data-loss none source statement public",
    "fact 1 contact support@example.com source statement public",
    'fact 1 remedy "none due" source statement public',
    "fact 1 next-report 2026-11-23 source statement public",
    "task 1 add Test every change before it is rolled out @Noor due 2026-11-23",
    "resolve 1",
)


@dataclass
class House:
    """A Slack, a Teams and the bot between them; `slack` ids of customers' channels are C0 and the key."""

    world: Sandbox

    async def say(self, who: str, *lines: str, channel: str = INCIDENTS) -> str:
        """Type lines; what the last was answered with."""
        said = ""
        for one in lines:
            ack = await self.world.slack.command(who, channel, "/incident", one)
            assert ack.ok, (one, ack.status, ack.body)
            said = " ".join(texts(ack.answer.get("blocks", [])))
            await self.world.settle()
        return said

    async def surveyed(self) -> None:
        """The clock ticks, and what was bound or touched is looked at."""
        await self.world.slack.drain()
        await self.world.app.intake.tick()
        await self.world.app.delivery.survey()
        await self.world.settle()

    async def approved(self) -> None:
        """An incident of Ana's, resolved, its apology drafted by Ben and signed by Ana and Cleo."""
        await self.say("ana", "declare Mail is down sev1 services mail region NA", "role 1 comms @ben", *FACTS)
        await self.say("ben", 'apology draft 1 signatory "Morgan Cole"', "apology submit 1")
        await self.say("ana", "apology approve 1")
        await self.say("cleo", "apology approve 1")
        assert (await self.apology()).state == "approved"

    async def apology(self) -> Apology:
        """A1."""
        found = await self.world.app.store.book(lambda b: b.get(Apology, 1))
        assert found is not None
        return found

    def reads(self, channel: str) -> list[str]:
        """What the bot said in a Slack channel, as people read it now."""
        found = self.world.slack.world.channels[channel]
        return [m.text for m in found.messages.values() if m.bot_id]

    async def posts(self) -> dict[str, tuple[str, str]]:
        """Customer to state and error of A1's posts."""
        rows = await self.world.app.store.rows(lambda c, _now: outbox.states(c, "apology-1/"))
        return {p.key.split("/")[1]: (p.state, p.error) for p in rows if p.audience == "customer"}

    async def press(self, who: str, label: str) -> None:
        """Press the newest button of this label that this person has before their eyes in a direct message or room."""
        slack = self.world.slack
        for channel in sorted(slack.world.channels.values(), key=lambda c: not c.is_im):
            if slack.who(who) not in channel.members:
                continue
            for message in reversed(list(channel.messages.values())):
                for block in message.blocks:
                    for one in block.get("elements", []):
                        if one.get("type") == "button" and one["text"]["text"] == label:
                            ack = await slack.press(who, channel.id, message.ts, one["action_id"], value=one["value"])
                            assert ack.ok
                            await self.world.settle()
                            return
        raise AssertionError(f"{who} sees no button {label!r}")

    async def audited(self) -> list[str]:
        """The audit chain."""
        return list(await self.world.app.store.rows(lambda c, _now: c.execute(audit.select()).mappings().all()))


@asynccontextmanager
async def opened(folder: Path, template: Path, *customers: str) -> AsyncIterator[House]:
    """The house of `quick`, served, with these customers; their channels have been looked at."""
    catalog = folder / "house.yaml"
    catalog.write_text(SERVICES + people() + "customers:\n" + "".join(customers), encoding="utf-8")
    (folder / "amends.db").write_bytes(template.read_bytes())
    sock = listen("127.0.0.1", 0)
    made = sandbox(
        port=sock.getsockname()[1],
        database_url=f"sqlite:///{folder / 'amends.db'}",
        catalog_file=catalog,
        clock=SandboxClock(NOON),
        tick_seconds=3600,
    )
    async with made as world, serving(world.app, sock):
        house = House(world)
        await house.surveyed()
        yield house


@pytest.fixture
async def house(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[House]:
    """Three customers in Slack."""
    listed = [customer(k, f"slack: C0{k.upper()}AA") for k in ("acme", "bolt", "cord")]
    async with opened(tmp_path, sqlite_template, *listed) as found:
        yield found


async def test_drift_between_approval_and_send_and_back_by_rebind(house: House) -> None:
    """Shared with another company after it was signed for: nobody in it reads a word until an admin has looked."""
    await house.approved()
    house.world.slack.world.channels["C0ACMEAA"].connected.append("T0EVIL")  # no event tells of it
    house.world.slack.world.channels["C0ACMEAA"].name = "ext-acme"
    house.world.app.slack.changed("C0ACMEAA")  # type: ignore[union-attr]  # ten minutes later, say
    await house.say("cleo", "apology publish 1")
    assert (await house.apology()).state == "paused"
    assert (await house.posts())["acme"] == (
        "held",
        "#ext-acme is shared with another organisation since it was bound: T0EVIL.",
    )
    assert {house.reads(c) == [] for c in ("C0ACMEAA", "C0BOLTAA", "C0CORDAA")} == {True}
    assert "binds the channel again first" in await house.say("cleo", "apology resume 1")
    await house.say("adam", "customer channel acme +C0ACMEAA")
    assert house.reads("C0ACMEAA") == []
    await house.press("ben", "Send again")  # on the card that asked Ben, which says now that it may go
    await house.say("cleo", "apology resume 1")
    assert (await house.apology()).state == "published"
    assert [len(house.reads(c)) for c in ("C0ACMEAA", "C0BOLTAA", "C0CORDAA")] == [1, 1, 1]


async def test_drift_is_seen_by_its_event_before_anything_is_sent(house: House) -> None:
    """Slack tells that it was shared: the signatures no longer count, and the rooms are told why."""
    await house.approved()
    await house.world.slack.connect("C0ACMEAA", "T0EVIL")
    await house.surveyed()
    assert (await house.apology()).state == "draft"
    assert "held, because" in await house.say("noor", "customer show acme")


async def test_drift_in_the_middle_of_the_ramp(house: House) -> None:
    """The first customer is told; before the second, their channel is opened to others: the third waits too."""
    await house.approved()
    slack = house.world.slack
    original = slack.world.put

    def shared_meanwhile(message: Any) -> Any:
        if message.channel == "C0ACMEAA":
            slack.world.channels["C0BOLTAA"].connected.append("T0EVIL")
            house.world.app.slack.changed("C0BOLTAA")  # type: ignore[union-attr]
        return original(message)

    slack.world.put = shared_meanwhile  # type: ignore[method-assign]
    await house.say("cleo", "apology publish 1")
    slack.world.put = original  # type: ignore[method-assign]
    states = {k: s for k, (s, _) in (await house.posts()).items()}
    assert (states["acme"], states["bolt"]) == ("sent", "held")
    assert house.reads("C0BOLTAA") == []
    await house.say("adam", "customer channel bolt +C0BOLTAA")
    await house.say("cleo", "apology resume 1")
    assert [len(house.reads(c)) for c in ("C0ACMEAA", "C0BOLTAA", "C0CORDAA")] == [1, 1, 1]


async def test_archived_in_the_middle_of_a_broadcast(house: House) -> None:
    """That row is dead with its reason, a person is asked, and a channel bound in its place is told with the next words."""
    await house.approved()
    await house.world.slack.archive("dana", "C0BOLTAA")
    await house.say("cleo", "apology publish 1")
    await house.say("cleo", "apology resume 1")
    assert (await house.posts())["bolt"] == ("dead", "is_archived")
    await house.press("ben", "Told by hand")
    house.world.clock.wind(timedelta(seconds=11))  # or else the same words are the same request
    await house.say("cleo", "apology resume 1")
    assert (await house.apology()).state == "published"
    assert [len(house.reads(c)) for c in ("C0ACMEAA", "C0BOLTAA", "C0CORDAA")] == [1, 0, 1]


async def test_a_channel_with_a_new_id_is_told_where_its_organisations_are_the_same(house: House) -> None:
    """Slack changed the id between approval and send; the thread of earlier words is found too."""
    await house.say("ana", "declare Mail is down sev1 services mail region NA", "role 1 comms @ben")
    said = "update 1 Mail is slow in North America since 11:50 UTC. Next update at 13:00 UTC to customers"
    await house.say("ana", said)
    await house.say("ben", "send 1")
    new = await house.world.slack.change_id("C0ACMEAA", "C0ACMENEW1")
    await house.surveyed()
    await house.say("ana", said.replace("slow", "very slow"))
    await house.say("ben", "send 2")
    assert len(house.reads(new)) == 2
    first, second = [m for m in house.world.slack.world.channels[new].messages.values() if m.bot_id]
    assert second.thread_ts == first.ts


async def test_a_new_id_with_other_readers_is_not_followed(house: House) -> None:
    """A disconnected side gets a new id: what was shared with Acme is shared with nobody now."""
    await house.approved()
    house.world.slack.world.channels["C0ACMEAA"].connected[:] = []
    new = await house.world.slack.change_id("C0ACMEAA")
    await house.surveyed()
    assert (await house.apology()).state == "draft"
    assert house.reads(new) == []


# --- Teams -------------------------------------------------------------------------------------------------------------


async def test_a_shared_channel_without_the_app_is_told_by_hand_before_anybody_signs(
    tmp_path: Path, sqlite_template: Path
) -> None:
    """Found out when the catalog was loaded; once the app is in and an admin binds it again, it is a channel like any."""
    listed = (customer("acme", "slack: C0ACMEAA"), customer("cord", f"teams: '{CORD}'"))
    async with opened(tmp_path, sqlite_template, *listed) as house:
        teams = house.world.teams
        teams.world.change_channel(CORD, bot_in=False)
        await house.world.app.store.book(lambda b: b.put(_unseen(b)))
        await house.surveyed()
        await house.say("ana", "declare Mail is down sev1 services mail region NA", "role 1 comms @ben")
        affected = await house.say("ana", "affected 1")
        assert "*Cord Ltd*: uses Mail in North America — no channel the bot can post to: tell by hand" in affected
        await house.say(
            "ana", "update 1 Mail is slow in North America since 11:50 UTC. Next update at 13:00 UTC to customers"
        )
        room = next(c for c in house.world.slack.world.channels.values() if c.name == ROOM)
        assert any("Tell by hand: Cord Ltd" in " ".join(texts(m.blocks)) for m in room.messages.values())
        assert teams.world.said_in(CORD) == []
        teams.world.change_channel(CORD, bot_in=True)
        await house.say("adam", f"customer channel cord +{CORD}")
        await house.surveyed()
        assert "tell by hand" not in await house.say("ana", "affected 1")
        assert teams.world.said_in(CORD) == []  # it was tried without a word
        assert [e.what for e in house.world.ledger.find(place=CORD)] == ["activity.typing"]


def _unseen(book: Any) -> Binding:
    """As before the first look."""
    known: Binding = book.find(Binding, platform="teams")[0]
    return Binding("teams", CORD, known.customer, known.by, known.at, look_at=book.now)


async def test_a_shared_channel_counts_once_somebody_speaks_to_the_bot_there(
    tmp_path: Path, sqlite_template: Path
) -> None:
    """Its team says that it is shared: until an activity comes from it, it is no channel to promise anything for."""
    async with opened(tmp_path, sqlite_template, customer("cord", f"teams: '{CORD}'")) as house:
        teams = house.world.teams
        await teams.mention("ana", "19:customers@thread.tacv2", "help")  # the bot hears of the team
        house.world.app.teams._listed = float("-inf")  # type: ignore[union-attr]  # ten minutes later
        await house.world.app.store.book(lambda b: b.put(_unseen(b)))
        await house.surveyed()
        await house.say("ana", "declare Mail is down sev1 services mail region NA")
        assert "tell by hand" in await house.say("ana", "affected 1")
        await teams.mention("ana", CORD, "help")
        await house.world.settle()
        assert "tell by hand" not in await house.say("ana", "affected 1")


async def test_a_renamed_teams_channel_is_held(tmp_path: Path, sqlite_template: Path) -> None:
    """Teams tells of it from the team's General."""
    async with opened(tmp_path, sqlite_template, customer("cord", f"teams: '{CORD}'")) as house:
        await house.approved()
        await house.world.teams.rename_channel(CORD, "Everybody", by="ana")
        assert (await house.apology()).state == "draft"
        assert "is called #Everybody now" in await house.say("noor", "customer show cord")


# --- strangers -----------------------------------------------------------------------------------------------------------


async def test_a_stranger_in_a_customers_channel_changes_nothing_and_learns_nothing(
    tmp_path: Path, sqlite_template: Path
) -> None:
    """Pressed, forged, sent as a form, as a shortcut, spoken, edited: one private sentence, in the audit, no effect."""
    listed = (customer("contoso", "slack: C0CONTOSO"), customer("bolt", "slack: C0BOLTAA"))
    async with opened(tmp_path, sqlite_template, *listed) as house:
        await house.approved()
        slack = house.world.slack
        before = await _state(house)
        refused = len(await house.audited())
        lines = (
            "apology publish 1",
            "settle 1 again",
            "customer channel contoso +C0EVIL0001",
            "show 1",
            "severity 1 sev4",
        )
        for line in lines:
            forged = _press(house, line)
            assert (await slack.wire.deliver("interactive", forged)).ok
        view = {
            "id": "V1",
            "type": "modal",
            "callback_id": CALLBACK,
            "hash": "h",
            "blocks": [],
            "state": {"values": {}},
        }
        for line in lines:
            kept = json.dumps({"says": line, "channel": "C0CONTOSO"})
            sent = _press(house, line) | {"type": "view_submission", "view": view | {"private_metadata": kept}}
            ack = await slack.wire.deliver("interactive", {k: v for k, v in sent.items() if k != "actions"})
            assert ack.ok
            assert "Mail" not in ack.body
        for kind in ("shortcut", "message_action"):
            cut = _press(house, "") | {"type": kind, "callback_id": "declare", "trigger_id": "1.2.stranger"}
            assert (await slack.wire.deliver("interactive", {k: v for k, v in cut.items() if k != "actions"})).ok
        ts = await slack.mention("U0STRANGER", "C0CONTOSO", "show 1")
        await slack.edit("U0STRANGER", "C0CONTOSO", ts, "apology publish 1")
        await house.world.settle()
        assert await _state(house) == before
        assert house.reads("C0CONTOSO") == []
        whispers = [
            " ".join(texts(m.blocks))
            for c in slack.world.channels.values()
            for m in c.ephemerals.values()
            if m.ephemeral_to == "U0STRANGER"
        ]
        assert {w.replace("\n", " ") for w in whispers} == {"*Amends* This is not available to you here."}
        entries = (await house.audited())[refused:]
        assert len(entries) >= 2 * len(lines) + 2
        assert {e["what"] for e in entries} == {"refused: not a colleague"}  # type: ignore[index]


def _press(house: House, line: str) -> dict[str, Any]:
    """A button press that Slack signed, from Contoso's workspace, of a line they were never shown."""
    return {
        "type": "block_actions",
        "user": {"id": "U0STRANGER", "username": "sol", "team_id": "T0CONTOSO"},
        "team": {"id": house.world.slack.world.team_id, "domain": "sandbox"},
        "api_app_id": "A0SANDBOX",
        "trigger_id": f"1.2.{abs(hash(line))}",
        "container": {"type": "message", "message_ts": "1.1", "channel_id": "C0CONTOSO", "is_ephemeral": False},
        "channel": {"id": "C0CONTOSO", "name": "ext-contoso"},
        "actions": [
            {"type": "button", "action_id": "say:0", "block_id": "b", "value": line, "action_ts": f"{len(line)}.1"}
        ],
    }


async def _state(house: House) -> list[Any]:
    """Everything that could have changed."""
    tables = ("incidents", "apologies", "approvals", "outbox", "facts", "tasks", "bindings", "events", "catalogs")

    def work(connection: Any, _now: datetime) -> list[Any]:
        from storage.tables import metadata

        return [connection.execute(metadata.tables[t].select()).all() for t in tables]

    return await house.world.app.store.rows(work)
