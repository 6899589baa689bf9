"""Every verb on every platform: the same line, the same answer, the same record. docs/parity.md is written from it."""

import os
from pathlib import Path

import pytest

from bot.sandbox.slack_blocks import Check
from bot.sandbox.slack_limits import MESSAGE_BLOCKS
from bot.sandbox.teams import check_card
from bot.slack import blocks
from bot.teams import cards
from handlers import grammar
from handlers.card import Card, Form
from handlers.domain.incident import Event
from handlers.grammar import USAGE, Misread, Reading
from tests.desk import Desk, words

DOCS = Path(__file__).parents[2] / "docs" / "parity.md"

# (verb, who, line), in an order in which each finds what it needs
SCRIPT: tuple[tuple[str, str, str], ...] = (
    ("declare", "ana", "declare Sign-in is down sev2 services sign-in region NA"),
    ("declare", "noor", "declare Portals are down services admin-portals region NA"),
    ("declare", "noor", "declare A third thing sev4"),
    ("list", "ana", "list all"),
    ("show", "ana", "show 1"),
    ("help", "ana", "help update"),
    ("whoami", "cleo", "whoami"),
    ("severity", "ana", "severity 1 sev3 because it eased"),
    ("undo", "ana", "undo"),
    ("services", "ana", "services 1 +admin-portals"),
    ("region", "ana", "region 1 NA"),
    ("region", "ana", "region 3 EU"),
    ("title", "ana", "title 1 Sign-in is slow"),
    ("status", "ana", "status 1 identified"),
    ("role", "ana", "role 1 comms @Ben -- next update at 15:00"),
    ("role", "ana", "role 1 commander @Noor -- end of my shift"),
    ("cannot", "noor", "cannot 1 because I am on a train"),
    ("handover", "ana", "handover 1 @Noor"),
    ("accept", "noor", "accept 1 commander"),
    ("role", "ana", "role 1 commander @Ana"),
    ("join", "dana", "join 1"),
    ("leave", "dana", "leave 1"),
    ("update", "ben", "update 1 Half of the nodes are back next 30m"),
    ("can", "ben", "can 1 conditions: half the nodes are up actions: restoring db2 needs: a DBA next: 30m"),
    ("people", "noor", "people 1"),
    ("subscribe", "dana", "subscribe me to service sign-in events declared,resolved"),
    ("subscriptions", "dana", "subscriptions"),
    ("unsubscribe", "dana", "unsubscribe S1"),
    ("holding", "ben", "holding 1"),
    ("send", "ana", "send 1"),
    ("remind", "ana", "remind 1 every 30m"),
    ("remind me", "ana", "remind me in 10m -- call the supplier"),
    ("remind me off", "ana", "remind me off 1"),
    ("notify", "ana", "notify quiet 22:00-07:00 Europe/Berlin"),
    ("notify", "ana", "notify quiet default"),
    ("ontrack", "ana", "ontrack 1"),
    ("note", "ana", "note 1 see the dashboard"),
    ("pin", "ana", "pin 1 db2 took over"),
    ("unpin", "noor", "unpin 1 1"),
    ("task add", "ana", "task 1 add Alert before certificates expire @Noor due 2026-12-01"),
    ("task move", "ana", "task 1 move 1 @Noor due 2026-12-04"),
    ("task done", "noor", "task 1 done 1"),
    ("task add", "ana", "task 1 add Test every change @Noor due 2026-12-02"),
    ("task add", "ana", "task 1 add Rehearse the fail-over @Noor due 2026-12-03"),
    ("fact", "ana", 'fact 1 cause.trigger "an expired certificate" source statement public'),
    ("fact replace", "ana", 'fact 1 F1 = "our expired certificate" because it was ours'),
    ("fact", "ana", "fact 1 workaround none"),
    ("fact drop", "ana", "fact 1 drop F3 because a slip"),
    ("confirm", "ana", "confirm 1 F2"),
    ("facts", "ana", "facts 1"),
    ("affected", "ana", "affected 1 +northwind because they called"),
    ("affected", "ana", "affected 1"),
    ("affected", "ana", "affected 1 -northwind because a mistake"),
    ("link", "ana", "link 2 recurrence-of 1 because the fix did not hold"),
    ("unlink", "ana", "unlink 2 1"),
    ("private", "noor", "private 3 on because a person is named"),
    ("private", "noor", "private 3 off because it is not"),
    ("merge", "noor", "merge 2 into 1 because the same outage"),
    ("cancel", "noor", "cancel 3 because a test alert"),
    ("resolve", "ana", "resolve 1 because errors are gone"),
    ("reopen", "ana", "reopen 1 because they are back"),
    ("resolve", "ana", "resolve 1"),
    (
        "recap",
        "ana",
        "recap 1 seen: could not sign in from: 2026-11-20 09:02 UTC to: 10:10 UTC count: 1,200 customers"
        " state: fixed data-loss: no next-report: 2026-11-25",
    ),
    ("closure", "ben", "closure 1"),
    ("timeline", "ana", "timeline 1"),
    ("apology draft", "ben", 'apology draft 1 signatory "Morgan Cole, on behalf of us all"'),
    ("apology fill", "ben", 'apology fill 1 remedy "none due"'),
    ("apology lint", "ben", "apology lint 1"),
    ("apology why", "ben", "apology why 1"),
    ("apology mend", "ben", "apology mend 1 W2"),
    ("apology waive", "ben", "apology waive 1 contact because the account manager is named elsewhere"),
    ("apology edit", "ben", "apology edit 1"),
    ("apology suggest", "cleo", "apology suggest 1 -- say it plainly"),
    ("apology submit", "ben", "apology submit 1"),
    ("apology show", "cleo", "apology show 1"),
    ("apology reject", "cleo", "apology reject 1 because the tone is cold"),
    ("apology submit", "ben", "apology submit 1"),
    ("apology approve", "ana", "apology approve 1"),
    ("apology approve", "cleo", "apology approve 1"),
    ("apology publish", "cleo", "apology publish 1"),
    ("apology pause", "cleo", "apology pause 1"),
    ("apology resume", "cleo", "apology resume 1"),
    ("apology status", "cleo", "apology status 1"),
    ("apology follow-up", "cleo", "apology follow-up 1"),
    ("relay list", "dana", "relay list"),
    ("relay pack", "dana", "relay pack 1 contoso"),
    ("relay check", "dana", "relay check contoso -- sign-in was down for an hour"),
    ("relay done", "dana", "relay done 1 contoso via phone -- told the CIO"),
    ("relay ack", "dana", "relay ack 1 contoso -- thanks"),
    ("relay skip", "ana", "relay skip 1 tailspin because they were on holiday"),
    ("relay close", "dana", "relay close 1 contoso because they need nothing more"),
    ("relay ask", "dana", "relay ask contoso -- was mail lost?"),
    ("relay answer", "ben", "relay answer 1 -- No mail was lost."),
    ("cover", "dana", "cover @Priya until 2026-12-24"),
    ("promises", "ana", "promises open"),
    ("promise move", "ana", "promise move 1 due 2026-12-05 because of tests"),
    ("promise withdraw", "ana", "promise withdraw 2 because it was a mistake"),
    ("promise done", "ana", "promise done 1 -- the report is out"),
    ("apology correct", "ben", "apology correct 1 because the times were wrong"),
    ("apology reject", "cleo", "apology reject 1 because it was right"),
    ("apology retract", "cleo", "apology retract 1 because of a wrong name"),
    ("customer list", "dana", "customer list"),
    ("customer show", "dana", "customer show contoso"),
    ("customer channel", "ana", "customer channel contoso +C0OTHER0001"),
    ("customer manager", "ana", "customer manager contoso @Priya"),
    ("customer zone", "ana", "customer zone contoso Europe/Berlin"),
    ("customer reviewed", "dana", "customer reviewed"),
    ("service reviewed", "ana", "service reviewed"),
    ("credit", "ana", "credit 1 contoso"),
    ("credit", "ana", "credit A1"),
    ("service list", "dana", "service list"),
    ("service show", "dana", "service show sign-in"),
    ("stats", "ana", "stats since 90d"),
    ("settle", "cleo", "settle 1 arrived"),
    ("here", "ana", "here"),
)
REFUSED = {
    (line, on)
    for line in (
        "apology mend 1 W2",
        "apology pause 1",
        "customer channel contoso +C0OTHER0001",
        "customer manager contoso @Priya",
        "customer zone contoso Europe/Berlin",
        "service reviewed",
        "settle 1 arrived",
    )
    for on in ("slack", "teams")
} | {("here", "slack")}
"""Lines that are rightly refused where they stand, on both platforms with the same sentence."""
PLATFORM_BOUND = {"here": "Teams only: Slack's channel is a setting"}
"""Verbs whose answer rightly differs."""


@pytest.fixture
def desk(seed_desk: Desk) -> Desk:
    """The seed's house, today."""
    return seed_desk


async def _play(desk: Desk, on: str) -> list[tuple[str, str, str]]:
    """Everything typed on one platform; what each line answered, drawn for both platforms within their limits."""
    desk.clock.at = desk.clock.at.replace(year=2026, month=11, day=20, hour=12)
    told = []
    for verb, who, line in SCRIPT:
        answer = await desk.say(
            who, line, on=on, channel="C0INCIDENTS" if on == "slack" else "19:incidents@thread.tacv2"
        )
        if isinstance(answer.show, Card):
            drawn = blocks.message(answer.show)
            check = Check()
            for part in (drawn, *drawn.get("attachments", [])):
                check.blocks(part.get("blocks", []), MESSAGE_BLOCKS, "/blocks")
            assert check.problems == [], line
            attached = cards.message(answer.show)["attachments"][0]["content"]
            assert not check_card(attached).errors, line
        else:
            assert isinstance(answer.show, Form), line
        assert not answer.refused or (line, on) in REFUSED, f"{line}: {words(answer.show)}"
        told.append((verb, line, words(answer.show)))
        await desk.settle()
    return told


async def test_every_verb_says_the_same_on_both_platforms(desk: Desk, second_desk: Desk) -> None:
    """The whole grammar, typed in Slack in one house and in Teams in another: the same answers and the same story."""
    slack, teams = await _play(desk, "slack"), await _play(second_desk, "teams")
    for (verb, line, here), (_, _, there) in zip(slack, teams, strict=True):
        if verb not in PLATFORM_BOUND:
            assert here == there, line
    stories = [
        [
            (e.incident, e.kind, e.words)
            for e in await d.store.book(lambda b: b.find(Event))
            if "Slack" not in e.words and "Teams" not in e.words
        ]
        for d in (desk, second_desk)
    ]
    assert stories[0] == stories[1]


def test_the_script_says_every_verb() -> None:
    """A new verb without a line here fails."""
    assert {verb for verb, _, _ in SCRIPT} == set(USAGE)


def test_every_line_is_read_as_its_verb() -> None:
    """No line of the script is a misunderstanding."""
    from datetime import UTC, datetime
    from zoneinfo import ZoneInfo

    reading = Reading(datetime(2026, 11, 20, 12, tzinfo=UTC), ZoneInfo("UTC"))
    for _, _, line in SCRIPT:
        assert not isinstance(grammar.read(line, reading), Misread), line


def test_the_parity_table_in_docs_is_current() -> None:
    """docs/parity.md is this script as a table; `WRITE_DOCS=1 pytest tests/stories/test_parity.py` writes it."""
    rows = ["| verb | Slack | Teams | tried with |", "|---|---|---|---|"]
    for verb in USAGE:
        line = next(said for v, _, said in SCRIPT if v == verb)
        note = PLATFORM_BOUND.get(verb)
        slack = "–" if note else f"`/incident {line.splitlines()[0][:70]}`"
        rows.append(f"| {verb} | {'no' if note else 'yes'} | yes | {note or slack} |")
    text = (
        "# Every verb on every platform\n\nWritten from `tests/stories/test_parity.py`, which types each line on both "
        "platforms, compares the answers\nand the timelines, and draws each answer for both within their limits.\n\n"
        + "\n".join(rows)
        + "\n"
    )
    if os.environ.get("WRITE_DOCS"):
        DOCS.write_text(text, encoding="utf-8")
    assert DOCS.read_text(encoding="utf-8") == text
