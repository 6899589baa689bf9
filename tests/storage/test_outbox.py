"""The outbox: who goes first, who waits, and how edits fold."""

from dataclasses import replace

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from handlers.domain.delivery import Held, Outcome, Place, Post, Retry, Unknown
from handlers.domain.incident import Room, Setting
from storage import outbox
from storage.tables import outbox as table
from tests.storage.worker import SENT, THERE, Worker, apology, post


def test_the_urgent_go_first_then_the_oldest(worker: Worker) -> None:
    """By class, then by the order in which they were written down."""
    places = [Place("slack", "channel", f"C{n}") for n in range(4)]
    worker.put(post("edit", places[0], rank=2), post("page", places[1], rank=1), post("second page", places[2], rank=1))
    worker.clock.wind(seconds=1)
    worker.put(post("reply", places[3], rank=0))
    assert worker.keys() == ["reply", "page", "second page", "edit"]


def test_one_place_hears_one_thing_after_another(worker: Worker) -> None:
    """The second message of a place is not even claimed while the first is under way, however urgent it is."""
    worker.put(post("first", rank=3), post("second", rank=0), post("elsewhere", THERE, rank=4))
    rows = {r.key: r for r in worker.claim()}
    assert set(rows) == {"first", "elsewhere"}
    worker.start(rows["first"])
    assert worker.keys() == []
    worker.finish(rows["first"], SENT)
    assert worker.keys() == ["second"]


def test_a_message_that_waits_for_its_next_try_holds_its_line(worker: Worker) -> None:
    """Otherwise a room would read the answer before the question."""
    worker.put(post("first"), post("second"))
    worker.carry(Retry("slow down", 30))
    assert worker.keys() == []
    worker.clock.wind(seconds=31)
    worker.carry()
    assert worker.keys() == ["second"]


@pytest.mark.parametrize(("audience", "following"), [("internal", ["second"]), ("customer", [])])
@pytest.mark.parametrize("outcome", [Unknown("time-out"), Held("the channel changed")])
def test_what_waits_for_a_person_stops_only_a_customers_line(
    worker: Worker, outcome: Outcome, audience: str, following: list[str]
) -> None:
    """A room inside goes on; a customer reads nothing out of order."""
    make = apology if audience == "customer" else post
    worker.put(make("first"), make("second"))
    worker.carry(outcome)
    assert worker.keys() == following


def test_identical_words_again_change_nothing(worker: Worker) -> None:
    """A refresh of a card that did not change is not sent."""
    worker.put(post("card"))
    worker.carry()
    before = dict(worker.row("card"))
    worker.put(post("card"))
    assert dict(worker.row("card")) == before
    assert worker.keys() == []


def test_edits_fold_and_the_newest_wins(worker: Worker) -> None:
    """Three changes before the post leaves are one post with the last words, still first in its line."""
    worker.put(post("card", words="one"), post("later"))
    worker.clock.wind(seconds=1)
    worker.put(post("card", words="two"), post("card", words="three", rank=4))
    (row,) = worker.claim()
    assert (row.key, row.card and row.card.head) == ("card", "three")
    assert worker.row("card")["rank"] == 1


@pytest.mark.parametrize("at", ["claimed", "sending"])
def test_an_edit_that_comes_while_the_post_is_under_way_is_still_owed(worker: Worker, at: str) -> None:
    """What was shown is not the newest: the row goes again, as an edit of the same message."""
    worker.put(post("card", words="one"))
    (row,) = worker.claim()
    if at == "sending":
        worker.start(row)
    worker.put(post("card", words="two"))
    if at == "claimed":
        worker.start(row)
    worker.finish(row, SENT)
    (owed,) = worker.claim()
    assert (owed.card and owed.card.head, owed.message_id) == ("two", "m1")
    worker.start(owed)
    worker.finish(owed, SENT)
    assert (worker.state("card"), worker.keys()) == ("sent", [])


def test_threat_05_customers_get_nothing_that_was_not_approved(worker: Worker) -> None:
    """The database itself refuses a customer row without an approval, new or changed."""
    worker.put(apology("apology-1/contoso"))
    with pytest.raises(IntegrityError, match=r"customer_rows_carry_an_approval"):
        worker.database.run(lambda c, _now: c.execute(update(table).values(approval="")))


def test_held_back_posts_wait_for_their_release(worker: Worker) -> None:
    """Written down with the approval, let go step by step, and nobody's line is held meanwhile."""
    worker.put(*(replace(apology(f"a/{n}"), hold=True) for n in range(2)), apology("other"))
    assert worker.keys() == ["other"]
    worker.clock.wind(seconds=11)
    worker.database.run(lambda c, now: outbox.release(c, now, ["a/1"]))
    assert worker.keys() == ["a/1"]


def test_halting_stops_what_has_not_left(worker: Worker) -> None:
    """Also what is claimed and what waits for a retry; what is on screen stays there; release lets them go again."""
    worker.put(*(apology(f"a/{n}", Place("slack", "channel", f"C{n}")) for n in range(4)), apology("b/1", THERE))
    rows = {r.key: r for r in worker.claim()}
    for key, outcome in (("a/0", SENT), ("a/1", Retry("503"))):
        worker.start(rows[key])
        worker.finish(rows[key], outcome)
    worker.start(rows["a/2"])
    assert worker.database.run(lambda c, _now: outbox.halt(c, "a/")) == 2
    assert not worker.start(rows["a/3"])
    assert worker.start(rows["b/1"])
    worker.finish(rows["a/2"], Retry("429", 5))
    worker.clock.wind(minutes=1)
    assert worker.keys() == []
    assert [worker.state(f"a/{n}") for n in range(4)] == ["sent", "pending", "pending", "pending"]
    worker.database.run(lambda c, now: outbox.release(c, now, [f"a/{n}" for n in range(4)]))
    assert worker.keys() == ["a/1", "a/2", "a/3"]


def test_a_release_does_not_shorten_what_a_platform_asked_for(worker: Worker) -> None:
    """Retry-After is kept to the second."""
    worker.put(post("card"))
    worker.carry(Retry("429", 30))
    worker.database.run(lambda c, now: outbox.release(c, now, ["card"]))
    worker.clock.wind(seconds=29)
    assert worker.keys() == []
    worker.clock.wind(seconds=1)
    assert worker.keys() == ["card"]


def test_a_post_waits_for_what_it_needs_on_screen(worker: Worker) -> None:
    """A pin needs its message, and gets its id."""
    worker.put(post("pin", THERE, op="pin", needs="card"), post("card"))
    (card,) = worker.claim()
    worker.start(card)
    worker.finish(card, SENT)
    (pin,) = worker.claim()
    assert (pin.key, pin.target_id) == ("pin", "m1")


def test_nothing_is_said_in_a_room_that_is_not_open(worker: Worker) -> None:
    """Only its opening may go, even behind an older message; then the messages follow to its address."""
    room = Place("slack", "room", "7")
    worker.set(Room(7, "slack"))
    worker.set(Setting("slack.incidents", "C0INCIDENTS"))
    worker.put(post("said", room, incident=7), post("room", room, op="open", incident=7))
    assert worker.keys() == ["room"]
    worker.set(Room(7, "slack", "C0ROOM"))
    (said,) = worker.claim()
    assert (said.key, said.address) == ("said", "C0ROOM")


def test_the_incidents_channel_must_be_known_first(worker: Worker) -> None:
    """Teams learns it; until then the announcement waits."""
    worker.put(post("announcement", Place("teams", "incidents")))
    assert worker.keys() == []
    worker.set(Setting("teams.incidents", "19:here@thread.tacv2"))
    (row,) = worker.claim()
    assert row.address == "19:here@thread.tacv2"


def test_many_at_once_are_written_like_one_after_another(worker: Worker) -> None:
    """New ones, an edit, one that says nothing new, and a key twice in one go."""
    worker.put(post("known"), post("same"))
    worker.carry()
    many = [post("new", THERE), post("known", words="other"), post("same"), post("new", THERE, words="twice")]
    many += [post(f"n{n}", Place("slack", "channel", f"C{n}")) for n in range(outbox.BATCH + 1)]
    with worker.database.begin() as (connection, now):
        outbox.put_all(connection, now, many, 1)
    assert [worker.row(k)["revision"] for k in ("known", "same", "new", "n0")] == [2, 1, 2, 1]
    assert "twice" in str(worker.row("new")["body"])
    places = [worker.row(p.key)["seq"] for p in many[4:]]
    assert places == sorted(set(places))


def test_retries_and_new_posts_stand_in_one_line(worker: Worker) -> None:
    """What is tried again goes by its own urgency and age, and no more is claimed than was asked for."""
    worker.put(post("late", Place("slack", "channel", "C1"), rank=3), post("again", Place("slack", "channel", "C2")))
    row = next(r for r in worker.claim() if r.key == "again")
    worker.start(row)
    worker.finish(row, Retry("slow down", 5))
    worker.clock.wind(seconds=11)
    worker.put(post("urgent", Place("slack", "channel", "C3"), rank=0))
    assert [r.key for r in worker.claim(2)] == ["urgent", "again"]
    assert [r.key for r in worker.claim(2)] == ["late"]


def test_a_tally_tells_waiting_from_pending(worker: Worker) -> None:
    """Written down, let go, sent; only customers' posts, only under the prefix."""
    held = Post("a-1/x", Place("slack", "channel", "C1"), text="t", audience="customer", approval="d", hold=True)
    worker.put(apology("a-1/y", Place("slack", "channel", "C2")), held, apology("a-10/z"), post("a-1/card", THERE))
    tally = worker.database.run(lambda c, _now: outbox.tally(c, "a-1/"))
    assert tally == {"pending": 1, "waiting": 1}
