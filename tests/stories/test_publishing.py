"""Forty customers, one apology: in steps, pausing by itself, nobody twice, nobody forgotten."""

from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from handlers import channels
from handlers.card import Form
from handlers.domain.channels import Seen
from handlers.domain.delivery import Dead, Outcome, Post, Retry, Unknown
from handlers.domain.relay import Relay
from storage.outbox import Claimed
from tests.desk import Desk, MemoryCarrier, buttons, words
from tests.stories.quick import all_of, apology, approved, customer, furnish, refused, submitted, told

MANY = tuple(customer(f"c{n:02}", f"slack: C0MANY{n:03}") for n in range(1, 41))


@pytest.fixture
async def desk(seed_desk: Desk) -> Desk:
    """A house with forty customers, one channel each."""
    await furnish(seed_desk, *MANY)
    return seed_desk


async def test_above_25_channels_the_count_is_typed(desk: Desk) -> None:
    """Not the wrong one, not none: without it the form asks, and says how many there are."""
    await approved(desk)
    asked = (await desk.say("cleo", "apology publish 1")).show
    assert isinstance(asked, Form)
    assert "To how many channels?" in [f.label for f in asked.fields]
    assert "40 channels" in "".join(str(b) for b in asked.intro)
    assert "to 40" in refused(await desk.say("cleo", asked.says, values={"count": "39"}))
    refused(await desk.say("cleo", "apology publish 1 to 39"))
    assert (await apology(desk)).state == "approved"
    answer = await desk.say("cleo", asked.says, values={"count": "40"})
    assert not answer.refused, words(answer.show)
    await desk.settle()
    assert len(told(desk)) == 40
    assert (await apology(desk)).state == "published"


async def test_a_wrong_count_is_refused_also_below_25(seed_desk: Desk) -> None:
    """Whoever says five believes five."""
    await furnish(seed_desk, *MANY[:3])
    await approved(seed_desk)
    assert "to 3" in refused(await seed_desk.say("cleo", "apology publish 1 to 5"))


async def test_the_steps_are_one_ten_and_all(desk: Desk) -> None:
    """Each step waits until the one before arrived: seen from a platform that answers slowly."""
    await approved(desk)
    desk.slack.fail["apology-1/c01/"] = Retry("busy", 30)
    await all_of(desk, ("cleo", "apology publish 1 to 40"))
    await desk.settle()
    assert told(desk) == {}
    desk.slack.fail = {"apology-1/c05/": Retry("busy", 30)}
    await desk.pass_time(seconds=31)
    assert len(told(desk)) == 10  # the first, and nine of the next ten
    desk.slack.fail = {}
    await desk.pass_time(seconds=31)
    assert len(told(desk)) == 40


@pytest.mark.parametrize(("victim", "arrived"), [("c01", 0), ("c06", 11)])
async def test_a_failure_in_the_first_two_steps_pauses_by_itself(desk: Desk, victim: str, arrived: int) -> None:
    """A person looks; going on tries the failure again and leaves what arrived alone."""
    await approved(desk)
    desk.slack.fail[f"apology-1/{victim}/"] = Dead("channel_not_found")
    await all_of(desk, ("cleo", "apology publish 1 to 40"))
    await desk.settle()
    assert (await apology(desk)).state == "paused"
    assert len(told(desk)) <= arrived
    desk.slack.fail = {}
    await all_of(desk, ("cleo", "apology resume 1"))
    await desk.settle()
    assert (await apology(desk)).state == "published"
    assert len(told(desk)) == 40
    assert all(s.edits == 0 for s in desk.screens("apology-1/") if s.text)


async def test_resume_is_meant_again_where_it_paused_again_and_hurries_nothing_where_it_did_not(desk: Desk) -> None:
    """Twice within ten seconds: while it goes out the second changes nothing; after another failure it goes on again."""
    await approved(desk)
    desk.slack.fail["apology-1/c01/"] = Dead("channel_not_found")
    await all_of(desk, ("cleo", "apology publish 1 to 40"))
    await desk.settle()
    await all_of(desk, ("cleo", "apology resume 1"))
    desk.clock.wind(seconds=-10)
    answer = await desk.say("cleo", "apology resume 1")
    assert not answer.recorded
    assert "It is going out: 1 let go, 39 wait for their step." in words(answer.show)
    assert {p.due for p in await desk.posts("apology-1/c02/")} == {None}
    await desk.settle()
    assert (await apology(desk)).state == "paused"
    desk.slack.fail = {}
    desk.clock.wind(seconds=-10)
    assert (await desk.say("cleo", "apology resume 1")).recorded
    await desk.settle()
    assert ((await apology(desk)).state, len(told(desk))) == ("published", 40)


async def test_later_a_few_failures_do_not_pause_and_many_do(desk: Desk) -> None:
    """One of forty is 2.5 %: it goes on. Every one of the last step fails: it pauses before all were tried."""
    await approved(desk)
    desk.slack.fail["apology-1/c30/"] = Dead("channel_not_found")
    await all_of(desk, ("cleo", "apology publish 1 to 40"))
    await desk.settle()
    assert ((await apology(desk)).state, len(told(desk))) == ("published", 39)


async def test_a_storm_of_failures_in_the_last_step_stops_it(desk: Desk) -> None:
    """More than 5 %: what has not left stays."""
    await approved(desk)
    for n in range(12, 41):
        desk.slack.fail[f"apology-1/c{n:02}/"] = Dead("not_in_channel")
    await all_of(desk, ("cleo", "apology publish 1 to 40"))
    await desk.settle()
    assert (await apology(desk)).state == "paused"
    tried = {key for op, key, _ in desk.slack.calls if key.startswith("apology-1/c")}
    assert len(tried) < 40
    desk.slack.fail = {}
    await all_of(desk, ("cleo", "apology resume 1"))
    await desk.settle()
    assert ((await apology(desk)).state, len(told(desk))) == ("published", 40)
    assert all(s.edits == 0 for s in desk.screens("apology-1/") if s.text)


async def test_resume_leaves_the_unknown_alone(desk: Desk) -> None:
    """It may have arrived: the others go on, it waits for a person, and nobody reads it twice."""
    await approved(desk)
    desk.slack.fail["apology-1/c03/"] = Unknown("no answer within 8 s")
    desk.slack.accepts_silently.add("apology-1/c03/slack:C0MANY003")
    await all_of(desk, ("cleo", "apology publish 1 to 40"))
    await desk.settle()
    assert (await apology(desk)).state == "paused"
    desk.slack.fail = {}
    await all_of(desk, ("cleo", "apology resume 1"))
    await desk.settle()
    assert ((await apology(desk)).state, len(told(desk))) == ("published", 40)
    states = {p.key: p.state for p in await desk.posts("apology-1/c03/")}
    assert set(states.values()) == {"unknown"}
    status = await desk.say("cleo", "apology status 1")
    await all_of(desk, ("ben", buttons(status.show)["It arrived"]))  # the comms owner is the one who is asked
    assert {p.state for p in await desk.posts("apology-1/c03/")} == {"sent"}
    assert len([s for s in desk.screens("apology-1/c03/") if s.text]) == 1


async def test_pausing_half_way_and_going_on_doubles_nothing(desk: Desk) -> None:
    """A person stops it in the second step; the rest leaves only after another press."""
    await approved(desk)
    desk.slack.fail["apology-1/c07/"] = Retry("busy", 5)
    await all_of(desk, ("cleo", "apology publish 1 to 40"))
    await desk.settle()
    await all_of(desk, ("cleo", "apology pause 1"))
    desk.slack.fail = {}
    before = len(told(desk))
    await desk.pass_time(minutes=5)
    assert len(told(desk)) == before < 40
    await all_of(desk, ("cleo", "apology resume 1"))
    await desk.settle()
    assert ((await apology(desk)).state, len(told(desk))) == ("published", 40)
    assert all(s.edits == 0 for s in desk.screens("apology-1/") if s.text)


async def test_deliver_first_falls_back_only_after_a_definite_failure(seed_desk: Desk) -> None:
    """Dead: the next channel. Unknown: nobody knows, so nothing more."""
    desk = seed_desk
    await furnish(
        desk,
        customer("acme", "slack: C0ACME001", "teams: '19:acme@thread.tacv2'"),
        customer("bolt", "slack: C0BOLT001", "teams: '19:bolt@thread.tacv2'", deliver="all"),
        customer("cargo", "slack: C0CARGO01", "teams: '19:cargo@thread.tacv2'"),
    )
    await approved(desk)
    desk.slack.fail["apology-1/acme/"] = Dead("is_archived")
    desk.slack.fail["apology-1/cargo/"] = Unknown("no answer within 8 s")
    await all_of(desk, ("cleo", "apology publish 1"))
    await desk.settle()
    assert set(told(desk)) == {"19:acme@thread.tacv2", "C0BOLT001", "19:bolt@thread.tacv2"}
    await all_of(desk, ("cleo", "apology resume 1"))
    await desk.settle()
    assert "C0ACME001" not in told(desk)  # told in the second channel: the first is not tried again


class Clumsy(MemoryCarrier):
    """A platform whose carrier has a bug: `after` the post is on screen, or `before`, while its channel is looked at."""

    stumbles = ""

    async def carry(self, row: Claimed) -> Outcome:
        """On screen, and then the bug."""
        found = await super().carry(row)
        if self.stumbles == "after" and row.audience == "customer":
            raise KeyError("ts")
        return found

    async def see(self, address: str, *, first: bool = False, tried: bool = False) -> Seen | Outcome | None:
        """The bug, before anything left."""
        if self.stumbles == "before":
            raise KeyError("channel")
        return await super().see(address, first=first, tried=tried)


async def clumsy(desk: Desk) -> Clumsy:
    """Acme with two channels, of which the first is told, on a platform that can stumble."""
    carrier = Clumsy("slack")
    desk.slack = desk.delivery.carriers["slack"] = carrier
    await furnish(desk, customer("acme", "slack: C0ACME001", "teams: '19:acme@thread.tacv2'"))
    await approved(desk)
    return carrier


@pytest.mark.parametrize(
    ("stumbles", "state", "shown"), [("after", "unknown", {"C0ACME001"}), ("before", "held", set())]
)
async def test_a_bug_of_ours_is_no_definite_failure(
    seed_desk: Desk, stumbles: str, state: str, shown: set[str]
) -> None:
    """It may have come after the words were written: no second channel, a person is asked, and knows a reference."""
    desk = seed_desk
    (await clumsy(desk)).stumbles = stumbles
    await all_of(desk, ("cleo", "apology publish 1"))
    await desk.settle()
    desk.clock.wind(seconds=11)
    await desk.delivery.settle()
    await desk.settle()
    (post,) = await desk.posts("apology-1/acme/")
    assert (post.state, post.error[:24]) == (state, "a fault of ours, referen")
    assert set(told(desk)) == shown
    asked = "unclear/" if state == "unknown" else "inc-1/untold/"
    assert len(await desk.posts(asked)) == 1


async def test_a_database_that_is_away_while_the_channel_is_judged_is_no_bug(
    seed_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing has left: the post is tried again by itself, nobody has to look, and it goes out once."""
    desk = seed_desk
    await clumsy(desk)
    judge, away = channels.verdict, [OperationalError("SELECT 1", {}, ConnectionResetError("reset"))]

    def verdict(*asked: Any) -> str:
        if away:
            raise away.pop()
        return judge(*asked)

    monkeypatch.setattr(channels, "verdict", verdict)
    await all_of(desk, ("cleo", "apology publish 1"))
    await desk.settle()
    (post,) = await desk.posts("apology-1/acme/")
    assert (post.state, post.error) == ("retry", "database_OperationalError")
    await desk.pass_time(minutes=1)
    await desk.settle()
    assert [c for c in told(desk) if c == "C0ACME001"] == ["C0ACME001"]
    assert not await desk.posts("inc-1/untold/")


async def test_a_bug_in_a_correction_does_not_tell_the_next_channel(seed_desk: Desk) -> None:
    """The first words stand in the first channel: the correction waits for a person, it does not go elsewhere."""
    desk = seed_desk
    carrier = await clumsy(desk)
    await all_of(desk, ("cleo", "apology publish 1"))
    await desk.settle()
    assert set(told(desk)) == {"C0ACME001"}
    (post,) = await desk.posts("apology-1/acme/")
    carrier.stumbles = "after"
    again = Post(post.key, post.place, text="Other words.", audience="customer", approval=post.approval, incident=1)
    await desk.store.book(lambda book: book.send(again))
    await desk.settle()
    (post,) = await desk.posts("apology-1/acme/")
    assert (post.state, post.error[:24]) == ("held", "a fault of ours, referen")
    assert set(told(desk)) == {"C0ACME001"}


async def test_an_update_falls_back_too(seed_desk: Desk) -> None:
    """The same care for an interim update."""
    desk = seed_desk
    await furnish(desk, customer("acme", "slack: C0ACME001", "teams: '19:acme@thread.tacv2'"))
    desk.slack.fail["update-1/acme/"] = Dead("is_archived")
    await all_of(
        desk,
        ("ana", "declare Mail is down sev1 services mail region NA"),
        ("ana", "update 1 Mail is slow since 12:00 UTC to customers"),
        ("ben", "send 1"),
    )
    await desk.settle()
    assert set(told(desk, "update-1/")) == {"19:acme@thread.tacv2"}


async def test_an_embargo_in_the_past_is_not_now(seed_desk: Desk) -> None:
    """A bare clock time that has passed publishes nothing at once."""
    desk = seed_desk
    await furnish(desk, *MANY[:2])
    await approved(desk)
    assert "has passed" in refused(await desk.say("cleo", "apology publish 1 at 2010-08-22T09:00Z"))
    answer = await desk.say("cleo", "apology publish 1 at 09:00")
    assert (await apology(desk)).state in ("approved", "scheduled"), words(answer.show)
    await desk.settle()
    assert told(desk) == {}


async def test_a_scheduled_one_is_checked_again_and_can_be_unscheduled(seed_desk: Desk) -> None:
    """Unscheduled it stays approved; scheduled over a changed record it goes back to draft."""
    desk = seed_desk
    await furnish(desk, *MANY[:2])
    await approved(desk)
    await all_of(desk, ("cleo", "apology publish 1 at 2010-08-22T20:00Z"), ("cleo", "apology pause 1"))
    assert (await apology(desk)).state == "approved"
    await all_of(desk, ("cleo", "apology publish 1 at 2010-08-22T20:00Z"))
    await furnish(desk, *MANY[:3])
    await desk.pass_time(hours=9)
    assert ((await apology(desk)).state, told(desk)) == ("draft", {})


async def test_only_a_comms_approver_or_the_commander_publishes(desk: Desk) -> None:
    """Also pause, resume and retract; comms does not."""
    await approved(desk)
    for line in ("apology publish 1 to 40", "apology pause 1", "apology resume 1", "apology retract 1 because x"):
        for who in ("ben", "noor", "dana"):
            assert "comms-approver or the commander" in refused(await desk.say(who, line)), line
    await all_of(desk, ("ana", "apology publish 1 to 40"))


async def test_a_drill_plays_everything_and_promises_nothing(seed_desk: Desk) -> None:
    """Managers are told that it is an exercise; no promise is left behind to haunt later texts."""
    desk = seed_desk
    await furnish(desk, *MANY[:2])
    await submitted(desk, "sev3", extra="drill")
    await all_of(desk, ("cleo", "apology approve 1"), ("cleo", "apology publish 1"))
    await desk.settle()
    assert ((await apology(desk)).state, told(desk)) == ("published", {})
    assert await desk.store.book(lambda b: b.find(_promise())) == []
    card = next(s.card for s in desk.screens("relay-1/"))
    assert "DRILL" in words(card)
    assert "exercise" in words(card)


def _promise() -> type:
    from handlers.domain.apology import Promise

    return Promise


async def test_account_managers_hear_of_it_once_and_are_reminded_again_and_again(seed_desk: Desk) -> None:
    """One message with all their customers; after four hours a reminder, and four hours later another."""
    desk = seed_desk
    await furnish(desk, *MANY[:2], customer("quiet", "email: it@quiet.example"))
    await approved(desk)
    await all_of(desk, ("cleo", "apology publish 1"))
    await desk.settle()
    cards = [words(s.card) for s in desk.screens("relay-1/")]
    assert len(cards) == 1
    assert "no channel here: tell them yourself" in cards[0]
    assert {r.customer for r in await desk.store.book(lambda b: b.find(Relay))} == {"c01", "c02", "quiet"}
    await desk.pass_time(hours=4, minutes=1)
    await desk.pass_time(hours=4, minutes=1)
    reminders = [words(s.card) for s in desk.screens("reminder-relay-1/")]
    assert len(reminders) == 2
    assert "Reminded again below" in reminders[0]
    assert "3 customers have not been told" in reminders[1]
