"""Forms: what is asked, and what the answers say."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from handlers import commands as c
from handlers.commands import Command
from handlers.grammar import FormFault, Reading, filled, form_fields, form_title, from_form, read, write
from handlers.grammar.fields import FORMS, Answer
from handlers.grammar.forms import LONGEST_TITLE

HOME = Reading(now=datetime(2026, 3, 13, 14, 30, tzinfo=UTC), zone=ZoneInfo("Europe/Berlin"))
HALF = timedelta(minutes=30)

SENT: tuple[tuple[str, Mapping[str, Answer], Command], ...] = (
    (
        "declare",
        {"title": "Private link broken", "severity": "sev1", "services": ("a", "b c"), "region": "North America"},
        c.Declare("Private link broken", "sev1", ("a", "b c"), "North America"),
    ),
    ("declare", {"title": "Leak", "private": ("yes",), "drill": ()}, c.Declare("Leak", private=True)),
    ("declare sev1 private", {"title": "Leak sev2"}, c.Declare("Leak sev2", "sev1", private=True)),
    (
        "update 7",
        {"text": "3 of 5\nnext 30m to customers", "next": "30m", "to": "status"},
        c.Update(7, "3 of 5\nnext 30m to customers", HALF, "status"),
    ),
    ("update 7 next 30m to customers", {"text": "hi", "to": "room"}, c.Update(7, "hi", HALF, "customers")),
    ("task 7 add due 2026-03-20", {"text": "x", "owner": "Ana"}, c.TaskAdd(7, "x", "Ana", "2026-03-20")),
    ("fact 7 impact public", {"value": "x", "source": "y"}, c.RecordFact(7, "impact", "x", "y", "public")),
    ("update", {"text": "“ok” &amp; <@U1>", "next": ""}, c.Update(None, '"ok" &amp; <@U1>')),
    (
        "recap 7",
        {
            "seen": 'could not "pay"',
            "day": "2026-03-13",
            "from": "14:02",
            "to": "15:10",
            "zone": "CET",
            "state": "stable",
            "change": "Alert on expiry",
            "change-by": "U123",
            "change-due": "2026-03-20",
            "next-report": "2026-03-20",
            "unknown": ("count", "data-loss"),
        },
        c.Recap(
            7,
            (
                ("seen", 'could not "pay"'),
                ("state", "stable"),
                ("from", "2026-03-13 14:02 CET"),
                ("to", "15:10 CET"),
                ("change", "Alert on expiry <@U123> due 2026-03-20"),
                ("next-report", "2026-03-20"),
                ("count", "unknown"),
                ("data-loss", "unknown"),
            ),
        ),
    ),
    ("recap", {"unknown": "when, trigger"}, c.Recap(None, (("from", "unknown"), ("trigger", "unknown")))),
    ("recap 7", {"day": "2026-03-13", "state": "unknown"}, c.Recap(7, (("state", "unknown"), ("from", "2026-03-13")))),
    ("apology fill 3", {"gap": "next-report", "value": "2026-09-15"}, c.ApologyFill(3, "next-report", "2026-09-15")),
    ("apology fill A3", {"gap": "count", "unknown": ("unknown",)}, c.ApologyFill(3, "count", "unknown")),
    ("apology fill 3 count", {"value": "Unknown"}, c.ApologyFill(3, "count", "unknown")),
    (
        "apology waive",
        {"rule": "W2", "because": "until Friday we wait", "until": "2026-03-20"},
        c.ApologyWaive(None, "W2", "until Friday we wait", "2026-03-20"),
    ),
    ("apology edit 3 chat", {"text": "We are sorry.\n\n-- Dana"}, c.ApologyEdit(3, "We are sorry.\n\n-- Dana", "chat")),
    ("apology publish 3", {"count": "34"}, c.ApologyPublish(3, None, 34)),
    (
        "apology publish",
        {"count": "1,034", "at": "17:00"},
        c.ApologyPublish(None, datetime(2026, 3, 13, 16, tzinfo=UTC), 1034),
    ),
    ("apology correct 3", {"because": "3 hours"}, c.ApologyCorrect(3, "3 hours")),
    ("apology draft", {"incidents": "1, 2 and #3", "signatory": "Dana"}, c.ApologyDraft((1, 2, 3), "Dana")),
    (
        "relay done A3",
        {"customers": ("contoso", "Smith, Sons"), "via": "phone", "words": "told <b> & co"},
        c.RelayDone(3, ("contoso", "Smith, Sons"), "phone", "told <b> & co"),
    ),
    ("relay done", {"customers": "contoso, fabrikam"}, c.RelayDone(None, ("contoso", "fabrikam"))),
    ("relay skip contoso", {"because": "not hit"}, c.RelaySkip(None, ("contoso",), "not hit")),
    ("relay answer", {"question": "Q4", "answer": "no"}, c.RelayAnswer(4, "no")),
    (
        "role 7",
        {"role": "comms", "person": "U0123ABC", "note": "x -- y"},
        c.SetRole(7, "comms", "<@U0123ABC>", note="x -- y"),
    ),
    ("role 7 commander", {"person": "Dana Lee"}, c.SetRole(7, "commander", "Dana Lee")),
    ("remind 7", {"how": "every", "how_long": "30m"}, c.Remind(7, every=HALF)),
    ("remind", {"how": "off", "because": "it sleeps"}, c.Remind(None, off_because="it sleeps")),
    ("remind me", {"how_long": "half an hour", "what": "call"}, c.RemindMe(HALF, "call")),
    (
        "remind me",
        {"how_long": "2099-03-20 15:00 UTC", "what": "call"},
        c.RemindMe(None, "call", datetime(2099, 3, 20, 15, tzinfo=UTC)),
    ),
    (
        "task 7 add",
        {"text": "Do it due tomorrow", "owner": "29:abcdef", "due": "2026-03-20"},
        c.TaskAdd(7, "Do it due tomorrow", "<@29:abcdef>", "2026-03-20"),
    ),
    (
        "fact 7 window",
        {"value": "2026-03-13", "precision": "day", "source": "change record", "visibility": "public"},
        c.RecordFact(7, "window", "2026-03-13", "change record", "public", precision="day"),
    ),
    ("fact F4", {"value": "3h because", "because": "y"}, c.ReplaceFact(None, 4, "3h because", "y")),
    ("fact 7 drop", {"fact": "F4", "because": "y"}, c.DropFact(7, 4, "y")),
    (
        "affected 7",
        {"change": "-", "customer": "Contoso Ltd", "because": "y"},
        c.ChangeAffected(7, "Contoso Ltd", False, "y"),
    ),
    ("affected 7 +contoso", {"because": "y"}, c.ChangeAffected(7, "contoso", True, "y")),
    ("link", {"incident": "8", "recurrence_of": "INC-7", "because": "z"}, c.Link(8, 7, "z")),
    ("private 7 on", {"because": "z", "on": "off"}, c.SetPrivate(7, True, "z")),
    ("resolve 7", {"because": "because it is over"}, c.Resolve(7, "because it is over")),
    ("severity INC-2", {"severity": "sev1"}, c.SetSeverity(2, "sev1")),
    ("services 7", {"services": ("a", "b")}, c.SetServices(7, replace=("a", "b"))),
    (
        "customer channel",
        {"customer": "contoso", "change": "+", "channel": "#x"},
        c.CustomerChannel("contoso", "#x", True),
    ),
    ("customer manager", {"customer": "contoso", "person": "U1"}, c.CustomerManager("contoso", "U1")),
    ("customer manager contoso", {"person": "<@U1>"}, c.CustomerManager("contoso", "<@U1>")),
    ("customer zone", {"customer": "Contoso Ltd", "zone": "Berlin"}, c.CustomerZone("Contoso Ltd", "Europe/Berlin")),
    ("promise move", {"promise": "P4", "due": "2026-04-01", "because": "x"}, c.PromiseMove(4, "2026-04-01", "x")),
    ("cover", {"person": "<@U1>", "until": "2026-04-01"}, c.Cover("<@U1>", "2026-04-01")),
)


@pytest.mark.parametrize(("says", "values", "command"), SENT, ids=[f"{says}-{n}" for n, (says, *_) in enumerate(SENT)])
def test_a_form_says_a_line(says: str, values: Mapping[str, Answer], command: Command) -> None:
    """A filled-in form is its command, and that command can be said as a line."""
    assert from_form(says, values, HOME) == command
    assert read(write(command), HOME) == command


@pytest.mark.parametrize(
    ("says", "values", "faulty"),
    [
        ("declare", {"title": " "}, {"title"}),
        ("update 7", {}, {"text"}),
        ("update 7", {"text": "hi", "next": "soon"}, {"next"}),
        ("update 7", {"text": "hi", "to": "every body"}, {"to"}),
        ("recap 7", {}, {"seen"}),
        ("recap 7", {"from": "25:00"}, {"from"}),
        ("recap 7", {"to": "15:00"}, {"from"}),
        ("recap 7", {"from": "14:00", "zone": "CST"}, {"from"}),
        ("recap 7", {"day": "2062-01-01"}, {"day"}),
        ("recap 7", {"change-by": "U123", "next-report": "31 Feb"}, {"change", "next-report"}),
        ("recap 7", {"change": "x", "change-due": "soon"}, {"change-due"}),
        ("apology publish 3", {"count": "many"}, {"count"}),
        ("apology publish 3", {"at": "17:00 CST"}, {"at"}),
        ("apology fill 3", {"gap": "count"}, {"value"}),
        ("remind 7", {"how": "off"}, {"because"}),
        ("remind 7", {"how": "every"}, {"how_long"}),
        ("reopen 7", {"because": ""}, {"because"}),
        ("task add", {"text": "x", "due": "2026-02-30"}, {"due"}),
        ("role 7", {"role": "chef", "person": "Ana"}, {"role"}),
        ("merge 8", {"into": "seven", "because": "x"}, {"into"}),
        ("show 7", {}, {""}),
        ("nonsense", {}, {""}),
    ],
)
def test_faults_name_their_field(says: str, values: Mapping[str, Answer], faulty: set[str]) -> None:
    """A form that cannot be taken says at each field what to do."""
    found = from_form(says, values, HOME)
    assert isinstance(found, FormFault)
    assert found.faults.keys() == faulty
    assert all(sentence for sentence in found.faults.values())


@pytest.mark.parametrize("verb", FORMS)
def test_forms_are_whole(verb: str) -> None:
    """Every form has a title that fits, fields with names of their own, and asks for something."""
    fields = form_fields(verb)
    assert 0 < len(form_title(verb)) <= LONGEST_TITLE
    assert len({field.name for field in fields}) == len(fields) > 0
    assert all(field.label for field in fields)


def test_only_what_is_open_is_asked() -> None:
    """What the line says already is not asked again."""
    assert [f.name for f in form_fields("declare", "declare sev1 private")] == ["title", "services", "region", "drill"]
    assert [f.name for f in form_fields("private", "private 7 on")] == ["because"]
    assert [f.name for f in form_fields("link", "link 8")] == ["recurrence_of", "issue", "because"]
    assert form_fields("show") == ()


def test_every_recap_question_can_stay_open() -> None:
    """Each question of the recap can be answered with not known yet."""
    fields = {field.name: field for field in form_fields("recap")}
    asked = {value for value, _ in fields["unknown"].options}
    assert asked == {"seen", "when", "count", "trigger", "state", "data-loss", "change", "next-report"}
    found = from_form("recap 7", {"unknown": tuple(asked)}, HOME)
    assert isinstance(found, c.Recap)
    assert {words for _, words in found.answers} == {"unknown"}
    assert len(found.answers) == 8
    assert all(field.optional for field in fields.values())


def test_filling_in_options() -> None:
    """Handlers put options and first answers in; a choice without options is left out or typed."""
    fields = filled(form_fields("declare"), {"services": (("checkout", "Checkout"),)}, {"title": "x"})
    kinds = {field.name: field.kind for field in fields}
    assert kinds == {
        "title": "line",
        "severity": "choice",
        "services": "choices",
        "private": "choices",
        "drill": "choices",
    }
    assert fields[0].initial == "x"
    assert [f.kind for f in filled(form_fields("region"))] == ["line"]
