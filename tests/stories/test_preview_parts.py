"""What is signed is shown whole: in parts where one card cannot hold it, and a signature only after all of them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack import blocks
from bot.teams import cards
from handlers.card import Bullets, Card, Quote
from handlers.domain.apology import Recipient
from handlers.domain.facts import Fact
from handlers.say import preview
from tests.desk import Desk, Screen, buttons, words
from tests.stories.quick import all_of, apology, customer, draft, furnish, refused, told, version

KEYS = [f"k{n:03}x" for n in range(1, 41)]


def own(key: str) -> str:
    """What only this customer is told, different for each."""
    return f"{int(key[1:4])}.25 percent of the fee"


def forty() -> list[str]:
    """Forty customers, one channel each."""
    return [customer(key, f"slack: C0PART{n:04}") for n, key in enumerate(KEYS)]


async def house(desk: Desk) -> None:
    """An apology that each of forty customers reads in words of their own."""
    await furnish(desk, *forty())
    await draft(desk, "sev3")
    await all_of(desk, *(("ana", f'fact 1 remedy "{own(k)}" source contract for {k}') for k in KEYS))


def quotes(card: object) -> list[str]:
    """The texts on a card, and what it says of others."""
    assert isinstance(card, Card)
    found = [b.words for b in card.blocks if isinstance(b, Quote)]
    return found + ["".join(s.words for s in i) for b in card.blocks if isinstance(b, Bullets) for i in b.items]  # type: ignore[union-attr]


async def shown_in_rooms(desk: Desk) -> list[Card]:
    """The parts of the preview as they were said in the incident's room in Slack, in order."""
    return [p.card for p in posted(desk) if p.card is not None]


def posted(desk: Desk) -> list[Screen]:
    """The messages of the preview in the incident's room in Slack."""
    return [p for p in desk.slack.screens.values() if p.key.startswith("inc-1/") and "/preview/" in p.key]


async def test_forty_texts_are_posted_in_parts_and_none_of_them_is_cut(desk: Desk) -> None:
    """Every customer's own sentence stands somewhere in the parts; no platform shortens one of them."""
    await house(desk)
    await all_of(desk, ("ben", "apology submit 1"))
    await desk.settle()
    parts = await shown_in_rooms(desk)
    assert len(parts) > 1
    said = "\n".join(q for p in parts for q in quotes(p))
    for row in (await version(desk)).recipients:
        assert re.search(rf"[ “]{own(row.customer).split()[0]}[ ”]", said), row.customer
    for part in parts:
        drawn = str(blocks.message(part)) + str(cards.message(part))
        assert "hortened" not in drawn
        assert "left out" not in drawn


async def test_the_parts_below_a_preview_stand_in_its_thread(desk: Desk) -> None:
    """The room sees one message; whoever signs opens it."""
    await house(desk)
    await all_of(desk, ("ben", "apology submit 1"))
    await desk.settle()
    first, *rest = posted(desk)
    assert not first.thread
    assert {p.thread for p in rest} == {first.id}


async def test_who_was_not_shown_all_parts_reads_them_before_the_signature_counts(desk: Desk) -> None:
    """Each press shows the next part; only after the last one does Approve sign."""
    await house(desk)
    await furnish(desk, *forty(), lou="[comms-approver]")
    await all_of(desk, ("ben", "apology submit 1"))
    await furnish(desk, *forty(), noor="[comms-approver]")
    many = int(words((await desk.say("lou", "apology show 1")).show).split(" of ")[1].split()[0])
    assert many > 1
    for part in range(1, many + 1):
        answer = await desk.say("noor", "apology approve 1")
        assert not answer.recorded, part
        assert f"part {part} of {many}" in words(answer.show)
        desk.clock.wind(seconds=30)
    await all_of(desk, ("noor", "apology approve 1"))


async def test_reading_the_last_part_alone_is_not_enough(desk: Desk) -> None:
    """A skipped part was not read: it is shown before anything is signed."""
    await house(desk)
    await all_of(desk, ("ben", "apology submit 1"))
    await furnish(desk, *forty(), noor="[comms-approver]")
    many = int(words((await desk.say("noor", "apology show 1 part 2")).show).split(" of ")[1].split()[0])
    for part in range(3, many + 1):
        await desk.say("noor", f"apology show 1 part {part}")
    answer = await desk.say("noor", "apology approve 1")
    assert not answer.recorded
    assert f"part 1 of {many}" in words(answer.show)


async def test_a_part_leads_to_the_next_and_only_the_last_has_approve(desk: Desk) -> None:
    """By button: Part 2, Part 3, …, Approve."""
    await house(desk)
    await all_of(desk, ("ben", "apology submit 1"))
    card = (await desk.say("cleo", "apology show 1")).show
    seen = 1
    while says := next((s for s in buttons(card).values() if " part " in s), ""):
        assert "Approve" not in buttons(card)
        card = (await desk.say("cleo", says)).show
        seen += 1
    assert seen > 1
    assert "Approve" in buttons(card)


@pytest.mark.parametrize("line", ["apology show 1 part 99", "apology show 1 part 2"])
async def test_a_part_that_is_not_there_is_refused(desk: Desk, line: str) -> None:
    """A short preview has one part, and says so."""
    await furnish(desk, customer("acme", "slack: C0ACME001"))
    await draft(desk)
    assert "has one part" in refused(await desk.say("ana", line))


async def test_a_preview_of_one_part_shows_all_that_is_signed(desk: Desk) -> None:
    """Also the talking points and the questions: they are in the hash."""
    await furnish(desk, customer("acme", "slack: C0ACME001"))
    await draft(desk)
    await all_of(desk, ("ben", "apology submit 1"))
    await desk.settle()
    (card,) = await shown_in_rooms(desk)
    signed = await version(desk)
    inside = [signed.text(variant) for variant in ("full", "talking-points", "faq")]
    assert all(text and text in quotes(card) for text in (*inside, *(r.text for r in signed.recipients)))


async def test_an_embargo_beyond_a_promised_date_is_refused(desk: Desk) -> None:
    """The report was promised in three days: in four the words would be untrue."""
    await furnish(desk, customer("acme", "slack: C0ACME001"))
    await draft(desk, "sev3")
    await all_of(desk, ("ben", "apology submit 1"), ("cleo", "apology approve 1"))
    later = (desk.clock.at.replace(day=desk.clock.at.day + 4)).strftime("%Y-%m-%dT%H:%MZ")
    assert "gaps are open: prevention, next-report" in refused(await desk.say("cleo", f"apology publish 1 at {later}"))
    assert (await apology(desk)).state == "approved"


async def test_what_the_linter_finds_at_the_embargo_stops_it(desk: Desk) -> None:
    """The server was down over the embargo and over the promised date: nothing untrue goes out."""
    await furnish(desk, customer("acme", "slack: C0ACME001"))
    await draft(desk, "sev3")
    soon = (desk.clock.at.replace(hour=23)).strftime("%Y-%m-%dT%H:%MZ")
    await all_of(
        desk, ("ben", "apology submit 1"), ("cleo", "apology approve 1"), ("cleo", f"apology publish 1 at {soon}")
    )
    desk.clock.wind(seconds=5 * 86400)
    await desk.pass_time(seconds=60)
    assert (await apology(desk)).state == "draft"
    assert told(desk) == {}


async def test_a_house_may_ask_for_a_reason_for_every_warning(desk: Desk) -> None:
    """By policy a warning without a reason stops the submission; one reason serves for all of them."""
    await furnish(desk, customer("acme", "slack: C0ACME001"), policy="policy: {approvals: {reasons: required}}")
    await draft(desk, "sev3")
    facts = await desk.store.book(lambda b: b.find(Fact, incident=1, kind="contact"))
    await all_of(desk, ("ana", f"fact 1 drop F{facts[0].number} because nobody reads it"))
    said = refused(await desk.say("ben", "apology submit 1"))
    assert "have no reason yet" in said
    assert (await apology(desk)).state == "draft"
    await all_of(desk, ("ben", "apology submit 1 because the address stands in their contract"))
    assert (await apology(desk)).state == "submitted"


SENTENCE = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=60)


@given(st.lists(st.sampled_from(["We are sorry.", "It was 14:30 UTC.", "\n", " ", "Mail was slow"]), max_size=40))
def test_a_text_cut_into_pieces_is_the_text(said: list[str]) -> None:
    """Nothing is lost and nothing comes twice, wherever it is cut."""
    text = " ".join(said) * 8
    pieces = preview.pieces(text, 100)
    assert "".join(pieces) == text
    assert all(len(p) <= 100 for p in pieces)


@given(st.lists(SENTENCE, min_size=1, max_size=120))
def test_every_different_word_of_every_text_stands_in_a_part_and_every_part_fits(said: list[str]) -> None:
    """For any texts: each row's words are there whole, or its difference to words that are."""
    base = "We are sorry. Mail was down for two hours on 3 September 2010. It is fixed and checked. " * 4
    rows = [
        Recipient(f"c{n}", f"Customer {n}", "slack", f"C{n}", "", f"{base}{s}", spare=False) for n, s in enumerate(said)
    ]
    parts = preview.parts(preview.texts(rows), preview.shorter(rows))
    shown = "\n".join(q for p in parts for q in quotes(Card("x", tuple(p))))
    for row in rows:
        assert row.address in str(parts)
        assert row.text[len(base) :].strip() in shown
    for part in parts:
        assert "hortened" not in str(blocks.message(Card("A head", tuple(part))))
        assert "left out" not in str(cards.message(Card("A head", tuple(part))))


ZONED = "We are sorry. On 3 September 2010, {} to {} (10:00 to 11:00 UTC), mail was down. It is fixed."


def test_of_another_zone_only_the_clock_is_said_again() -> None:
    """Twenty zones are read in a minute: what stays the same is not repeated."""
    said = preview.changes(ZONED.format("05:00", "06:00 EST"), ZONED.format("02:00", "03:00 PST"))
    assert said == ["instead of “05:00 to 06:00 EST” it says “02:00 to 03:00 PST”"]


@given(
    st.lists(st.sampled_from("we you mail slow down two hours".split()), min_size=2, max_size=12),  # noqa: SIM905
    st.lists(st.sampled_from("they mail quick down three".split()), min_size=1, max_size=4),  # noqa: SIM905
    st.data(),
)
def test_a_difference_put_into_the_text_gives_the_other_text(
    old: list[str], new: list[str], data: st.DataObject
) -> None:
    """Whatever was exchanged: old words, of which there is one place, for the new ones."""
    at = data.draw(st.integers(0, len(old) - 1))
    was = f"We are sorry. It was {' '.join(old)} here. It is fixed."
    now = f"We are sorry. It was {' '.join([*old[:at], *new, *old[at + 1 :]])} here. It is fixed."
    for said in preview.changes(was, now):
        gone, come = said.removeprefix("instead of “").removesuffix("”").split("” it says “")
        assert was.count(gone) == 1
        assert was.replace(gone, come) == now
