"""Short ways to where a story begins: houses of any size, and an apology that is ready to be signed."""

from handlers.domain.apology import Apology, Version
from handlers.domain.catalog import parse_bytes, to_dict
from handlers.domain.people import Account
from tests.desk import Desk, words

PEOPLE = (
    ("ana", "Ana Silva", "[commander]"),
    ("ben", "Ben Okafor", "[comms]"),
    ("cleo", "Cleo Laurent", "[comms-approver]"),
    ("noor", "Noor Haddad", "[]"),
    ("dana", "Dana Lee", "[account-manager]"),
    ("priya", "Priya Raman", "[account-manager]"),
    ("lou", "Lou Legal", "[]"),
    ("adam", "Adam Min", "[admin]"),
)


def people(**roles: str) -> str:
    """The house's people as YAML; `roles` changes somebody's (cleo="[]")."""
    return "people:\n" + "".join(
        f"  - {{name: {name}, title: Network director, email: {who}@example.com, slack: U0{who.upper()}, "
        f"teams: '29:{who}', roles: {roles.get(who, usual)}}}\n"
        for who, name, usual in PEOPLE
    )


SERVICES = """
regions: [{key: NA, name: North America}, {key: EU, name: Europe}]
services:
  - {key: mail, name: Mail, regions: [NA, EU], internal_names: [mx-blu]}
  - {key: search, name: Search, regions: [NA, EU]}
"""


def customer(key: str, *channels: str, deliver: str = "first", service: str = "mail", region: str = "NA") -> str:
    """One customer as a YAML line; `channels` like `slack: C0ACME001`."""
    listed = ", ".join(f"{{{c}}}" for c in channels)
    return (
        f"  - {{key: {key}, name: {key.title()} Ltd, uses: [{{service: {service}, region: {region}}}], "
        f"account_manager: dana@example.com, deliver: {deliver}, channels: [{listed}]}}\n"
    )


async def furnish(desk: Desk, *customers: str, policy: str = "", **roles: str) -> None:
    """Give the desk a house of its own: these customers, this policy, these roles."""
    listed = "customers:\n" + "".join(customers) if customers else ""
    text = SERVICES + people(**roles) + listed + policy
    catalog = parse_bytes(text.encode(), filename="house.yaml")
    await desk.store.book(lambda b: b.load_catalog(to_dict(catalog), "house"))
    for who, name, _ in PEOPLE:
        for platform, address in (("slack", f"U0{who.upper()}"), ("teams", f"29:{who}")):
            await desk.intake.meet(Account(platform, address, name, "colleague", f"{who}@example.com"))


async def all_of(desk: Desk, *lines: tuple[str, str]) -> None:
    """Each line by its person; none may be refused."""
    for who, line in lines:
        answer = await desk.say(who, line)
        assert not answer.refused, f"{who}: {line}: {words(answer.show)}"


async def draft(
    desk: Desk, severity: str = "sev1", by: str = "ben", extra: str = "", title: str = "Mail is down"
) -> None:
    """An incident of Ana's, resolved, with all facts, and its apology drafted; nothing blocks it."""
    desk.clock.at = max(desk.clock.at, desk.clock.at.replace(hour=12, minute=0))
    day = desk.clock.at.date()
    number = 1 + len(await desk.store.book(lambda b: b.search(limit=50, reader="ana@example.com")))
    await all_of(
        desk,
        ("ana", f"declare {title} {severity} services mail region NA {extra}".strip()),
        ("ana", f'fact {number} impact "could not send mail" source support public'),
        ("ana", f"fact {number} window {day} 02:00-03:00 UTC source monitoring public"),
        ("ana", f'fact {number} cause.trigger "our configuration change" source statement public'),
        ("ana", f"fact {number} fix fixed source statement public"),
        ("ana", f'fact {number} count "1,200 customers" source monitoring public'),
        ("ana", f"fact {number} data-loss none source statement public"),
        ("ana", f"fact {number} contact support@example.com source statement public"),
        ("ana", f'fact {number} remedy "none due" source statement public'),
        ("ana", f"fact {number} next-report {report_day(desk)} source statement public"),
        ("ana", f"task {number} add Test every change before it is rolled out @Noor due {report_day(desk)}"),
        ("ana", f"resolve {number}"),
        (by, f'apology draft {number} signatory "Morgan Cole"'),
    )


def report_day(desk: Desk) -> str:
    """Three days on: within five business days of any day."""
    from datetime import timedelta

    return str((desk.clock.at + timedelta(days=3)).date())


async def submitted(desk: Desk, severity: str = "sev1", by: str = "ben", extra: str = "") -> None:
    """The same, and submitted."""
    await draft(desk, severity, by, extra)
    await all_of(desk, (by, "apology submit 1"))


async def approved(desk: Desk, severity: str = "sev1") -> None:
    """The same, signed by Ana and Cleo."""
    await submitted(desk, severity)
    signers = ("ana", "cleo") if severity in ("sev1", "sev2") else ("cleo",)
    await all_of(desk, *((who, "apology approve 1") for who in signers))


async def apology(desk: Desk, number: int = 1) -> Apology:
    """The record of an apology."""
    found = await desk.store.book(lambda b: b.get(Apology, number))
    assert found is not None
    return found


async def version(desk: Desk, number: int = 1) -> Version:
    """Its current version."""
    current = (await apology(desk, number)).version
    found = await desk.store.book(lambda b: b.get(Version, number, current))
    assert found is not None
    return found


def told(desk: Desk, series: str = "apology-1/") -> dict[str, str]:
    """Place to words of every customer message on screen."""
    return {s.place: s.text for s in desk.screens(series) if s.text}


def refused(answer: object) -> str:
    """The sentence of a refusal; fails if it was none."""
    shown = getattr(answer, "show", None)
    assert getattr(answer, "refused", False), words(shown)
    return words(shown)
