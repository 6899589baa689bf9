"""Words to customers before the apology: one person writes, another presses Send, exactly these bytes leave."""

from datetime import timedelta

import pytest

from handlers.domain.delivery import Dead, Unknown
from handlers.domain.incident import Incident
from tests.desk import Desk, buttons, words
from tests.stories.quick import all_of, customer, furnish, refused, told

HOUSE = (customer("acme", "slack: C0ACME001"), customer("bolt", "teams: '19:bolt@thread.tacv2'"))
APPROVED = """
policy:
  holding:
    text: "{services} does not answer for customers in {region}. We are on it; our next word comes at {next_update}."
    approved_by: [ana@example.com, cleo@example.com]
    until: 2010-12-31T00:00Z
"""
TEXT = "Mail is slow since 12:00 UTC. We work on it."


@pytest.fixture
async def desk(seed_desk: Desk) -> Desk:
    """A house with two customers, and a running incident of Ana's."""
    await furnish(seed_desk, *HOUSE)
    await all_of(seed_desk, ("ana", "declare Mail is down sev1 services mail region NA"))
    return seed_desk


async def test_typing_alone_sends_nothing(desk: Desk) -> None:
    """The exact bytes and the count are shown; whoever wrote it cannot send it, on either platform."""
    answer = await desk.say("ana", f"update 1 {TEXT} to customers")
    assert TEXT in words(answer.show)
    assert "2 customers, 2 channels" in words(answer.show)
    for on in ("slack", "teams"):
        assert "another" in refused(await desk.say("ana", "send 1", on=on))
    await desk.settle()
    assert told(desk, "update-1/") == {}
    await all_of(desk, ("ben", "send 1"))
    await desk.settle()
    assert told(desk, "update-1/") == {"C0ACME001": TEXT, "19:bolt@thread.tacv2": TEXT}
    again = await desk.say("ben", "send 1")
    assert "already" in words(again.show)


async def test_only_those_who_run_it_write_and_send(desk: Desk) -> None:
    """A colleague posts into the room; to customers that is for commander, deputy, comms."""
    for who in ("noor", "cleo", "dana", "adam"):
        assert "commander, deputy or comms" in refused(await desk.say(who, f"update 1 {TEXT} to customers"))
    await all_of(desk, ("ana", f"update 1 {TEXT} to customers"))
    for who in ("noor", "cleo", "dana", "adam"):
        refused(await desk.say(who, "send 1"))
    await all_of(desk, ("ana", "role 1 deputy @Noor"), ("noor", "send 1"))


async def test_changed_recipients_need_a_new_proposal(desk: Desk) -> None:
    """What was shown is what is sent, to whom it was shown; the old button is dead for good."""
    await all_of(desk, ("ana", f"update 1 {TEXT} to customers"), ("ana", "affected 1 -bolt because they are not hit"))
    answer = await desk.say("ben", "send 1")
    assert "changed" in words(answer.show)
    await all_of(desk, ("ana", "affected 1 +bolt because they are"))
    refused(await desk.say("ben", "send 1"))
    await desk.settle()
    assert told(desk, "update-1/") == {}


async def test_a_newer_proposal_takes_the_place_of_the_older(desk: Desk) -> None:
    """Two cards, one truth: only the latest can be sent."""
    await all_of(
        desk, ("ana", f"update 1 {TEXT} to customers"), ("ana", "update 1 Mail is back since 12:30 UTC to customers")
    )
    assert "newer" in refused(await desk.say("ben", "send 1"))
    await all_of(desk, ("ben", "send 2"))


async def test_a_button_of_other_bytes_sends_nothing(desk: Desk) -> None:
    """The digest on the button is checked."""
    await all_of(desk, ("ana", f"update 1 {TEXT} to customers"))
    assert "another version" in refused(await desk.say("ben", "send 1 0123456789ab"))


async def test_nothing_is_sent_once_it_is_over(desk: Desk) -> None:
    """Words about a running incident do not leave after it was resolved or cancelled."""
    await all_of(desk, ("ana", f"update 1 {TEXT} to customers"), ("ana", "resolve 1"))
    assert "resolved" in refused(await desk.say("ben", "send 1"))


async def test_a_holding_statement_takes_another_press(desk: Desk) -> None:
    """Composed from the record, no cause, no apology; comms proposes, the commander sends."""
    answer = await desk.say("ben", "holding 1")
    assert not answer.refused, words(answer.show)
    assert "sorry" not in words(answer.show).lower()
    refused(await desk.say("ben", "send 1"))
    await all_of(desk, ("ana", "send 1"))
    await desk.settle()
    assert len(told(desk, "holding-1/")) == 2


async def test_an_approved_wording_takes_one_press(desk: Desk) -> None:
    """Two people approved it beforehand: exactly those words leave, filled from the record."""
    await furnish(desk, *HOUSE, policy=APPROVED)
    answer = await desk.say("ben", "holding 1")
    await all_of(desk, ("ben", buttons(answer.show)["Send"]))
    await desk.settle()
    texts = set(told(desk, "holding-1/").values())
    assert len(texts) == 1
    assert next(iter(texts)).startswith("Mail does not answer for customers in North America. We are on it; our next")


async def test_an_approved_wording_that_has_run_out_takes_two(desk: Desk) -> None:
    """After its date it is a wording like any other."""
    await furnish(desk, *HOUSE, policy=APPROVED.replace("2010-12-31T00:00Z", "2010-08-21T00:00Z"))
    await all_of(desk, ("ben", "holding 1"))
    refused(await desk.say("ben", "send 1"))


async def test_without_customers_the_sentence_says_what_is_missing(desk: Desk) -> None:
    """No service named: nobody would get it."""
    await all_of(desk, ("ana", "declare Something is wrong"))
    assert "affected services first" in refused(await desk.say("ana", f"update 2 {TEXT} to customers"))


async def test_the_card_shows_each_channel_that_is_in_trouble_with_its_way_out(desk: Desk) -> None:
    """One arrived, one failed for certain: the room sees it, sends it again, and sees it good."""
    desk.slack.fail["update-1/acme/"] = Dead("not_in_channel")
    await all_of(desk, ("ana", f"update 1 {TEXT} to customers"), ("ben", "send 1"))
    await desk.settle()
    (card,) = [s for s in desk.slack.screens.values() if s.key == "inc-1/proposal/1@slack"]
    shown = words(card.card)
    assert "1 of 2 sent, 1 failed" in shown
    assert "Acme Ltd (Slack): not_in_channel. They have not been told." in shown
    desk.slack.fail = {}
    await all_of(desk, ("ben", buttons(card.card)["Send again"]))
    await desk.settle()
    shown = words(card.card)
    assert "2 of 2 sent" in shown
    assert "Acme Ltd" not in shown


async def test_what_nobody_knows_is_asked_on_the_card_too(desk: Desk) -> None:
    """It may have arrived: a person looks and says so; nothing is sent twice by itself."""
    desk.teams.fail["update-1/bolt/"] = Unknown("no answer")
    await all_of(desk, ("ana", f"update 1 {TEXT} to customers"), ("ben", "send 1"))
    await desk.settle()
    (card,) = [s for s in desk.slack.screens.values() if s.key == "inc-1/proposal/1@slack"]
    assert "nobody can know from here whether it arrived" in words(card.card)
    await all_of(desk, ("ben", buttons(card.card)["It arrived"]))
    await desk.settle()
    assert "2 of 2 sent" in words(card.card)


async def test_a_channel_told_by_hand_is_no_trouble_any_more(desk: Desk) -> None:
    """The failure stays in the count, and nobody is asked about it again."""
    desk.slack.fail["update-1/acme/"] = Dead("is_archived")
    await all_of(desk, ("ana", f"update 1 {TEXT} to customers"), ("ben", "send 1"))
    await desk.settle()
    (card,) = [s for s in desk.slack.screens.values() if s.key == "inc-1/proposal/1@slack"]
    await all_of(desk, ("ben", buttons(card.card)["Told by hand"]))
    await desk.settle()
    assert "1 of 2 sent" in words(card.card)
    assert "Told by hand" not in buttons(card.card)


async def test_the_closing_update_is_made_of_the_record_and_ends_the_thread(desk: Desk) -> None:
    """What it was, from when to when, how it stands; another person sends it; nobody waits for a next word after it."""
    await all_of(desk, ("ana", f"update 1 {TEXT} to customers"), ("ben", "send 1"))
    await desk.settle()
    assert "for when it is resolved" in refused(await desk.say("ana", "closure 1"))
    answer = await desk.say("ana", "resolve 1")
    assert buttons(answer.show)["Closing update"] == "closure 1"
    assert "recap 1" in refused(await desk.say("ana", "closure 1"))
    day = (desk.clock.at - timedelta(days=1)).date()
    recap = f"recap 1 seen: could not send mail from: {day} 11:00 UTC to: 11:05 UTC count: unknown state: fixed"
    await all_of(desk, ("ana", f"{recap} trigger: our configuration change data-loss: no next-report: 2010-08-25"))
    answer = await desk.say("ana", "closure 1")
    assert "This is our closing update on Mail" in words(answer.show)
    assert "You wrote it" in refused(await desk.say("ana", "send 2"))
    await all_of(desk, ("ben", "send 2"))
    await desk.settle()
    for place in ("C0ACME001", "19:bolt@thread.tacv2"):
        first, last = [s for s in desk.screens() if s.place == place and s.text and s.card is None]
        assert (last.key.split("/")[0], last.thread) == ("closure-2", first.id)
        assert "11:00 to 11:05 UTC" in last.text
        assert "sorry" not in last.text.lower()
    found = await desk.store.book(lambda b: b.get(Incident, 1))
    assert found is not None
    assert (found.customer_update_at, found.customer_ping_at) == (None, None)


async def test_a_closing_update_is_not_sent_once_it_is_down_again(desk: Desk) -> None:
    """Proposed at the end, pressed after it came back: it no longer is the end."""
    day = (desk.clock.at - timedelta(days=1)).date()
    recap = f"recap 1 seen: could not send mail from: {day} 11:00 UTC to: 11:05 UTC count: unknown state: fixed"
    await all_of(
        desk,
        ("ana", "resolve 1"),
        ("ana", f"{recap} trigger: our configuration change data-loss: no next-report: 2010-08-25"),
        ("ana", "closure 1"),
        ("ana", "reopen 1 because it is down again"),
    )
    assert "since this was written" in refused(await desk.say("ben", "send 1"))
