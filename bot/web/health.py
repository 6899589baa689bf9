"""Alive, ready, metrics."""

from contextlib import suppress
from datetime import UTC, datetime

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Gauge, generate_latest
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.intake import AWAY
from bot.store import Store
from storage import migrate, outbox

waiting = Gauge("amends_outbox", "Posts in the outbox, by state", ["state"])
overdue = Gauge("amends_outbox_overdue", "Posts due over 60 s ago, neither sent nor held")
quarantined = Gauge("amends_outbox_quarantined", "Posts held because three workers died over them")
database_up = Gauge("amends_database_up", "1 while the database answers")
skew = Gauge("amends_clock_skew_seconds", "How far this machine's clock is ahead of the database's")
LOOK_SECONDS = 2.0
"""How long a database that does nothing is waited for; ours."""


def routes(store: Store) -> list[Route]:
    """`/healthz`, `/readyz`, `/metrics`."""

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(_: Request) -> Response:
        try:
            at = await store.rows(lambda c, _now: migrate.revision(c), within=LOOK_SECONDS)
        except Exception:  # noqa: BLE001 - whatever it is, the answer is "not ready"
            return JSONResponse({"ready": False, "database": "unreachable"}, 503)
        ready = at == migrate.head()
        return JSONResponse(
            {"ready": ready, "database": "ok", "schema": "current" if ready else "old"}, 200 if ready else 503
        )

    async def metrics(_: Request) -> Response:
        with suppress(*AWAY):  # what was known last is shown, and that the database is away
            await refresh(store)
        return Response(generate_latest(REGISTRY), headers={"content-type": CONTENT_TYPE_LATEST})

    return [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]


async def refresh(store: Store) -> float:
    """Read the outbox's state and the clocks into the metrics.

    Returns how many seconds this machine's clock is ahead of the database's.
    """
    try:
        counts, late, poison, theirs = await store.rows(_state, within=LOOK_SECONDS)
    except AWAY:
        database_up.set(0)
        raise
    database_up.set(1)
    for state in outbox.STATES:
        waiting.labels(state).set(counts.get(state, 0))
    overdue.set(late)
    quarantined.set(poison)
    ahead = 0.0 if store.database.virtual else (datetime.now(UTC) - theirs).total_seconds()
    skew.set(ahead)
    return ahead


def _state(connection: Connection, now: datetime) -> tuple[dict[str, int], int, int, datetime]:
    return outbox.counts(connection), outbox.overdue(connection, now), outbox.quarantined(connection), now
