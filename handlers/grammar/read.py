"""From a line to a command: find the verb, hand the rest to its reader."""

from collections.abc import Callable

from handlers import commands as c
from handlers.commands import Command, OpenForm
from handlers.domain.when import Unreadable, parse_duration
from handlers.grammar import apologies, following, incidents, ledger, relays, reminders
from handlers.grammar.cursor import Cursor
from handlers.grammar.declaring import read_declare
from handlers.grammar.lines import ALIASES, FAMILIES, VERBS, usage
from handlers.grammar.outcome import Ambiguous, Gap, Misread, Outcome, Reading, Stop
from handlers.grammar.words import LONGEST_TEXT, Token, nearest, normalise, shown, sure_number, tokens

_READERS: dict[str, Callable[[Cursor], Command]] = {
    "declare": read_declare,
    "list": incidents.read_list,
    "show": incidents.only_number(c.Show),
    "timeline": incidents.only_number(c.Timeline),
    "help": incidents.read_help,
    "whoami": incidents.alone(c.WhoAmI),
    "undo": incidents.alone(c.Undo),
    "here": incidents.alone(c.Here),
    "severity": incidents.read_severity,
    "services": incidents.read_services,
    "region": incidents.read_region,
    "title": incidents.read_title,
    "status": incidents.read_status,
    "private": incidents.read_private,
    "resolve": incidents.read_resolve,
    "reopen": incidents.reasoned(c.Reopen),
    "cancel": incidents.reasoned(c.Cancel),
    "merge": incidents.read_merge,
    "update": incidents.read_update,
    "can": incidents.read_can,
    "people": incidents.only_number(c.ShowPeople),
    "subscribe": following.read_subscribe,
    "unsubscribe": following.read_unsubscribe,
    "subscriptions": incidents.alone(c.ShowSubscriptions),
    "holding": incidents.only_number(c.Holding),
    "closure": incidents.only_number(c.Closure),
    "recap": incidents.read_recap,
    "role": incidents.read_role,
    "handover": incidents.read_handover,
    "accept": incidents.read_accept,
    "cannot": incidents.read_decline,
    "join": incidents.only_number(c.Join),
    "leave": incidents.only_number(c.Leave),
    "remind": reminders.read_remind,
    "notify": reminders.read_notify,
    "ontrack": reminders.read_ontrack,
    "note": reminders.read_note,
    "pin": reminders.read_pin,
    "unpin": reminders.read_unpin,
    "task add": ledger.read_task_add,
    "task done": ledger.read_task_done,
    "task move": ledger.read_task_move,
    "fact": ledger.read_fact,
    "confirm": ledger.read_confirm,
    "facts": incidents.only_number(c.ShowFacts),
    "affected": ledger.read_affected,
    "link": ledger.read_link,
    "unlink": ledger.read_unlink,
    "apology draft": apologies.read_draft,
    "apology show": apologies.read_show,
    "apology why": apologies.only_apology(c.ApologyWhy),
    "apology lint": apologies.only_apology(c.ApologyLint),
    "apology status": apologies.only_apology(c.ApologyStatus),
    "apology follow-up": apologies.only_apology(c.ApologyFollowUp),
    "apology fill": apologies.read_fill,
    "apology waive": apologies.read_waive,
    "apology edit": apologies.read_edit,
    "apology mend": apologies.read_mend,
    "apology suggest": apologies.read_suggest,
    "apology submit": apologies.read_submit,
    "apology approve": apologies.read_approve,
    "apology reject": apologies.reasoned_apology(c.ApologyReject),
    "apology publish": apologies.read_publish,
    "apology pause": apologies.only_apology(c.ApologyPause),
    "apology resume": apologies.only_apology(c.ApologyResume),
    "apology correct": apologies.reasoned_apology(c.ApologyCorrect),
    "apology retract": apologies.reasoned_apology(c.ApologyRetract),
    "relay list": relays.read_list,
    "relay pack": relays.read_pack,
    "relay check": relays.read_check,
    "relay done": relays.read_done,
    "relay ack": relays.read_ack,
    "relay skip": relays.read_skip,
    "relay close": relays.read_close,
    "relay ask": relays.read_ask,
    "relay answer": relays.read_answer,
    "cover": relays.read_cover,
    "promises": relays.read_promises,
    "promise done": relays.read_promise_done,
    "promise move": relays.read_promise_move,
    "promise withdraw": relays.read_promise_withdraw,
    "customer list": incidents.alone(c.CustomerList),
    "customer show": relays.read_customer_show,
    "customer channel": relays.read_customer_channel,
    "customer manager": relays.read_customer_manager,
    "customer zone": relays.read_customer_zone,
    "credit": relays.read_credit,
    "customer reviewed": incidents.alone(lambda: c.CatalogReviewed("customer")),
    "service reviewed": incidents.alone(lambda: c.CatalogReviewed("service")),
    "service list": incidents.alone(c.ServiceList),
    "service show": relays.read_service_show,
    "stats": relays.read_stats,
    "send": relays.read_send,
    "settle": relays.read_settle,
}

_ADDRESSES = frozenset({"/incident", "/inc", "/amends", "/incidents", "@amends", "amends"})
"""How the bot is called; said once more before a verb, it is left out."""
_SECOND_WORDS = {
    "apology": {
        "followup": "follow-up", "follow": "follow-up", "send": "publish", "sign": "approve", "check": "lint",
        "new": "draft", "create": "draft", "withdraw": "retract", "refuse": "reject", "compose": "draft",
    },
    "relay": {"told": "done", "acknowledged": "ack", "acknowledge": "ack", "open": "pack", "show": "pack"},
    "task": {"new": "add", "close": "done", "give": "move"},
    "promise": {"kept": "done"},
    "customer": {"ls": "list"},
    "service": {"ls": "list"},
}  # fmt: skip


def read(text: str, reading: Reading) -> Command | Ambiguous | Misread:
    """What a line says. Never raises, whatever the text; empty text asks for help.

    A verb that needs arguments and has none, or lacks some, becomes `OpenForm`.
    """
    outcome = read_outcome(text, reading)
    return OpenForm(outcome.says, outcome.verb) if isinstance(outcome, Gap) else outcome


def read_outcome(text: str, reading: Reading) -> Outcome:
    """The same, with what is missing spelled out, for the forms."""
    if len(text) > LONGEST_TEXT:
        return Misread(None, f"That is too long: at most {LONGEST_TEXT:,} characters at once.", usage(None))
    plain = _bare(normalise(text))
    words = tokens(plain)
    try:
        return _read(plain, words, reading)
    except Stop as stop:
        return stop.outcome


def _bare(text: str) -> str:
    """Without the backticks of a line copied from a help text."""
    stripped = text.strip("`").strip() if text.startswith("`") and text.endswith("`") else text
    return stripped if "`" not in stripped else text


def _read(text: str, words: tuple[Token, ...], reading: Reading) -> Outcome:
    at = 0
    while at < len(words) and words[at].raw.casefold().rstrip(",:") in _ADDRESSES:
        at += 1
    if at >= len(words):
        return c.Help()
    first = words[at].word.removeprefix("/") or words[at].raw.casefold()
    if first == "who" and at + 2 < len(words) and (words[at + 1].word, words[at + 2].word) == ("am", "i"):
        first, at = "whoami", at + 2
    if first == "i" and at + 1 < len(words):
        said = words[at + 1].word
        if said == "have" and at + 2 < len(words) and words[at + 2].word == "it":
            first, at = "accept", at + 2
        elif said in {"cannot", "can't"}:
            first, at = "cannot", at + 1
    if first == "on" and at + 1 < len(words) and words[at + 1].word == "track":
        first, at = "ontrack", at + 1
    if first[:3] == "sev" and first.replace("-", "") in c.SEVERITIES:
        return _severity_verb(text, words, at, first.replace("-", ""), reading)
    return _verb(text, words, at + 1, ALIASES.get(first, first), reading, typed=words[at].raw)


def _verb(text: str, words: tuple[Token, ...], at: int, spelled: str, reading: Reading, *, typed: str) -> Outcome:
    verb, *more = spelled.split()
    if verb in FAMILIES:
        return _family(text, words, at, verb, more[0] if more else "", reading)
    reader = _READERS.get(verb)
    if reader is None:
        near = nearest(verb, (*VERBS, *ALIASES))
        hint = f" Did you mean {near}?" if near else " Say help for everything I understand."
        return Misread(None, f"I do not know “{shown(typed)}”.{hint}", usage(near and ALIASES.get(near, near)), near)
    if more:
        # a familiar word that stands for a verb and its first argument: `ic 3 @Ana` is `role 3 commander @Ana`
        return _expanded(text, words, at, (verb, more[0]), reading)
    return reader(Cursor(text, words, at, verb, verb, reading))


def _expanded(text: str, words: tuple[Token, ...], at: int, spelled: tuple[str, str], reading: Reading) -> Outcome:
    verb, argument = spelled
    rest = text[words[at].start :] if at < len(words) else ""
    number, after = "", rest
    if argument == "snooze" and _is_length(rest):
        pass  # `snooze 15 min` begins with no incident
    elif rest:
        taken = Cursor(text, words, at, verb, verb, reading)
        incident = taken.number()
        if incident is not None:
            number = f"INC-{incident}"
        elif taken.word() == "all":
            number, taken.at = "all", at + 1
        after = taken.slice(taken.at, len(words))
    line = " ".join(part for part in (verb, number, argument, after) if part)
    return _READERS[verb](Cursor(line, tokens(line), 1, verb, verb, reading))


def _is_length(text: str) -> bool:
    try:
        parse_duration(text)
    except Unreadable:
        return False
    return True


def _severity_verb(text: str, words: tuple[Token, ...], at: int, severity: str, reading: Reading) -> Outcome:
    """`sev2`, `sev2 7`, `sev2 because …`."""
    rest = words[at + 1 :]
    known = not rest or rest[0].word == "because" or rest[0].is_dash or sure_number(rest[0]) or rest[0].raw.isdigit()
    if not known:
        return Misread(
            "severity",
            f"To open an incident say: declare {severity} {shown(text[rest[0].start :])}",
            usage("severity"),
            "declare",
        )
    return _expanded(text, words, at + 1, ("severity", severity), reading)


def _family(text: str, words: tuple[Token, ...], at: int, family: str, second: str, reading: Reading) -> Outcome:
    """`apology approve 3`, `task 7 add …`, `told contoso` (`relay done`)."""
    subs = FAMILIES[family]
    before: Cursor | None = None
    if not second:
        looked = at
        if family == "task" and at < len(words):
            before = Cursor(text, words, at, family, family, reading)
            if Cursor(text, words, at, family, family, reading).number() is not None:
                looked = at + 1 if sure_number(words[at]) or words[at].raw.rstrip(",:").isdigit() else at + 2
            else:
                before = None
        if looked >= len(words):
            return _family_alone(text, words, at, family, reading)
        said = words[looked].word
        second = _SECOND_WORDS.get(family, {}).get(said, said)
        if family == "apology" and said == "follow" and looked + 1 < len(words) and words[looked + 1].word == "up":
            looked += 1
        if second not in subs:
            return _family_other(text, words, looked, family, reading)
        at = looked + 1
    verb = f"{family} {second}"
    cursor = Cursor(text, words, at, verb, verb, reading)
    if family == "task":
        cursor.head = _task_head(before, second)
        cursor.before = before
        if before is None and (token := cursor.peek()) and sure_number(token):
            cursor.before = Cursor(text, words, cursor.at, verb, verb, reading)  # `task add #7 …`
            cursor.at += 1
            cursor.head = _task_head(cursor.before, second)
            cursor.body = cursor.at
    return _READERS[verb](cursor)


def _task_head(before: Cursor | None, second: str) -> str:
    if before is None:
        return f"task {second}"
    number = before.number()
    before.at = before.body
    return f"task {number} {second}"


def _family_alone(text: str, words: tuple[Token, ...], at: int, family: str, reading: Reading) -> Outcome:
    if family == "task":
        cursor = Cursor(text, words, at, "task", "task add", reading)
        number = cursor.number()
        return Gap(f"task {number} add" if number else "task add", "task add", ("text",))
    if family in {"customer", "service", "relay"}:
        return _READERS[f"{family} list"](Cursor(text, words, at, f"{family} list", f"{family} list", reading))
    return c.Help(family)


def _family_other(text: str, words: tuple[Token, ...], at: int, family: str, reading: Reading) -> Outcome:
    subs = FAMILIES[family]
    near = nearest(words[at].word, (*subs, *_SECOND_WORDS.get(family, {})))
    cursor = Cursor(text, words, at, f"{family} show", f"{family} show", reading)
    if family == "apology" and apologies.apology_number(cursor) is not None:
        return _READERS["apology show"](cursor)
    if family in {"customer", "service"} and near is None:
        return _READERS[f"{family} show"](cursor)
    full = f"{family} {_SECOND_WORDS.get(family, {}).get(near, near)}" if near else None
    hint = f" Did you mean {full}?" if full else ""
    sentence = f"“{shown(words[at].raw)}” is nothing to do with {'an' if family == 'apology' else 'a'} {family}.{hint}"
    return Misread(family, sentence, usage(full or family), full)
