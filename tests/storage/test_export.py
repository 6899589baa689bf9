"""An incident exported whole: what an auditor may rely on."""

import asyncio
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.cli.paper import markdown, page
from bot.scenarios import FOLDER as SCENARIOS
from handlers.domain.apology import Version
from handlers.domain.delivery import Dead, Unknown
from handlers.domain.errors import Refused
from storage import migrate
from storage.database import Database, make_engine
from storage.export import gather, utc
from storage.tables import audit
from tests.conftest import hurried
from tests.desk import Clock, Desk
from tests.stories.seed import publish_seed

KEYS = {"incident", "timeline", "facts", "tasks", "promises", "apologies", "relays", "audit", "audit_head"}
INCIDENT = {
    "number", "title", "severity", "status", "services", "region", "declared_at", "resolved_at", "private", "drill", "links",
}  # fmt: skip
DELIVERY = {"customer", "platform", "destination", "state", "at", "link"}
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")


async def export(desk: Desk, number: int) -> dict[str, Any]:
    """What `amends export N` gathers."""
    return await desk.store.rows(lambda connection, _now: gather(connection, number))


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database in which the seed's apology was published."""
    path = tmp_path_factory.mktemp("published") / "amends.db"
    engine = hurried(make_engine(f"sqlite:///{path}"))
    migrate.migrate(engine)

    async def play() -> None:
        clock = Clock()
        clock.at = datetime(2010, 8, 22, tzinfo=UTC)
        desk = Desk(Database(engine, clock), clock)
        await desk.furnish(SCENARIOS / "bpos-2010.catalog.yaml")
        await publish_seed(desk)
        desk.store.close()

    asyncio.run(play())
    return path


@pytest.fixture
def told(published: Path, tmp_path: Path) -> Iterator[Desk]:
    """The seed's house after its apology was published; what stood on the screens is gone."""
    migrate.copy(str(published), str(tmp_path / "told.db"))
    found = Desk(Database(make_engine(f"sqlite:///{tmp_path / 'told.db'}")), Clock())
    yield found
    found.store.close()


async def test_the_keys_are_those_of_the_contract(told: Desk) -> None:
    """Machines read these; none may be missing."""
    found = await export(told, 3)
    assert set(found) >= KEYS
    assert set(found["incident"]) >= INCIDENT
    [apology] = found["apologies"]
    assert set(apology) >= {"number", "incidents", "versions", "deliveries"}
    assert apology["incidents"] == [1, 2, 3]
    for version in apology["versions"]:
        assert set(version) >= {"texts", "hash", "findings", "waivers", "approvals", "deliveries"}
        assert set(version["texts"]) == {"full", "chat", "talking-points", "faq"}
    assert all(set(d) >= DELIVERY for d in apology["deliveries"])


async def test_it_is_json_and_its_times_are_utc(told: Desk) -> None:
    """Every instant ends in Z; nothing has to be guessed."""
    text = json.dumps(await export(told, 3))
    found = json.loads(text)
    assert INSTANT.fullmatch(found["incident"]["declared_at"])
    for group in ("timeline", "audit"):
        assert found[group]
        assert all(INSTANT.fullmatch(row["at"]) for row in found[group])
    assert "+00:00" not in text


def test_an_instant_of_another_zone_becomes_utc() -> None:
    """Whatever the zone it came in."""
    assert utc(datetime.fromisoformat("2010-09-07T14:00:00-07:00")) == "2010-09-07T21:00:00Z"
    assert utc(datetime(2010, 9, 7, 21, 0, 0, 5, tzinfo=UTC)) == "2010-09-07T21:00:00.000005Z"
    assert utc(None) is None


async def test_who_was_told_what_and_when(seed_desk: Desk) -> None:
    """Each customer's channel with the exact words, when, and the hash that was approved."""
    await publish_seed(seed_desk)
    [apology] = (await export(seed_desk, 3))["apologies"]
    [version] = apology["versions"]
    on_screen = {s.place: s.text for s in seed_desk.screens("apology-1/") if s.text}
    assert {d["destination"]: d["text"] for d in apology["deliveries"]} == on_screen
    assert {d["state"] for d in apology["deliveries"]} == {"sent"}
    assert {d["hash"] for d in apology["deliveries"]} == {version["hash"]}
    assert version["deliveries"] == apology["deliveries"]
    assert all(d["link"] == "https://chat.example/m" for d in apology["deliveries"])
    assert all(d["at"] >= a["at"] for d in apology["deliveries"] for a in version["approvals"])
    assert {a["name"] for a in version["approvals"]} == {"Ana Silva", "Cleo Laurent"}


async def test_what_did_not_arrive_is_not_called_told(seed_desk: Desk) -> None:
    """Unknown and failed stay what they are, with the reason and every try."""
    seed_desk.slack.fail = {"/contoso/": Unknown("no answer"), "/tailspin/": Dead("channel_not_found")}
    await publish_seed(seed_desk)
    await seed_desk.say("cleo", "apology resume 1")
    await seed_desk.settle()
    [apology] = (await export(seed_desk, 1))["apologies"]
    found = {d["customer"]: d for d in apology["deliveries"]}
    assert found["contoso"]["state"] == "unknown"
    assert found["contoso"]["at"] is None
    assert [a["outcome"] for a in found["contoso"]["attempts"]] == ["unknown"]
    assert found["tailspin"]["state"] == "dead"
    assert found["tailspin"]["error"] == "channel_not_found"


async def test_a_correction_keeps_what_was_said_before(seed_desk: Desk) -> None:
    """The first version's deliveries show when its own words stood there; the second's are the ones that stand now."""
    await publish_seed(seed_desk)
    before = (await export(seed_desk, 3))["apologies"][0]["versions"][0]
    for who, line in (
        ("ben", "apology correct 1 because the times were given without their zone"),
        ("ben", "apology submit 1"),
        ("ana", "apology approve 1"),
        ("cleo", "apology approve 1"),
        ("cleo", "apology publish 1"),
    ):
        answer = await seed_desk.say(who, line)
        assert not answer.refused, line
    await seed_desk.settle()
    [apology] = (await export(seed_desk, 3))["apologies"]
    first, second = apology["versions"]
    assert first["texts"] == before["texts"]
    assert [(d["customer"], d["state"], d["text"]) for d in first["deliveries"]] == [
        (d["customer"], "sent", d["text"]) for d in before["deliveries"]
    ]
    assert {d["hash"] for d in second["deliveries"]} == {second["hash"]} != {first["hash"]}
    assert len(second["deliveries"]) == len(first["deliveries"]) == 3
    assert all("Corrected" in d["text"] for d in second["deliveries"])
    assert all(new["at"] > old["at"] for new, old in zip(second["deliveries"], first["deliveries"], strict=True))
    said = {r["customer"]: (r["state"], r["text"]) for r in apology["replies"]}
    assert set(said) == {d["customer"] for d in apology["deliveries"]}
    assert all(state == "sent" and "their zone" in text for state, text in said.values())


async def test_links_facts_and_signatures_are_there_with_their_history(told: Desk) -> None:
    """Both sides of a recurrence name each other; replaced facts stay, with the reason."""
    third = await export(told, 3)
    links = {(link["kind"], link["other"]) for link in third["incident"]["links"]}
    assert ("recurrence-of", 2) in links
    second = await export(told, 2)
    assert ("recurred-as", 3) in {(link["kind"], link["other"]) for link in second["incident"]["links"]}
    for fact in third["facts"]:
        assert fact["name"] == f"F{fact['number']}"
        assert fact["recorded_by"]


async def test_the_audit_holds_this_incident_and_its_apology_only(told: Desk) -> None:
    """Lines about the apology that were typed elsewhere belong to it as well; another incident's do not."""
    found = (await export(told, 2))["audit"]
    rows = await told.store.rows(lambda c, _now: c.execute(select(audit)).mappings().all())
    wanted = [
        r["seq"]
        for r in rows
        if r["incident"] == 2 or (r["incident"] is None and r["what"].startswith(("apology", "refused: apology")))
    ]
    assert [line["seq"] for line in found] == wanted
    assert any("approve" in line["what"] for line in (await export(told, 3))["audit"] + found)


async def test_an_unknown_incident_is_refused(told: Desk) -> None:
    """With a sentence."""
    with pytest.raises(Refused, match="no INC-99"):
        await export(told, 99)


async def test_an_export_holds_on_both_kinds_of_database(desk: Desk) -> None:
    """What PostgreSQL gives back is what SQLite gives back: aware times, plain JSON."""
    await desk.say("ana", "declare Checkout is down sev2 services bpos region NA")
    await desk.say("ana", "note 1 Looking at it")
    found = json.loads(json.dumps(await export(desk, 1)))
    assert found["incident"]["severity"] == "sev2"
    assert found["incident"]["declared_at"].startswith("2026-11-20T12:")
    assert INSTANT.fullmatch(found["timeline"][-1]["at"])
    assert len(found["audit"]) == 2


# --- documents -------------------------------------------------------------------------------------------------------


async def test_the_documents_tell_the_story(told: Desk) -> None:
    """An auditor reads what happened, what was known, what was said, who signed, who was told."""
    found = await export(told, 3)
    for text in (markdown(found), page(found)):
        for words in (
            "Timeline",
            "Facts",
            "Apology A1",
            "Version 1",
            "Approved by",
            "Cleo Laurent",
            "contoso",
            "Audit",
        ):
            assert words in text
        assert found["apologies"][0]["versions"][0]["hash"] in text
        assert " UTC" in text


HOSTILE = "<script>alert(1)</script> **bold** | pipe & [link](https://evil.example) \n# heading `code`"


async def test_what_people_wrote_stays_text(desk: Desk) -> None:
    """Neither a page nor Markdown takes markup from a title, a note or a fact."""
    await desk.say("ana", "declare Checkout is down sev2 services bpos region NA")
    await desk.say("ana", f"note 1 {HOSTILE}")
    found = await export(desk, 1)
    found["incident"]["title"] = HOSTILE
    web = page(found)
    assert "<script" not in web
    assert "&lt;script&gt;" in web
    document = markdown(found)
    assert "<script" not in document
    assert "\\[link\\](https" in document
    assert "\\*\\*bold\\*\\*" in document
    assert not any(line.startswith("# heading") for line in document.splitlines())
    rows = [line for line in document.splitlines() if line.startswith("| 2026")]
    assert rows
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 5 for row in rows)


async def test_an_incident_without_anything_is_a_document_too(desk: Desk) -> None:
    """Empty sections are left out."""
    await desk.say("ana", "declare Checkout is down sev2 services bpos region NA drill")
    found = await export(desk, 1)
    assert found["apologies"] == []
    assert "a drill" in markdown(found)
    assert "Promises" not in page(found)


async def test_an_edited_version_keeps_its_authors(told: Desk) -> None:
    """Who wrote the words is part of the proof that others signed them."""
    found = await export(told, 3)
    stored = await told.store.book(lambda b: b.get(Version, 1, 1))
    assert stored is not None
    assert found["apologies"][0]["versions"][0]["authors"] == list(stored.authors)
