"""What an incident costs by contract: who may know, what it rests on, and that no customer ever reads it."""

import pytest

from bot.channel import Request
from handlers.card import Block, Card
from handlers.context import Context, Whence
from handlers.credit import exposure_blocks
from handlers.domain.apology import Version
from handlers.domain.incident import Incident
from handlers.domain.people import NOBODY
from handlers.domain.permit import TABLE
from storage.book import SqlBook
from tests.desk import Desk, buttons, words
from tests.stories.quick import all_of, customer, draft, furnish, refused, told
from tests.stories.seed import publish_seed, type_seed

PAYS = "uptime: 99.9, credits: [{below: 99.9, percent: 25}, {below: 99, percent: 50}]"
TERMS = f", contract: {{version: '1', zone: UTC, {PAYS}}}"
DAY = "2010-08-22"


def having(line: str, more: str) -> str:
    """A customer's line with more keys."""
    return line.rstrip().removesuffix("}") + more + "}\n"


ACME = having(customer("acme", "slack: C0ACME001"), TERMS)
BOLT = having(customer("bolt", "slack: C0BOLT001"), TERMS).replace("dana@", "priya@")


@pytest.fixture
async def desk(seed_desk: Desk) -> Desk:
    """Acme of Dana's and Bolt of Priya's, both with a contract."""
    await furnish(seed_desk, ACME, BOLT)
    return seed_desk


async def incident(desk: Desk, *facts: str, by: str = "ana", extra: str = "services mail region NA") -> int:
    """An incident of Ana's (or of somebody's who commands it) with these facts; its number."""
    desk.clock.at = max(desk.clock.at, desk.clock.at.replace(hour=12, minute=0))
    known = await desk.store.book(lambda b: b.search(limit=50, reader="ana@example.com"))
    number = len(known) + 1
    await all_of(desk, (by, f"declare Mail is down sev3 {extra}"), *((by, f"fact {number} {fact}") for fact in facts))
    return number


def window(hours: str, day: str = DAY, more: str = "source monitoring public") -> str:
    """A window fact of one day, UTC."""
    return f"window {day} {hours} UTC {more}"


async def steps(desk: Desk, number: int = 1, who: str = "dana", name: str = "acme") -> str:
    """All that a customer's credit card says."""
    answer = await desk.say(who, f"credit {number} {name}")
    assert not answer.refused, words(answer.show)
    return words(answer.show)


async def test_the_seeds_credit_is_that_of_the_worked_example(seed_desk: Desk) -> None:
    """August: 99.731 % and 25 %, or by user-minutes above 37.2 %; September: not computable, 43.2 minutes."""
    await type_seed(seed_desk)
    contoso, fabrikam = [words((await seed_desk.say("dana", f"credit A1 {c}")).show) for c in ("contoso", "fabrikam")]
    august, september = contoso.split("September 2010, not over yet", 1)
    assert "Uptime 99.731 %: a credit of 25 %." in august
    assert "Uptime: (44,640 − 120) ÷ 44,640 = 99.731 %." in august
    for minutes, threshold, percent in (("44.64", "99.9", 25), ("446.4", "99", 50), ("2,232", "95", 100)):
        assert f"Below {threshold} % is more than {minutes} minutes: {percent} %." in august
    assert "Not computable because the windows of 3 and 7 September 2010 have no start and end" in september
    assert "more than 43.2 minutes together crosses 99.9 %" in september
    for minutes in ("43.2", "432", "2,160"):
        assert f"is more than {minutes} minutes" in september
    assert "Not computable because the share of users is unknown; above 37.2 % it is 25 %." in fabrikam
    assert "A person must check whether this counts as downtime" in contoso
    assert "F1 window, F2 duration; statement; confirmed" in contoso
    assert "Evidence: a day and a length." in contoso


async def test_when_the_room_was_opened_or_closed_is_no_downtime(desk: Desk) -> None:
    """An incident of hours without a window fact: not computable, and it says what is missing."""
    await incident(desk)
    desk.clock.wind(hours=5)
    await all_of(desk, ("ana", "resolve 1"))
    said = await steps(desk)
    assert "Not computable because no window of INC-1 is recorded that is public, for this customer, or" in said
    assert "minutes" not in said


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ([window("02:00-03:00")], "Uptime 99.866 %: a credit of 25 %."),
        ([window("02:00-03:00"), window("02:30-03:30")], "sources disagree on the times of INC-1"),
        ([window("02:00-03:00"), window("04:00-05:00")], "Uptime 99.731 %: a credit of 25 %."),
        ([window("02:00-03:00"), "window 2010-08-22 source support public precision day"], "Uptime 99.866 %"),
        ([window("02:00-03:00"), "duration 4h source support public"], "the window and the duration of INC-1 disagree"),
        ([window("02:00-03:00", more="source monitoring public precision about")], "known only about"),
        ([window("02:10-02:50", more="source monitoring public precision hour")], "known to the hour only"),
        ([window("02:00-03:00", more="source monitoring public precision at-least")], "(60 are certain)"),
        (["window 2010-08-22 source x public", 'duration "about 2 hours" source x public'], "about how long INC-1"),
        (["window 2010-08-22 source x public", 'duration "at least 2 hours" source x public'], "(120 are certain)"),
        (["window 2010-08-22 source x public", "duration 30m source x public"], "Uptime 99.933 %: no credit."),
        (["window unknown source x public due 2010-09-01"], "no window of INC-1 is recorded"),
        ([window("02:00-02:30")], "Uptime 99.933 %: no credit."),
    ],
)
async def test_a_result_is_as_good_as_its_facts(desk: Desk, facts: list[str], expected: str) -> None:
    """Two sources, an about, an hour, an at-least: none is taken for more than it is."""
    if len(facts) == 2 and "02:30-03:30" in facts[1]:
        facts[1] = facts[1].replace("monitoring", "support")
        await incident(desk, by="noor")  # nobody confirms: Noor commands, Lou records
        await all_of(desk, *(("lou", f"fact 1 {f}") for f in facts))
    else:
        await incident(desk, *facts)
    assert expected in await steps(desk)


async def test_internal_windows_count_once_the_commander_confirmed_them(desk: Desk) -> None:
    """Before that they are hearsay; what is for another customer never counts."""
    await incident(desk)
    await all_of(desk, ("noor", f"fact 1 window {DAY} 02:00-03:00 UTC source monitoring"))
    assert "no window of INC-1 is recorded" in await steps(desk)
    await all_of(desk, ("ana", "confirm 1 F1"))
    assert "Uptime 99.866 %" in await steps(desk)
    await all_of(desk, ("ana", f"fact 1 window {DAY} 02:00-02:10 UTC source monitoring for bolt"))
    assert "Uptime 99.866 %" in await steps(desk)
    assert "Uptime 99.978 %: no credit." in await steps(desk, who="priya", name="bolt")


async def test_windows_of_other_incidents_of_the_month_count_with_it(desk: Desk) -> None:
    """Overlaps once; not those of another service, a drill, a cancelled or a merged one, nor a customer not hit."""
    await incident(desk, window("02:00-02:30"))
    await incident(desk, window("02:15-02:45"))
    assert "Uptime 99.899 %: a credit of 25 %." in await steps(desk)
    assert "INC-2: 2010-08-22 02:15 UTC to" in await steps(desk)
    for extra in ("services search region NA", "services mail region EU", "services mail region NA drill"):
        await incident(desk, window("03:00-09:00"), extra=extra)
    for end in ("cancel", "merge"):
        number = await incident(desk, window("03:00-09:00"))
        line = f"cancel {number} because nothing" if end == "cancel" else f"merge {number} into 1 because same"
        await all_of(desk, ("ana", line))
    number = await incident(desk, window("03:00-09:00"))
    await all_of(desk, ("ana", f"affected {number} -acme because they were not hit"))
    said = await steps(desk)
    assert "Uptime 99.899 %" in said
    assert "INC-3" not in said
    number = await incident(desk)
    assert f"Not counted, as no window is recorded: INC-{number}." in await steps(desk)


async def test_a_private_incident_is_not_betrayed_by_anothers_credit(desk: Desk) -> None:
    """It counts in its own credit, for its members."""
    await incident(desk, window("02:00-03:00"))
    await incident(desk, window("04:00-09:00"), extra="services mail region NA private")
    for who in ("ana", "dana"):
        said = await steps(desk, who=who)
        assert "Uptime 99.866 %" in said
        assert "INC-2" not in said
    assert "INC-1" in await steps(desk, 2, who="ana")
    refused(await desk.say("dana", "credit 2 acme"))


async def test_planned_work_is_no_downtime(seed_desk: Desk) -> None:
    """Work on what was hit excuses it; work on one of two services that were hit does not."""
    work = f"maintenance: [{{services: [mail], from: {DAY}T02:00Z, to: {DAY}T02:45Z}}]\n"
    await furnish(seed_desk, ACME, policy=work)
    await incident(seed_desk, window("02:00-03:00"))
    said = await steps(seed_desk)
    assert "Uptime 99.966 %: no credit." in said
    assert "Planned maintenance taken out: 45 minutes of the month." in said


async def test_the_terms_of_the_month_count(seed_desk: Desk) -> None:
    """July by the old version, August by the new one; a version that begins within the month is for people."""
    old, new = (
        f"version: old, zone: UTC, {PAYS}",
        "version: new, from: 2010-08-01, zone: UTC, credits: [{below: 99.9, percent: 30}]",
    )
    acme = having(customer("acme", "slack: C0ACME001"), f", contract: [{{{old}}}, {{{new}}}]")
    await furnish(seed_desk, acme)
    await incident(seed_desk, window("02:00-03:00"), window("02:00-03:00", "2010-07-22"))
    july, august = (await steps(seed_desk)).split("August 2010", 1)
    assert "a credit of 25 %" in july
    assert "Terms: version old" in july
    assert "a credit of 30 %" in august
    await furnish(seed_desk, acme.replace("2010-08-01", "2010-08-15"))
    assert "terms changed from version old to version new within the month, on 15 August 2010" in await steps(seed_desk)


async def test_a_use_that_began_later_is_neither_told_nor_paid(seed_desk: Desk) -> None:
    """Whom it reached is a matter of when it was; what has no window yet asks everybody who uses it now."""
    late = customer("acme", "slack: C0ACME001").replace("region: NA}", "region: NA, from: 2010-08-23}")
    past = customer("bolt", "slack: C0BOLT001").replace("region: NA}", "region: NA, to: 2010-07-31}")
    await furnish(seed_desk, having(late, TERMS), past)
    await incident(seed_desk)
    assert "Acme Ltd: uses Mail" in words((await seed_desk.say("ana", "affected 1")).show)
    await all_of(seed_desk, ("ana", f"fact 1 {window('02:00-03:00', '2010-08-20')}"))
    said = words((await seed_desk.say("ana", "affected 1")).show)
    assert "Nobody." in said
    assert "Acme Ltd (uses Mail in North America (from 23 August 2010) only, which is not when it was hit)" in said
    assert "Bolt Ltd (uses Mail in North America (to 31 July 2010) only" in said
    assert "not among the affected" in refused(await seed_desk.say("dana", "credit 1 acme"))


async def test_a_share_of_users_counts_only_where_a_fact_for_that_customer_says_it(seed_desk: Desk) -> None:
    """What share of all requests failed says nothing of one customer's users."""
    acme = having(customer("acme", "slack: C0ACME001"), TERMS.replace("zone: UTC", "zone: UTC, mode: user-minutes"))
    await furnish(seed_desk, acme)
    await incident(seed_desk, window("02:00-03:00"), 'count "40 %" source monitoring public')
    assert "the share of users is unknown; above 74.4 % it is 25 %" in await steps(seed_desk)
    await all_of(seed_desk, ("ana", 'fact 1 count "80 % of users" source monitoring for acme'))
    assert "Uptime 99.892 %: a credit of 25 %." in await steps(seed_desk)


async def test_account_managers_read_their_own_customers_and_those_who_run_it_all(desk: Desk) -> None:
    """Anybody else is refused, and the refusal is audited; nobody learns a figure that is not theirs."""
    await incident(desk, window("02:00-03:00"))
    for who in ("noor", "lou", "cleo"):
        for line in ("credit 1", "credit 1 acme"):
            sentence = refused(await desk.say(who, line))
            assert TABLE["credit"].whose in sentence
            assert "%" not in sentence
    for who, mine, theirs in (("dana", "Acme", "Bolt"), ("priya", "Bolt", "Acme")):
        said = words((await desk.say(who, "credit 1")).show)
        assert mine in said
        assert theirs not in said
        refused(await desk.say(who, f"credit 1 {theirs}"))
    for who in ("ana", "ben", "adam"):
        said = words((await desk.say(who, "credit 1")).show)
        assert "Acme Ltd, Mail, August 2010, not over yet: Uptime 99.866 %: a credit of 25 %." in said
        assert "Bolt" in said
    await all_of(desk, ("dana", "cover @Priya until 2010-12-24"))
    assert "Acme" in words((await desk.say("priya", "credit 1")).show)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("credit 9", "There is no INC-9"),
        ("credit A9", "There is no apology A9"),
        ("credit 1 nosuch", "I know no customer “nosuch”"),
        ("credit 1 acne", "Did you mean acme?"),
        ("credit 1 acme, bolt", "One customer at a time"),
        ("credit 1 tail", "I know no customer"),
    ],
)
async def test_what_cannot_be_meant_is_refused_with_a_sentence(desk: Desk, line: str, sentence: str) -> None:
    """Nothing is guessed."""
    await incident(desk, window("02:00-03:00"))
    assert sentence in refused(await desk.say("ana", line))


async def test_a_customer_who_was_not_hit_has_no_credit(desk: Desk) -> None:
    """Neither a card nor lines for their account manager."""
    await incident(desk, window("02:00-03:00"), extra="services search region NA")
    assert "not among the affected customers" in refused(await desk.say("dana", "credit 1 acme"))
    assert "No customer is affected." in words((await desk.say("ana", "credit 1")).show)
    assert await _blocks(desk, "acme", 1) == ()


async def _blocks(desk: Desk, key: str, *numbers: int) -> tuple[Block, ...]:
    def work(book: SqlBook) -> tuple[Block, ...]:
        ctx = Context(NOBODY, Whence("clock"), book.now, desk.intake.house.zone, ("slack", "teams"))
        found = [i for n in numbers if (i := book.get(Incident, n)) is not None]
        read = book.catalog.customer(key)
        assert read is not None
        return exposure_blocks(book, ctx, found, read)

    return await desk.store.book(work)


async def test_an_account_managers_lines_hold_every_month_and_where_the_steps_are(desk: Desk) -> None:
    """For a pack that goes to them alone."""
    await incident(desk, window("02:00-03:00"), window("02:00-02:20", "2010-07-03"))
    said = words(Card("x", await _blocks(desk, "acme", 1)))
    assert "Mail, July 2010: Uptime 99.955 %: no credit." in said
    assert "Mail, August 2010, not over yet: Uptime 99.866 %: a credit of 25 %." in said
    assert "`credit 1 acme` shows the steps" in said
    assert "needs_human" in said


async def test_in_teams_the_answer_goes_to_the_personal_chat(desk: Desk) -> None:
    """Typed where others read along: neither the figures nor the refusal stand there."""
    await incident(desk, window("02:00-03:00"))
    await desk.settle()
    for who in ("dana", "noor"):
        for line in ("credit 1", "credit 1 acme"):
            before = {s.id for s in desk.screens()}
            desk.clock.wind(seconds=20)
            place = "19:everybody@thread.tacv2"
            key = f"t{desk.clock.at.timestamp()}"
            await desk.intake.take(Request(key, "teams", f"29:{who}", place, line, reply_to=place))
            await desk.settle()
            seen = [s for s in desk.screens() if s.id not in before]
            assert [s.place for s in seen] == [f"29:{who}"], line


async def test_a_press_or_a_line_answers_for_whoever_asked_alone(desk: Desk) -> None:
    """Each platform's edge is told so; what everybody may read says nothing of the kind."""
    await incident(desk, window("02:00-03:00"))
    assert (await desk.say("dana", "credit 1 acme")).alone
    assert (await desk.say("noor", "credit 1 acme")).alone
    assert not (await desk.say("dana", "affected 1")).alone
    listed = await desk.say("ana", "credit 1")
    assert buttons(listed.show)["Steps: Acme Ltd"] == "credit 1 acme"


async def test_approvers_see_the_exposure_before_anybody_promises(desk: Desk) -> None:
    """One line in the preview, without a customer's name; it is no part of the words that are signed."""
    await draft(desk, "sev3")
    before = await desk.store.book(lambda b: b.get(Version, 1, 1))
    await all_of(desk, ("ben", "apology submit 1"))
    await desk.settle()
    line = "Contract credit, August 2010: 2 customers 25 %. `credit A1` shows the steps."
    previews = [s for s in desk.screens("preview-1") + desk.screens("apology-1/preview") if s.card is not None]
    assert {s.place for s in previews} >= {"U0CLEO"}
    assert all(line in words(s.card) for s in previews)
    version = await desk.store.book(lambda b: b.get(Version, 1, 1))
    assert version is not None
    assert before is not None
    assert version.digest == before.digest
    assert all("25 %" not in r.text for r in version.recipients)


async def test_no_customer_and_no_page_ever_reads_a_credit(seed_desk: Desk) -> None:
    """Computed, shown to Dana, and in none of the bytes that left the house; a text that names one is refused."""
    await publish_seed(seed_desk)
    assert "25 %" in words((await seed_desk.say("dana", "credit A1 contoso")).show)
    version = await seed_desk.store.book(lambda b: b.get(Version, 1, 1))
    assert version is not None
    texts = [*told(seed_desk).values(), *(text for _, text in version.texts), *(r.text for r in version.recipients)]
    assert len(texts) > 5
    for text in texts:
        for word in ("25 %", "25%", "99.731", "37.2", "43.2", "tenant-minutes", "user-minutes"):
            assert word not in text
    await seed_desk.say("ben", "apology correct 1 because of the credit")
    await seed_desk.say(
        "ben", f"apology edit 1 full -- {version.text('full')} You get a service credit of 25 % of the fee."
    )
    found = words((await seed_desk.say("ben", "apology lint 1")).show)
    assert "An amount of credit goes only into a text for that customer." in found


async def test_ones_own_accounts_come_first(desk: Desk) -> None:
    """`affected` counts them, `affected mine` shows no others."""
    await incident(desk)
    said = words((await desk.say("priya", "affected 1")).show)
    assert "1 of these 2 are your accounts, first here." in said
    assert said.index("Bolt") < said.index("Acme")
    mine = words((await desk.say("priya", "affected 1 mine")).show)
    assert "Bolt" in mine
    assert "Acme" not in mine
    await all_of(desk, ("ana", "region 1 EU"))
    assert "Nobody." in words((await desk.say("priya", "affected 1 mine")).show)
