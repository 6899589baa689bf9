"""What Slack tells the app of its own accord: events, sent, sent again, held back; and who sees what."""

import asyncio
from collections.abc import Iterable
from concurrent.futures import Future

from bot.sandbox.ledger import Json, Ledger, SandboxClock
from bot.sandbox.slack_limits import EVENTS
from bot.sandbox.slack_records import BOT_USER, VERIFICATION_TOKEN, Channel, Message, View
from bot.sandbox.slack_wire import Ack, SlackWire, wrapped
from bot.sandbox.slack_world import SlackWorld


class NotPossible(Exception):  # noqa: N818 - a fact about the screen, not an error of ours
    """Slack's own client would not let this person do that: not visible, not there, required, closed."""


class SlackEvents:
    """The workspace's side of the Events API; the ground the people's acts stand on."""

    def __init__(self, world: SlackWorld, wire: SlackWire, ledger: Ledger, clock: SandboxClock) -> None:
        """People of this world, reaching the app over this wire."""
        self.world = world
        self.wire = wire
        self.ledger = ledger
        self.clock = clock
        self.subscriptions: frozenset[str] = EVENTS
        self.escape_commands = True  # should_escape in the manifest
        self.held: list[str] | None = None  # ids of events kept back, while somebody holds them
        self._under_way: list[Future[Ack]] = []

    # finding

    def who(self, user: str) -> str:
        """A person's id, by id or name."""
        found = user if user in self.world.people else None
        found = found or next((p.id for p in self.world.people.values() if p.name == user.removeprefix("@")), None)
        if found is None:
            raise NotPossible(f"there is no person {user!r}")
        return found

    def where(self, user: str, channel: str) -> Channel:
        """A channel this person sees."""
        found = self.world.find_channel(channel)
        if found is None or not self.world.sees(user, found):
            raise NotPossible(f"{user} does not see {channel}")
        return found

    def _seen(self, user: str, channel: Channel, ts: str) -> Message:
        message = self.world.message(channel, ts)
        if message is None or message.ephemeral_to not in ("", user):
            raise NotPossible(f"{user} sees no message {ts} in {channel.id}")
        return message

    def _open(self, user: str, view_id: str) -> View:
        if view_id not in [*self.world.stacks.get(user, []), self.world.homes.get(user)]:
            raise NotPossible(f"{user} has no view {view_id} open")
        return self.world.views[view_id]

    # events

    async def emit(self, events: Iterable[Json]) -> list[Ack]:
        """Tell the app, one after the other, what it may hear and subscribed to (or keep it back while held)."""
        acks = []
        for event_id in self._kept(events):
            if self.held is None:
                acks.append(await self.wire.event(event_id))
            else:
                self.held.append(event_id)
        return acks

    def fire(self, events: Iterable[Json]) -> None:
        """The same without waiting; `drain` waits."""
        loop = asyncio.get_running_loop()
        self._under_way = [f for f in self._under_way if not f.done()]
        for event_id in self._kept(events):
            if self.held is not None:
                self.held.append(event_id)
            elif self.wire.events_url or self.wire.sockets:
                self._under_way.append(asyncio.run_coroutine_threadsafe(self.wire.event(event_id), loop))

    def _kept(self, events: Iterable[Json]) -> list[str]:
        ids = []
        for event in events:
            if event["heard"] and event["event"]["type"] in self.subscriptions:
                event_id = self.world.number("Ev")
                world = self.world
                self.wire.keep(wrapped(event, world.team_id, event_id, world.seconds(), BOT_USER))
                ids.append(event_id)
        return ids

    async def drain(self) -> None:
        """Wait until every event fired in the background, and what that set off, has been answered."""
        while waiting := [f for f in self._under_way if not f.done()]:
            await asyncio.gather(*(asyncio.wrap_future(f) for f in waiting))

    def hold(self) -> None:
        """Keep events back from now on."""
        self.held = self.held if self.held is not None else []

    async def release(self, backwards: bool = False) -> list[Ack]:
        """Deliver what was kept back, in order or the other way round, and hold no more."""
        ids, self.held = list(self.held or []), None
        return [await self.wire.event(i) for i in (reversed(ids) if backwards else ids)]

    async def redeliver(self, event_id: str, attempt: int = 1, reason: str = "http_timeout") -> Ack:
        """The same event once more, as Slack's retry (`X-Slack-Retry-Num`)."""
        return await self.wire.deliver("events_api", self.wire.events[event_id], (attempt, reason))

    async def retry_due(self) -> list[Ack]:
        """Send the failed events whose retry has come on the virtual clock: at once, after one, after five minutes."""
        return await self.wire.retry_due()

    async def again(self, ack: Ack) -> Ack:
        """The very same bytes, signature and all, once more: what a replaying attacker or a broken proxy sends."""
        return await self.wire.again(ack)

    async def verify_url(self) -> Ack:
        """url_verification: the app must answer with the challenge."""
        asked = {"token": VERIFICATION_TOKEN, "challenge": self.world.number("challenge"), "type": "url_verification"}
        return await self.wire.deliver("events_api", asked)

    def _by_person(self, what: str, place: str, user: str, payload: Json, ack: Ack | None = None) -> None:
        told = {"status": ack.status, "problem": ack.problem} if ack else {}
        self.ledger.accept("slack", f"person.{what}", place, user, payload, told)

    def _any(self, channel: str) -> Channel:
        found = self.world.find_channel(channel)
        if found is None:
            raise NotPossible(f"there is no channel {channel!r}")
        return found

    def state_for(self, user: str) -> Json:
        """Everything this person sees, as JSON for the page."""
        return self.world.state_for(self.who(user))
