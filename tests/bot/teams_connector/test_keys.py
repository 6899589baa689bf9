"""Microsoft's keys: fetched, kept, rolled over, away."""

import asyncio
import json
import threading

import pytest
import responses
from jwt.algorithms import RSAAlgorithm

from bot.teams.keys import KeySet, KeysUnavailableError
from tests.bot.teams_connector.microsoft import PRIVATE, Microsoft, Ticks, activity, token, verdict, verifier


async def test_keys_are_fetched_in_a_thread_once_for_many(microsoft: Microsoft) -> None:
    """Fifty activities at once cost one fetch, off the event loop's thread."""
    keys = KeySet()
    found = await asyncio.gather(*(keys.find("k1") for _ in range(50)))
    assert all(found)
    assert len(microsoft.asked) == 1
    assert microsoft.asked[0] is not threading.main_thread()


async def test_a_new_key_is_believed_at_its_first_use(microsoft: Microsoft) -> None:
    """A rollover right after the first fetch costs no refusal."""
    checker = verifier(KeySet(clock=Ticks()))
    assert await verdict(checker, token("k1"), activity()) == 200
    microsoft.published = ["k1", "k2"]
    assert await verdict(checker, token("k2"), activity()) == 200


async def test_unknown_keys_ask_at_most_once_a_minute(microsoft: Microsoft) -> None:
    """A hundred forged key ids make two fetches in a minute: the first one's, and one for the miss."""
    ticks = Ticks()
    keys = KeySet(clock=ticks)
    for number in range(100):
        assert await keys.find(f"forged-{number}") is None
    assert len(microsoft.asked) == 2
    ticks.now = 60
    assert await keys.find("forged") is None
    assert len(microsoft.asked) == 3


async def test_the_last_good_keys_survive_a_failed_renewal(microsoft: Microsoft) -> None:
    """A day later Microsoft's server fails in every way it can; the known key goes on being believed."""
    ticks = Ticks()
    keys = KeySet(clock=ticks)
    assert await keys.find("k1")
    for fault in ("status", "html", "empty"):
        ticks.now += 100_000
        microsoft.status = 503 if fault == "status" else 200
        microsoft.body = {"html": "<html>", "empty": '{"keys": []}'}.get(fault)
        before = len(microsoft.asked)
        assert await keys.find("gone") is None
        assert len(microsoft.asked) == before + 1
        assert await keys.find("k1")


async def test_keys_of_another_host_are_not_fetched(microsoft: Microsoft, web: responses.RequestsMock) -> None:
    """Metadata that points elsewhere is not followed, though keys are there to be had."""
    entry = json.loads(RSAAlgorithm.to_jwk(PRIVATE["k1"].public_key())) | {"kid": "k1", "endorsements": ["msteams"]}
    for url in ("https://evil.example/keys", "http://login.botframework.com/v1/.well-known/keys"):
        web.get(url, json={"keys": [entry]})
        microsoft.jwks_uri = url
        with pytest.raises(KeysUnavailableError):
            await KeySet().find("k1")


async def test_a_known_key_is_answered_while_the_set_is_renewed(microsoft: Microsoft) -> None:
    """After a day the old set still answers at once, and is renewed behind it."""
    ticks = Ticks()
    keys = KeySet(clock=ticks)
    assert await keys.find("k1")
    ticks.now = 90_000
    microsoft.published = ["k2"]
    assert await keys.find("k1")
    assert await keys.find("k2")
    assert await keys.find("k1") is None


async def test_a_start_during_an_outage_is_refused_and_heals(microsoft: Microsoft) -> None:
    """While no key was ever fetched activities are refused with 401, and five seconds later asked for again."""
    ticks = Ticks()
    keys = KeySet(clock=ticks)
    microsoft.status = 500
    assert await verdict(verifier(keys), token(), activity()) == 401
    with pytest.raises(KeysUnavailableError):
        await keys.find("k1")
    assert len(microsoft.asked) == 1
    microsoft.status = 200
    ticks.now = 5
    assert await verdict(verifier(keys), token(), activity()) == 200
