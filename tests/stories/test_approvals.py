"""Who signs what: two human beings at least, and everything that takes a signature away."""

import pytest

from handlers.card import Card, Form
from handlers.domain.apology import Version, Waiver
from tests.desk import Desk, words
from tests.stories.quick import all_of, apology, approved, customer, draft, furnish, refused, submitted, version

HOUSE = (customer("acme", "slack: C0ACME001"), customer("bolt", "teams: '19:bolt@thread.tacv2'"))


@pytest.fixture
async def desk(seed_desk: Desk) -> Desk:
    """A house with two customers."""
    await furnish(seed_desk, *HOUSE)
    return seed_desk


async def test_a_sev1_takes_the_commander_and_a_comms_approver(desk: Desk) -> None:
    """Two people: either order, neither alone."""
    await submitted(desk)
    await all_of(desk, ("cleo", "apology approve 1"))
    assert (await apology(desk)).state == "submitted"
    await all_of(desk, ("ana", "apology approve 1"))
    assert (await apology(desk)).state == "approved"


async def test_a_sev3_takes_one_comms_approver_who_did_not_write_it(desk: Desk) -> None:
    """With the author that is two people."""
    await submitted(desk, "sev3")
    refused(await desk.say("ana", "apology approve 1"))
    await all_of(desk, ("cleo", "apology approve 1"))
    assert (await apology(desk)).state == "approved"


async def test_the_commander_may_sign_the_facts_as_the_only_author(desk: Desk) -> None:
    """Ana wrote every word: she signs the facts, Cleo the words."""
    await submitted(desk, by="ana")
    await all_of(desk, ("ana", "apology approve 1"), ("cleo", "apology approve 1"))
    assert (await apology(desk)).state == "approved"


async def test_threat_08_a_comms_approver_who_wrote_it_does_not_sign_it(desk: Desk) -> None:
    """Nobody signs their own words, whatever their role."""
    await submitted(desk, by="cleo")
    assert "somebody else signs" in refused(await desk.say("cleo", "apology approve 1"))


async def test_whoever_edits_becomes_an_author(desk: Desk) -> None:
    """Cleo changed a word: her signature is no longer a second pair of eyes."""
    await draft(desk)
    full = (await version(desk)).text("full")
    answer = await desk.say(
        "cleo", "apology edit 1", values={"text": full.replace("What happens next", "What comes next")}
    )
    assert not answer.refused, words(answer.show)
    await all_of(desk, ("ben", "apology submit 1"))
    refused(await desk.say("cleo", "apology approve 1"))


async def test_a_small_company_needs_two_different_people_all_the_same(seed_desk: Desk) -> None:
    """No comms-approver is named: any colleague who did not write it may be one, but Ana does not sign twice."""
    await furnish(seed_desk, *HOUSE, cleo="[]")
    await submitted(seed_desk)
    await all_of(seed_desk, ("ana", "apology approve 1"))
    assert "one person, one signature" in refused(await seed_desk.say("ana", "apology approve 1", on="teams"))
    refused(await seed_desk.say("ben", "apology approve 1"))
    await all_of(seed_desk, ("noor", "apology approve 1"), ("noor", "apology approve 1"))
    assert (await apology(seed_desk)).state == "approved"


async def test_in_a_small_company_the_author_does_not_publish(seed_desk: Desk) -> None:
    """Ben wrote it; whoever did not, or the commander, sends it."""
    await furnish(seed_desk, *HOUSE, cleo="[]")
    await submitted(seed_desk)
    await all_of(seed_desk, ("ana", "apology approve 1"), ("noor", "apology show 1"), ("noor", "apology approve 1"))
    refused(await seed_desk.say("ben", "apology publish 1"))
    await all_of(seed_desk, ("noor", "apology publish 1"))


async def test_who_was_not_shown_the_text_is_shown_it_first(desk: Desk) -> None:
    """The first typed approval shows the words and signs nothing; the second signs."""
    await furnish(desk, *HOUSE, lou="[comms-approver]")
    await submitted(desk, "sev3")
    await furnish(desk, *HOUSE, noor="[comms-approver]")
    first = await desk.say("noor", "apology approve 1")
    assert not first.recorded
    assert "could not send mail" in words(first.show)
    assert (await apology(desk)).state == "submitted"
    desk.clock.wind(seconds=30)
    await all_of(desk, ("noor", "apology approve 1"))
    assert (await apology(desk)).state == "approved"


async def test_a_raised_severity_asks_for_the_missing_signature(desk: Desk) -> None:
    """The worst current severity counts, not the one at submission."""
    await approved(desk, "sev3")
    await all_of(desk, ("ana", "reopen 1 because it was worse"), ("ana", "severity 1 sev1"), ("ana", "resolve 1"))
    assert (await apology(desk)).state == "draft"
    await all_of(desk, ("ben", "apology submit 1"), ("cleo", "apology approve 1"))
    assert (await apology(desk)).state == "submitted"


@pytest.mark.parametrize(
    "change",
    [
        "fact 1 workaround none source support public",
        "services 1 +search",
        "region 1 EU",
        "affected 1 -bolt because they were not hit",
        "task 1 add Another change @Noor due 2010-08-25",
        "reopen 1 because it came back",
        'apology draft 1 signatory "Ana Silva"',
        "apology waive 1 F14 because the house signs",
    ],
)
async def test_threat_08_whatever_changes_under_a_signature_voids_it(desk: Desk, change: str) -> None:
    """Facts, services, region, recipients, tasks, signatory: it is a draft again, and nothing is sent."""
    await approved(desk)
    answer = await desk.say("ana", change)
    if "waive" in change:
        assert answer.refused  # nothing to waive there; the signatures stand
        return
    assert not answer.refused, words(answer.show)
    assert (await apology(desk)).state == "draft"
    refused(await desk.say("cleo", "apology publish 1"))


async def test_a_changed_catalog_voids_the_signatures_at_the_press(desk: Desk) -> None:
    """A third customer in the catalog is a recipient nobody signed for."""
    await approved(desk)
    await furnish(desk, *HOUSE, customer("cargo", "slack: C0CARGO01"))
    answer = await desk.say("cleo", "apology publish 1")
    assert "changed since" in words(answer.show)
    assert (await apology(desk)).state == "draft"


async def test_a_tightened_policy_voids_the_signatures_at_the_press(desk: Desk) -> None:
    """The house asks for one more signature from today on."""
    await approved(desk, "sev3")
    await furnish(desk, *HOUSE, policy="policy: {approvals: {sev3: [commander, comms-approver]}}\n")
    answer = await desk.say("cleo", "apology publish 1")
    assert "signature is missing" in words(answer.show)


async def _legal_words(desk: Desk) -> None:
    await draft(desk, "sev3")
    await all_of(desk, ("ana", 'fact 1 action "we found a breach of our own rule" source statement public'))


async def test_legal_words_ask_for_legal_where_legal_is_named(desk: Desk) -> None:
    """W20 routes to Lou, and cannot be waived around her."""
    await furnish(desk, *HOUSE, lou="[legal]")
    await _legal_words(desk)
    assert "legal" in refused(await desk.say("noor", "apology waive 1 W20 because it is nothing"))
    await all_of(desk, ("ben", "apology submit 1"), ("cleo", "apology approve 1"))
    assert (await apology(desk)).state == "submitted"
    await all_of(desk, ("lou", "apology approve 1"))
    assert (await apology(desk)).state == "approved"


async def test_without_legal_somebody_else_gives_the_reason(desk: Desk) -> None:
    """W20 needs a written reason from a non-author, who stays one."""
    await _legal_words(desk)
    assert "asks for legal" in refused(await desk.say("ben", "apology submit 1"))
    refused(await desk.say("ben", "apology waive 1 W20 because I say so"))
    await all_of(desk, ("cleo", "apology waive 1 W20 because it is our own rule"), ("ben", "apology submit 1"))
    await all_of(desk, ("cleo", "apology approve 1"))
    assert (await apology(desk)).state == "approved"


async def test_a_waived_error_takes_two_signatures_at_any_severity(desk: Desk) -> None:
    """A misfiring rule may be waived, by two people, also in a sev4."""
    await draft(desk, "sev4")
    await all_of(desk, ("ana", 'fact 1 F3 = "a quickly growing queue" because of the logs'))
    assert "W7" in refused(await desk.say("ben", "apology submit 1"))
    await all_of(desk, ("ben", "apology waive 1 W7 because that is how it grew"), ("ben", "apology submit 1"))
    await all_of(desk, ("cleo", "apology approve 1"))
    assert (await apology(desk)).state == "submitted"
    await all_of(desk, ("ana", "apology approve 1"))
    assert (await apology(desk)).state == "approved"


@pytest.mark.parametrize("gap", ["cause", "prevention", "remedy", "next-report"])
async def test_a_gap_that_blocks_is_filled_not_waived(desk: Desk, gap: str) -> None:
    """Only the times may be waived; the rest is filled, or said to be unknown."""
    await all_of(
        desk, ("ana", "declare Mail is down sev2 services mail"), ("ana", "resolve 1"), ("ben", "apology draft 1")
    )
    assert "cannot be waived" in refused(await desk.say("ben", f"apology waive 1 {gap} because we do not know"))


async def test_a_fact_for_one_customer_takes_that_customers_account_manager(desk: Desk) -> None:
    """Dana signs what Acme alone reads; Priya may not."""
    await furnish(desk, customer("acme", "slack: C0ACME001"), customer("bolt", "slack: C0BOLT001"))
    await draft(desk, "sev3")
    await all_of(desk, ("ana", 'fact 1 remedy "25 percent of the fee" source contract for acme'))
    await all_of(desk, ("ben", "apology submit 1"), ("cleo", "apology approve 1"))
    state = (await apology(desk)).state
    assert state == "submitted"
    refused(await desk.say("priya", "apology approve 1"))
    await all_of(desk, ("dana", "apology approve 1"))
    assert (await apology(desk)).state == "approved"


async def test_suggesting_makes_nobody_an_author(desk: Desk) -> None:
    """Cleo offers words and still signs."""
    await submitted(desk, "sev3")
    await all_of(desk, ("cleo", "apology suggest 1 -- say it plainly"), ("cleo", "apology approve 1"))
    assert (await apology(desk)).state == "approved"


async def test_only_those_who_are_asked_or_wrote_it_reject(desk: Desk) -> None:
    """A passer-by suggests words instead."""
    await submitted(desk)
    assert "suggest" in refused(await desk.say("noor", "apology reject 1 because I do not like it"))
    await all_of(desk, ("cleo", "apology reject 1 because the tone is cold"))
    assert (await apology(desk)).state == "draft"


async def test_an_apology_is_not_signed_while_its_incident_is_open_again(desk: Desk) -> None:
    """A draft covers what is monitored or resolved, also at submission."""
    await draft(desk)
    await all_of(desk, ("ana", "reopen 1 because it came back"))
    assert "investigating again" in refused(await desk.say("ben", "apology submit 1"))


async def test_waivers_are_part_of_what_is_signed(desk: Desk) -> None:
    """A waiver after the preview makes other bytes to sign, although the text is the same."""
    await all_of(desk, ("ana", "declare Mail is down sev3 services mail region NA"))
    await draft(desk, "sev3", title="Mail again")
    before = (await version(desk)).digest
    await all_of(desk, ("ana", "fact 2 drop F7 because it was support's guess"), ("ben", "apology show 1"))
    changed = (await version(desk)).digest
    await all_of(desk, ("ben", "apology waive 1 contact because their account manager calls"))
    after = (await version(desk)).digest
    assert len({before, changed, after}) == 3


async def test_refusals_of_an_apology_begin_with_its_incident(desk: Desk) -> None:
    """Whoever is refused reads what it was about."""
    await submitted(desk)
    sentence = refused(await desk.say("ben", "apology approve 1"))
    assert sentence.startswith("INC-1")


async def test_a_security_matter_asks_for_legal(desk: Desk) -> None:
    """Whatever the words: legal reads them where legal is named."""
    await furnish(desk, *HOUSE, lou="[legal]")
    await draft(desk, "sev3")
    await all_of(desk, ("ana", 'fact 1 security "passwords were read" source support'))
    await all_of(desk, ("ben", "apology submit 1"), ("cleo", "apology approve 1"))
    assert (await apology(desk)).state == "submitted"
    await all_of(desk, ("lou", "apology approve 1"))
    assert (await apology(desk)).state == "approved"


async def test_new_words_need_new_waivers(desk: Desk) -> None:
    """An edit makes another version: what was waived in the old one is judged again."""
    await draft(desk, "sev3")
    await all_of(desk, ("ana", 'fact 1 F3 = "a quickly growing queue" because of the logs'))
    await all_of(desk, ("ben", "apology waive 1 W7 because that is how it grew"))
    full = (await version(desk)).text("full")
    answer = await desk.say("ben", "apology edit 1", values={"text": full.replace("What happens", "What will happen")})
    assert "no longer count" in words(answer.show)
    assert "W7" in refused(await desk.say("ben", "apology submit 1"))


async def test_a_waiver_ends_with_its_date(desk: Desk) -> None:
    """Waived until tomorrow: the day after it is a gap again, and the signatures under it are void."""
    await draft(desk, "sev3")
    await all_of(desk, ("ana", "fact 1 drop F6 because support was wrong"))
    await all_of(
        desk,
        ("ben", "apology waive 1 data-loss because we look until 2010-08-23"),
        ("ben", "apology submit 1"),
        ("cleo", "apology approve 1"),
        ("cleo", "apology publish 1 at 2010-08-24T12:00Z"),
    )
    await desk.pass_time(days=2, hours=1)
    assert (await apology(desk)).state == "draft"


async def test_asked_again_people_see_only_what_is_different(desk: Desk) -> None:
    """Cleo was shown version 1; after a fact changed she is shown the old and the new sentence, and what was is kept."""
    await submitted(desk)
    first = await version(desk)
    await all_of(
        desk, ("ana", 'fact 1 F5 = "1,300 customers" because support counted again'), ("ben", "apology submit 1")
    )
    await desk.settle()
    second = await version(desk)
    assert (first.number, second.number) == (1, 2)
    kept = await desk.store.book(lambda b: b.get(Version, 1, 1))
    assert kept is not None
    assert (kept.texts, kept.digest) == (first.texts, first.digest)
    (card,) = [s for s in desk.screens("preview-1/2-") if s.place == "U0CLEO"]
    shown = words(card.card)
    assert "Since version 1" in shown
    assert "1,200 customers" in shown
    assert "1,300 customers" in shown
    assert "We are sorry" not in shown
    await all_of(desk, ("ana", "apology approve 1"))
    await desk.settle()
    shown = words(card.card)  # redrawn with Ana's signature, it still shows the difference alone
    assert "Approved by Ana Silva (commander)" in shown
    assert "We are sorry" not in shown
    await all_of(desk, ("cleo", "apology approve 1"))
    assert (await apology(desk)).state == "approved"


async def test_whoever_joins_later_is_shown_everything_first(desk: Desk) -> None:
    """Priya becomes an approver between the versions: a difference to what she never saw would tell her nothing."""
    await submitted(desk)
    await furnish(desk, *HOUSE, priya="[comms-approver]")
    await all_of(
        desk, ("ana", 'fact 1 F5 = "1,300 customers" because support counted again'), ("ben", "apology submit 1")
    )
    await desk.settle()
    cards = {s.place: words(s.card) for s in desk.screens("preview-1/2-")}
    assert "We are sorry" in cards["U0PRIYA"]
    assert "We are sorry" not in cards["U0CLEO"]


async def test_a_changed_circle_of_customers_is_named(desk: Desk) -> None:
    """The words are the same and one customer more reads them: that is what is asked about."""
    await submitted(desk)
    await furnish(desk, *HOUSE, customer("cargo", "slack: C0CARGO01"))
    await desk.say("cleo", "apology approve 1")  # finds that it changed: a draft again
    await all_of(desk, ("ben", "apology submit 1"))
    await desk.settle()
    (card,) = [s for s in desk.screens("preview-1/2-") if s.place == "U0CLEO"]
    assert "Goes to as well: Cargo Ltd (Slack)" in words(card.card)


async def test_a_warning_takes_a_reason_which_the_approvers_read(desk: Desk) -> None:
    """The button asks for the reason; it stands beside the text, and is part of what is signed."""
    await draft(desk)
    await all_of(desk, ("ana", "fact 1 drop F7 because that address is closed"))
    card = await desk.say("ben", "apology show 1")
    assert isinstance(card.show, Card)
    (button,) = [b for b in card.show.buttons if b.label == "Submit for approval"]
    assert button.form
    form = await desk.say("ben", button.says)
    assert isinstance(form.show, Form)
    assert "contact" in str(form.show.intro)
    await all_of(desk, ("ben", "apology submit 1 because their account managers call them"))
    await desk.settle()
    (preview,) = [s for s in desk.screens("preview-1/") if s.place == "U0CLEO"]
    assert "contact is left as it is: their account managers call them" in words(preview.card)
    waivers = await desk.store.book(lambda b: b.find(Waiver, apology=1))
    assert [(w.rule, w.by) for w in waivers] == [("contact", "ben@example.com")]


async def test_a_warning_without_a_reason_is_named_to_the_approvers(desk: Desk) -> None:
    """Typed without a reason it goes through, and whoever signs sees that nobody gave one."""
    await draft(desk)
    await all_of(desk, ("ana", "fact 1 drop F7 because that address is closed"), ("ben", "apology submit 1"))
    await desk.settle()
    (preview,) = [s for s in desk.screens("preview-1/") if s.place == "U0CLEO"]
    assert "Warnings for which nobody gave a reason" in words(preview.card)
    assert "contact" in words(preview.card)


async def test_a_reason_where_no_warning_is_left_changes_nothing(desk: Desk) -> None:
    """There is nothing to waive; it is submitted as it is."""
    await draft(desk)
    before = await version(desk)
    await all_of(desk, ("ben", "apology submit 1 because it is complete"))
    assert (await version(desk)).digest == before.digest
    assert await desk.store.book(lambda b: b.find(Waiver, apology=1)) == []


@pytest.mark.parametrize(
    ("remedy", "legal"), [("25 % of the monthly fee", False), ("60 % of the monthly fee", True), ("$5,000", True)]
)
async def test_credit_beyond_the_contract_asks_for_legal(seed_desk: Desk, remedy: str, *, legal: bool) -> None:
    """What the contract grants needs nobody's leave; more than that does."""
    acme = HOUSE[0].rstrip().removesuffix("}") + (
        ", contract: {version: 2010-01, zone: UTC, mode: tenant-minutes, uptime: 99.9, source: MSA,"
        " credits: [{below: 99.9, percent: 25}, {below: 99, percent: 50}]}}\n"
    )
    await furnish(seed_desk, acme, HOUSE[1], lou="[legal]")
    await draft(seed_desk, "sev3")
    await all_of(seed_desk, ("ana", f'fact 1 remedy "{remedy}" source contract for acme'), ("ben", "apology submit 1"))
    await all_of(seed_desk, ("cleo", "apology approve 1"), ("dana", "apology approve 1"))
    assert ((await apology(seed_desk)).state == "submitted") == legal


@pytest.mark.parametrize(
    ("said", "legal"),
    [
        ("We have told the regulator.", True),
        ("Your personal data stayed where it was.", True),
        ("We informed the data protection authority.", True),
        ("We are working with our network provider Contoso on it.", True),
        ("Contoso, our network provider, is working on it.", True),
        ("Our account managers will answer personally.", False),
        ("Our Mail provider settings were wrong.", False),
        ("We will regulate the load better.", False),
    ],
)
async def test_authorities_personal_data_and_a_named_third_party_ask_for_legal(
    desk: Desk, said: str, *, legal: bool
) -> None:
    """Whatever the linter thinks of the words: legal reads them where legal is named."""
    await furnish(desk, *HOUSE, lou="[legal]")
    await draft(desk, "sev3")
    full = (await version(desk)).text("full")
    answer = await desk.say("ben", "apology edit 1", values={"text": full.replace("What happens next", f"{said} Next")})
    assert not answer.refused, words(answer.show)
    shown = words((await desk.say("ben", "apology submit 1 because it was agreed")).show)
    assert ("legal" in shown.partition("Needed:")[2]) == legal, shown
