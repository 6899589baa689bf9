"""What a webhook says: Statuspage's shape, public words only; and its signature, after Standard Webhooks. Pure.

https://support.atlassian.com/statuspage/docs/enable-webhook-notifications and
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import binascii
import hashlib
import hmac
import json
import string
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

Json = dict[str, Any]

SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - how such secrets begin, none itself
SHORTEST_SECRET, LONGEST_SECRET = 24, 64
"""Bytes of a secret (Standard Webhooks, signature scheme)."""
ID_LETTERS: Final = string.digits + string.ascii_lowercase
ID_LENGTH: Final = 12
"""Twelve lower-case letters and digits, as the ids of Statuspage are (platforms.md, section 4)."""
IMPACTS: Final = {"sev1": "critical", "sev2": "major", "sev3": "minor", "sev4": "none"}
"""How hard it is, in Statuspage's words; the house's own severities stay inside."""
SAID: Final = {
    "none": "All Systems Operational",
    "minor": "Partially Degraded Service",
    "major": "Partial System Outage",
    "critical": "Major Service Outage",
}
COMPONENT: Final = {
    "none": "operational",
    "minor": "degraded_performance",
    "major": "partial_outage",
    "critical": "major_outage",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """The public side of an incident as it stands. `services` are keys and public names; instants are UTC."""

    status: str
    impact: str
    began: datetime
    over: datetime | None
    services: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: `root` is the id of the post its thread began with, `post` its own; both random, neither shown."""

    root: str
    post: str
    name: str
    words: str
    at: datetime


def opaque(kind: str, of: str) -> str:
    """The id of something: always the same, and it tells nothing of what it is made of."""
    number = int.from_bytes(hashlib.sha256(f"{kind}/{of}".encode()).digest())
    letters = []
    for _ in range(ID_LENGTH):
        number, place = divmod(number, len(ID_LETTERS))
        letters.append(ID_LETTERS[place])
    return "".join(letters)


def payload(entry: Entry, shown: Shown, public_url: str, now: datetime) -> Json:
    """The body of one call: the incident as it stands, with the one entry that this customer is told now."""
    page, incident = opaque("page", public_url), opaque("incident", entry.root)
    status = shown.status
    began, over, stamp = _time(shown.began), _time(shown.over) if shown.over else None, _time(now)
    indicator = "none" if over else shown.impact
    url = public_url.rstrip("/")
    return {
        "meta": {"unsubscribe": url, "documentation": "https://www.standardwebhooks.com/"},
        "page": {
            "id": page,
            "name": urlsplit(public_url).hostname or "",
            "url": url,
            "time_zone": "Etc/UTC",
            "updated_at": stamp,
            "status_indicator": indicator,
            "status_description": SAID[indicator],
        },
        "incident": {
            "id": incident,
            "name": entry.name,
            "status": status,
            "created_at": began,
            "updated_at": stamp,
            "monitoring_at": None,
            "resolved_at": over,
            "impact": shown.impact,
            "shortlink": url,
            "started_at": began,
            "page_id": page,
            "incident_updates": [
                {
                    "id": opaque("update", entry.post),
                    "status": status,
                    "body": entry.words,
                    "incident_id": incident,
                    "created_at": _time(entry.at),
                    "updated_at": stamp,
                    "display_at": _time(entry.at),
                    "affected_components": None,
                    "deliver_notifications": True,
                    "custom_tweet": None,
                    "tweet_id": None,
                }
            ],
            "components": [
                _component(page, key, name, indicator, place, began, stamp)
                for place, (key, name) in enumerate(shown.services, 1)
            ],
            "reminder_intervals": None,
        },
    }


def _component(page: str, key: str, name: str, indicator: str, place: int, began: str, stamp: str) -> Json:
    return {
        "id": opaque("component", f"{page}/{key}"),
        "name": name,
        "status": COMPONENT[indicator],
        "created_at": began,
        "updated_at": stamp,
        "position": place,
        "description": None,
        "showcase": True,
        "start_date": None,
        "group_id": None,
        "page_id": page,
        "group": False,
        "only_show_if_degraded": False,
    }


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def as_bytes(content: Json) -> bytes:
    """The body as it is signed and sent."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def secret_of(written: str) -> bytes:
    """The key of a written secret (`whsec_` and base64 of 24 to 64 bytes). Raises ValueError without showing it."""
    cure = 'Make one: echo "whsec_$(openssl rand -base64 32)".'
    try:
        key = base64.b64decode(written.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"is not whsec_ and base64. {cure}") from None
    if not written.startswith(SECRET_PREFIX) or not SHORTEST_SECRET <= len(key) <= LONGEST_SECRET:
        raise ValueError(f"must be whsec_ and base64 of {SHORTEST_SECRET} to {LONGEST_SECRET} random bytes. {cure}")
    return key


def headers(key: bytes, ident: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers that let a receiver know it was us, and that it was now. `at` is aware."""
    stamp = str(int(at.timestamp()))
    mac = hmac.new(key, f"{ident}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": ident,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{base64.b64encode(mac).decode()}",
    }
