"""The long way from declare to a corrected apology, on SQLite and on PostgreSQL."""

from handlers.domain.delivery import Dead
from tests.desk import Desk, words
from tests.stories.quick import all_of, apology, approved, customer, furnish, refused, told

HOUSE = tuple(customer(f"c{n:02}", f"slack: C0MANY{n:03}") for n in range(1, 15))


async def test_a_publication_pauses_goes_on_and_is_corrected(desk: Desk) -> None:
    """Steps, a failure, a resume, a correction and a retraction behave alike on both."""
    await furnish(desk, *HOUSE)
    await approved(desk)
    await all_of(desk, ("noor", "fact 1 workaround none source support public"), ("noor", "undo"))
    assert (await apology(desk)).state == "draft"
    await all_of(desk, ("ben", "apology submit 1"), ("ana", "apology approve 1"), ("cleo", "apology approve 1"))
    desk.slack.fail["apology-1/c04/"] = Dead("channel_not_found")
    await all_of(desk, ("cleo", "apology publish 1"))
    await desk.settle()
    assert (await apology(desk)).state == "paused"
    assert "left the house" in refused(await desk.say("cleo", "undo"))
    desk.slack.fail = {}
    await all_of(desk, ("cleo", "apology resume 1"))
    await desk.settle()
    assert ((await apology(desk)).state, len(told(desk))) == ("published", 14)
    progress = next(s for s in desk.screens("apology-1/progress") if s.key.endswith("@slack"))
    assert "14 of 14 sent" in words(progress.card)
    await all_of(
        desk,
        ("ben", "apology correct 1 because it lasted longer"),
        ("ben", "apology submit 1"),
        ("ana", "apology approve 1"),
        ("cleo", "apology approve 1"),
        ("cleo", "apology publish 1"),
    )
    await desk.settle()
    assert all("Corrected" in text for text in told(desk).values())
    await all_of(desk, ("ana", "apology retract 1 because of a wrong name"))
    await desk.settle()
    assert all("taken back" in text for text in told(desk).values())
    assert {s.edits for s in desk.screens("apology-1/") if s.text} == {2}
