"""Calls out, on recorded answers."""

import asyncio
import json
import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import responses

from bot.teams.calls import ConnectorFailed, retry_after
from bot.teams.connector import Connector, Sent
from bot.teams.hosts import Hosts
from tests.bot.teams_connector.microsoft import (
    APP,
    BOT,
    JSON_TYPE,
    MESSAGE,
    NOW,
    PLAYGROUND,
    SERVICE,
    TENANT,
    THREAD,
    Ticks,
)


class Teams:
    """The Bot Connector and Entra as `responses` sees them: what was asked, and by which thread."""

    def __init__(self, mock: responses.RequestsMock) -> None:
        self.calls: list[requests.PreparedRequest] = []
        self.tokens = 0
        self.threads: set[str] = set()
        self.answer: tuple[int, dict[str, str], str] = (201, {}, '{"id": "1700000000001"}')
        self.token_answer: tuple[int, dict[str, str], str] | None = None
        login = f"https://login.microsoftonline.com/{TENANT}"
        discovery = {
            "token_endpoint": f"{login}/oauth2/v2.0/token",
            "authorization_endpoint": f"{login}/oauth2/v2.0/authorize",
            "issuer": f"{login}/v2.0",
        }
        for method, url, callback in (
            ("GET", re.compile(r"https://login\.microsoftonline\.com/.*openid-configuration.*"), None),
            ("POST", re.compile(r"https://login\.microsoftonline\.com/.*/token"), self._token),
        ):
            mock.add_callback(
                method, url, callback or (lambda _: (200, {}, json.dumps(discovery))), content_type=JSON_TYPE
            )
        for method in ("GET", "POST", "PUT", "DELETE"):
            mock.add_callback(
                method, re.compile(r"https://smba\.trafficmanager\.net/.*"), self._call, content_type=JSON_TYPE
            )

    def _token(self, _request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        self.tokens += 1
        self.threads.add(threading.current_thread().name)
        whole = {"token_type": "Bearer", "expires_in": 3599, "access_token": f"AT{self.tokens}"}
        return self.token_answer or (200, {}, json.dumps(whole))

    def _call(self, request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        self.calls.append(request)
        self.threads.add(threading.current_thread().name)
        return self.answer

    @property
    def body(self) -> Any:
        """The last call's body."""
        return json.loads(self.calls[-1].body or "null")

    @property
    def line(self) -> str:
        """The last call's method and path."""
        return f"{self.calls[-1].method} {self.calls[-1].path_url}"


@pytest.fixture
def teams(web: responses.RequestsMock) -> Teams:
    return Teams(web)


@pytest.fixture
def connector(teams: Teams) -> Iterator[Connector]:
    made = Connector(APP, "secret", TENANT)
    yield made
    made.close()


async def test_what_is_posted_arrives_word_for_word(teams: Teams, connector: Connector) -> None:
    """Mentions, cards and fields no SDK knows reach Teams as they are; the thread's id is quoted in the path."""
    assert await connector.post(SERVICE, THREAD, MESSAGE) == Sent("1700000000001")
    assert teams.body == MESSAGE
    assert teams.line == "POST /amer/v3/conversations/19%3Aroom%40thread.tacv2%3Bmessageid%3D1700000000000/activities"
    assert teams.calls[-1].headers["Authorization"] == "Bearer AT1"
    assert teams.calls[-1].headers["Content-Type"].startswith("application/json")


async def test_replies_edits_and_deletions_name_their_activity(teams: Teams, connector: Connector) -> None:
    """Each goes to the activity's own address; an edit needs no id in the answer, a deletion no body."""
    assert await connector.reply_to(SERVICE, "c", "5", MESSAGE) == Sent("1700000000001")
    assert teams.line == "POST /amer/v3/conversations/c/activities/5"
    teams.answer = (200, {}, "")
    assert await connector.update(SERVICE, "c", "5", MESSAGE) == Sent("5")
    assert (teams.line, teams.body) == ("PUT /amer/v3/conversations/c/activities/5", {**MESSAGE, "id": "5"})
    await connector.delete(SERVICE, "c", "5")
    assert teams.line == "DELETE /amer/v3/conversations/c/activities/5"


async def test_a_thread_is_opened_with_its_first_activity(teams: Teams, connector: Connector) -> None:
    """The channel, the tenant and the activity go out; the conversation's and the activity's ids come back."""
    teams.answer = (201, {}, json.dumps({"id": THREAD, "activityId": "17", "serviceUrl": "https://evil.example/"}))
    assert await connector.create_thread(SERVICE, "19:channel", MESSAGE, BOT, TENANT) == (THREAD, "17")
    assert teams.line == "POST /amer/v3/conversations"
    assert teams.body["channelData"] == {"channel": {"id": "19:channel"}, "tenant": {"id": TENANT}}
    assert (teams.body["activity"], teams.body["bot"], teams.body["isGroup"]) == (MESSAGE, {"id": BOT}, True)


async def test_a_personal_conversation_is_opened(teams: Teams, connector: Connector) -> None:
    """One member, our tenant, no group."""
    teams.answer = (200, {}, '{"id": "a:1"}')
    assert await connector.create_personal(SERVICE, "29:dana", BOT, TENANT) == "a:1"
    assert teams.body["members"] == [{"id": "29:dana"}]
    assert (teams.body["isGroup"], teams.body["tenantId"]) == (False, TENANT)


async def test_a_member_is_described_in_seven_fields(teams: Teams, connector: Connector) -> None:
    """Fields Teams leaves out are None; the object id counts under its older name too."""
    answer = {
        "id": "29:d",
        "name": "Dana Lee",
        "objectId": "aad",
        "email": "d@example.com",
        "tenantId": TENANT,
        "userRole": "guest",
    }
    teams.answer = (200, {}, json.dumps(answer))
    assert await connector.member(SERVICE, "c", "29:d") == {
        "id": "29:d",
        "name": "Dana Lee",
        "email": "d@example.com",
        "userPrincipalName": None,
        "aadObjectId": "aad",
        "tenantId": TENANT,
        "userRole": "guest",
    }
    assert teams.line == "GET /amer/v3/conversations/c/members/29%3Ad"


async def test_a_teams_channels_are_listed(teams: Teams, connector: Connector) -> None:
    """Entries without an id are left out."""
    teams.answer = (200, {}, json.dumps({"conversations": [{"id": "19:team"}, {"id": "19:ops", "name": "Ops"}, {}, 5]}))
    assert await connector.channels(SERVICE, "19:team@thread.tacv2") == [
        {"id": "19:team"},
        {"id": "19:ops", "name": "Ops"},
    ]
    assert teams.line == "GET /amer/v3/teams/19%3Ateam%40thread.tacv2/conversations"


async def test_many_sends_share_one_token_and_leave_the_loop_alone(teams: Teams, connector: Connector) -> None:
    """Forty sends at once cost one token, and neither tokens nor calls run on the event loop's thread."""
    sent = await asyncio.gather(*(connector.post(SERVICE, f"c{n}", MESSAGE) for n in range(40)))
    assert len(sent) == len(teams.calls) == 40
    assert teams.tokens == 1
    assert all(name.startswith("teams") for name in teams.threads)


async def test_a_token_is_renewed_before_it_ends(teams: Teams) -> None:
    """Five minutes before its end a token is replaced."""
    ticks = Ticks()
    handed = iter(["A", "B"])
    made = Connector("", "", "", token_source=lambda: (next(handed), 3600), clock=ticks)
    for now, expected in ((0, "A"), (3299, "A"), (3300, "B")):
        ticks.now = now
        await made.post(SERVICE, "c", MESSAGE)
        assert teams.calls[-1].headers["Authorization"] == f"Bearer {expected}"
    made.close()


async def test_a_refused_token_is_not_used_again(teams: Teams, connector: Connector) -> None:
    """After a 401 the next call fetches a new token."""
    teams.answer = (401, {}, "")
    with pytest.raises(ConnectorFailed) as failed:
        await connector.post(SERVICE, "c", MESSAGE)
    assert (failed.value.status, failed.value.ambiguous) == (401, False)
    teams.answer = (201, {}, '{"id": "2"}')
    await connector.post(SERVICE, "c", MESSAGE)
    assert teams.calls[-1].headers["Authorization"] == "Bearer AT2"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ((400, {}, '{"error": "invalid_client", "error_description": "AADSTS7000215"}'), "token_invalid_client"),
        ((200, {}, "<html>"), "token_unreachable"),
        ((503, {}, "{}"), "token_unreachable"),
    ],
)
async def test_without_a_token_nothing_is_sent(
    teams: Teams, connector: Connector, answer: tuple[int, dict[str, str], str], code: str
) -> None:
    """Entra's refusals and faults are definite: no call to Teams was made."""
    teams.token_answer = answer
    outcomes = await asyncio.gather(*(connector.post(SERVICE, "c", MESSAGE) for _ in range(5)), return_exceptions=True)
    assert [(getattr(one, "code", one), getattr(one, "ambiguous", None)) for one in outcomes] == [(code, False)] * 5
    assert teams.calls == []
    assert teams.tokens == 1


async def test_unsigned_calls_carry_no_token(web: responses.RequestsMock) -> None:
    """To a local tool no Authorization header is sent."""
    web.post(re.compile(r"http://localhost:56150/_connector/.*"), json={"id": "1"})
    made = Connector("", "", "", hosts=Hosts(any_loopback=True))
    assert await made.post(PLAYGROUND, "c", MESSAGE) == Sent("1")
    assert "Authorization" not in web.calls[0].request.headers
    made.close()


@pytest.mark.parametrize(
    ("status", "body", "ambiguous", "code"),
    [
        (400, '{"error": {"code": "BadSyntax", "message": "m"}}', False, "BadSyntax"),
        (403, '{"error": {"code": "BotNotInConversationRoster"}}', False, "BotNotInConversationRoster"),
        (404, "", False, "http_404"),
        (405, "<html>", False, "http_405"),
        (412, "", False, "http_412"),
        (413, '{"error": {"code": "MessageSizeTooBig"}}', False, "MessageSizeTooBig"),
        (429, '{"error": {"code": "has spaces & ids"}}', False, "http_429"),
        (307, "", False, "http_307"),
        (408, "", True, "http_408"),
        (500, '{"error": "text"}', True, "http_500"),
        (502, "<html>", True, "http_502"),
        (503, "", True, "http_503"),
        (504, "", True, "http_504"),
        (200, "<html>", True, "not_json"),
        (201, '{"id": "17', True, "not_json"),
        (201, "", True, "no_id"),
        (201, "[]", True, "no_id"),
        (201, '{"id": ""}', True, "no_id"),
    ],
)
async def test_an_answers_status_says_whether_it_may_have_happened(
    teams: Teams, connector: Connector, *, status: int, body: str, ambiguous: bool, code: str
) -> None:
    """4xx and redirects are definite; 408, 5xx and a 2xx that cannot be read are not."""
    teams.answer = (status, {"Location": "https://evil.example/"}, body)
    with pytest.raises(ConnectorFailed) as failed:
        await connector.post(SERVICE, "c", MESSAGE)
    assert (failed.value.ambiguous, failed.value.code) == (ambiguous, code)
    assert len(teams.calls) == 1


async def test_edits_are_not_retried_below_us(teams: Teams, connector: Connector) -> None:
    """A 503 on an edit is one call, with its status and Retry-After intact."""
    teams.answer = (503, {"Retry-After": "7"}, "")
    with pytest.raises(ConnectorFailed) as failed:
        await connector.update(SERVICE, "c", "5", MESSAGE)
    assert (failed.value.status, failed.value.retry_after, failed.value.ambiguous) == (503, 7.0, True)
    assert len(teams.calls) == 1


async def test_a_failed_look_had_no_effect(teams: Teams, connector: Connector) -> None:
    """Reading is never ambiguous, whatever came back."""
    for status, body in ((500, ""), (200, "<html>"), (200, "[]"), (200, "")):
        teams.answer = (status, {}, body)
        for call in (connector.member(SERVICE, "c", "29:d"), connector.channels(SERVICE, "t")):
            with pytest.raises(ConnectorFailed) as failed:
                await call
            assert not failed.value.ambiguous


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("3", 3.0),
        ("0.5", 0.5),
        ("-4", 0.0),
        ("1e99", 86_400.0),
        ("nan", None),
        ("soon", None),
        ("", None),
        ("Fri, 15 Jan 2027 08:00:30 GMT", 30.0),
        ("Fri, 99 Foo 2027", None),
    ],
)
def test_retry_after_is_read_in_seconds_or_as_a_date(value: str, seconds: float | None) -> None:
    """Numbers, dates and nonsense, never beyond a day."""
    assert retry_after({"retry-after": value}, now=NOW) == seconds
