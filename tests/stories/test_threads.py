"""One thread per customer channel and incident: everything a customer is told of it stands together."""

import pytest

from handlers.domain.delivery import Dead, PostState
from tests.desk import Desk, Screen
from tests.stories.quick import all_of, approved, customer, draft, furnish

ACME, BOLT = customer("acme", "slack: C0ACME001"), customer("bolt", "teams: '19:bolt@thread.tacv2'")
TEXT = "Mail is slow since 12:00 UTC on 22 August 2010. We work on it."


@pytest.fixture
async def desk(seed_desk: Desk) -> Desk:
    """A house with a customer on either platform."""
    await furnish(seed_desk, ACME, BOLT)
    return seed_desk


def customers(desk: Desk) -> dict[str, list[Screen]]:
    """Customer messages by place, in the order in which they appeared."""
    found: dict[str, list[Screen]] = {}
    for screen in desk.screens():
        if screen.text and screen.card is None:
            found.setdefault(screen.place, []).append(screen)
    return found


async def finish(desk: Desk) -> None:
    """Ready and signed; published by Cleo."""
    await all_of(
        desk,
        ("ben", "apology submit 1"), ("ana", "apology approve 1"), ("cleo", "apology approve 1"),
        ("cleo", "apology publish 1"),
    )  # fmt: skip
    await desk.settle()


async def told_before(desk: Desk) -> None:
    """An incident of which customers were told while it ran; its apology is ready."""
    await all_of(desk, ("ana", "declare Mail is slow sev1 services mail region NA"))
    await all_of(desk, ("ana", f"update 1 {TEXT} to customers"), ("ben", "send 1"))
    await desk.settle()
    await draft(desk, extra="")  # INC-2, of which nobody was told anything
    await all_of(desk, ("ben", "apology reject 1 because both go together"), ("ana", "status 1 monitoring"))
    await all_of(
        desk,
        ("ana", "link 2 recurrence-of 1 because the same change"),
        ("ana", 'fact 1 impact "could not send mail" source support public'),
        ("ana", "fact 1 window 2010-08-22 01:00-01:30 UTC source monitoring public"),
        ("ben", 'apology draft 1 2 signatory "Morgan Cole"'),
    )


async def test_the_apology_continues_what_was_said_before(desk: Desk) -> None:
    """An update began the thread; the apology of that incident stands in it, on both platforms."""
    await told_before(desk)
    gaps = ("times", "count", "data-loss", "cause")
    for gap in gaps:
        await desk.say("ben", f"apology fill 2 {gap} unknown")
    await all_of(
        desk,
        ("ben", "apology submit 2"), ("ana", "apology approve 2"), ("cleo", "apology approve 2"),
        ("cleo", "apology publish 2"),
    )  # fmt: skip
    await desk.settle()
    found = customers(desk)
    assert set(found) == {"C0ACME001", "19:bolt@thread.tacv2"}
    for first, second in found.values():
        assert first.key.startswith("update-1/")
        assert first.thread == ""
        assert second.key.startswith("apology-2/")
        assert second.thread == first.id


async def test_another_incident_begins_a_thread_of_its_own(desk: Desk) -> None:
    """Two incidents in one channel never mix."""
    await all_of(desk, ("ana", "declare Mail is slow sev1 services mail region NA"))
    await all_of(desk, ("ana", f"update 1 {TEXT} to customers"), ("ben", "send 1"))
    await draft(desk)  # INC-2
    await finish(desk)
    for first, second in customers(desk).values():
        assert (first.thread, second.thread) == ("", "")


async def test_what_never_arrived_begins_no_thread(desk: Desk) -> None:
    """The update failed for certain: the next one begins the thread."""
    desk.slack.fail["update-1/"] = Dead("not_in_channel")
    await all_of(desk, ("ana", "declare Mail is slow sev1 services mail region NA"))
    await all_of(desk, ("ana", f"update 1 {TEXT} to customers"), ("ben", "send 1"))
    await desk.settle()
    desk.slack.fail = {}
    await all_of(desk, ("ana", f"update 1 {TEXT} Again. to customers"), ("ben", "send 2"))
    await desk.settle()
    (only,) = customers(desk)["C0ACME001"]
    assert only.thread == ""


async def test_a_correction_edits_in_place_and_a_reply_says_so(desk: Desk) -> None:
    """Whoever read the old words learns what changed, once, below them; who reads it first needs no reply."""
    await approved(desk)
    await all_of(desk, ("cleo", "apology publish 1"))
    await desk.settle()
    await furnish(desk, ACME, BOLT, customer("cargo", "slack: C0CARGO01"))
    await all_of(desk, ("ben", "apology correct 1 because it lasted an hour longer"))
    await finish(desk)
    found = customers(desk)
    for place in ("C0ACME001", "19:bolt@thread.tacv2"):
        first, reply = found[place]
        assert first.edits == 1
        assert reply.thread == first.id
        assert reply.text.startswith("Corrected 22 August 2010: it lasted an hour longer.")
    assert len(found["C0CARGO01"]) == 1


async def test_a_reply_that_may_not_have_arrived_is_a_persons_to_settle(desk: Desk) -> None:
    """It is a customer's post like any other."""
    from handlers.domain.delivery import Unknown

    await approved(desk)
    await all_of(desk, ("cleo", "apology publish 1"))
    await desk.settle()
    desk.slack.fail["correction-1."] = Unknown("no answer")
    await all_of(desk, ("ben", "apology correct 1 because it lasted an hour longer"))
    await finish(desk)
    desk.clock.wind(seconds=60)
    await desk.delivery.settle()
    await desk.settle()
    (post,) = await open_posts(desk)
    assert post.key.startswith("correction-1.2/acme/")
    answer = await desk.say("cleo", f"settle {post.id} arrived")
    assert not answer.refused
    assert await open_posts(desk) == []


async def open_posts(desk: Desk) -> list[PostState]:
    """Customer posts nobody knows the fate of."""
    return [p for p in await desk.posts() if p.audience == "customer" and p.state == "unknown"]
