"""Who may do what: every command, tried through `decide` by a person of every role, and by everybody from outside.

`ROWS` and `MAY` are written by hand from promises.md, not from the table in the code; docs/permissions.md is printed
from the table.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo

import pytest

from bot.channel import Request
from handlers import commands as c
from handlers import grammar
from handlers.card import Reply
from handlers.commands import Command
from handlers.context import Context, Whence
from handlers.decide import decide
from handlers.domain.catalog import parse_bytes, to_dict
from handlers.domain.delivery import Unknown
from handlers.domain.errors import Refused
from handlers.domain.incident import Event, Incident
from handlers.domain.people import Account, Person
from handlers.domain.permit import COLLEAGUE, NOT_AVAILABLE, RELATIONS, ROLES, TABLE, Standing, may, must
from storage.book import SqlBook
from tests.desk import Clock, Desk, words
from tests.stories.quick import SERVICES, all_of, approved, customer, furnish, people, refused, report_day, submitted

DOCS = Path(__file__).parents[2] / "docs" / "permissions.md"

COLUMNS: dict[str, str] = {
    "colleague": "noor",
    "commander": "carl",
    "deputy": "dora",
    "comms": "cora",
    "scribe": "scott",
    "catalog commander": "ana",
    "catalog comms": "ben",
    "comms-approver": "cleo",
    "legal": "lou",
    "manager": "dana",
    "cover": "pat",
    "other manager": "priya",
    "admin": "adam",
    "author": "seth",  # of everything at hand, with every role there is
}
"""Who stands for what: the first five by the incident, the others by the catalog; Pat covers for Dana."""
OUTSIDE: dict[str, Account] = {
    "guest": Account("slack", "U0GUS", "Gus", "guest", "gus@contractor.example"),
    "guest in Teams": Account("teams", "29:gil", "Gil", "guest", "gil@contractor.example"),
    "guest with every role": Account("slack", "U0EVE", "Eve", "guest", "eve@example.com"),
    "Slack Connect member": Account("slack", "U0SOL", "Sol", "stranger", "", "T0CONTOSO"),
    "other tenant": Account("teams", "29:tess", "Tess", "stranger", "", "other-tenant"),
    "bot": Account("slack", "U0BOB", "Bob", "bot"),
}

EVERYBODY = set(COLUMNS)
RUNNING = {"commander", "deputy", "comms", "catalog commander", "catalog comms", "author"}
PUBLISHERS = {"commander", "catalog commander", "comms-approver", "author"}
RELAY = {"commander", "comms", "catalog commander", "catalog comms", "manager", "cover", "author"}
ASK = {"comms", "catalog comms", "manager", "cover", "other manager", "author"}
MAY: dict[str, set[str]] = {
    "look": EVERYBODY,
    "declare": EVERYBODY,
    "act": EVERYBODY,
    "draft": EVERYBODY,
    "here": EVERYBODY,
    "undo": {"colleague"},  # who did it
    "handed": {"colleague"},  # to whom it was
    "mine": {"colleague"},  # whose it is
    "mine, the accounts": {"manager", "cover"},
    "mine, or an admin's": {"colleague", "admin", "author"},
    "confirm": {"commander", "catalog commander", "author"},
    "status-page": RUNNING,
    "customers": RUNNING,
    "send": RUNNING - {"author"},
    "holding": RUNNING,
    "affected": RUNNING,
    "cancel": RUNNING,
    "merge": RUNNING,
    "private": RUNNING,
    # legal and the manager are asked here, because a fact is for that customer alone and one is of security; the author
    # signs the facts as a commander, never the words
    "sign": {"commander", "catalog commander", "comms-approver", "legal", "manager", "author"},
    "sign sev3": {"comms-approver"},
    "reject sev3": {"comms-approver", "author"},
    "publish": PUBLISHERS,
    "retract": PUBLISHERS,
    "settle": RUNNING | PUBLISHERS,
    "relay": RELAY,
    "ask": ASK,
    "cover": {"manager"},  # of the others nobody has accounts of their own
    "channel": {"admin", "author"},
    "credit": RELAY | {"admin"},
}
ROWS: dict[str, tuple[tuple[str, str], ...]] = {
    "open": (
        ("declare", "declare Search is slow sev4 services search"),
        ("look", "help update"),
        ("look", "whoami"),
        ("look", "list all"),
        ("look", "show 1"),
        ("look", "timeline 1"),
        ("look", "facts 1"),
        ("look", "affected 1"),
        ("look", "stats"),
        ("look", "customer list"),
        ("look", "customer show acme"),
        ("look", "service list"),
        ("look", "service show mail"),
        ("look", "update 1"),  # opens a form
        ("act", "join 1"),
        ("act", "leave 1"),
        ("act", "note 1 see the dashboard"),
        ("act", "task 1 add Call the supplier"),
        ("act", "task 1 done 1"),
        ("act", "fact 1 workaround none"),
        ("act", 'fact 1 F1 = "could not read mail" because they said so'),
        ("act", "fact 1 drop F1 because a slip"),
        ("act", "severity 1 sev3"),
        ("act", "status 1 identified"),
        ("act", "services 1 +search"),
        ("act", "region 1 EU"),
        ("act", "title 1 Mail is slow"),
        ("act", "role 1 scribe @Noor"),
        ("act", "resolve 1"),
        ("act", "remind 1 every 30m"),
        ("act", "remind me in 10m -- call the CIO"),
        ("act", "ontrack 1"),
        ("act", "update 1 Half of the nodes are back"),
        ("act", "link 2 recurrence-of 1 because the fix did not hold"),
        ("act", "unlink 3 1"),
        ("act", "settle {inside} arrived"),
        ("act", "can 1 conditions: half the nodes are up actions: restoring db2 needs: a DBA"),
        ("look", "people 1"),
        ("act", "subscribe me to sev1"),
        ("look", "subscriptions"),
        ("mine, or an admin's", "unsubscribe S1"),
        ("mine", "remind me off 1"),
        ("act", "notify quiet 22:00-07:00 Europe/Berlin"),
        ("act", "pin 1 db2 took over"),
        ("act", "unpin 1 1"),
        ("act", "task 1 move 1 due 2010-12-24"),
        ("handed", "accept 1 scribe"),
        ("handed", "cannot 1 scribe because I am on a train"),
        ("draft", "recap 1 seen: could not send mail state: stable"),
        ("here", "here"),
        ("confirm", "confirm 1 F1"),
        ("status-page", "update 1 Mail is slow since 12:00 UTC to status"),
        ("customers", "update 1 Mail is slower since 12:00 UTC to customers"),
        ("send", "send 1"),
        ("holding", "holding 1"),
        ("affected", "affected 1 +bolt because they called"),
        ("cancel", "cancel 1 because it was a test"),
        ("merge", "merge 1 into 2 because the same"),
        ("private", "private 1 on because a name is in it"),
        ("channel", "customer channel acme +C0OTHER01"),
        ("channel", "customer manager acme @Priya"),
        ("channel", "customer zone acme Europe/Berlin"),
        ("channel", "service reviewed"),
        ("mine, the accounts", "customer reviewed"),
        ("credit", "credit 1 acme"),
        ("undo", "undo"),
    ),
    "drafted": (
        ("act", "reopen 1 because it is back"),
        ("holding", "closure 1"),
        ("draft", "apology draft 2"),
        ("draft", "apology fill 1 workaround none"),
        ("draft", "apology edit 1"),
        ("draft", "apology mend 1 W2"),
        ("draft", "apology suggest 1 -- say it plainly"),
        ("draft", "apology waive 1 count because nobody counted"),
        ("look", "apology show 1"),
        ("look", "apology why 1"),
        ("look", "apology lint 1"),
        ("look", "apology status 1"),
    ),
    "ready": (("draft", "apology submit 1"),),
    "submitted": (("sign", "apology approve 1"), ("sign", "apology reject 1 because the tone is cold")),
    "submitted sev3": (
        ("sign sev3", "apology approve 1"),
        ("reject sev3", "apology reject 1 because the tone is cold"),
    ),
    "approved": (("publish", "apology publish 1"),),
    "publishing": (("publish", "apology pause 1"),),
    "stopped": (
        ("settle", "settle {outside} drop"),
        ("retract", "apology retract 1 because of a wrong name"),
    ),
    "paused": (("publish", "apology resume 1"),),
    "published": (
        ("draft", "apology correct 1 because the times were wrong"),
        ("draft", "apology follow-up 1"),
        ("retract", "apology retract 1 because of a wrong name"),
        ("look", "relay list"),
        ("look", "promises"),
        ("act", "promise done 1 -- the report is out"),
        ("act", "promise move 1 due 2010-09-20 because of tests"),
        ("act", "promise withdraw 1 because it was a mistake"),
        ("relay", "relay pack 1 acme"),
        ("relay", "relay done 1 acme via phone"),
        ("relay", "relay skip 1 acme because they are on holiday"),
        ("relay", "relay ack 1 cust0"),
        ("relay", "relay close 1 cust0 because they need nothing more"),
        ("ask", "relay check acme -- mail was down for an hour"),
        ("ask", "relay ask acme -- was mail lost?"),
        ("ask", "relay answer 1 -- No."),
        ("cover", "cover @Pat until 2010-12-24"),
        ("credit", "credit A1 acme"),
    ),
}
"""Every command anybody can say, at a moment at which those who may are obeyed."""
LET_THROUGH = {"apology mend 1 W2", "leave 1"}
"""Refused, to those who may, for another reason: there is nothing to mend, they are not in it."""
NOT_ON_RECORD = {
    "undo",
    "cover @Pat until 2010-12-24",
    "unsubscribe S1",
    "remind me off 1",
    "customer reviewed",
    "accept 1 scribe",
    "cannot 1 scribe because I am on a train",
}
"""Refused without a line in the audit: nobody tried what is another's."""
EVERY_ROLE = "[commander, comms, comms-approver, legal, account-manager, admin]"


class TrialError(Exception):
    """Ends a transaction that was only a trial."""


async def settled(desk: Desk, stage: str) -> Desk:
    """The house of the table, at one of its moments. Seth wrote everything."""
    extra = "".join(
        f"  - {{name: {name}, title: Director, email: {name.split()[0].lower()}@example.com, roles: {EVERY_ROLE}}}\n"
        for name in ("Seth Stone", "Eve Everywhere")
    )
    listed = customer("acme", "slack: C0ACME001") + customer("bolt", "slack: C0BOLT001", service="search")
    more = "".join(customer(f"cust{n}", f"slack: C0CUST00{n}") for n in range(4))
    text = SERVICES + people(lou="[legal]") + extra + "customers:\n" + listed + more
    catalog = parse_bytes(text.encode(), filename="house.yaml")
    await furnish(desk)
    await desk.store.book(lambda b: b.load_catalog(to_dict(catalog), "house"))
    for who in ("seth", "carl", "dora", "cora", "scott", "pat"):
        for platform, number in (("slack", f"U0{who.upper()}"), ("teams", f"29:{who}")):
            name = "Seth Stone" if who == "seth" else who.title()
            await desk.intake.meet(Account(platform, number, name, "colleague", f"{who}@example.com"))
    for account in OUTSIDE.values():
        await desk.intake.meet(account)
    await _until(desk, stage)
    return desk


async def _until(desk: Desk, stage: str) -> None:
    desk.clock.at = desk.clock.at.replace(hour=12, minute=0)
    day, severity = desk.clock.at.date(), "sev3" if stage.endswith("sev3") else "sev1"
    if stage == "open":
        desk.slack.fail["inc-1/"] = Unknown("no answer")
    await all_of(
        desk,
        ("seth", f"declare Mail is down {severity} services mail region NA"),
        ("seth", "declare Mail is odd sev4 services mail region NA"),
        ("seth", "declare Mail is slow sev4 services mail region NA"),
        ("seth", 'fact 1 impact "could not send mail" source support public'),
        ("seth", f"task 1 add Test every change before it is rolled out @Noor due {report_day(desk)}"),
        ("seth", "update 1 Mail is slow since 12:00 UTC to customers"),
        ("dana", "cover @Pat until 2010-12-24"),
        ("seth", "role 1 commander @Carl"),
        ("seth", "role 1 deputy @Dora"),
        ("seth", "role 1 comms @Cora"),
        ("seth", "role 1 scribe @Scott"),
    )
    await desk.settle()
    if stage == "open":
        await all_of(desk, ("carl", "link 3 recurrence-of 1 because the fix did not hold"))
        desk.clock.wind(minutes=3)
        await all_of(
            desk,
            ("scott", "pin 1 db1 is lost"),
            ("scott", "role 1 scribe @Noor -- you write"),
            ("noor", "subscribe me to sev2"),
            ("noor", "remind me in 2h -- call the CIO"),
            ("noor", "severity 1 sev2"),
        )
        return
    special = (
        ()
        if severity == "sev3"
        else (
            ("seth", 'fact 1 remedy "a credit of 5 %" source contract for acme'),
            ("seth", 'fact 1 security "no data was read" source statement internal'),
        )
    )
    await all_of(
        desk,
        ("seth", f"fact 1 window {day} 02:00-03:00 UTC source monitoring public"),
        ("seth", 'fact 1 cause.trigger "our configuration change" source statement public'),
        ("seth", "fact 1 fix fixed source statement public"),
        ("seth", "fact 1 data-loss none source statement public"),
        ("seth", "fact 1 contact support@example.com source statement public"),
        ("seth", 'fact 1 remedy "none due" source statement public'),
        *special,
        ("seth", f"fact 1 next-report {report_day(desk)} source statement public"),
        ("seth", "resolve 1"),
        ("seth", "resolve 2"),
        ("seth", 'apology draft 1 signatory "Morgan Cole"'),
    )
    if stage == "drafted":
        return
    await all_of(desk, ("seth", 'apology fill 1 count "1,200 customers" source monitoring'))
    if stage == "ready":
        return
    await all_of(desk, ("seth", "apology submit 1"))
    if stage.startswith("submitted"):
        return
    for who in ("cleo", "carl", "lou", "dana"):
        await all_of(desk, (who, "apology approve 1"))
        await desk.settle()
    if stage == "approved":
        return
    if stage == "stopped":
        desk.slack.fail["apology-1/acme"] = Unknown("no answer")
    await all_of(desk, ("cleo", "apology publish 1"))
    if stage == "publishing":
        return
    if stage == "paused":
        await all_of(desk, ("cleo", "apology pause 1"))
        return
    await desk.settle()
    if stage == "published":
        await all_of(desk, ("dana", "relay ask acme -- when was it found?"), ("dana", "relay done 1 cust0 via phone"))


async def numbers(desk: Desk) -> dict[str, int]:
    """The posts of whose arrival nobody knows."""
    return {
        "inside" if p.audience == "internal" else "outside": p.id for p in await desk.posts() if p.state == "unknown"
    }


def _read(book: SqlBook, ctx: Context, line: str) -> Command:
    reading = grammar.Reading(
        ctx.now,
        ctx.zone,
        exists=lambda n: book.get(Incident, n) is not None,
        is_customer=lambda w: book.catalog.customer(w) is not None,
    )
    found = grammar.read(line, reading)
    assert isinstance(found, get_args(Command)), f"{line}: {found}"
    return found


async def tried(desk: Desk, account: tuple[str, str], line: str | Command) -> tuple[type, Reply | Refused, int]:
    """What comes of a line or a command, and how many changes it left; then everything is taken back."""
    platform, number = account
    kept: list[tuple[type, Reply | Refused, int]] = []

    def work(book: SqlBook) -> None:
        met = book.account(platform, number)
        assert met is not None
        channel = "19:somewhere@thread.tacv2" if platform == "teams" else "C0INCIDENTS"
        ctx = Context(book.of_account(met), Whence(platform, channel), book.now, ZoneInfo("UTC"), ("slack", "teams"))
        command = _read(book, ctx, line) if isinstance(line, str) else line
        try:
            with book.attempt():
                found: Reply | Refused = decide(command, ctx, book)
        except Refused as refusal:
            found = refusal
        kept.append((type(command), found, len(book.changes) + book.sent))
        raise TrialError

    with pytest.raises(TrialError):
        await desk.store.book(work)
    return kept[0]


def _account(who: str, line: str) -> tuple[str, str]:
    return ("teams", f"29:{who}") if line == "here" else ("slack", f"U0{who.upper()}")


@pytest.mark.parametrize("stage", ROWS)
async def test_every_cell_of_the_table(seed_desk: Desk, stage: str) -> None:
    """Each command by each role: those who may are obeyed, the others read whose it is, and it is on record."""
    desk = await settled(seed_desk, stage)
    known, wrong = await numbers(desk), []
    for act, said in ROWS[stage]:
        line = said.format(**known)
        for column, who in COLUMNS.items():
            _, found, left = await tried(desk, _account(who, line), line)
            if column in MAY[act]:
                if isinstance(found, Refused) and (line not in LET_THROUGH or found.audit):
                    wrong.append(f"{line}, {column}: {found.sentence}")
            elif isinstance(found, Reply):
                wrong.append(f"{line}, {column}: obeyed")
            elif not (found.audit or line in NOT_ON_RECORD) or left:
                wrong.append(f"{line}, {column}: {found.sentence}, audit {found.audit}, {left} changes")
    assert wrong == []


@pytest.mark.parametrize("stage", ROWS)
async def test_nobody_from_outside_is_obeyed_in_any_cell(seed_desk: Desk, stage: str) -> None:
    """Guests, Slack Connect members, other tenants, bots: the same sentence to everything, whatever the catalog says."""
    desk = await settled(seed_desk, stage)
    known = await numbers(desk)
    for _, said in ROWS[stage]:
        for column, account in OUTSIDE.items():
            for line in (said.format(**known), said.format(**known).replace(" 1", " 99")):
                _, found, left = await tried(desk, (account.platform, account.id), line)
                assert isinstance(found, Refused), f"{line}, {column}"
                assert (found.sentence, found.audit, left) == (NOT_AVAILABLE, True, 0), f"{line}, {column}"


def test_every_command_is_in_the_table_and_tried() -> None:
    """A new command without a row in the table, or without a line that tries it, fails."""
    everything = {kind.__name__ for kind in get_args(Command)}
    listed = [name for act in TABLE.values() for name in act.commands]
    assert set(listed) == everything
    clock = Clock()
    reading = grammar.Reading(clock.at, ZoneInfo("UTC"))
    known: dict[str, set[str]] = {}
    for rows in ROWS.values():
        for act, said in rows:
            command = grammar.read(said.format(inside=1, outside=1), reading)
            known.setdefault(type(command).__name__, set()).add({"cover": "ask"}.get(act, re.split(r"[ ,]", act)[0]))
    for name in everything - set(TABLE["machine"].commands):
        acts = {act for act, row in TABLE.items() if name in row.commands}
        tried_as = {{"reject": "sign"}.get(act, act) for act in known.get(name, set())}
        assert tried_as == acts, name


MACHINES: tuple[Callable[[], Command], ...] = (
    lambda: c.RoomOpened(1, "slack", "C0EVIL0001"),
    lambda: c.CannotDo(1, "slack", "topic", "x"),
    lambda: c.PostSettled("apology-1/acme/slack:C0ACME001"),
    lambda: c.LookedFor(1, found=None),
    lambda: c.ChannelSeen("slack", "C0ACME001"),
    lambda: c.ChannelTouched("slack", "C0ACME001"),
    lambda: c.ChannelMoved("slack", "C0ACME001", "C0EVIL0001"),
    lambda: c.Audited(1, 0),
    lambda: c.Trouble("away", "slack", on=True),
    lambda: c.RoomShut(1, "slack", "is_archived", 1),
    lambda: c.MessageChanged("slack", "C0ACME001", "1.2", deleted=True),
    c.Tick,
)


async def test_what_the_machine_asks_nobody_else_can(seed_desk: Desk) -> None:
    """Not even with every role; the machine itself can."""
    desk = await settled(seed_desk, "open")
    assert {type(made()).__name__ for made in MACHINES} == set(TABLE["machine"].commands)
    for made in MACHINES:
        for who in ("noor", "carl", "seth"):
            _, found, left = await tried(desk, ("slack", f"U0{who.upper()}"), made())
            assert isinstance(found, Refused)
            assert (found.sentence, found.audit, left) == (NOT_AVAILABLE, True, 0)
        await desk.store.book(lambda book, made=made: desk.intake.machine(book, made()))  # type: ignore[misc]


@pytest.mark.parametrize("account", OUTSIDE.values(), ids=OUTSIDE)
async def test_by_command_button_form_mention_or_forged_id_outsiders_learn_nothing(
    seed_desk: Desk, account: Account
) -> None:
    """One private sentence for what exists and for what does not; no room hears of it, nothing is changed or opened."""
    desk = await settled(seed_desk, "submitted")
    await desk.settle()
    screens, story = len(desk.screens()), await desk.store.book(lambda b: b.find(Event))
    lines = (
        "show 1",
        "show 99",
        "update 1",
        "declare",
        "apology approve 1 deadbeef",
        "send 1",
        "send 99",
        "undo",
        "?!",
    )
    for n, said in enumerate(lines):
        for typed, values in ((True, None), (False, None), (False, {"text": "We are back", "title": "Mine"})):
            request = Request(
                f"{account.id}-{n}-{typed}-{values is None}",
                "slack" if account.platform == "slack" else "teams",
                account.id,
                "C0INCIDENTS",
                said,
                values=values,
                typed=typed,
                mentions=((account.id, account.name),),
            )
            answer = await desk.intake.take(request)
            assert (words(answer.show), answer.refused, answer.fields) == (f"Amends\n{NOT_AVAILABLE}", True, {})
    await desk.settle()
    assert len(desk.screens()) == screens
    assert await desk.store.book(lambda b: b.find(Event)) == story


@pytest.mark.parametrize("act", sorted(TABLE))
def test_guests_may_do_nothing_whatever_they_are_called(act: str) -> None:
    """A role in the catalog does not make a colleague of a guest."""
    with pytest.raises(Refused) as refusal:
        must(act, Standing(Person("x", "x", roles=frozenset(ROLES), colleague=False), manages=True))
    assert (refusal.value.sentence, refusal.value.audit) == (NOT_AVAILABLE, True)


def test_a_role_of_the_catalogs_own_making_gives_nothing() -> None:
    """Whatever it is called: only the table's roles count."""
    made_up = Standing(Person("x", "x", roles=frozenset({"manages", "root", "colleague"})))
    assert made_up.relations == {COLLEAGUE}


def test_while_no_comms_approver_is_named_whoever_did_not_write_it_may_publish() -> None:
    """A small company; its authors may not."""
    somebody = Person("x", "x")
    assert may("publish", Standing(somebody, approver_named=False))
    assert not may("publish", Standing(somebody, approver_named=False, author=True))
    assert not may("publish", Standing(somebody))


@pytest.fixture
async def desk(seed_desk: Desk) -> Desk:
    """A house with one customer of Dana's, and an incident of Lou's, who has no role in the catalog."""
    await furnish(seed_desk, customer("acme", "slack: C0ACME001"))
    return seed_desk


@pytest.mark.parametrize(
    "line",
    [
        "affected 1 -acme because they are not hit",
        "cancel 1 because it was nothing",
        "merge 1 into 2 because same",
        "private 1 on because a name is in it",
        "holding 1",
        "update 1 Mail is slow since 12:00 UTC to customers",
        "update 1 Mail is slow since 12:00 UTC to status",
    ],
)
@pytest.mark.parametrize("who", ["noor", "cleo", "dana", "adam"])
async def test_a_line_for_those_who_run_it_is_refused_to_others(desk: Desk, line: str, who: str) -> None:
    """The same words: refused, written to the audit chain, and nothing has changed."""
    await all_of(desk, ("lou", "declare Mail is down services mail"), ("lou", "declare Search is down"))
    assert "commander, deputy or comms" in refused(await desk.say(who, line))
    assert not (await desk.say("lou", line)).refused


@pytest.mark.parametrize(
    "line",
    [
        "join 1",
        "note 1 hello",
        "fact 1 workaround none",
        "task 1 add Call them",
        "severity 1 sev2",
        "status 1 identified",
        "services 1 +search",
        "region 1 EU",
        "title 1 Mail is slow",
        "role 1 commander @Noor",
        "resolve 1",
        "remind 1 every 30m",
        "update 1 We see it",
        "timeline 1",
        "facts 1",
        "affected 1",
        "relay list",
        "promises",
        "stats",
        "whoami",
    ],
)
async def test_any_colleague_may_run_along(desk: Desk, line: str) -> None:
    """No catalog entry is needed for it."""
    await all_of(desk, ("lou", "declare Mail is down sev1 services mail"), ("noor", line))


async def test_receipts_are_for_the_account_manager_the_commander_and_comms(desk: Desk) -> None:
    """Another account manager, a deputy or a comms-approver does not tell Dana's customer."""
    await approved(desk)
    await all_of(desk, ("cleo", "apology publish 1"), ("ana", "role 1 deputy @Noor"))
    for who in ("priya", "noor", "cleo"):
        for line in ("relay done 1 acme", "relay skip 1 acme because x"):
            assert "account manager, the commander or comms" in refused(await desk.say(who, line))
    await all_of(desk, ("dana", "relay done 1 acme via phone"), ("ben", "relay ack 1 acme"))
    await all_of(desk, ("dana", "cover @Priya until 2010-12-24"), ("priya", "relay done 1 acme"))


async def test_questions_are_for_account_managers_and_comms(desk: Desk) -> None:
    """Others have no customers to ask for."""
    for who in ("noor", "cleo", "adam"):
        refused(await desk.say(who, "relay ask acme -- was mail lost?"))
        refused(await desk.say(who, "cover @Dana until 2010-12-24"))
    await all_of(desk, ("priya", "relay ask acme -- was mail lost?"), ("ben", "relay answer 1 -- No."))


async def test_channels_are_bound_by_an_admin(desk: Desk) -> None:
    """Nobody else decides where a customer reads us."""
    for who in ("ana", "cleo", "dana"):
        assert "admin" in refused(await desk.say(who, "customer channel acme +C0OTHER01"))
    await all_of(desk, ("adam", "customer channel acme +C0OTHER01"))


async def test_only_the_commander_confirms_a_fact(desk: Desk) -> None:
    """Whoever recorded it."""
    await all_of(desk, ("lou", "declare Mail is down"), ("noor", "fact 1 workaround none"))
    refused(await desk.say("noor", "confirm 1 F1"))
    await all_of(desk, ("lou", "confirm 1 F1"))


async def test_a_forged_press_is_refused_like_the_typed_words(desk: Desk) -> None:
    """A button says a line: whoever may not say it gains nothing by pressing it."""
    await submitted(desk)
    answer = await desk.say("ben", "apology approve 1")
    assert "somebody else signs" in refused(answer)
    assert words(answer.show).startswith("INC-1")


def _cell(act: str, relation: str) -> str:
    return "yes" if relation in TABLE[act].who or COLLEAGUE in TABLE[act].who else "–"


def test_the_permissions_in_docs_are_current() -> None:
    """docs/permissions.md is the table; `WRITE_DOCS=1 pytest tests/stories/test_permissions.py` writes it."""
    heads = {
        "colleague": "any colleague",
        "manages": "the customer's account manager",
        "account-manager": "another account manager",
    }
    columns = [heads.get(r, r) for r in RELATIONS]
    rows = [f"| {act.said} | {act.whose} |" for act in TABLE.values()]
    cells = [
        f"| {act} | " + " | ".join(_cell(act, r) for r in RELATIONS) + " | nothing |" for act in TABLE if act != "undo"
    ]
    commands = [f"| {act} | {', '.join(f'`{name}`' for name in row.commands)} |" for act, row in TABLE.items()]
    text = (
        "# Who may do what\n\nWritten from the table in `handlers/domain/permit.py`, tried cell by cell in "
        "`tests/stories/test_permissions.py`.\n\n"
        "A *colleague* is a full member of the house's own workspace or tenant, as the platform says. Guests, Slack "
        "Connect members,\nother tenants and bots may do nothing at all: commands, buttons, forms, mentions and forged "
        "ids get one private sentence,\n*This is not available to you here*, whether what they name exists or not, and "
        "a line in the audit. A role counts by the incident\n(`role 7 comms @ben`) or by the catalog. Private incidents "
        "are their members' alone: to others they read as if they were not there.\nWhoever declares is commander until "
        "another is named.\n\n| act | who |\n|---|---|\n"
        + "\n".join(rows)
        + "\n| apology waive of an error | whoever drafts; then two signatures whatever the severity |"
        "\n| catalog, outbox, export, audit, backup, erase | the operator, from the shell |\n\n"
        "Nobody signs their own words: whoever drafted, edited or waived in this version is an author. Only the "
        "commander may sign the\nfacts even so. While the catalog names no comms-approver, any colleague who is not "
        "an author may be one. The policy may tighten\nthis, never loosen it.\n\n"
        "## By role\n\n*Author* is whoever wrote the words at hand: `send` and the signature for the words are refused "
        "to them whatever else they are.\n`undo` is for whoever did it. A colleague who covers for an account manager "
        "counts as one, but does not sign.\n\n"
        f"| act | {' | '.join(columns)} | anybody from outside |\n|{'---|' * (len(columns) + 2)}\n"
        + "\n".join(cells)
        + "\n\n## By command\n\nA command in several rows asks for one of them, by what it says (`update … to status`)."
        "\n\n| act | commands of `handlers/commands.py` |\n|---|---|\n" + "\n".join(commands) + "\n"
    )
    if os.environ.get("WRITE_DOCS"):
        DOCS.write_text(text, encoding="utf-8")
    assert DOCS.read_text(encoding="utf-8") == text
