"""What cannot go does not wait for ever: orphans, poison, an old version; and the auditor says what is stuck."""

from sqlalchemy import text, update

from bot.delivery import old_version
from handlers.card import Card
from handlers.domain.delivery import BROADCAST, PAGE, Dead, Place, Post, Retry, Sent, Unknown
from storage import outbox
from storage.tables import outbox as table
from tests.desk import Desk, words

HERE = Place("slack", "thread", "C0HERE")
THEIRS = Place("slack", "channel", "C0HERE")


def post(key: str, **more: object) -> Post:
    """An internal post."""
    return Post(key, HERE, card=Card(key), **more)  # type: ignore[arg-type]


async def put(desk: Desk, *posts: Post) -> None:
    """Write them down."""
    await desk.store.book(lambda book: book.send_all(posts))


async def audit(desk: Desk, minutes: float = 2) -> None:
    """Time passes, the auditor asks (twice, if need be), and what it says is carried."""
    desk.clock.wind(minutes=minutes)
    if await desk.delivery.audit():
        await desk.delivery.audit()
    await desk.settle()


async def states(desk: Desk) -> dict[str, tuple[str, str]]:
    """State and error of each post that is not the auditor's."""
    return {p.key: (p.state, p.error) for p in await desk.posts() if not p.key.startswith("auditor/")}


def alarms(desk: Desk) -> list[str]:
    """What the auditor's messages say in Slack."""
    return [words(s.card) for s in desk.slack.screens.values() if s.key.startswith("auditor/")]


async def test_a_post_whose_need_died_is_dead_with_the_reason_and_lives_again_with_it(desk: Desk) -> None:
    """A pin of a message that never came keeps no auditor awake; sent again by hand, both go."""
    desk.slack.fail = {"card": Dead("channel_not_found")}
    await put(desk, post("card"), post("pin", op="pin", needs="card"), post("lost", op="pin", needs="nothing"))
    await desk.settle()
    await audit(desk)
    assert (await states(desk))["pin"] == ("dead", "what it belongs to is not there: card")
    assert (await states(desk))["lost"][0] == "dead"
    assert alarms(desk) == []
    desk.slack.fail = {}
    number = next(p.id for p in await desk.posts("card"))
    await desk.store.book(lambda book: book.settle(number, "again"))
    await desk.settle()
    assert {k: s for k, (s, _) in (await states(desk)).items()} == {"card": "sent", "pin": "sent", "lost": "dead"}


async def test_a_room_is_closed_although_nobody_could_say_farewell(desk: Desk) -> None:
    """What became private must not stay open because a message failed."""
    desk.slack.fail = {"farewell": Dead("is_archived")}
    await put(desk, post("farewell"), post("close", op="close", needs="farewell"))
    await desk.settle()
    await audit(desk)
    assert (await states(desk))["close"][0] == "sent"


async def test_what_waits_behind_a_person_is_not_late(desk: Desk) -> None:
    """A need that is unknown, a customer's line behind a post that is unclear: the person was asked already."""
    desk.slack.fail = {"first": Unknown("time-out")}
    customer = [Post(f"{n}/acme", THEIRS, text=n, audience="customer", approval="d") for n in ("first", "second")]
    await put(desk, *customer)
    await desk.settle()
    await audit(desk)
    assert (await states(desk))["second/acme"][0] == "pending"
    assert alarms(desk) == []


async def test_the_auditor_raises_one_alarm_keeps_its_number_right_and_takes_it_back(desk: Desk) -> None:
    """In both incidents channels, one message an alarm: edited while it stands, good at its end, another for the next."""
    await put(desk, *(Post(f"k{n}", Place("teams", "room", "9"), card=Card("x"), incident=9) for n in range(2)))
    for _ in range(3):
        await audit(desk)
    (said,) = alarms(desk)
    assert "2 posts are due for over a minute and neither sent nor held." in said
    assert len(desk.screens("auditor/")) == 2
    await desk.store.rows(lambda c, _now: c.execute(update(table).where(table.c.key == "k0").values(state="dead")))
    await audit(desk)
    assert "1 post is due" in alarms(desk)[0]
    await desk.store.rows(lambda c, _now: c.execute(update(table).where(table.c.key == "k1").values(state="dead")))
    await audit(desk)
    assert alarms(desk)[0].startswith("Every post is through again")
    await audit(desk)
    assert len(alarms(desk)) == 1
    await put(desk, Post("k3", Place("teams", "room", "9"), card=Card("x"), incident=9))
    await audit(desk)
    assert len(alarms(desk)) == 2


async def test_a_moment_of_lateness_is_no_alarm(desk: Desk) -> None:
    """The machine slept: everything is late at once, and a moment later nothing is."""
    await put(desk, post("card"))
    desk.clock.wind(minutes=10)
    assert await desk.delivery.audit()
    await desk.settle()
    assert not await desk.delivery.audit()
    await desk.settle()
    assert alarms(desk) == []


async def test_a_long_broadcast_is_late_only_when_its_platform_stands_still(desk: Desk) -> None:
    """Ten thousand customers take half an hour: no alarm while posts go out, one when they no longer do."""
    desk.slack.limits = {"slack *": ((1, 10.0),)}
    places = [Place("slack", "thread", f"C{n}") for n in range(60)]
    await put(desk, *(Post(f"mass/{p.address}", p, card=Card("x"), rank=BROADCAST, incident=1) for p in places))
    for _ in range(15):
        await desk.delivery.drain()
        desk.clock.wind(seconds=10)
        await desk.delivery.audit()
        await desk.delivery.audit()
    assert alarms(desk) == []
    desk.slack.fail = {"mass/": Retry("busy", 1.0)}
    await audit(desk, 1)
    await audit(desk, 2)
    assert len(alarms(desk)) == 1


async def test_a_poison_post_is_quarantined_after_three_dead_workers_and_said(desk: Desk) -> None:
    """Its line goes on, a customer's publication hears of it, and the alarm stands until somebody decides."""
    await put(desk, post("poison"), post("after"))
    for _ in range(3):
        (row,) = await desk.store.rows(lambda c, now: outbox.claim(c, now, ("slack",), 1))
        assert row.key == "poison"
        desk.clock.wind(seconds=11)
    await desk.settle()
    assert {k: s for k, (s, _) in (await states(desk)).items()} == {"poison": "held", "after": "sent"}
    await audit(desk)
    assert "1 post is held because three workers died over it." in alarms(desk)[0]
    number = next(p.id for p in await desk.posts("poison"))
    await desk.store.book(lambda book: book.settle(number, "again"))
    await desk.settle()
    await audit(desk)
    assert (await states(desk))["poison"][0] == "sent"
    assert alarms(desk)[0].startswith("Every post is through again")


async def test_what_was_in_the_same_hands_as_the_poison_is_not_held_with_it(desk: Desk) -> None:
    """Twelve posts in the hands of a server that dies of one: from then on each is taken by itself, and eleven are sent."""
    keys = ["poison", *(f"p{n}" for n in range(11))]
    await put(desk, *(Post(key, Place("slack", "thread", f"C0{key}"), card=Card(key)) for key in keys))
    deaths = 0
    for _ in range(40):
        server = Desk(desk.store.database, desk.clock)
        rows = await server.store.book(lambda book, server=server: server.delivery._claim(book, ("slack",), 12))
        if "poison" in [row.key for row in rows]:
            deaths += 1
            desk.clock.wind(seconds=11)
            continue
        for row in rows:
            await desk.store.rows(lambda c, now, row=row: outbox.start(c, now, row))
            await desk.store.rows(lambda c, now, row=row: outbox.finish(c, now, row, Sent(row.key, row.address)))
    assert deaths == 3
    assert {k: s for k, (s, _) in (await states(desk)).items()} == {"poison": "held"} | dict.fromkeys(keys[1:], "sent")


async def test_a_suspect_in_hand_holds_up_nobody_else(desk: Desk) -> None:
    """More of them than one look takes: one is taken, and then whoever is above suspicion."""
    for n in range(20):
        await put(desk, Post(f"s{n}", Place("slack", "thread", f"C0S{n}"), card=Card("x"), rank=PAGE))
    await desk.store.rows(lambda c, _now: c.execute(update(table).values(deaths=1)))
    await put(desk, Post("fresh", Place("slack", "thread", "C0FRESH"), card=Card("x"), rank=BROADCAST))
    claims = [await desk.store.book(lambda book: desk.delivery._claim(book, ("slack",), 12))]
    desk.delivery._suspect = True  # it is under way
    claims.append(await desk.store.book(lambda book: desk.delivery._claim(book, ("slack",), 12)))
    assert [[row.key for row in rows] for rows in claims] == [["s0"], ["fresh"]]


async def test_an_old_version_stops_claiming_when_the_schema_moved_on(desk: Desk) -> None:
    """It sends nothing while the schema is another's, says so in its metrics, and goes on if it is taken back."""
    await put(desk, post("card"))

    async def move(to: str) -> str:
        def work(connection: object, _now: object) -> str:
            at = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()  # type: ignore[attr-defined]
            connection.execute(text("UPDATE alembic_version SET version_num = :to"), {"to": to})  # type: ignore[attr-defined]
            return str(at)

        return await desk.store.rows(work)

    ours = await move("9999")
    await desk.settle()
    assert ((await states(desk))["card"][0], old_version._value.get()) == ("pending", 1)
    await move(ours)
    await desk.settle()
    assert ((await states(desk))["card"][0], old_version._value.get()) == ("sent", 0)


async def test_an_auditor_that_cannot_be_heard_says_it_once_it_can(desk: Desk) -> None:
    """With Slack away its alarm stands in Teams; back again, Slack reads how it is now, not how it was."""
    desk.slack.fail = {"": Retry("no connection")}
    await put(desk, Post("card", Place("slack", "thread", "C1"), card=Card("x")))
    await desk.settle()
    for _ in range(4):
        desk.clock.wind(minutes=30)
        await desk.delivery.audit()
        await desk.delivery.audit()
    await desk.delivery.drain()
    assert any(s.place.startswith("19:") for s in desk.screens("auditor/"))
    desk.slack.fail = {}
    for _ in range(3):
        await audit(desk, 60)
    assert all(a.startswith("Every post is through again") for a in alarms(desk))
