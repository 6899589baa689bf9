"""A run repeats, from another loop too, and anybody may take part."""

import json
from datetime import timedelta

from bot.sandbox.teams import HOME_TENANT, Channel
from tests.bot.fake_teams.rig import (
    CARD,
    FABRIKAM,
    INCIDENTS,
    OPERATIONS,
    Rig,
    answering,
    credentials,
    open_form,
    rigged,
    said,
)


async def test_everybody_sees_their_own_teams(rig: Rig) -> None:
    """Customers see the shared channel alone, colleagues their teams, and all of it is plain JSON."""
    await rig.thread(CARD)
    await rig.post(FABRIKAM, said("We are sorry."))
    sam, ben, cleo = (rig.teams.state_for(who) for who in ("sam", "ben", "cleo"))
    assert [(t["name"], [c["name"] for c in t["channels"]]) for t in sam["teams"]] == [("Contoso & us", ["Fabrikam"])]
    assert [c["name"] for t in ben["teams"] for c in t["channels"]] == [
        "General",
        "Incidents",
        "General",
        "Fabrikam",
        "Northwind",
    ]
    assert [t["name"] for t in cleo["teams"]] == ["Operations"]
    assert [g["name"] for g in ben["groupChats"]] == ["On call"]
    assert cleo["groupChats"] == sam["groupChats"] == []
    message = sam["teams"][0]["channels"][0]["threads"][0]["root"]
    assert (message["text"], message["from"]["bot"]) == ("We are sorry.", True)
    assert json.loads(json.dumps(ben)) == ben


async def test_watchers_hear_of_every_change(rig: Rig) -> None:
    """The page is told of messages through the ledger and of toasts and dialogs through the emulator."""
    told: list[str] = []
    rig.ledger.watch(lambda: told.append("ledger"))
    rig.teams.watch(lambda: told.append("screen"))
    await open_form(rig)
    assert told[0] == "ledger"
    assert told[-1] == "screen"


async def script(rig: Rig) -> str:
    """A little of everything; what the ledger holds afterwards, without the port."""
    rig.answer = answering({"statusCode": 200, "type": "application/vnd.microsoft.activity.message", "value": "ok"})
    thread, first = await rig.thread(CARD)
    await rig.teams.mention("ben", thread, "help")
    rig.clock.wind(timedelta(minutes=3))
    await rig.teams.press("ana", thread, first, "Resolve", {"why": "x"})
    await rig.call("POST", "/v3/conversations", {"members": [{"id": "29:ana"}], "tenantId": HOME_TENANT})
    await rig.post("19:no@thread.v2", said())
    rows = [(e.seq, str(e.at), e.what, e.place, e.sender, e.payload, e.answer) for e in rig.ledger.entries]
    refused = [(e.seq, str(e.at), e.what, e.answer) for e in rig.ledger.refusals]
    states = [rig.teams.state_for(who) for who in ("ben", "ana")]
    return json.dumps([rows, refused, states], sort_keys=True).replace(rig.root, "ROOT")


async def test_a_run_repeats_byte_for_byte() -> None:
    """Same clock and seed, same ids everywhere; another seed, other ids."""
    runs = []
    for seed in ("a", "a", "b"):
        async with rigged(seed=seed) as rig:
            runs.append(await script(rig))
    assert runs[0] == runs[1] != runs[2]


async def test_ten_thousand_channels_are_no_trouble(rig: Rig) -> None:
    """A broadcast reaches each of them once, and each shows its own words only."""
    many = tuple(Channel(f"19:c{n}@thread.tacv2", f"c{n}") for n in range(10_000))
    rig.teams.world.change_team(OPERATIONS, channels=many)
    for n in (0, 5_000, 9_999):
        assert (await rig.post(many[n].id, said(f"word {n}")))[0] == 201
    assert [m.text for m in rig.teams.world.said_by_bot()] == ["word 0", "word 5000", "word 9999"]
    assert [m.text for m in rig.teams.world.said_in(many[5_000].id)] == ["word 5000"]


async def test_the_registration_can_live_in_any_tenant() -> None:
    """App id, password and tenant are the constructor's; the sandbox's people move along."""
    async with rigged(app_id="app-2", app_password="pw", tenant_id="tenant-2") as rig:
        assert rig.session is not None
        form = credentials(client_id="app-2", client_secret="pw")
        async with rig.session.post(f"{rig.root}/tenant-2/oauth2/v2.0/token", data=form) as response:
            assert response.status == 200
        await rig.teams.mention("ben", INCIDENTS, "help")
        assert rig.heard[0]["channelData"]["tenant"]["id"] == "tenant-2"
        assert rig.heard[0]["recipient"]["id"] == "28:app-2"
        _, ben = await rig.call("GET", f"/v3/conversations/{INCIDENTS}/members/29:ben")
        assert ben["tenantId"] == "tenant-2"
