"""Commands as lines: `read(write(command))` gives the command back. Buttons say what is written here."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import assert_never

from handlers import commands as c
from handlers.domain.when import write_duration
from handlers.grammar.cursor import NO_CUSTOMERS
from handlers.grammar.words import BEFORE_DRILL, BROKEN_OFF, protect, quote, sure_number, tokens, unquote, words_of

_OPTION_WORDS = words_of(
    "a3 all and at because by chat due every for full in inc incident internal issue me mine next off on open precision"
    " private public region resolved service services severity sev signatory since snooze source to until via"
)
"""Words that may be read as options somewhere: a value that is one of them is quoted."""
_DECLARE = words_of("sev severity service services region private drill")
_LIST = words_of("open resolved all mine service services since")
_UPDATE = words_of("next to")
_TASK = words_of("due")
_FACT = words_of("source internal public for precision due")
_FILL = words_of("source precision")
_REPLACE = words_of("because")


def _words(text: str) -> str:
    """Free text after `because`, a dash or a label: quoted only where reading would change it."""
    plain = protect(text)
    return quote(plain) if not text or unquote(text) != text else plain


def _value(text: str) -> str:
    """A value among other words: quoted unless it is one harmless word."""
    if not text:
        return '""'
    harmless = (
        not any(character.isspace() or character in '",;()[]{}`*:!?=<>&' for character in text)
        and text[0] not in "#@+-–—=./"
        and text[-1] not in ".-–—"
        and not text[0].isdigit()
        and text.casefold() not in _OPTION_WORDS
        and not text.casefold().startswith(("sev", "inc", "--"))
        and any(character.isalnum() for character in text)
        and len(tokens(text)) == 1
    )
    return text if harmless else quote(protect(text))


def _text(text: str, options: frozenset[str] = frozenset()) -> str:
    """Free text before a tail of options: quoted if a word of it may be read as one, or its beginning as a number."""
    found = tokens(text)
    risky = (
        not found
        or '"' in text
        or found[0].raw[0] in "#[(0123456789`=<@"
        or sure_number(found[0]) is not None
        or found[0].word in {"inc", "incident", "to", "all"}
        or any(t.is_dash or t.word in options or t.word.startswith("sev") or t.raw[0] in "@<" for t in found)
        or text.rstrip(" ,;:(-–—`") != text
    )
    return quote(protect(text)) if risky else protect(text)


def _customer(name: str) -> str:
    return quote(protect(name)) if name.casefold().strip(".,;:!?") in NO_CUSTOMERS else _value(name)


def _title(title: str) -> str:
    last = title.split()[-1:]
    if last and last[0].casefold().strip(".,;:!?") in BROKEN_OFF | BEFORE_DRILL:
        return quote(protect(title))
    return _text(title, _DECLARE)


def _round(serial: int) -> str:
    return f"r{serial}" if serial else ""


def _stamp(at: datetime) -> str:
    """An instant in UTC, to the minute where it has no seconds."""
    return at.astimezone(UTC).isoformat(timespec="seconds" if at.second else "minutes").replace("+00:00", "Z")


def _number(number: int | None) -> str:
    return "" if number is None else str(number)


def _sure(number: int | None) -> str:
    """Before free text the number is spelled so that no room takes it for a quantity."""
    return "" if number is None else f"INC-{number}"


def _apology(number: int | None) -> str:
    return "" if number is None else f"A{number}"


def _mention(person: str) -> str:
    """A person as an owner or a role's holder: `@Ana`, `@"Dana Lee"`, `<@U1>`."""
    if person.startswith("<@") and person.endswith(">") and " " not in person:
        return person
    spelled = _value(person)
    return f"@{spelled}"


def _names(names: Iterable[str]) -> str:
    return ",".join(_value(name) for name in names)


def _because(reason: str) -> str:
    return f"because {_words(reason)}" if reason else ""


def _quoted(text: str) -> str:
    """A value of several words before others."""
    return quote(protect(text))


def _dash(words: str) -> str:
    return f"-- {_words(words)}" if words else ""


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z").replace(":00Z", "Z")


def _line(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def write(command: c.Command) -> str:
    """The canonical line of a command.

    Raises ValueError for what only the machine says (`RoomOpened`, `CannotDo`, `PostSettled`, `Tick`, …).
    """
    match command:
        case c.Declare() | c.ListIncidents() | c.Show() | c.Timeline() | c.Help() | c.WhoAmI() | c.Undo() | c.Here():
            return _write_first(command)
        case (
            c.SetSeverity() | c.SetServices() | c.SetRegion() | c.SetTitle() | c.SetStatus() | c.SetPrivate()
            | c.Resolve() | c.Reopen() | c.Cancel() | c.Merge() | c.Update() | c.Holding() | c.Closure() | c.Recap()
            | c.SetRole() | c.AcceptHandOver() | c.DeclineHandOver() | c.Join() | c.Leave() | c.CanReport()
            | c.ShowPeople() | c.Subscribe() | c.Unsubscribe() | c.ShowSubscriptions()
        ):  # fmt: skip
            return _write_incident(command)
        case (
            c.Remind() | c.RemindMe() | c.CancelPing() | c.Notify() | c.OnTrack() | c.Note() | c.Pin() | c.Unpin()
            | c.TaskAdd() | c.TaskDone() | c.TaskMove()
        ):  # fmt: skip
            return _write_reminder(command)
        case (
            c.RecordFact() | c.ReplaceFact() | c.DropFact() | c.ConfirmFact() | c.ShowFacts() | c.ShowAffected()
            | c.ChangeAffected() | c.Link() | c.Unlink()
        ):  # fmt: skip
            return _write_fact(command)
        case (
            c.ApologyDraft() | c.ApologyShow() | c.ApologyWhy() | c.ApologyLint() | c.ApologyStatus()
            | c.ApologyFollowUp() | c.ApologyFill() | c.ApologyWaive() | c.ApologyEdit() | c.ApologyMend()
            | c.ApologySuggest() | c.ApologySubmit() | c.ApologyApprove() | c.ApologyReject() | c.ApologyPublish()
            | c.ApologyPause() | c.ApologyResume() | c.ApologyCorrect() | c.ApologyRetract()
        ):  # fmt: skip
            return _write_apology(command)
        case (
            c.RelayList() | c.RelayPack() | c.RelayCheck() | c.RelayDone() | c.RelayAck() | c.RelaySkip()
            | c.RelayClose() | c.RelayAsk() | c.RelayAnswer() | c.Cover() | c.ShowPromises() | c.PromiseDone()
            | c.PromiseMove() | c.PromiseWithdraw()
        ):  # fmt: skip
            return _write_relay(command)
        case (
            c.CustomerList() | c.CustomerShow() | c.CustomerChannel() | c.CustomerManager() | c.CustomerZone()
            | c.CatalogReviewed()
            | c.ShowCredit() | c.ServiceList() | c.ServiceShow() | c.Stats() | c.Send() | c.Settle()
        ):  # fmt: skip
            return _write_catalog(command)
        case c.OpenForm(says=says):
            return says
        case (
            c.RoomOpened()
            | c.CannotDo()
            | c.MessageChanged()
            | c.PostSettled()
            | c.LookedFor()
            | c.ChannelSeen()
            | c.ChannelTouched()
            | c.ChannelMoved()
            | c.Audited()
            | c.Trouble()
            | c.RoomShut()
            | c.Tick()
        ):
            raise ValueError(f"{type(command).__name__} is never said")
        case _:
            assert_never(command)


_First = c.Declare | c.ListIncidents | c.Show | c.Timeline | c.Help | c.WhoAmI | c.Undo | c.Here


def _write_first(command: _First) -> str:
    match command:
        case c.Declare():
            return _line(
                "declare",
                _title(command.title),
                command.severity or "",
                f"services {_names(command.services)}" if command.services else "",
                f"region {_value(command.region)}" if command.region else "",
                "private" if command.private else "",
                "drill" if command.drill else "",
            )
        case c.ListIncidents():
            return _line(
                "list",
                "" if command.which == "open" else command.which,
                f"service {_value(command.service)}" if command.service else "",
                f"since {write_duration(command.since)}" if command.since else "",
                _text(command.words, _LIST) if command.words else "",
            )
        case c.Show(incident=number):
            return _line("show", _number(number))
        case c.Timeline(incident=number):
            return _line("timeline", _number(number))
        case c.Help(verb=verb):
            return _line("help", verb or "")
        case c.WhoAmI():
            return "whoami"
        case c.Undo():
            return "undo"
        case c.Here():
            return "here"
        case _:
            assert_never(command)


_Incident = (
    c.SetSeverity | c.SetServices | c.SetRegion | c.SetTitle | c.SetStatus | c.SetPrivate | c.Resolve | c.Reopen
    | c.Cancel | c.Merge | c.Update | c.Holding | c.Closure | c.Recap | c.SetRole | c.AcceptHandOver | c.DeclineHandOver
    | c.Join | c.Leave | c.CanReport | c.ShowPeople | c.Subscribe | c.Unsubscribe | c.ShowSubscriptions
)  # fmt: skip


def _write_incident(command: _Incident) -> str:
    match command:
        case c.SetSeverity():
            return _line("severity", _number(command.incident), command.severity, _because(command.because))
        case c.SetServices():
            changes = [f"+{_value(name)}" for name in command.add] + [f"-{_value(name)}" for name in command.remove]
            return _line("services", _number(command.incident), *changes, _names(command.replace))
        case c.SetRegion():
            return _line("region", _number(command.incident), _value(command.region))
        case c.SetTitle():
            return _line("title", _sure(command.incident), _text(command.title))
        case c.SetStatus():
            return _line("status", _number(command.incident), command.status)
        case c.SetPrivate():
            on = "on" if command.on else "off"
            return _line("private", _number(command.incident), on, _because(command.because))
        case c.Resolve():
            return _line("resolve", _number(command.incident), _because(command.because))
        case c.Reopen():
            return _line("reopen", _number(command.incident), _because(command.because))
        case c.Cancel():
            return _line("cancel", _number(command.incident), _because(command.because))
        case c.Merge():
            into = f"into {command.into}"
            return _line("merge", _number(command.incident), into, _because(command.because))
        case c.Update():
            return _line(
                "update",
                _sure(command.incident),
                _text(command.text, _UPDATE) if command.to == "room" else quote(protect(command.text)),
                f"next {write_duration(command.next_in)}" if command.next_in else "",
                f"next at {_stamp(command.next_at)}" if command.next_at else "",
                "" if command.to == "room" else f"to {command.to}",
            )
        case c.Holding(incident=number):
            return _line("holding", _number(number))
        case c.Closure(incident=number):
            return _line("closure", _number(number))
        case c.Recap():
            answers = [f"{field}: {_answer(words)}" for field, words in command.answers]
            return "\n".join([_line("recap", _number(command.incident)), *answers])
        case c.SetRole():
            where = "all" if command.everywhere else _number(command.incident)
            verb = "handover" if command.handed else "role"
            return _line(verb, where, command.role, _mention(command.person), _dash(command.note))
        case c.CanReport():
            parts = (("conditions", command.conditions), ("actions", command.actions), ("needs", command.needs))
            said = [f"{name}: {_answer(words)}" for name, words in parts if words]
            following = f"next: {write_duration(command.next_in)}" if command.next_in else ""
            return _line("can", _number(command.incident), *said, following)
        case c.ShowPeople(incident=number):
            return _line("people", _number(number))
        case c.Subscribe():
            return _subscription(command)
        case c.Unsubscribe(subscription=number):
            return f"unsubscribe S{number}"
        case c.ShowSubscriptions():
            return "subscriptions"
        case c.AcceptHandOver():
            where = "all" if command.everywhere else _number(command.incident)
            return _line("accept", where, command.role or "")
        case c.DeclineHandOver():
            where = "all" if command.everywhere else _number(command.incident)
            return _line("cannot", where, command.role or "", _because(command.because))
        case c.Join(incident=number):
            return _line("join", _number(number))
        case c.Leave(incident=number):
            return _line("leave", _number(number))
        case _:
            assert_never(command)


def _subscription(command: c.Subscribe) -> str:
    plain = command.target in {"me", "here"} or command.target.startswith(("#", "<#", "19:"))
    target = command.target if plain else _mention(command.target)
    what = (
        f"service {_value(command.service)}"
        if command.service
        else command.severity or _line("incident", _number(command.incident))
    )
    return _line("subscribe", target, "to", what, f"events {','.join(command.events)}" if command.events else "")


def _answer(words: str) -> str:
    labels = '"' in words or any(t.raw.endswith(":") for t in tokens(words))
    return quote(protect(words)) if labels or "\n" in words or unquote(words) != words or not words else protect(words)


_Reminder = (
    c.Remind | c.RemindMe | c.CancelPing | c.Notify | c.OnTrack | c.Note | c.Pin | c.Unpin | c.TaskAdd | c.TaskDone
    | c.TaskMove
)  # fmt: skip


def _write_reminder(command: _Reminder) -> str:
    match command:
        case c.Remind():
            mode = (
                f"every {write_duration(command.every)}"
                if command.every
                else f"in {write_duration(command.once_in)}"
                if command.once_in
                else f"at {_stamp(command.once_at)}"
                if command.once_at
                else f"snooze {write_duration(command.snooze)}"
                if command.snooze
                else "off"
            )
            because = _because(command.off_because) if mode == "off" else ""
            return _line("remind", _number(command.incident), mode, _round(command.round), because)
        case c.RemindMe():
            length = f"in {write_duration(command.once_in)}" if command.once_in is not None else ""
            when = f"at {_stamp(command.once_at)}" if command.once_at is not None else length
            return _line("remind me", when, _dash(command.what))
        case c.CancelPing(ping=ping):
            return _line("remind me off", _number(ping))
        case c.Notify():
            return _line("notify", command.what, command.value, command.zone)
        case c.TaskMove():
            owner = _mention(command.owner) if command.owner else ""
            due = f"due {command.due}" if command.due else ""
            return _line("task", _number(command.incident), "move", str(command.task), owner, due)
        case c.OnTrack():
            return _line("ontrack", _number(command.incident), _round(command.round))
        case c.Note():
            return _line("note", _sure(command.incident), _text(command.text))
        case c.Pin():
            return _line("pin", _sure(command.incident), _text(command.text) if command.text else "")
        case c.Unpin():
            return _line("unpin", _number(command.incident), _number(command.pin))
        case c.TaskAdd():
            owner = _mention(command.owner) if command.owner else ""
            due = f"due {command.due}" if command.due else ""
            return _line("task", _number(command.incident), "add", _text(command.text, _TASK), owner, due)
        case c.TaskDone():
            return _line("task", _number(command.incident), "done", str(command.task))
        case _:
            assert_never(command)


_Fact = (
    c.RecordFact | c.ReplaceFact | c.DropFact | c.ConfirmFact | c.ShowFacts | c.ShowAffected | c.ChangeAffected
    | c.Link | c.Unlink
)  # fmt: skip


def _write_fact(command: _Fact) -> str:
    match command:
        case c.RecordFact():
            seen = {"internal": "", "public": "public", "customer": f"for {_customer(command.customer)}"}
            return _line(
                "fact",
                _number(command.incident),
                command.kind,
                _text(command.value, _FACT),
                f"source {_value(command.source)}" if command.source else "",
                seen[command.visibility],
                f"precision {command.precision}" if command.precision else "",
                f"due {command.due}" if command.due else "",
            )
        case c.ReplaceFact():
            value = _text(command.value, _REPLACE)
            return _line("fact", _number(command.incident), f"F{command.fact} =", value, _because(command.because))
        case c.DropFact():
            return _line("fact", _number(command.incident), f"drop F{command.fact}", _because(command.because))
        case c.ConfirmFact():
            return _line("confirm", _number(command.incident), f"F{command.fact}")
        case c.ShowFacts(incident=number):
            return _line("facts", _number(number))
        case c.ShowAffected():
            return _line("affected", _number(command.incident), "mine" if command.mine else "")
        case c.ChangeAffected():
            sign = "+" if command.add else "-"
            change = f"{sign}{_value(command.customer)}"
            return _line("affected", _number(command.incident), change, _because(command.because))
        case c.Link():
            issue = f"issue {_value(command.issue)}" if command.issue else ""
            of = f"recurrence-of {command.recurrence_of}"
            return _line("link", _number(command.incident), of, issue, _because(command.because))
        case c.Unlink():
            return _line("unlink", _number(command.incident), str(command.other))
        case _:
            assert_never(command)


_Apology = (
    c.ApologyDraft | c.ApologyShow | c.ApologyWhy | c.ApologyLint | c.ApologyStatus | c.ApologyFollowUp | c.ApologyFill
    | c.ApologyWaive | c.ApologyEdit | c.ApologyMend | c.ApologySuggest | c.ApologySubmit | c.ApologyApprove
    | c.ApologyReject | c.ApologyPublish | c.ApologyPause | c.ApologyResume | c.ApologyCorrect | c.ApologyRetract
)  # fmt: skip


def _write_apology(command: _Apology) -> str:
    if isinstance(command, c.ApologyDraft):
        signatory = f"signatory {quote(protect(command.signatory))}" if command.signatory else ""
        return _line("apology draft", *map(str, command.incidents), signatory)
    number = _apology(command.apology)
    match command:
        case c.ApologyShow():
            return _line("apology show", number, f"part {command.part}" if command.part > 1 else "")
        case c.ApologyWhy():
            return _line("apology why", number)
        case c.ApologyLint():
            return _line("apology lint", number)
        case c.ApologyStatus():
            return _line("apology status", number)
        case c.ApologyFollowUp():
            return _line("apology follow-up", number)
        case c.ApologyFill():
            source = f"source {_value(command.source)}" if command.source else ""
            precision = f"precision {command.precision}" if command.precision else ""
            return _line("apology fill", number, command.gap, _text(command.value, _FILL), source, precision)
        case c.ApologyWaive():
            reason = command.because
            risky = '"' in reason or any(t.word == "until" for t in tokens(reason))
            because = f"because {quote(protect(reason))}" if risky else _because(reason)
            until = f"until {command.until}" if command.until else ""
            return _line("apology waive", number, command.rule, because, until)
        case c.ApologyEdit():
            variant = "" if command.variant == "full" else command.variant
            return _line("apology edit", number, variant, _dash(command.text))
        case c.ApologyMend():
            return _line("apology mend", number, command.rule)
        case c.ApologySuggest():
            return _line("apology suggest", number, _dash(command.words))
        case c.ApologySubmit():
            return _line("apology submit", number, _because(command.because))
        case c.ApologyApprove():
            return _line("apology approve", number, command.digest)
        case c.ApologyReject():
            return _line("apology reject", number, _because(command.because))
        case c.ApologyPublish():
            at = f"at {_moment(command.at)}" if command.at else ""
            count = f"to {command.count}" if command.count is not None else ""
            return _line("apology publish", number, at, count)
        case c.ApologyPause():
            return _line("apology pause", number)
        case c.ApologyResume():
            return _line("apology resume", number)
        case c.ApologyCorrect():
            return _line("apology correct", number, _because(command.because))
        case c.ApologyRetract():
            return _line("apology retract", number, _because(command.because))
        case _:
            assert_never(command)


_Relay = (
    c.RelayList | c.RelayPack | c.RelayCheck | c.RelayDone | c.RelayAck | c.RelaySkip | c.RelayClose | c.RelayAsk
    | c.RelayAnswer | c.Cover | c.ShowPromises | c.PromiseDone | c.PromiseMove | c.PromiseWithdraw
)  # fmt: skip


def _write_relay(command: _Relay) -> str:
    match command:
        case c.RelayList():
            page = f"page {command.page}" if command.page > 1 else ""
            return _line("relay list", "mine" if command.mine else "", _apology(command.apology), page)
        case c.RelayPack():
            return _line("relay pack", _apology(command.apology), _value(command.customer))
        case c.RelayCheck():
            return _line("relay check", _value(command.customer), _dash(command.text))
        case c.RelayDone():
            via = f"via {command.via}" if command.via else ""
            told = _names(command.customers)
            to = f"to {_quoted(command.to)}" if command.to else ""
            why = f"because {_quoted(command.because)}" if command.because else ""
            return _line("relay done", _apology(command.apology), told, via, to, why, _dash(command.words))
        case c.RelayAck():
            return _line("relay ack", _apology(command.apology), _names(command.customers), _dash(command.words))
        case c.RelaySkip():
            return _line("relay skip", _apology(command.apology), _names(command.customers), _because(command.because))
        case c.RelayClose():
            told = _names(command.customers)
            return _line("relay close", _apology(command.apology), told, _because(command.because))
        case c.RelayAsk():
            return _line("relay ask", _value(command.customer), _dash(command.question))
        case c.RelayAnswer():
            return _line("relay answer", f"Q{command.question}", _dash(command.answer))
        case c.Cover():
            return _line("cover", _mention(command.person), f"until {command.until}")
        case c.ShowPromises():
            if command.which == "customer":
                return _line("promises customer", _value(command.customer))
            return _line("promises", "" if command.which == "open" else command.which)
        case c.PromiseDone():
            return _line("promise done", f"P{command.promise}", _dash(command.evidence))
        case c.PromiseMove():
            return _line("promise move", f"P{command.promise} due {command.due}", _because(command.because))
        case c.PromiseWithdraw():
            return _line("promise withdraw", f"P{command.promise}", _because(command.because))
        case _:
            assert_never(command)


_Catalog = (
    c.CustomerList | c.CustomerShow | c.CustomerChannel | c.CustomerManager | c.CustomerZone | c.CatalogReviewed
    | c.ShowCredit | c.ServiceList | c.ServiceShow | c.Stats | c.Send | c.Settle
)  # fmt: skip


def _write_catalog(command: _Catalog) -> str:
    match command:
        case c.CustomerList():
            return "customer list"
        case c.CustomerShow():
            return _line("customer show", _value(command.customer))
        case c.CustomerChannel():
            sign = "+" if command.add else "-"
            return _line("customer channel", _value(command.customer), f"{sign}{command.channel}")
        case c.CustomerManager():
            return _line("customer manager", _value(command.customer), _mention(command.person))
        case c.CustomerZone():
            return _line("customer zone", _value(command.customer), command.zone)
        case c.CatalogReviewed():
            return f"{command.part} reviewed"
        case c.ShowCredit():
            customer = _value(command.customer) if command.customer else ""
            return _line("credit", _number(command.incident) or _apology(command.apology), customer)
        case c.ServiceList():
            return "service list"
        case c.ServiceShow():
            return _line("service show", _value(command.service))
        case c.Stats():
            return _line(
                "stats",
                f"service {_value(command.service)}" if command.service else "",
                f"since {write_duration(command.since)}" if command.since else "",
            )
        case c.Send():
            return _line("send", str(command.proposal), command.digest)
        case c.Settle():
            return _line("settle", str(command.post), command.verdict, f"r{command.tried}" if command.tried else "")
        case _:
            assert_never(command)
