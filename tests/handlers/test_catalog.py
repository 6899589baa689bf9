"""The catalog: read whole or not at all, every fault by line and key; look-ups; whom an incident reaches."""

import json
import random
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path

import pytest

from handlers.domain.catalog import (
    Catalog,
    CatalogErrors,
    Channel,
    Contract,
    Customer,
    Fault,
    Tier,
    Use,
    affected,
    diff,
    from_dict,
    not_affected,
    parse_bytes,
    parse_catalog,
    parse_customers_csv,
    reach,
    to_dict,
    with_customers,
)
from handlers.domain.catalog.reading import MOST_FAULTS
from handlers.domain.catalog.yaml_tree import DEEPEST, LARGEST_FILE

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ("bot/scenarios/bpos-2010.catalog.yaml", "bot/sandbox/house.catalog.yaml")

GOOD = """\
regions:
  - {key: NA, name: North America}
  - {key: EU, name: Europe}
services:
  - {key: bpos, name: Productivity Suite}
  - {key: sign-in, name: Sign-in service, part_of: bpos, regions: [NA, EU], internal_names: [authsvc, edge-blu]}
  - {key: tokens, name: Token service, part_of: sign-in}
  - {key: archive, name: Archive}
people:
  - {name: Dana Lee, title: Account director, email: dana@example.com, slack: U123, teams: 29:abc, roles: [account-manager]}
  - {name: Ana Silva, email: ana@example.com, teams: 8f1f3c52-3f6e-4a57-9a51-0c2d7f6d1e11, roles: [commander, admin]}
customers:
  - key: contoso
    name: Contoso Ltd
    uses: [{service: bpos, region: NA}]
    account_manager: Dana@example.com
    deliver: all
    channels: [{slack: C0123456789}, {email: it@contoso.example}, {webhook: "https://hooks.contoso.example/x"}]
    timezone: America/New_York
    locale: en-US
    contract:
      version: 2026-01
      from: 2026-01-01
      zone: America/New_York
      mode: tenant-minutes
      uptime: 99.9
      credits: [{below: 99, percent: 50}, {below: 99.9, percent: 25}]
  - key: fabrikam
    name: Fabrikam Inc
    uses: [{service: sign-in, region: north america}]
    channels: [{teams: "19:fabrikam@thread.tacv2"}]
  - key: tailspin
    name: Tailspin Toys
    uses: [{service: archive}]
  - key: northwind
    name: Northwind Traders
    uses: [{service: bpos, region: EU}]
    channels: [{slack: C0NORTHWIND}]
    timezone: Europe/London
    locale: en-GB
maintenance:
  - {services: [sign-in], from: 2026-12-01T22:00Z, to: 2026-12-02T01:00+01:00}
"""


def load(text: str = GOOD) -> Catalog:
    return parse_catalog(text, filename="house.yaml")


def refusals(text: str) -> tuple[Fault, ...]:
    with pytest.raises(CatalogErrors) as caught:
        load(text)
    return caught.value.errors


def refusal(text: str) -> Fault:
    errors = refusals(text)
    assert len(errors) == 1, [str(e) for e in errors]
    return errors[0]


def line_of(text: str, words: str) -> int:
    return text[: text.index(words)].count("\n") + 1


def test_a_good_catalog_is_read_as_written() -> None:
    """Services, people, customers, contracts, channels and maintenance are what the file says."""
    catalog = load()
    assert [s.key for s in catalog.services] == ["bpos", "sign-in", "tokens", "archive"]
    contoso = catalog.customers[0]
    assert contoso == Customer(
        key="contoso",
        name="Contoso Ltd",
        uses=(Use("bpos", "NA"),),
        account_manager="dana@example.com",
        deliver="all",
        channels=(
            Channel("slack", "C0123456789"),
            Channel("email", "it@contoso.example"),
            Channel("webhook", "https://hooks.contoso.example/x"),
        ),
        timezone="America/New_York",
        locale="en-US",
        contracts=(
            Contract(
                version="2026-01",
                zone="America/New_York",
                uptime=Fraction(999, 10),
                credits=(Tier(Fraction(999, 10), Fraction(25)), Tier(Fraction(99), Fraction(50))),
                start=date(2026, 1, 1),
            ),
        ),
    )
    assert catalog.customers[1].uses == (Use("sign-in", "NA"),)
    assert (catalog.customers[1].deliver, catalog.customers[1].timezone) == ("first", "UTC")
    assert catalog.maintenance[0].start == datetime(2026, 12, 1, 22, tzinfo=UTC)
    assert catalog.maintenance[0].end == datetime(2026, 12, 2, 0, tzinfo=UTC)
    assert catalog.people[0].roles == frozenset({"account-manager"})


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_catalogs_are_good_and_hold_the_cast(name: str) -> None:
    """Everybody of the story is there, on the platforms where they type, and Northwind is in Europe only."""
    catalog = parse_bytes((ROOT / name).read_bytes(), filename=name)
    cast = {p.name: p for p in catalog.people}
    assert cast["Ana Silva"].roles == {"commander"}
    assert cast["Cleo Laurent"].roles == {"comms-approver"}
    assert catalog.person_on("slack", "U0ANA") == catalog.person_on("teams", "29:ana") == cast["Ana Silva"]
    assert catalog.person_on("teams", "29:ben") == cast["Ben Okafor"]
    letters = {"lamna", "woodgrove"} if "house" in name else set()  # told by e-mail and webhook; the seed has none
    assert {c.key for c in catalog.customers} == {"contoso", "fabrikam", "tailspin", "northwind"} | letters
    northwind = catalog.customer("Northwind Traders")
    assert northwind is not None
    assert {u.region for u in northwind.uses} == {"EU"}
    assert northwind.english == "en-GB"
    owner = catalog.customer_by_channel("teams", "19:fabrikam@thread.tacv2;messageid=17")
    assert owner is not None
    assert owner.key == "fabrikam"


def test_the_seed_reaches_the_north_american_customers_only() -> None:
    """Sign-in and the portals in North America reach three customers; Northwind gets nothing, with the reason."""
    catalog = parse_bytes((ROOT / SHIPPED[0]).read_bytes(), filename=SHIPPED[0])
    hit, spared = reach(catalog, ("sign-in", "admin-portals"), "north america")
    assert [a.customer.key for a in hit] == ["contoso", "fabrikam", "tailspin"]
    assert hit[0].reason.endswith("in North America; Sign-in service is part of it")
    assert [(u.customer.key, u.reason.endswith("in Europe only")) for u in spared] == [("northwind", True)]


@pytest.mark.parametrize(
    ("services", "region", "keys"),
    [
        (["bpos"], "NA", ["contoso", "fabrikam"]),
        (["bpos"], "Europe", ["northwind"]),
        (["bpos"], None, ["contoso", "fabrikam", "northwind"]),
        (["bpos"], "", ["contoso", "fabrikam", "northwind"]),
        (["sign-in"], "na", ["contoso", "fabrikam"]),
        (["tokens"], "NA", ["contoso", "fabrikam"]),
        (["Token service"], "NA", ["contoso", "fabrikam"]),
        (["archive"], "NA", ["tailspin"]),
        (["archive"], None, ["tailspin"]),
        (["archive", "tokens"], "EU", ["tailspin", "northwind"]),
        (["bpos"], "Asia", []),
        (["gone-since"], "NA", []),
        ([], None, []),
    ],
)
def test_a_hit_part_reaches_the_users_of_the_whole_and_the_other_way_round(
    services: list[str], region: str | None, keys: list[str]
) -> None:
    """No region means every region, on either side; siblings do not reach each other."""
    catalog = load()
    assert [a.customer.key for a in affected(catalog, services, region)] == keys
    spared = [u.customer.key for u in not_affected(catalog, services, region)]
    assert sorted([*keys, *spared]) == sorted(c.key for c in catalog.customers)


def test_a_service_hit_with_no_region_named_is_hit_where_it_is_offered() -> None:
    """A part offered in Europe alone does not reach the whole's users in North America, unless somebody says so."""
    text = GOOD.replace("{key: tokens, name: Token service,", "{key: tokens, name: Token service, regions: [EU],")
    assert [a.customer.key for a in affected(load(text), ["tokens"])] == ["northwind"]
    assert [a.customer.key for a in affected(load(text), ["tokens"], "NA")] == ["contoso", "fabrikam"]


@pytest.mark.parametrize(
    ("services", "region", "customer", "reason"),
    [
        (["bpos"], "NA", "contoso", "uses Productivity Suite in North America"),
        (["bpos"], "NA", "fabrikam", "uses Sign-in service in North America, part of Productivity Suite"),
        (["tokens"], "NA", "contoso", "uses Productivity Suite in North America; Token service is part of it"),
        (["bpos"], "NA", "northwind", "uses Productivity Suite in Europe only"),
        (["bpos"], "NA", "tailspin", "uses Archive in every region, not Productivity Suite"),
        (["bpos", "tokens"], "NA", "tailspin", "uses Archive in every region, not Productivity Suite or Token service"),
        ([], None, "tailspin", "no service is named yet"),
    ],
)
def test_every_customer_has_a_reason(services: list[str], region: str | None, customer: str, reason: str) -> None:
    """Whoever asks why a customer is on the list, or is not, reads it in a sentence."""
    hit, spared = reach(load(), services, region)
    reasons = {a.customer.key: a.reason for a in hit} | {u.customer.key: u.reason for u in spared}
    assert reasons[customer] == reason


def test_services_regions_customers_and_people_are_found_as_people_type_them() -> None:
    """Keys or names, capitals aside; a region that is not listed is its own name."""
    catalog = load()
    assert catalog.service("SIGN-IN") == catalog.service(" sign-in service ") == catalog.services[1]
    assert catalog.service("signin") is None
    assert catalog.nearest_services("signin")[0] == "sign-in"
    assert catalog.nearest_services("xyzzy") == ()
    assert catalog.region_name("na") == catalog.region_name("North america") == "North America"
    assert catalog.region_name("ap-south") == "ap-south"
    assert catalog.region(" ") is None
    assert catalog.customer("CONTOSO LTD") == catalog.customer("contoso")
    assert catalog.nearest_customers("contosso") == ("contoso",)
    assert catalog.person("DANA@example.com") == catalog.person_on("slack", "U123") == catalog.people[0]
    assert catalog.person_on("teams", "29:xyz", alias="8F1F3C52-3F6E-4A57-9A51-0C2D7F6D1E11") == catalog.people[1]
    assert catalog.person_on("slack", "U999") is None
    assert catalog.people_with("commander") == (catalog.people[1],)
    assert catalog.wholes("tokens") == ("sign-in", "bpos")
    assert catalog.parts("bpos") == ("sign-in", "tokens")


def test_a_customer_is_found_by_their_channel() -> None:
    """Slack ids are exact; mail addresses and Teams ids are not about capitals."""
    catalog = load()
    owner = catalog.customer_by_channel("email", "IT@contoso.example")
    assert owner is not None
    assert owner.key == "contoso"
    assert catalog.customer_by_channel("slack", "c0123456789") is None


def test_work_on_a_whole_excuses_its_parts_but_not_the_other_way_round() -> None:
    """Maintenance of sign-in counts for the token service, not for the whole suite."""
    catalog = load()
    assert len(catalog.maintenance_of(["tokens"])) == 1
    assert catalog.maintenance_of(["bpos"]) == ()


@pytest.mark.parametrize("text", [GOOD, "services: []", *((ROOT / name).read_text("utf-8") for name in SHIPPED)])
def test_a_stored_catalog_comes_back_the_same(text: str) -> None:
    """Through JSON and back nothing is lost."""
    catalog = load(text)
    assert from_dict(json.loads(json.dumps(to_dict(catalog)))) == catalog


def test_a_stored_catalog_of_another_version_is_read() -> None:
    """Unknown keys are passed over, absent ones get their defaults."""
    stored = to_dict(load())
    stored["customers"][0]["planet"] = "Earth"
    del stored["customers"][0]["locale"], stored["policy"]
    assert from_dict(stored) == load()


def test_a_catalog_stored_before_contracts_had_versions_keeps_its_contract() -> None:
    """One contract under `contract` is read as the only version."""
    stored = to_dict(load())
    for customer in stored["customers"]:
        versions = customer.pop("contracts")
        customer["contract"] = versions[0] if versions else None
    assert from_dict(stored) == load()


VERSIONED = """\
services: [{key: mail}]
customers:
  - key: acme
    uses: [{service: mail}]
    timezone: Europe/Berlin
    contract:
      - {version: "2025", to: 2025-12-31, credits: [{below: 99.5, percent: 5}], source: Order form 1}
      - {version: "2026", from: 2026-01-01, zone: UTC, credits: [{below: 99.9, percent: 25}]}
      - {version: "2027", from: 2027-01-01, mode: user-minutes, credits: [{below: 99.9, percent: 30}]}
"""


def test_a_contract_may_have_versions_by_date() -> None:
    """A list of them, oldest first; each says from which day it counts, the first may count for ever back."""
    acme = load(VERSIONED).customers[0]
    assert [(c.version, c.start, c.end, c.zone) for c in acme.contracts] == [
        ("2025", None, date(2025, 12, 31), "Europe/Berlin"),
        ("2026", date(2026, 1, 1), None, "UTC"),
        ("2027", date(2027, 1, 1), None, "Europe/Berlin"),
    ]
    assert acme.contract == acme.contracts[-1]
    assert from_dict(json.loads(json.dumps(to_dict(load(VERSIONED))))) == load(VERSIONED)


@pytest.mark.parametrize(
    ("good", "bad", "line", "path", "words"),
    [
        (
            "from: 2027-01-01",
            "from: 2025-06-01",
            9,
            "[2027].from",
            'is not later than 2026-01-01, where version "2026"',
        ),
        ("from: 2027-01-01", "from: 2026-01-01", 9, "[2027].from", "list the versions oldest first"),
        ("from: 2026-01-01", "from: 2025-12-31", 8, "[2026].from", 'overlaps version "2025" above, which counts to'),
        ("from: 2026-01-01, ", "", 8, "[2026].from", "each version after the first says from which day"),
        ('version: "2027"', 'version: "2026"', 9, "[2026].version", "is taken by a version above"),
        ("from: 2026-01-01", "to: 2025-01-01, from: 2026-01-01", 8, "[2026].to", "is before from: 2026-01-01"),
        ("from: 2026-01-01", "from: 20260101", 8, "[2026].from", "is no date"),
        ("from: 2026-01-01", "from: 2026-W01-4", 8, "[2026].from", "is no date"),
        ("from: 2026-01-01", "from: 2026-02-30", 8, "[2026].from", "is no date"),
        ("from: 2026-01-01", "from: 9999-01-01", 8, "[2026].from", "the year 9999 cannot be meant"),
        ('version: "2026"', "versoin: x", 8, "[2].versoin", 'did you mean "version"?'),
        ("mode: user-minutes", "mode: minutes", 9, "[2027].mode", "is none of"),
        ('{version: "2027"', 'x {version: "2027"', 9, "", "no YAML"),
    ],
)
def test_versions_that_overlap_or_stand_in_no_order_are_refused_on_their_line(
    good: str, bad: str, line: int, path: str, words: str
) -> None:
    """On each day one version counts, and the file shows which without reckoning."""
    found = [(f.line, f.path, f.message) for f in refusals(VERSIONED.replace(good, bad, 1))]
    prefix = "customers[acme].contract" if path else ""
    assert [m for at, where, m in found if (at, where) == (line, prefix + path) and words in m], found


def test_diff_tells_the_versions_of_a_contract_apart() -> None:
    """A new version, an ended one and a changed one are each named; the others are not."""
    old = load(VERSIONED)
    text = VERSIONED.replace("percent: 25", "percent: 26").replace('version: "2025", to', 'version: "2024", to')
    (change,) = (str(c) for c in diff(old, load(text)))
    assert "contract (version 2025;" in change
    assert "goes" in change
    assert "contract is now (version 2024;" in change
    assert "changes from (version 2026;" in change
    assert "2027" not in change
    (added,) = (str(c) for c in diff(load(VERSIONED.replace(VERSIONED.splitlines()[-1], "")), old))
    assert added.startswith("Customer acme: contract is now (version 2027; user-minutes")


USED = """\
services: [{key: mail}, {key: search}]
customers:
  - key: acme
    timezone: Australia/Sydney
    uses: [{service: mail, from: 2026-03-01, to: 2026-06-30}, {service: mail, from: 2026-08-01}, {service: search}]
"""


@pytest.mark.parametrize(
    ("windows", "hit"),
    [
        ((), True),
        ((("2026-03-01T00:00+11:00", "2026-03-01T01:00+11:00"),), True),
        ((("2026-02-28T22:00+11:00", "2026-03-01T00:00+11:00"),), False),
        ((("2026-06-30T23:59+10:00", "2026-07-02T00:00+10:00"),), True),
        ((("2026-07-01T00:00+10:00", "2026-08-01T00:00+10:00"),), False),
        ((("2026-07-01T00:00+10:00", "2026-08-01T00:01+10:00"),), True),
        ((("2026-07-03T00:00Z", "2026-07-03T00:00Z"), ("2026-05-03T00:00Z", "2026-05-03T00:00Z")), True),
        ((("2026-07-03T00:00Z", "2026-07-03T00:00Z"),), False),
    ],
)
def test_a_use_counts_from_its_first_day_to_its_last_in_the_customers_zone(
    windows: tuple[tuple[str, str], ...], *, hit: bool
) -> None:
    """Whom an outage reached is a matter of when it was; with no window known, everybody who uses it."""
    catalog = load(USED)
    when = [(datetime.fromisoformat(a), datetime.fromisoformat(b)) for a, b in windows]
    found, spared = reach(catalog, ["mail"], windows=when)
    assert bool(found) == hit
    if not hit:
        assert spared[0].reason == (
            "uses Mail in every region (1 March 2026 to 30 June 2026) and Mail in every region (from 1 August 2026) "
            "only, which is not when it was hit"
        ).replace("Mail", "mail")
    assert len(reach(catalog, ["search"], windows=when)[0]) == 1


@pytest.mark.parametrize(
    ("good", "bad", "path", "words"),
    [
        ("to: 2026-06-30", "to: 2026-02-01", "uses[1].to", "is before from: 2026-03-01"),
        ("from: 2026-08-01", "from: 2026-06-30", "uses[2]", "says the same as a line above"),
        ("from: 2026-08-01", "form: 2026-06-30", "uses[2].form", 'did you mean "from"?'),
        ("to: 2026-06-30", "to: soon", "uses[1].to", "is no date"),
    ],
)
def test_dates_of_use_are_checked(good: str, bad: str, path: str, words: str) -> None:
    """The last day is not before the first, and two entries do not say the same of a day."""
    found = [(f.line, f.path, f.message) for f in refusals(USED.replace(good, bad, 1))]
    assert [m for at, where, m in found if (at, where) == (5, f"customers[acme].{path}") and words in m], found


def test_policy_survives_storing() -> None:
    """Clocks, approvals and the holding statement come back as they were."""
    policy = """
policy:
  severities: {sev1: {updates: 15m, final_apology: 3 business days}}
  approvals: {sev3: [comms-approver, legal], expires: 4h}
  holding: {text: Hello, approved_by: [ana@example.com, dana@example.com], until: 2027-01-01T00:00Z}
"""
    catalog = load(GOOD + policy)
    assert from_dict(json.loads(json.dumps(to_dict(catalog)))).policy == catalog.policy


def test_diff_says_what_would_change() -> None:
    """New, changed and leaving things are sentences; two equal catalogs have none."""
    other = (
        (
            GOOD.replace("Tailspin Toys", "Tailspin")
            .replace("{slack: C0123456789}, ", "{slack: C0999}, ")
            .replace("uptime: 99.9", "uptime: 99.95")
            .replace("  - {key: archive, name: Archive}\n", "  - {key: archive, name: Vault, part_of: bpos}\n")
            .replace(", roles: [commander, admin]", ", roles: [commander]")
            .replace("  - {services: [sign-in]", "  - {services: [tokens]")
            .replace("  - {key: EU, name: Europe}\n", "")
            .replace("region: EU", "region: APAC")
            .replace("regions: [NA, EU]", "regions: [NA]")
        )
        + "  - {services: [archive], from: 2027-01-01T00:00Z, to: 2027-01-01T01:00Z}\npolicy: {approvals: {expires: 2h}}\n"
    )
    old, new = load(), load(other)
    said = [str(change) for change in diff(old, new)]
    assert diff(old, old) == []
    assert "Region EU goes: Europe." in said
    assert "Service archive: name changes from Archive to Vault; part of is now bpos." in said
    assert "Person ana@example.com: roles: drops admin." in said
    assert "Customer tailspin: name changes from Tailspin Toys to Tailspin." in said
    assert any("Customer contoso: channels: adds Slack C0999, drops Slack C0123456789; contract" in s for s in said)
    assert "Maintenance goes: sign-in from 2026-12-01 22:00 UTC to 2026-12-02 00:00 UTC." in said
    assert "Policy: approvals.expires changes from 8 hours to 2 hours." in said
    assert {c.kind for c in diff(old, new)} == {"added", "removed", "changed"}
    assert next(c.sentence for c in diff(Catalog(), old)) == "Region NA is new: North America."


def test_diff_tells_the_order_of_channels() -> None:
    """With `deliver: first` the order of a customer's channels is who is told where first."""
    turned = GOOD.replace(
        "[{slack: C0123456789}, {email: it@contoso.example},", "[{email: it@contoso.example}, {slack: C0123456789},"
    )
    assert ["in another order" in str(c) for c in diff(load(), load(turned))] == [True]


ANCHORS = """\
services: [{key: a}]
customers:
  - key: one
    contract: &terms {version: 1, zone: UTC, credits: [{below: 99, percent: 10}]}
  - key: two
    contract: *terms
  - key: three
    contract: {<<: *terms, version: 2}
"""


def test_terms_may_be_written_once_and_used_by_many() -> None:
    """Anchors, aliases and << work; what stands in the mapping itself wins."""
    one, two, three = load(ANCHORS).customers
    assert one.contract == two.contract
    assert three.contract is not None
    assert (three.contract.version, len(three.contract.credits)) == ("2", 1)


def test_words_stay_words() -> None:
    """Norway is no "no", a version is no number and 11:30 is no count of seconds."""
    text = "services: [{key: a, name: 11:30, regions: [NO, on]}]\ncustomers: [{key: '1', contract: {version: 1.10}}]"
    catalog = load(text)
    assert catalog.services[0].regions == ("NO", "on")
    assert catalog.services[0].name == "11:30"
    assert catalog.customers[0].contract is not None
    assert catalog.customers[0].contract.version == "1.10"


CHANGED: list[tuple[str, str, str, str]] = [
    ("    name: Contoso Ltd", "    nmae: Contoso Ltd", "customers[contoso].nmae", 'did you mean "name"?'),
    ("customers:", "custommers:", "custommers", 'did you mean "customers"?'),
    ("service: bpos, region: NA", "service: bpoz, region: NA", "customers[contoso].uses[1].service", '"bpos"?'),
    ("part_of: bpos", "part_of: bops", "services[sign-in].part_of", 'did you mean "bpos"?'),
    ("[sign-in], from", "[signin], from", "maintenance[1].services[1]", 'did you mean "sign-in"?'),
    ("Dana@example.com", "dona@example.com", "customers[contoso].account_manager", '"dana@example.com"?'),
    ("Dana@example.com", "dana at example", "customers[contoso].account_manager", "is no mail address"),
    ("America/New_York\n    locale", "America/New_Yrok\n    locale", "customers[contoso].timezone", "New_York"),
    ("America/New_York\n    locale", "../etc\n    locale", "customers[contoso].timezone", "is no time zone"),
    ("locale: en-GB", "locale: en_GB", "customers[northwind].locale", 'did you mean "en-GB"?'),
    ("locale: en-GB", "locale: qq-QQ", "customers[northwind].locale", "is no locale"),
    ("it@contoso.example", "it.contoso.example", "customers[contoso].channels[2].email", "is no mail address"),
    (
        "it@contoso.example",
        '"it@contoso.example\\r\\nBcc: x@y.zz"',
        "customers[contoso].channels[2].email",
        "take it out",
    ),
    ("slack: C0123456789", "slack: '#contoso'", "customers[contoso].channels[1].slack", "no Slack channel id"),
    ("slack: C0123456789", "slak: C0123456789", "customers[contoso].channels[1]", 'did you mean "slack"?'),
    ("slack: C0123456789", "pigeon: home", "customers[contoso].channels[1]", "no platform"),
    ("{slack: C0123456789}", "{slack: C1AA, email: a@b.cc}", "customers[contoso].channels[1]", "one address"),
    ("{slack: C0123456789}", "C0123456789", "customers[contoso].channels[1]", "one address"),
    ("{slack: C0123456789}", "{slack: }", "customers[contoso].channels[1].slack", "is empty"),
    ("slack: C0123456789", "slack: C0NORTHWIND", "customers[northwind].channels[1]", "belongs to one customer"),
    ("19:fabrikam@thread.tacv2", "fabrikam", "customers[fabrikam].channels[1].teams", "no Teams conversation id"),
    ("https://hooks", "http://hooks", "customers[contoso].channels[3].webhook", "must begin with https://"),
    ("https://hooks", "https://me:secret@hooks", "customers[contoso].channels[3].webhook", "user name or password"),
    ("https://hooks.contoso.example/x", "https://[::", "customers[contoso].channels[3].webhook", "is no web address"),
    ("https://hooks.contoso.example/x", "https://h:99999", "customers[contoso].channels[3].webhook", "no web address"),
    ("deliver: all", "deliver: everywhere", "customers[contoso].deliver", "none of first, all"),
    ("mode: tenant-minutes", "mode: tenant", "customers[contoso].contract.mode", "tenant-minutes"),
    ("uptime: 99.9", "uptime: 99,9", "customers[contoso].contract.uptime", "is no number"),
    ("uptime: 99.9", "uptime: 999", "customers[contoso].contract.uptime", "between 0 and 100"),
    ("uptime: 99.9", "uptime: .nan", "customers[contoso].contract.uptime", "is no number"),
    ("uptime: 99.9", "uptime: 1e400", "customers[contoso].contract.uptime", "is no number"),
    ("uptime: 99.9", f"uptime: {'9' * 5000}", "customers[contoso].contract.uptime", "characters long"),
    ("uptime: 99.9", "uptime: 99", "customers[contoso].contract.credits", "above the promised uptime"),
    ("percent: 50", "percent: 5", "customers[contoso].contract.credits", "earns less"),
    ("below: 99.9", "below: 99", "customers[contoso].contract.credits[2].below", "stands twice"),
    ("percent: 25", "percnt: 25", "customers[contoso].contract.credits[2].percnt", 'did you mean "percent"?'),
    ("version: 2026-01", "source: x", "customers[contoso].contract.version", "is missing"),
    ("from: 2026-01-01\n", "from: January\n", "customers[contoso].contract.from", "is no date"),
    ("2026-12-01T22:00Z", "2026-12-01T22:00", "maintenance[1].from", "says no time zone"),
    ("2026-12-01T22:00Z", "2026-12-01T29:00Z", "maintenance[1].from", "is no time"),
    ("2026-12-01T22:00Z", "0001-01-01T00:00+14:00", "maintenance[1].from", "is no time"),
    ("2026-12-01T22:00Z", "2026-12-03T22:00Z", "maintenance[1].to", "must be later than from"),
    ("{services: [sign-in], from", "{services: [], from", "maintenance[1].services", "at least one item"),
    ("{services: [sign-in], from", "{from", "maintenance[1].services", "missing or empty"),
    ("- key: fabrikam", "- key: contoso", "customers[contoso].key", "another customer has it on line 13"),
    ("name: Fabrikam Inc", "name: contoso ltd", "customers[fabrikam].name", "another customer has it"),
    ("- key: fabrikam", "- key: big fish", "customers[big fish].key", "is no key"),
    ("  - key: fabrikam\n    name", "  - name", "customers[2].key", "is missing"),
    ("{key: archive,", "{key: BPOS,", "services[BPOS].key", "another service has it on line 5"),
    ("key: EU", "key: north america", "regions[north america].key", "another region has it"),
    ("key: EU", "key: {}", "regions[2].key", "must be text, not a mapping"),
    ("slack: U123", "slack: dana", "people[Dana Lee].slack", "is no Slack member id"),
    ("teams: 29:abc", "teams: dana", "people[Dana Lee].teams", "is no Teams user id"),
    ("email: ana@example.com", "email: DANA@example.com", "people[Ana Silva].email", "another person (email) has it"),
    ("roles: [account-manager]", "roles: [acount-manager]", "people[Dana Lee].roles[1]", '"account-manager"?'),
    ("roles: [account-manager]", "roles: [chef]", "people[Dana Lee].roles[1]", "add it to policy: roles:"),
    ("roles: [account-manager]", "roles: legal", "people[Dana Lee].roles", "must be a list, not text"),
    ("name: Ana Silva, ", "", "people[2].name", "is missing"),
    (
        "email: ana@example.com, teams: 8f1f3c52-3f6e-4a57-9a51-0c2d7f6d1e11, ",
        "",
        "people[Ana Silva].roles",
        "known by",
    ),
    (
        "service: sign-in, region: north america",
        "service: sign-in, region: Mars",
        "customers[fabrikam].uses[1].region",
        "NA, EU",
    ),
    (
        "[{service: archive}]",
        "[{service: archive}, {service: archive}]",
        "customers[tailspin].uses[2]",
        "says the same",
    ),
    ("[{service: archive}]", "[archive]", "customers[tailspin].uses[1]", "must be a mapping"),
    ("[{service: archive}]", "archive", "customers[tailspin].uses", "must be a list"),
    ("[authsvc, edge-blu]", "[authsvc, AuthSvc]", "services[sign-in].internal_names[2]", "stands twice"),
    ("[authsvc, edge-blu]", "[[authsvc]]", "services[sign-in].internal_names[1]", "must be text, not a list"),
    ("name: Archive}", "name: Archive, name: Vault}", "services[archive].name", "stands twice in this mapping"),
    ("name: Archive", f"name: {'x' * 201}", "services[archive].name", "201 characters long"),
    ("name: Archive", 'name: "Arc\\u202ehive"', "services[archive].name", "invisible character U+202E"),
    ("name: Archive", 'name: "Arc\\0hive"', "services[archive].name", "U+0000"),
    ("name: Archive", 'name: "two\\nlines"', "services[archive].name", "a line break"),
    ("name: Archive", 'name: ""', "services[archive].name", "is empty"),
    ("  - {key: NA, name: North America}", "  - NA", "regions[1]", "must be a mapping"),
]


ELSEWHERE = {"customers[northwind].channels[1]": 38, "customers[contoso].contract.credits": 27}
"""Lines of faults that come out below the line that was changed."""


@pytest.mark.parametrize(
    ("good", "bad", "path", "words"), CHANGED, ids=[f"{p}-{n}" for n, (_, _, p, _) in enumerate(CHANGED)]
)
def test_each_fault_is_named_by_its_line_its_key_and_what_to_do(good: str, bad: str, path: str, words: str) -> None:
    """One thing wrong in a good file: the refusal names that line, that key and the remedy."""
    assert GOOD.count(good) >= 1
    text = GOOD.replace(good, bad, 1)
    found = [e for e in refusals(text) if e.path == path]
    assert found, [str(e) for e in refusals(text)]
    assert words in found[0].message
    spoilt = next(n for n, (a, b) in enumerate(zip(GOOD.splitlines(), text.splitlines(), strict=False), 1) if a != b)
    assert found[0].line == ELSEWHERE.get(path, spoilt)


def test_a_fault_stands_on_the_very_line() -> None:
    """The line and the column are the value's own, also deep inside a customer."""
    text = GOOD.replace("timezone: Europe/London", "timezone: Europe/Londno")
    fault = refusal(text)
    assert fault.line == line_of(text, "Europe/Londno")
    assert (
        str(fault)
        == f'line {fault.line}, column 15: customers[northwind].timezone: "Europe/Londno" is no time zone; did you mean "Europe/London"?'
    )


def test_all_faults_are_told_at_once_in_the_order_of_their_lines() -> None:
    """Whoever mends a file wants the whole list, as an editor understands it."""
    text = (
        GOOD.replace("part_of: bpos", "part_of: bops").replace("deliver: all", "deliver: none").replace("en-GB", "xx")
    )
    with pytest.raises(CatalogErrors) as caught:
        load(text)
    rows = str(caught.value).splitlines()
    assert rows[0] == "house.yaml was not loaded: 3 faults."
    assert [row.split(":")[:3] for row in rows[1:]] == [
        ["house.yaml", "6", "52"],
        ["house.yaml", "17", "14"],
        ["house.yaml", "40", "13"],
    ]


def test_circles_of_parts_are_refused() -> None:
    """A service that is part of itself, directly or by a detour, is a fault on each line of the circle."""
    assert "goes round in a circle: a → a" in refusal("services: [{key: a, part_of: a}]").message
    text = (
        "services:\n - {key: a, part_of: b}\n - {key: b, part_of: c}\n - {key: c, part_of: a}\n - {key: d, part_of: a}"
    )
    errors = refusals(text)
    assert [e.line for e in errors] == [2, 3, 4]
    assert errors[0].message.endswith("a → b → c → a")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "holds nothing"),
        ("# nothing\n", 1, "holds nothing"),
        ("~", 1, "holds nothing"),
        ("[]", 1, "must be a mapping"),
        ("services", 1, "must be a mapping"),
        ("services:\n\t- {key: a}", 2, "a tab"),
        ("services: [\n{key: a", 2, "no YAML here"),
        ("services: {a: b: c}", 1, "no YAML here"),
        ("a: 'unfinished", 1, "no YAML here"),
        ("services: []\n---\nservices: []", 2, "second document"),
        ("services: []\nservices: []", 2, "stands twice"),
        ("? [a, b]\n: c", 1, "a key must be a plain word"),
        ("services: !!python/object/apply:os.system [ls]", 1, "is not allowed"),
        ("services: !secret x", 1, "is not allowed"),
        ("services: *nobody", 1, "there is no anchor"),
        ("services: &a [*a]", 1, "stands inside itself"),
        ("services: &a\n - {key: x, <<: *a}", 2, "stands inside itself"),
        ("services: [{<<: word}]", 1, "<< takes a mapping"),
        ("services:\n - {key: 'a\0b'}", 2, "U+0000"),
        ("services:\n - {key: '\ud800'}", 2, "U+D800"),
        ("%YAML 99999999999999999999.1\n---\nservices: []", 1, "no YAML"),
        ('services: [{key: "\\UFFFFFFFF"}]', 1, "no YAML"),
        ("services: " + "[" * (DEEPEST + 1), 1, "nested deeper"),
        ("[" * 100_000, 1, "nested deeper"),
        ("{a: " * 100_000, 1, "nested deeper"),
        ("- " * 100_000, 1, "nested deeper"),
        ("x" * (LARGEST_FILE + 1), 1, "at most 5 MB"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_what_is_no_catalog_is_refused_with_a_reason(text: str, line: int, words: str) -> None:
    """Broken YAML, tags, tabs, odd characters, depth and size never raise anything but a refusal."""
    errors = refusals(text)
    assert errors[0].line == line
    assert words in errors[0].message


def test_a_bomb_of_aliases_is_refused_before_it_grows() -> None:
    """Nine levels of nine aliases are 387 million values; the file is refused after the first million."""
    rows = ['a0: &a0 ["x", "x", "x", "x", "x", "x", "x", "x", "x"]']
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    assert "use fewer aliases" in refusals("\n".join(rows))[0].message
    merges = ["m0: &m0 {" + ", ".join(f"k{n}: v" for n in range(9)) + "}"]
    merges += [f"m{n}: &m{n} {{<<: [{', '.join([f'*m{n - 1}'] * 20)}]}}" for n in range(1, 9)]
    assert "use fewer aliases" in refusals("\n".join(merges))[0].message


def test_a_file_of_nothing_but_faults_stops_after_a_hundred() -> None:
    """A thousand unknown references give the first hundred faults, quickly."""
    rows = "\n".join(f" - {{key: c{n}, uses: [{{service: nosuch{n}}}]}}" for n in range(1000))
    assert len(refusals(f"services: [{{key: a}}]\ncustomers:\n{rows}")) == MOST_FAULTS


def test_bytes_must_be_utf_8() -> None:
    """A byte order mark is fine; UTF-16 and Latin-1 are refused with the line."""
    assert parse_bytes(b"\xef\xbb\xbf" + GOOD.encode(), filename="x") == load()
    for data, words, line in (
        (GOOD.encode("utf-16"), "UTF-16", 1),
        ("a: b\nc: \xe4\n".encode("latin-1"), "save it as UTF-8", 2),
        (b"x" * (LARGEST_FILE + 1), "at most 5 MB", 1),
    ):
        with pytest.raises(CatalogErrors) as caught:
            parse_bytes(data, filename="x")
        assert caught.value.errors[0].line == line
        assert words in caught.value.errors[0].message


def test_any_bytes_at_all_are_read_or_refused() -> None:
    """A thousand random cuts, flips and joins of the file raise nothing but refusals."""
    rng = random.Random(7)
    good = GOOD.encode()
    refused = 0
    for _ in range(1_000):
        data = bytearray(good[: rng.randrange(1, len(good))])
        for _ in range(rng.randrange(1, 6)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        try:
            parse_bytes(bytes(data), filename="x")
        except CatalogErrors:
            refused += 1
    assert refused > 500


CSV = """\
key,name,uses,account_manager,deliver,channels,timezone,locale,contract_version,contract_uptime,contract_credits
contoso,Contoso Ltd,bpos@NA | archive,dana@example.com,all,slack:C0123456789 | email:it@contoso.example,America/New_York,en-US,2026-01,99.9,99.9:25 | 99:50

fabrikam,"Fabrikam, Inc",sign-in@North America,,,teams:19:fabrikam@thread.tacv2,,,,,
"""


def test_customers_come_from_a_spreadsheet_too() -> None:
    """Rows become the customers the YAML would give; the rest of the catalog stays."""
    catalog = load()
    contoso, fabrikam = customers = parse_customers_csv(CSV, catalog)
    assert contoso.uses == (Use("bpos", "NA"), Use("archive"))
    assert contoso.channels == (Channel("slack", "C0123456789"), Channel("email", "it@contoso.example"))
    assert contoso.contract is not None
    assert contoso.contract.zone == "America/New_York"
    assert contoso.contract.credits == (Tier(Fraction(999, 10), Fraction(25)), Tier(Fraction(99), Fraction(50)))
    assert (fabrikam.name, fabrikam.uses) == ("Fabrikam, Inc", (Use("sign-in", "NA"),))
    assert fabrikam.channels == (Channel("teams", "19:fabrikam@thread.tacv2"),)
    assert with_customers(catalog, customers).services == catalog.services
    assert with_customers(catalog, customers).customers == customers


def test_semicolons_windows_line_ends_and_a_byte_order_mark_are_read() -> None:
    """As spreadsheets save it in much of Europe."""
    assert [c.key for c in parse_customers_csv("\ufeffKey;Name\r\na;A\r\nb;B\r\n", load())] == ["a", "b"]


VERSIONS_CSV = """\
key,name,uses,contract_version,contract_from,contract_to,contract_credits
acme,Acme,bpos@NA from 2026-01-01 to 2026-06-30 | archive,2025,,2025-12-31,99:5
bolt,Bolt,archive,,,,
acme,,,2026,2026-01-01,,99.9:25 | 99:50
ACME,,,2027,2027-01-01,,99.9:30
"""


def test_a_spreadsheet_holds_dates_of_use_and_versions_of_a_contract() -> None:
    """A further row with a customer's key and contract columns alone is a further version."""
    acme, bolt = parse_customers_csv(VERSIONS_CSV, load())
    assert acme.uses == (Use("bpos", "NA", date(2026, 1, 1), date(2026, 6, 30)), Use("archive"))
    assert [(c.version, c.start, c.end, len(c.credits)) for c in acme.contracts] == [
        ("2025", None, date(2025, 12, 31), 1),
        ("2026", date(2026, 1, 1), None, 2),
        ("2027", date(2027, 1, 1), None, 1),
    ]
    assert bolt.contracts == ()


@pytest.mark.parametrize(
    ("good", "bad", "line", "column", "path", "words"),
    [
        ("2026,2026-01-01", "2026,2025-01-01", 4, 5, "acme.contract[2026].from", "overlaps"),
        ("2027,2027-01-01", "2027,2026-01-01", 5, 5, "acme.contract[2027].from", "oldest first"),
        ("acme,,,2026", "acme,Acme,,2026", 4, 1, "acme.key", "another customer has it on line 2"),
        ("2027-01-01,,99.9:30", "2027-01-01,,99.9:many", 5, 7, "acme.contract[2027].credits[1].percent", "no number"),
        ("from 2026-01-01 to 2026-06-30", "from 2026-01-01 to June", 2, 3, "acme.uses[1].to", "is no date"),
        ("acme,Acme", "acme,,", 2, 0, "row 2", "8 values for 7 columns"),
    ],
)
def test_a_spreadsheets_faults_are_named_by_line_and_cell(
    good: str, bad: str, line: int, column: int, path: str, words: str
) -> None:
    """Also in the rows that add a version."""
    with pytest.raises(CatalogErrors) as caught:
        parse_customers_csv(VERSIONS_CSV.replace(good, bad, 1), load())
    fault = caught.value.errors[0]
    assert (fault.line, fault.column, fault.path) == (line, column, path)
    assert words in fault.message
    assert str(caught.value).splitlines()[1].startswith(f"customers.csv:{line}{f':{column}' if column else ''}: ")


@pytest.mark.parametrize(
    ("text", "line", "path", "words"),
    [
        ("", 1, "", "holds nothing"),
        ("\n\n", 1, "", "holds nothing"),
        ("key,nmae\na,A", 1, "columns", 'did you mean "name"?'),
        ("key,key\na,A", 1, "columns", "stands twice"),
        ("name\nA", 1, "columns", "the column key is missing"),
        ("key,name\na", 2, "row 2", "has 1 values for 2 columns"),
        ("key,name\na,A,x", 2, "row 2", "has 3 values for 2 columns"),
        ("key,name\na,A\n\na,B", 4, "a.key", "another customer has it on line 2"),
        ('key,name\na,"A\nB",\n', 2, "row 2", "3 values for 2 columns"),
        ('key,name\na,"A\nb,B', 3, "", "this is no CSV here"),
        ("key,name\n,A", 2, "row 2.key", "is missing"),
        ("key,uses\na,bpoz@NA", 2, "a.uses[1].service", 'did you mean "bpos"?'),
        ("key,channels\na,C012345", 2, "a.channels[1]", "write one address"),
        ("key,channels\na,slack:C012\nb,slack:C012", 3, "b.channels[1]", "bound on line 2 already"),
        ("key,account_manager\na,nobody@example.com", 2, "a.account_manager", "nobody in people:"),
        ("key,timezone\na,Mars/Base", 2, "a.timezone", "is no time zone"),
        ("key,contract_uptime\na,99.9", 2, "a.contract.version", "is missing"),
        ("key,contract_version,contract_credits\na,1,many", 2, "a.contract.credits[1].below", "is no number"),
        ("key,name\na,A\x00", 2, "", "U+0000"),
        ("key,name\na," + "x" * 200_000, 2, "", "this is no CSV here"),
        ("x" * (LARGEST_FILE + 1), 1, "", "at most 5 MB"),
    ],
)
def test_a_spreadsheets_faults_are_named_by_line(text: str, line: int, path: str, words: str) -> None:
    """One bad row and nothing is loaded; the message names its line and column."""
    with pytest.raises(CatalogErrors) as caught:
        parse_customers_csv(text, load())
    fault = caught.value.errors[0]
    assert (fault.line, fault.path) == (line, path)
    assert words in fault.message
