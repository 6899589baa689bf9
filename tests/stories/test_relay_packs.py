"""What account managers read when an apology goes out, and one customer's whole pack."""

import pytest

from bot.sandbox.slack_blocks import Check
from bot.sandbox.slack_limits import MESSAGE_BLOCKS
from bot.sandbox.teams import check_card
from bot.slack import blocks
from bot.teams import cards
from handlers.card import Quote
from handlers.domain.delivery import Dead, Unknown
from handlers.domain.relay import Pack, Relay
from handlers.packs import PART, cut
from tests.desk import Desk, buttons, words
from tests.stories.quick import all_of, approved, customer, furnish, refused
from tests.stories.two_managers import board, corrected, message, open_house, published, row, rows, steps


@pytest.fixture
async def desk(seed_desk: Desk) -> Desk:
    """Dana with three customers, Priya with one."""
    await open_house(seed_desk)
    return seed_desk


def packs(desk: Desk) -> list[str]:
    """Every message of a pack that was opened."""
    return [words(s.card) for s in desk.screens("pack-1/")]


async def test_each_account_manager_has_one_message_with_their_own_customers(desk: Desk) -> None:
    """What was sent for them, what they still must tell, since when; nobody else's customers."""
    await published(desk)
    await desk.pass_time(seconds=30)
    dana, priya = message(desk, "dana"), message(desk, "priya")
    assert "Acme Ltd: to be told, since" in dana
    assert "sent in their Slack channel" in dana
    assert "Quiet Ltd: to be told" in dana
    assert "no channel here: tell them yourself" in dana
    assert "Cargo" not in dana
    assert "Cargo Ltd" in priya
    assert "sent in their Teams channel" in priya
    assert "Acme" not in priya
    for said in (dana, priya):
        assert "We are sorry" in said
        assert "Do not say" in said


async def test_the_message_follows_its_deliveries_in_one_edit_not_one_for_each(desk: Desk) -> None:
    """Queued, then sent, unknown or failed; whatever settles within a few seconds is drawn at once."""
    desk.slack.fail["apology-1/bolt/"] = Dead("channel_not_found")
    await approved(desk)
    await all_of(desk, ("cleo", "apology publish 1"))
    await desk.settle()
    assert "queued in their Slack channel" in message(desk, "dana")
    await desk.pass_time(seconds=30)
    said = message(desk, "dana")
    assert "Acme Ltd: to be told" in said
    assert "failed in their Slack channel (channel_not_found)" in said
    (screen,) = list(desk.screens("relay-1/1/dana"))
    assert screen.edits == 1


async def test_an_unclear_delivery_is_said_to_be_unclear(desk: Desk) -> None:
    """Nobody is told that it arrived."""
    desk.slack.fail["apology-1/acme/"] = Unknown("time-out")
    await published(desk)
    await desk.pass_time(seconds=30)
    assert "unknown, nobody can know whether it arrived in their Slack channel" in message(desk, "dana")


async def test_who_was_told_and_who_answered_is_seen_at_once(desk: Desk) -> None:
    """In the manager's message and on the board, edited where they stand."""
    await published(desk)
    await all_of(desk, ("dana", "relay done 1 acme,quiet via phone to their CIO"), ("dana", "relay ack 1 acme"))
    await desk.settle()
    said = message(desk, "dana")
    assert "Told 2 of 3, acknowledged 1." in said
    assert "Quiet Ltd: relayed, told (their CIO) by Dana Lee via phone" in said
    assert "Told 2 of 4, acknowledged 1." in board(desk)
    assert "Dana Lee: Told 2 of 3" in board(desk)
    assert "Priya Raman: Told 0 of 1" in board(desk)
    assert len(desk.screens("apology-1/board")) == 2  # one in each room


async def test_customers_without_an_account_manager_go_to_comms(desk: Desk) -> None:
    """Nobody is forgotten because the catalog names nobody."""
    orphan = customer("orphan", "email: it@orphan.example").replace("account_manager: dana@example.com, ", "")
    await open_house(desk, orphan)
    await approved(desk)
    await all_of(desk, ("ana", "role 1 comms @Ben"))
    await all_of(desk, ("cleo", "apology publish 1"))
    await desk.settle()
    said = message(desk, "ben")
    assert "no account manager" in said
    assert "Orphan Ltd: to be told" in said
    assert "no account manager: Told 0 of 1" in board(desk)


async def test_receipts_are_prepared_approved_and_released_with_the_text(desk: Desk) -> None:
    """Each step stands in the timeline; what voids the approval takes the receipts back."""
    from tests.stories import quick

    await quick.submitted(desk)
    assert {r.state for r in (await rows(desk)).values()} == {"prepared"}
    await all_of(desk, ("ana", "apology approve 1"), ("cleo", "apology approve 1"))
    assert {r.state for r in (await rows(desk)).values()} == {"approved"}
    await all_of(desk, ("ana", "fact 1 workaround none source support public"))
    assert {r.state for r in (await rows(desk)).values()} == {"prepared"}
    assert all(r.approved_at is None for r in (await rows(desk)).values())
    assert "Nothing to relay" in words((await desk.say("dana", "relay list mine")).show)
    assert "not gone out" in refused(await desk.say("dana", "relay done 1 acme via phone"))
    await all_of(
        desk,
        ("ben", "apology submit 1"),
        ("ana", "apology approve 1"),
        ("cleo", "apology approve 1"),
        ("cleo", "apology publish 1"),
    )
    assert {r.state for r in (await rows(desk)).values()} == {"released"}
    told = words((await desk.say("ana", "timeline 1")).show)
    for said in ("prepared 4 receipts", "approved 4 receipts", "back to prepared", "released 4 receipts"):
        assert said in told


async def test_a_signature_that_is_taken_back_takes_the_receipts_back(desk: Desk) -> None:
    """Approved is only what every signature stands under."""
    from tests.stories import quick

    await quick.approved(desk)
    assert {r.state for r in (await rows(desk)).values()} == {"approved"}
    await all_of(desk, ("cleo", "undo"))
    assert {(r.state, r.approved_at) for r in (await rows(desk)).values()} == {("prepared", None)}
    await all_of(desk, ("cleo", "apology approve 1"), ("cleo", "apology publish 1"))
    assert {r.state for r in (await rows(desk)).values()} == {"released"}


async def test_whoever_is_no_longer_affected_when_it_goes_out_is_not_to_be_told(desk: Desk) -> None:
    """The receipt says why."""
    from tests.stories import quick

    await quick.submitted(desk)
    await all_of(
        desk,
        ("ana", "affected 1 -bolt because they moved away"),
        ("ben", "apology submit 1"),
        ("ana", "apology approve 1"),
        ("cleo", "apology approve 1"),
        ("cleo", "apology publish 1"),
    )
    found = await row(desk, "bolt")
    assert (found.state, found.because) == ("skipped", "no longer affected")


async def test_a_drill_is_told_to_managers_as_an_exercise_and_nobody_is_reminded(desk: Desk) -> None:
    """Its receipts can be played with; no clock runs."""
    from tests.stories import quick

    await quick.submitted(desk, "sev3", extra="drill")
    await all_of(desk, ("cleo", "apology approve 1"), ("cleo", "apology publish 1"))
    await desk.settle()
    assert "exercise" in message(desk, "dana")
    await desk.pass_time(hours=30)
    assert desk.screens("reminder-relay") == []
    assert desk.screens("late-relay") == []
    await all_of(desk, ("dana", "relay done 1 acme via phone"))
    assert (await row(desk, "acme")).state == "relayed"


# --- one customer's pack ---------------------------------------------------------------------------------------------
async def test_a_pack_holds_all_that_is_needed_each_text_in_a_message_of_its_own(desk: Desk) -> None:
    """Talking points, what not to say, e-mail, chat message, questions, promises; in one's own chat alone."""
    await published(desk)
    answer = await desk.say("dana", "relay pack quiet")
    await desk.settle()
    assert "in your own chat" in words(answer.show)
    said = packs(desk)
    assert {s.place for s in desk.screens("pack-1/")} == {"U0DANA"}
    assert "To say on the phone" in said[0]
    assert "Do not say" in said[0]
    assert "other customers' names" in said[0]
    mail = next(s for s in said if "E-mail, to be copied" in s)
    assert "What you saw" in mail
    assert "August 22, 2010" in mail  # Quiet reads American English
    chat = next(s for s in said if "Chat message, to be copied" in s)
    assert "What you saw" not in chat
    assert any("Was data lost?" in s for s in said)
    assert any("P1 open" in s for s in said)
    texts = [s.card for s in desk.screens("pack-1/") if s.card and "to be copied" in words(s.card)]
    assert all(sum(isinstance(b, Quote) for b in card.blocks) == 1 for card in texts)


async def test_the_chat_text_of_a_pack_is_what_their_channel_got_byte_for_byte(desk: Desk) -> None:
    """No second wording of what was approved."""
    await published(desk)
    await all_of(desk, ("dana", "relay pack 1 acme"))
    await desk.settle()
    sent = next(s.text for s in desk.screens("apology-1/acme/") if s.text)
    chat = next(s.card for s in desk.screens("pack-1/") if "Chat message" in words(s.card))
    assert chat is not None
    assert sent in [b.words for b in chat.blocks if isinstance(b, Quote)]


async def test_the_texts_of_a_pack_hold_when_they_are_sent_as_they_are(desk: Desk) -> None:
    """E-mail and chat text of the pack are no drift."""
    await published(desk)
    await all_of(desk, ("dana", "relay pack 1 quiet"))
    await desk.settle()
    quotes = [
        b.words
        for s in desk.screens("pack-1/")
        if s.card and "to be copied" in words(s.card)
        for b in s.card.blocks
        if isinstance(b, Quote)
    ]
    assert len(quotes) == 2
    for text in quotes:
        assert "These words hold" in words((await desk.say("dana", f"relay check quiet -- {text}")).show)


async def test_a_pack_opens_on_the_platform_it_was_asked_on(desk: Desk) -> None:
    """Also in Teams, by the button's own line; asked in a channel it is not said there."""
    await published(desk)
    answer = await desk.say("priya", "relay pack 1 cargo", on="teams", channel="19:incidents@thread.tacv2")
    await desk.settle()
    assert "We are sorry" not in words(answer.show)
    assert {s.place for s in desk.screens("pack-1/")} == {"29:priya"}


@pytest.mark.parametrize(("who", "may"), [("dana", True), ("ana", True), ("ben", True), ("priya", False), ("noor", False), ("cleo", False), ("adam", False)])  # fmt: skip
async def test_a_pack_is_for_the_customer_s_manager_the_commander_and_comms(desk: Desk, who: str, may: bool) -> None:
    """Nobody else is shown one."""
    await published(desk)
    answer = await desk.say(who, "relay pack 1 acme")
    await desk.settle()
    assert answer.refused != may
    assert bool(packs(desk)) == may


async def test_a_pack_tells_of_earlier_apologies_and_how_their_promises_stand(desk: Desk) -> None:
    """What this customer went through before; not an incident that is private."""
    from tests.stories import quick

    await published(desk)
    await all_of(desk, ("ana", "promise done 1 -- every change is tested now"))
    await quick.draft(desk, title="Mail is down again")
    await all_of(
        desk,
        ("ben", "apology submit 2"),
        ("ana", "apology approve 2"),
        ("cleo", "apology approve 2"),
        ("cleo", "apology publish 2"),
        ("dana", "relay pack 2 acme"),
    )
    await desk.settle()
    said = " ".join(words(s.card) for s in desk.screens("pack-2/"))
    assert "INC-1 Mail is down" in said
    assert "P1 kept" in said
    await all_of(desk, ("ana", "reopen 1 because it is not over"), ("ana", "private 1 on because of a name"))
    await all_of(desk, ("dana", "relay pack 2 acme"))
    await desk.settle()
    latest = [words(s.card) for s in desk.screens("pack-2/1/acme/2/")]
    assert latest
    assert not any("INC-1" in s for s in latest)


async def test_a_long_pack_is_split_within_both_platforms_limits_and_nothing_is_cut(desk: Desk) -> None:
    """Forty answered questions: every word is there, in as many messages as it takes."""
    await published(desk)
    for n in range(40):
        ask = f"relay ask acme -- Question about topic{n} and matter{n}?"
        await all_of(
            desk, ("dana", ask), ("ben", f"relay answer {n + 1} -- {'Please ask your account manager. ' * 12}")
        )
    await all_of(desk, ("dana", "relay pack 1 acme"))
    await desk.settle()
    for screen in desk.screens("pack-1/"):
        assert screen.card is not None
        drawn = blocks.message(screen.card)
        check = Check()
        for part in (drawn, *drawn.get("attachments", [])):
            check.blocks(part.get("blocks", []), MESSAGE_BLOCKS, "/blocks")
        assert check.problems == []
        assert blocks.SHORTENED not in str(drawn)
        attached = cards.message(screen.card)["attachments"][0]["content"]
        assert not check_card(attached).errors
        assert "hortened" not in str(attached)
    said = " ".join(packs(desk))
    assert all(f"topic{n} and" in said for n in range(40))


def test_a_text_is_cut_where_something_ends_and_loses_no_word() -> None:
    """At a paragraph, a line, a sentence, a word; a word without end is cut all the same."""
    text = "\n\n".join(f"Paragraph {n}. " + "word " * 150 for n in range(30))
    pieces = cut(text, PART)
    assert all(len(p) <= PART for p in pieces)
    assert " ".join(" ".join(pieces).split()) == " ".join(text.split())
    assert "".join(cut("x" * 12_000, PART)) == "x" * 12_000


async def test_a_customer_who_is_none_of_it_has_no_pack(desk: Desk) -> None:
    """The sentence says so."""
    await furnish(desk, *(customer("acme", "slack: C0ACME001"), customer("far", "slack: C0FAR0001", region="EU")))
    await approved(desk)
    await all_of(desk, ("cleo", "apology publish 1"))
    assert "not among the customers of A1" in refused(await desk.say("dana", "relay pack 1 far"))
    assert "no customer" in refused(await desk.say("dana", "relay pack 1 nobody"))


# --- corrections -----------------------------------------------------------------------------------------------------
async def test_a_correction_reopens_exactly_those_who_were_told_the_old_words_by_a_person(desk: Desk) -> None:
    """Told, acknowledged or closed: to be told again. Not told yet: only the new version. Skipped: skipped."""
    await published(desk)
    await all_of(
        desk,
        ("dana", "relay done 1 acme via phone"),
        ("dana", "relay done 1 bolt via phone"),
        ("dana", "relay close 1 bolt because nothing more is owed"),
        ("priya", "relay skip 1 cargo because they asked not to be called"),
    )
    await corrected(desk)
    found = await rows(desk)
    assert [(found[k].state, found[k].told) for k in ("acme", "bolt", "quiet", "cargo")] == [
        ("released", 1), ("released", 1), ("released", 0), ("skipped", 0),
    ]  # fmt: skip
    assert all(r.version == 2 for r in found.values())
    said = message(desk, "dana", 2)
    assert "Acme Ltd: to be told what changed since version 1" in said
    assert "Quiet Ltd: to be told, since" in said
    assert "1,200 customers" in said
    assert "1,500 customers" in said
    assert "Version 2 went out since" in message(desk, "dana", 1)
    assert [s.state for s in await steps(desk, "acme")] == ["relayed", "released"]
    assert [s.version for s in await steps(desk, "acme")] == [1, 2]


async def test_only_the_difference_is_shown_where_everybody_was_told_before(desk: Desk) -> None:
    """No whole text to read again."""
    await published(desk)
    await all_of(desk, ("dana", "relay done 1 acme,bolt,quiet via phone"))
    await corrected(desk)
    said = message(desk, "dana", 2)
    assert "1,500 customers" in said
    assert "What to say, in your own voice" not in said
    await all_of(desk, ("dana", "relay pack 1 quiet"))
    await desk.settle()
    assert "What changed since version 1" in packs(desk)[0]


async def test_what_is_told_while_a_correction_is_being_written_is_the_version_that_is_out(desk: Desk) -> None:
    """And the correction then reopens it."""
    await published(desk)
    await all_of(
        desk, ("ben", "apology correct 1 because the count was wrong"), ("dana", "relay done 1 acme via phone")
    )
    assert (await row(desk, "acme")).told == 1
    await all_of(desk, ("cleo", "apology reject 1 because it was right"))
    assert (await row(desk, "acme")).state == "relayed"
    await corrected(desk)
    assert (await row(desk, "acme")).state == "released"


async def test_a_follow_up_closes_what_was_told_with_the_apology(desk: Desk) -> None:
    """By its post in the customer's channel, or by the account manager; who was never told stays open."""
    from tests.stories import quick

    await published(desk)
    await all_of(desk, ("dana", "relay done 1 acme,quiet via phone"), ("dana", "relay ack 1 acme"))
    await desk.settle()
    assert "Follow-up due 2010-08-25" in board(desk)
    desk.clock.wind(days=2)
    await all_of(
        desk,
        ("ben", "apology follow-up 1"),
        ("ben", f"apology fill 2 next-report {quick.report_day(desk)}"),
    )
    submitted = await desk.say("ben", "apology submit 2 because it is the report")
    assert not submitted.refused, words(submitted.show)
    for who, line in (("ana", "apology approve 2"), ("cleo", "apology approve 2"), ("cleo", "apology publish 2")):
        await all_of(desk, (who, line))
    await desk.settle()
    assert (await row(desk, "acme")).state == "closed"
    assert "follow-up A2" in (await row(desk, "acme")).because
    assert (await row(desk, "bolt")).state == "released"
    assert (await row(desk, "quiet")).state == "relayed"
    await all_of(desk, ("dana", "relay done 2 quiet via phone"))
    assert (await row(desk, "quiet")).state == "closed"


async def test_a_retraction_is_for_those_alone_who_were_told(desk: Desk) -> None:
    """They hear that it was taken back; the others are not told any more."""
    await published(desk)
    await all_of(desk, ("dana", "relay done 1 acme via phone"), ("cleo", "apology retract 1 because of a wrong name"))
    await desk.settle()
    found = await rows(desk)
    assert found["acme"].state == "released"
    assert (found["bolt"].state, found["bolt"].because) == ("skipped", "taken back before they were told")
    assert "taken back" in message(desk, "dana")
    await all_of(desk, ("dana", "relay pack 1 acme"))
    await desk.settle()
    (said,) = packs(desk)
    assert "taken back" in said
    assert "We let down" not in said
    await all_of(desk, ("dana", "relay done 1 acme via email -- We took our message back and will write again."))
    assert (await row(desk, "acme")).state == "relayed"
    assert not (await row(desk, "acme")).wrong


# --- many ------------------------------------------------------------------------------------------------------------
async def test_forty_managers_and_two_hundred_customers_are_forty_messages_and_few_edits(seed_desk: Desk) -> None:
    """One message each with their own customers; all deliveries together are one more edit for each."""
    desk = seed_desk
    managers = [f"am{n:02}" for n in range(40)]
    people = "".join(
        f"  - {{name: Manager {m}, email: {m}@example.com, slack: U0{m.upper()}, roles: [account-manager]}}\n"
        for m in managers
    )
    listed = [customer(f"c{n:03}", f"slack: C0CUST{n:04}").replace("dana@", f"{managers[n % 40]}@") for n in range(200)]
    from handlers.domain.catalog import parse_bytes, to_dict
    from handlers.domain.people import Account
    from tests.stories import quick

    text = quick.SERVICES + quick.people() + people + "customers:\n" + "".join(listed)
    catalog = parse_bytes(text.encode(), filename="house.yaml")
    await furnish(desk)
    await desk.store.book(lambda b: b.load_catalog(to_dict(catalog), "many"))
    for m in managers:
        await desk.intake.meet(Account("slack", f"U0{m.upper()}", f"Manager {m}", "colleague", f"{m}@example.com"))
    await approved(desk)
    await all_of(desk, ("cleo", "apology publish 1 to 200"))
    for _ in range(30):
        await desk.settle()
        if len(desk.screens("apology-1/c")) == 200:
            break
        desk.clock.wind(seconds=2)
    await desk.pass_time(seconds=30)
    mine = [s for s in desk.screens("relay-1/1/") if s.key.startswith("relay-1/")]
    assert len(mine) == 40
    assert all(s.edits <= 1 for s in mine)
    for screen in mine:
        said = words(screen.card)
        n = int(screen.place.removeprefix("U0AM"))
        assert all((f"C{k:03} Ltd" in said) == (k % 40 == n) for k in range(200)), screen.place
        assert "sent in their Slack channel" in said
    stale = await desk.store.book(lambda b: [p for p in b.find(Pack) if p.stale_at])
    assert stale == []
    assert "Told 0 of 200" in board(desk)
    assert "And 20 account managers more" in board(desk)
    one = await desk.store.book(lambda b: b.find(Relay, apology=1, manager="am07@example.com"))
    assert len(one) == 5


async def test_buttons_under_a_message_say_what_comes_next(desk: Desk) -> None:
    """Told by phone, several at once, a pack; then acknowledged."""
    await published(desk)
    (screen,) = list(desk.screens("relay-1/1/dana"))
    says = buttons(screen.card)
    assert says["Told Acme Ltd by phone"] == "relay done 1 acme via phone"
    assert says["Told in another way, or several"] == "relay done 1"
    assert says["Open a customer's pack"] == "relay pack 1"
    await all_of(desk, ("dana", says["Told Acme Ltd by phone"]))
    await desk.settle()
    after = buttons(screen.card)
    assert after["Acme Ltd acknowledged"] == "relay ack 1 acme"
    assert "Told Acme Ltd by phone" not in after


async def test_what_the_contract_owes_stands_in_the_pack_for_inside_eyes_alone(seed_desk: Desk) -> None:
    """With the way to its steps; in no message to be copied and in nothing that left the house."""
    desk = seed_desk
    terms = ", contract: {version: '1', zone: UTC, mode: tenant-minutes, uptime: 99.9, credits: [{below: 99.9, percent: 10}]}"
    acme = customer("acme", "slack: C0ACME001")
    await furnish(desk, acme.rstrip().removesuffix("}") + terms + "}\n")
    await approved(desk)
    await all_of(desk, ("cleo", "apology publish 1"), ("dana", "relay pack acme"))
    await desk.settle()
    own = [s for s in packs(desk) if "Contract credit, for you alone" in s]
    assert len(own) == 1
    assert "10 %" in own[0]
    assert "credit 1 acme" in own[0]
    assert "to be copied" not in own[0]
    assert not any("10 %" in s.text for s in desk.screens("apology-1/acme/"))
    assert "10 %" not in message(desk, "dana")
