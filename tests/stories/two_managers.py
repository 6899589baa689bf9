"""A house with two account managers, and an apology for three customers of theirs."""

from handlers.domain.relay import Relay, RelayStep
from tests.desk import Desk, words
from tests.stories.quick import all_of, approved, customer, furnish

HOUSE = (
    customer("acme", "slack: C0ACME001"),
    customer("bolt", "slack: C0BOLT001"),
    customer("quiet", "email: it@quiet.example"),
    customer("cargo", "teams: '19:cargo@thread.tacv2'").replace("dana@", "priya@"),
)


async def open_house(desk: Desk, *more: str, policy: str = "") -> None:
    """Dana looks after Acme, Bolt and Quiet, Priya after Cargo."""
    await furnish(desk, *HOUSE, *more, policy=policy)
    content = await desk.store.book(lambda b: b.catalog)
    assert {p.name for p in content.people} >= {"Dana Lee", "Priya Raman"}


async def published(desk: Desk) -> None:
    """The apology is out and everything carried."""
    await approved(desk)
    await all_of(desk, ("cleo", "apology publish 1"))
    await desk.settle()


async def corrected(desk: Desk) -> None:
    """A second version is out: another count."""
    await all_of(
        desk,
        ("ben", "apology correct 1 because the count was wrong"),
        ("ana", 'fact 1 F5 = "1,500 customers" because support counted again'),
        ("ben", "apology submit 1"),
        ("ana", "apology approve 1"),
        ("cleo", "apology approve 1"),
        ("cleo", "apology publish 1"),
    )
    await desk.settle()


async def row(desk: Desk, key: str, apology: int = 1) -> Relay:
    """One customer's receipt."""
    found = await desk.store.book(lambda b: b.get(Relay, apology, key))
    assert found is not None
    return found


async def rows(desk: Desk, apology: int = 1) -> dict[str, Relay]:
    """Every receipt by customer."""
    return {r.customer: r for r in await desk.store.book(lambda b: b.find(Relay, apology=apology))}


async def steps(desk: Desk, key: str) -> list[RelayStep]:
    """What happened to one receipt."""
    return await desk.store.book(lambda b: b.find(RelayStep, apology=1, customer=key))


def message(desk: Desk, who: str, version: int = 1, prefix: str = "relay-1") -> str:
    """What one account manager's message about a version says now; exactly one there is."""
    found = [s for s in desk.screens(f"{prefix}/{version}/") if s.place in (f"U0{who.upper()}", f"29:{who}")
             and s.key.startswith(prefix)]  # fmt: skip
    assert len(found) == 1, [s.key for s in found]
    return words(found[0].card)


def board(desk: Desk) -> str:
    """The live board in the Slack room; exactly one there is."""
    found = list(desk.screens("apology-1/board@slack"))
    assert len(found) == 1
    return words(found[0].card)


def reminders(desk: Desk, who: str) -> list[str]:
    """The reminders in one account manager's chat, as they read now, oldest first."""
    places = (f"U0{who.upper()}", f"29:{who}")
    return [words(s.card) for s in desk.screens("reminder-relay-") if s.place in places]
