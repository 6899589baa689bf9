"""Pins: what belongs into the timeline, by whom it may be put there, and what is never kept."""

import pytest

from bot.channel import Answer, Request
from handlers.card import Form
from handlers.commands import MessageChanged
from handlers.context import Said
from handlers.domain.incident import Pinned, Room
from handlers.pins import LONGEST_PIN
from tests.desk import Desk, words
from tests.stories.quick import all_of, furnish, refused


@pytest.fixture
async def desk(seed_desk: Desk) -> Desk:
    """An incident of Ana's with its rooms."""
    await furnish(seed_desk)
    await all_of(seed_desk, ("ana", "declare Mail is down sev1"))
    await seed_desk.settle()
    return seed_desk


async def room(desk: Desk, on: str = "slack", number: int = 1) -> str:
    """The room's address."""
    rooms = await desk.store.book(lambda b: b.find(Room, incident=number, platform=on))
    return rooms[0].address


async def reacts(
    desk: Desk, who: str, id_: str, said: str, *, on: str = "slack", channel: str = "", verb: str = "pin"
) -> Answer:
    """Somebody puts 📌 on Noor's message."""
    user = {"slack": f"U0{who.upper()}", "teams": f"29:{who}"}[on]
    author = {"slack": "U0NOOR", "teams": "29:noor"}[on]
    place = channel or await room(desk, on)
    key = f"{verb}-{id_}-{who}-{desk.clock.at.timestamp()}"
    message = Said(id_, author, said, desk.clock.at)
    return await desk.intake.take(
        Request(key, "slack" if on == "slack" else "teams", user, place, verb, typed=False, message=message)
    )


async def kept(desk: Desk) -> list[Pinned]:
    """Everything that is kept."""
    return await desk.store.book(lambda b: b.find(Pinned))


@pytest.mark.parametrize("on", ["slack", "teams"])
async def test_two_pins_in_a_second_are_two_and_one_twice_is_one(desk: Desk, on: str) -> None:
    """The same words “pin” are no repeat; the same message is."""
    await reacts(desk, "ana", "1.1", "db2 took over", on=on)
    await reacts(desk, "ana", "1.2", "replica behind", on=on)
    again = await reacts(desk, "ben", "1.1", "db2 took over", on=on)
    assert "pin 1 already" in words(again.show)
    assert [(p.number, p.words, p.author_name, p.by) for p in await kept(desk)] == [
        (1, "db2 took over", "Noor Haddad", "ana@example.com"),
        (2, "replica behind", "Noor Haddad", "ana@example.com"),
    ]


async def test_the_timeline_has_it_where_it_was_said(desk: Desk) -> None:
    """Not where it was pinned."""
    at = desk.clock.at
    await all_of(desk, ("ana", "note 1 later"))
    message = Said("1.1", "U0NOOR", "db2 took over", at)
    await desk.intake.take(Request("k-pin", "slack", "U0ANA", await room(desk), "pin", typed=False, message=message))
    shown = words((await desk.say("ben", "timeline 1")).show)
    assert shown.index("declared") < shown.index("📌 1 “db2 took over”") < shown.index("noted: later")
    assert shown.index("pinned a message of Noor Haddad (pin 1)") > shown.index("noted: later")


async def test_a_message_of_another_room_is_never_kept(desk: Desk) -> None:
    """Neither of the incidents channel nor of another incident's room under this one's number."""
    for channel in ("C0INCIDENTS", "C0ANYTHING"):
        answer = await reacts(desk, "ana", "9.9", "private talk", channel=channel)
        assert "incident's own room" in refused(answer)
    assert await kept(desk) == []


async def test_edits_and_deletions_are_followed_once(desk: Desk) -> None:
    """Edited: the new words and a mark. Deleted: no words at all, anywhere. Others' messages change nothing."""
    place = await room(desk)
    await reacts(desk, "ana", "1.1", "db2 took over")
    for change in (
        MessageChanged("slack", place, "1.2", "something else"),
        MessageChanged("slack", "C0OTHER", "1.1", "something else"),
        MessageChanged("teams", place, "1.1", "something else"),
        MessageChanged("slack", place, "", "something else"),
        MessageChanged("slack", place, "1.1", "   "),
    ):
        await desk.intake.followed(change)
    assert (await kept(desk))[0].words == "db2 took over"
    await desk.intake.followed(MessageChanged("slack", place, "1.1", "db3 took over"))
    assert (await kept(desk))[0].words == "db3 took over"
    for _ in range(2):
        await desk.intake.followed(MessageChanged("slack", place, "1.1", deleted=True))
    await desk.intake.followed(MessageChanged("slack", place, "1.1", "back again"))
    [row] = await kept(desk)
    assert (row.words, row.gone) == ("", "deleted")
    shown = words((await desk.say("ana", "timeline 1")).show)
    assert "took over" not in shown
    assert shown.count("pin 1 was deleted by its author") == 1


async def test_unpinned_by_reaction_or_word_and_pinned_again(desk: Desk) -> None:
    """Only one's own 📌 takes it out; the word may be anybody's. The number stays."""
    await reacts(desk, "ana", "1.1", "db2 took over")
    assert "You pinned no such message" in refused(await reacts(desk, "ben", "1.1", "", verb="unpin"))
    assert not (await reacts(desk, "ana", "1.1", "", verb="unpin")).refused
    assert "📌" not in words((await desk.say("ana", "timeline 1")).show)
    await reacts(desk, "ben", "1.1", "db2 took over")
    await all_of(desk, ("noor", "unpin 1 1"))
    assert "out already" in words((await desk.say("ana", "unpin 1 1")).show)
    assert [(p.number, p.gone) for p in await kept(desk)] == [(1, "unpinned")]


async def test_words_of_ones_own(desk: Desk) -> None:
    """Typed anywhere; without words a form asks; undone like any slip."""
    await all_of(desk, ("ana", "pin 1 vendor says 20 minutes"))
    assert [p.words for p in await kept(desk)] == ["vendor says 20 minutes"]
    form = (await desk.say("ana", "pin 1")).show
    assert isinstance(form, Form)
    assert not (await desk.say("ana", form.says, values={"text": "and 10 more"})).refused
    assert [p.words for p in await kept(desk)] == ["vendor says 20 minutes", "and 10 more"]
    await all_of(desk, ("ana", "undo"))
    assert len(await kept(desk)) == 1


async def test_bad_input_is_refused_and_nothing_kept(desk: Desk) -> None:
    """Too long, no such pin, none named, no words in the message, nobody from outside."""
    assert "2,800" in refused(await desk.say("ana", "pin 1 " + "x" * (LONGEST_PIN + 1)))
    assert "has no pin 7" in refused(await desk.say("ana", "unpin 1 7"))
    assert "Which pin?" in refused(await desk.say("ana", "unpin"))
    assert "no words" in refused(await reacts(desk, "ana", "1.1", "  "))
    place = await room(desk)
    guest = Request("g1", "slack", "U0GUEST", place, "pin", message=Said("1.1", "U0NOOR", "secret"))
    assert "not available" in refused(await desk.intake.take(guest))
    assert await kept(desk) == []


async def test_a_very_long_message_is_cut(desk: Desk) -> None:
    """People paste logs."""
    await reacts(desk, "ana", "1.1", "y" * 9000)
    assert len((await kept(desk))[0].words) <= LONGEST_PIN
