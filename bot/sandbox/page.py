"""The sandbox's page: what it shows, and what a press on it does to the local Slack and the local Teams."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Route

from bot.sandbox.hooks import FakeHooks
from bot.sandbox.ledger import Entry, Fault, Json, Ledger, SandboxClock
from bot.sandbox.mailbox import FakeMail
from bot.sandbox.page_door import (
    HEADERS,
    Reply,
    Unfit,
    guarded,
    json_answer,
    number_of,
    object_of,
    read_object,
    text_of,
)
from bot.sandbox.page_pulse import Pulse
from bot.sandbox.slack import METHODS, Ack, FakeSlack, NotPossible
from bot.sandbox.slack_records import Person as SlackPerson
from bot.sandbox.slack_records import SlackError
from bot.sandbox.teams import Delivery, FakeTeams
from bot.sandbox.teams import Person as TeamsPerson
from handlers.grammar.lines import USAGE

FOLDER = Path(__file__).parent / "page"
MEDIA = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
LONGEST_WIND = timedelta(days=31)
"""How far one press may wind the clock on."""
LEDGER_ROWS = 500
"""How many of the newest entries one look at the ledger holds."""
TEAMS_METHODS = ("activity.post", "activity.put", "activity.delete", "members.get", "teams.get")
FAULT_KINDS = frozenset(
    {
        "drop_before",
        "accept_then_drop",
        "accept_then_500",
        "accept_then_error",
        "status",
        "error",
        "rate_limited",
        "delay",
        "truncate",
        "html",
    }
)
_TIMED_OUT = (
    "Amends did not answer within 3 seconds, so Slack gave up waiting. "
    "It may still have been recorded: look before you say it again."
)
_UNREACHED = "Amends could not be reached, or answered with an error. Its own log says more."

Act = Callable[[Json], Awaitable[Json]]


def routes(
    slack: FakeSlack,
    teams: FakeTeams,
    ledger: Ledger,
    clock: SandboxClock,
    *,
    outbox: Callable[[], list[dict[str, Any]]],
    wind: Callable[[timedelta], Awaitable[None]],
    timezone: str = "UTC",
    letters: tuple[FakeMail, FakeHooks] | None = None,
) -> list[Route]:
    """The page at /sandbox and its API below it.

    `outbox` is called in a thread and answers rows as `amends outbox list --json` prints them; `wind` moves the clock
    on and does what falls due; `timezone` is the house's (IANA); `letters` are the customers' mailboxes and webhooks.
    """
    page = _Page(slack, teams, ledger, clock, outbox=outbox, wind=wind, timezone=timezone, letters=letters)
    acts: dict[str, Act] = {
        "slack/command": page.slack_command,
        "slack/say": page.slack_say,
        "slack/mention": page.slack_mention,
        "slack/press": page.slack_press,
        "slack/submit": page.slack_submit,
        "slack/close": page.slack_close,
        "slack/home": page.slack_home,
        "slack/react": page.slack_react,
        "slack/join": page.slack_join,
        "teams/say": page.teams_say,
        "teams/mention": page.teams_mention,
        "teams/personal": page.teams_personal,
        "teams/press": page.teams_press,
        "teams/submit": page.teams_submit,
        "teams/close": page.teams_close,
        "teams/react": page.teams_react,
        "clock": page.wound,
    }
    made = [Route("/sandbox", guarded(_index)), Route("/sandbox/static/{file}", guarded(_static))]
    made += [
        Route(f"/sandbox/api/{name}", guarded(look), methods=["GET"])
        for name, look in {"state": page.state, "stream": page.stream, "ledger": page.ledger_rows}.items()
    ]
    made += [Route(f"/sandbox/api/{path}", guarded(_acting(act)), methods=["POST"]) for path, act in acts.items()]
    made.append(Route("/sandbox/api/faults", guarded(page.faults), methods=["GET", "POST", "DELETE"]))
    return made


class _Page:
    """One page's view of the two platforms. Every act answers a JSON object; `note` is a sentence to show."""

    def __init__(
        self,
        slack: FakeSlack,
        teams: FakeTeams,
        ledger: Ledger,
        clock: SandboxClock,
        *,
        outbox: Callable[[], list[dict[str, Any]]],
        wind: Callable[[timedelta], Awaitable[None]],
        timezone: str,
        letters: tuple[FakeMail, FakeHooks] | None,
    ) -> None:
        self._slack = slack
        self._teams = teams
        self._ledger = ledger
        self._clock = clock
        self._outbox = outbox
        self._wind = wind
        self._timezone = timezone
        self._letters = letters
        self._down: dict[str, list[Fault]] = {}
        self._pulse = Pulse()
        ledger.watch(self._pulse.beat)
        teams.watch(self._pulse.beat)

    # looking

    async def state(self, request: Request) -> Response:
        """Everything on screen for two people: what they see, the clock, the outbox, the fault script."""
        slack_as = self._slack_person(request.query_params.get("slack", ""))
        teams_as = self._teams_person(request.query_params.get("teams", ""))
        rows = await asyncio.to_thread(self._outbox)
        violations = sum(self._slack.violations.values()) + len(self._teams.violations)
        shown: Json = {
            "as": {"slack": slack_as, "teams": teams_as},
            "people": {"slack": self._slack_people(), "teams": self._teams_people()},
            "slack": self._slack.state_for(slack_as),
            "teams": self._teams.state_for(teams_as),
            "letters": self._letters_shown(),
            "clock": {"now": self._clock.now().isoformat(), "zone": self._timezone},
            "outbox": rows,
            "counts": {
                "accepted": len(self._ledger.entries),
                "refusals": len(self._ledger.refusals),
                "violations": violations,
                "seq": self._last_seq(),
            },
            "faults": self._fault_rows(),
            "down": sorted(self._down),
            "usages": [{"verb": verb, "line": use.line, "about": use.meaning} for verb, use in USAGE.items()],
        }
        return json_answer(shown)

    def _letters_shown(self) -> list[Json]:
        """Customers' mail and webhooks in the order they came; of a webhook's entry what it says now."""
        if self._letters is None:
            return []
        mail, hooks = self._letters
        names = ("to", "subject", "text", "headers", "at")
        shown: list[Json] = [{"kind": "email"} | {n: m[n] for n in names} for m in mail.mails]
        entries: dict[tuple[str, str], Json] = {}
        for call in hooks.calls:
            if "page" not in call["body"]:  # the house's own on-call service
                continue
            incident = call["body"]["incident"]
            update = incident["incident_updates"][0]
            key = (call["url"], update["id"])
            entries[key] = {
                "kind": "webhook",
                "to": call["url"],
                "subject": incident["name"],
                "text": update["body"],
                "headers": {"status": update["status"], "updated": key in entries},
                "at": call["at"],
            }
        return sorted((*shown, *entries.values()), key=lambda one: str(one["at"]))

    async def ledger_rows(self, _request: Request) -> Response:
        """The newest accepted effects and refusals."""
        shown = {
            "entries": [_entry(e) for e in self._ledger.entries[-LEDGER_ROWS:]],
            "refusals": [_entry(e) for e in self._ledger.refusals[-LEDGER_ROWS:]],
            "seq": self._last_seq(),
        }
        return json_answer(shown)

    def _last_seq(self) -> int:
        newest = [rows[-1].seq for rows in (self._ledger.entries, self._ledger.refusals) if rows]
        return max(newest, default=0)

    async def stream(self, request: Request) -> Response:
        """Server-sent events: `tick` whenever something changed on either platform."""
        return StreamingResponse(
            self._pulse.ticks(request, self._last_seq), media_type="text/event-stream", headers=HEADERS
        )

    # people

    def _slack_people(self) -> list[Json]:
        return [_slack_person(p, self._slack.world.team_id) for p in self._slack.world.people.values() if not p.is_bot]

    def _teams_people(self) -> list[Json]:
        titles = {p.email: p.title for p in self._slack.world.people.values() if p.email}
        everyone = self._teams.world.people.values()
        return [_teams_person(p, self._teams.tenant_id) | {"title": titles.get(p.email, "")} for p in everyone]

    def _slack_person(self, wanted: str) -> str:
        there = [str(p["id"]) for p in self._slack_people()]
        return wanted if wanted in there else there[0]

    def _teams_person(self, wanted: str) -> str:
        there = [str(p["id"]) for p in self._teams_people()]
        return wanted if wanted in there else there[0]

    # acting in Slack

    async def slack_command(self, body: Json) -> Json:
        """Type a slash command; Slack itself tells the person when it failed."""
        ack = await self._slack.command(
            text_of(body, "user"), text_of(body, "channel"), text_of(body, "command"), text_of(body, "text", "")
        )
        return _acked(ack)

    async def slack_say(self, body: Json) -> Json:
        """Write a message, in a thread where `thread_ts` is given."""
        ts = await self._slack.say(
            text_of(body, "user"),
            text_of(body, "channel"),
            text_of(body, "text"),
            thread_ts=text_of(body, "thread_ts", ""),
        )
        return {"ts": ts}

    async def slack_mention(self, body: Json) -> Json:
        """Write a message to @Amends."""
        ts = await self._slack.mention(
            text_of(body, "user"),
            text_of(body, "channel"),
            text_of(body, "text"),
            thread_ts=text_of(body, "thread_ts", ""),
        )
        return {"ts": ts}

    async def slack_press(self, body: Json) -> Json:
        """Press or choose something, of a message (`channel`, `ts`) or of a view (`view_id`)."""
        user, action = text_of(body, "user"), text_of(body, "action_id")
        given: Json = {
            "choose": body.get("choose"),
            "value": body.get("value"),
            "block_id": body.get("block_id"),
            "state": object_of(body, "state"),
        }
        if body.get("view_id"):
            return _acked(await self._slack.press_in_view(user, text_of(body, "view_id"), action, **given))
        return _acked(await self._slack.press(user, text_of(body, "channel"), text_of(body, "ts"), action, **given))

    async def slack_submit(self, body: Json) -> Json:
        """Send a modal. `errors` (block id to sentence) when the bot wants something changed."""
        user, view_id = text_of(body, "user"), text_of(body, "view_id")
        ack = await self._slack.submit(user, view_id, object_of(body, "values"))
        view = self._slack.world.views.get(view_id)
        return _acked(ack) | ({"errors": dict(view.errors)} if view and view.errors else {})

    async def slack_close(self, body: Json) -> Json:
        """Cancel a modal."""
        await self._slack.close_view(text_of(body, "user"), text_of(body, "view_id"))
        self._pulse.beat()
        return {}

    async def slack_home(self, body: Json) -> Json:
        """Open the Home tab of Amends."""
        await self._slack.open_home(text_of(body, "user"))
        return {}

    async def slack_react(self, body: Json) -> Json:
        """Add an emoji to a message."""
        await self._slack.react(
            text_of(body, "user"), text_of(body, "channel"), text_of(body, "ts"), text_of(body, "name")
        )
        return {}

    async def slack_join(self, body: Json) -> Json:
        """Come into a public channel."""
        await self._slack.join(text_of(body, "user"), text_of(body, "channel"))
        self._pulse.beat()
        return {}

    # acting in Teams

    async def teams_say(self, body: Json) -> Json:
        """Write to people only; the bot hears it where it may read along."""
        told = await self._teams.say(text_of(body, "user"), text_of(body, "conversation"), text_of(body, "text"))
        return _delivered(told)

    async def teams_mention(self, body: Json) -> Json:
        """Write `@Amends …`; in a channel this begins a thread, whose id comes back as `conversation`."""
        told = await self._teams.mention(text_of(body, "user"), text_of(body, "conversation"), text_of(body, "text"))
        return _delivered(told)

    async def teams_personal(self, body: Json) -> Json:
        """Write in one's own chat with Amends."""
        return _delivered(await self._teams.say_personal(text_of(body, "user"), text_of(body, "text")))

    async def teams_press(self, body: Json) -> Json:
        """Press a button of a card: `action` is its index among the card's actions, or its title, verb or id."""
        told = await self._teams.press(
            text_of(body, "user"),
            text_of(body, "conversation"),
            text_of(body, "activity_id"),
            _action(body),
            object_of(body, "inputs"),
        )
        return _delivered(told, invoke=True)

    async def teams_submit(self, body: Json) -> Json:
        """Press a button of the open dialog."""
        told = await self._teams.press_in_dialog(
            text_of(body, "user"), text_of(body, "dialog_id"), _action(body), object_of(body, "inputs")
        )
        return _delivered(told, invoke=True)

    async def teams_close(self, body: Json) -> Json:
        """Close the dialog with its cross."""
        self._teams.close_dialog(text_of(body, "user"))
        return {}

    async def teams_react(self, body: Json) -> Json:
        """Put a reaction on a message, or (`remove`) take it off."""
        told = await self._teams.react(
            text_of(body, "user"),
            text_of(body, "conversation"),
            text_of(body, "message_id"),
            text_of(body, "reaction"),
            remove=bool(body.get("remove")),
        )
        return _delivered(told)

    # the clock and the faults

    async def wound(self, body: Json) -> Json:
        """Wind the clock on by `minutes`."""
        minutes = body.get("minutes")
        if isinstance(minutes, bool) or not isinstance(minutes, int | float) or not minutes > 0:  # NaN too
            raise Unfit("Say by how many minutes to wind the clock on: it goes forward only.")
        by = timedelta(minutes=min(minutes, LONGEST_WIND / timedelta(minutes=1) + 1))
        if by > LONGEST_WIND:
            raise Unfit(f"One press winds the clock on by {LONGEST_WIND.days} days at most.")
        await self._wind(by)
        self._pulse.beat()
        return {"now": self._clock.now().isoformat()}

    async def faults(self, request: Request) -> Response:
        """The fault script: read it, add a line (or `down`: a platform), remove one (`id`, `down`, or `all`)."""
        if request.method != "GET":
            body = await read_object(request)
            if request.method == "POST":
                self._add_fault(body)
            else:
                self._remove_fault(body)
            self._pulse.beat()
        return json_answer({"faults": self._fault_rows(), "down": sorted(self._down)})

    def _add_fault(self, body: Json) -> None:
        if "down" in body:
            platform = _platform(body)
            if platform not in self._down:
                self._down[platform] = self._outage(platform)
                self._ledger.faults[:0] = self._down[platform]
            return
        kind = text_of(body, "kind")
        if kind not in FAULT_KINDS:
            raise Unfit(f"There is no fault called {kind!r}. There are {', '.join(sorted(FAULT_KINDS))}.")
        times, status, seconds = (number_of(body, name, usual) for name, usual in _USUAL.items())
        if times == 0 or not 400 <= status <= 599 or not 0 <= seconds <= 3600:
            raise Unfit("A fault hits at least once (-1: always), with a status from 400 to 599 and up to an hour.")
        self._ledger.faults.append(
            Fault(
                text_of(body, "method", "*"),
                kind,
                place=text_of(body, "place", ""),
                times=int(times),
                status=int(status),
                error=text_of(body, "error", ""),
                seconds=seconds,
            )
        )

    def _remove_fault(self, body: Json) -> None:
        if "down" in body:
            gone = {id(f) for f in self._down.pop(_platform(body), [])}
        elif body.get("all"):
            gone = {id(f) for f in self._ledger.faults}
            self._down.clear()
        else:
            gone = {id(f) for f in self._ledger.faults if str(id(f)) == str(body.get("id"))}
        self._ledger.faults[:] = [f for f in self._ledger.faults if id(f) not in gone and f.times != 0]

    def _outage(self, platform: str) -> list[Fault]:
        """Every call to this platform ends in a reset, for as long as the outage lasts."""
        if platform == "slack":
            # Both platforms have a conversations.create; Slack's cannot be told apart by its place, so it stays up.
            methods = [*(m for m in METHODS if m != "conversations.create"), "response_url"]
            return [Fault(method, "drop_before", times=-1) for method in methods]
        places = [c.id for team in self._teams.world.teams.values() for c in team.channels]
        places += [p.id for p in self._teams.world.people.values()]
        new_threads = [Fault("conversations.create", "drop_before", place=place, times=-1) for place in places]
        return [Fault(method, "drop_before", times=-1) for method in TEAMS_METHODS] + new_threads

    def _fault_rows(self) -> list[Json]:
        part_of_outage = {id(f) for faults in self._down.values() for f in faults}
        return [
            {"id": str(id(f)), **asdict(f)} for f in self._ledger.faults if f.times != 0 and id(f) not in part_of_outage
        ]


_USUAL = {"times": 1, "status": 500, "seconds": 0}


def _action(body: Json) -> str | int:
    value = body.get("action")
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Unfit("The request needs 'action'.")
    return value


def _platform(body: Json) -> str:
    platform = body.get("down")
    if platform not in ("slack", "teams"):
        raise Unfit("'down' is slack or teams.")
    return str(platform)


def _acting(act: Act) -> Reply:
    """An act as an endpoint, JSON in and out; what the platform's own client would not allow is a sentence."""

    async def acting(request: Request) -> Response:
        body = await read_object(request)
        try:
            told = await act(body)
        except (NotPossible, SlackError, LookupError, PermissionError, ValueError) as refused:
            sentence = str(refused.args[0]) if refused.args else "That is not possible here."
            raise Unfit(f"{sentence[:1].upper()}{sentence[1:]}.".replace("..", "."), 409) from refused
        return json_answer({"ok": True, **told})

    return acting


# what goes out


async def _index(_request: Request) -> Response:
    return FileResponse(FOLDER / "index.html", media_type="text/html", headers=HEADERS)


async def _static(request: Request) -> Response:
    name = str(request.path_params["file"])
    media = MEDIA.get(Path(name).suffix)
    if media is None or name != Path(name).name:
        return json_answer({"ok": False, "sentence": "There is no such file."}, 404)
    try:
        return FileResponse(FOLDER / name, media_type=media, headers=HEADERS, stat_result=(FOLDER / name).stat())
    except OSError:
        return json_answer({"ok": False, "sentence": "There is no such file."}, 404)


def _entry(entry: Entry) -> Json:
    return {
        "seq": entry.seq,
        "at": entry.at.isoformat(),
        "platform": entry.platform,
        "what": entry.what,
        "place": entry.place,
        "sender": entry.sender,
        "payload": entry.payload,
        "answer": entry.answer,
    }


def _slack_person(person: SlackPerson, team: str) -> Json:
    return {
        "id": person.id,
        "name": person.real_name,
        "title": person.title,
        "guest": person.is_restricted or person.is_ultra_restricted,
        "foreign": person.team_id != team,
    }


def _teams_person(person: TeamsPerson, tenant: str) -> Json:
    return {
        "id": person.id,
        "key": person.key,
        "name": person.name,
        "email": person.email,
        "aad": person.aad,
        "guest": person.role == "guest",
        "foreign": person.tenant != tenant,
    }


def _acked(ack: Ack) -> Json:
    """What came of a press or a command, for the page: a kind sentence where Slack's client shows a bare error."""
    if ack.problem == "operation_timeout":
        return {"note": _TIMED_OUT}
    return {"note": _UNREACHED} if ack.problem else {}


def _delivered(told: Delivery | None, *, invoke: bool = False) -> Json:
    """What came of a Teams act; a failed press already shows Teams' own toast."""
    if told is None:
        return {}
    shown: Json = {"conversation": str((told.activity.get("conversation") or {}).get("id", ""))}
    if told.attempt == 0:
        return shown
    if told.status not in (200, 201, 202) and not invoke:
        shown["note"] = _UNREACHED
    return shown
