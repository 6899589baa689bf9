"""Cover: a colleague looks after one's accounts for a while; both are told, and it ends by itself."""

import pytest

from handlers.domain.relay import Covering
from tests.desk import Desk, words
from tests.stories.quick import all_of, refused
from tests.stories.two_managers import message, open_house, published, reminders, row


@pytest.fixture
async def desk(seed_desk: Desk) -> Desk:
    """Dana with three customers, Priya with one; 22 August 2010."""
    await open_house(seed_desk)
    return seed_desk


async def covers(desk: Desk) -> list[Covering]:
    """Every cover on record."""
    return await desk.store.book(lambda b: b.find(Covering))


def chat(desk: Desk, place: str, part: str = "cover/") -> str:
    """What was said about covers in somebody's own chat."""
    return "\n".join(words(s.card) for s in desk.screens(part) if s.place == place)


async def test_both_sides_are_told(desk: Desk) -> None:
    """Whose accounts, until when, and that approvals stay."""
    answer = await desk.say("dana", "cover @Priya until 2010-08-30")
    await desk.settle()
    assert "Priya Raman looks after your 3 customers until 2010-08-30" in words(answer.show)
    said = chat(desk, "U0PRIYA")
    assert "You cover for Dana Lee" in said
    assert "Acme Ltd, Bolt Ltd, Quiet Ltd" in said
    assert "Approvals stay" in said


async def test_the_cover_gets_what_is_open_and_what_comes(desk: Desk) -> None:
    """Messages, packs and the right to say it is done; the manager's own message says who has it."""
    await published(desk)
    await all_of(desk, ("dana", "cover @Priya until 2010-08-30"))
    await desk.settle()
    assert "Priya Raman looks after them now" in message(desk, "dana")
    mine = [words(s.card) for s in desk.screens("relay-1/1/dana") if s.place == "U0PRIYA"]
    assert len(mine) == 1
    assert "You cover for Dana Lee until 2010-08-30" in mine[0]
    await all_of(desk, ("priya", "relay pack 1 quiet"), ("priya", "relay done 1 quiet via phone"))
    assert (await row(desk, "quiet")).by == "priya@example.com"
    listed = words((await desk.say("priya", "relay list mine")).show)
    assert "Acme Ltd" in listed
    assert "Cargo Ltd" in listed
    assert "Acme Ltd" in words((await desk.say("priya", "affected 1 mine")).show)


async def test_it_ends_by_itself_after_its_last_day_and_both_are_told(desk: Desk) -> None:
    """That day included, in house time; what is still open goes back."""
    await published(desk)
    await all_of(desk, ("dana", "cover @Priya until 2010-08-23"))
    desk.clock.at = desk.clock.at.replace(day=23, hour=23, minute=50)
    await desk.pass_time(minutes=5)
    assert not (await desk.say("priya", "relay check acme -- x")).refused
    await desk.pass_time(minutes=10)
    refused(await desk.say("priya", "relay done 1 acme via phone"))
    assert "ended with 2010-08-23" in chat(desk, "U0PRIYA")
    assert "yours again" in chat(desk, "U0DANA")
    assert "Acme Ltd: to be told" in message(desk, "dana")
    assert "Dana Lee looks after them now" in next(words(s.card) for s in desk.screens("relay-1/1/dana") if s.place == "U0PRIYA")  # fmt: skip
    await desk.pass_time(hours=9)
    assert chat(desk, "U0PRIYA").count("ended with") == 1
    assert reminders(desk, "dana") != []


async def test_another_cover_takes_the_place_of_the_first(desk: Desk) -> None:
    """The first colleague is told that it is over."""
    await all_of(desk, ("dana", "cover @Priya until 2010-08-30"), ("dana", "cover @Ben until 2010-08-31"))
    await desk.settle()
    assert "your cover is over" in chat(desk, "U0PRIYA")
    assert [(c.colleague, c.until) for c in await covers(desk)] == [("ben@example.com", "2010-08-31")]


@pytest.mark.parametrize(
    ("who", "line", "why"),
    [
        ("dana", "cover @Dana until 2010-08-30", "That is you"),
        ("dana", "cover @Priya until 2010-08-21", "passed"),
        ("dana", "cover @Priya until 2013-08-21", "over a year"),
        ("dana", "cover @Nobody until 2010-08-30", "do not know"),
        ("dana", "cover @Gus until 2010-08-30", "Gus"),
        ("noor", "cover @Dana until 2010-08-30", "account managers and comms"),
        ("ben", "cover @Dana until 2010-08-30", "nobody's account manager"),
    ],
)
async def test_what_is_no_cover_is_refused(desk: Desk, who: str, line: str, why: str) -> None:
    """Oneself, the past, for ever, a stranger, or nothing to cover; nothing is changed."""
    assert why in refused(await desk.say(who, line))
    assert await covers(desk) == []


async def test_covers_make_no_chain(desk: Desk) -> None:
    """Whoever covers is not away themselves, and whoever is away covers for nobody."""
    await all_of(desk, ("dana", "cover @Priya until 2010-08-30"))
    assert "You cover for Dana Lee" in refused(await desk.say("priya", "cover @Ben until 2010-08-28"))
    assert "You cover for Dana Lee" in refused(await desk.say("priya", "cover @Dana until 2010-08-28"))
    await open_house(desk)
    desk.clock.wind(days=10)
    await desk.pass_time(seconds=1)
    await all_of(desk, ("priya", "cover @Ben until 2010-09-10"))
    assert "Priya Raman is covered" in refused(await desk.say("dana", "cover @Priya until 2010-09-05"))


async def test_a_cover_does_not_sign_for_the_account_manager(desk: Desk) -> None:
    """A fact for one customer is approved by that customer's own manager."""
    from tests.stories import quick

    await quick.draft(desk)
    await all_of(
        desk,
        ("ana", 'fact 1 workaround "use the spare queue" source support for acme'),
        ("ben", "apology submit 1"),
        ("dana", "cover @Priya until 2010-08-30"),
        ("priya", "apology show 1"),
    )
    assert "That is not you" in refused(await desk.say("priya", "apology approve 1"))
    await all_of(desk, ("dana", "apology show 1"))
    assert "account-manager of Acme Ltd" in words((await desk.say("dana", "apology approve 1")).show)


async def test_a_cover_is_not_undone_behind_the_colleague_s_back(desk: Desk) -> None:
    """The sentence says what to do instead."""
    await all_of(desk, ("dana", "cover @Priya until 2010-08-30"))
    assert "was told" in refused(await desk.say("dana", "undo"))
    assert len(await covers(desk)) == 1


async def test_reminders_ring_again_once_the_accounts_are_back(desk: Desk) -> None:
    """A new message, not an edit of the one before the holiday."""
    await published(desk)
    await desk.pass_time(hours=4)
    assert len(reminders(desk, "dana")) == 1
    await all_of(desk, ("dana", "cover @Priya until 2010-08-22"))
    await desk.pass_time(hours=9)
    await desk.pass_time(hours=4)
    before, first, second = reminders(desk, "dana")
    assert "Priya Raman looks after them now" in before
    assert "Reminded again below" in first
    assert "3 customers have not been told" in second
