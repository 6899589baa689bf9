"""The composer under any record: what it prints is a visible fact, no finer than recorded, always the same."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from handlers.domain.apology import Promise
from handlers.domain.catalog import Catalog, Customer, Region, Service
from handlers.domain.compose import (
    PUBLIC,
    Audience,
    Composed,
    Source,
    compose,
    compose_closure,
    compose_holding,
    fact_id,
    gaps,
    words_in,
)
from handlers.domain.compose.moments import zone_label
from handlers.domain.compose.source import (
    CHAT_WORDS,
    CLOSURE_WORDS,
    FAQ_ITEMS,
    FULL_WORDS,
    HOLDING_WORDS,
    TALKING_LINES,
)
from handlers.domain.facts import KINDS, PRECISIONS, Fact
from handlers.domain.incident import Incident, Recurrence, Task
from handlers.domain.lint import Kind, lint, lint_variant, lint_variants, record_view
from handlers.domain.people import Person
from handlers.domain.when import PARTS
from tests.handlers.test_compose import EVERYDAY, Book, checkout

RECORDED = datetime(2026, 12, 1, 12, tzinfo=UTC)
NEXT_UPDATE = datetime(2026, 12, 1, 13, 47, tzinfo=UTC)
MANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

# --- records -------------------------------------------------------------------------------------------------------
WORDS = [
    "amber",
    "basil",
    "cedar",
    "dahlia",
    "elm",
    "fennel",
    "ginger",
    "hazel",
    "iris",
    "jasmine",
    "kelp",
    "lilac",
    "maple",
    "nutmeg",
    "olive",
    "poppy",
    "quince",
    "rosemary",
    "saffron",
    "thyme",
    "umber",
    "violet",
    "walnut",
    "yarrow",
    "zinnia",
    "acorn",
    "birch",
    "clover",
    "daisy",
    "fern",
]
"""One for each fact, and none in the composer's own sentences: it shows which facts a text holds."""
VALUES: dict[str, tuple[str, ...]] = {
    "duration": ("{n}m", "2h {n}m", "about {n} minutes", "3 days", "unknown"),
    "impact": (
        "could not open the {w} page",
        "errors on the {w} page",
        "intermittent access to the {w} list",
        "was slow to show {w}",
        "The {w} page was down",
        "{n} errors on the {w} page",
        "unable to save {w}",
        "delays of {n} minutes on the {w} page",
        "{w} mail came {n} minutes late",
        "{n} {w} errors an hour",
        "unknown",
    ),
    "scale": ("more customers than on the {w} day", "{n}% of {w} requests failed", "wider impact"),
    "count": ("{n}00 customers", "{n} {w} customers", "unknown", "about {n}%", "{n}%", "1 customer"),
    "workaround": ("use the {w} page", "the {w} page still works"),
    "cause.trigger": ("a change of the {w} rules", "the {w} certificate expired", "heavy load on {w}", "unknown"),
    "cause.flaw": ("our test missed {w}", "flaw in the {w} rules", "no alert watched {w}", "unknown"),
    "cause.latent": ("a second fault in {w}", "unknown"),
    "fix": ("none", "contained", "fixed", "verified"),
    "action": ("restarted {w}", "blocked suspicious traffic from {w}", "a new {w} rule", "The {w} team rolled it back"),
    "traffic": ("a crawler called {w}", "unknown"),
    "monitoring": ("yes", "no", "the {w} queue"),
    "effort": ("work on {w}", "24/7 work to prevent a repeat in {w}"),
    "exclusion": ("other {w} pages", "the {w} page"),
    "data-loss": ("none", "yes: orders of {w}", "yes", "unknown"),
    "security": ("none", "yes", "unknown"),
    "remedy": ("none due", "decision by 2026-12-{d:02}", "a call with the {w} team", "{n}% credit for {w}", "unknown"),
    "next-report": ("2026-12-{d:02}", "unknown"),
    "contact": ("{w}@example.com", "your account manager", "https://{w}.example.com/help"),
    "times": ("unknown",),
    "timezone": ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"),
    "prevention": ("unknown",),
}
HIDDEN = (
    "edge-blu-{n} lost {w}",
    "{w} died, ticket NET-44{n}, 10.20.30.{n}",
    "Eve Adams pulled the {w} plug",
    "cartsvc could not reach {w}",
)
"""What colleagues tell each other, of any kind."""
ZONES = (
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Asia/Tokyo",
    "Australia/Lord_Howe",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "UTC",
)
STARTS = (
    datetime(2026, 3, 29, 0, 30, tzinfo=UTC),  # the clocks of Europe skip an hour
    datetime(2026, 10, 25, 0, 15, tzinfo=UTC),  # and have one twice
    datetime(2026, 3, 8, 6, 40, tzinfo=UTC),  # those of the United States
    datetime(2026, 11, 1, 5, 20, tzinfo=UTC),
    datetime(2026, 4, 4, 14, 50, tzinfo=UTC),  # Lord Howe: half an hour
    datetime(2026, 11, 20, 13, 2, tzinfo=UTC),
    datetime(2026, 11, 20, 23, 55, tzinfo=UTC),
)
AUDIENCES = st.builds(
    Audience,
    st.sampled_from([None, "contoso", "fabrikam"]),
    st.sampled_from(["", *ZONES]),
    st.sampled_from(["", "en-GB", "en-US"]),
)
SERVICES = {"alpha": "Checkout", "beta": "Search API", "gamma": "Sign-in service", "delta": "Reports"}
CATALOG = Catalog(
    regions=(Region("EU", "Europe"), Region("NA", "North America")),
    services=(
        *(Service(key, name, internal_names=("cartsvc",)) for key, name in SERVICES.items()),
        Service("omega", "Payroll"),
    ),
    customers=(Customer("contoso", "Contoso Ltd"), Customer("fabrikam", "Fabrikam Inc")),
    people=(Person("eve", "Eve Adams"), Person("noor", "Noor Haddad")),
)


Meant = tuple[datetime, datetime | None, tzinfo | None]
"""What a window was made from: start, end, and the zone that was written with it; wall clocks where none was."""


@dataclass(frozen=True)
class Record:
    """A source, the word that marks each fact, and the instants that each window was made from."""

    source: Source
    marks: dict[str, str]
    windows: dict[str, Meant]
    """By fact."""


@st.composite
def records(draw: st.DrawFn, *, complete: bool = False) -> Record:
    """One to three incidents with facts of every kind, precision and visibility, tasks, links and promises.

    `complete` ones hold at least what no apology goes out without.
    """
    count = draw(st.integers(1, 3))
    facts: list[Fact] = []
    marks: dict[str, str] = {}
    windows: dict[str, Meant] = {}

    def add(incident: int, kind: str, value: str = "", *, plain: bool = False) -> None:
        n = len(facts)
        word = WORDS[n % len(WORDS)] + "x" * (n // len(WORDS))
        visibility = (
            "public" if plain else draw(st.sampled_from(["public", "public", "public", "internal", "customer"]))
        )
        customer = draw(st.sampled_from(["contoso", "fabrikam"])) if visibility == "customer" else ""
        precision = "" if plain else draw(st.sampled_from(["", "about", "at-least", *PRECISIONS]))
        ident = f"INC-{incident} F{n + 1}"
        if kind == "window":
            value, precision, windows[ident] = _window(draw, plain=plain)
        elif not value:
            choices = [v for v in VALUES[kind] if not plain or v != "unknown"]
            value = draw(st.sampled_from(HIDDEN if visibility == "internal" else choices))
        precision = "about" if value.startswith("about") else precision
        marks[ident] = word
        facts.append(
            Fact(
                incident,
                n + 1,
                kind,
                value.format(w=word, n=n + 12, d=n % 25 + 2),
                "zqana",
                RECORDED + timedelta(seconds=n),
                precision=precision,
                source="monitoring" if plain else draw(st.sampled_from(["statement", "monitoring", "zqhidden source"])),
                visibility=visibility,
                customer=customer,
                due=draw(st.sampled_from(["", "", "2026-12-29"])),
                confirmed_at=None if plain else draw(st.sampled_from([None, RECORDED + timedelta(hours=1)])),
                state="live" if plain else draw(st.sampled_from(["live", "live", "live", "live", "dropped"])),
                because="zqbecause",
            )
        )

    if complete:
        for number in range(1, count + 1):
            for kind in ("window", "impact", "cause.trigger"):
                add(number, kind, plain=True)
            add(number, "fix", draw(st.sampled_from(VALUES["fix"])), plain=True)
        add(1, "timezone", "Europe/Berlin", plain=True)
        add(1, "next-report", "2026-12-08", plain=True)
        add(1, "remedy", draw(st.sampled_from(["none due", "decision by 2026-12-08"])), plain=True)
    for kind in draw(st.lists(st.sampled_from(["window", *sorted(VALUES)]), max_size=len(WORDS) - len(facts))):
        add(draw(st.integers(1, count + 1)), kind)
    source = Source(
        _incidents(draw, count, complete=complete),
        tuple(facts),
        _tasks(draw, count, complete=complete),
        tuple(Recurrence(n + 1, n, "zqbecause", "zqana", RECORDED) for n in range(1, count + 1) if draw(st.booleans())),
        signatory="Kim Park, on behalf of Example" if complete else draw(st.sampled_from(["", "Kim Park"])),
        services=SERVICES,
        regions={"EU": "Europe", "NA": "North America"},
        part_of={"gamma": "delta"},
        waived=frozenset() if complete else frozenset(draw(st.lists(st.sampled_from(["remedy", "F11"]), max_size=1))),
        publication=RECORDED,
        house_zone=draw(st.sampled_from(["UTC", "Europe/Berlin"])),
        linked=(
            Incident(
                count + 1,
                "zqtitle",
                "sev3",
                "resolved",
                RECORDED,
                "zqana",
                ("alpha",),
                draw(st.sampled_from(["", "NA"])),
            ),
        ),
        promises=_promises(draw),
    )
    return Record(source, marks, windows)


def _window(draw: st.DrawFn, *, plain: bool) -> tuple[str, str, Meant]:
    """A window as somebody writes it, its precision, and what it means; a plain one has both its ends."""
    start = draw(st.sampled_from(STARTS)) + timedelta(minutes=draw(st.integers(0, 20)) * 5)
    end = start + timedelta(minutes=draw(st.sampled_from([7, 68, 125, 1500])))
    zone = draw(st.sampled_from(ZONES))
    here = start.astimezone(ZoneInfo(zone))
    fixed = timezone(here.utcoffset() or timedelta(0))
    there = end.astimezone(ZoneInfo(zone))
    precision = draw(st.sampled_from(["", "exact", "minute"] if plain else ["", *PRECISIONS]))
    style = draw(st.sampled_from(["offset", "utc", "offset"] if plain else ["offset", "utc", "bare", "day", "open"]))
    match style:
        case "offset":
            return f"{here.isoformat()}/{there.isoformat()}", precision, (start, end, fixed)
        case "utc":
            return f"{start:%Y-%m-%d %H:%M}–{end:%Y-%m-%d %H:%M} UTC", precision, (start, end, UTC)
        case "open":
            return f"{start:%Y-%m-%d %H:%M} UTC", precision, (start, None, UTC)
        case "bare":
            return (
                f"{here:%Y-%m-%d %H:%M}–{end.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}",
                precision,
                (here, end.astimezone(ZoneInfo(zone)), None),
            )
        case _:
            kept = precision if precision in {"", "day", *PARTS} else "day"
            return f"{here:%Y-%m-%d}", kept, (here, None, None)


def _incidents(draw: st.DrawFn, count: int, *, complete: bool) -> tuple[Incident, ...]:
    keys = draw(st.lists(st.sampled_from([*SERVICES, "zqsecret"]), min_size=int(complete), max_size=3, unique=True))
    keys = ["alpha", *(key for key in keys if key != "alpha")] if complete else keys
    return tuple(
        Incident(
            n, f"zqtitle {n}77", "sev1", "resolved", RECORDED, "zqana", tuple(keys), draw(st.sampled_from(["", "EU"]))
        )
        for n in range(1, count + 1)
    )


def _tasks(draw: st.DrawFn, count: int, *, complete: bool) -> tuple[Task, ...]:
    texts = ("Prevent a repeat with a check of pepper", "Rotate keys on edge-blu-07", "Watch the sorrel queue")
    first = ("Add a check of pepper so that it does not happen again",) if complete else ()
    chosen = (*first, *draw(st.lists(st.sampled_from(texts), max_size=2, unique=True)))
    return tuple(
        Task(
            draw(st.integers(1, count)),
            n,
            text,
            "zqnoor",
            "Zqnoor Haddad",
            draw(st.sampled_from(["", "Head of Checks", "SRE lead"])),
            "2026-12-18",
            None,
            added_at=RECORDED,
            done_at=None if complete else draw(st.sampled_from([None, RECORDED])),
        )
        for n, text in enumerate(chosen, 1)
    )


def _promises(draw: st.DrawFn) -> tuple[Promise, ...]:
    state = st.sampled_from(["open", "late", "broken", "kept", "withdrawn"])
    told = st.sampled_from([(), ("contoso", "fabrikam"), ("contoso",), ("fabrikam",)])
    until = st.sampled_from([None, datetime(2026, 12, 1, tzinfo=UTC)])
    made = (
        ("change", "We will send the sorrel files"),
        ("change", "Rotate keys on edge-blu-07"),
        ("fixed", "INC-1 is fixed"),
        ("explain", "Explain traffic of INC-1"),
        ("report", "Report to customers again"),
    )
    return tuple(
        Promise(n, 1, 1, text, "zqana", "Zqana", "2026-11-30", draw(until), draw(state), "", draw(told), kind=kind)
        for n, (kind, text) in enumerate(draw(st.lists(st.sampled_from(made), max_size=3, unique=True)), 1)
    )


def everything(source: Source, audience: Audience) -> tuple[Composed, ...]:
    """All that can be made for this audience."""
    return (
        compose(source, audience),
        compose_holding(source, audience, NEXT_UPDATE),
        compose_closure(source, audience),
    )


def texts_of(source: Source, audience: Audience) -> list[tuple[str, str]]:
    """Every text of it, by variant."""
    return [pair for composed in everything(source, audience) for pair in composed.texts]


# --- what a text may hold, worked out again from the record ------------------------------------------------------------
def visible(fact: Fact, audience: Audience) -> bool:
    """Whether this audience may see a fact, said again in the test's own words."""
    if fact.state != "live" or fact.visibility == "internal":
        return False
    return fact.visibility == "public" or (audience.customer is not None and fact.customer == audience.customer)


DATE = re.compile(r"(\d{1,2}) ([A-Z][a-z]{2,8})(?: (\d{4}))?|([A-Z][a-z]{2,8}) (\d{1,2})(?:, (\d{4}))?(?!\d)")
CLOCK = re.compile(
    r"(?<![\d:+-])(?P<begin>\d{2}:\d{2})(?: to \d{2}:\d{2})? (?P<zone>[A-Z]{2,5}(?:[+-]\d\d:\d\d)?)(?!\w)"
    r"|(?<![\d:+-])(?P<bare>\d{2}:\d{2})"
)
MONTHS = tuple(format_date(date(2026, m, 1), "MMMM", locale="en") for m in range(1, 13))
PART = re.compile(r"\b(?:morning|afternoon|evening)\b(?P<zone> \([A-Z][^()]+\))?")


def days_in(text: str) -> Iterator[tuple[int, int]]:
    """The days a text names, as (month, day)."""
    for match in DATE.finditer(text):
        month, number = (match[2], match[1]) if match[2] else (match[4], match[5])
        if month in MONTHS:
            yield MONTHS.index(month) + 1, int(number)


def without_times(text: str) -> str:
    """A text without its dates and clock times."""
    bare = re.sub(r"\d{2}:\d{2}|UTC[+-]\d\d:\d\d", "", text)
    return DATE.sub(lambda m: "" if (m[2] or m[4]) in MONTHS else m[0], bare)


class Allowed:
    """Days, clock times, zones, numbers and words that one audience's record holds."""

    def __init__(self, record: Record, audience: Audience) -> None:
        self.seen = [f for f in record.source.facts if visible(f, audience)]
        source = record.source
        zones = {f.value for f in self.seen if f.kind == "timezone"}
        days: set[date] = {NEXT_UPDATE.astimezone(ZoneInfo(z)).date() for z in (*ZONES, source.house_zone)}
        self.clocks = {f"{NEXT_UPDATE.astimezone(ZoneInfo(z)):%H:%M}" for z in (*ZONES, source.house_zone)}
        for fact in self.seen:
            if fact.kind != "window":
                continue
            start, end, zone = record.windows[fact_id(fact)]
            written = (zone,) if zone else tuple(ZoneInfo(z) for z in zones)
            days.add(start.astimezone(zone).date() if zone else start.date())
            if fact.precision in {"day", "comparative", *PARTS} or re.fullmatch(r"\d{4}-\d\d-\d\d", fact.value):
                continue
            for own in written:
                for moment in (start, end):
                    if moment is None:
                        continue
                    at = moment if zone else moment.replace(tzinfo=own, fold=0)
                    for shown in (own, UTC, ZoneInfo(audience.zone) if audience.zone else own):
                        local = at.astimezone(UTC).astimezone(shown)
                        days.add(local.date())
                        near = (at.astimezone(UTC) + timedelta(minutes=30)).astimezone(own).replace(minute=0)
                        near = near.astimezone(UTC).astimezone(shown)
                        days.add(near.date())
                        self.clocks.add(f"{near if fact.precision == 'hour' else local:%H:%M}")
        said = [f.value for f in self.seen] + [f.due for f in self.seen]
        said += [t.due for t in source.tasks] + [p.due for p in source.promises]
        days |= {date.fromisoformat(d) for words in said for d in re.findall(r"\d{4}-\d\d-\d\d", words)}
        self.days = {(day.month, day.day) for day in days}
        own_words = " ".join([*said, *(t.text for t in source.tasks), *(p.text for p in source.promises)])
        self.numbers = {int(n.replace(",", "")) for n in re.findall(r"\d[\d,]*", own_words)}
        for fact in self.seen:
            if fact.kind == "duration" and (match := re.search(r"(\d+)( ?m)", fact.value)):
                self.numbers |= {int(match[1]) // 60, int(match[1]) % 60, int(match[1]) // 60 + 1}
        titles = [t.owner_title for t in source.tasks]
        public = [*source.services.values(), *source.regions.values(), source.signatory]
        self.names = " ".join([own_words, *public, *titles])


@given(records(), AUDIENCES)
@MANY
def test_every_day_time_and_number_is_a_fact_of_this_audience(record: Record, audience: Audience) -> None:
    """No day, clock time or number stands in any text unless a fact says it that these readers may see."""
    allowed = Allowed(record, audience)
    for variant, text in texts_of(record.source, audience):
        assert set(days_in(text)) <= allowed.days, (variant, text)
        assert set(re.findall(r"\d{2}:\d{2}", re.sub(r"UTC[+-]\d\d:\d\d", "", text))) <= allowed.clocks, (variant, text)
        years = {m[3] or m[6] for m in DATE.finditer(text)} - {None}
        assert years <= {"2026"}, (variant, text)
        bare = {int(n.replace(",", "")) for n in re.findall(r"\d[\d,]*", without_times(text))}
        assert bare <= allowed.numbers, (variant, text)


@given(records(), AUDIENCES)
@MANY
def test_every_clock_time_and_part_of_day_has_its_zone(record: Record, audience: Audience) -> None:
    """A clock time is followed by a zone that its readers or the record use; an afternoon names its zone."""
    moments = [m for start, end, _ in record.windows.values() for m in (start, end) if m] + [NEXT_UPDATE]
    around = [m + timedelta(minutes=n) for m in moments for n in (-30, 0, 30)]  # an hour is rounded
    labels = {zone_label(z, m) for z in ZONES for m in around}
    labels |= {str(zone) for _, _, zone in record.windows.values() if zone}
    for variant, text in texts_of(record.source, audience):
        for match in CLOCK.finditer(text):
            assert match["zone"] in labels, (variant, match[0], text)
        assert all(match["zone"] for match in PART.finditer(text)), (variant, text)


@given(records(), AUDIENCES)
@MANY
def test_a_rounded_number_is_told_as_one(record: Record, audience: Audience) -> None:
    """What is known as "about" or "at least" is never printed bare."""
    for fact in Allowed(record, audience).seen:
        hedge = {"about": "about ", "at-least": "at least "}.get(fact.precision)
        number = re.search(r"\d+", fact.value)
        if not hedge or not number or fact.kind not in {"count", "scale", "impact"} or int(number[0]) < 12:
            continue
        digits = f"{int(number[0]):,}"
        others = {int(n) for f in record.source.facts if f != fact for n in re.findall(r"\d+", f.value)}
        if int(number[0]) in others:
            continue
        for variant, text in texts_of(record.source, audience):
            for match in re.finditer(rf"(?<![\d:,]){digits}(?![\d:,])", without_times(text)):
                before = without_times(text)[: match.start()].lower()
                assert before.endswith(("about ", hedge)), (variant, text)


@given(records(), AUDIENCES)
@MANY
def test_a_duration_is_no_finer_than_it_is_known(record: Record, audience: Audience) -> None:
    """Known to the hour, a length has no minutes; known to the day, no hours."""
    durations = [f for f in Allowed(record, audience).seen if f.kind == "duration"]
    for variant, text in texts_of(record.source, audience):
        if durations and all(f.precision in {"hour", "day"} for f in durations):
            assert not re.search(r" for (?:about )?[\w ]*\bminutes?\b", text), (variant, text)
        if durations and all(f.precision == "day" for f in durations):
            assert not re.search(r" for (?:about |less than )?[\w ]*\bhours?\b", text), (variant, text)


@given(records(), AUDIENCES)
@MANY
def test_no_word_comes_from_what_these_readers_may_not_see(record: Record, audience: Audience) -> None:
    """Internal facts, other customers' facts, titles, reasons, owners and internal names leave no word behind."""
    allowed = Allowed(record, audience)
    marked = {word: fact for fact in record.source.facts for word in (record.marks[fact_id(fact)],)}
    hidden = {word for word, fact in marked.items() if fact not in allowed.seen}
    for variant, text in texts_of(record.source, audience):
        words = set(re.findall(r"[a-z]+", text.lower()))
        assert not words & hidden, (variant, text)
        assert not any(w.startswith("zq") for w in words), (variant, text)
        assert not words & {"eve", "cartsvc", "payroll", "contoso", "fabrikam", "noor", "omega"}, (variant, text)
        assert not re.search(r"edge-blu|NET-\d|10\.20|INC-\d|\bsev\d|\bF\d|\bT\d|\bP\d", text), (variant, text)


@given(records(), AUDIENCES)
@MANY
def test_every_name_is_a_public_one(record: Record, audience: Audience) -> None:
    """A capital inside a sentence is a service, a region, a month, a zone, the signatory or a word of a visible fact."""
    known = set(re.findall(r"[A-Za-z]+", Allowed(record, audience).names)) | set(MONTHS)
    known |= {"I", "We", "Please", "Signed", "Contact"}
    for variant, text in texts_of(record.source, audience):
        bare = re.sub(r"\([^()]*\)|\d{2}:\d{2} [A-Z]{2,5}\S*|\{\{.*?\}\}", " ", text)
        inner = re.findall(r"(?<![.?!:“-] )(?<=[a-z,0-9] )[A-Z][A-Za-z]*", bare)
        assert set(inner) <= known, (variant, set(inner) - known, text)


# --- always the same -------------------------------------------------------------------------------------------------
@given(records(), AUDIENCES, st.randoms(use_true_random=False))
@MANY
def test_the_same_record_gives_the_same_words(record: Record, audience: Audience, chance: Random) -> None:
    """The order of facts, tasks, links, promises and incidents does not matter, nor how often one asks."""
    source = record.source

    def shuffled(rows: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(chance.sample(rows, len(rows)))

    other = replace(
        source,
        facts=shuffled(source.facts),
        tasks=shuffled(source.tasks),
        recurrences=shuffled(source.recurrences),
        promises=shuffled(source.promises),
        incidents=shuffled(source.incidents),
        services=dict(reversed(source.services.items())),
    )
    assert everything(other, audience) == everything(source, audience)
    assert {g.name for g in gaps(other, audience)} == {g.name for g in gaps(source, audience)}


@given(records(), AUDIENCES)
@MANY
def test_what_an_audience_may_not_see_changes_nothing(record: Record, audience: Audience) -> None:
    """Internal facts and facts of other customers leave no trace, not even in the hash."""
    source = record.source
    without = replace(source, facts=tuple(f for f in source.facts if visible(f, audience)))
    assert everything(without, audience) == everything(source, audience)


@given(records(), AUDIENCES)
@MANY
def test_equal_facts_have_equal_hashes(record: Record, audience: Audience) -> None:
    """Zone and style of the reader change words and never the hash; a changed value or precision does."""
    here = everything(record.source, audience)
    there = everything(record.source, Audience(audience.customer))
    assert [c.facts_hash for c in here] == [c.facts_hash for c in there]
    used = {i for clause in here[0].clauses for i in clause.fact_ids}
    for fact in record.source.facts:
        if fact_id(fact) in used and fact.kind not in {"window", "timezone", "times"}:
            finer = replace(fact, precision="stated" if fact.precision != "stated" else "")
            facts = tuple(finer if f is fact else f for f in record.source.facts)
            assert compose(replace(record.source, facts=facts), audience).facts_hash != here[0].facts_hash
            break


# --- limits and form -------------------------------------------------------------------------------------------------
@given(records(), AUDIENCES)
@MANY
def test_every_variant_keeps_its_limit(record: Record, audience: Audience) -> None:
    """Words, lines and items stay within what customers will read, and what had to go is named."""
    composed, holding, closure = everything(record.source, audience)
    assert words_in(composed.text("full")) <= FULL_WORDS
    assert words_in(composed.text("chat")) <= CHAT_WORDS
    assert len(composed.text("talking-points").splitlines()) <= TALKING_LINES
    assert composed.text("faq").count("?\n") <= FAQ_ITEMS
    assert words_in(str(holding)) <= HOLDING_WORDS
    assert words_in(str(closure)) <= CLOSURE_WORDS
    for made in (composed, holding, closure):
        for token in made.locked:
            assert made.text(token.variant)[token.start : token.end] == token.text
        assert {name.split(":")[0] for name in made.left_out} <= set(dict(made.texts))


@given(records(), AUDIENCES)
@MANY
def test_a_text_is_written_as_english_is(record: Record, audience: Audience) -> None:
    """Sentences start with a capital, end in one full stop, and none is told twice."""
    for variant, text in texts_of(record.source, audience):
        assert not re.search(
            r"\.\.|,,|  |\s[.,;:]|[.,;:][.,;]|\(\s|\s\)|\ba [aeio]\w|\ban [bcdfgjkmnpqrstvwxz]\w", text
        ), text
        for line in text.splitlines():
            body = line.removeprefix("- ")
            assert not body or body[0].isupper() or body[0].isdigit() or body.startswith("{{"), (variant, line)
        if variant != "faq":
            sentences = [s for s in re.split(r"(?<=\.)\s+(?:- )?", text) if len(s.split()) > 4 and "{{" not in s]
            assert len(sentences) == len(set(sentences)), (variant, text)


@given(records() | records(complete=True), AUDIENCES)
@MANY
def test_a_text_without_blocking_gaps_has_no_marks(record: Record, audience: Audience) -> None:
    """Where nothing is missing, no mark of something missing is left in any variant."""
    if not [g for g in gaps(record.source, audience) if g.blocks]:
        for variant, text in texts_of(record.source, audience):
            assert "{{" not in text, (variant, text)


@given(records(complete=True), AUDIENCES)
@MANY
def test_what_is_composed_without_gaps_has_no_error_of_its_own(record: Record, audience: Audience) -> None:
    """The linter, with the same record, finds no error in a text that lacks nothing."""
    source = record.source
    assume(not [g for g in gaps(source) if g.blocks] and not [g for g in gaps(source, audience) if g.blocks])
    view = record_view(source, PUBLIC, CATALOG)
    public = compose(source)
    found = [("full", f) for f in lint(public.text("full"), "apology", view).findings]
    short = {name.split(":")[0] for name in public.left_out}  # the composer says that not all it owes has room
    for variant, report in lint_variants(dict(public.texts), view).items():
        owed = [f for f in report.findings if variant not in short or f.start < f.end]
        found += [(variant, f) for f in owed if variant != "full"]
    own = record_view(source, audience, CATALOG)
    theirs = compose(source, audience)
    found += [("own", f) for f in lint(theirs.text("full"), "apology", own).findings]
    found += [("own", f) for f in lint_variant(theirs.text("chat"), "apology", own).findings]
    open_rules = {g.rule for g in gaps(source)} | {g.rule for g in gaps(source, audience)}
    errors = [(v, f.rule, f.text, f.message) for v, f in found if f.severity == "error" and f.rule not in open_rules]
    assert not errors, (errors, public.text("full"))


@given(records(complete=True), AUDIENCES)
@MANY
def test_holding_and_closing_words_have_no_error_of_their_own(record: Record, audience: Audience) -> None:
    """Read as what they are, an update and a closure, they pass the linter too."""
    source = record.source
    assume(not [g for g in gaps(source, audience) if g.blocks])
    source = replace(source, incidents=tuple(replace(i, next_update_at=NEXT_UPDATE) for i in source.incidents))
    view = record_view(source, audience, CATALOG)
    made: tuple[tuple[Kind, Composed], ...] = (
        ("update", compose_holding(source, audience)),
        ("closure", compose_closure(source, audience)),
    )
    open_rules = {g.rule for g in gaps(source, audience)}
    for kind, composed in made:
        owed = [f for f in lint(str(composed), kind, view).findings if not composed.left_out or f.start < f.end]
        errors = [(f.rule, f.text, f.message) for f in owed if f.severity == "error" and f.rule not in open_rules]
        assert not errors, (kind, errors, str(composed))


# --- whatever is typed -----------------------------------------------------------------------------------------------
@given(st.lists(st.tuples(st.sampled_from(sorted(KINDS)), st.text(max_size=60), st.text(max_size=12)), max_size=12))
@MANY
def test_no_value_that_anyone_can_type_breaks_the_composer(typed: list[tuple[str, str, str]]) -> None:
    """Any characters in any kind of fact give a text and questions, never an error, and tokens in their places."""
    book = Book(EVERYDAY)
    for kind, value, due in typed:
        book.add(7, kind, value, due=due)
    source = checkout(book)
    assert gaps(source) is not None
    composed = compose(source)
    for token in composed.locked:
        assert composed.text(token.variant)[token.start : token.end] == token.text
    assert str(compose_holding(source))
    assert str(compose_closure(source))
