"""What platforms let us do in how much time, kept in the database: honoured by every replica, and after a restart.

A bucket is whatever a platform counts: a method in a workspace (`slack chat.update`), posts into one channel
(`slack post C0123`). There is one workspace and one tenant a house, so the platform's name names them.
https://docs.slack.dev/apis/web-api/rate-limits, https://learn.microsoft.com/microsoftteams/platform/bots/how-to/rate-limit
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from handlers.domain.delivery import Bucket
from storage.tables import rates

KEPT = timedelta(hours=1)
"""The longest window any platform counts; a bucket that was not used for so long says nothing any more."""

_SHUT = select(rates).where(rates.c.open_at > bindparam("now"))


def take(connection: Connection, now: datetime, buckets: Sequence[Bucket]) -> datetime | None:
    """Count one call in each bucket; or, if any is full or closed, count none and say when all may be open."""
    names = sorted(b.name for b in buckets)
    if not names:
        return None
    query = select(rates).where(rates.c.name.in_(names)).order_by(rates.c.name).with_for_update()
    known = {row["name"]: row for row in connection.execute(query).mappings()}
    opens = max((_opens(row, now) for row in known.values()), default=now)
    if opens > now:
        return opens
    for bucket in sorted((b for b in buckets if b.limits), key=lambda b: b.name):
        before = known.get(bucket.name)
        recent, opens = _counted(now, bucket, before["recent"] if before else [])
        if before is None:
            connection.execute(insert(rates), {"name": bucket.name, "recent": recent, "open_at": opens})
        else:
            changed = update(rates).where(rates.c.name == bucket.name)
            connection.execute(changed.values(recent=recent, open_at=opens))
    return None


def _opens(row: Any, now: datetime) -> datetime:
    """From when on a bucket is open; calls of the future (the clock was put back) hold nobody up."""
    opens: datetime = row["open_at"]
    return now if row["recent"] and row["recent"][-1] > _stamp(now) else opens


def _stamp(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _counted(now: datetime, bucket: Bucket, recent: list[int]) -> tuple[list[int], datetime]:
    """The calls that still count, this one included, in ms since 1970; and from when on there is room for another."""
    stamp = _stamp(now)
    longest = max(seconds for _, seconds in bucket.limits)
    kept = [at for at in recent if stamp - longest * 1000 < at <= stamp]
    kept = [*kept, stamp][-max(calls for calls, _ in bucket.limits) :]
    waits = [kept[-calls] + seconds * 1000 - stamp for calls, seconds in bucket.limits if len(kept) >= calls]
    return kept, now + timedelta(milliseconds=max([0.0, *waits]))


def close(connection: Connection, now: datetime, name: str, seconds: float) -> None:
    """A platform asked us to wait: no call in this bucket for so many seconds, by nobody."""
    until = now + timedelta(seconds=seconds)
    query = select(rates.c.open_at).where(rates.c.name == name).with_for_update()
    before = connection.execute(query).scalar()
    if before is None:
        connection.execute(insert(rates), {"name": name, "recent": [], "open_at": until})
    elif before < until:
        connection.execute(update(rates).where(rates.c.name == name).values(open_at=until))


def shut(connection: Connection, now: datetime) -> dict[str, datetime]:
    """Buckets that are full or closed, and from when on they are not."""
    rows = connection.execute(_SHUT, {"now": now}).mappings()
    return {row["name"]: opens for row in rows if (opens := _opens(row, now)) > now}


def forget(connection: Connection, now: datetime) -> int:
    """Clear away buckets that nobody used for an hour; how many."""
    return connection.execute(delete(rates).where(rates.c.open_at < now - KEPT)).rowcount
