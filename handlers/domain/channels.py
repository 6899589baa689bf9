"""Where customers are told: what a channel was when it was bound to a customer, and whether it still is.

A channel belongs to a customer because an admin said so (or the catalog file did). What the platform says of it is
written down then, and held against what it says at most ten minutes before each post (promises.md, section 5, threat
5). Whatever differs is *drift*: nothing is sent there until an admin has looked and bound it again.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Reach = Literal["", "yes", "no"]
"""Whether the bot can post there: nobody knows · it was tried, or somebody spoke to the bot from there · it cannot."""
PROVEN_FIRST = ("shared",)
"""Kinds of Teams channel that count as out of reach until a try succeeded: a bot needs the app in the channel itself.
https://learn.microsoft.com/microsoftteams/platform/build-apps-for-shared-private-channels"""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a platform says of a channel just now. Empty fields: it does not say.

    `organisations` are the other workspaces or tenants that read along, sorted; `kind` is Teams' word for the channel.
    """

    id: str
    name: str = ""
    home: str = ""  # the workspace or tenant it stands in
    private: bool = False
    archived: bool = False
    member: bool = True  # whether the bot is in it
    organisations: tuple[str, ...] = ()
    kind: str = ""
    reach: Reach = ""


@dataclass(frozen=True, slots=True)
class Binding:
    """A customer's channel. `address` is the id it was bound under, `now` the id it has today if that is another.

    `bound` is what it was when it was bound, None until a platform was asked. `latest` is what it was when it was found
    to differ; `drift` says how, in a sentence. `look_at` (UTC) is when it is looked at next; None: before a post.
    """

    platform: str
    address: str
    customer: str
    by: str
    at: datetime
    now: str = ""
    bound: Seen | None = None
    latest: Seen | None = None
    drift: str = ""
    kind: str = ""
    reach: str = ""
    look_at: datetime | None = None

    @property
    def id(self) -> str:
        """The platform's present id of it."""
        return self.now or self.address

    @property
    def reachable(self) -> bool:
        """Whether words may be meant for it; else they are told by hand."""
        return self.reach == "yes" or (self.reach != "no" and self.kind not in PROVEN_FIRST)


def drifted(bound: Seen, now: Seen) -> str:
    """How a channel differs from what it was when it was bound, as a sentence; nothing if it does not."""
    name = f"#{now.name}" if now.name else "the channel"
    if bound.home and now.home and bound.home != now.home:
        return f"{name} stands in another workspace now ({now.home})."
    came = [o for o in now.organisations if o not in bound.organisations]
    gone = [o for o in bound.organisations if o not in now.organisations]
    if came:
        others = f"{len(came)} other organisations" if len(came) > 1 else "another organisation"
        return f"{name} is shared with {others} since it was bound: {', '.join(came)}."
    if gone:
        return f"{name} is no longer shared with {', '.join(gone)}, as it was when it was bound."
    if bound.name and now.name and bound.name != now.name:
        return f"#{bound.name} is called #{now.name} now."
    return ""


def gone(now: Seen) -> str:
    """Why nothing can be posted there at all, in the platform's own word; nothing if it can."""
    if now.archived:
        return "is_archived"
    return "" if now.member else "not_in_channel"
