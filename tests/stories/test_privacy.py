"""Private incidents are their members' alone, and nothing of the house is said where customers listen."""

import pytest

from bot.channel import Request
from handlers.domain.people import Account
from tests.desk import Desk, words
from tests.stories.quick import all_of, approved, customer, furnish, refused, submitted, told

SECRET = "Payroll leak"


@pytest.fixture
async def desk(seed_desk: Desk) -> Desk:
    """A house with two customers of Dana's."""
    await furnish(seed_desk, customer("acme", "slack: C0ACME001"), customer("bolt", "slack: C0BOLT001"))
    return seed_desk


async def private_apology(desk: Desk) -> None:
    """A private incident of Ana's with Ben and Cleo in it, its apology published, a task and a promise of Noor's."""
    from tests.stories import quick

    await quick.draft(desk, by="ana", extra="private", title=SECRET)
    await all_of(
        desk,
        ("ana", "role 1 comms @Ben"),
        ("ana", "role 1 scribe @Cleo"),
        ("ana", "apology submit 1"),
        ("ana", "apology approve 1"),
        ("cleo", "apology approve 1"),
        ("cleo", "apology publish 1"),
    )
    await desk.settle()


LOOKS = (
    "list",
    "list all",
    "list mine",
    "list payroll",
    "list service mail",
    "list resolved since 7d",
    "promises",
    "promises mine",
    "promises open",
    "promises customer acme",
    "relay list",
    "relay list mine",
    "service show mail",
    "customer show acme",
    "whoami",
    "subscriptions",
)
CLOSED = (
    "show 1",
    "timeline 1",
    "facts 1",
    "affected 1",
    "accept 1",
    "cannot 1 because x",
    "join 1",
    "leave 1",
    "note 1 hello",
    "pin 1 hello",
    "unpin 1 1",
    "severity 1 sev4",
    "title 1 Known",
    "resolve 1",
    "reopen 1 because x",
    "role 1 deputy @Noor",
    "task 1 done 1",
    "task 1 move 1 due 2010-09-01",
    "fact 1 workaround none",
    "confirm 1 F1",
    "recap 1",
    "can 1 needs: x",
    "people 1",
    "subscribe me to incident 1",
    "update 1 hello",
    "update 1 hello to customers",
    "holding 1",
    "closure 1",
    "remind 1 every 30m",
    "private 1 off because I want to see",
    "cancel 1 because x",
    "merge 2 into 1 because same",
    "link 2 recurrence-of 1 because same",
    "apology draft 1",
    "apology draft 1 2",
    "apology show 1",
    "apology show",
    "apology why 1",
    "apology lint 1",
    "apology status 1",
    "apology follow-up 1",
    "apology fill 1 count 3",
    "apology edit 1",
    "apology suggest 1 -- x",
    "apology correct 1 because x",
    "apology retract 1 because x",
    "apology pause 1",
    "credit 1",
    "credit 1 acme",
    "credit A1",
    "credit A1 acme",
    "relay list 1",
    "relay pack 1 acme",
    "relay pack acme",
    "relay done 1 acme via phone",
    "relay close 1 acme because x",
    "relay skip 1 acme because x",
    "promise done 1 -- x",
    "promise move 1 due 2010-09-01 because x",
    "promise withdraw 1 because x",
)


async def test_threat_04_nobody_else_reads_or_touches_anything_of_a_private_incident(desk: Desk) -> None:
    """No list, no search, no task, no promise, no receipt, no apology, and no act; the words do not even hint."""
    await private_apology(desk)
    await all_of(desk, ("adam", "declare Search is slow sev4 services search"))
    for who in ("noor", "dana", "adam"):
        for line in LOOKS:
            said = words((await desk.say(who, line)).show)
            for hint in (SECRET, "payroll", "INC-1", "A1", "Test every change"):
                assert hint not in said.replace("list payroll", ""), f"{who}: {line}"
        for line in CLOSED:
            sentence = refused(await desk.say(who, line))
            assert SECRET not in sentence, line
            assert "Test every change" not in sentence, line
        home = await desk.intake.home(Request("h", "slack", f"U0{who.upper()}", "D1", "", personal=True))
        assert SECRET not in words(home)
        assert "Test every change" not in words(home)
    assert "0 incidents" in words((await desk.say("noor", "stats service mail")).show)
    assert "Apologies published: 0" in words((await desk.say("noor", "stats")).show)


async def test_account_managers_outside_a_private_incident_are_not_told_of_it(desk: Desk) -> None:
    """No card, no reminder; its commander sees who is not told yet."""
    await private_apology(desk)
    await desk.pass_time(hours=5)
    cards = [s for s in (*desk.screens("relay-1"), *desk.screens("preview-1")) if s.place in ("U0DANA", "29:dana")]
    assert cards == []
    assert "Acme Ltd" in words((await desk.say("ana", "relay list 1")).show)


async def test_an_approver_outside_is_not_sent_the_preview_and_the_drafter_learns_why(desk: Desk) -> None:
    """Cleo cannot see it: give her a role, or nobody signs the words."""
    from tests.stories import quick

    await quick.draft(desk, by="ana", extra="private", title=SECRET)
    answer = await desk.say("ana", "apology submit 1")
    assert "Cleo Laurent cannot see it" in words(answer.show)
    await desk.settle()
    assert [s for s in desk.screens() if s.place in ("U0CLEO", "29:cleo")] == []
    refused(await desk.say("cleo", "apology approve 1"))


async def test_private_and_open_are_not_mixed(desk: Desk) -> None:
    """Neither merged nor linked nor apologised for in one text; of a try nobody else learns."""
    await all_of(
        desk,
        ("ana", "declare Payroll leak sev1 services mail private"),
        ("ana", "declare Mail is slow sev1 services mail"),
    )
    for line in ("merge 1 into 2 because same", "merge 2 into 1 because same"):
        assert "private" in refused(await desk.say("ana", line))
    looks = ("timeline 2", "show 2", "facts 2")
    before = [words((await desk.say("ben", look)).show) for look in looks]
    for line in ("link 1 recurrence-of 2 because Payroll", "link 2 recurrence-of 1 because Payroll"):
        assert "INC-1 is private and INC-2 is not" in refused(await desk.say("ana", line))
    assert [words((await desk.say("ben", look)).show) for look in looks] == before
    assert "INC-1" not in " ".join(before)
    await all_of(desk, ("ana", "resolve 1"), ("ana", "resolve 2"))
    assert "draft them apart" in refused(await desk.say("ana", "apology draft 1 2"))


async def test_the_public_page_hears_nothing_private_and_no_drill(desk: Desk) -> None:
    """`to status` is refused where nobody outside may know."""
    await all_of(desk, ("ana", "declare Payroll leak sev1 private"), ("ana", "declare Exercise drill"))
    assert "private" in refused(await desk.say("ana", "update 1 We see it to status"))
    assert "drill" in refused(await desk.say("ana", "update 2 We see it to status"))
    assert "drill" in refused(await desk.say("ana", "update 2 Mail is slow since 12:00 UTC to customers"))


async def _typed_in_teams(desk: Desk, who: str, line: str, channel: str) -> list[tuple[str, str]]:
    before = {s.id for s in desk.screens()}
    desk.clock.wind(seconds=20)
    request = Request(f"t{desk.clock.at.timestamp()}", "teams", f"29:{who}", channel, line, reply_to=channel)
    await desk.intake.take(request)
    await desk.settle()
    return [(s.place, words(s.card)) for s in desk.screens() if s.id not in before]


async def test_what_is_typed_in_a_customers_channel_is_answered_in_the_personal_chat(desk: Desk) -> None:
    """Nothing of ours is said there: neither an answer, nor a refusal, nor a usage."""
    place = "19:acme@thread.tacv2"
    await furnish(desk, customer("acme", f"teams: '{place}'"))
    await all_of(desk, ("ana", "declare Mail is down sev1 services mail"))
    await desk.settle()
    for line in ("list", "show 1", "severity 1 sev2", "show 99", "what is going on", "apology draft 1", "note 1 x"):
        seen = await _typed_in_teams(desk, "ana", line, place)
        assert [p for p, _ in seen if p == place] == [], line
        assert any(p == "29:ana" for p, _ in seen), line


async def test_a_customers_channel_never_becomes_the_incidents_channel(desk: Desk) -> None:
    """`here` is refused there."""
    place = "19:acme@thread.tacv2"
    await furnish(desk, customer("acme", f"teams: '{place}'"))
    assert "belongs to a customer" in refused(await desk.say("ana", "here", on="teams", channel=place))


async def test_a_guest_in_the_customers_channel_learns_nothing(desk: Desk) -> None:
    """Buttons, forms and words of outsiders: one private sentence, whatever was said."""
    await approved(desk)
    await desk.intake.meet(Account("slack", "U0OUT", "Olga Out", "guest", "olga@acme.example"))
    for line in ("apology approve 1", "send 1", "show 1", "undo", "declare x", "settle 1 arrived", "ontrack 1"):
        answer = await desk.say("out", line)
        assert words(answer.show) == "Amends\nThis is not available to you here."


async def test_nothing_internal_reaches_a_customer(desk: Desk) -> None:
    """Titles, people, rooms, severities, tickets and other customers' names stay inside."""
    await all_of(desk, ("ana", "declare mx-blu-07 exploded, Noor did it sev1 services mail region NA"))
    for leak in (
        "Mail is slow, see INC-1",
        "This is a SEV1 for us",
        "Noor Haddad is on it",
        "mx-blu is down",
        "Ask in #inc-1-mail",
        "Acme Ltd saw it first",
        "10.20.30.40 does not answer",
    ):
        assert "should not read" in refused(await desk.say("ana", f"update 1 {leak} to customers"))
        assert "status page" in refused(await desk.say("ana", f"update 1 {leak} to status"))
    await all_of(desk, ("ana", "holding 1"), ("ben", "send 1"))
    await desk.settle()
    for text in told(desk, "holding-").values():
        for word in ("mx-blu", "exploded", "Noor", "SEV", "sev1", "INC-1", "Ana", "#inc"):
            assert word not in text
    await all_of(desk, ("ana", "resolve 1"))


async def test_the_apology_names_no_title_and_nobody(desk: Desk) -> None:
    """Its words come from public facts and the catalog's public names."""
    await submitted(desk)
    card = await desk.say("cleo", "apology show 1")
    body = words(card.show).split("\n", 1)[1]
    for word in ("Mail is down", "Ana", "Noor", "Ben Okafor", "SEV1", "INC-1"):
        assert word not in body


TWICE = tuple(
    line
    for line in CLOSED
    if " 1" in line
    and line not in ("apology draft 1 2", "merge 2 into 1 because same", "confirm 1 F1", "relay pack 1 acme")
)


async def test_what_one_may_not_see_reads_like_what_is_not_there(desk: Desk) -> None:
    """A private incident, its apology, its promises and its posts: the same words as for a number that nobody has."""
    await private_apology(desk)
    for who in ("noor", "adam"):
        for line in (*TWICE, "merge 2 into 1 because same", "settle 1 arrived", "send 1", "relay answer 1 -- x"):
            one, other = line.replace(" 1", " 77").replace("A1", "A77"), line
            if line.startswith("merge 2"):
                one = "merge 2 into 77 because same"
            missing = refused(await desk.say(who, one)).replace("77", "1")
            hidden = refused(await desk.say(who, other))
            assert hidden == missing, f"{who}: {line}"


async def test_a_bare_number_is_text_where_the_incident_is_hidden(desk: Desk) -> None:
    """In a room "update 1 of 5 …" asks which is meant only if one may know of INC-1."""
    from handlers.domain.incident import Room

    await private_apology(desk)
    await all_of(desk, ("noor", "declare Search is slow sev4 services search"))
    await desk.store.book(lambda b: b.put(Room(2, "slack", "C0ROOM0002", "inc-2", "")))
    answer = await desk.say("noor", "update 1 server less now", channel="C0ROOM0002")
    assert "INC-1" not in words(answer.show)
    assert not answer.refused
