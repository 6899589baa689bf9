"""From the record to an approved apology in the channels of those who were hit, and of nobody else."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from handlers.domain.apology import Apology, Version
from handlers.domain.delivery import Dead, Unknown
from handlers.domain.incident import Incident
from handlers.domain.relay import Relay
from tests.desk import Desk, buttons, words
from tests.stories.seed import publish_seed, type_seed


@pytest.fixture
def desk(seed_desk: Desk) -> Desk:
    """The seed's house, in August 2010."""
    return seed_desk


async def apology(desk: Desk) -> Apology:
    """The record of the first apology."""
    found = await desk.store.book(lambda b: b.get(Apology, 1))
    assert found is not None
    return found


async def version(desk: Desk) -> Version:
    """Its current version."""
    number = (await apology(desk)).version
    found = await desk.store.book(lambda b: b.get(Version, 1, number))
    assert found is not None
    return found


async def test_the_seed_ends_in_one_message_for_each_customer_who_was_hit(desk: Desk) -> None:
    """Contoso, Fabrikam and Tailspin read it once; Northwind in Europe gets nothing."""
    await publish_seed(desk)
    told = [s for s in desk.screens("apology-1/") if s.text]
    assert {s.place for s in told} == {"C0CONTOSO", "19:fabrikam@thread.tacv2", "C0TAILSPIN"}
    assert all(s.edits == 0 for s in told)
    assert (await apology(desk)).state == "published"


async def test_threat_08_what_was_approved_is_what_was_sent(desk: Desk) -> None:
    """Byte for byte: the hash that was signed covers the texts on screen."""
    await publish_seed(desk)
    approved = {r.address: r.text for r in (await version(desk)).recipients}
    assert {s.place: s.text for s in desk.screens("apology-1/") if s.text} == approved


async def test_threat_08_nobody_signs_their_own_words_on_either_platform(desk: Desk) -> None:
    """Ben drafted in Teams; he is the same man in Slack."""
    await type_seed(desk)
    for on in ("teams", "slack"):
        answer = await desk.say("ben", "apology approve", on=on)
        assert answer.refused
    assert (await apology(desk)).state == "submitted"


async def test_threat_08_one_person_on_two_platforms_signs_once(desk: Desk) -> None:
    """Cleo's press in Teams after her press in Slack is not a second signature."""
    await type_seed(desk)
    assert not (await desk.say("cleo", "apology approve")).refused
    again = await desk.say("cleo", "apology approve 1", on="teams")
    assert again.refused
    assert "one signature" in words(again.show)


async def test_a_changed_fact_voids_the_signatures(desk: Desk) -> None:
    """Whatever changes under a signature takes it away, and says so in the rooms."""
    await type_seed(desk)
    await desk.say("ana", "apology approve")
    await desk.say("ana", 'fact 1 impact "slow sign-in" source support public')
    assert (await apology(desk)).state == "draft"
    assert (await desk.say("cleo", "apology approve")).refused
    await desk.settle()
    assert any("no longer count" in words(s.card) for s in desk.screens("/void/"))


async def test_publishing_needs_the_approval(desk: Desk) -> None:
    """A draft and a half-signed text go nowhere."""
    await type_seed(desk)
    assert (await desk.say("cleo", "apology publish")).refused
    await desk.say("ana", "apology approve")
    assert (await desk.say("cleo", "apology publish")).refused
    assert [p for p in await desk.posts("apology-1/") if p.audience == "customer"] == []


async def test_threat_08_an_approval_expires(desk: Desk) -> None:
    """Eight hours after the last signature the text goes back to draft instead of out."""
    await type_seed(desk)
    await desk.say("ana", "apology approve")
    await desk.say("cleo", "apology approve")
    desk.clock.wind(hours=9)
    answer = await desk.say("cleo", "apology publish")
    assert "expired" in words(answer.show)
    assert (await apology(desk)).state == "draft"


async def test_an_embargo_is_kept_to_the_minute(desk: Desk) -> None:
    """Scheduled for an hour, it goes out at the tick after and not before."""
    await type_seed(desk)
    await desk.say("ana", "apology approve")
    await desk.say("cleo", "apology approve")
    await desk.say("cleo", "apology publish at 2010-09-08T17:00-07:00")
    await desk.pass_time(hours=5)
    assert [s for s in desk.screens("apology-1/") if s.text] == []
    await desk.pass_time(hours=1)
    assert len([s for s in desk.screens("apology-1/") if s.text]) == 3


async def test_gaps_block_the_submission(desk: Desk) -> None:
    """The list of the seed, no more and no less, and nothing is submitted over it."""
    await type_seed(desk, datetime(2010, 9, 8, tzinfo=UTC))
    answer = await desk.say("ben", 'apology draft 1 2 3 signatory "Morgan Cole"', on="teams")
    fills = {says.split()[-1] for label, says in buttons(answer.show).items() if label.startswith("Fill")}
    assert {"timezone", "times", "traffic", "prevention", "remedy"} <= fills
    submitted = await desk.say("ben", "apology submit", on="teams")
    assert submitted.refused
    for gap in ("timezone", "times", "traffic", "prevention", "remedy", "next-report"):
        assert gap in words(submitted.show)


async def test_a_failure_pauses_the_ramp_and_the_next_press_retries_only_failures(desk: Desk) -> None:
    """The first channel fails for certain: nothing more leaves until a person looked."""
    await type_seed(desk)
    await desk.say("ana", "apology approve")
    await desk.say("cleo", "apology approve")
    desk.slack.fail["contoso"] = Dead("channel_not_found")
    await desk.say("cleo", "apology publish")
    await desk.settle()
    assert (await apology(desk)).state == "paused"
    assert [s.place for s in desk.screens("apology-1/") if s.text] == []
    desk.slack.fail.clear()
    await desk.say("cleo", "apology resume")
    await desk.settle()
    assert len([s for s in desk.screens("apology-1/") if s.text]) == 3
    assert all(s.edits == 0 for s in desk.screens("apology-1/") if s.text)


async def test_an_unknown_post_is_never_sent_again_by_itself(desk: Desk) -> None:
    """It may have arrived: a person is asked, and nothing else happens, however often the clock ticks."""
    await type_seed(desk)
    await desk.say("ana", "apology approve")
    await desk.say("cleo", "apology approve")
    desk.slack.fail["apology-1/contoso"] = Unknown("no answer within 8 s")
    desk.slack.accepts_silently.add("apology-1/contoso/slack:C0CONTOSO")
    await desk.say("cleo", "apology publish")
    await desk.settle()
    desk.clock.wind(seconds=30)
    await desk.delivery.settle()
    await desk.settle()
    desk.slack.fail.clear()
    for _ in range(5):
        await desk.pass_time(minutes=5)
        await desk.delivery.settle()
    assert len([s for s in desk.screens("apology-1/contoso") if s.text]) == 1
    asked = desk.screens("unclear/")
    assert len(asked) == 1
    arrived = buttons(asked[0].card)["It arrived"]
    assert not (await desk.say("cleo", arrived)).refused
    state = {p.key: p.state for p in await desk.posts("apology-1/contoso")}
    assert state["apology-1/contoso/slack:C0CONTOSO"] == "sent"


async def test_a_drill_never_leaves_the_house(desk: Desk) -> None:
    """Everything is played through, and no customer channel sees a byte."""
    await desk.say("ana", "declare Exercise drill sev3 services bpos region NA")
    for line in (
        'fact 1 impact "could not sign in" source exercise public',
        "fact 1 window 2010-08-21 10:00-11:00 UTC source exercise public",
        'fact 1 cause.trigger "a configuration change" source exercise public',
        "fact 1 fix fixed source exercise public",
        "task 1 add Test every change @Noor due 2010-09-15",
        "resolve 1",
        'apology draft 1 signatory "Morgan Cole"',
        'apology fill remedy "none due"',
        "apology fill next-report 2010-08-27",
    ):
        answer = await desk.say("ana", line)
        assert not answer.refused, f"{line}: {words(answer.show)}"
    answer = await desk.say("ana", "apology submit")
    assert not answer.refused, words(answer.show)
    answer = await desk.say("cleo", "apology approve")
    assert not answer.refused, words(answer.show)
    await desk.say("cleo", "apology publish")
    await desk.settle()
    assert (await apology(desk)).state == "published"
    assert [p for p in await desk.posts("apology-1/") if p.audience == "customer"] == []


async def test_retracting_replaces_the_text_wherever_it_stands(desk: Desk) -> None:
    """A notice in the same messages, at once."""
    await publish_seed(desk)
    answer = await desk.say("cleo", "apology retract 1 because a name was wrong")
    assert not answer.refused, words(answer.show)
    await desk.settle()
    told = [s for s in desk.screens("apology-1/") if s.text]
    assert len(told) == 3
    assert all("taken back" in s.text and s.edits == 1 for s in told)


async def test_a_correction_edits_the_same_messages_after_new_approvals(desk: Desk) -> None:
    """Nobody reads it twice; the words say what changed and when."""
    await publish_seed(desk)
    await desk.say("ben", "apology correct 1 because the service was named wrongly", on="teams")
    await desk.say("ben", "apology submit 1", on="teams")
    await desk.say("ana", "apology approve 1")
    await desk.say("cleo", "apology approve 1")
    answer = await desk.say("cleo", "apology publish 1")
    assert not answer.refused, words(answer.show)
    await desk.settle()
    told = [s for s in desk.screens("apology-1/") if s.text]
    assert len(told) == 3
    assert all(s.edits == 1 and "Corrected 8 September 2010" in s.text for s in told)


async def test_each_customer_has_a_receipt_and_an_account_manager_can_fill_it(desk: Desk) -> None:
    """Dana tells Fabrikam by phone; somebody else's account manager cannot."""
    await publish_seed(desk)
    answer = await desk.say("dana", "relay done fabrikam via phone -- told the CIO")
    rows = {r.customer: r for r in await desk.store.book(lambda b: b.find(Relay, apology=1))}
    manager = rows["fabrikam"].manager
    if manager == "dana@example.com":
        assert not answer.refused, words(answer.show)
        assert (rows["fabrikam"].state, rows["fabrikam"].via) == ("relayed", "phone")
    else:
        assert answer.refused
    assert "northwind" not in rows


async def test_both_platforms_give_the_same_record_and_the_same_hash(desk: Desk, second_desk: Desk) -> None:
    """Everything typed on the other platform: same facts, same text, same facts hash."""
    await type_seed(desk)
    await type_seed(second_desk, flip=True)
    here, there = await version(desk), await version(second_desk)
    assert here.facts_hash == there.facts_hash
    assert here.texts == there.texts


async def test_the_incident_stays_monitoring_because_contained_is_not_resolved(desk: Desk) -> None:
    """Publishing says nothing about the incident's own status."""
    await publish_seed(desk)
    third = await desk.store.book(lambda b: b.get(Incident, 3))
    assert third is not None
    assert third.status == "monitoring"


async def test_the_status_names_every_customer_and_those_to_be_told_by_hand(desk: Desk) -> None:
    """A customer whose channel cannot be reached is not left out of the list of who was told."""
    catalog = await desk.store.book(lambda b: b.catalog)
    rest = tuple(replace(c, channels=()) if c.key == "fabrikam" else c for c in catalog.customers)
    await desk.store.book(lambda b: b.set_catalog(replace(catalog, customers=rest)))
    await publish_seed(desk)
    told = words((await desk.say("cleo", "apology status 1")).show)
    assert "Contoso Ltd Slack: sent" in told
    assert "Fabrikam Inc has no channel here: to be told by hand" in told
    assert "Northwind" not in told


async def test_every_sentence_answers_why_with_its_facts(seed_desk: Desk) -> None:
    """Each clause names the fact behind it, its source and whether it is confirmed; no internal fact is shown."""
    await type_seed(seed_desk)
    shown = words((await seed_desk.say("ben", "apology why 1")).show)
    assert re.search(r"“[^”]*design flaw[^”]*” [^\n]*INC-1 F\d+ cause\.flaw \(statement, confirmed\)", shown)
    assert "Exchange Online" not in shown
    text = shown.replace("\n", " ")
    assert "INC-3 T1" in text  # a task stands behind what is promised
    await seed_desk.say(
        "ben",
        "apology edit 1",
        values={"text": (await version(seed_desk)).text("full").replace("We are sorry.", "We apologise.")},
    )
    assert "1 sentence was reworded by hand." in words((await seed_desk.say("ben", "apology why 1")).show)


async def test_the_linters_better_words_are_taken_by_a_press(seed_desk: Desk) -> None:
    """An edit brought a relative date and an empty word in: the card offers the way out beside each finding."""
    await type_seed(seed_desk)
    text = (await version(seed_desk)).text("full").replace("We are sorry.", "We are sorry for the inconvenience.")
    await seed_desk.say("ben", "apology edit 1", values={"text": text})
    card = (await seed_desk.say("ben", "apology lint 1")).show
    assert "W2 error" in words(card)
    says = next(says for label, says in buttons(card).items() if label.startswith("Use this"))
    assert says == "apology mend 1 W2"
    assert not (await seed_desk.say("ben", says)).refused
    assert "inconvenience" not in (await version(seed_desk)).text("full")
    again = await seed_desk.say("ben", says)
    assert again.refused
    assert "no better words" in words(again.show)


async def test_everything_is_shown_also_what_account_managers_say(seed_desk: Desk) -> None:
    """Talking points with what not to say, and questions with answers: part of what is signed."""
    await type_seed(seed_desk)
    shown = words((await seed_desk.say("cleo", "apology show 1")).show)
    assert "Do not say:" in shown
    assert "When will you report again?" in shown
