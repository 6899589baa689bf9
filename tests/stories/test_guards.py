"""Wrong-customer guards: words for one customer reach nobody else, whatever happens to channels meanwhile."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from handlers.card import Card, line
from handlers.commands import ChannelMoved, ChannelTouched
from handlers.domain.channels import Binding, Seen, drifted
from handlers.domain.delivery import Dead, Place, Post, Retry
from handlers.domain.incident import Room, Setting
from handlers.publish import NOTICE
from storage.tables import outbox
from tests.desk import Desk, Screen, buttons, words
from tests.stories.quick import all_of, apology, approved, customer, furnish, refused, submitted, told

ACME, BOLT, ACME2 = "C0ACME001", "C0BOLT001", "C0ACME002"
TEAMS = "19:cord@thread.tacv2"
CARD = Card("INC-1", (line("inside"),))


def seen(address: str, *organisations: str, name: str = "", **more: object) -> Seen:
    """What Slack says of a customer's channel."""
    said = Seen(address, name or f"ext-{address[2:6].lower()}", "T0US", organisations=tuple(sorted(organisations)))
    return replace(said, **more)  # type: ignore[arg-type]


@pytest.fixture
async def desk(seed_desk: Desk) -> Desk:
    """Two customers in Slack, each shared with their own workspace, looked at when they were bound."""
    await furnish(seed_desk, customer("acme", f"slack: {ACME}"), customer("bolt", f"slack: {BOLT}"))
    seed_desk.slack.channels = {ACME: seen(ACME, "T0ACME"), BOLT: seen(BOLT, "T0BOLT")}
    await surveyed(seed_desk)
    return seed_desk


async def surveyed(desk: Desk) -> None:
    """The clock ticks, and what was bound is looked at."""
    await desk.intake.tick()
    await desk.delivery.survey()
    await desk.settle()


async def binding(desk: Desk, address: str = ACME) -> Binding:
    """What is kept of a channel."""
    found = await desk.store.book(lambda b: b.get(Binding, desk_platform(address), address))
    assert found is not None
    return found


def desk_platform(address: str) -> str:
    """Slack's ids begin with a letter."""
    return "teams" if address.startswith("19:") else "slack"


def asked(desk: Desk) -> list[Screen]:
    """The cards that ask a person about customers who were not told."""
    return desk.screens("/untold/")


# --- two types of place, at every layer --------------------------------------------------------------------------------


@given(
    st.sampled_from(["channel", "room", "incidents", "person", "thread"]),
    st.sampled_from(["internal", "customer"]),
    st.sampled_from(["", "digest"]),
    st.booleans(),
    st.sampled_from(["message", "open", "pin"]),
)
def test_threat_05_a_post_that_crosses_cannot_be_made(
    kind: str, audience: str, approval: str, card: bool, op: str
) -> None:
    """Customers' words: approved, in a customer's channel, no card, no other call. The house's: never there."""
    theirs = (audience, kind, bool(approval), card, op) == ("customer", "channel", True, False, "message")
    inside = audience == "internal" and kind != "channel" and not approval
    shown = CARD if card else None
    place = Place("slack", kind, "C1")  # type: ignore[arg-type]
    if theirs or inside:
        Post("k", place, card=shown, text="t", op=op, audience=audience, approval=approval)  # type: ignore[arg-type]
    else:
        with pytest.raises(ValueError, match="no such place"):
            Post("k", place, card=shown, text="t", op=op, audience=audience, approval=approval)  # type: ignore[arg-type]


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
@pytest.mark.parametrize(
    "change",
    ["kind = 'room'", "audience = 'internal', approval = ''", "approval = ''", "audience = 'internal'"],
)
async def test_threat_05_the_database_itself_refuses_a_row_that_crosses(database_url: str, change: str) -> None:
    """Whatever code wrote it."""
    from storage.database import Database, make_engine
    from tests.desk import Clock

    house = Desk(Database(make_engine(database_url), Clock()), Clock())
    row = Post("apology-1/acme/slack:C1", Place("slack", "channel", "C1"), text="t", audience="customer", approval="d")
    await house.store.book(lambda b: b.send(row))
    with pytest.raises(IntegrityError):
        await house.store.rows(lambda c, _now: c.execute(text(f"UPDATE outbox SET {change}")))
    await house.store.book(lambda b: b.send(Post("inc-1/x", Place("slack", "room", "1"), card=CARD)))
    with pytest.raises(IntegrityError):
        await house.store.rows(
            lambda c, _now: c.execute(text("UPDATE outbox SET kind = 'channel' WHERE key = 'inc-1/x'"))
        )
    house.store.close()


async def test_a_card_whose_place_turns_out_to_be_a_customers_is_not_posted(desk: Desk) -> None:
    """The announcements' channel was pointed at a customer's behind everybody's back: held, and nothing is said there."""
    await desk.store.book(lambda b: b.put(Setting("slack.incidents", ACME)))
    await all_of(desk, ("ana", "declare Mail is down sev1 services mail"))
    await desk.store.book(lambda b: b.send(Post("inc-1/stray", Place("slack", "thread", ACME), card=CARD)))
    await desk.settle()
    assert [s for s in desk.slack.screens.values() if s.place == ACME] == []
    states = {p.key: (p.state, p.error) for p in await desk.posts("inc-1/")}
    for key in ("inc-1/announcement@slack", "inc-1/stray"):
        assert states[key] == ("held", "the place is a customer's channel, and this is for the house alone")


async def test_a_channel_of_the_house_is_bound_to_no_customer(desk: Desk) -> None:
    """Neither where incidents are announced nor an incident's room."""
    await all_of(desk, ("ana", "declare Mail is down sev1 services mail"))
    await desk.settle()
    assert "channel of our own" in refused(await desk.say("adam", "customer channel acme +C0INCIDENTS"))
    await desk.store.book(lambda b: b.put(Setting("slack.incidents", ACME2)))
    assert "channel of our own" in refused(await desk.say("adam", f"customer channel acme +{ACME2}"))


async def test_words_for_a_customer_never_go_to_a_channel_of_the_house(desk: Desk) -> None:
    """A catalog file that lists the announcements' channel as a customer's: their words are held."""
    await approved(desk)
    await desk.store.book(lambda b: b.put(Setting("slack.incidents", BOLT)))
    await all_of(desk, ("cleo", "apology publish 1"))
    await desk.settle()
    held = {p.key.split("/")[1]: p.error for p in await desk.posts("apology-1/") if p.state == "held"}
    assert held == {"bolt": f"{BOLT} is a channel of our own, not Bolt Ltd's."}
    assert BOLT not in told(desk)


# --- bound, and still the same -------------------------------------------------------------------------------------------


async def test_what_a_channel_was_is_written_down_before_it_is_used(desk: Desk) -> None:
    """At the load of the catalog; everybody can see who reads along."""
    assert (await binding(desk)).bound == seen(ACME, "T0ACME")
    assert "shared with T0ACME" in words((await desk.say("noor", "customer show acme")).show)
    desk.slack.channels[ACME] = seen(ACME, "T0ACME", "T0EVIL")
    await desk.store.book(lambda b: desk.intake.machine(b, ChannelTouched("slack", ACME)))
    await surveyed(desk)
    assert "held, because #ext-acme is shared with another" in words(
        (await desk.say("noor", "customer show acme")).show
    )


CHANGES = {
    "shared": (seen(ACME, "T0ACME", "T0EVIL"), "another organisation since it was bound: T0EVIL"),
    "exchanged": (seen(ACME, "T0EVIL"), "another organisation since it was bound: T0EVIL"),
    "unshared": (seen(ACME), "no longer shared with T0ACME"),
    "renamed": (seen(ACME, "T0ACME", name="general"), "#ext-acme is called #general now"),
    "moved house": (seen(ACME, "T0ACME", home="T0THEM"), "stands in another workspace now (T0THEM)"),
    "another": (seen("C0OTHER99", "T0ACME"), "answers as another channel (C0OTHER99)"),
}


@pytest.mark.parametrize("change", CHANGES)
async def test_threat_05_a_channel_that_drifted_between_approval_and_send_pauses_it_all(
    desk: Desk, change: str
) -> None:
    """One wrong audience is enough: held with a sentence, the rest waits, the comms owner is asked at once."""
    await approved(desk)
    await all_of(desk, ("ana", "role 1 comms @Ben"))
    now, sentence = CHANGES[change]
    desk.slack.channels[ACME] = now
    await all_of(desk, ("cleo", "apology publish 1"))
    await desk.settle()
    assert told(desk) == {}
    assert (await apology(desk)).state == "paused"
    posts = {p.key.split("/")[1]: p for p in await desk.posts("apology-1/")}
    assert posts["acme"].state == "held"
    assert sentence in posts["acme"].error
    assert (posts["bolt"].state, posts["bolt"].due) == ("pending", None)
    (card,) = asked(desk)
    assert card.place == "U0BEN"
    assert sentence in words(card.card)
    assert list(buttons(card.card)) == ["Told by hand", "Rebind"]


async def test_nobody_waves_a_post_through_to_a_channel_that_drifted(desk: Desk) -> None:
    """Neither by resuming nor by sending again, in chat or from the shell: only after it was bound again."""
    await approved(desk)
    desk.slack.channels[ACME] = seen(ACME, "T0ACME", "T0EVIL")
    await all_of(desk, ("cleo", "apology publish 1"))
    await desk.settle()
    (post,) = [p for p in await desk.posts("apology-1/") if p.state == "held"]
    for line_ in ("apology resume 1", f"settle {post.id} again"):
        assert "binds the channel again first" in refused(await desk.say("cleo", line_))
    await desk.store.book(lambda b: b.settle(post.id, "again"))  # as `amends outbox retry` does
    await desk.settle()
    assert told(desk) == {}
    assert [p.state for p in await desk.posts(post.key)] == ["held"]


async def test_rebound_by_an_admin_it_goes_on(desk: Desk) -> None:
    """Rebind is an admin's; then the publication is resumed, and everybody reads their own text once."""
    await approved(desk)
    desk.slack.channels[ACME] = seen(ACME, "T0ACME", "T0EVIL")
    await all_of(desk, ("cleo", "apology publish 1"))
    await desk.settle()
    (card,) = asked(desk)
    rebind = buttons(card.card)["Rebind"]
    assert "admin" in refused(await desk.say("ana", rebind))
    answer = await desk.say("adam", rebind)
    assert "shared with T0ACME, T0EVIL" in words(answer.show)
    assert buttons(answer.show) == {"Go on with A1": "apology resume 1"}
    await surveyed(desk)
    assert "may go now" in words(card.card)
    assert told(desk) == {}
    await all_of(desk, ("cleo", "apology resume 1"))
    await desk.settle()
    assert set(told(desk)) == {ACME, BOLT}
    assert (await apology(desk)).state == "published"


async def test_what_changes_after_the_admin_looked_is_held_again(desk: Desk) -> None:
    """Trusted is what the admin was shown, nothing else."""
    await approved(desk)
    desk.slack.channels[ACME] = seen(ACME, "T0ACME", "T0EVIL")
    await all_of(desk, ("cleo", "apology publish 1"))
    await desk.settle()
    desk.slack.channels[ACME] = seen(ACME, "T0ACME", "T0EVIL", "T0WORSE")
    await all_of(desk, ("adam", f"customer channel acme +{ACME}"), ("cleo", "apology resume 1"))
    await desk.settle()
    assert told(desk) == {}
    (post,) = [p for p in await desk.posts("apology-1/") if p.state == "held"]
    assert "T0WORSE" in post.error


async def test_told_by_hand_the_others_are_told_all_the_same(desk: Desk) -> None:
    """No admin is awake: the customer is told by phone, the publication goes on."""
    await approved(desk)
    desk.slack.channels[ACME] = seen(ACME, "T0ACME", "T0EVIL")
    await all_of(desk, ("cleo", "apology publish 1"))
    await desk.settle()
    (card,) = asked(desk)
    await all_of(desk, ("cleo", buttons(card.card)["Told by hand"]), ("cleo", "apology resume 1"))
    await desk.settle()
    assert set(told(desk)) == {BOLT}
    assert (await apology(desk)).state == "published"


async def test_drift_in_the_middle_of_the_ramp_stops_what_is_left(seed_desk: Desk) -> None:
    """After the first of thirty: the second is held, and none of the others leaves."""
    keys = [f"c{n:02}" for n in range(30)]
    await furnish(seed_desk, *(customer(k, f"slack: C0{k.upper()}AAA") for k in keys))
    seed_desk.slack.channels = {f"C0{k.upper()}AAA": seen(f"C0{k.upper()}AAA", f"T0{k.upper()}") for k in keys}
    await surveyed(seed_desk)
    await approved(seed_desk)
    seed_desk.slack.channels["C0C01AAA"] = seen("C0C01AAA", "T0C01", "T0EVIL")
    await all_of(seed_desk, ("cleo", "apology publish 1 to 30"))
    await seed_desk.settle()
    assert (await apology(seed_desk)).state == "paused"
    assert "C0C00AAA" in told(seed_desk)
    assert len(told(seed_desk)) <= 11  # what the second step had already let go
    assert "C0C01AAA" not in told(seed_desk)
    shown = words(next(s.card for s in seed_desk.screens("apology-1/progress")))
    assert "1 held" in shown
    assert "shared with another organisation since it was bound: T0EVIL" in shown
    await all_of(seed_desk, ("adam", "customer channel c01 +C0C01AAA"), ("cleo", "apology resume 1"))
    await seed_desk.settle()
    assert sorted(told(seed_desk)) == sorted(f"C0{k.upper()}AAA" for k in keys)
    assert [s.edits for s in seed_desk.screens("apology-1/c")] == [0] * 30


async def test_drift_that_went_away_by_itself_is_no_drift(desk: Desk) -> None:
    """Shared by mistake, and taken back: the same organisations read it as when it was bound."""
    await approved(desk)
    desk.slack.channels[ACME] = seen(ACME, "T0ACME", "T0EVIL")
    await all_of(desk, ("cleo", "apology publish 1"))
    await desk.settle()
    desk.slack.channels[ACME] = seen(ACME, "T0ACME")
    await desk.store.book(lambda b: desk.intake.machine(b, ChannelTouched("slack", ACME)))
    await surveyed(desk)
    await all_of(desk, ("cleo", "apology resume 1"))
    await desk.settle()
    assert set(told(desk)) == {ACME, BOLT}


async def test_drift_before_anything_is_out_voids_the_signatures(desk: Desk) -> None:
    """Who signed, signed for those who read it then."""
    await approved(desk)
    desk.slack.channels[ACME] = seen(ACME, "T0ACME", "T0EVIL")
    await desk.store.book(lambda b: desk.intake.machine(b, ChannelTouched("slack", ACME)))
    await surveyed(desk)
    assert (await apology(desk)).state == "draft"
    assert "Acme Ltd's channel" in "".join(words(s.card) for s in desk.screens("/void/"))


async def test_an_archived_channel_is_dead_and_asked_about(desk: Desk) -> None:
    """Mid-broadcast: the others are told; a person tells by hand, binds another, or tries again."""
    await approved(desk)
    desk.slack.channels[BOLT] = seen(BOLT, "T0BOLT", archived=True)
    await all_of(desk, ("cleo", "apology publish 1"))
    await desk.settle()
    assert set(told(desk)) == {ACME}
    (post,) = await desk.posts("apology-1/bolt")
    assert (post.state, post.error) == ("dead", "is_archived")
    (card,) = asked(desk)
    assert list(buttons(card.card)) == ["Told by hand", "Rebind", "Send again"]
    desk.slack.channels[BOLT] = seen(BOLT, "T0BOLT")
    await all_of(desk, ("cleo", buttons(card.card)["Send again"]))
    await desk.settle()
    assert set(told(desk)) == {ACME, BOLT}


async def test_an_archived_first_channel_falls_back_and_nobody_is_asked(seed_desk: Desk) -> None:
    """`deliver: first`: the next channel after a definite failure; a drifted one is no definite failure."""
    await furnish(seed_desk, customer("acme", f"slack: {ACME}", f"slack: {ACME2}"))
    seed_desk.slack.channels = {ACME: seen(ACME, "T0ACME", archived=True), ACME2: seen(ACME2, "T0ACME")}
    await approved(seed_desk)
    await all_of(seed_desk, ("cleo", "apology publish 1"))
    await seed_desk.settle()
    assert set(told(seed_desk)) == {ACME2}
    assert asked(seed_desk) == []


async def test_a_drifted_first_channel_does_not_fall_back(seed_desk: Desk) -> None:
    """It is held: the words may yet go there, and nobody reads them twice."""
    await furnish(seed_desk, customer("acme", f"slack: {ACME}", f"slack: {ACME2}"))
    seed_desk.slack.channels = {ACME: seen(ACME, "T0ACME"), ACME2: seen(ACME2, "T0ACME")}
    await surveyed(seed_desk)
    await approved(seed_desk)
    seed_desk.slack.channels[ACME] = seen(ACME, "T0EVIL")
    await all_of(seed_desk, ("cleo", "apology publish 1"))
    await seed_desk.settle()
    assert told(seed_desk) == {}
    assert len(asked(seed_desk)) == 1


async def test_a_channel_that_changed_hands_while_words_waited_gets_none_of_them(desk: Desk) -> None:
    """Unbound from Acme and bound to Bolt in the middle of a publication: Acme's text is not for Bolt."""
    await approved(desk)
    desk.slack.fail["apology-1/acme"] = Retry("later", 30)
    await all_of(desk, ("cleo", "apology publish 1"))
    await desk.settle()
    await all_of(
        desk,
        ("adam", f"customer channel acme -{ACME}"),
        ("adam", f"customer channel bolt +{ACME}"),
    )
    desk.slack.fail = {}
    desk.clock.wind(minutes=1)
    await desk.settle()
    held = {p.key.split("/")[1]: p.error for p in await desk.posts("apology-1/") if p.state == "held"}
    assert held == {"acme": f"{ACME} belongs to Bolt Ltd now, and this was written for Acme Ltd."}
    assert ACME not in told(desk)


async def test_a_correction_is_held_too_and_the_notice_of_a_retraction_is_not(desk: Desk) -> None:
    """New words are not shown to new readers; taking words back never waits."""
    await approved(desk)
    await all_of(desk, ("cleo", "apology publish 1"))
    await desk.settle()
    before = told(desk)[ACME]
    desk.slack.channels[ACME] = seen(ACME, "T0ACME", "T0EVIL")
    await all_of(
        desk,
        ("ben", "apology correct 1 because the cause was another"),
        ("ana", 'fact 1 F3 = "our network upgrade" because we looked again'),
        ("ben", "apology submit 1"),
        ("ana", "apology approve 1"),
        ("cleo", "apology approve 1"),
        ("cleo", "apology publish 1"),
    )
    await desk.settle()
    assert told(desk)[ACME] == before
    assert [p.state for p in await desk.posts("apology-1/acme")] == ["held"]
    await all_of(desk, ("cleo", "apology retract 1 because it was wrong altogether"))
    await desk.settle()
    assert set(told(desk).values()) == {NOTICE}


async def test_an_update_to_a_drifted_channel_is_held_and_sent_once_it_is_bound_again(desk: Desk) -> None:
    """Updates have no ramp: the others read it, this one waits for an admin."""
    await all_of(desk, ("ana", "declare Mail is down sev1 services mail region NA"), ("ana", "role 1 comms @Ben"))
    desk.slack.channels[ACME] = seen(ACME, "T0EVIL")
    said = "Mail is slow for customers in North America since 12:00 UTC. Next update at 13:00 UTC"
    await all_of(desk, ("ana", f"update 1 {said} to customers"), ("ben", "send 1"))
    await desk.settle()
    assert set(told(desk, "update-1/")) == {BOLT}
    (card,) = asked(desk)
    answer = await desk.say("adam", buttons(card.card)["Rebind"])
    assert not answer.refused
    (press,) = buttons(answer.show).values()
    await all_of(desk, ("ben", press))
    await desk.settle()
    assert set(told(desk, "update-1/")) == {ACME, BOLT}


# --- another id ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("same", [True, False])
async def test_words_follow_a_channels_new_id_where_the_same_organisations_read_it(desk: Desk, same: bool) -> None:
    """`channel_id_changed` is followed as far as the binding reaches, and no further."""
    await approved(desk)
    desk.slack.channels["C0NEW0001"] = seen("C0NEW0001", "T0ACME" if same else "T0EVIL", name="ext-acme")
    await desk.store.book(lambda b: desk.intake.machine(b, ChannelMoved("slack", ACME, "C0NEW0001")))
    await all_of(desk, ("cleo", "apology publish 1"))
    await desk.settle()
    assert set(told(desk)) == ({"C0NEW0001", BOLT} if same else set())
    if not same:
        (post,) = [p for p in await desk.posts("apology-1/") if p.state == "held"]
        assert "T0EVIL" in post.error


async def test_a_new_id_that_is_another_customers_channel_is_never_followed(desk: Desk) -> None:
    """A forged or mistaken event gains nothing: held until an admin decides."""
    await approved(desk)
    await desk.store.book(lambda b: desk.intake.machine(b, ChannelMoved("slack", ACME, BOLT)))
    await surveyed(desk)
    assert "Bolt Ltd's channel" in (await binding(desk)).drift
    await all_of(desk, ("cleo", "apology publish 1"))
    await desk.settle()
    assert told(desk) == {}
    assert [p.state for p in await desk.posts("apology-1/acme")] == ["held"]


async def test_the_houses_own_channels_are_followed_by_every_server(desk: Desk) -> None:
    """A room and the incidents channel with other ids: cards are edited there, lines said there are heard as before."""
    await all_of(desk, ("ana", "declare Mail is down sev1 services mail region NA"))
    await desk.settle()
    (room,) = await desk.store.book(lambda b: b.find(Room, incident=1, platform="slack"))
    for old, new in ((room.address, "C0ROOMNEW1"), ("C0INCIDENTS", "C0INCNEW01")):
        await desk.store.book(lambda b, old=old, new=new: desk.intake.machine(b, ChannelMoved("slack", old, new)))
    rows = await desk.store.rows(lambda c, _now: c.execute(select(outbox.c.key, outbox.c.message_at)).all())
    at = {row.key: row.message_at for row in rows}
    assert (at["inc-1/headline@slack"], at["inc-1/announcement@slack"]) == ("C0ROOMNEW1", "C0INCNEW01")
    desk.slack.calls.clear()
    assert (await desk.say("ana", "severity sev2 because fewer are hit", channel="C0ROOMNEW1")).recorded
    await desk.settle()
    assert {address for _, _, address in desk.slack.calls} <= {"C0ROOMNEW1", "C0INCNEW01", "U0ANA"}


async def test_a_room_does_not_follow_into_a_customers_channel(desk: Desk) -> None:
    """Whatever a platform says: nothing of the house goes where a customer reads."""
    await all_of(desk, ("ana", "declare Mail is down sev1 services mail region NA"))
    await desk.settle()
    (room,) = await desk.store.book(lambda b: b.find(Room, incident=1, platform="slack"))
    await desk.store.book(lambda b: desk.intake.machine(b, ChannelMoved("slack", room.address, ACME)))
    assert await desk.store.book(lambda b: b.find(Room, incident=1, platform="slack")) == [room]


async def test_a_new_id_of_a_channel_nobody_had_looked_at_waits_for_a_person(seed_desk: Desk) -> None:
    """There is nothing to hold the new one against."""
    await furnish(seed_desk, customer("acme", f"slack: {ACME}"))
    await seed_desk.intake.tick()
    await seed_desk.store.book(lambda b: seed_desk.intake.machine(b, ChannelMoved("slack", ACME, "C0NEW0001")))
    seed_desk.slack.channels["C0NEW0001"] = seen("C0NEW0001", "T0ACME")
    await approved(seed_desk)
    await all_of(seed_desk, ("cleo", "apology publish 1"))
    await seed_desk.settle()
    assert told(seed_desk) == {}
    await all_of(seed_desk, ("adam", "customer channel acme +C0NEW0001"), ("cleo", "apology resume 1"))
    await seed_desk.settle()
    assert set(told(seed_desk)) == {"C0NEW0001"}


# --- Teams: what cannot be posted to --------------------------------------------------------------------------------------


async def test_a_channel_the_bot_cannot_post_to_is_told_by_hand_from_the_start(seed_desk: Desk) -> None:
    """Known when it was bound: `affected` and the preview say so, it is no recipient, and its manager has the task."""
    await furnish(seed_desk, customer("cord", f"teams: '{TEAMS}'"), customer("acme", f"slack: {ACME}"))
    seed_desk.teams.channels[TEAMS] = Seen(TEAMS, kind="shared", reach="no")
    await surveyed(seed_desk)
    await submitted(seed_desk)
    assert "tell by hand" in words((await seed_desk.say("ana", "affected 1")).show)
    await all_of(seed_desk, ("ana", "apology approve 1"), ("cleo", "apology approve 1"), ("cleo", "apology publish 1"))
    await seed_desk.settle()
    assert set(told(seed_desk)) == {ACME}
    assert (await apology(seed_desk)).state == "published"
    (task,) = seed_desk.screens("relay-1/")
    assert "Cord Ltd: to be told" in words(task.card)
    assert "cord" in words((await seed_desk.say("dana", "relay list mine")).show).casefold()


@pytest.mark.parametrize(("heard", "reached"), [(False, False), (True, True)])
async def test_a_shared_channel_counts_once_somebody_spoke_from_it(seed_desk: Desk, heard: bool, reached: bool) -> None:
    """Until a try succeeded or an activity came from there, its customer is told by hand."""
    await furnish(seed_desk, customer("cord", f"teams: '{TEAMS}'"), customer("acme", f"slack: {ACME}"))
    seed_desk.teams.channels[TEAMS] = Seen(TEAMS, kind="shared")
    await surveyed(seed_desk)
    if heard:
        await seed_desk.store.book(
            lambda b: seed_desk.intake.machine(b, ChannelTouched("teams", TEAMS, heard=True, kind="shared"))
        )
    del seed_desk.teams.channels[TEAMS]  # before a post Teams is not asked
    await approved(seed_desk)
    await all_of(seed_desk, ("cleo", "apology publish 1"))
    await seed_desk.settle()
    assert (TEAMS in told(seed_desk)) == reached


async def test_a_refusal_at_the_post_itself_is_remembered(seed_desk: Desk) -> None:
    """Nobody knew: the post is dead, and the next words are told by hand from the start."""
    await furnish(seed_desk, customer("cord", f"teams: '{TEAMS}'"), customer("acme", f"slack: {ACME}"))
    await surveyed(seed_desk)
    seed_desk.teams.fail["apology-1/cord"] = Dead("BotNotInConversationRoster")
    await approved(seed_desk)
    await all_of(seed_desk, ("cleo", "apology publish 1"))
    await seed_desk.settle()
    assert set(told(seed_desk)) == {ACME}
    assert (await binding(seed_desk, TEAMS)).reach == "no"
    assert "tell by hand" in words((await seed_desk.say("ana", "affected 1")).show)


async def test_an_admin_who_binds_a_channel_learns_what_it_is(desk: Desk) -> None:
    """Within seconds, in person: who reads along, or that the bot cannot post there."""
    desk.slack.channels["C0ACME009"] = seen("C0ACME009")
    desk.teams.channels[TEAMS] = Seen(TEAMS, kind="shared", reach="no")
    await all_of(desk, ("adam", "customer channel acme +C0ACME009"), ("adam", f"customer channel bolt +{TEAMS}"))
    await surveyed(desk)
    one, other = (words(s.card) for s in desk.screens("bound/"))
    assert "shared with no other organisation" in one
    assert "is it the right one?" in one
    assert "cannot post to" in other
    assert "told by hand" in other
    assert {s.place for s in desk.screens("bound/")} == {"U0ADAM"}


async def test_undo_takes_a_binding_back_with_the_channel(desk: Desk) -> None:
    """A slip of the hand is taken back whole: the catalog names the channel no more, and it is nobody's."""
    await all_of(desk, ("adam", f"customer channel acme +{ACME2}"))
    assert (await binding(desk, ACME2)).customer == "acme"
    await all_of(desk, ("adam", "undo"))
    assert (await binding(desk, ACME2)).customer == ""
    assert (await binding(desk, ACME)).customer == "acme"


def test_nothing_drifts_where_nothing_changed() -> None:
    """Also where the platform names no more than the id."""
    assert drifted(seen(ACME, name="x"), Seen(ACME)) == ""
    assert drifted(seen(ACME, "T0ACME"), seen(ACME, "T0ACME")) == ""
