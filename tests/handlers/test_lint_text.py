"""Reading a text: places in the writer's own code points, sentences, quantities, grade, and hostile input."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from babel.dates import format_datetime, get_timezone_gmt, get_timezone_location, get_timezone_name
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.domain.lint import KINDS, lint
from handlers.domain.lint.quantities import clocks, dates, durations, numbers
from handlers.domain.lint.text import flesch_kincaid, read, syllables


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("We are truly sorry for any inconvenience.", "inconvenience"),
        ("😀😀 We’re very sorry for any   inconvenience.", "inconvenience"),
        ("Hello,\r\n\r\nwe apologise for the\r\ninconvenience.", "inconvenience"),
        ("# Sorry\n\nWe regret the **inconvenience**.", "inconvenience"),
        ("Ça va. We are sorry for the incon\u00advenience.", "incon\u00advenience"),
        ("A\ufb01ne day. We are sorry for the inconvenience.", "inconvenience"),
    ],
)
def test_a_finding_marks_the_writers_own_code_points(text: str, words: str) -> None:
    """Offsets count code points of the text as it was handed in, whatever was normalised before matching."""
    (finding,) = lint(text).of("W2")
    assert finding.text == words
    assert text[finding.start : finding.end] == words


def test_the_contracts_example() -> None:
    """The example of the contract: one W2 where "sorry for any" and "inconvenience" are one phrase."""
    (finding,) = lint("We are truly sorry for any inconvenience.").findings
    assert (finding.rule, finding.severity, finding.start, finding.end) == ("W2", "error", 27, 40)


@settings(max_examples=80, deadline=None)
@given(
    st.text(
        alphabet=st.sampled_from(
            "We are sorry if any inconvenience! 14:02 UTC “—\u00ad\r\n\t*#<>@{}😀é\ufb01 never again"
        ),
        max_size=120,
    )
)
def test_every_place_is_inside_the_text(text: str) -> None:
    """Whatever the text, each finding's words are what stands at its place."""
    for kind in KINDS:
        for finding in lint(text, kind).findings:
            assert 0 <= finding.start <= finding.end <= len(text)
            assert text[finding.start : finding.end] == finding.text


def test_sentences_do_not_end_at_abbreviations() -> None:
    """A time of day, a title and a number keep their full stops."""
    reading = read(
        "It began at 2 p.m. Pacific Time. Mr. Cole wrote at 3 p.m. We read it. It was version 3.2 of e.g. this."
    )
    assert [sentence.text for sentence in reading.sentences] == [
        "It began at 2 p.m. Pacific Time.",
        "Mr. Cole wrote at 3 p.m.",
        "We read it.",
        "It was version 3.2 of e.g. this.",
    ]


def test_wrapped_lines_are_one_paragraph_and_list_items_are_not() -> None:
    """A hard-wrapped line goes on; a list item, a heading and a blank line part paragraphs."""
    reading = read(
        "We are sorry that sign-in was down and that you could not\nwork.\n\n# What you saw\n- No sign-in\n- No mail\n"
    )
    assert [paragraph.text for paragraph in reading.paragraphs] == [
        "We are sorry that sign-in was down and that you could not work.",
        "What you saw",
        "- No sign-in",
        "- No mail",
    ]


@pytest.mark.parametrize(
    ("word", "count"), [("sorry", 2), ("organization", 5), ("14", 1), ("UTC", 1), ("network", 2), ("down", 1)]
)
def test_syllables(word: str, count: int) -> None:
    """Syllables are counted by pyphen's patterns; a number is one."""
    assert syllables(word) == count


def test_grade_by_the_formula() -> None:
    """Six words of one syllable in one sentence: 0.39 times 6 plus 11.8 minus 15.59."""
    assert flesch_kincaid(read("We broke it and we know.")) == pytest.approx(0.39 * 6 + 11.8 - 15.59)


def test_reading_measures() -> None:
    """Long sentences, long paragraphs and hard words are found, and plain ones are not."""
    plain = "We are sorry. Sign-in was down. You could not work. We broke it, and we know it. " * 3
    assert not [finding for finding in lint(plain).findings if finding.rule[0] == "R"]
    long = "We know that you could not work and " * 6 + "we are sorry."
    assert lint(long).of("R2")
    assert lint("We are sorry. " * 60).of("R3")
    hard = "Notwithstanding comprehensive remediation initiatives, infrastructural interdependencies precipitated intermittent unavailability of the authentication functionality for the organization."
    assert lint(hard).of("R1")[0].severity == "error"


def test_grade_is_for_english_only() -> None:
    """A text in another language has no grade."""
    german = "Wir entschuldigen uns aufrichtig dafür, dass die Anmeldung gestern Nachmittag zwischenzeitlich nicht funktionierte und Kundinnen nicht arbeiten konnten."
    assert not lint(german).of("R1")


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("on 23 August, 3 and 7 September 2010", [(23, 8, None), (3, 9, 2010), (7, 9, 2010)]),
        ("September 3rd and 7th, 2010", [(3, 9, 2010), (7, 9, 2010)]),
        ("by Friday 13 March 2026", [(13, 3, 2026)]),
        ("Friday, March 13, 2026", [(13, 3, 2026)]),
        ("2026-03-13", [(13, 3, 2026)]),
        ("we may 3 times", []),
        ("the 3rd of May", [(3, 5, None)]),
    ],
)
def test_dates_in_both_styles(text: str, days: list[tuple[int, int, int | None]]) -> None:
    """Dates are read in British, American and ISO style, and in lists."""
    got = [(mention.day, mention.month, mention.year) for mention in dates(text)]
    assert [day[:2] for day in got] == [day[:2] for day in days]
    assert all(wanted[2] in {None, day[2]} for day, wanted in zip(got, days, strict=True))


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("2 hours", [120]),
        ("a 2-hour period", [120]),
        ("two hours", [120]),
        ("2h 15min", [135]),
        ("an hour and a half", [90]),
        ("two and a half hours", [150]),
        ("half an hour", [30]),
        ("1 hour, 8 minutes", [68]),
        ("90 minutes and 2 hours", [90, 120]),
        ("1.5 hours", [90]),
        ("twenty-five minutes", [25]),
    ],
)
def test_lengths_of_time(text: str, minutes: list[int]) -> None:
    """A length is the same in figures, words and short forms."""
    assert [mention.minutes for mention in durations(text)] == [Fraction(value) for value in minutes]


def test_numbers_leave_dates_times_and_lengths_alone() -> None:
    """A number is what counts something else."""
    got = [
        (int(mention.value), mention.unit.split(" ")[0])
        for mention in numbers(
            "On 3 March 2026 at 14:02 UTC, for 2 hours, 1,204 users and one hundred and six sites saw 40 % fewer pages."
        )
    ]
    assert got == [(1204, "users"), (106, "sites"), (40, "%")]


ZONES: Final = (
    "America/Los_Angeles",
    "America/Sao_Paulo",
    "Europe/Berlin",
    "Europe/London",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Sydney",
    "America/St_Johns",
    "Pacific/Auckland",
    "Africa/Abidjan",
    "Asia/Tokyo",
    "Etc/UTC",
    "Pacific/Marquesas",
    "America/Argentina/Buenos_Aires",
    "Antarctica/Troll",
    "Asia/Hong_Kong",
)


@pytest.mark.parametrize(("zone", "month", "locale"), list(product(ZONES, (1, 7), ("en_US", "en_GB"))))
def test_every_zone_name_babel_prints_is_a_zone(zone: str, month: int, locale: str) -> None:
    """Long, short, generic and location names, offsets and identifiers all count as a zone behind a clock time."""
    from datetime import datetime  # the only place that builds an instant

    moment = datetime(2026, month, 5, 14, 2, tzinfo=ZoneInfo(zone))
    names = {get_timezone_name(moment, width=width, locale=locale) for width in ("long", "short")}
    names |= {get_timezone_location(moment, locale=locale), get_timezone_gmt(moment, locale=locale), zone}
    names |= {format_datetime(moment, pattern, locale=locale) for pattern in ("zzzz", "vvvv", "OOOO", "XXX", "Z", "VV")}
    for name in names:
        (clock,) = clocks(f"It failed at 14:02 {name}.".replace("’", "'"))
        assert clock.zone, name
        assert not lint(f"It failed at 14:02 {name}.").of("W9"), name


HOSTILE: Final = (
    "a", "a ", "sorry if ", "we are sorry, but ", "14:02-", "14:02 ", "not happen ", "a-", "a.b.", "some of our ", "{{", "[", "<@", '"', "'", "A Time ", "\n", "- a\n", "may have been ",
    "one hundred and ", "2 hours and ", "3 March, ", "we will be ", "an engineer on the team ", "unexpected ", "brief, ", "1.2.3.", "::", "_", "é", "\u00ad", "sorry ", "x" * 70 + " ", "3, ", "Monday ",
)  # fmt: skip


@pytest.mark.parametrize("fragment", HOSTILE)
def test_forty_kilobytes_of_anything_are_read(fragment: str) -> None:
    """Repetition cannot make the linter loop, and its findings stay inside the text."""
    text = (fragment * (40_000 // len(fragment) + 1))[:40_000]
    report = lint(text, "update")
    assert all(text[finding.start : finding.end] == finding.text for finding in report.findings)
    assert all(len(finding.suggestion) < 1_000 for finding in report.findings)


def test_an_empty_text_has_no_finding() -> None:
    """Nothing said, nothing found."""
    for text in ("", " \n\t", "\u200b", "***", "..."):
        assert lint(text).findings == ()
