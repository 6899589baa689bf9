"""Leases and fences: what becomes of a post whose worker died, and when one is given up."""

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select

from handlers.domain.delivery import Dead, Held, Outcome, Place, Retry, Sent, Unknown
from handlers.domain.errors import Refused
from storage import outbox
from storage.outbox import LEASE, QUARANTINE_DEATHS
from storage.tables import attempts
from tests.storage.worker import PLATFORMS, SENT, Worker, apology, post


def test_an_edit_that_comes_while_nobody_knows_is_still_owed(worker: Worker) -> None:
    """The look finds the old words: the new ones follow."""
    worker.put(post("card", words="one"))
    worker.carry(Unknown("time-out"))
    worker.put(post("card", words="two"))
    worker.clock.wind(seconds=11)
    (lost,) = worker.database.run(lambda c, now: outbox.unclear(c, now, PLATFORMS, 10))
    assert worker.database.run(lambda c, now: outbox.reconcile(c, now, lost, SENT, again=False))
    (owed,) = worker.claim()
    assert (owed.card and owed.card.head, owed.message_id) == ("two", "m1")


def test_a_claim_that_was_not_used_goes_back(worker: Worker) -> None:
    """Its worker died before the attempt was written down: nothing left, so it is simply claimed again."""
    worker.put(post("card"))
    worker.claim()
    worker.clock.wind(seconds=9)
    assert worker.claim() == []
    worker.clock.wind(seconds=2)
    (again,) = worker.claim()
    assert (again.fence, worker.row("card")["deaths"]) == (2, 1)


def test_a_worker_that_died_while_sending_leaves_an_unknown(worker: Worker) -> None:
    """It may have arrived: never sent again as if nothing had been."""
    worker.put(post("card"))
    (row,) = worker.claim()
    worker.start(row)
    worker.clock.wind(seconds=11)
    assert worker.claim() == []
    assert worker.state("card") == "unknown"


def test_a_late_word_that_it_arrived_settles_the_unknown(worker: Worker) -> None:
    """Evidence counts whoever brings it."""
    worker.put(post("card"))
    (row,) = worker.claim()
    worker.start(row)
    worker.clock.wind(seconds=11)
    worker.claim()
    assert worker.finish(row, SENT)
    assert (worker.state("card"), worker.row("card")["message_id"]) == ("sent", "m1")


def test_a_late_word_that_it_arrived_stops_the_second_sending(worker: Worker) -> None:
    """Looked for, not found, claimed again: then the first worker's answer comes, and the second does not start."""
    worker.put(post("card"))
    (row,) = worker.claim()
    worker.start(row)
    worker.clock.wind(seconds=11)
    worker.claim()
    (lost,) = worker.database.run(lambda c, now: outbox.unclear(c, now, PLATFORMS, 10))
    worker.database.run(lambda c, now: outbox.reconcile(c, now, lost, None, again=True))
    (second,) = worker.claim()
    assert worker.finish(row, SENT)
    assert not worker.start(second)
    assert worker.state("card") == "sent"


@pytest.mark.parametrize("late", [Retry("429", 1), Unknown("reset"), Dead("is_archived"), Held("drifted")])
def test_any_other_late_word_is_ignored(worker: Worker, late: Outcome) -> None:
    """A worker whose lease is over has no say in what happens next."""
    worker.put(post("card"))
    (row,) = worker.claim()
    worker.start(row)
    worker.clock.wind(seconds=11)
    worker.claim()
    before = dict(worker.row("card"))
    assert not worker.finish(row, late)
    assert dict(worker.row("card")) == before


def test_a_worker_beyond_its_lease_may_not_start(worker: Worker) -> None:
    """Neither by the clock nor by the fence."""
    worker.put(post("card"))
    (row,) = worker.claim()
    worker.clock.wind(seconds=11)
    assert not worker.start(row)
    (again,) = worker.claim()
    assert not worker.start(row)
    assert worker.start(again)
    assert worker.database.run(lambda c, _now: len(c.execute(select(attempts)).all())) == 1


def test_an_old_look_does_not_touch_a_newer_attempt(worker: Worker) -> None:
    """Not found then says nothing of what was sent since."""
    worker.put(post("card"))
    worker.carry(Unknown("time-out"))
    worker.clock.wind(seconds=11)
    (old,) = worker.database.run(lambda c, now: outbox.unclear(c, now, PLATFORMS, 10))
    worker.database.run(lambda c, now: outbox.settle(c, now, old.id, "again"))
    worker.carry(Unknown("time-out"))
    assert not worker.database.run(lambda c, now: outbox.reconcile(c, now, old, None, again=True))
    assert worker.state("card") == "unknown"


def test_a_look_that_broke_off_is_taken_again_after_a_lease(worker: Worker) -> None:
    """Whoever looked was killed: recovered in a lease, not in a minute; one that told nothing has a minute's time."""
    worker.put(post("card"))
    worker.carry(Unknown("time-out"))
    worker.clock.wind(seconds=11)
    assert len(worker.database.run(lambda c, now: outbox.unclear(c, now, PLATFORMS, 10))) == 1
    assert worker.database.run(lambda c, now: outbox.unclear(c, now, PLATFORMS, 10)) == []
    worker.clock.wind(seconds=11)
    (row,) = worker.database.run(lambda c, now: outbox.unclear(c, now, PLATFORMS, 10))
    worker.database.run(lambda c, now: outbox.reconcile(c, now, row, None, again=False))
    worker.clock.wind(seconds=59)
    assert worker.database.run(lambda c, now: outbox.unclear(c, now, PLATFORMS, 10)) == []
    worker.clock.wind(seconds=1)
    assert len(worker.database.run(lambda c, now: outbox.unclear(c, now, PLATFORMS, 10))) == 1


def test_an_echo_settles_what_nobody_carries(worker: Worker) -> None:
    """Our own message came back to us: it did arrive."""
    worker.put(apology("apology-1/contoso"))
    row = worker.carry(Unknown("time-out"))
    assert worker.database.run(lambda c, now: outbox.arrived(c, now, row.nonce, SENT))
    assert (worker.state("apology-1/contoso"), worker.row("apology-1/contoso")["message_id"]) == ("sent", "m1")
    assert not worker.database.run(lambda c, now: outbox.arrived(c, now, row.nonce, Sent("other")))


@pytest.mark.parametrize("answer", [Unknown("reset"), None])
def test_an_echo_that_comes_before_the_answer_counts_if_the_answer_is_lost(
    worker: Worker, answer: Unknown | None
) -> None:
    """Whoever heard it, and whether the sender lived to say that nobody answered."""
    worker.put(post("card"))
    (row,) = worker.claim()
    worker.start(row)
    nonce = worker.row("card")["nonce"]
    assert worker.database.run(lambda c, now: outbox.arrived(c, now, nonce, SENT)) is None
    assert worker.state("card") == "sending"
    if answer is not None:
        assert worker.finish(row, answer)
    else:
        worker.clock.wind(seconds=11)
        worker.claim()
        (found,) = worker.database.run(lambda c, now: outbox.unclear(c, now, PLATFORMS, 5))
        assert found.heard == SENT
        assert worker.database.run(lambda c, now: outbox.reconcile(c, now, found, found.heard, False))
    assert (worker.state("card"), worker.row("card")["message_id"]) == ("sent", SENT.id)
    assert not worker.claim()


def test_an_echo_of_a_post_whose_answer_comes_too_changes_nothing(worker: Worker) -> None:
    """The answer knows more: it is what is kept."""
    worker.put(post("card"))
    (row,) = worker.claim()
    worker.start(row)
    nonce = worker.row("card")["nonce"]
    worker.database.run(lambda c, now: outbox.arrived(c, now, nonce, SENT))
    assert worker.finish(row, Sent("m1", "C0HERE", "https://chat.example/m1"))
    assert (worker.state("card"), worker.row("card")["link"]) == ("sent", "https://chat.example/m1")


def test_an_echo_and_the_answer_at_the_same_moment_do_not_wait_for_each_other(worker: Worker) -> None:
    """Both write in the row and in its attempt, in the same order: a knot would cost PostgreSQL a second to untie."""
    worker.put(post("card"))
    (row,) = worker.claim()
    worker.start(row)
    nonce = worker.row("card")["nonce"]
    between, faults, answers = threading.Event(), list[BaseException](), list[bool]()

    @event.listens_for(worker.database.engine, "before_cursor_execute")
    def pause(*said: Any) -> None:
        if "UPDATE attempts" in said[2] and threading.current_thread() is not other:
            between.set()
            time.sleep(0.3)  # long enough for the other to take what it takes first

    @event.listens_for(worker.database.engine, "handle_error")
    def note(context: Any) -> None:
        faults.append(context.original_exception)

    def answer() -> None:
        between.wait(10)
        answers.append(worker.finish(row, SENT))

    other = threading.Thread(target=answer)
    other.start()
    worker.database.run(lambda c, now: outbox.arrived(c, now, nonce, SENT))
    other.join(10)
    assert (faults, answers, worker.state("card")) == ([], [True], "sent")


def test_it_is_tried_for_a_day_before_it_is_given_up(worker: Worker) -> None:
    """Twelve tries or more over at least 24 hours; then dead, with the reason."""
    worker.put(post("card"))
    began, tries = worker.clock.at, 0
    while worker.state("card") != "dead":
        due = worker.row("card")["due"]
        worker.clock.at = max(worker.clock.at, due)
        worker.carry(Retry("503"))
        tries += 1
        assert tries < 200
        assert worker.row("card")["due"] - worker.clock.at <= timedelta(minutes=15)
    assert tries >= 12
    assert worker.clock.at - began >= timedelta(hours=24)
    assert "503" in worker.row("card")["error"]


def test_being_asked_to_wait_does_not_use_up_the_tries(worker: Worker) -> None:
    """An hour of rate limits, then one real fault: the post is not given up for it."""
    worker.put(post("card"))
    for _ in range(60):
        worker.carry(Retry("429", 60))
        worker.clock.wind(minutes=1)
    worker.carry(Retry("503"))
    assert (worker.state("card"), worker.row("card")["attempts"]) == ("retry", 1)


def test_a_post_over_which_three_workers_died_is_parked(worker: Worker) -> None:
    """The next in line goes on; a person's word lets it try again."""
    worker.put(post("poison"), post("after"))
    for _ in range(QUARANTINE_DEATHS):
        assert worker.keys() == ["poison"]
        worker.clock.at += LEASE + timedelta(seconds=1)
    assert worker.keys() == ["after"]
    assert worker.state("poison") == "held"
    number = worker.row("poison")["id"]
    worker.database.run(lambda c, now: outbox.settle(c, now, number, "again"))
    assert worker.row("poison")["deaths"] == 0


def test_only_what_waits_for_a_person_takes_a_persons_word(worker: Worker) -> None:
    """A post that is fine is not settled by hand."""
    worker.put(post("card"))
    number = worker.row("card")["id"]
    with pytest.raises(Refused, match="nothing to decide"):
        worker.database.run(lambda c, now: outbox.settle(c, now, number, "again"))
    with pytest.raises(Refused, match="No post 999"):
        worker.database.run(lambda c, now: outbox.settle(c, now, 999, "drop"))


def test_workers_at_the_same_moment_never_share_a_row(worker: Worker) -> None:
    """Four at once on one database: each post is claimed once, each line in order."""
    lanes = [Place("slack", "channel", f"C{n}") for n in range(10)]
    worker.put(*(post(f"{p.address}/{n}", p) for n in range(6) for p in lanes))
    taken: list[str] = []
    lock, ready = threading.Lock(), threading.Barrier(4)

    def work() -> None:
        ready.wait()
        while len(taken) < 6 * len(lanes):
            for row in worker.claim(3):
                assert worker.start(row)
                with lock:
                    taken.append(row.key)
                assert worker.finish(row, SENT)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(taken) == sorted(f"{p.address}/{n}" for n in range(6) for p in lanes)
    for place in lanes:
        mine = [key for key in taken if key.startswith(f"{place.address}/")]
        assert mine == sorted(mine)


def test_three_deaths_are_enough_although_it_surely_did_not_arrive(worker: Worker) -> None:
    """Looked for and not found each time, it is sent again twice; the third time it is left to a person at once."""
    worker.put(post("poison"))
    for _ in range(QUARANTINE_DEATHS):
        (row,) = worker.claim()
        worker.start(row)
        worker.clock.wind(seconds=11)
        assert worker.claim() == []
        (lost,) = worker.database.run(lambda c, now: outbox.unclear(c, now, PLATFORMS, 10))
        assert worker.database.run(lambda c, now, lost=lost: outbox.reconcile(c, now, lost, None, again=True))
    assert (worker.state("poison"), worker.row("poison")["error"]) == ("held", outbox.QUARANTINED)
    assert worker.claim() == []
