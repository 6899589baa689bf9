"""What people type, and what is understood: tables of lines."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from handlers import commands as c
from handlers.commands import Command
from handlers.grammar import (
    FAMILIES,
    USAGE,
    VERBS,
    Ambiguous,
    Misread,
    Reading,
    help_lines,
    nearest,
    read,
    usage,
    write,
)
from handlers.grammar.cursor import Cursor
from handlers.grammar.fields import FORMS
from handlers.grammar.ledger import change_of
from handlers.grammar.words import normalise, tokens

NOW = datetime(2026, 3, 13, 14, 30, tzinfo=UTC)  # a Friday
EXISTING = {1, 2, 3, 7, 8}
HOME = Reading(now=NOW, zone=ZoneInfo("UTC"), exists=EXISTING.__contains__)
ROOM = Reading(now=NOW, zone=ZoneInfo("UTC"), room=7, exists=EXISTING.__contains__)
CATALOG = Reading(
    now=NOW,
    zone=ZoneInfo("UTC"),
    is_service={"checkout", "search"}.__contains__,
    is_region={"EU", "North America"}.__contains__,
    is_customer={"contoso", "fabrikam", "Contoso Ltd"}.__contains__,
)


def m(minutes: int) -> timedelta:
    return timedelta(minutes=minutes)


# --- the seed ---------------------------------------------------------------------------------------------------------
S = "source statement public"
SEED: tuple[tuple[str, Command], ...] = (
    (
        "/incident declare Intermittent access to BPOS sev1 services bpos region NA",
        c.Declare("Intermittent access to BPOS", "sev1", ("bpos",), "NA"),
    ),
    (
        f"/incident fact 1 window 2010-08-23 {S} precision day",
        c.RecordFact(1, "window", "2010-08-23", "statement", "public", precision="day"),
    ),
    (
        f"/incident fact 1 duration 2h {S} precision stated",
        c.RecordFact(1, "duration", "2h", "statement", "public", precision="stated"),
    ),
    (
        f'/incident fact 1 impact "intermittent access" {S}',
        c.RecordFact(1, "impact", "intermittent access", "statement", "public"),
    ),
    (
        f'/incident fact 1 cause.trigger "our network upgrade" {S}',
        c.RecordFact(1, "cause.trigger", "our network upgrade", "statement", "public"),
    ),
    (
        f'/incident fact 1 cause.flaw "design flaw in the upgrade" {S}',
        c.RecordFact(1, "cause.flaw", "design flaw in the upgrade", "statement", "public"),
    ),
    (f"/incident fact 1 fix fixed {S}", c.RecordFact(1, "fix", "fixed", "statement", "public")),
    ("/incident resolve 1", c.Resolve(1)),
    (
        "/incident declare Sign-in and portals degraded sev2 services sign-in,admin-portals region NA",
        c.Declare("Sign-in and portals degraded", "sev2", ("sign-in", "admin-portals"), "NA"),
    ),
    (
        f"/incident fact 2 window 2010-09-03 {S} precision day",
        c.RecordFact(2, "window", "2010-09-03", "statement", "public", precision="day"),
    ),
    (
        f'/incident fact 2 impact "degraded service" {S}',
        c.RecordFact(2, "impact", "degraded service", "statement", "public"),
    ),
    (
        f'/incident fact 2 cause.latent "a second problem" {S}',
        c.RecordFact(2, "cause.latent", "a second problem", "statement", "public"),
    ),
    ("/incident resolve 2", c.Resolve(2)),
    (
        "/incident link 2 recurrence-of 1 because the first fix was not enough",
        c.Link(2, 1, "the first fix was not enough"),
    ),
    (
        "@Amends declare Sign-in and portals degraded again sev1 services sign-in,admin-portals region NA",
        c.Declare("Sign-in and portals degraded again", "sev1", ("sign-in", "admin-portals"), "NA"),
    ),
    ("@Amends role 3 commander @Ana", c.SetRole(3, "commander", "Ana")),
    (
        f"@Amends fact 3 window 2010-09-07 {S} precision afternoon",
        c.RecordFact(3, "window", "2010-09-07", "statement", "public", precision="afternoon"),
    ),
    (
        f'@Amends fact 3 scale "more customers" {S} precision comparative',
        c.RecordFact(3, "scale", "more customers", "statement", "public", precision="comparative"),
    ),
    (
        f'@Amends fact 3 action "isolated suspect traffic" {S}',
        c.RecordFact(3, "action", "isolated suspect traffic", "statement", "public"),
    ),
    (f"@Amends fact 3 fix contained {S}", c.RecordFact(3, "fix", "contained", "statement", "public")),
    (f"@Amends fact 3 monitoring yes {S}", c.RecordFact(3, "monitoring", "yes", "statement", "public")),
    (
        f'@Amends fact 3 effort "24/7 work to prevent a repeat" {S}',
        c.RecordFact(3, "effort", "24/7 work to prevent a repeat", "statement", "public"),
    ),
    (
        f'@Amends fact 3 exclusion "other Microsoft services" {S}',
        c.RecordFact(3, "exclusion", "other Microsoft services", "statement", "public"),
    ),
    (
        '@Amends fact 3 impact "Exchange Online" source "customer reports" internal',
        c.RecordFact(3, "impact", "Exchange Online", "customer reports", "internal"),
    ),
    (
        "@Amends note 3 suspect traffic from 10.20.30.40 / edge-blu-07, ticket NET-4411",
        c.Note(3, "suspect traffic from 10.20.30.40 / edge-blu-07, ticket NET-4411"),
    ),
    (
        "@Amends link 3 recurrence-of 2 because the same second problem",
        c.Link(3, 2, "the same second problem"),
    ),
    ("@Amends status 3 monitoring", c.SetStatus(3, "monitoring")),
    (
        '@Amends apology draft 1 2 3 signatory "Morgan Cole, on behalf of Microsoft Online Services"',
        c.ApologyDraft((1, 2, 3), "Morgan Cole, on behalf of Microsoft Online Services"),
    ),
    ("@Amends apology fill timezone America/Los_Angeles", c.ApologyFill(None, "timezone", "America/Los_Angeles")),
    ("@Amends apology fill next-report 2010-09-15", c.ApologyFill(None, "next-report", "2010-09-15")),
    ('@Amends apology fill remedy "decision by 2010-09-15"', c.ApologyFill(None, "remedy", "decision by 2010-09-15")),
    ("@Amends apology fill contact support@example.com", c.ApologyFill(None, "contact", "support@example.com")),
    (
        "@Amends task 3 add Prevent a repeat @Noor due 2010-09-15",
        c.TaskAdd(3, "Prevent a repeat", "Noor", "2010-09-15"),
    ),
    ("@Amends apology fill times unknown", c.ApologyFill(None, "times", "unknown")),
    ("@Amends apology fill traffic unknown", c.ApologyFill(None, "traffic", "unknown")),
    ("@Amends apology fill count unknown", c.ApologyFill(None, "count", "unknown")),
    (
        "@Amends apology waive data-loss because not yet confirmed",
        c.ApologyWaive(None, "data-loss", "not yet confirmed"),
    ),
    ("@Amends apology lint", c.ApologyLint()),
    ("@Amends apology submit", c.ApologySubmit()),
    ("/apology approve", c.ApologyApprove()),
    (
        "/apology publish at 2010-09-08T17:00-07:00",
        c.ApologyPublish(at=datetime(2010, 9, 9, 0, 0, tzinfo=UTC)),
    ),
    (
        "@Amends relay done fabrikam via phone -- told the CIO",
        c.RelayDone(None, ("fabrikam",), "phone", "told the CIO"),
    ),
    ("fact 1 fix verified", c.RecordFact(1, "fix", "verified")),
    ("apology correct", c.OpenForm("apology correct", "apology correct")),
    ("unlink 2 1", c.Unlink(2, 1)),
    ("relay done contoso via email -- a few minutes", c.RelayDone(None, ("contoso",), "email", "a few minutes")),
)


@pytest.mark.parametrize(("line", "command"), SEED, ids=[line[:60] for line, _ in SEED])
def test_every_line_of_the_seed(line: str, command: Command) -> None:
    """The replay of September 2010 is read word for word, wherever it is typed."""
    assert read(line, HOME) == command


# --- one table per family ---------------------------------------------------------------------------------------------
LINES: tuple[tuple[str, Command], ...] = (
    # looking
    ("", c.Help()),
    ("   ", c.Help()),
    ("@Amends", c.Help()),
    ("?", c.Help()),
    ("HELP apology FILL", c.Help("apology fill")),
    ("apology", c.Help("apology")),
    ("list", c.ListIncidents()),
    ("list open timeouts in search", c.ListIncidents("open", words="timeouts in search")),
    ("list since 7d", c.ListIncidents(since=timedelta(days=7))),
    ("list timeouts resolved service checkout", c.ListIncidents("resolved", "checkout", words="timeouts")),
    ('list "open"', c.ListIncidents(words="open")),
    ("list since 2026-03-01", c.ListIncidents(since=timedelta(days=12))),
    ("show", c.Show()),
    ("show INC-7", c.Show(7)),
    ("Show #7", c.Show(7)),
    ("show inc 7", c.Show(7)),
    ("show 7,", c.Show(7)),
    ("who am I?", c.WhoAmI()),
    ("undo", c.Undo()),
    ("here", c.Here()),
    # life
    ("severity 7 sev2", c.SetSeverity(7, "sev2")),
    ("sev 7 SEV-2 because half of it is back", c.SetSeverity(7, "sev2", "half of it is back")),
    ("sev1", c.SetSeverity(None, "sev1")),
    ("sev3 7 because it is quiet", c.SetSeverity(7, "sev3", "it is quiet")),
    ("severity sev2 7", c.SetSeverity(7, "sev2")),
    ("services 7 +search -checkout", c.SetServices(7, ("search",), ("checkout",))),
    ("services +a, b", c.SetServices(None, ("a", "b"))),
    ('services 7 sign-in, "Admin portals"', c.SetServices(7, replace=("sign-in", "Admin portals"))),
    ("region 7 North America", c.SetRegion(7, "North America")),
    ("title 7 Checkout — EU", c.SetTitle(7, "Checkout — EU")),
    ("status 7 Identified", c.SetStatus(7, "identified")),
    ("status resolved", c.SetStatus(None, "resolved")),
    ("monitoring 7", c.SetStatus(7, "monitoring")),
    ("private 7 on because payroll data", c.SetPrivate(7, True, "payroll data")),
    ("private off — it is public by now", c.SetPrivate(None, False, "it is public by now")),
    ("resolve", c.Resolve()),
    ("close 7 because errors are gone", c.Resolve(7, "errors are gone")),
    ("reopen 7 because errors are back", c.Reopen(7, "errors are back")),
    ("cancel #7 because a test alert", c.Cancel(7, "a test alert")),
    ("merge 8 into 7 because same outage", c.Merge(8, 7, "same outage")),
    ("merge into INC-7 because same outage", c.Merge(None, 7, "same outage")),
    # updates
    ("update 7 Half of the nodes are back next 30m", c.Update(7, "Half of the nodes are back", m(30))),
    (
        "update 7 Half is back next at 2031-01-02T15:00Z to customers",
        c.Update(7, "Half is back", to="customers", next_at=datetime(2031, 1, 2, 15, tzinfo=UTC)),
    ),
    ("update 7 We look at what is next at the gate", c.Update(7, "We look at what is next at the gate")),
    ("update 7 All good to status next 1h 30m", c.Update(7, "All good", m(90), "status")),
    ("UPDATE 7 All good NEXT 2 hours TO CUSTOMERS", c.Update(7, "All good", m(120), "customers")),
    ("update 7 We look at what comes next", c.Update(7, "We look at what comes next")),
    ("update 7 The next 30m decide", c.Update(7, "The next 30m decide")),
    ('update 7 "We update you next 30m"', c.Update(7, "We update you next 30m")),
    ("update 7 line one\nline two\n- a\nnext 15m", c.Update(7, "line one\nline two\n- a", m(15))),
    ("update: All good", c.Update(None, "All good")),
    ("holding 7", c.Holding(7)),
    ("closure 7", c.Closure(7)),
    ("recap 7", c.Recap(7)),
    (
        "recap 7\nseen: could not pay\nfrom: 14:02 to: 15:10 CET\ntrigger: a deploy\nstate: contained",
        c.Recap(
            7,
            (
                ("seen", "could not pay"),
                ("from", "14:02"),
                ("to", "15:10 CET"),
                ("trigger", "a deploy"),
                ("state", "stable"),
            ),
        ),
    ),
    (
        "recap seen: could not pay data loss: not known yet Next Report: 2026-03-20 state: not fixed count: ?",
        c.Recap(
            None,
            (
                ("seen", "could not pay"),
                ("data-loss", "unknown"),
                ("next-report", "2026-03-20"),
                ("state", "not-fixed"),
                ("count", "unknown"),
            ),
        ),
    ),
    # roles
    ("role 3 commander <@U123|ana>", c.SetRole(3, "commander", "<@U123>")),
    ("role 3 comms @Dana Lee — next update at 15:00", c.SetRole(3, "comms", "Dana Lee", note="next update at 15:00")),
    ("role all scribe ana@example.com", c.SetRole(None, "scribe", "ana@example.com", everywhere=True)),
    ("ic 3 @Ana", c.SetRole(3, "commander", "Ana")),
    ("lead me", c.SetRole(None, "commander", "me")),
    ("role 3 incident commander <@29:1x-Y>", c.SetRole(3, "commander", "<@29:1x-Y>")),
    ("join 7", c.Join(7)),
    ("leave", c.Leave()),
    # reminders, notes, tasks
    ("remind 7 every 30m", c.Remind(7, every=m(30))),
    ("remind 7 at 2031-01-02 15:00 UTC", c.Remind(7, once_at=datetime(2031, 1, 2, 15, tzinfo=UTC))),
    ("remind 7 snooze 15m r3", c.Remind(7, snooze=m(15), round=3)),
    ("remind 7 off r3 because it sleeps", c.Remind(7, off_because="it sleeps", round=3)),
    ("ontrack 7 r3", c.OnTrack(7, 3)),
    ("remind in half an hour", c.Remind(None, once_in=m(30))),
    ("remind 7 off because it sleeps", c.Remind(7, off_because="it sleeps")),
    ("remind snooze 15m", c.Remind(None, snooze=m(15))),
    ("snooze 15 min", c.Remind(None, snooze=m(15))),
    ("snooze 7 15m", c.Remind(7, snooze=m(15))),
    ("remind me in 10m -- call the vendor", c.RemindMe(m(10), "call the vendor")),
    ("remind me in 1h 30m to call the vendor", c.RemindMe(m(90), "call the vendor")),
    ("remind me at 15:00 -- call the vendor", c.RemindMe(None, "call the vendor", NOW.replace(hour=15, minute=0))),
    ("remind me at 15:00 UTC to call at 16:00", c.RemindMe(None, "call at 16:00", NOW.replace(hour=15, minute=0))),
    ("remind me at 2031-01-02 15:00 — call", c.RemindMe(None, "call", datetime(2031, 1, 2, 15, tzinfo=UTC))),
    ("remind me at 09:00 -- call", c.RemindMe(None, "call", datetime(2026, 3, 14, 9, tzinfo=UTC))),
    ("on track", c.OnTrack()),
    ("ontrack 7", c.OnTrack(7)),
    ("note 7 see NET-4411 next 30m because -- private", c.Note(7, "see NET-4411 next 30m because -- private")),
    ("task 7 add Call them", c.TaskAdd(7, "Call them")),
    ("task add #7 Call them @Dana Lee due tomorrow", c.TaskAdd(7, "Call them", "Dana Lee", "2026-03-14")),
    ("task add Renew what is due today and call", c.TaskAdd(None, "Renew what is due today and call")),
    ("task 7 add Ask <@U9> due in 2 weeks", c.TaskAdd(7, "Ask", "<@U9>", "2026-03-27")),
    ("task 7 done 2", c.TaskDone(7, 2)),
    ("task done T2", c.TaskDone(None, 2)),
    # facts
    (
        'fact 7 cause.trigger "outage due to an expired certificate"',
        c.RecordFact(7, "cause.trigger", "outage due to an expired certificate"),
    ),
    (
        "fact 7 trigger outage due to an expired certificate",
        c.RecordFact(7, "cause.trigger", "outage due to an expired certificate"),
    ),
    ("fact impact lost source control access", c.RecordFact(None, "impact", "lost source control access")),
    (
        "fact 7 impact no logins for contoso precision at least due Friday",
        c.RecordFact(7, "impact", "no logins", "", "customer", "contoso", "at-least", "2026-03-20"),
    ),
    ("fact 7 impact no logins for hours", c.RecordFact(7, "impact", "no logins for hours")),
    ("fact 7 data loss none source change record", c.RecordFact(7, "data-loss", "none", "change record")),
    (
        "fact 7 window 2026-03-13 13:02–14:10 CET public",
        c.RecordFact(7, "window", "2026-03-13 13:02–14:10 CET", "", "public"),
    ),
    ("fact 7 F4 = 3h because the logs say so", c.ReplaceFact(7, 4, "3h", "the logs say so")),
    ('fact F4="3h because of x" because y', c.ReplaceFact(None, 4, "3h because of x", "y")),
    ("fact 7 drop F4 because a duplicate", c.DropFact(7, 4, "a duplicate")),
    ("confirm 7 F4", c.ConfirmFact(7, 4)),
    ("confirm f4", c.ConfirmFact(None, 4)),
    ("facts #7", c.ShowFacts(7)),
    ("affected", c.ShowAffected()),
    ("affected 7 mine", c.ShowAffected(7, mine=True)),
    ("affected 7 +contoso because they called", c.ChangeAffected(7, "contoso", True, "they called")),
    ('affected -"Contoso Ltd" because not hit', c.ChangeAffected(None, "Contoso Ltd", False, "not hit")),
    ("link 8 repeat-of 7 issue NET-1 because same", c.Link(8, 7, "same", "NET-1")),
    ("unlink 8 from 7", c.Unlink(8, 7)),
    # apology
    ("apology draft 1, 2 and #3", c.ApologyDraft((1, 2, 3))),
    ("apology draft 1,2,3 signatory Dana Lee", c.ApologyDraft((1, 2, 3), "Dana Lee")),
    ("apology 3", c.ApologyShow(3)),
    ("apology show A3", c.ApologyShow(3)),
    ("apology why", c.ApologyWhy()),
    ("apology mend 3 w2b", c.ApologyMend(3, "W2b")),
    ("apology mend A3", c.ApologyMend(None, "A3")),
    ("apology submit 3 because support is counting", c.ApologySubmit(3, "support is counting")),
    ("apology submit -- support is counting", c.ApologySubmit(None, "support is counting")),
    ("apology why A3", c.ApologyWhy(3)),
    ("apology status", c.ApologyStatus()),
    ("apology follow up 3", c.ApologyFollowUp(3)),
    (
        "apology fill 3 next report 15 September 2026 source legal",
        c.ApologyFill(3, "next-report", "15 September 2026", "legal"),
    ),
    ("apology fill A3 count 400 precision about", c.ApologyFill(3, "count", "400", precision="about")),
    ("apology waive A3 because the cause is open", c.ApologyWaive(None, "A3", "the cause is open")),
    ("apology waive A3 w2B because quoted until 2026-03-20", c.ApologyWaive(3, "W2b", "quoted", "2026-03-20")),
    ("apology waive count because we wait until they call", c.ApologyWaive(None, "count", "we wait until they call")),
    ("apology edit", c.ApologyEdit(None)),
    ("apology edit 3 chat -- We are sorry.\n\nDana", c.ApologyEdit(3, "We are sorry.\n\nDana", "chat")),
    ("apology suggest 3 — say it plainly", c.ApologySuggest(3, "say it plainly")),
    ("apology approve 3 0123abcd", c.ApologyApprove(3, "0123abcd")),
    ("apology reject because the date is wrong", c.ApologyReject(None, "the date is wrong")),
    ("apology publish 3 to 34", c.ApologyPublish(3, None, 34)),
    ("apology publish to 34 channels at 17:00", c.ApologyPublish(None, datetime(2026, 3, 13, 17, tzinfo=UTC), 34)),
    ("apology pause 3", c.ApologyPause(3)),
    ("apology resume", c.ApologyResume()),
    ("apology correct 3 because 3 hours", c.ApologyCorrect(3, "3 hours")),
    ("apology retract A3 because wrong customers", c.ApologyRetract(3, "wrong customers")),
    # relay, promises
    ("relay list mine", c.RelayList(None, True)),
    ("relay list A3", c.RelayList(3)),
    ("relay check contoso -- it was slow", c.RelayCheck("contoso", "it was slow")),
    ("told contoso via phone — the CIO", c.RelayDone(None, ("contoso",), "phone", "the CIO")),
    ("relay done A3 a, b and c", c.RelayDone(3, ("a", "b", "c"))),
    ('relay ack 3 "Smith, Sons" -- thanks', c.RelayAck(3, ("Smith, Sons",), "thanks")),
    ("relay skip contoso because not hit", c.RelaySkip(None, ("contoso",), "not hit")),
    ("relay ask contoso -- was mail lost?", c.RelayAsk("contoso", "was mail lost?")),
    ("relay answer Q2 -- No.", c.RelayAnswer(2, "No.")),
    ("cover @Dana until 15 September", c.Cover("Dana", "2026-09-15")),
    ("promises", c.ShowPromises()),
    ("promises customer Contoso Ltd", c.ShowPromises("customer", "Contoso Ltd")),
    ("promise done P4 -- report sent", c.PromiseDone(4, "report sent")),
    ("promise move 4 due Monday because of tests", c.PromiseMove(4, "2026-03-16", "of tests")),
    ("promise withdraw 4 because never meant", c.PromiseWithdraw(4, "never meant")),
    # catalog, numbers, buttons
    ("customers", c.CustomerList()),
    ("customer show Contoso Ltd", c.CustomerShow("Contoso Ltd")),
    ("customer contoso", c.CustomerShow("contoso")),
    ("customer channel contoso +<#C012|contoso>", c.CustomerChannel("contoso", "<#C012>", True)),
    ("customer channel contoso -#contoso", c.CustomerChannel("contoso", "#contoso", False)),
    ("customer manager contoso @Dana", c.CustomerManager("contoso", "Dana")),
    ("customer manager Contoso Ltd <@U1>", c.CustomerManager("Contoso Ltd", "<@U1>")),
    ("customer manager contoso dana@example.com", c.CustomerManager("contoso", "dana@example.com")),
    ("customer zone contoso Europe/Berlin", c.CustomerZone("contoso", "Europe/Berlin")),
    ("customer zone contoso new york", c.CustomerZone("contoso", "America/New_York")),
    ("credit", c.ShowCredit()),
    ("credit 7", c.ShowCredit(7)),
    ("credit INC-7 contoso", c.ShowCredit(7, None, "contoso")),
    ("credit A3", c.ShowCredit(None, 3)),
    ("credit A3 Contoso Ltd", c.ShowCredit(None, 3, "Contoso Ltd")),
    ("credit contoso", c.ShowCredit(None, None, "contoso")),
    ("service show checkout", c.ServiceShow("checkout")),
    ("stats service checkout since 90d", c.Stats("checkout", timedelta(days=90))),
    ("send 4 0123abcd", c.Send(4, "0123abcd")),
    ("settle 12 arrived", c.Settle(12, "arrived")),
    ("settle 12 look", c.Settle(12, "look")),
    ("settle 12 again r3", c.Settle(12, "again", 3)),
)


@pytest.mark.parametrize(("line", "command"), LINES, ids=[line[:60] or "empty" for line, _ in LINES])
def test_a_line_is_understood(line: str, command: Command) -> None:
    """Each line of the contract, said as people say it, becomes its command."""
    assert read(line, HOME) == command


# --- declare ----------------------------------------------------------------------------------------------------------
DECLARED = (
    ("Private link broken", c.Declare("Private link broken")),
    ("private link broken", c.Declare("private link broken")),
    ("Drill down fails", c.Declare("Drill down fails")),
    ("drill down fails sev2", c.Declare("drill down fails", "sev2")),
    ("sev1 Private link broken", c.Declare("Private link broken", "sev1")),
    ("sev1 Checkout is down", c.Declare("Checkout is down", "sev1")),
    ("private sev1 Payroll leak", c.Declare("Payroll leak", "sev1", private=True)),
    ("private Payroll leak", c.Declare("Payroll leak", private=True)),
    ("[private] payroll leak", c.Declare("payroll leak", private=True)),
    ("private: payroll leak", c.Declare("payroll leak", private=True)),
    ('private "payroll leak"', c.Declare("payroll leak", private=True)),
    ("drill Checkout down", c.Declare("Checkout down", drill=True)),
    ("—drill Checkout down", c.Declare("Checkout down", drill=True)),
    ("Payroll leak private", c.Declare("Payroll leak", private=True)),
    ("Payroll leak private drill sev3", c.Declare("Payroll leak", "sev3", private=True, drill=True)),
    ("Checkout down, SEV-1", c.Declare("Checkout down", "sev1")),
    ("Checkout down (sev1)", c.Declare("Checkout down", "sev1")),
    ("Checkout down sev 1 region EU", c.Declare("Checkout down", "sev1", region="EU")),
    ("Private drill sev2 page is empty", c.Declare("page is empty", "sev2", private=True, drill=True)),
    ("This channel is private", c.Declare("This channel is private")),
    ("Alarm in fire drill", c.Declare("Alarm in fire drill")),
    ("Errors in region EU sev2", c.Declare("Errors in region EU", "sev2", region="EU")),
    ("Our services are down", c.Declare("Our services are down")),
    ("Services down", c.Declare("Services down")),
    ("Checkout services slow for many", c.Declare("Checkout services slow for many")),
    ("Slow services a, b region North America", c.Declare("Slow", None, ("a", "b"), "North America")),
    ("services a,b Slow everywhere", c.Declare("Slow everywhere", None, ("a", "b"))),
    ("region failover does not end", c.Declare("region failover does not end")),
    ("region NA checkout down", c.Declare("checkout down", region="NA")),
    ('"Checkout down sev1"', c.Declare("Checkout down sev1")),
    ("“Checkout” is down", c.Declare('"Checkout" is down')),
    ("Checkout — EU — down", c.Declare("Checkout — EU — down")),
    ("Checkout\u00a0down\u200b  now", c.Declare("Checkout down now")),
    ("<http://shop.example|shop.example> is down", c.Declare("shop.example is down")),
    ("3 of 5 nodes down", c.Declare("3 of 5 nodes down")),
    ("👩‍🚒 needed sev1", c.Declare("👩‍🚒 needed", "sev1")),
)


@pytest.mark.parametrize(("words", "command"), DECLARED, ids=[words for words, _ in DECLARED])
def test_options_of_declare(words: str, command: Command) -> None:
    """Options count before the title or as an unbroken tail, never from its middle."""
    assert read(f"declare {words}", HOME) == command


@pytest.mark.parametrize("words", ["private payroll leak", "drill checkout down", "private DNS2 leak"])
def test_declare_asks_where_a_word_may_be_either(words: str) -> None:
    """Where neither reading is clear, both are offered, and either answer is then unmistakable."""
    found = read(f"declare {words}", HOME)
    assert isinstance(found, Ambiguous)
    answers = [read(line, HOME) for _, line in found.options]
    flagged, plain = answers
    assert isinstance(flagged, c.Declare)
    assert flagged.private or flagged.drill
    assert plain == c.Declare(words)


def test_the_catalog_tells_services_from_words() -> None:
    """With the catalog at hand an unknown word after `services` stays in the title."""
    assert read("declare Trouble with all services yet", CATALOG) == c.Declare("Trouble with all services yet")
    assert read("declare Trouble services checkout", CATALOG) == c.Declare("Trouble", services=("checkout",))
    assert read("declare services checkout failing again", CATALOG) == c.Declare(
        "failing again", services=("checkout",)
    )


# --- numbers in a room ------------------------------------------------------------------------------------------------
IN_ROOM = (
    ("update 3 of 5 nodes back", c.Update(None, "3 of 5 nodes back")),
    ("update 4 nodes back", c.Update(None, "4 nodes back")),
    ("update 7 rolled back", c.Update(7, "rolled back")),
    ("update 7 of 9 nodes back", c.Update(None, "7 of 9 nodes back")),
    ("update #3 of 5 nodes back", c.Update(3, "of 5 nodes back")),
    ("update INC-3 rolled back", c.Update(3, "rolled back")),
    ("update 3: rolled back", c.Update(3, "rolled back")),
    ('update 3 "rolled back"', c.Update(3, "rolled back")),
    ("update 50% are back", c.Update(None, "50% are back")),
    ("update 3/5 are back", c.Update(None, "3/5 are back")),
    ("note 3 of them are ours", c.Note(None, "3 of them are ours")),
    ("title 2 to 3 regions slow", c.SetTitle(None, "2 to 3 regions slow")),
    ("severity 4", c.SetSeverity(None, "sev4")),
    ("severity 3 sev2", c.SetSeverity(3, "sev2")),
    ("confirm 4", c.ConfirmFact(None, 4)),
    ("link recurrence-of 3 because same", c.Link(7, 3, "same")),
    ("unlink 3", c.Unlink(7, 3)),
    ("apology draft", c.ApologyDraft((7,))),
    ("merge 3 because same", c.OpenForm("merge 3", "merge")),
    ("severity 7", c.OpenForm("severity INC-7", "severity")),
    ("severity 6", c.OpenForm("severity INC-6", "severity")),
)


@pytest.mark.parametrize(("line", "command"), IN_ROOM, ids=[line for line, _ in IN_ROOM])
def test_numbers_in_a_room(line: str, command: Command) -> None:
    """In a room a bare number before free text belongs to the text unless it is clearly an incident."""
    assert read(line, ROOM) == command


@pytest.mark.parametrize(
    ("line", "answers"),
    [
        ("update 3 rolled back", (c.Update(7, "3 rolled back"), c.Update(3, "rolled back"))),
        ("update 7 nodes back", (c.Update(7, "7 nodes back"), c.Update(7, "nodes back"))),
        (
            "update 3 rolled back next 30m",
            (c.Update(7, "3 rolled back", m(30)), c.Update(3, "rolled back", m(30))),
        ),
        ("severity 2", (c.SetSeverity(7, "sev2"), c.OpenForm("severity INC-2", "severity"))),
        ("note 3 looks odd", (c.Note(7, "3 looks odd"), c.Note(3, "looks odd"))),
    ],
)
def test_in_doubt_the_bot_asks(line: str, answers: tuple[Command, ...]) -> None:
    """An existing incident's number before plain words may be either: two buttons, both clear."""
    found = read(line, ROOM)
    assert isinstance(found, Ambiguous)
    assert tuple(read(option, ROOM) for _, option in found.options) == answers


def test_words_to_customers_may_be_a_sentence() -> None:
    """“We restored access to customers” is asked about; nothing leaves by accident."""
    found = read("update 7 We restored access to customers", HOME)
    assert isinstance(found, Ambiguous)
    assert {read(line, HOME) for _, line in found.options} == {
        c.Update(7, "We restored access to customers"),
        c.Update(7, "We restored access", to="customers"),
    }


# --- what is missing --------------------------------------------------------------------------------------------------
MISSING = (
    ("declare", "declare", "declare"),
    ("declare sev1 private", "declare sev1 private", "declare"),
    ("update 7", "update 7", "update"),
    ("update 7 next 30m", "update 7 next 30m", "update"),
    ("told", "relay done", "relay done"),
    ("reopen 7 because", "reopen 7", "reopen"),
    ("private on", "private on", "private"),
    ("merge 8 into 7", "merge 8 into 7", "merge"),
    ("role 7 commander", "role 7 commander", "role"),
    ("fact 7 drop F4", "fact 7 drop F4", "fact drop"),
    ("fact 7 F4 = 3h", "fact 7 F4 = 3h", "fact replace"),
    ("task 7", "task 7 add", "task add"),
    ("remind me", "remind me", "remind me"),
    ("remind 7 every", "remind 7 every", "remind"),
    ("apology waive W2", "apology waive W2", "apology waive"),
    ("affected 7 +contoso", "affected 7 +contoso", "affected"),
    ("cover @Dana", "cover @Dana", "cover"),
    ("promise move P4 due Monday", "promise move P4 due Monday", "promise move"),
)


@pytest.mark.parametrize(("line", "says", "verb"), MISSING, ids=[line for line, *_ in MISSING])
def test_what_is_missing_opens_a_form(line: str, says: str, verb: str) -> None:
    """A verb that needs more opens its form, and what was said already is kept."""
    assert read(line, HOME) == c.OpenForm(says, verb)


@pytest.mark.parametrize("verb", [verb for verb, entry in USAGE.items() if entry.needs_arguments])
def test_verbs_that_need_arguments_have_a_form(verb: str) -> None:
    """Said alone, such a verb opens a form that has fields."""
    said = {"fact replace": "fact F4", "fact drop": "fact drop", "task add": "task add"}.get(verb, verb)
    found = read(said, HOME)
    assert isinstance(found, c.OpenForm)
    assert found.verb == verb
    assert FORMS[verb]


# --- what is not understood -------------------------------------------------------------------------------------------
MISREAD = (
    ("decalre Checkout down", "declare"),
    ("udpate 7 x", "update"),
    ("apology aprove 3", "apology approve"),
    ("relay dnoe contoso", "relay done"),
    ("severity 7 sev9", None),
    ("declare sev7 Checkout down", None),
    ("status 7 identifed", "identified"),
    ("role 7 comander @Ana", "commander"),
    ("fact 7 windw 2026-03-13", "window"),
    ("fact 7 cause x", "cause.trigger"),
    ("apology fill timezoen UTC", "timezone"),
    ("help udpate", "update"),
    ("sev1 Checkout is down", "declare"),
    ("settle 12 arived", "arrived"),
    ("recap 7\nseeen: x", "seen"),
    ("show 7 8", None),
    ("show 0", None),
    ("show 99999999999999999999", None),
    ("hello", None),
    ("resolve checkout", None),
    ("reopen 7 it came back", None),
    ("update 7 soon next 0m", None),
    ("task add Fix it due 2026-02-30", None),
    ("remind 7 every 5 bananas", None),
    ("remind 7 at the weekend", None),
    ("remind me at the weekend -- call", None),
    ("remind me at 2001-01-01 10:00 -- call", None),
    ("remind 7 at 2001-01-01 10:00", None),
    ("update 7 Half is back next at 25:00", None),
    ("ontrack 7 r0", None),
    ("apology publish at 25:00", None),
    ("apology publish at 17:00 CST", None),
    ("relay done contoso via pigeon", None),
    ("cover @Dana until yesterweek", None),
    ("recap 7 state: perfect", None),
    ("recap 7 just words", None),
    ("apology edit 3 We are sorry", None),
    ("x" * 50_000, None),
)


@pytest.mark.parametrize(("line", "near"), MISREAD, ids=[line[:50] for line, _ in MISREAD])
def test_what_is_not_understood_is_explained(line: str, near: str | None) -> None:
    """Wrong input gets a sentence, the verb's usage and the nearest word that exists."""
    found = read(line, HOME)
    assert isinstance(found, Misread)
    assert found.sentence[-1] in ".?…" or ": " in found.sentence  # a whole sentence, or an example to copy
    assert len(found.sentence) < 500
    assert found.usage
    if near:
        assert found.nearest == near


def test_machine_commands_cannot_be_typed() -> None:
    """What only the machine says has no words."""
    for word in ("roomopened", "RoomOpened 7", "tick", "post-settled x", "cannotdo"):
        assert isinstance(read(word, HOME), Misread)
    with pytest.raises(ValueError, match="never said"):
        write(c.Tick())


# --- the table --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("verb", USAGE)
def test_each_example_works(verb: str) -> None:
    """The example of every verb is understood, complete, and reads back after writing."""
    found = read(USAGE[verb].example, HOME)
    assert not isinstance(found, Misread | Ambiguous | c.OpenForm)
    assert read(write(found), HOME) == found
    assert USAGE[verb].line.split()[0] in VERBS
    assert len(USAGE[verb].meaning) < 80


def test_help_has_a_line_for_each_verb() -> None:
    """Help, usage and families derive from one table."""
    assert len(help_lines()) == len(USAGE)
    assert usage("apology").startswith("apology draft|show")
    assert usage("nonsense") == usage(None) == USAGE["help"].line
    assert FAMILIES["task"] == ("add", "done", "move")


@pytest.mark.parametrize(
    ("typed", "near"), [("udpate", "update"), ("apolgy", "apology"), ("xqzw", None), ("decl", "declare"), ("", None)]
)
def test_nearest(typed: str, near: str | None) -> None:
    """The nearest verb is found for a slip of the fingers, and none is made up."""
    assert nearest(typed, VERBS) == near


# --- normalising ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("<@U123|ana> and <@U1>", "<@U123> and <@U1>"),
        ("<#C1|general>", "<#C1>"),
        ("<https://a.example/x|https://a.example/x>", "https://a.example/x"),
        ("<http://a.example|a.example>", "a.example"),
        ("<https://a.example|the page>", "the page (https://a.example)"),
        ("<https://a.example>", "https://a.example"),
        ("<mailto:a@b.example|a@b.example>", "a@b.example"),
        ("<tel:+4912|+4912>", "+4912"),
        ("<!here> <!subteam^S1|@oncall>", "@here @oncall"),
        ("a &amp;&lt;b&gt; &amp;amp;", "a &<b> &amp;"),
        ("“x” ‘y’ «z»", '"x" \'y\' "z"'),
        ("a\u00a0b\u202fc\u3000d", "a b c d"),
        ("a\u202eb\u2066c\u200bd\ufeff\x00", "abcd"),
        ("a\ud800b", "ab"),
        ("👩\u200d🚒", "👩\u200d🚒"),
        ("a\u200d\u200d\u200db", "ab"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("🏴\U000e0067\U000e0062\U000e007f x\U000e0061y", "🏴\U000e0067\U000e0062\U000e007f xy"),
    ],
)
def test_normalising(typed: str, plain: str) -> None:
    """Mentions, links, entities, quotes, blanks and unseen characters become what was meant."""
    assert normalise(typed) == plain


def test_a_line_copied_from_help_works() -> None:
    """Backticks around a copied line are left out."""
    assert read("`show 7`", HOME) == c.Show(7)


def test_a_planned_change_has_owner_and_date() -> None:
    """The recap's `change` is read like a task."""
    words = "Alert on expiry @Noor due Friday"
    cursor = Cursor(words, tokens(words), 0, "task add", "task add", HOME)
    assert change_of(cursor) == ("Alert on expiry", "Noor", "2026-03-20")


def test_customers_by_the_catalog() -> None:
    """Names of several words stay whole where the catalog knows them; known words apart are several customers."""
    assert read("told Contoso Ltd and fabrikam", CATALOG) == c.RelayDone(None, ("Contoso Ltd", "fabrikam"))
    assert read("told contoso fabrikam", CATALOG) == c.RelayDone(None, ("contoso", "fabrikam"))


@dataclass(frozen=True)
class _Never:
    """Stands in for a look-up that must not be asked."""

    def __call__(self, number: int) -> bool:
        raise AssertionError(number)


def test_looking_up_is_rare() -> None:
    """Whether an incident exists is asked only where a bare number stands before free text."""
    silent = Reading(now=NOW, zone=ZoneInfo("UTC"), room=7, exists=_Never())
    for line in ("show 7", "update #3 x", "resolve 3", "declare 3 nodes down", "fact 3 impact x"):
        assert not isinstance(read(line, silent), Misread)
