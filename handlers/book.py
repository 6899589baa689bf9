"""What must be remembered: one transaction, seen from the handlers. storage.book implements it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from handlers.domain.catalog import Catalog
from handlers.domain.delivery import Place, Post, PostState
from handlers.domain.incident import Event, Incident
from handlers.domain.people import Account, Person

R = TypeVar("R")


class Book(Protocol):
    """One transaction. Reads see its own writes; nothing is kept unless the whole request succeeds."""

    @property
    def now(self) -> datetime:
        """The database's clock at the start of the transaction, UTC."""
        ...

    @property
    def catalog(self) -> Catalog:
        """Services, customers, people, policy: the catalog loaded last."""
        ...

    def set_catalog(self, catalog: Catalog) -> None:
        """Make this the current catalog; earlier ones stay on record."""
        ...

    def get(self, kind: type[R], *key: int | str) -> R | None:
        """One record by its key, locked until the transaction ends; None if there is none."""
        ...

    def find(self, kind: type[R], /, **equal: object) -> list[R]:
        """Records whose fields equal these (a tuple: any of them), in the order of their keys."""
        ...

    def due(self, kind: type[R], field: str, limit: int = 100, /, **equal: object) -> list[R]:
        """Records whose instant `field` has come, earliest first; rows another worker holds are skipped."""
        ...

    def put(self, record: object) -> None:
        """Write a record, new or newer."""
        ...

    def put_all(self, records: Sequence[object], *, undoable: bool = True) -> None:
        """Write many records of one kind, as `put` would one after another; `undoable`: `undo` takes them back."""
        ...

    def change_all(self, kind: type, fields: Mapping[str, object], /, **equal: object) -> int:
        """Set fields of all records that match (as `find` does), in one statement; `undo` does not take it back.

        Returns how many there were.
        """
        ...

    def number(self, series: str) -> int:
        """The next number of a series, without gaps."""
        ...

    def tell(self, event: Event) -> None:
        """Append a line to the timeline."""
        ...

    def send(self, post: Post) -> None:
        """Write down what must be sent; the same key again edits the message."""
        ...

    def send_all(self, posts: Sequence[Post]) -> None:
        """Write down many posts, as `send` would one after another: in a fraction of the time where they are new."""
        ...

    def release(self, keys: Sequence[str]) -> None:
        """Let held posts of these keys go."""
        ...

    def halt(self, prefix: str) -> int:
        """Hold back every post under this key prefix that has not left; returns how many."""
        ...

    def settle(self, post: int, verdict: str, tried: int = 0) -> PostState:
        """A person's word on an unknown, held or dead post: arrived, again, drop; look, for an unknown one.

        Refuses any other state, and a word about another attempt than this one (`tried`; 0: whichever it is).
        """
        ...

    def moved(self, platform: str, old: str, new: str) -> None:
        """A channel has another id: what stands there is edited there."""
        ...

    def post(self, number: int) -> PostState | None:
        """What became of one post, by its number in the outbox."""
        ...

    def posts(self, prefix: str, *states: str) -> list[PostState]:
        """What became of the posts whose key starts so; only those in these states, if any are named."""
        ...

    def posts_at(self, place: Place, *states: str) -> list[PostState]:
        """The posts meant for one place, in these states."""
        ...

    def threads(self, incidents: Sequence[int], channel: str = "") -> dict[str, str]:
        """The post that began the thread about these incidents in each customer channel; one `channel`, or all.

        From the end of a post's key (`contoso/slack:C0123`) to the whole key of that post.
        """
        ...

    def tally(self, prefix: str) -> dict[str, int]:
        """How many customer posts under a key prefix are in each state; `waiting`: written down, not let go."""
        ...

    def search(
        self,
        *,
        statuses: Sequence[str] = (),
        service: str = "",
        person: str = "",
        since: datetime | None = None,
        before: datetime | None = None,
        words: str = "",
        limit: int = 20,
        reader: str = "",
    ) -> list[Incident]:
        """Incidents, newest first, declared at `since` or later and earlier than `before`.

        Private ones only where `reader` (a person key) is a member.
        """
        ...

    def person(self, said: str) -> Person | None:
        """A person by mention (`<@id>`), person key, e-mail address or name; None if unknown or not unique."""
        ...

    def account(self, platform: str, id: str) -> Account | None:  # noqa: A002 - the platforms' own word
        """What a platform said of one of its users, if it was asked before."""
        ...

    def undo(self, person: str, since: datetime) -> tuple[str, int | None] | None:
        """Take back this person's latest change if it is younger than `since` and nothing left the house.

        Returns its line and incident. None: nothing to take back. Refuses with the reason where it is too late.
        """
        ...
