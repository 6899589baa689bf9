"""What a platform lets us do in how much time: windows, closings, and whose turn it is."""

from datetime import timedelta

import pytest

from handlers.domain.delivery import BROADCAST, Bucket, Place, Retry
from storage import outbox, rates
from tests.storage.worker import PLATFORMS, SENT, Worker, post

SENDS = Bucket("teams send 19:a", ((2, 1.0), (3, 30.0)))
OTHER = Bucket("teams send 19:b", ((2, 1.0),))
TENANT = Bucket("teams", ((4, 10.0),))


def take(worker: Worker, *buckets: Bucket) -> float:
    """One call; seconds to wait if it may not be made."""
    opens = worker.database.run(lambda c, now: rates.take(c, now, buckets))
    return 0.0 if opens is None else (opens - worker.clock.at).total_seconds()


def test_each_window_is_kept(worker: Worker) -> None:
    """Two a second, three in half a minute; exactly when a call leaves its window there is room for another."""
    assert [take(worker, SENDS) for _ in range(3)] == [0, 0, 1]
    worker.clock.wind(seconds=1)
    assert [take(worker, SENDS) for _ in range(2)] == [0, 29]
    worker.clock.wind(seconds=28.999)
    assert take(worker, SENDS) == pytest.approx(0.001)
    worker.clock.wind(seconds=0.001)
    assert take(worker, SENDS) == 0


def test_a_call_that_one_bucket_refuses_is_counted_in_none(worker: Worker) -> None:
    """Otherwise whoever has to wait would use up the others' room."""
    assert [take(worker, SENDS, TENANT) for _ in range(4)] == [0, 0, 1, 1]
    assert [take(worker, OTHER, TENANT) for _ in range(3)] == [0, 0, 10]


def test_a_closed_bucket_stays_closed_to_the_second_and_no_later_word_shortens_it(worker: Worker) -> None:
    """Whoever was told, for whatever limits we assume."""
    worker.database.run(lambda c, now: rates.close(c, now, SENDS.name, 30))
    worker.database.run(lambda c, now: rates.close(c, now, SENDS.name, 5))
    assert take(worker, Bucket(SENDS.name)) == 30
    assert take(worker, OTHER) == 0
    worker.clock.wind(seconds=30)
    assert take(worker, SENDS) == 0


def test_a_clock_that_was_put_back_holds_nobody_up_for_longer_than_a_window(worker: Worker) -> None:
    """Calls of the future count for nothing."""
    assert [take(worker, OTHER) for _ in range(2)] == [0, 0]
    worker.clock.wind(minutes=-10)
    assert worker.database.run(rates.shut) == {}
    assert [take(worker, OTHER) for _ in range(3)] == [0, 0, 1]


def test_old_buckets_are_cleared_away(worker: Worker) -> None:
    """Ten thousand channels of one broadcast are nothing to keep."""
    take(worker, SENDS, OTHER)
    worker.clock.wind(minutes=59)
    assert worker.database.run(rates.forget) == 0
    worker.clock.wind(minutes=2)
    assert worker.database.run(rates.forget) == 2


def test_incidents_take_turns_within_a_class(worker: Worker) -> None:
    """Fifty posts of one incident, then three of another: these go second, fourth and sixth, not last."""
    worker.put(*(post(f"a{n}", Place("slack", "channel", f"A{n}"), rank=BROADCAST, incident=1) for n in range(50)))
    worker.claim(10)
    worker.clock.wind(seconds=1)
    worker.put(*(post(f"b{n}", Place("slack", "channel", f"B{n}"), rank=BROADCAST, incident=2) for n in range(3)))
    worker.put(post("urgent", Place("slack", "channel", "C"), rank=0, incident=1))
    found = [r.key for r in worker.claim(8)]
    assert found[0] == "urgent"
    assert sorted(found[1:7]) == ["a10", "a11", "a12", "b0", "b1", "b2"]
    assert [k for k in found if k[0] == "a"] == ["a10", "a11", "a12", "a13"]


def test_what_is_let_go_later_takes_its_turn_then(worker: Worker) -> None:
    """A broadcast that waited for its step stands behind nobody's back, and before nobody who came meanwhile."""
    held = [post(f"a{n}", Place("slack", "channel", f"A{n}"), rank=BROADCAST, incident=1, hold=True) for n in range(9)]
    worker.put(*held)
    worker.put(*(post(f"b{n}", Place("slack", "channel", f"B{n}"), rank=BROADCAST, incident=2) for n in range(9)))
    assert worker.claim(4)[-1].key == "b3"
    worker.database.run(lambda c, now: outbox.release(c, now, [p.key for p in held]))
    assert sorted(r.key for r in worker.claim(6)) == ["a0", "a1", "a2", "b4", "b5", "b6"]


def test_rows_of_a_closed_kind_are_not_claimed_and_keep_their_place(worker: Worker) -> None:
    """Ten thousand posts that may not go cost the others nothing: not even a look."""
    worker.put(*(post(f"a{n}", Place("slack", "channel", f"A{n}"), rank=BROADCAST, incident=1) for n in range(20)))
    worker.put(post("pin", Place("slack", "channel", "A0"), op="pin", rank=BROADCAST), post("b", rank=1))
    shut = outbox.kind_of("slack", "message", edit=False, broadcast=True)

    def keys(*kinds: str) -> list[str]:
        return [r.key for r in worker.database.run(lambda c, now: outbox.claim(c, now, PLATFORMS, 5, shut=kinds))]

    assert keys(shut) == ["b", "pin"]
    assert keys() == [f"a{n}" for n in range(5)]


def test_a_row_that_waits_for_its_bucket_was_not_tried(worker: Worker) -> None:
    """No attempt, no death, no fault: it is simply later."""
    worker.put(post("card"))
    (row,) = worker.claim()
    worker.database.run(lambda c, now: outbox.give_back(c, row, now + timedelta(seconds=5)))
    assert worker.keys() == []
    worker.clock.wind(seconds=5)
    (again,) = worker.claim()
    assert (again.attempts, worker.row("card")["deaths"]) == (0, 0)
    worker.start(again)
    worker.finish(again, Retry("429", 3))
    assert worker.row("card")["due"] == worker.clock.at + timedelta(seconds=3)
    worker.clock.wind(seconds=3)
    worker.carry(SENT)
