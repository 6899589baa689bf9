"""The Bot Connector of the sandbox's Teams: what the bot may say, where, how large and how often.

Source: https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-api-reference
"""

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.sandbox.ledger import Json, Ledger
from bot.sandbox.teams_cards import check_card, is_too_deep, utf8_size, utf16_size
from bot.sandbox.teams_faults import after, before, error
from bot.sandbox.teams_identity import Identity
from bot.sandbox.teams_rates import EDIT, READ, SEND, Rates
from bot.sandbox.teams_world import ADAPTIVE_CARD, Message, Place, Team, World

# Teams takes about 100 KB as UTF-16; its page asks to stay under 80
# (learn.microsoft.com/microsoftteams/platform/bots/how-to/format-your-bot-messages)
LARGEST_MESSAGE = 80 * 1024
LARGEST_CARD = 28 * 1024  # ours: the smallest limit a card of Amends ever meets (incoming webhooks and workflows)
LARGEST_PAGE = 500  # members a page

_OTHER_ATTACHMENTS = ("application/vnd.microsoft.", "image/", "text/html")


@dataclass(frozen=True)
class Violation:
    """Something real Teams frowns upon or would have refused."""

    kind: str  # rate · size · card_size · card · mention · late_ack · answer
    place: str
    what: str
    at: datetime  # virtual time, UTC


class _Refused(Exception):  # noqa: N818  # an answer, not a bug
    """The Bot Connector says no."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.response = error(status, code, message, headers)
        self.answer = {"status": status, "code": code, "message": message}


class Connector:
    """The REST routes the bot calls."""

    def __init__(self, world: World, ledger: Ledger, identity: Identity, *, enforce_rates: bool) -> None:
        """`enforce_rates` answers 429 past the published windows; otherwise they are only counted as violations."""
        self.world = world
        self.ledger = ledger
        self.identity = identity
        self.rates = Rates()
        self.enforce_rates = enforce_rates
        self.violations: list[Violation] = []
        self.service_url = ""

    def routes(self) -> list[Route]:
        """Everything under /v3."""
        activities = "/v3/conversations/{conversation}/activities"
        members = "/v3/conversations/{conversation}"
        return [
            Route("/v3/conversations", self._create, methods=["POST"]),
            Route(activities, self._post, methods=["POST"]),
            Route(activities + "/{activity}", self._post, methods=["POST"]),
            Route(activities + "/{activity}", self._put, methods=["PUT"]),
            Route(activities + "/{activity}", self._delete, methods=["DELETE"]),
            Route(members + "/members", self._members, methods=["GET"]),
            Route(members + "/members/{user}", self._member, methods=["GET"]),
            Route(members + "/pagedmembers", self._paged, methods=["GET"]),
            Route("/v3/teams/{team}", self._team, methods=["GET"]),
            Route("/v3/teams/{team}/conversations", self._channels, methods=["GET"]),
        ]

    def violate(self, kind: str, place: str, what: str) -> None:
        """Note something real Teams would not have liked."""
        self.violations.append(Violation(kind, place, what, self.world.clock.now()))

    # ── the frame around every call ──────────────────────────────────────────────────────────────────────────────
    async def _call(
        self, request: Request, method: str, place: str, kind: str, effect: Callable[[Json], Response]
    ) -> Response:
        body: Any = {}
        try:
            self._admit(request)
            if request.method in ("POST", "PUT"):
                body = await _body(request)
                place = place or _target(body)
            self._throttle(kind, place)
            # One question, or a fault's own count would run twice: a thread answers for its channel unless it is named.
            named = any(line.place == place for line in self.ledger.faults)
            fault = self.ledger.fault_for(method, place if named else place.partition(";")[0])
            early = await before(fault)
            if early is not None:
                shown = {"fault": fault.kind if fault else "", "status": early.status_code}
                self.ledger.refuse("teams", method, place, self.world.bot_id, body, shown)
                return early
            with self.world.lock:
                response = effect(body)
            return after(fault, response)
        except _Refused as no:
            self.ledger.refuse("teams", method, place, self.world.bot_id, body, no.answer)
            return no.response

    def _admit(self, request: Request) -> None:
        if not self.identity.is_bearer(request.headers.get("authorization")):
            raise _Refused(401, "Unauthorized", "Authorization has been denied for this request.")

    def _throttle(self, kind: str, conversation: str) -> None:
        base = conversation.partition(";")[0]
        place = self.world.find_place(base)
        tenant = place.tenant if place else self.world.home_tenant
        now = self.world.clock.now()
        full = self.rates.check(kind, base, tenant, now)
        if full is not None:
            self.violate("rate", base, f"more than {full.window} ({kind})")
            if self.enforce_rates:
                headers = {"Retry-After": str(full.retry_after)}
                raise _Refused(429, "TooManyRequests", f"API calls quota exceeded: {full.window}.", headers)
        self.rates.count(kind, base, tenant, now)

    def _place(self, conversation: str) -> Place:
        place = self.world.find_place(conversation)
        if place is None:
            raise _Refused(404, "ConversationNotFound", "Conversation not found.")
        if not place.bot_in:
            if place.kind == "personal":
                raise _Refused(403, "ForbiddenOperationException", "Bot is not installed in user's personal scope.")
            raise _Refused(403, "BotNotInConversationRoster", "The bot is not part of the conversation roster.")
        return place

    # ── saying ───────────────────────────────────────────────────────────────────────────────────────────────────
    async def _create(self, request: Request) -> Response:
        return await self._call(request, "conversations.create", "", SEND, self._do_create)

    def _do_create(self, body: Json) -> Response:
        channel_data = body.get("channelData")
        channel = channel_data.get("channel") if isinstance(channel_data, dict) else None
        if isinstance(channel, dict) and channel.get("id"):
            return self._new_thread(str(channel["id"]), body)
        members = body.get("members")
        if not isinstance(members, list) or len(members) != 1 or body.get("isGroup"):
            raise _Refused(400, "BadSyntax", "Incorrect conversation creation parameters.")
        person = self.world.find_person(str(members[0].get("id", "")) if isinstance(members[0], dict) else "")
        tenant = body.get("tenantId", body.get("tenantID"))  # Microsoft's Python library writes the latter
        if not tenant and isinstance(channel_data, dict) and isinstance(channel_data.get("tenant"), dict):
            tenant = channel_data["tenant"].get("id")
        if person is None:
            raise _Refused(400, "BadArgument", "Failed to decrypt pairwise id.")
        at_home = person.tenant == self.world.home_tenant or person.role == "guest"
        if not at_home or tenant != self.world.home_tenant or not person.has_app:
            raise _Refused(403, "ForbiddenOperationException", "Bot is not installed in user's personal scope.")
        place = self.world.place(self.world.personal_chat(person))
        answer: Json = {"id": place.id, "serviceUrl": self.service_url}
        if isinstance(body.get("activity"), dict):
            message = self._say(place, "", self._checked(place, body["activity"]))
            answer["activityId"] = message.id if message else ""
        self.ledger.accept("teams", "conversations.create", person.id, self.world.bot_id, body, answer)
        return JSONResponse(answer, 201)

    def _new_thread(self, channel_id: str, body: Json) -> Response:
        place = self._place(channel_id)
        if place.kind != "channel" or place.root:
            raise _Refused(400, "BadSyntax", "Bad format of conversation ID.")
        if not body.get("isGroup"):
            raise _Refused(400, "BadSyntax", "Incorrect conversation creation parameters: isGroup must be true.")
        if not isinstance(body.get("activity"), dict):
            raise _Refused(400, "BadSyntax", "Incorrect conversation creation parameters: activity is missing.")
        message = self._say(place, "", self._checked(place, body["activity"]))
        if message is None:
            raise _Refused(400, "BadSyntax", "A thread begins with a message.")
        answer = {
            "id": f"{place.base};messageid={message.id}",
            "activityId": message.id,
            "serviceUrl": self.service_url,
        }
        self.ledger.accept("teams", "conversations.create", channel_id, self.world.bot_id, body, answer)
        return JSONResponse(answer, 201)

    async def _post(self, request: Request) -> Response:
        conversation = request.path_params["conversation"]
        reply_to = request.path_params.get("activity", "")

        def effect(body: Json) -> Response:
            place = self._place(conversation)
            root = place.root
            if reply_to and place.kind == "channel" and not root:
                answered = self.world.find_message(place.base, reply_to)
                if answered is None:
                    raise _Refused(404, "ActivityNotFoundInConversation", "The activity was not found.")
                root = answered.root or answered.id
            message = self._say(place, root, self._checked(place, body))
            answer = {"id": message.id if message else self.world.next_message_id()}
            what = "activity.post" if message else "activity.typing"
            self.ledger.accept("teams", what, conversation, self.world.bot_id, body, answer)
            return JSONResponse(answer, 201)

        return await self._call(request, "activity.post", conversation, SEND, effect)

    async def _put(self, request: Request) -> Response:
        conversation, activity = request.path_params["conversation"], request.path_params["activity"]

        def effect(body: Json) -> Response:
            place = self._place(conversation)
            message = self._own_message(place, activity)
            _write(message, self._checked(place, body))
            message.edited = True
            message.edits += 1
            message.overrides.clear()
            answer = {"id": activity}
            self.ledger.accept("teams", "activity.put", conversation, self.world.bot_id, body, answer)
            return JSONResponse(answer)

        return await self._call(request, "activity.put", conversation, EDIT, effect)

    async def _delete(self, request: Request) -> Response:
        conversation, activity = request.path_params["conversation"], request.path_params["activity"]

        def effect(body: Json) -> Response:
            del body
            message = self._own_message(self._place(conversation), activity)
            message.deleted = True
            self.ledger.accept("teams", "activity.delete", conversation, self.world.bot_id, {"id": activity})
            return JSONResponse({})

        return await self._call(request, "activity.delete", conversation, EDIT, effect)

    def _own_message(self, place: Place, activity: str) -> Message:
        message = self.world.find_message(place.base, activity)
        if message is None:
            raise _Refused(404, "ActivityNotFoundInConversation", "The activity was not found.")
        if message.sender != self.world.bot_id:
            raise _Refused(403, "NotEnoughPermissions", "The bot may change its own messages only.")
        return message

    def _checked(self, place: Place, activity: Json) -> Json:
        """The activity, when Teams would show it; refuses it otherwise and counts what only looks bad."""
        kind = activity.get("type")
        if kind not in ("message", "typing"):
            raise _Refused(400, "BadSyntax", f"Unknown activity type {kind!r}.")
        attachments = activity.get("attachments") or []
        text = activity.get("text") or ""
        entities = activity.get("entities") or []
        if not isinstance(attachments, list) or not isinstance(entities, list) or not isinstance(text, str):
            raise _Refused(400, "BadSyntax", "text must be a string, attachments and entities lists.")
        if kind == "message" and not text and not attachments:
            raise _Refused(400, "BadSyntax", "Activity must include non empty 'text' field or at least 1 attachment.")
        size = utf16_size({k: activity.get(k) for k in ("text", "attachments", "entities", "summary")})
        if size > LARGEST_MESSAGE:
            self.violate("size", place.id, f"a message of {size} bytes")
            raise _Refused(413, "MessageSizeTooBig", f"Message size too large: {size} bytes.")
        for attachment in attachments:
            self._check_attachment(place, attachment)
        for entity in entities:
            if isinstance(entity, dict) and entity.get("type") == "mention" and str(entity.get("text")) not in text:
                self.violate("mention", place.id, f"the mention {entity.get('text')!r} stands in no text")
        return activity

    def _check_attachment(self, place: Place, attachment: object) -> None:
        kind = attachment.get("contentType") if isinstance(attachment, dict) else None
        if not isinstance(attachment, dict) or not isinstance(kind, str):
            raise _Refused(400, "BadSyntax", "An attachment needs a contentType.")
        if kind == ADAPTIVE_CARD:
            self.judge_card(place.id, attachment.get("content"), refuse=True)
        elif not kind.startswith(_OTHER_ATTACHMENTS):
            raise _Refused(400, "BadSyntax", f"Unknown attachment type {kind}.")

    def judge_card(self, place: str, card: object, *, refuse: bool = False) -> bool:
        """Whether Teams would draw this card; what it would not like is counted. `refuse` raises the 400."""
        report = check_card(card)
        for warning in report.warnings:
            self.violate("card", place, warning)
        if (size := utf8_size(card)) > LARGEST_CARD:
            self.violate("card_size", place, f"a card of {size} bytes")
        if report.errors and refuse:
            raise _Refused(400, "BadSyntax", "; ".join(report.errors[:3]))
        return not report.errors

    def _say(self, place: Place, root: str, activity: Json) -> Message | None:
        if activity.get("type") == "typing":
            return None
        bot = self.world
        message = Message(bot.next_message_id(), place.base, root, bot.bot_id, bot.bot_name, bot.clock.now())
        _write(message, activity)
        return bot.add(message)

    # ── asking ───────────────────────────────────────────────────────────────────────────────────────────────────
    async def _members(self, request: Request) -> Response:
        conversation = request.path_params["conversation"]
        return await self._call(
            request,
            "members.get",
            conversation,
            READ,
            lambda _: JSONResponse([p.account() for p in self._place(conversation).members]),
        )

    async def _member(self, request: Request) -> Response:
        conversation, wanted = request.path_params["conversation"], request.path_params["user"]

        def effect(body: Json) -> Response:
            del body
            members = self._place(conversation).members
            person = self.world.find_person(wanted)
            if person is None or person not in members:
                raise _Refused(404, "MemberNotFoundInConversation", "Member not found in conversation.")
            return JSONResponse(person.account())

        return await self._call(request, "members.get", conversation, READ, effect)

    async def _paged(self, request: Request) -> Response:
        conversation = request.path_params["conversation"]

        def effect(body: Json) -> Response:
            del body
            everyone = self._place(conversation).members
            asked = request.query_params.get("pageSize", "")
            size = min(LARGEST_PAGE, max(1, int(asked))) if asked.isdecimal() else LARGEST_PAGE
            token = request.query_params.get("continuationToken", "")
            start = int(token) if token.isdecimal() else 0
            answer: Json = {"members": [p.account() for p in everyone[start : start + size]]}
            if start + size < len(everyone):
                answer["continuationToken"] = str(start + size)
            return JSONResponse(answer)

        return await self._call(request, "members.get", conversation, READ, effect)

    def _wanted_team(self, wanted: str) -> Team:
        self._place(wanted)
        if wanted not in self.world.teams:
            raise _Refused(404, "ConversationNotFound", "Team not found.")
        return self.world.teams[wanted]

    async def _team(self, request: Request) -> Response:
        wanted = request.path_params["team"]

        def effect(body: Json) -> Response:
            del body
            team = self._wanted_team(wanted)
            return JSONResponse(
                {
                    "id": team.id,
                    "name": team.name,
                    "type": "standard",
                    "aadGroupId": team.aad_group_id,
                    "tenantId": team.tenant,
                    "channelCount": len(team.channels),
                    "memberCount": len(team.members),
                }
            )

        return await self._call(request, "teams.get", wanted, READ, effect)

    async def _channels(self, request: Request) -> Response:
        wanted = request.path_params["team"]

        def effect(body: Json) -> Response:
            del body
            team = self._wanted_team(wanted)
            # General has no name in this answer: its id is the team's, and each client names it in its own language.
            listed = [{"id": c.id, "name": None if c.id == team.id else c.name, "type": c.type} for c in team.channels]
            return JSONResponse({"conversations": listed})

        return await self._call(request, "teams.get", wanted, READ, effect)


async def _body(request: Request) -> Json:
    try:
        body = json.loads(await request.body())
    except (ValueError, RecursionError) as wrong:
        raise _Refused(400, "BadSyntax", "The body is not JSON.") from wrong
    if not isinstance(body, dict) or is_too_deep(body):
        raise _Refused(400, "BadSyntax", "The body must be an object, not nested too deeply.")
    return body


def _target(body: Json) -> str:
    """What a new conversation is about: the channel's id, or the person's."""
    channel_data = body.get("channelData")
    channel = channel_data.get("channel") if isinstance(channel_data, dict) else None
    if isinstance(channel, dict) and channel.get("id"):
        return str(channel["id"])
    members = body.get("members")
    first = members[0] if isinstance(members, list) and members else None
    return str(first.get("id", "")) if isinstance(first, dict) else ""


def _write(message: Message, activity: Json) -> None:
    """Put the activity's content into the message, as it was sent."""
    message.text = str(activity.get("text") or "")
    message.text_format = str(activity.get("textFormat") or "markdown")
    message.summary = str(activity.get("summary") or "")
    message.attachments = copy.deepcopy(activity.get("attachments") or [])
    message.entities = copy.deepcopy(activity.get("entities") or [])
