"""After it went out: corrections reach exactly those who read the old words, a notice replaces what is taken back."""

import pytest

from handlers.domain.apology import Version
from handlers.domain.delivery import Dead, Unknown
from handlers.domain.relay import Relay
from tests.desk import Desk, buttons, words
from tests.stories.quick import all_of, apology, approved, customer, furnish, refused, told, version

ACME, BOLT = customer("acme", "slack: C0ACME001"), customer("bolt", "slack: C0BOLT001")
CARGO = customer("cargo", "slack: C0CARGO01")


@pytest.fixture
async def desk(seed_desk: Desk) -> Desk:
    """A house with two customers."""
    await furnish(seed_desk, ACME, BOLT)
    return seed_desk


async def published(desk: Desk) -> None:
    """An apology that everybody has."""
    await approved(desk)
    await all_of(desk, ("cleo", "apology publish 1"))
    await desk.settle()


async def corrected(desk: Desk, because: str = "it lasted longer") -> None:
    """A correction written, signed and published."""
    await all_of(
        desk,
        ("ben", f"apology correct 1 because {because}"),
        ("ben", "apology submit 1"),
        ("ana", "apology approve 1"),
        ("cleo", "apology approve 1"),
        ("cleo", "apology publish 1"),
    )
    await desk.settle()


async def test_old_readers_get_the_edit_and_new_ones_only_the_new_text(desk: Desk) -> None:
    """Cargo was forgotten: it reads the new words, without a word of a correction it never needed."""
    await published(desk)
    await furnish(desk, ACME, BOLT, CARGO)
    await corrected(desk, "one more customer was hit")
    texts = told(desk)
    assert set(texts) == {"C0ACME001", "C0BOLT001", "C0CARGO01"}
    assert "Corrected 22 August 2010: one more customer was hit." in texts["C0ACME001"]
    assert "Corrected" not in texts["C0CARGO01"]
    edits = {s.place: s.edits for s in desk.screens("apology-1/") if s.text}
    assert edits == {"C0ACME001": 1, "C0BOLT001": 1, "C0CARGO01": 0}


async def test_whoever_left_the_list_after_publication_still_gets_the_correction(desk: Desk) -> None:
    """They read the old words: they are owed the new ones."""
    await published(desk)
    await all_of(desk, ("ana", "affected 1 -bolt because they were not hit"))
    await corrected(desk)
    assert all("Corrected" in text for text in told(desk).values())
    assert len(told(desk)) == 2


async def test_a_correction_goes_to_the_channel_that_got_the_old_words(desk: Desk) -> None:
    """Acme was told in its second channel; the first, which works again, gets nothing."""
    await furnish(desk, customer("acme", "slack: C0ACME001", "teams: '19:acme@thread.tacv2'"), BOLT)
    desk.slack.fail["apology-1/acme/"] = Dead("is_archived")
    await published(desk)
    desk.slack.fail = {}
    await corrected(desk)
    assert set(told(desk)) == {"19:acme@thread.tacv2", "C0BOLT001"}
    assert all("Corrected" in text for text in told(desk).values())


async def test_a_dropped_correction_leaves_the_old_version_standing(desk: Desk) -> None:
    """Edited twice, then dropped: what customers read is the current version again, and can be corrected again."""
    await published(desk)
    before = await version(desk)
    await all_of(desk, ("ben", "apology correct 1 because of the times"))
    text = (await version(desk)).text("full").replace("What happens next", "What comes next")
    for words_ in (text, text.replace("What you saw", "What you noticed")):
        answer = await desk.say("ben", "apology edit 1", values={"text": words_})
        assert not answer.refused, words(answer.show)
    await all_of(desk, ("ben", "apology reject 1 because it was right"))
    assert (await apology(desk)).state == "published"
    assert await version(desk) == before
    await corrected(desk)
    numbers = [v.number for v in await desk.store.book(lambda b: b.find(Version, apology=1))]
    assert numbers == sorted(set(numbers))
    assert (await version(desk)).number == max(numbers)


async def test_a_correction_opened_half_way_leaves_the_rest_waiting_for_the_new_words(desk: Desk) -> None:
    """The second customer never reads the old text."""
    await approved(desk)
    desk.slack.fail["apology-1/acme/"] = Dead("channel_not_found")
    await all_of(desk, ("cleo", "apology publish 1"))
    await desk.settle()
    desk.slack.fail = {}
    await corrected(desk)
    texts = told(desk)
    assert set(texts) == {"C0ACME001", "C0BOLT001"}
    assert all("Corrected" not in text for text in texts.values())  # nobody ever read the old words


async def test_dropping_a_correction_half_way_lets_the_rest_be_sent_later(desk: Desk) -> None:
    """It is paused again, and goes on with a press."""
    await approved(desk)
    desk.slack.fail["apology-1/acme/"] = Dead("channel_not_found")
    await all_of(desk, ("cleo", "apology publish 1"))
    await desk.settle()
    desk.slack.fail = {}
    await all_of(desk, ("ben", "apology correct 1 because x was wrong"), ("ben", "apology reject 1 because no"))
    assert (await apology(desk)).state == "paused"
    await all_of(desk, ("cleo", "apology resume 1"))
    await desk.settle()
    assert len(told(desk)) == 2


async def test_no_channel_falls_back_to_words_nobody_approved(desk: Desk) -> None:
    """A late failure while a correction is open posts nothing anywhere."""
    await furnish(desk, customer("acme", "slack: C0ACME001", "teams: '19:acme@thread.tacv2'"))
    await approved(desk)
    desk.slack.fail["apology-1/acme/"] = Unknown("no answer within 8 s")
    await all_of(desk, ("cleo", "apology publish 1"))
    await desk.settle()
    await all_of(desk, ("ben", "apology correct 1 because of the times"))
    post = next(p for p in await desk.posts("apology-1/acme/"))
    await all_of(desk, ("cleo", f"settle {post.id} drop"))
    await desk.settle()
    assert told(desk) == {}
    refused(await desk.say("cleo", f"settle {post.id} again"))


async def test_an_unknown_one_that_arrived_gets_the_correction_too(desk: Desk) -> None:
    """Settled after the correction went out: the new words follow."""
    await approved(desk)
    desk.slack.fail["apology-1/bolt/"] = Unknown("no answer within 8 s")
    await all_of(desk, ("cleo", "apology publish 1"))
    await desk.settle()
    desk.slack.fail = {}
    await corrected(desk)
    assert "C0BOLT001" not in told(desk)
    status = await desk.say("cleo", "apology status 1")
    await all_of(desk, ("cleo", buttons(status.show)["It arrived"]))
    await desk.settle()
    assert "Corrected" in told(desk)["C0BOLT001"]


async def test_retracting_before_everything_was_sent_stops_the_rest(desk: Desk) -> None:
    """Who has it reads the notice, who has not reads nothing, ever."""
    await approved(desk)
    desk.slack.fail["apology-1/bolt/"] = Dead("channel_not_found")
    await all_of(desk, ("cleo", "apology publish 1"))
    await desk.settle()
    desk.slack.fail = {}
    await all_of(desk, ("ana", "apology retract 1 because of a wrong name"))
    await desk.pass_time(minutes=5)
    assert set(told(desk)) == {"C0ACME001"}
    assert "taken back" in told(desk)["C0ACME001"]
    refused(await desk.say("cleo", "apology resume 1"))
    refused(await desk.say("cleo", "apology publish 1"))


async def test_retracting_while_a_correction_is_open_takes_back_what_stands(desk: Desk) -> None:
    """At once, whatever is being written."""
    await published(desk)
    await all_of(desk, ("ben", "apology correct 1 because of the times"), ("cleo", "apology retract 1 because wrong"))
    await desk.settle()
    assert all("taken back" in text for text in told(desk).values())
    assert (await apology(desk)).state == "retracted"


async def test_what_never_went_out_is_unscheduled_or_dropped_not_retracted(desk: Desk) -> None:
    """The sentence says how."""
    await approved(desk)
    assert "reject" in refused(await desk.say("cleo", "apology retract 1 because wrong"))
    await all_of(desk, ("cleo", "apology publish 1 at 2010-08-22T20:00Z"))
    assert "pause" in refused(await desk.say("cleo", "apology retract 1 because wrong"))


async def test_a_retraction_reopens_the_receipts(desk: Desk) -> None:
    """Whoever was told by phone must hear that it was taken back."""
    await published(desk)
    await all_of(desk, ("dana", "relay done 1 acme via phone -- told the CIO"))
    await all_of(desk, ("cleo", "apology retract 1 because of a wrong name"))
    rows = {r.customer: r for r in await desk.store.book(lambda b: b.find(Relay))}
    assert rows["acme"].state == "released"
    assert "taken back" in rows["acme"].because


async def test_customers_read_the_reason_so_it_holds_nothing_internal(desk: Desk) -> None:
    """The words of a correction leave the house like all others."""
    await published(desk)
    for because in ("mx-blu-07 was named", "Noor Haddad misread the graph", "Bolt Ltd complained", "INC-7 was wrong"):
        refused(await desk.say("ben", f"apology correct 1 because {because}"))
    assert (await apology(desk)).state == "published"


async def test_a_reason_with_a_number_the_record_does_not_hold_says_what_to_do(desk: Desk) -> None:
    """Customers read it: it is recorded first, and the card says so."""
    await published(desk)
    shown = words((await desk.say("ben", "apology correct 1 because 4,711 customers were hit")).show)
    assert "Record it first" in shown
    assert "4,711" in shown
