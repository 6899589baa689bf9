"""Erasing a person or a customer: no trace is left anywhere, what happened stays provable, the audit chain holds."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.channel import Request
from bot.retention import Retention
from handlers.domain.catalog import parse_bytes, to_dict
from handlers.domain.delivery import Place, Post
from handlers.domain.errors import Refused
from handlers.domain.incident import Conversation
from handlers.domain.people import Account
from storage import audit, erase
from storage.export import gather
from storage.tables import metadata, requests
from storage.tables import outbox as posts
from tests.desk import Desk
from tests.stories import quick
from tests.stories.quick import SERVICES, all_of, customer, people, refused

PERSON = ("dora.quill@example.com", "U0DORA", "29:dora", "Dora Quill", "a:doras-own-chat", "D0DORA1")
CUSTOMER = ("zyxcorp", "Zyx Corp of Nowhere", "C0ZYX0001")


def house(*, with_dora: bool = True, with_zyx: bool = True) -> bytes:
    """Dora looks after Zyx, or has gone, or they have."""
    text = SERVICES + people()
    if with_dora:
        text += "  - {name: Dora Quill, title: Manager, email: dora.quill@example.com, slack: U0DORA, roles: [account-manager]}\n"
    zyx = customer("zyxcorp", "slack: C0ZYX0001").replace("Zyxcorp Ltd", "Zyx Corp of Nowhere")
    if with_dora:
        zyx = zyx.replace("dana@example.com", "dora.quill@example.com")
    return (text + "customers:\n" + customer("acme", "slack: C0ACME001") + (zyx if with_zyx else "")).encode()


async def load(desk: Desk, **who: bool) -> None:
    """Make it the catalog."""
    catalog = parse_bytes(house(**who), filename="house.yaml")
    await desk.store.book(lambda b: b.take_catalog(to_dict(catalog), f"{who}", "house.yaml"))


async def lived(desk: Desk) -> None:
    """A whole incident in which Dora did, said and was told things, and Zyx was told."""
    await quick.furnish(desk)
    await load(desk)
    await desk.intake.meet(Account("slack", "U0DORA", "Dora Quill", "colleague", "dora.quill@example.com"))
    await desk.intake.meet(Account("teams", "29:dora", "Dora Quill", "colleague", "dora.quill@example.com"))
    await desk.store.book(
        lambda b: b.put(Conversation("a:doras-own-chat", "https://x", "t", "personal", "28:bot", person="29:dora"))
    )
    own = Request("own-1", "slack", "U0DORA", "D0DORA1", "remind me in 2h -- call Zyx Corp of Nowhere", personal=True)
    assert (await desk.intake.take(own)).recorded
    desk.clock.at = desk.clock.at.replace(hour=12)
    await quick.draft(desk)
    await all_of(
        desk,
        ("dora", "note 1 Dora Quill (dora.quill@example.com) looks at zyxcorp"),
        ("ana", "role 1 scribe <@U0DORA>"),
        ("ana", "note 1 ask @dora quill about ZYXCORP, and dora.quill@example.com."),
        ("dora", 'fact 1 remedy "a credit of 5 %" source contract for zyxcorp'),
        ("ben", "apology submit 1"),
        ("ana", "apology approve 1"),
        ("cleo", "apology approve 1"),
        ("dora", "apology approve 1"),
        ("cleo", "apology publish 1"),
    )
    await desk.settle()
    await all_of(
        desk,
        ("dora", "relay done 1 zyxcorp via phone -- told Jane Roe, their CIO"),
        ("dora", "relay ask zyxcorp -- was mail of Zyx Corp of Nowhere lost?"),
        ("ben", "relay answer 1 -- No."),
        ("dora", "relay close 1 zyxcorp because they need nothing more"),
        ("ana", "relay done 1 acme via phone"),
        ("ana", "role 1 scribe @Noor"),
    )
    refused(await desk.say("dora", "cancel 1 because Dora Quill says so"))
    await desk.pass_time(hours=3)
    await desk.settle()


async def everything(desk: Desk) -> str:
    """All that the database holds, as one text."""

    def read(connection: Any, _now: Any) -> str:
        found = []
        for table in metadata.sorted_tables:
            found += [dict(row) for row in connection.execute(select(table)).mappings()]
        return json.dumps(found, default=str, ensure_ascii=False)

    return await desk.store.rows(read)


async def erased(desk: Desk, kind: str, said: str, *also: str) -> erase.Plan:
    """Erase, as the command does."""
    return await finished(desk, await begun(desk, kind, said, *also))


async def begun(desk: Desk, kind: str, said: str, *also: str) -> erase.Step:
    """Begin, as the command does."""
    catalog = desk.store.database.catalog

    def first(connection: Any, now: Any) -> erase.Step:
        found = catalog(connection)
        who = erase.person(connection, said, also) if kind == "person" else erase.customer(connection, found, said)
        if erase.plan(connection, found, who).empty:
            message = f"Nothing here knows {said}."
            raise Refused(message)
        return erase.begin(connection, now, found, who)

    return await desk.store.rows(first)


async def gone_on(desk: Desk, step: erase.Step) -> erase.Step:
    """One step more, in a transaction of its own."""
    return await desk.store.rows(lambda c, now: erase.go_on(c, now, step))


def audit_lines(connection: Any) -> list[Any]:
    """Every line of the audit."""
    return list(connection.execute(select(metadata.tables["audit"])).mappings())


async def finished(desk: Desk, step: erase.Step) -> erase.Plan:
    """Go on to its end."""
    while not step.done:
        step = await gone_on(desk, step)
    return step.plan


async def head(desk: Desk) -> audit.Head:
    """The chain's end, every line checked."""
    return (await desk.store.rows(lambda c, _now: audit.verify(c)))[0]


async def test_nothing_is_left_of_a_person(desk: Desk) -> None:
    """By address, either platform's id, own chats, full name, whatever the capitals; others keep every word of theirs."""
    await lived(desk)
    await load(desk, with_dora=False)
    before, kept = await everything(desk), await head(desk)
    for spelling in PERSON:
        assert spelling.lower() in before.lower(), spelling
    found = await erased(desk, "person", "Dora.Quill@example.com")
    after = await everything(desk)
    for spelling in PERSON:
        assert spelling.lower() not in after.lower(), spelling
    assert found.label in after
    for other in ("ana@example.com", "Ana Silva", "U0CLEO", "Zyx Corp of Nowhere", "Mail is down"):
        assert after.count(other) >= before.count(other) - before.lower().count("dora"), other
    now, (_, seen) = await head(desk), await desk.store.rows(lambda c, _now: audit.verify(c, kept.digest))
    assert seen
    assert now.erased == found.audit_lines > 5
    assert now.lines == kept.lines + 1


@pytest.mark.parametrize("kind", ["person", "customer"])
async def test_it_goes_in_small_steps_between_which_people_go_on(
    desk: Desk, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two rows a step; whatever is written about them meanwhile goes too, and the chain holds after each step."""
    monkeypatch.setattr(erase, "AT_ONCE", 2)
    await lived(desk)
    await load(desk, with_dora=False, with_zyx=False)
    who, spellings = ("U0DORA", PERSON) if kind == "person" else ("zyxcorp", CUSTOMER)
    step = await begun(desk, kind, who)
    steps = 0
    while not step.done:
        if steps == 150:  # half of the tables are behind it
            said = "dora.quill@example.com" if kind == "person" else "zyxcorp"
            await all_of(desk, ("ana", f"note 1 what of {said}?"))
            await desk.settle()
        step = await gone_on(desk, step)
        steps += 1
        if steps % 50 == 0:
            await head(desk)
    assert steps > 200
    after = (await everything(desk)).lower()
    for spelling in spellings:
        assert spelling.lower() not in after, spelling
    assert (await head(desk)).erased == step.plan.audit_lines > 2
    exported = json.dumps(await desk.store.rows(lambda c, _now: gather(c, 1)))
    assert step.plan.label in exported


@pytest.mark.parametrize("kind", ["person", "customer"])
@pytest.mark.parametrize("steps", [1, 12, 40])
async def test_what_broke_off_is_finished_later_under_the_same_label(seed_desk: Desk, kind: str, steps: int) -> None:
    """Wherever it was: who is meant is kept until all is done, and the end says what an undisturbed one says."""
    desk = seed_desk
    await lived(desk)
    await load(desk, with_dora=False, with_zyx=False)
    who, spellings = ("U0DORA", PERSON) if kind == "person" else ("zyxcorp", (*CUSTOMER, "Jane Roe", "credit of 5"))
    step = await begun(desk, kind, who)
    for _ in range(steps):
        step = await gone_on(desk, step)
    assert not step.done
    (again,) = await desk.store.rows(lambda c, _now: erase.unfinished(c))
    assert again.plan.label == step.plan.label == "erased-1"
    done = await finished(desk, again)
    assert (await gone_on(desk, step)).done  # the first one wakes up once more, and finds it done
    after = (await everything(desk)).lower()
    for spelling in spellings:
        assert spelling.lower() not in after, spelling
    assert done.label in after
    assert await desk.store.rows(lambda c, _now: erase.unfinished(c)) == []
    lines = [
        line["what"] for line in await desk.store.rows(lambda c, _now: audit_lines(c)) if "erased a" in line["what"]
    ]
    assert len(lines) == 1
    assert (await head(desk)).erased


NAMES = ("Zoë Ångström", "李 小龍", 'Ana "Anka" O\'Brien', "Jo%e _Under", "a\\b c\\d", "Ünal Öz")


async def test_names_of_every_writing_go(desk: Desk) -> None:
    """JSON writes other letters as numbers, and LIKE has signs of its own: each goes from cards and from words."""
    await quick.furnish(desk)
    await all_of(desk, ("ana", "declare Mail is down sev2 services mail"))
    for number, name in enumerate(NAMES):
        await desk.intake.meet(Account("slack", f"U0NEW{number}", name, "colleague", f"new{number}@example.com"))
        await all_of(desk, ("ana", f"role 1 scribe <@U0NEW{number}>"), ("ana", f"note 1 -- {name} said so"))
    await all_of(desk, ("ana", "role 1 scribe @Noor"))
    await desk.settle()
    before = await everything(desk)
    for number, name in enumerate(NAMES):
        assert json.dumps(name, ensure_ascii=False)[1:-1] in before, name
        await erased(desk, "person", f"U0NEW{number}")
    after = await everything(desk)
    for name in NAMES:
        assert json.dumps(name, ensure_ascii=False)[1:-1] not in after, name
    assert after.count("Mail is down") == before.count("Mail is down")


async def test_the_file_itself_holds_nothing_of_them(seed_desk: Desk, tmp_path: Path) -> None:
    """Neither its pages, free ones too, nor its log: what was written over in the weeks of work is gone as well."""
    desk = seed_desk
    await lived(desk)
    await load(desk, with_dora=False, with_zyx=False)
    await erased(desk, "person", "U0DORA")
    await erased(desk, "customer", "zyxcorp")
    desk.store.database.compact()
    stored = b"".join(f.read_bytes() for f in tmp_path.glob("seed.db*")).lower()
    assert b"erased-1" in stored
    for spelling in (*PERSON, *CUSTOMER, "Jane Roe"):
        assert spelling.lower().encode() not in stored, spelling


async def test_the_work_goes_on_without_them(desk: Desk) -> None:
    """The export says what happened, lists answer, the clock ticks, and a person of that address may come back."""
    await lived(desk)
    await load(desk, with_dora=False)
    found = await erased(desk, "person", "U0DORA")
    exported = json.dumps(await desk.store.rows(lambda c, _now: gather(c, 1)))
    assert "Dora" not in exported
    assert found.label in exported
    await all_of(desk, *(("ana", w) for w in ("show 1", "timeline 1", "apology status 1", "relay list 1", "promises")))
    await desk.pass_time(days=2)
    await desk.intake.meet(Account("slack", "U0DORA", "Dora Quill", "colleague", "dora.quill@example.com"))
    await all_of(desk, ("dora", "show 1"))


async def test_that_a_customer_was_told_stays_provable_without_a_word_of_theirs(desk: Desk) -> None:
    """State, time, link to the version's digest and the digest of what was sent; no name, address or text."""
    await lived(desk)
    await load(desk, with_zyx=False)
    query = select(posts).where(posts.c.audience == "customer").order_by(posts.c.id)
    before = await desk.store.rows(lambda c, _now: c.execute(query).mappings().all())
    kept = await head(desk)
    found = await erased(desk, "customer", "zyxcorp")
    after = await everything(desk)
    for spelling in (*CUSTOMER, "Jane Roe", "was mail of", "credit of 5"):
        at = after.lower().find(spelling.lower())
        assert at < 0, after[at - 200 : at + 100]
    rows = await desk.store.rows(lambda c, _now: c.execute(query).mappings().all())
    for was, row in zip(before, rows, strict=True):
        for name in ("id", "state", "approval", "sent_at", "created_at", "attempts", "message_id"):
            assert row[name] == was[name]
    (gone,) = [r for r in rows if found.label in r["key"]]
    assert gone["body"]["text"] == "[erased]"
    told = (await desk.store.rows(lambda c, _now: gather(c, 1)))["apologies"][0]["versions"][-1]["deliveries"]
    assert {d["customer"] for d in told} == {"acme", found.label}
    assert all(d["state"] == "sent" and d["attempts"][0]["digest"] for d in told)
    assert (await head(desk)).lines == kept.lines + 1
    assert (await desk.store.rows(lambda c, _now: audit.verify(c, kept.digest)))[1]


async def test_both_can_go_one_after_the_other(desk: Desk) -> None:
    """Each under a number of their own; the second finds nothing of the first."""
    await lived(desk)
    await load(desk, with_dora=False, with_zyx=False)
    labels = {(await erased(desk, "person", "29:dora")).label, (await erased(desk, "customer", "zyxcorp")).label}
    assert labels == {"erased-1", "erased-2"}
    with pytest.raises(Refused, match="Nothing here knows"):
        await erased(desk, "person", "dora.quill@example.com")
    assert (await head(desk)).erased


@pytest.mark.parametrize(
    ("kind", "said", "sentence"),
    [
        ("person", "", "neither an e-mail address nor an id"),
        ("person", "Dora Quill", "neither an e-mail address nor an id"),
        ("person", "x", "neither"),
        ("person", "nobody@example.com", "Nothing here knows"),
        ("person", "dora.quill@example.com", "among its people"),
        ("person", "dora.quill@example.com", "account manager of zyxcorp"),
        ("customer", "", "no customer's key"),
        ("customer", "../x", "no customer's key"),
        ("customer", "nobody-at-all", "Nothing here knows"),
        ("customer", "mail", "a word of the grammar or a service"),
        ("customer", "update", "a word of the grammar or a service"),
        ("customer", "zyxcorp", "The catalog names zyxcorp"),
    ],
)
async def test_what_cannot_be_erased_is_refused_and_nothing_has_changed(
    seed_desk: Desk, kind: str, said: str, sentence: str
) -> None:
    """A slip, somebody unknown, somebody the catalog still names."""
    await lived(seed_desk)
    before = await everything(seed_desk)
    with pytest.raises(Refused, match=sentence):
        await erased(seed_desk, kind, said)
    assert await everything(seed_desk) == before


async def test_what_is_still_at_work_is_not_erased(seed_desk: Desk) -> None:
    """A role in an open incident, an apology under way, a post that nobody knows of, an open receipt: each is named."""
    desk = seed_desk
    await quick.furnish(desk)
    await load(desk)
    await desk.intake.meet(Account("slack", "U0DORA", "Dora Quill", "colleague", "dora.quill@example.com"))
    await all_of(desk, ("dora", "declare Search is odd sev4 services search"))
    await quick.draft(desk, extra="")
    await all_of(desk, ("ben", "apology submit 1"), ("ana", "apology approve 1"), ("cleo", "apology approve 1"))
    await desk.settle()
    await load(desk, with_dora=False, with_zyx=False)
    with pytest.raises(Refused, match="INC-1 is open and they are its commander"):
        await erased(desk, "person", "U0DORA")
    with pytest.raises(Refused, match=r"A1 is .* recipients name them"):
        await erased(desk, "customer", "zyxcorp")
    waiting = Post(
        "custom/zyxcorp/x", Place("slack", "channel", "C0ZYX0001"), text="x", approval="a", audience="customer"
    )
    await desk.store.book(lambda b: b.send(waiting))
    with pytest.raises(Refused, match="not settled"):
        await erased(desk, "customer", "zyxcorp")


async def test_another_spelling_goes_where_it_is_given(seed_desk: Desk) -> None:
    """A first name alone stays, as it may be somebody else's; one too short to look for is refused."""
    desk = seed_desk
    await lived(desk)
    await all_of(desk, ("ana", "note 1 Quilly was first"))
    await desk.settle()
    await load(desk, with_dora=False)
    with pytest.raises(Refused, match="too short"):
        await erased(desk, "person", "U0DORA", "Q")
    await erased(desk, "person", "U0DORA", "Quilly")
    assert "Quilly" not in await everything(desk)


@pytest.mark.parametrize("text", ["a.dora.quill@example.com", "xU0DORA", "U0DORA9", "Dora Quillon", "zyxcorp-north"])
async def test_others_of_a_similar_spelling_stay(seed_desk: Desk, text: str) -> None:
    """Only whole addresses, ids and names."""
    desk = seed_desk
    await lived(desk)
    await all_of(desk, ("ana", f"note 1 ask {text} too"))
    await load(desk, with_dora=False, with_zyx=False)
    await erased(desk, "person", "U0DORA")
    await erased(desk, "customer", "zyxcorp")
    assert f"ask {text} too" in await everything(desk)


async def test_by_itself_nothing_goes_before_its_time(desk: Desk) -> None:
    """Who left, and of whom there was nothing for so long; whoever the catalog names, or who spoke since, stays."""
    await lived(desk)
    await load(desk, with_dora=False, with_zyx=False)

    async def due(days: int = 100) -> list[str]:
        catalog = desk.store.database.catalog
        found = await desk.store.rows(lambda c, now: erase.overdue(c, now, catalog(c), days))
        return [s.called for s in found if s.called == "zyxcorp" or "U0DORA" in s.anywhere]

    assert await due() == []
    desk.clock.wind(days=99)
    assert await due() == []
    desk.clock.wind(days=2)
    assert sorted(await due()) == ["slack:U0DORA", "zyxcorp"]
    assert await due(102) == []
    await all_of(desk, ("dora", "show 1"))
    assert await due() == ["zyxcorp"]
    assert "ana@example.com" not in await due()


async def test_after_the_days_that_are_set_they_go_by_themselves(desk: Desk) -> None:
    """Once a day, whoever is due; old requests too. Without the setting never."""
    await lived(desk)
    await load(desk, with_dora=False, with_zyx=False)
    desk.clock.wind(days=101)
    assert await Retention(desk.store, 0).tick() == 0
    assert "dora" in (await everything(desk)).lower()
    keeper = Retention(desk.store, 100)
    assert await keeper.tick() > 1
    after = (await everything(desk)).lower()
    for spelling in (*PERSON, *CUSTOMER):
        assert spelling.lower() not in after
    assert await desk.store.rows(lambda c, _now: c.execute(select(requests)).all()) == []
    assert (await head(desk)).erased
    await load(desk)
    await load(desk, with_dora=False, with_zyx=False)
    assert await keeper.tick() == 0  # it was looked at today
    desk.clock.wind(days=102)
    assert await keeper.tick() >= 1  # the customer who came back, and left again


async def test_the_server_finishes_what_broke_off_an_hour_ago(seed_desk: Desk) -> None:
    """Whatever the setting: somebody said so. What was begun just now is still under way elsewhere."""
    desk = seed_desk
    await lived(desk)
    await load(desk, with_dora=False, with_zyx=False)
    step = await gone_on(desk, await begun(desk, "person", "U0DORA"))
    keeper = Retention(desk.store, 0)
    assert await keeper.tick() == 0
    assert await desk.store.rows(lambda c, _now: erase.unfinished(c)) != []
    desk.clock.wind(hours=2)
    assert await keeper.tick() == 1
    assert await desk.store.rows(lambda c, _now: erase.unfinished(c)) == []
    after = (await everything(desk)).lower()
    assert not [spelling for spelling in PERSON if spelling.lower() in after]
    assert step.plan.label in after


async def test_what_is_at_work_waits_for_another_day(desk: Desk) -> None:
    """Nothing is forced: an apology that is not over keeps its people."""
    await lived(desk)
    await load(desk, with_dora=False, with_zyx=False)
    await all_of(desk, ("ana", "declare Search is odd sev4 services search"), ("ana", "role 2 scribe @dora"))
    await desk.settle()
    desk.clock.wind(days=101)
    await Retention(desk.store, 100).tick()
    after = await everything(desk)
    assert "dora.quill@example.com" in after
    assert "Zyx Corp of Nowhere" not in after
