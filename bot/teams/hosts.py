"""Where answers and tokens for Teams may go: a short list of hosts, and this machine only when a setting says so."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from bot.loopback import is_loopback

TEAMS_HOSTS: Final = frozenset(
    {
        "smba.trafficmanager.net",
        "smba.infra.gcc.teams.microsoft.com",
        "smba.infra.gov.teams.microsoft.us",
        "smba.infra.dod.teams.microsoft.us",
    }
)
"""Hosts of the Bot Connector for Teams.
https://learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/send-proactive-messages"""
_LENGTH = 512
# Stricter than any URL parser, so that no two of them can disagree about the host: no user, no escapes, no query.
_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9a-f:.]{2,45}\]|[a-z0-9.-]{1,253})(?::(?P<port>[0-9]{1,5}))?"
    r"(?:/[a-z0-9._~/-]*)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Hosts:
    """The serviceUrls that are answered.

    `local` adds hosts of this machine by name (the sandbox's fake Teams), `any_loopback` all of them (Agents
    Playground); with `any_loopback` the Teams hosts are not answered, since nothing proves who asked. Raises ValueError
    for a local host that is not this machine.
    """

    local: Collection[str] = ()
    any_loopback: bool = False

    def __post_init__(self) -> None:
        for host in self.local:
            if not is_loopback(host):
                raise ValueError(f"{host} is not a loopback address")

    def admits(self, service_url: object) -> bool:
        """Whether answers and tokens may go there: https for Teams' own hosts, http too on this machine."""
        if not isinstance(service_url, str) or len(service_url) > _LENGTH or not (found := _URL.fullmatch(service_url)):
            return False
        host = found["host"].lower()
        if self.any_loopback:
            return is_loopback(host)
        if host in TEAMS_HOSTS:
            return found["scheme"].lower() == "https" and found["port"] in {None, "443"}
        return host.strip("[]") in {name.lower().strip("[]") for name in self.local}


def is_local(url: str) -> bool:
    """Whether a URL's host is this machine (then no proxy stands between)."""
    found = _URL.match(url)
    return found is not None and is_loopback(found["host"])
