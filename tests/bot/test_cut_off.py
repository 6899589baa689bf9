"""A network that is cut anywhere between us and a platform: what came of a post is never guessed, nothing is said twice."""

from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

from bot.slack.carry import SlackCarrier
from bot.teams.carry import TeamsCarrier
from bot.teams.connector import Connector
from bot.teams.hosts import Hosts
from handlers.domain.delivery import Outcome, Retry, Sent, Unknown
from tests.bot import test_slack_edge as slack_edge
from tests.bot import test_teams_edge as teams_edge
from tests.proxy import Proxy, to_tcp

CUTS = 12
"""At how many places of a call the network is cut."""


def before(address: str) -> Proxy:
    """A network before an address; it has no port yet."""
    there = urlsplit(address)
    return Proxy(to_tcp(str(there.hostname), int(there.port or 0)))


def judged(outcomes: list[tuple[Outcome, bool]]) -> Counter[str]:
    """Each outcome against whether the post is there; how many of each were seen."""
    for outcome, there in outcomes:
        assert not (isinstance(outcome, Sent) and not there)
        assert not (isinstance(outcome, Retry) and there)
        assert isinstance(outcome, Sent | Retry | Unknown)
    return Counter(f"{type(o).__name__} {'there' if there else 'not there'}" for o, there in outcomes)


async def test_slack_cut_off_in_the_midst_of_a_post() -> None:
    """At every twelfth of a call: sent is there, retry is not, unknown is looked for and found if it is there."""
    async with slack_edge.rigged() as rig:
        network = before(rig.url)
        port = await network.start()
        carrier = SlackCarrier("xoxb-sandbox", api_url=rig.slack.api_url.replace(rig.url, f"http://127.0.0.1:{port}"))
        await carrier.start()
        await carrier.carry(slack_edge.customer())
        passed = network.passed
        await carrier.carry(slack_edge.customer())
        length = network.passed - passed
        seen: list[tuple[Outcome, bool]] = []
        for cut in range(CUTS + 1):
            rig.slack.hold()  # no echo
            claimed = slack_edge.customer()
            network.reset_after = network.passed + length * cut // CUTS
            outcome = await carrier.carry(claimed)
            network.reset_after = None
            there = sum(
                m.metadata["event_payload"]["id"] == claimed.nonce for m in rig.slack.messages(slack_edge.CONTOSO)
            )
            assert there <= 1
            seen.append((outcome, bool(there)))
            if isinstance(outcome, Unknown):
                assert isinstance(await rig.carrier.look(claimed), Sent) == bool(there)
        assert judged(seen)["Unknown there"]
        await carrier.close()
        await network.stop()


async def test_teams_cut_off_in_the_midst_of_a_post(tmp_path: Path, sqlite_template: Path) -> None:
    """The same in Teams, where nobody can look: what is unknown stays so."""
    async with teams_edge.rigged(tmp_path, sqlite_template) as rig:
        await teams_edge.heard(rig)
        url = urlsplit(rig.teams.service_url)
        network = before(rig.teams.service_url)
        port = await network.start()
        connector = Connector(
            teams_edge.APP_ID,
            "",
            teams_edge.HOME_TENANT,
            hosts=Hosts(local=("127.0.0.1",)),
            token_source=lambda: (rig.teams.identity.issue(), 3600),
        )
        carrier = TeamsCarrier(
            connector, rig.store, teams_edge.HOME_TENANT, url._replace(netloc=f"127.0.0.1:{port}").geturl()
        )
        await carrier.carry(teams_edge.row())
        passed = network.passed
        await carrier.carry(teams_edge.row())
        length = network.passed - passed
        seen: list[tuple[Outcome, bool]] = []
        for cut in range(CUTS + 1):
            shown = len(rig.said(teams_edge.INCIDENTS))
            network.reset_after = network.passed + length * cut // CUTS
            outcome = await carrier.carry(teams_edge.row())
            network.reset_after = None
            more = len(rig.said(teams_edge.INCIDENTS)) - shown
            assert more in (0, 1)
            seen.append((outcome, bool(more)))
            if isinstance(outcome, Unknown):
                assert await carrier.look(teams_edge.row()) is True
        assert judged(seen)["Unknown there"]
        connector.close()
        await network.stop()
