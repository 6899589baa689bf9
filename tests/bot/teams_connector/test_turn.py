"""How a turn is carried, and what was said in it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.teams.connector import Connector, TeamsDoor
from bot.teams.mentions import plain_text
from bot.teams.tokens import Verified
from tests.bot.teams_connector.microsoft import APP, BOT, CARD, SERVICE, TENANT, Json, activity


@asynccontextmanager
async def open_door() -> AsyncIterator[tuple[TeamsDoor, Connector]]:
    connector = Connector(APP, "", TENANT, token_source=lambda: ("T", 3600))
    try:
        yield TeamsDoor(connector), connector
    finally:
        connector.close()


PROVEN = Verified(SERVICE, TENANT, APP, signed=True)


async def turn(received: Json, body: Json | None = None) -> tuple[int, Json | None, list[Json]]:
    heard: list[Json] = []

    async def on_activity(one: Json) -> Json | None:
        heard.append(one)
        return body

    async with open_door() as (door, _):
        status, answer = await door.handle(received, PROVEN, on_activity)
    return status, answer, heard


@pytest.mark.parametrize(
    ("kind", "heard"),
    [
        ("message", True),
        ("messageUpdate", True),
        ("messageDelete", True),
        ("messageReaction", True),
        ("conversationUpdate", True),
        ("installationUpdate", True),
        ("typing", False),
        ("event", False),
        ("endOfConversation", False),
        ("somethingNew", False),
    ],
)
async def test_each_kind_of_activity_reaches_the_handler_or_is_accepted(kind: str, heard: bool) -> None:
    """The kinds Amends acts on arrive exactly as they came; the rest gets a 200 and silence."""
    members = {"membersAdded": [{"id": "29:new"}], "action": "add", "name": "x", "reactionsAdded": [{"type": "like"}]}
    received = activity(type=kind, unheardOf={"a": [1]}, **members)
    status, answer, seen = await turn(received, {"ignored": True})
    assert (status, answer) == (200, None)
    assert seen == ([received] if heard else [])


@pytest.mark.parametrize("name", ["adaptiveCard/action", "task/fetch", "task/submit"])
async def test_an_invoke_is_answered_with_a_plain_body(name: str) -> None:
    """What the handler returns is the HTTP body, whatever kind of action the card carried."""
    body = {"statusCode": 200, "type": "application/vnd.microsoft.card.adaptive", "value": CARD}
    actions = [{"action": {"type": f"Action.{kind}", "data": {}}} for kind in ("Execute", "Submit", "Made.Up")]
    for value in (*actions, None, "x", 5):
        assert (await turn(activity(type="invoke", name=name, value=value), body))[:2] == (200, body)
    assert (await turn(activity(type="invoke", name=name)))[:2] == (200, None)


async def test_an_unknown_invoke_is_accepted_without_the_handler() -> None:
    """Invokes of other features are never an error: Teams would stop delivering."""
    for name in ("composeExtension/query", "signin/verifyState", "fileConsent/invoke", "made/up", None, 7, ""):
        status, answer, heard = await turn(activity(type="invoke", name=name, value={"x": 1}), {"y": 1})
        assert (status, answer, heard) == (200, None, [])


async def test_an_activity_without_its_essentials_is_malformed() -> None:
    """No conversation, or a message from nobody, is a 400; odd entities and values are not looked at."""
    assert (await turn(activity(conversation=None)))[0] == 400
    assert (await turn(activity(conversation={"id": 5})))[0] == 400
    assert (await turn(activity(**{"from": []})))[0] == 400
    odd = activity(
        entities=[{"type": 5}, "x", None], timestamp="yesterday", recipient="nobody", deliveryMode="expectReplies"
    )
    assert (await turn(odd))[0] == 200


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from([*activity(), "name", "value", "entities", "action", "attachments"]), JUNK, max_size=4
    )
)
async def test_no_activity_can_make_the_door_raise(fields: Json) -> None:
    """Real activities with fields replaced by anything are a 200 or a 400, never an exception."""
    for kind in ("message", "invoke"):
        status, _, _ = await turn(activity(type=kind, name="task/fetch") | fields)
        assert status in {200, 400}


async def test_a_handlers_fault_is_not_swallowed() -> None:
    """A bug below goes through to whoever gives it a reference number."""

    async def broken(_: Json) -> None:
        raise LookupError("a bug")

    async with open_door() as (door, _):
        with pytest.raises(LookupError):
            await door.handle(activity(), PROVEN, broken)


async def test_turns_at_once_keep_their_activities_apart() -> None:
    """Fifty turns under way at once each answer their own invoke."""

    async def echo(one: Json) -> Json:
        await asyncio.sleep(0)
        return {"id": one["id"]}

    async with open_door() as (door, _):
        turns = (door.handle(activity(type="invoke", name="task/fetch", id=str(n)), PROVEN, echo) for n in range(50))
        assert await asyncio.gather(*turns) == [(200, {"id": str(n)}) for n in range(50)]


# What was said


def said(text: str, *people: tuple[str, str], bot: str = "Amends") -> Json:
    entities = [
        {"type": "mention", "text": f"<at>{name}</at>", "mentioned": {"id": who, "name": name}} for name, who in people
    ]
    ours = {"type": "mention", "text": f"<at>{bot}</at>", "mentioned": {"id": BOT, "name": bot}}
    return activity(text=text, entities=[*entities, ours, {"type": "clientInfo", "locale": "en-US"}])


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("<at>Amends</at>&nbsp;declare sev1 A &amp; B are down", "declare sev1 A & B are down"),
        ("<at>Amends</at> list\n", "list"),
        ("declare X <at>Amends</at>", "declare X"),
        ('<at id="0">Amends</at>\u00a0status 7', "status 7"),
        ("<AT>Amends</AT>status 7", "status 7"),
        ("note 7 a &lt; b and ?x=1&copy=2", "note 7 a < b and ?x=1&copy=2"),
        ("update 7 first line\r\nsecond&nbsp;&nbsp;line", "update 7 first line\nsecond line"),
        ("note &lt;at&gt;Amends&lt;/at&gt;", "note <at>Amends</at>"),
        ("<at>Amends</at>", ""),
        ("help <at>Nobody</at>", "help Nobody"),
        ("broken <at>Amends", "broken <at>Amends"),
    ],
)
def test_the_bots_own_mention_is_taken_out(text: str, plain: str) -> None:
    """What is left is what the person meant to say, with one space where Teams left `&nbsp;`."""
    assert plain_text(said(text), BOT).text == plain


def test_other_peoples_mentions_stay_as_names_with_their_ids() -> None:
    """`@name` stands in the text, and the mapping says who is meant; two of one name are told apart."""
    received = said(
        "<at>Amends</at>&nbsp;role commander <at>Alex Kim</at> comms <at>Alex Kim</at> cc <at>Ana &amp; Co</at>",
        ("Alex Kim", "29:a"),
        ("Alex Kim", "29:b"),
        ("Ana & Co", "29:c"),
    )
    result = plain_text(received, BOT)
    assert result.text == "role commander @Alex Kim comms @Alex Kim (2) cc @Ana & Co"
    assert result.mentions == {"Alex Kim": "29:a", "Alex Kim (2)": "29:b", "Ana & Co": "29:c"}
    assert result.to_bot


def test_a_name_that_teams_split_is_one_person_again() -> None:
    """`<at>Dana</at>&nbsp;<at>Lee</at>` with one id is @Dana Lee; tags that touch are two mentions."""
    received = said("role comms <at>Dana</at>&nbsp;<at>Lee</at>", ("Dana", "29:d"), ("Lee", "29:d"))
    assert plain_text(received, BOT).text == "role comms @Dana Lee"
    assert plain_text(received, BOT).mentions == {"Dana Lee": "29:d"}
    twice = said("<at>Dana</at><at>Dana</at>", ("Dana", "29:d"))
    assert plain_text(twice, BOT).text == "@Dana@Dana"


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60) | JUNK, JUNK | st.just(said("", ("A", "29:a"))["entities"]))
def test_no_text_can_make_the_reading_raise(text: Any, entities: Any) -> None:
    """Anything at all in `text` and `entities` is read as well as it can be."""
    assert isinstance(plain_text({"text": text, "entities": entities}, BOT).text, str)
