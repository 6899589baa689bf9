"""The directory: small edits in chat, what the audit chain keeps of them and of a load, one human being on two platforms."""

import pytest
from sqlalchemy import select

from handlers.domain.catalog import Catalog, parse_catalog, to_dict
from handlers.domain.people import Account
from handlers.domain.relay import Relay
from storage.tables import audit, catalogs
from tests.desk import Desk, words
from tests.stories.quick import all_of, apology, approved, customer, furnish, refused, submitted


@pytest.fixture
async def desk(seed_desk: Desk) -> Desk:
    """A house with two customers of Dana's; Bolt uses another service."""
    await furnish(
        seed_desk, customer("acme", "slack: C0ACME001"), customer("bolt", "slack: C0BOLT001", service="search")
    )
    return seed_desk


async def house(desk: Desk) -> Catalog:
    """The catalog in force."""
    found: Catalog = await desk.store.book(lambda b: b.catalog)
    return found


async def chain(desk: Desk) -> list[tuple[str, str]]:
    """Who did what, as audited."""
    query = select(audit.c.person, audit.c.what).order_by(audit.c.seq)
    return [(who, what) for who, what in await desk.store.rows(lambda c, _now: c.execute(query).all())]


async def test_an_admin_hands_a_customer_to_another_account_manager(desk: Desk) -> None:
    """Priya reads what was Dana's from then on, is the one reminded, and the chain knows who did it."""
    await approved(desk)
    await all_of(desk, ("cleo", "apology publish 1"))
    await desk.settle()
    said = words((await desk.say("adam", "customer manager acme @Priya")).show)
    assert "Priya Raman is the account manager of Acme Ltd now, and no longer Dana Lee." in said
    acme = (await house(desk)).customer("acme")
    assert acme is not None
    assert acme.account_manager == "priya@example.com"
    assert ("adam@example.com", "customer manager acme @Priya") in await chain(desk)
    (relay,) = await desk.store.book(lambda b: b.find(Relay, customer="acme"))
    assert relay.manager == "priya@example.com"
    refused(await desk.say("dana", "relay done 1 acme"))
    await all_of(desk, ("priya", "relay done 1 acme"))


async def test_an_admin_sets_the_zone_a_customer_reads_times_in(desk: Desk) -> None:
    """By name or by city; the next text names that zone."""
    await all_of(desk, ("adam", "customer zone acme new york"))
    acme = (await house(desk)).customer("acme")
    assert acme is not None
    assert acme.timezone == "America/New_York"
    said = words((await desk.say("adam", "customer zone Acme Ltd America/New_York")).show)
    assert "reads times of America/New_York already" in said
    assert ("adam@example.com", "customer zone acme America/New_York") in await chain(desk)
    await approved(desk)
    full = (await desk.store.book(lambda b: b.posts("apology-1/"))) or []
    assert full == []
    texts = words((await desk.say("cleo", "apology show 1")).show)
    assert "EDT" in texts


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("customer manager acme @Nobody", "I do not know “Nobody”"),
        ("customer manager nosuch @Priya", "I know no customer “nosuch”"),
        ("customer manager acme @Gus", "I do not know"),
        ("customer manager acme @Olga", "Olga Other is not in the catalog's list of people with a mail address"),
        ("customer manager acme <@U0GUEST>", "is not a colleague of this house"),
        ("customer zone acme Mars/Base", "no time zone"),
        ("customer zone acme CET", "name a place, such as Europe/Berlin"),
        ("customer zone acme UTC+2", "name a place, such as Europe/Berlin"),
        ("customer zone acme CST", "Say which"),
        ("customer zone nosuch Europe/Berlin", "I know no customer “nosuch”"),
        ("customer channel acme +C0BOLT001", "belongs to Bolt Ltd"),
        ("customer channel acme -C0BOLT001", "belongs to Bolt Ltd, not to Acme Ltd"),
        ("customer channel acme +#new", "Name the channel with #"),
    ],
)
async def test_what_the_directory_cannot_hold_is_refused(desk: Desk, line: str, sentence: str) -> None:
    """One sentence, and the catalog stays as it is."""
    await desk.intake.meet(Account("slack", "U0OLGA", "Olga Other", "colleague", "olga@example.com"))
    before = await house(desk)
    assert sentence in refused(await desk.say("adam", line))
    assert await house(desk) == before


async def test_what_concerns_no_incident_is_meant_again_once_that_was_changed(desk: Desk) -> None:
    """A customer's manager, say: given to one, elsewhere given to another, and given back within ten seconds."""
    for place, whom, again in (
        ("C0INCIDENTS", "@Priya", False),
        ("C0INCIDENTS", "@Priya", True),
        ("C0OTHER", "@Dana", False),
        ("C0INCIDENTS", "@Priya", False),
    ):
        desk.clock.wind(seconds=-10)
        answer = await desk.say("adam", f"customer manager acme {whom}", channel=place)
        assert (answer.repeated, answer.recorded) == (again, not again), words(answer.show)


@pytest.mark.parametrize("line", ["customer manager acme @Priya", "customer zone acme Europe/Berlin"])
async def test_only_an_admin_edits_it(desk: Desk, line: str) -> None:
    """Not the commander, not comms, not the account manager; the refusal is audited."""
    for who in ("ana", "ben", "cleo", "dana"):
        assert "an admin of the catalog" in refused(await desk.say(who, line))
        assert (f"{who}@example.com", f"refused: {line}") in await chain(desk)


async def test_saying_it_again_changes_nothing(desk: Desk) -> None:
    """No second catalog, no line in the chain."""
    await all_of(desk, ("adam", "customer manager acme @Priya"))
    count = await desk.store.rows(lambda c, _now: len(c.execute(select(catalogs.c.number)).all()))
    said = words((await desk.say("adam", "customer manager acme priya@example.com")).show)
    assert "Priya Raman is the account manager already." in said
    assert await desk.store.rows(lambda c, _now: len(c.execute(select(catalogs.c.number)).all())) == count


@pytest.mark.parametrize(
    "line", ["customer zone acme Europe/Berlin", "customer manager acme @Priya", "customer channel acme +C0OTHER01"]
)
async def test_what_was_signed_for_a_customer_is_void_when_that_customer_changes(desk: Desk, line: str) -> None:
    """A change of one who was not hit voids nothing."""
    await approved(desk)
    await all_of(desk, ("adam", line.replace("acme", "bolt").replace("C0OTHER01", "C0OTHER02")))
    assert (await apology(desk)).state == "approved"
    await all_of(desk, ("adam", line))
    assert (await apology(desk)).state == "draft"


async def test_an_edit_of_the_directory_can_be_taken_back(desk: Desk) -> None:
    """Within two minutes, whole: the catalog as well as what it voided; not over somebody else's later edit."""
    await submitted(desk)
    before = await house(desk)
    await all_of(desk, ("adam", "customer zone acme Europe/Berlin"))
    assert (await apology(desk)).state == "draft"
    await all_of(desk, ("adam", "undo"))
    assert await house(desk) == before
    assert (await apology(desk)).state == "submitted"
    await all_of(desk, ("adam", "customer zone acme Europe/Berlin"))
    await desk.store.book(lambda b: b.set_catalog(b.catalog))
    assert "The catalog changed since" in refused(await desk.say("adam", "undo"))


async def test_whoever_reads_a_customer_sees_the_versions_and_days(desk: Desk) -> None:
    """Not what they pay: that is for `credit`."""
    text = (
        "services: [{key: mail, name: Mail}]\ncustomers:\n  - key: acme\n    uses: [{service: mail, from: 2026-01-01}]\n"
        "    contract: [{version: a, credits: [{below: 99, percent: 77}]}, {version: b, from: 2026-06-01}]\n"
    )
    await desk.store.book(lambda b: b.load_catalog(to_dict(parse_catalog(text, filename="x")), "x"))
    said = words((await desk.say("noor", "customer show acme")).show)
    assert "Uses Mail from 2026-01-01." in said
    assert "Contract: version a, then b from 2026-06-01." in said
    assert "77" not in said


OLD = """\
services: [{key: mail}]
people: [{name: Dana Lee, email: dana@example.com}, {name: Priya Raman, email: priya@example.com}]
customers:
  - key: acme
    account_manager: dana@example.com
    channels: [{slack: C0ACME001}, {email: it@acme.example}, {webhook: "https://hooks.acme.example/s3cret"}]
    contract: {version: "1", credits: [{below: 99, percent: 10}], source: Order form 7}
  - {key: bolt, name: Bolt Ltd}
  - {key: gone, name: Gone Ltd}
"""


async def test_a_load_that_changes_channel_manager_or_contract_is_audited_without_addresses(desk: Desk) -> None:
    """Who and what, customer by customer; a new name or zone is none of it."""
    new = (
        OLD.replace("slack: C0ACME001", "slack: C0ACME002")
        .replace("it@acme.example", "ops@acme.example")
        .replace("account_manager: dana", "account_manager: priya")
        .replace("percent: 10", "percent: 20")
        .replace("name: Bolt Ltd", "name: Bolt, timezone: Europe/Berlin")
        .replace("key: gone, name: Gone Ltd", "key: fresh")
    )
    for text, digest in ((OLD, "old"), (new, "new"), (new.replace("s3cret", "other"), "third")):
        content = to_dict(parse_catalog(text, filename="x.yaml"))
        await desk.store.book(lambda b, content=content, digest=digest: b.take_catalog(content, digest, "x.yaml"))
    kept = [what for who, what in await chain(desk) if who == "operator"]
    assert kept[0] == "loaded the catalog x.yaml"
    acme = next(w for w in kept if w.startswith("catalog 4: customer acme: "))
    assert "channels: adds Slack C0ACME002, drops Slack C0ACME001" in acme
    assert "account manager changed" in acme
    assert "contract changes from (version 1;" in acme
    assert "pays 20 %" in acme
    assert any(w.endswith("new customers: fresh") for w in kept)
    assert any(w.endswith("customers that went: gone") for w in kept)
    assert kept[-1].endswith("customer acme: channels changed")
    told = "\n".join(kept)
    assert "bolt:" not in told.split("loaded the catalog x.yaml")[2]
    for secret in ("@", "s3cret", "hooks."):
        assert secret not in told


# --- one human being ----------------------------------------------------------------------------------------------------
async def test_the_same_verified_address_is_one_person_whatever_its_capitals(desk: Desk) -> None:
    """Somebody the catalog does not list: known on both sides, told why, and unable to sign their own words."""
    await desk.intake.meet(Account("slack", "U0NIA", "Nia New", "colleague", "Nia@Example.com"))
    alone = words((await desk.say("nia", "whoami")).show)
    assert "Known on Slack;" in alone
    assert "In Teams you are known once you say something there with the same address" in alone
    await desk.intake.meet(Account("teams", "29:nia", "Nia New", "colleague", "nia@example.com"))
    for on in ("slack", "teams"):
        said = words((await desk.say("nia", "whoami", on=on)).show)
        assert "Known on Slack and Teams;" in said
        assert "Slack and Teams each say that nia@example.com is your address." in said


async def test_the_catalogs_word_links_accounts_without_an_address(desk: Desk) -> None:
    """Two ids in one entry are one person; `whoami` says that the catalog says so."""
    said = words((await desk.say("dana", "whoami")).show)
    assert "Both are you: the catalog names both accounts." in said


async def test_an_account_the_catalog_names_goes_before_an_address(desk: Desk) -> None:
    """Dana's own Slack id is Dana, also while the platform still shows another's address there."""
    await desk.intake.meet(Account("slack", "U0DANA", "Dana Lee", "colleague", "cleo@example.com"))
    assert "You are Dana Lee" in words((await desk.say("dana", "whoami")).show)


@pytest.mark.parametrize("kind", ["guest", "stranger", "bot"])
async def test_a_guest_of_the_same_address_is_not_linked(desk: Desk, kind: str) -> None:
    """What is meant for a colleague is never sent to a guest's account."""
    await desk.intake.meet(Account("slack", "U0NIA", "Nia New", "colleague", "nia@example.com"))
    await desk.intake.meet(Account("teams", "29:nia", "Nia New", kind, "nia@example.com"))  # type: ignore[arg-type]
    said = words((await desk.say("nia", "whoami")).show)
    assert "Known on Slack;" in said
    assert "29:nia" not in said


async def test_without_an_address_two_accounts_are_two_people(desk: Desk) -> None:
    """Nothing is guessed from names."""
    await desk.intake.meet(Account("slack", "U0NIA", "Nia New", "colleague"))
    await desk.intake.meet(Account("teams", "29:nia", "Nia New", "colleague"))
    said = words((await desk.say("nia", "whoami")).show)
    assert "Known on Slack;" in said
    assert "Slack names no address of yours, so in Teams you are somebody else" in said
