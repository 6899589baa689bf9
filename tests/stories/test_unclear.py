"""A post of which nobody can know whether it arrived: who is asked, what each button does, and what stands there after."""

import pytest

from handlers.card import Card
from handlers.domain.delivery import Place, Post, Sent, Unknown
from handlers.domain.incident import Setting
from tests.desk import Desk, Screen, buttons, words
from tests.stories.quick import all_of, customer, furnish

POST = "update-1/acme/slack:C0ACME001"


async def waited(desk: Desk, seconds: float = 11) -> None:
    """Time for an answer passes, and what is unclear is looked for."""
    desk.clock.wind(seconds=seconds)
    await desk.delivery.settle()
    await desk.settle()


@pytest.fixture
async def desk(seed_desk: Desk) -> Desk:
    """An update to one customer left, and no answer came; nobody can look. Ben leads communications."""
    desk = seed_desk
    await furnish(desk, customer("acme", "slack: C0ACME001"))
    desk.slack.fail["update-1/acme"] = Unknown("reset")
    await all_of(
        desk,
        ("ana", "declare Mail is down sev1 services mail region NA"),
        ("ana", "role 1 comms @Ben Okafor"),
        ("ana", "update 1 Mail is slow since 12:00 UTC to customers"),
        ("ben", "send 1"),
    )
    await desk.settle()
    await waited(desk)
    return desk


def asked(desk: Desk) -> list[Screen]:
    """The questions, oldest first."""
    return desk.screens("unclear/")


def at_acme(desk: Desk) -> int:
    """How many messages stand in the customer's channel."""
    return len(desk.screens(POST))


async def state(desk: Desk) -> str:
    """Of the post to the customer."""
    (post,) = await desk.posts(POST)
    return post.state


async def test_whoever_leads_communications_is_asked_with_three_buttons(desk: Desk) -> None:
    """In their own chat; the card names the customer, leads to the channel and holds the words to look for."""
    (card,) = asked(desk)
    assert card.place == "U0BEN"
    assert list(buttons(card.card)) == ["Look", "It arrived", "Send again"]
    assert "Acme" in words(card.card)
    assert "Mail is slow since 12:00 UTC" in words(card.card)


async def test_it_arrived_settles_it_and_nothing_is_left_to_press(desk: Desk) -> None:
    """Pressed again, by whoever, it says that nothing waits."""
    (card,) = asked(desk)
    pressed = buttons(card.card)
    assert not (await desk.say("ben", pressed["It arrived"])).refused
    await desk.settle()
    assert (await state(desk), at_acme(desk)) == ("sent", 0)
    assert not buttons(card.card)
    assert "noted as arrived" in words(card.card)
    for who, label in (("ben", "It arrived"), ("ana", "Send again"), ("ana", "Look")):
        answer = await desk.say(who, pressed[label])
        assert answer.refused, label
        assert "nothing to decide" in words(answer.show)
    await desk.settle()
    assert at_acme(desk) == 0


async def test_send_again_counts_for_that_attempt_alone(desk: Desk) -> None:
    """Unclear again, it is asked again in a new message; the old one's buttons no longer send anything."""
    (first,) = asked(desk)
    stale = buttons(first.card)
    assert not (await desk.say("ben", stale["Send again"])).refused
    await desk.settle()
    assert not buttons(first.card)
    await waited(desk)
    first, second = asked(desk)
    assert list(buttons(second.card)) == ["Look", "It arrived", "Send again"]
    tries = len([c for c in desk.slack.calls if c[1] == POST])
    for label in ("Send again", "It arrived"):
        answer = await desk.say("ben", stale[label])
        assert answer.refused
        assert "was tried again since" in words(answer.show)
    await desk.settle()
    assert len([c for c in desk.slack.calls if c[1] == POST]) == tries == 2
    desk.slack.fail.clear()
    assert not (await desk.say("ben", buttons(second.card)["Send again"])).refused
    await desk.settle()
    assert (await state(desk), at_acme(desk)) == ("sent", 1)


async def test_look_looks_at_once_and_says_what_was_found(desk: Desk) -> None:
    """Nothing: the card says for whom it was looked; there it is: the card says so."""
    (card,) = asked(desk)
    look = buttons(card.card)["Look"]
    answer = await desk.say("ben", look)
    assert not answer.refused
    assert list(buttons(answer.show)) == ["It arrived", "Send again"]
    await waited(desk, 0)
    assert "Looked for again" in words(card.card)
    assert "Ben Okafor" in words(card.card)
    assert await state(desk) == "unknown"
    desk.slack.seen = Sent("s99", "C0ACME001")
    assert not (await desk.say("ben", look)).refused
    await waited(desk, 0)
    assert await state(desk) == "sent"
    assert "It has been found" in words(card.card)
    assert not buttons(card.card)


async def test_look_sends_nothing_and_is_for_those_who_may_settle(desk: Desk) -> None:
    """Who may not decide may not look either; nothing is said anywhere."""
    (card,) = asked(desk)
    for label, line in buttons(card.card).items():
        answer = await desk.say("noor", line)
        assert answer.refused, label
    await waited(desk, 0)
    assert (await state(desk), at_acme(desk)) == ("unknown", 0)
    assert list(buttons(card.card)) == ["Look", "It arrived", "Send again"]


async def test_where_the_persons_platform_is_in_trouble_they_are_asked_on_the_other(desk: Desk) -> None:
    """A question in a chat that does not answer is no question."""
    (card,) = asked(desk)
    await desk.store.book(lambda book: book.put(Setting("trouble.away.slack", "1")))
    assert not (await desk.say("ben", buttons(card.card)["Send again"])).refused
    await desk.settle()
    await waited(desk)
    assert [s.place for s in asked(desk)] == ["U0BEN", "29:ben"]


async def test_where_nobody_leads_it_is_asked_where_incidents_are_announced(desk: Desk) -> None:
    """An answer to somebody, of no incident: any colleague may say what became of it."""
    desk.teams.fail["reply/x"] = Unknown("http_502")
    reply = Post("reply/x@teams", Place("teams", "thread", "19:chat"), card=Card("Amends"), rank=0)
    await desk.store.book(lambda book: book.send(reply))
    await desk.settle()
    await waited(desk)
    question = asked(desk)[-1]
    assert question.place == "C0INCIDENTS"
    desk.teams.fail.clear()
    assert not (await desk.say("noor", buttons(question.card)["Send again"])).refused
    await desk.settle()
    assert len(desk.screens("reply/x")) == 1
    assert not buttons(question.card)


async def test_a_question_that_may_not_have_arrived_is_asked_once_more_and_no_further(desk: Desk) -> None:
    """In the incidents channel of the other platform; not about itself, and not for ever."""
    (post,) = await desk.posts(POST)
    second = {f"unclear/{post.id}/2@": Unknown("reset")}
    desk.slack.fail |= second
    desk.teams.fail |= second
    (card,) = asked(desk)
    assert not (await desk.say("ben", buttons(card.card)["Send again"])).refused
    await desk.settle()
    for _ in range(6):
        await waited(desk, 61)
    questions = [p.place for p in await desk.posts("unclear/") if p.state == "unknown"]
    person, channel = questions
    assert (person.kind, channel.kind) == ("person", "incidents")
    assert {person.platform, channel.platform} == {"slack", "teams"}
