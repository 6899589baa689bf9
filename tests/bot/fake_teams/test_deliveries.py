"""Activities on their way: late, refused, again, out of order."""

import asyncio
from typing import Any

from starlette.responses import Response

from tests.bot.fake_teams.rig import CARD, INCIDENTS, Rig, rigged


async def test_an_invoke_that_fails_is_tried_three_times_with_one_id(rig: Rig) -> None:
    """Teams tries twice more, then tells the person that the app is out of reach."""
    _, first = await rig.thread(CARD)
    rig.answer = lambda _: Response(status_code=500)
    delivery = await rig.teams.press("ben", INCIDENTS, first, "Resolve", {"why": "x"})
    assert delivery is not None
    assert (delivery.status, delivery.attempt) == (500, 3)
    assert len({a["id"] for a in rig.heard}) == 1
    assert len(rig.heard) == 3
    assert rig.teams.state_for("ben")["toast"]["text"].startswith("Unable to reach app")


async def test_an_invoke_that_succeeds_late_counts_once(rig: Rig) -> None:
    """A second try that is answered ends the matter."""
    _, first = await rig.thread(CARD)
    rig.answer = lambda _: Response(status_code=503 if len(rig.heard) == 1 else 200)
    delivery = await rig.teams.press("ben", INCIDENTS, first, "Resolve", {"why": "x"})
    assert delivery is not None
    assert (delivery.status, delivery.attempt) == (200, 2)
    assert rig.teams.state_for("ben")["toast"] is None


async def test_a_message_is_not_tried_again(rig: Rig) -> None:
    """The Bot Framework drops a message the bot refused, and a refused invoke is final too."""
    rig.answer = lambda _: Response(status_code=500)
    assert (await rig.teams.mention("ben", INCIDENTS, "help")).status == 500
    assert len(rig.heard) == 1
    rig.answer = lambda _: Response(status_code=403)
    _, first = await rig.thread(CARD)
    await rig.teams.press("ben", INCIDENTS, first, "Resolve", {"why": "x"})
    assert len(rig.heard) == 2


async def test_a_late_answer_is_recorded() -> None:
    """Past Teams' patience there is no answer, and the violation says so."""
    released = asyncio.Event()

    async def never(_: dict[str, Any]) -> Response:
        await released.wait()
        return Response()

    async with rigged(invoke_seconds=0.05, message_seconds=0.05) as rig:
        rig.answer = never
        delivery = await rig.teams.mention("ben", INCIDENTS, "help")
        assert (delivery.status, delivery.late) == (0, True)
        _, first = await rig.thread(CARD)
        await rig.teams.press("ben", INCIDENTS, first, "Resolve", {"why": "x"})
        assert [v.kind for v in rig.teams.violations] == ["late_ack"] * 4
        assert [d.attempt for d in rig.teams.deliveries] == [1, 1, 2, 3]
        released.set()


async def test_a_bot_that_is_down_is_no_exception_for_people(rig: Rig) -> None:
    """A refused connection is a delivery without status that says why."""
    rig.teams.messages_url = "http://127.0.0.1:9/api/messages"
    delivery = await rig.teams.say_personal("ben", "list")
    assert delivery.status == 0
    assert delivery.error
    assert rig.teams.state_for("ben")["personal"]["messages"][0]["text"] == "list"


async def test_an_activity_can_arrive_many_times_on_several_replicas(rig: Rig) -> None:
    """Redelivery repeats the very same activity, in turn over the addresses given, each freshly signed."""
    activity = (await rig.teams.mention("ben", INCIDENTS, "declare x")).activity
    again = await rig.teams.redeliver(
        activity["id"], 10, [rig.teams.messages_url, rig.teams.messages_url + "?replica=2"]
    )
    assert [d.status for d in again] == [200] * 10
    assert all(a == rig.heard[0] for a in rig.heard)
    assert len(rig.heard) == 11
    assert len(rig.teams.world.said_in(INCIDENTS)) == 1


async def test_held_activities_arrive_in_the_order_asked_for(rig: Rig) -> None:
    """Between hold and release the bot hears nothing; then it hears things out of order."""
    rig.teams.hold()
    for text in ("one", "two", "three"):
        assert (await rig.teams.say_personal("ben", text)).error == "held"
    assert not rig.heard
    await rig.teams.release([2, 0, 1])
    assert [a["text"] for a in rig.heard] == ["three", "one", "two"]
    await rig.teams.say_personal("ben", "four")
    assert rig.heard[-1]["text"] == "four"
