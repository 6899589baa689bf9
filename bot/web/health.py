"""Alive, ready, metrics."""

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Gauge, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.store import Store
from storage import migrate, outbox

waiting = Gauge("amends_outbox", "Posts in the outbox, by state", ["state"])
overdue = Gauge("amends_outbox_overdue", "Posts due over 60 s ago, neither sent nor held")
quarantined = Gauge("amends_outbox_quarantined", "Posts held because three workers died over them")
STATES = ("pending", "claimed", "sending", "retry", "unknown", "held", "dead", "sent")


def routes(store: Store) -> list[Route]:
    """`/healthz`, `/readyz`, `/metrics`."""

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(_: Request) -> Response:
        try:
            at = await store.rows(lambda c, _now: migrate.revision(c))
        except Exception:  # noqa: BLE001 - whatever it is, the answer is "not ready"
            return JSONResponse({"ready": False, "database": "unreachable"}, 503)
        ready = at == migrate.head()
        return JSONResponse(
            {"ready": ready, "database": "ok", "schema": "current" if ready else "old"}, 200 if ready else 503
        )

    async def metrics(_: Request) -> Response:
        await refresh(store)
        return Response(generate_latest(REGISTRY), headers={"content-type": CONTENT_TYPE_LATEST})

    return [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]


async def refresh(store: Store) -> None:
    """Read the outbox's state into the metrics."""
    counts = await store.rows(lambda c, _now: outbox.counts(c))
    for state in STATES:
        waiting.labels(state).set(counts.get(state, 0))
    overdue.set(await store.rows(outbox.overdue))
    quarantined.set(await store.rows(lambda c, _now: outbox.quarantined(c)))
