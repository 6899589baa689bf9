"""How people's acts reach the bot: signed activities as Microsoft sends them, retries, and what answers put on screen.

Activity shapes: https://learn.microsoft.com/microsoftteams/platform/bots/build-conversational-capability ,
https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/universal-actions-for-adaptive-cards/overview
"""

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import aiohttp

from bot.sandbox.ledger import Json, Ledger
from bot.sandbox.teams_connector import Connector
from bot.sandbox.teams_identity import Identity
from bot.sandbox.teams_world import ADAPTIVE_CARD, Person, Place, World, stamp

INVOKE_SECONDS = 5.0  # what Teams waits for the answer to a press or a form
MESSAGE_SECONDS = 15.0  # what the Bot Framework waits for everything else
INVOKE_TRIES = 3  # the first and two more
UNREACHABLE = "Unable to reach app. Please try again."
WENT_WRONG = "Something went wrong. Please try again."


@dataclass(frozen=True)
class Delivery:
    """One attempt to hand an activity to the bot. `status` 0: no answer, see `error`."""

    activity: Json
    attempt: int
    status: int
    body: Any  # the answer's JSON, None where there is none
    seconds: float  # real time from the first byte to the whole answer
    late: bool  # longer than Teams waits
    error: str = ""


@dataclass(frozen=True)
class Dialog:
    """A form open before one person."""

    id: str
    conversation: str
    activity_id: str  # the message whose button opened it
    title: str
    height: Any
    width: Any
    card: Json | None
    url: str = ""


@dataclass(frozen=True)
class Toast:
    """A line at the edge of one person's screen."""

    text: str
    at: datetime
    failed: bool = False


class Courier:
    """Carries activities to the bot and shows each person what it answered."""

    def __init__(
        self,
        world: World,
        ledger: Ledger,
        identity: Identity,
        connector: Connector,
        *,
        messages_url: str,
        invoke_seconds: float,
        message_seconds: float,
        guests_bring_home_tenant: bool,
        read_consent: bool,
    ) -> None:
        self.world = world
        self.ledger = ledger
        self.identity = identity
        self.connector = connector
        self.messages_url = messages_url
        self.invoke_seconds = invoke_seconds
        self.message_seconds = message_seconds
        self.guests_bring_home_tenant = guests_bring_home_tenant
        self.read_consent = read_consent
        self.deliveries: list[Delivery] = []
        self.dialogs: dict[str, Dialog] = {}
        self.toasts: dict[str, Toast] = {}
        self._held: list[Json] | None = None
        self._sent: dict[str, Json] = {}
        self._watchers: list[Callable[[], None]] = []

    # ── handing over ─────────────────────────────────────────────────────────────────────────────────────────────
    async def deliver(self, activity: Json, *, authorization: str | None = None, url: str = "") -> Delivery:
        """Hand any activity to the bot and take in its answer.

        It is signed as Microsoft signs, or carries this `authorization`; "" sends none.
        An invoke without an answer in time, or with a 5xx, is tried twice more with the same id, as Teams does.
        """
        invoke = activity.get("type") == "invoke"
        delivery = await self._attempt(activity, 1, authorization, url)
        for attempt in range(2, INVOKE_TRIES + 1):
            if not invoke or 0 < delivery.status < 500:
                break
            delivery = await self._attempt(activity, attempt, authorization, url)
        if invoke:
            self._take_answer(activity, delivery)
        return delivery

    async def redeliver(self, activity_id: str, times: int = 1, urls: Sequence[str] = ()) -> list[Delivery]:
        """Hand over the same activity again, all copies at once, over `urls` (replicas) in turn."""
        activity = self._sent[activity_id]
        turns = [urls[i % len(urls)] if urls else "" for i in range(times)]
        return list(await asyncio.gather(*(self.deliver(activity, url=url) for url in turns)))

    def hold(self) -> None:
        """From now on people act, but the bot hears nothing until `release`."""
        self._held = []

    async def release(self, order: Sequence[int] | None = None) -> list[Delivery]:
        """Hand over what was held, in this order (indexes; by default as it happened)."""
        held, self._held = self._held or [], None
        chosen = [held[i] for i in order] if order is not None else held
        return [await self.deliver(activity) for activity in chosen]

    def watch(self, tell: Callable[[], None]) -> None:
        """Call `tell` after every change on screen that is not in the ledger (toasts, dialogs, typing)."""
        self._watchers.append(tell)

    def _tell(self) -> None:
        for tell in list(self._watchers):
            tell()

    async def _send(self, what: str, person: Person, place: Place, activity: Json) -> Delivery:
        for entity in activity.get("entities", []):
            entity.pop("_typed", None)
        if what not in ("person.edit", "person.delete"):
            self._sent[activity["id"]] = activity  # edits and deletions carry the message's own id
        self.ledger.accept("teams", what, place.id, person.id, activity)
        if not place.bot_in:
            return Delivery(activity, 0, 0, None, 0.0, late=False, error="the bot is not here")
        if self._held is not None:
            self._held.append(activity)
            return Delivery(activity, 0, 0, None, 0.0, late=False, error="held")
        return await self.deliver(activity)

    async def _attempt(self, activity: Json, attempt: int, authorization: str | None, url: str) -> Delivery:
        patience = self.invoke_seconds if activity.get("type") == "invoke" else self.message_seconds
        headers = {"Content-Type": "application/json; charset=utf-8"}
        if authorization != "":
            headers["Authorization"] = self.identity.sign(activity) if authorization is None else authorization
        content = json.dumps(activity, ensure_ascii=False).encode("utf-8", "surrogatepass")
        began = time.monotonic()
        status, body, problem = 0, None, ""
        try:
            timeout = aiohttp.ClientTimeout(total=patience)
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(url or self.messages_url, data=content, headers=headers) as response,
            ):
                status, raw = response.status, await response.read()
            body = _json_or_none(raw)
        except (TimeoutError, aiohttp.ClientError) as wrong:
            status, problem = 0, str(wrong) or type(wrong).__name__
        seconds = time.monotonic() - began
        late = seconds >= patience
        if late:
            place = str((activity.get("conversation") or {}).get("id", ""))
            self.connector.violate("late_ack", place, f"{activity.get('type')} unanswered for {patience:g} s")
        delivery = Delivery(activity, attempt, status, body, seconds, late, problem)
        self.deliveries.append(delivery)
        return delivery

    def _take_answer(self, activity: Json, delivery: Delivery) -> None:
        """Show the person who pressed what the bot answered."""
        person = self.world.find_person(str((activity.get("from") or {}).get("id", "")))
        if person is None:
            return
        with self.world.lock:
            if delivery.status != 200:
                self._toast(person, UNREACHABLE, failed=True)
            else:
                place = activity["conversation"]["id"]
                self.ledger.accept("teams", "invoke.answer", place, self.world.bot_id, {"body": delivery.body})
                if activity.get("name") == "adaptiveCard/action":
                    self._take_card(person, activity, delivery.body)
                elif str(activity.get("name")).startswith("task/"):
                    self._take_task(person, activity, delivery.body)
        self._tell()

    def _take_card(self, person: Person, activity: Json, body: Any) -> None:
        if not isinstance(body, dict):
            if body is not None:
                self._odd(person, activity, "the answer is not an object")
            return
        place = activity["conversation"]["id"]
        message = self.world.find_message(place, str(activity.get("replyToId", "")))
        value = body.get("value")
        match body.get("type"):
            case "application/vnd.microsoft.card.adaptive" if isinstance(value, dict):
                if not self.connector.judge_card(place, value):
                    self._odd(person, activity, "the answered card is invalid")
                elif message is not None:
                    message.overrides[person.id] = value
            case "application/vnd.microsoft.activity.message" if isinstance(value, str):
                self._toast(person, value)
            case "application/vnd.microsoft.error" if isinstance(value, dict):
                self._toast(person, str(value.get("message") or WENT_WRONG), failed=True)
            case _:
                self._odd(person, activity, f"an answer of type {body.get('type')!r}")
        if not isinstance(body.get("statusCode"), int):
            self.connector.violate("answer", place, "an adaptiveCard/action answer without statusCode")

    def _take_task(self, person: Person, activity: Json, body: Any) -> None:
        task = body.get("task") if isinstance(body, dict) else None
        if not isinstance(task, dict):
            if body:
                self._odd(person, activity, "the answer holds no task")
            else:
                self.dialogs.pop(person.id, None)
            return
        value = task.get("value")
        place = activity["conversation"]["id"]
        if task.get("type") == "message" and isinstance(value, str):
            self.dialogs.pop(person.id, None)
            self._toast(person, value)
        elif task.get("type") == "continue" and isinstance(value, dict) and (value.get("card") or value.get("url")):
            attachment = value.get("card")
            card = attachment.get("content") if isinstance(attachment, dict) else None
            shown = isinstance(attachment, dict) and attachment.get("contentType") == ADAPTIVE_CARD
            if attachment is not None and not (shown and self.connector.judge_card(place, card)):
                self._odd(person, activity, "the dialog's card is invalid")
                return
            self.dialogs[person.id] = Dialog(
                self.world.next_id("dialog"),
                place,
                str(activity.get("replyToId", "")),
                str(value.get("title", "")),
                value.get("height"),
                value.get("width"),
                card,
                str(value.get("url") or ""),
            )
        else:
            self._odd(person, activity, f"a task of type {task.get('type')!r}")

    def _toast(self, person: Person, text: str, *, failed: bool = False) -> None:
        self.toasts[person.id] = Toast(text, self.world.clock.now(), failed)

    def _odd(self, person: Person, activity: Json, what: str) -> None:
        self.connector.violate("answer", activity["conversation"]["id"], what)
        self._toast(person, WENT_WRONG, failed=True)

    # ── shapes ───────────────────────────────────────────────────────────────────────────────────────────────────
    def _times(self, person: Person) -> Json:
        local = self.world.local(person)
        return {
            "timestamp": stamp(self.world.clock.now()),
            "localTimestamp": stamp(local),
            "localTimezone": person.timezone,
        }

    def _activity(self, person: Person, place: Place, kind: str, activity_id: str) -> Json:
        """The part every activity has."""
        outsider = person.tenant != place.tenant
        seen = person.tenant if outsider and self.guests_bring_home_tenant else place.tenant
        conversation: Json = {"id": place.id, "conversationType": place.kind, "tenantId": place.tenant}
        data: Json = {"tenant": {"id": seen}}
        if place.kind != "personal":
            conversation["isGroup"] = True
        if place.team is not None and place.channel is not None:
            data |= {
                "teamsChannelId": place.channel.id,
                "teamsTeamId": place.team.id,
                "channel": {"id": place.channel.id},
                "team": {"id": place.team.id},
            }
            if place.channel.type != "standard":
                data["channel"]["type"] = place.channel.type
        return {
            "type": kind,
            "id": activity_id,
            **self._times(person),
            "channelId": "msteams",
            "serviceUrl": self.connector.service_url,
            "from": {"id": person.id, "name": person.name, "aadObjectId": person.aad},
            "conversation": conversation,
            "recipient": {"id": self.world.bot_id, "name": self.world.bot_name},
            "locale": person.locale,
            "entities": [
                {
                    "type": "clientInfo",
                    "locale": person.locale,
                    "country": person.locale[-2:],
                    "platform": "Web",
                    "timezone": person.timezone,
                }
            ],
            "channelData": data,
        }

    def _invoke(self, person: Person, place: Place, name: str, value: Any, *, reply_to: str) -> Json:
        activity = self._activity(person, place, "invoke", f"f:{self.world.next_id('activity')}")
        activity["channelData"]["source"] = {"name": "message"}
        activity |= {"value": value, "replyToId": reply_to}
        if name:
            activity["name"] = name
        return activity


def _json_or_none(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw else None
    except (ValueError, RecursionError):
        return raw.decode("utf-8", "replace")
