"""Account managers pass it on: their own words are held against the approved facts."""

import pytest

from handlers.card import Form
from handlers.domain.relay import Relay, RelayStep
from tests.desk import Desk, buttons, words
from tests.stories import quick
from tests.stories.seed import publish_seed


@pytest.fixture
async def desk(seed_desk: Desk) -> Desk:
    """The seed, published."""
    await publish_seed(seed_desk)
    return seed_desk


async def receipt(desk: Desk, customer: str) -> Relay:
    """One customer's receipt."""
    found = await desk.store.book(lambda b: b.get(Relay, 1, customer))
    assert found is not None
    return found


async def approved(desk: Desk, customer: str) -> str:
    """The approved words for one customer."""
    return next(s.text for s in desk.screens(f"apology-1/{customer}/") if s.text)


async def test_a_few_minutes_for_two_hours_counts_as_told_wrongly(desk: Desk) -> None:
    """Edge replay (c): the receipt stays open as told wrongly, and the board says so."""
    text = (await approved(desk, "contoso")).replace("for 2 hours", "for a few minutes")
    answer = await desk.say("dana", f"relay done contoso via email -- {text}")
    assert not answer.refused, words(answer.show)
    assert "told wrongly" in words(answer.show)
    assert (await receipt(desk, "contoso")).wrong


async def test_the_approved_words_themselves_hold(desk: Desk) -> None:
    """Passing on the text as it is finds nothing."""
    text = await approved(desk, "contoso")
    checked = await desk.say("dana", f"relay check contoso -- {text}")
    assert "These words hold" in words(checked.show)
    await desk.say("dana", f"relay done contoso via chat -- {text}")
    assert not (await receipt(desk, "contoso")).wrong


async def test_words_after_a_phone_call_are_a_note(desk: Desk) -> None:
    """Nobody is wrong for a note."""
    await desk.say("dana", "relay done contoso via phone -- spoke for a few minutes to their CIO")
    found = await receipt(desk, "contoso")
    assert (found.state, found.wrong, found.words) == ("relayed", "", "spoke for a few minutes to their CIO")


async def test_a_correct_telling_puts_it_right(desk: Desk) -> None:
    """Told wrongly until the customer has the right words."""
    text = await approved(desk, "contoso")
    await desk.say("dana", f"relay done contoso via email -- {text.replace('2 hours', '20 minutes')}")
    assert (await receipt(desk, "contoso")).wrong
    await desk.say("dana", f"relay done contoso via email -- {text}")
    assert not (await receipt(desk, "contoso")).wrong


async def test_another_manager_s_customer_is_not_yours_to_tell(desk: Desk) -> None:
    """Receipts belong to the customer's own account manager, the commander or comms."""
    rows = await desk.store.book(lambda b: b.find(Relay, apology=1))
    foreign = next(r.customer for r in rows if r.manager != "dana@example.com")
    assert (await desk.say("dana", f"relay done {foreign} via phone")).refused
    assert not (await desk.say("ana", f"relay done {foreign} via phone")).refused


async def test_a_warning_needs_a_reason_and_an_error_none(desk: Desk) -> None:
    """Without a reason nothing is recorded; with one it is told, and the reason stays."""
    text = f"{await approved(desk, 'contoso')} It was a bit of a hiccup."
    sentence = words((answer := await desk.say("dana", f"relay done contoso via email -- {text}")).show)
    assert answer.refused
    assert "hiccup" in sentence
    assert "because" in sentence
    assert (await receipt(desk, "contoso")).state == "released"
    checked = words((await desk.say("dana", f"relay check contoso -- {text}")).show)
    assert "C8 warning" in checked
    assert "need a reason" in checked
    said = await desk.say("dana", f"relay done contoso via email because they call it so themselves -- {text}")
    assert not said.refused, words(said.show)
    found = await receipt(desk, "contoso")
    assert (found.state, found.wrong, found.because) == ("relayed", "", "they call it so themselves")


async def test_who_was_spoken_to_is_on_the_receipt(desk: Desk) -> None:
    """By, to, via, at, version, words."""
    await desk.say("dana", "relay done contoso via phone to Kim Roth, their CIO -- took it calmly")
    found = await receipt(desk, "contoso")
    assert (found.by_name, found.to, found.via, found.told, found.words) == (
        "Dana Lee", "Kim Roth, their CIO", "phone", 1, "took it calmly",
    )  # fmt: skip
    assert found.at is not None
    (step,) = await desk.store.book(lambda b: b.find(RelayStep, customer="contoso"))
    assert (step.state, step.to, step.via, step.words, step.version) == (
        "relayed", "Kim Roth, their CIO", "phone", "took it calmly", 1,
    )  # fmt: skip


async def test_a_call_does_not_take_wrong_words_back(desk: Desk) -> None:
    """What stands in writing is put right in writing; nor is it acknowledged, closed or skipped away."""
    text = await approved(desk, "contoso")
    await desk.say("dana", f"relay done contoso via email -- {text.replace('2 hours', '20 minutes')}")
    called = await desk.say("dana", "relay done contoso via phone -- told them it was two hours")
    assert "read wrong words before" in words(called.show)
    assert (await receipt(desk, "contoso")).wrong
    for line in ("relay ack contoso", "relay close contoso because done", "relay skip contoso because done"):
        refusal = await desk.say("dana", line)
        assert refusal.refused
        assert "told wrongly" in words(refusal.show)
    await desk.say("dana", f"relay done contoso via chat -- {text}")
    assert not (await desk.say("dana", "relay ack contoso")).refused
    assert [s.state for s in await desk.store.book(lambda b: b.find(RelayStep, customer="contoso"))] == [
        "relayed", "relayed", "relayed", "acknowledged",
    ]  # fmt: skip


async def test_told_twice_is_told_once_and_both_are_on_record(desk: Desk) -> None:
    """The latest stands; an acknowledgement is not lost by telling again."""
    await desk.say("dana", "relay done contoso via phone to the CIO")
    await desk.say("dana", "relay ack contoso -- thank you")
    await desk.say("dana", "relay done contoso via chat to the desk")
    found = await receipt(desk, "contoso")
    assert (found.state, found.via, found.to) == ("acknowledged", "chat", "the desk")
    assert len(await desk.store.book(lambda b: b.find(RelayStep, customer="contoso"))) == 3


async def test_an_acknowledgement_comes_after_telling(desk: Desk) -> None:
    """And keeps what was said."""
    refusal = await desk.say("dana", "relay ack contoso")
    assert refusal.refused
    assert "was not told yet" in words(refusal.show)
    await desk.say("dana", "relay done contoso via phone -- told the CIO")
    await desk.say("dana", "relay ack contoso -- thanks")
    found = await receipt(desk, "contoso")
    assert (found.state, found.words) == ("acknowledged", "told the CIO")


async def test_skipped_with_a_reason_and_told_after_all(desk: Desk) -> None:
    """The last word counts."""
    await desk.say("dana", "relay skip contoso because they asked not to be called")
    assert (await receipt(desk, "contoso")).state == "skipped"
    await desk.say("dana", "relay done contoso via phone")
    assert (await receipt(desk, "contoso")).state == "relayed"
    assert (await desk.say("dana", "relay skip contoso because no")).refused


async def test_closed_because_nothing_more_is_owed(desk: Desk) -> None:
    """Only what was told can be closed, once."""
    assert (await desk.say("dana", "relay close contoso because done")).refused
    await desk.say("dana", "relay done contoso via phone")
    await desk.say("dana", "relay close contoso because they need nothing more")
    found = await receipt(desk, "contoso")
    assert (found.state, found.because) == ("closed", "they need nothing more")
    assert found.closed_at is not None
    assert (await desk.say("dana", "relay close contoso because done")).refused


async def test_several_at_once_or_none_of_them(desk: Desk) -> None:
    """One name that is not one's own, and nothing is recorded for the others."""
    rows = await desk.store.book(lambda b: b.find(Relay, apology=1))
    mine = [r.customer for r in rows if r.manager == "dana@example.com"]
    foreign = next(r.customer for r in rows if r.manager != "dana@example.com")
    assert len(mine) > 1
    assert (await desk.say("dana", f"relay done {','.join(mine)},{foreign} via phone")).refused
    assert {(await receipt(desk, key)).state for key in mine} == {"released"}
    assert not (await desk.say("dana", f"relay done {','.join(mine)} via phone")).refused
    assert not (await desk.say("dana", f"relay ack {','.join(mine)}")).refused
    assert {(await receipt(desk, key)).state for key in mine} == {"acknowledged"}


async def test_a_slip_is_taken_back_and_every_card_says_so(desk: Desk) -> None:
    """The receipt, its history, the manager's message and the board."""
    await desk.say("dana", "relay done contoso via phone")
    await desk.settle()
    board = next(s for s in desk.screens("apology-1/board@slack"))
    assert "Told 1 of" in words(board.card)
    assert not (await desk.say("dana", "undo")).refused
    await desk.settle()
    assert (await receipt(desk, "contoso")).state == "released"
    assert await desk.store.book(lambda b: b.find(RelayStep, customer="contoso")) == []
    assert "Told 0 of" in words(board.card)
    assert "Contoso Ltd: to be told" in " ".join(words(s.card) for s in desk.screens("relay-1/1/dana"))


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("relay done nobody via phone", "no customer"),
        ("relay done 9 contoso via phone", "no apology A9"),
        (f"relay done contoso via phone -- {'x' * 3001}", "3,000"),
        (f"relay done contoso via phone to {'x' * 201}", "200"),
        (f"relay skip contoso because {'x' * 3001}", "3,000"),
        ("relay done contoso via pigeon", "pigeon"),
        ("relay done contoso via phone to -- x", "to whom"),
        ("relay list page 7", "1 page"),
    ],
)
async def test_what_cannot_be_recorded_is_refused(desk: Desk, line: str, why: str) -> None:
    """With a sentence, and nothing has changed."""
    answer = await desk.say("dana", line)
    assert answer.refused
    assert why in words(answer.show)
    assert (await receipt(desk, "contoso")).state == "released"


async def test_the_form_offers_one_s_own_open_customers_to_be_ticked(desk: Desk) -> None:
    """Several at once, by tick and by typed line the same; on both platforms."""
    form = (await desk.say("dana", "relay done 1")).show
    assert isinstance(form, Form)
    (field,) = [f for f in form.fields if f.name == "customers"]
    rows = await desk.store.book(lambda b: b.find(Relay, apology=1))
    mine = {r.customer for r in rows if r.manager == "dana@example.com"}
    assert field.kind == "choices"
    assert {value for value, _ in field.options} == mine
    sent = await desk.say("dana", form.says, values={"customers": tuple(sorted(mine)), "via": "phone", "to": "the CIO"})
    assert not sent.refused, sent.fields
    assert {(await receipt(desk, key)).to for key in mine} == {"the CIO"}
    nobody = await desk.say("dana", "relay done 1", on="teams", channel="19:incidents@thread.tacv2")
    assert nobody.refused
    assert "None of your customers" in words(nobody.show)
    form = (await desk.say("dana", "relay ack 1", on="teams", channel="19:incidents@thread.tacv2")).show
    assert isinstance(form, Form)
    assert {v for f in form.fields if f.name == "customers" for v, _ in f.options} == mine


async def test_without_its_number_the_apology_is_the_one_that_is_still_to_be_told(seed_desk: Desk) -> None:
    """Of two; where both wait, the number is asked for."""
    desk = seed_desk
    await quick.furnish(desk, quick.customer("acme", "slack: C0ACME001"))
    await quick.approved(desk)
    await quick.all_of(desk, ("cleo", "apology publish 1"))
    await quick.draft(desk, title="Mail is down again")
    for who, line in (("ben", "submit"), ("ana", "approve"), ("cleo", "approve"), ("cleo", "publish")):
        await quick.all_of(desk, (who, f"apology {line} 2"))
    assert "Which apology" in quick.refused(await desk.say("dana", "relay done acme via phone"))
    await quick.all_of(desk, ("ben", "apology correct 1 because the count was wrong"))
    assert "A1, A2" in quick.refused(await desk.say("dana", "relay done acme via phone"))
    await quick.all_of(desk, ("cleo", "apology reject 1 because it was right"))
    await quick.all_of(desk, ("dana", "relay done 2 acme via phone"), ("dana", "relay done acme via chat"))
    found = {r.apology: r.via for r in await desk.store.book(lambda b: b.find(Relay))}
    assert found == {1: "chat", 2: "phone"}


async def test_the_list_shows_mine_first_and_turns_its_pages(seed_desk: Desk) -> None:
    """Told wrongly and late first; thirty customers are two pages, each on a button."""
    desk = seed_desk
    theirs = [quick.customer(f"a{n:02}", f"slack: C0AAAA{n:03}").replace("dana@", "priya@") for n in range(28)]
    await quick.furnish(desk, *theirs, quick.customer("zulu", "slack: C0ZULU001"))
    await quick.approved(desk)
    await quick.all_of(desk, ("cleo", "apology publish 1 to 29"))
    card = (await desk.say("dana", "relay list")).show
    said = words(card)
    assert said.index("Zulu Ltd") < said.index("A00 Ltd")
    assert "Page 1 of 2, 29 receipts" in said
    assert buttons(card)["Next page"] == "relay list page 2"
    second = (await desk.say("dana", buttons(card)["Next page"])).show
    assert "A27 Ltd" in words(second)
    assert "Zulu" not in words(second)
    assert buttons(second)["Page before"] == "relay list"
    assert "A27" not in words((await desk.say("dana", "relay list mine")).show)
    await quick.all_of(desk, ("priya", "relay done 1 a00 via phone"))
    assert words((await desk.say("priya", "relay list mine")).show).index("A01 Ltd") < 200
