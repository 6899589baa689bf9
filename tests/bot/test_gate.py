"""The gate and the log filter: nothing a sender writes gets past unsigned, raises, or shows up in a log."""

import hashlib
import hmac
import io
import json
import logging
import sys
from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import structlog
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.gate import (
    BODY_BYTES,
    COMMAND_BYTES,
    JSON_DEPTH,
    Refusal,
    SlackRequest,
    check_slack,
    check_slack_envelope,
    check_teams_body,
    header,
    read_activity,
    read_json,
    teams_replay_key,
)
from bot.logs import TEXT_CHARACTERS, configure, scrub

Json = dict[str, Any]

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
NOW = 1_800_000_000.5
TEAM = "T0OURS"
FORM = "application/x-www-form-urlencoded"

COMMAND = {
    "token": "gIkuvaNzQIHg97ATvDxqgjtO",
    "team_id": TEAM,
    "team_domain": "ours",
    "channel_id": "C0ROOM",
    "channel_name": "inc-7",
    "user_id": "U0DANA",
    "user_name": "dana",
    "command": "/incident",
    "text": "declare Checkout — naïve 🙂 sev1",
    "api_app_id": "A0APP",
    "is_enterprise_install": "false",
    "response_url": "https://hooks.slack.com/commands/T0OURS/1/abc",
    "trigger_id": "13345224609.738474920.8088930838d88f008e0",
}
PRESS: Json = {
    "type": "block_actions",
    "user": {"id": "U0DANA", "username": "dana", "team_id": TEAM},
    "api_app_id": "A0APP",
    "container": {"type": "message", "message_ts": "1700000000.000100", "channel_id": "C0ROOM"},
    "trigger_id": "13345224610.738474920.8088930838d88f008e0",
    "team": {"id": TEAM, "domain": "ours"},
    "enterprise": None,
    "is_enterprise_install": False,
    "channel": {"id": "C0ROOM", "name": "inc-7"},
    "state": {"values": {}},
    "response_url": "https://hooks.slack.com/actions/T0OURS/1/abc",
    "actions": [
        {"action_id": "say", "block_id": "b", "type": "button", "value": "apology approve 7", "action_ts": "1700.1"}
    ],
}
VIEW: Json = {
    "type": "view_submission",
    "team": {"id": TEAM, "domain": "ours"},
    "user": {"id": "U0DANA", "username": "dana", "team_id": TEAM},
    "trigger_id": "13345224611.738474920.8088930838d88f008e0",
    "view": {
        "id": "V0VIEW",
        "team_id": TEAM,
        "type": "modal",
        "private_metadata": "declare",
        "callback_id": "form",
        "hash": "1700000000.abc",
        "app_installed_team_id": TEAM,
        "state": {"values": {"title": {"title": {"type": "plain_text_input", "value": "Checkout is down"}}}},
    },
    "response_urls": [],
}
SHORTCUT: Json = {
    "type": "shortcut",
    "token": "x",
    "action_ts": "1700000000.5",
    "team": {"id": TEAM},
    "user": {"id": "U0DANA"},
    "callback_id": "declare",
    "trigger_id": "13345224612.738474920.8088930838d88f008e0",
}
EVENT: Json = {
    "token": "x",
    "team_id": TEAM,
    "context_team_id": TEAM,
    "api_app_id": "A0APP",
    "event": {"type": "app_mention", "user": "U0DANA", "text": "<@U0BOT> list", "ts": "1700.2", "channel": "C0ROOM"},
    "type": "event_callback",
    "event_id": "Ev0123",
    "event_time": 1_700_000_000,
    "authorizations": [{"team_id": TEAM, "user_id": "U0BOT", "is_bot": True}],
    "is_ext_shared_channel": False,
}
CHALLENGE: Json = {
    "token": "x",
    "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P",
    "type": "url_verification",
}
LIMITED: Json = {"token": "x", "type": "app_rate_limited", "team_id": TEAM, "minute_rate_limited": 1_700_000_000}
ACTIVITY: Json = {
    "type": "message",
    "id": "1700000000001",
    "timestamp": "2026-11-22T16:00:00.000Z",
    "channelId": "msteams",
    "serviceUrl": "https://smba.trafficmanager.net/amer/",
    "from": {"id": "29:dana", "name": "Dana Lee"},
    "conversation": {"id": "19:room@thread.tacv2;messageid=1"},
    "recipient": {"id": "28:bot", "name": "Amends"},
    "text": "<at>Amends</at>&nbsp;list",
    "entities": [{"type": "mention", "text": "<at>Amends</at>", "mentioned": {"id": "28:bot"}}],
    "channelData": {"tenant": {"id": "t"}},
}


def command(**fields: str) -> bytes:
    return urlencode(COMMAND | fields).encode()


def interaction(payload: Json) -> bytes:
    return urlencode({"payload": json.dumps(payload)}).encode()


def event(envelope: Json) -> bytes:
    return json.dumps(envelope).encode()


REAL = [
    (FORM, command()),
    (FORM, interaction(PRESS)),
    (FORM, interaction(VIEW)),
    (FORM, interaction(SHORTCUT)),
    ("application/json", event(EVENT)),
    ("application/json; charset=utf-8", event(CHALLENGE)),
    ("application/json", event(LIMITED)),
]


def sign(body: bytes, stamp: str = "1800000000", secret: str = SECRET) -> str:
    return "v0=" + hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()


def let_in(content_type: str, body: bytes, **headers: str) -> SlackRequest:
    signed = {"Content-Type": content_type, "X-Slack-Request-Timestamp": "1800000000", "X-Slack-Signature": sign(body)}
    return check_slack(signed | headers, body, SECRET, NOW, {TEAM})


def refusal(content_type: str, body: bytes, **headers: str) -> int:
    with pytest.raises(Refusal) as refused:
        let_in(content_type, body, **headers)
    return refused.value.status


# Slack: what comes in


def test_each_real_payload_is_let_in_as_its_kind() -> None:
    """Commands, presses, forms, shortcuts, events and Slack's own questions are told apart and parsed whole."""
    kinds = [let_in(content_type, body) for content_type, body in REAL]
    assert [request.kind for request in kinds] == [
        "command",
        "interaction",
        "interaction",
        "interaction",
        "event",
        "url_verification",
        "app_rate_limited",
    ]
    assert [request.payload for request in kinds] == [COMMAND, PRESS, VIEW, SHORTCUT, EVENT, CHALLENGE, LIMITED]
    assert [request.replay_key is None for request in kinds] == [False] * 5 + [True] * 2


def test_slacks_ssl_check_is_answered_only_when_signed() -> None:
    """`ssl_check=1` has no privilege: signed it is let in, unsigned it is a 401."""
    assert let_in(FORM, b"ssl_check=1&token=x").kind == "ssl_check"
    with pytest.raises(Refusal) as refused:
        check_slack({"content-type": FORM}, b"ssl_check=1&token=x", SECRET, NOW, {TEAM})
    assert refused.value.status == 401


def test_retries_are_counted_and_never_refused() -> None:
    """Slack's retry number is passed on; nonsense in its place is 0; the key stays the same."""
    kind, body = REAL[4]
    first, again = let_in(kind, body), let_in(kind, body, **{"X-Slack-Retry-Num": "2"})
    assert (first.retry_num, again.retry_num) == (0, 2)
    assert first.replay_key == again.replay_key
    assert let_in(kind, body, **{"X-Slack-Retry-Num": "٣"}).retry_num == 0


def test_the_replay_key_follows_what_makes_a_request_the_same() -> None:
    """Trigger for commands, trigger and action for presses, view, hash and values for forms; other fields do not count."""

    def key(payload: Json, **changes: Any) -> str | None:
        return let_in(FORM, interaction(payload | changes)).replay_key

    assert let_in(FORM, command()).replay_key == let_in(FORM, command(text="other")).replay_key
    assert let_in(FORM, command()).replay_key != let_in(FORM, command(trigger_id="1.2.3")).replay_key
    assert key(PRESS) == key(PRESS, response_url="https://hooks.slack.com/x")
    assert key(PRESS) != key(PRESS, actions=[PRESS["actions"][0] | {"action_ts": "1700.9"}])
    assert key(PRESS) != key(PRESS, trigger_id="1.2.3")
    assert key(VIEW) == key(VIEW, trigger_id="1.2.3")
    assert key(VIEW) != key(VIEW, view=VIEW["view"] | {"hash": "other"})
    assert key(VIEW) != key(VIEW, view=VIEW["view"] | {"state": {"values": {}}})
    assert key(VIEW) != key(VIEW, type="view_closed")
    assert (
        let_in("application/json", event(EVENT)).replay_key
        != let_in("application/json", event(EVENT | {"event_id": "Ev9"})).replay_key
    )
    nameless = {name: value for name, value in COMMAND.items() if name != "trigger_id"}
    assert let_in(FORM, urlencode(nameless).encode()).replay_key != let_in(FORM, command()).replay_key


def test_a_replay_key_gives_no_trigger_away() -> None:
    """Trigger ids open forms while they live, so a key holds only their digest."""
    key = let_in(FORM, command()).replay_key
    assert key is not None
    assert key.startswith("slack:command:")
    assert COMMAND["trigger_id"] not in key


# Slack: signatures


@pytest.mark.parametrize(
    "stamp",
    [
        "",
        "1799999700",
        "1800000301",
        "180000000",
        "18000000000",
        "1800000000\n",
        "-800000000",
        "1e9",
        "١٨٠٠٠٠٠٠٠٠",
        "abc",
    ],
)
def test_old_future_and_odd_timestamps_are_refused(stamp: str) -> None:
    """More than 300 seconds off, or anything but ten digits, is a 401 even with a fitting signature."""
    body = command()
    assert refusal(FORM, body, **{"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": sign(body, stamp)}) == 401


def test_five_minutes_either_way_are_accepted() -> None:
    """299 seconds old, or ahead, is let in."""
    body = command()
    for stamp in ("1799999702", "1800000299"):
        headers = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": sign(body, stamp)}
        assert let_in(FORM, body, **headers).kind == "command"


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "v0=",
        "v0=" + "0" * 64,
        "v1=" + sign(command())[3:],
        sign(command()).upper(),
        "v0=é",
        "\udcff",
        "v0=" + "a" * 100_000,
    ],
    ids=lambda text: ascii(text)[:12],
)
def test_wrong_signatures_are_refused(signature: str) -> None:
    """A signature that does not match in every byte is a 401, non-ASCII and endless ones included."""
    assert refusal(FORM, command(), **{"X-Slack-Signature": signature}) == 401


def test_a_signature_covers_every_byte_of_the_body() -> None:
    """One changed byte, another secret or no secret at all: 401."""
    body = command()
    assert refusal(FORM, body + b"&", **{"X-Slack-Signature": sign(body)}) == 401
    assert refusal(FORM, body, **{"X-Slack-Signature": sign(body, secret="another")}) == 401
    headers = {
        "content-type": FORM,
        "x-slack-request-timestamp": "1800000000",
        "x-slack-signature": sign(body, secret=""),
    }
    with pytest.raises(Refusal) as refused:
        check_slack(headers, body, "", NOW, {TEAM})
    assert refused.value.status == 401


def test_unsigned_bodies_are_never_parsed() -> None:
    """What breaks parsers is a 401 as long as it is unsigned."""
    for body in (b'{"a":', b"[" * 100_000, b"[1,2]", b"\xff"):
        with pytest.raises(Refusal) as refused:
            check_slack({"content-type": "application/json"}, body, SECRET, NOW, {TEAM})
        assert refused.value.status == 401


# Slack: form


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[1,2]",
        b'"text"',
        b'{"a":',
        b"{} {}",
        b"\xff\xfe{}",
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"type": "event_callback", "type": "event_callback"}',
        event(EVENT | {"deep": json.loads("[" * JSON_DEPTH + "]" * JSON_DEPTH)}),
        event(EVENT | {"event_id": ""}),
        event(EVENT | {"event_id": 7}),
        event(EVENT | {"event": None}),
        event(EVENT | {"event": "x"}),
        event(EVENT | {"event": {}}),
        event(EVENT | {"type": "unheard_of"}),
        event(EVENT | {"type": ["event_callback"]}),
        event(CHALLENGE | {"challenge": {}}),
    ],
    ids=lambda body: ascii(body)[:30],
)
def test_malformed_json_is_refused_although_signed(body: bytes) -> None:
    """Signed but not a well-formed event: 400."""
    assert refusal("application/json", body) == 400


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"x",
        b"a=1",
        b"payload=",
        b"payload=null",
        b"payload=[1]",
        b"payload=%7B",
        b"payload=%FF",
        b"payload=\xff",
        b"payload=%7B%22a%22%3A%00%7D",
        b"command=%2Fincident",
        b"ssl_check=2",
        b"&".join(b"a%d=1" % number for number in range(200)),
        command(text="a\0b"),
        command() + b"&text=again",
        command(user_id=""),
        interaction(PRESS | {"type": None}),
        interaction(PRESS | {"user": None}),
        interaction(PRESS | {"user": "U0DANA"}),
        interaction(PRESS | {"actions": {}}),
        interaction(PRESS | {"actions": ["x"]}),
        interaction(PRESS | {"team": "T0OURS"}),
        interaction(VIEW | {"view": {"app_installed_team_id": TEAM}}),
        interaction(VIEW | {"view": []}),
        interaction(VIEW | {"view": VIEW["view"] | {"state": "x"}}),
    ],
    ids=lambda body: ascii(body)[:30],
)
def test_malformed_forms_are_refused_although_signed(body: bytes) -> None:
    """Signed but no well-formed command or interaction: 400."""
    assert refusal(FORM, body) == 400


@pytest.mark.parametrize(
    "value",
    [
        "NaN",
        "-Infinity",
        "1e400",
        "-1e400",
        "9" * 5000,
        "9223372036854775808",
        "-9223372036854775808",
        '"\\ud800"',
        '"\\ud83d x \\ude42"',
        '{"\\udfff": 1}',
        '["\\u0000"]',
        '"\x00"',
        '{"a": 1, "a": 1}',
        "[" * JSON_DEPTH + "]" * JSON_DEPTH,
        "01",
        "'a'",
        "",
    ],
    ids=lambda text: ascii(text)[:20],
)
def test_a_value_no_database_could_keep_is_refused(value: str) -> None:
    """A well-formed event with one such value somewhere in it is a 400; without it, it is let in."""
    with_it = event(EVENT)[:-1] + f', "odd": {value}}}'.encode()
    assert refusal("application/json", with_it) == 400
    with pytest.raises(Refusal):
        read_json(with_it)
    assert let_in("application/json", event(EVENT | {"odd": 1})).kind == "event"


def test_ninety_nine_levels_are_still_read() -> None:
    """The limit on nesting is a limit, not a guess."""
    deep = json.loads("[" * (JSON_DEPTH - 1) + "]" * (JSON_DEPTH - 1))
    assert let_in("application/json", event(EVENT | {"deep": deep})).kind == "event"


def test_numbers_and_text_within_bounds_are_kept() -> None:
    """64-bit integers, decimals, emoji written as two escapes, and any other character come through."""
    body = b'{"a": -9223372036854775807, "b": 1.5e3, "c": "\\ud83d\\ude42\xc3\xa9", "d": [true, null]}'
    assert read_json(body) == {"a": -(2**63) + 1, "b": 1500.0, "c": "🙂é", "d": [True, None]}


def test_size_and_type_are_checked_before_anything_else() -> None:
    """413 above 256 KiB, or 64 KiB for a command; 415 for any other content type; at the limit it is let in."""
    assert refusal(FORM, b"a" * (BODY_BYTES + 1)) == 413
    assert refusal(FORM, command(text="a" * COMMAND_BYTES)) == 413
    room = COMMAND_BYTES - len(command(text=""))
    assert let_in(FORM, command(text="a" * room)).kind == "command"
    padding = "a" * (BODY_BYTES - len(event(EVENT | {"pad": ""})))
    assert let_in("application/json", event(EVENT | {"pad": padding})).kind == "event"
    for content_type in ("", "text/plain", "application/jsonx", "multipart/form-data; boundary=x", "application/xml"):
        assert refusal(content_type, command()) == 415
    assert let_in("Application/JSON ; charset=UTF-8", event(EVENT)).kind == "event"


# Slack: whose workspace


def test_other_workspaces_are_forbidden() -> None:
    """Signed by Slack for another workspace, or for none: 403."""
    for team in ("T0OTHER", ""):
        assert refusal(FORM, command(team_id=team)) == 403
    for team_id in ("T0OTHER", None, 7, [TEAM]):
        other = {"team_id": team_id, "context_team_id": team_id, "authorizations": [{"team_id": team_id}, "x"]}
        assert refusal("application/json", event(EVENT | other)) == 403
        assert refusal("application/json", event(LIMITED | {"team_id": team_id})) == 403
        assert refusal(FORM, interaction(PRESS | {"team": {"id": team_id}})) == 403
    assert refusal(FORM, interaction(PRESS | {"team": None})) == 403
    view = VIEW["view"] | {"app_installed_team_id": "T0OTHER"}
    assert refusal(FORM, interaction(VIEW | {"team": {"id": "T0OTHER"}, "view": view})) == 403


def test_a_slack_connect_stranger_is_not_refused_at_the_gate() -> None:
    """Someone of another workspace in our shared channel is let in: what they may do is decided per act."""
    stranger = {"id": "U0STRANGER", "team_id": "T0OTHER"}
    assert let_in(FORM, interaction(PRESS | {"user": stranger})).kind == "interaction"
    assert let_in(FORM, interaction(VIEW | {"user": stranger, "team": {"id": "T0OTHER"}})).kind == "interaction"
    shared = {"team_id": "T0OTHER", "context_team_id": "T0OTHER", "is_ext_shared_channel": True}
    assert let_in("application/json", event(EVENT | shared)).kind == "event"


# Slack: Socket Mode


def test_socket_messages_become_the_same_requests() -> None:
    """A command, a press and an event over the socket have the kind and the key they have over HTTP."""
    for kind, payload, (content_type, body) in (
        ("slash_commands", COMMAND, REAL[0]),
        ("interactive", PRESS, REAL[1]),
        ("events_api", EVENT, REAL[4]),
    ):
        envelope = {"envelope_id": "e", "type": kind, "payload": payload, "retry_attempt": 1}
        over_http = let_in(content_type, body)
        for form in (envelope, json.dumps(envelope), json.dumps(envelope).encode()):
            request = check_slack_envelope(form, {TEAM})
            assert request is not None
            assert (request.kind, request.replay_key, request.retry_num) == (over_http.kind, over_http.replay_key, 1)


def test_socket_messages_without_a_request_are_nothing() -> None:
    """Greetings and goodbyes are None; what is malformed or foreign is refused as over HTTP."""
    assert check_slack_envelope({"type": "hello", "num_connections": 1}, {TEAM}) is None
    assert check_slack_envelope('{"type": "disconnect", "reason": "refresh_requested"}', {TEAM}) is None
    for envelope, status in (
        ("{", 400),
        ("[]", 400),
        ("\ud800", 400),
        (7, 400),
        ({"type": "events_api"}, 400),
        ({"type": "events_api", "payload": EVENT | {"x": "\ud800"}}, 400),
        ({"type": "slash_commands", "payload": COMMAND | {"text": 5}}, 400),
        ({"type": "slash_commands", "payload": COMMAND | {"team_id": "T0OTHER"}}, 403),
        (" " * (BODY_BYTES + 1), 413),
    ):
        with pytest.raises(Refusal) as refused:
            check_slack_envelope(envelope, {TEAM})
        assert refused.value.status == status


# Teams


def test_an_activity_is_read() -> None:
    """JSON of the right type is parsed whole, whatever the header's case."""
    for name in ("Content-Type", "content-type"):
        body = json.dumps(ACTIVITY).encode()
        check_teams_body({name: "application/json; charset=utf-8"}, body)
        assert read_activity(body) == ACTIVITY


def test_a_body_that_is_no_activity_is_refused() -> None:
    """413, 415 and 400 as for Slack; an activity must say what it is."""
    for content_type, body, status in (
        ("application/json", b"x" * (BODY_BYTES + 1), 413),
        (FORM, b"{}", 415),
        ("", b"{}", 415),
        ("application/json", b"nope", 400),
        ("application/json", b"{}", 400),
        ("application/json", b'{"type": 5}', 400),
        ("application/json", b"[" * 100_000, 400),
        ("application/json", b'{"type": "message", "text": "\\ud83d"}', 400),
    ):
        check = read_activity if status == 400 else partial(check_teams_body, {"content-type": content_type})
        with pytest.raises(Refusal) as refused:
            check(body)
        assert refused.value.status == status


def test_teams_replay_keys_follow_conversation_and_activity() -> None:
    """Messages by conversation and id; invokes also by name and the card they came from."""
    invoke = ACTIVITY | {"type": "invoke", "name": "adaptiveCard/action", "replyToId": "5"}
    assert teams_replay_key(ACTIVITY) == teams_replay_key(ACTIVITY | {"text": "other", "timestamp": "later"})
    keys = {
        teams_replay_key(one)
        for one in (
            ACTIVITY,
            ACTIVITY | {"id": "2"},
            ACTIVITY | {"conversation": {"id": "19:other"}},
            ACTIVITY | {"type": "messageUpdate"},
            invoke,
            invoke | {"name": "task/fetch"},
            invoke | {"replyToId": "6"},
        )
    }
    assert len(keys) == 7
    odd_ones: list[Json] = [{"id": None}, {"id": ""}, {"conversation": None}, {"conversation": {"id": []}}]
    for odd in odd_ones:
        assert teams_replay_key(ACTIVITY | odd) is None


# Anything at all


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
TYPES = st.sampled_from([FORM, "application/json"])


def only_refusals(content_type: str, body: bytes) -> None:
    """Both doors and the socket answer, or refuse with a 4xx; a signed Slack body that passes has a known kind."""
    for door in (
        lambda: let_in(content_type, body).kind,
        lambda: read_activity(body)["type"],
        lambda: check_slack_envelope(body, {TEAM}),
    ):
        try:
            door()
        except Refusal as refused:
            assert refused.status in {400, 403, 413, 415}  # noqa: PT017 - a refusal may come, and must then be this


@settings(max_examples=300, deadline=None)
@given(TYPES, st.binary(max_size=300))
def test_no_bytes_can_make_the_gate_raise(content_type: str, body: bytes) -> None:
    """Random bytes, rightly signed, are refused as malformed."""
    only_refusals(content_type, body)


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(REAL), st.data())
def test_mutated_real_payloads_are_let_in_or_refused(real: tuple[str, bytes], data: st.DataObject) -> None:
    """Real bodies cut, with bytes changed, inserted or doubled, never raise anything but a refusal."""
    content_type, body = real
    at = data.draw(st.integers(0, len(body)))
    change = data.draw(st.sampled_from(["cut", "insert", "replace", "double"]))
    inserted = data.draw(
        st.binary(max_size=4)
        | st.sampled_from([b"\x00", b"%00", b"\\u0000", b"\\ud800", b"NaN", b"1e400", b'"', b"}", b"&", b"="])
    )
    mutated = {
        "cut": body[:at],
        "insert": body[:at] + inserted + body[at:],
        "replace": body[:at] + inserted + body[at + len(inserted) :],
        "double": body[:at] + body[max(0, at - 40) :],
    }[change]
    only_refusals(content_type, mutated)


def replaced(value: Any, path: list[str], by: Any) -> Any:
    if not path:
        return by
    return {**value, path[0]: replaced(value.get(path[0]), path[1:], by)} if isinstance(value, dict) else by


@settings(max_examples=400, deadline=None)
@given(st.sampled_from([PRESS, VIEW, SHORTCUT, EVENT, CHALLENGE, LIMITED, ACTIVITY]), st.data())
def test_real_payloads_with_fields_replaced_are_let_in_or_refused(payload: Json, data: st.DataObject) -> None:
    """Any field of a real payload, up to two levels down, may hold anything."""
    first = data.draw(st.sampled_from(sorted(payload)))
    inner = payload[first]
    path = [first, data.draw(st.sampled_from(sorted(inner)))] if isinstance(inner, dict) and inner else [first]
    changed = json.dumps(replaced(payload, path[: data.draw(st.integers(1, len(path)))], data.draw(JUNK)))
    only_refusals("application/json", changed.encode())
    only_refusals(FORM, ("payload=" + quote(changed)).encode())
    only_refusals(FORM, interaction(json.loads(changed, parse_constant=lambda _: None)))


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["Content-Type", "X-Slack-Signature", "x-slack-request-timestamp"]), st.text(max_size=80)
    )
)
def test_no_headers_can_make_the_gate_raise(headers: dict[str, str]) -> None:
    """Whatever the headers hold, an unsigned body is 401 or 415."""
    with pytest.raises(Refusal) as refused:
        check_slack(headers, command(), SECRET, NOW, {TEAM})
    assert refused.value.status in {401, 415}


def test_headers_are_found_whatever_their_case() -> None:
    """A plain dict with HTTP's capitals, or a server's lower case, is the same."""
    assert header({"X-Slack-Signature": "a"}, "x-slack-signature") == "a"
    assert header({"x-slack-signature": "a"}, "X-Slack-Signature") == "a"
    assert header({}, "x") == ""


# Logs

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwcyJ9.c2lnbmF0dXJl"
SECRETS = {
    "bot token": "xoxb-1111-2222-AbCdEfGh",
    "user token": "xoxp-1-2-3-abcdef",
    "config token": "xoxe.xoxp-1-Mi0yLTQ",
    "app token": "xapp-1-A0APP-123-abcdef",
    "JWT": JWT,
    "signature": "v0=" + "ab12" * 16,
    "response url": "https://hooks.slack.com/commands/T0OURS/111/secretsecret",
    "encoded response url": quote("https://hooks.slack.com/actions/T0OURS/111/secretsecret", safe=""),
    "escaped response url": r"https:\/\/hooks.slack.com\/actions\/T0OURS\/111\/secretsecret",
    "bare trigger": "13345224609.738474920.8088930838d88f008e0abcde",
    "address": "dana.lee+oncall@mail.example.com",
    "encoded address": "dana.lee%40example.com",
}


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
@pytest.mark.parametrize("around", ["{}", "before {} after", '{{"key": "{}"}}', "a={}&b=c", "<{}>", "({}),", "'{}'"])
def test_a_secret_is_scrubbed_wherever_it_stands(secret: str, around: str) -> None:
    """In a sentence, JSON, a form, or brackets, nothing of it that could be used is left."""
    scrubbed = scrub(around.format(secret))
    assert secret not in scrubbed
    assert "secretsecret" not in scrubbed
    assert "lee" not in scrubbed


@pytest.mark.parametrize(
    "line",
    [
        "Authorization: Bearer hunter2secret",
        "authorization=Basic aHVudGVyMnNlY3JldA==hunter2",
        '{"trigger_id": "hunter2"}',
        '{\\"response_url\\": \\"https://elsewhere.example/hunter2\\"}',
        "trigger_id=hunter2&x=1",
        "{'client_secret': 'hunter2'}",
        "password = hunter2",
        "postgresql+psycopg://amends:hunter2@db.example/amends",
        "smtp://user:hunter2@mail.example:587?starttls=true",
        "https://prod.logic.azure.com/workflows/1/triggers/x?api-version=1&sig=hunter2",
        "('X-Slack-Signature', 'hunter2')",
        "(b'authorization', b'hunter2')",
    ],
)
def test_a_named_secret_is_scrubbed_whatever_it_looks_like(line: str) -> None:
    """What stands after a secret's name goes, in any quoting."""
    assert "hunter2" not in scrub(line)


def test_ordinary_lines_are_left_alone() -> None:
    """Ids, times, channels and sentences are what logs are for."""
    for line in (
        "INC-7 declared by U0DANA in C0ROOM",
        "sent 1700000000.000100 to 19:room@thread.tacv2;messageid=17 in 120 ms",
        "http://127.0.0.1:3978/healthz 200",
        "2026-11-22T16:00:00Z outbox row 42: sending -> sent, v0.1.0",
        "sqlite:///amends.db",
    ):
        assert scrub(line).replace("[redacted]", "room@thread.tacv2") == line


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=40), st.sampled_from(sorted(SECRETS)), st.text(max_size=40))
@example("a" * 100_000, "bot token", "b" * 100_000)
@example("x" * 11_990, "JWT", "y" * 30_000)
@example("@" * 50_000, "address", "." * 50_000)
@example("a.b@" * 20_000, "address", "")
def test_no_text_can_make_the_filter_raise_or_swell(before: str, name: str, after: str) -> None:
    """Any text is scrubbed to something bounded, and a token set off by spaces never survives."""
    scrubbed = scrub(f"{before} {SECRETS[name]} {after}")
    assert len(scrubbed) <= TEXT_CHARACTERS + 100
    assert SECRETS[name] not in scrubbed


def test_a_long_text_keeps_its_head_and_tail() -> None:
    """A traceback's last line says what went wrong, so it is kept."""
    scrubbed = scrub("first line\n" + "x" * 50_000 + "\nLookupError: the last line")
    assert scrubbed.startswith("first line")
    assert scrubbed.endswith("LookupError: the last line")


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Logging configured onto a buffer, and put back afterwards."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    names = ("slack_bolt", "slack_sdk", "urllib3", "sqlalchemy", "asyncio", "uvicorn.access", "apscheduler", "msal")
    levels = {name: logging.getLogger(name).level for name in names}
    yield io.StringIO()
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)
    structlog.reset_defaults()


def fail_with(secret: str) -> None:
    raise LookupError(f"no user {secret}")


@pytest.mark.parametrize("kind", ["json", "text"])
def test_threat_10_every_logger_and_exception_is_scrubbed(kind: Any, lines: io.StringIO) -> None:
    """Messages, arguments, fields, nested values and tracebacks of structlog and stdlib: no secret leaves."""
    configure(kind, stream=lines)
    log, plain = structlog.get_logger("amends.test"), logging.getLogger("some.library")
    for secret in SECRETS.values():
        message = f"event {secret}"
        log.info(message, field=secret, nested={"a": [secret, {secret: 1}]}, thing=ValueError(secret))
        plain.warning("message %s", secret)
        plain.warning({"body": secret})
        plain.info("fields", extra={"body": secret})
        try:
            fail_with(secret)
        except LookupError:
            log.exception("failed")
            plain.exception("failed too")
    log.warning("named", trigger_id="hunter2", headers={"Authorization": "hunter2"}, token_count=3, password=None)
    log.warning("told apart until they stand side by side", pairs=[("X-Slack-Signature", "hunter2")])
    written = lines.getvalue()
    for secret in SECRETS.values():
        assert secret not in written
    assert "hunter2" not in written
    assert written.count("LookupError") >= 2 * len(SECRETS)


def test_json_lines_are_json(lines: io.StringIO) -> None:
    """One object a line, with time in UTC, level and logger, whatever was scrubbed out of it."""
    configure("json", stream=lines)
    configure("json", stream=lines)
    log = structlog.get_logger("amends.test")
    for secret in SECRETS.values():
        message = f'"quoted" {secret}\nnext'
        log.info(message, password="x", n=7, authorization=5, long=f"{secret} " * 9000)
    logging.getLogger("library").warning('body {"trigger_id": "hunter2", "x": "%s"}', "é\n")
    written = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert len(written) == len(SECRETS) + 1
    assert {"event", "level", "logger", "timestamp"} <= set(written[0])
    assert written[0]["timestamp"].endswith("Z")
    assert (written[0]["n"], written[0]["password"]) == (7, "[redacted]")
    assert "hunter2" not in written[-1]["event"]


def test_threat_10_bolts_habit_of_logging_bodies_is_silenced(lines: io.StringIO) -> None:
    """Bolt's INFO and WARNING lines hold whole bodies, so they are not written; its errors are."""
    configure("text", stream=lines)
    bolt = logging.getLogger("slack_bolt.AsyncApp")
    bolt.info("Invalid request signature detected (body: our words)")
    bolt.warning("Unhandled request ({'text': 'our words'})")
    bolt.error("listener failed")
    assert "our words" not in lines.getvalue()
    assert "listener failed" in lines.getvalue()


def test_a_record_that_cannot_be_written_is_not_shown(lines: io.StringIO, capsys: pytest.CaptureFixture[str]) -> None:
    """Python prints a broken record with its arguments to standard error; here only the loss is noted."""
    logging.getLogger().handlers.clear()  # pytest's own would raise
    configure("text", stream=lines)
    arguments = ("hunter2",)
    logging.getLogger("broken").warning("two %s %s", *arguments)
    assert "hunter2" not in lines.getvalue() + capsys.readouterr().err
    assert "a log line of broken could not be written" in lines.getvalue()


def test_standard_error_is_the_default(lines: io.StringIO, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a stream, lines go to standard error."""
    assert lines.getvalue() == ""
    configure("text", stream=sys.stderr)
    structlog.get_logger("amends").warning("hello")
    assert "hello" in capsys.readouterr().err
