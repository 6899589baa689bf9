"""A Microsoft Teams of one's own: the Bot Connector with its tokens and keys, people who act, and what each sees.

```
teams = FakeTeams(ledger, clock, messages_url="http://127.0.0.1:3978/api/messages")
app = Starlette(routes=[Mount("/sandbox/teams", routes=teams.routes())])
teams.service_url = "http://127.0.0.1:3978/sandbox/teams/"
await teams.mention("ben", "19:incidents@thread.tacv2", "declare sev1 Checkout is down")
```
"""

import copy
from collections.abc import Callable, Sequence
from datetime import datetime

from starlette.routing import Route

from bot.sandbox.ledger import Json, Ledger, SandboxClock
from bot.sandbox.teams_cards import check_card
from bot.sandbox.teams_connector import Connector, Violation
from bot.sandbox.teams_courier import INVOKE_SECONDS, MESSAGE_SECONDS, Delivery, Dialog, Toast
from bot.sandbox.teams_identity import ISSUER, KEYS_PATH, OPENID_PATH, Identity, SigningKey
from bot.sandbox.teams_owners import Owners
from bot.sandbox.teams_people import People
from bot.sandbox.teams_world import (
    ADAPTIVE_CARD,
    APP_ID,
    HOME_TENANT,
    OTHER_TENANT,
    Channel,
    GroupChat,
    Message,
    Person,
    Team,
    World,
    entra_id,
    stamp,
)

__all__ = [
    "ADAPTIVE_CARD",
    "APP_ID",
    "HOME_TENANT",
    "ISSUER",
    "KEYS_PATH",
    "OPENID_PATH",
    "OTHER_TENANT",
    "Channel",
    "Delivery",
    "Dialog",
    "FakeTeams",
    "GroupChat",
    "Message",
    "Person",
    "SigningKey",
    "Team",
    "Toast",
    "Violation",
    "check_card",
    "entra_id",
]


class FakeTeams(People, Owners):
    """All of it: `routes()` for the bot, the acts of `People` and `Owners`, `state_for` for the page."""

    def __init__(
        self,
        ledger: Ledger,
        clock: SandboxClock,
        *,
        app_id: str = APP_ID,
        app_password: str = "sandbox",  # noqa: S107  # the sandbox's own, worth nothing anywhere else
        tenant_id: str = HOME_TENANT,
        bot_name: str = "Amends",
        seed: int | str = 0,
        messages_url: str = "",
        service_url: str = "",
        enforce_rates: bool = False,
        people: Sequence[Person] | None = None,
        teams: Sequence[Team] | None = None,
        chats: Sequence[GroupChat] | None = None,
        token_time: Callable[[], datetime] | None = None,
        invoke_seconds: float = INVOKE_SECONDS,
        message_seconds: float = MESSAGE_SECONDS,
        guests_bring_home_tenant: bool = True,
        read_consent: bool = False,
    ) -> None:
        """Ids follow from `clock` and `seed` alone.

        `messages_url`: where the bot listens. `service_url`: where `routes()` is reached, with a final slash; both may
        be set later. `token_time` dates the signed tokens (real time by default; bearers always live on real time).
        `guests_bring_home_tenant`: an outsider's activity names the outsider's tenant (else the tenant of the place).
        `read_consent`: ChannelMessage.Read.Group was granted, so the bot hears channels without being mentioned.
        """
        world = World(
            clock,
            app_id=app_id,
            bot_name=bot_name,
            home_tenant=tenant_id,
            seed=seed,
            people=people,
            teams=teams,
            chats=chats,
        )
        identity = Identity(
            ledger, app_id=app_id, app_password=app_password, tenant_id=tenant_id, token_time=token_time
        )
        super().__init__(
            world,
            ledger,
            identity,
            Connector(world, ledger, identity, enforce_rates=enforce_rates),
            messages_url=messages_url,
            invoke_seconds=invoke_seconds,
            message_seconds=message_seconds,
            guests_bring_home_tenant=guests_bring_home_tenant,
            read_consent=read_consent,
        )
        self.app_id = app_id
        self.app_password = app_password
        self.tenant_id = tenant_id
        self.service_url = service_url

    @property
    def service_url(self) -> str:
        """The Bot Connector's address as activities carry it."""
        return self.connector.service_url

    @service_url.setter
    def service_url(self, url: str) -> None:
        self.connector.service_url = url

    @property
    def violations(self) -> list[Violation]:
        """Everything real Teams would have frowned upon, oldest first."""
        return self.connector.violations

    def routes(self) -> list[Route]:
        """Bot Connector, OpenID metadata, key set and token endpoint; to be mounted anywhere."""
        return [*self.connector.routes(), *self.identity.routes()]

    def rotate_keys(self, *, publish: bool = True, keep_old: bool = True) -> SigningKey:
        """As `Identity.rotate_keys`: from now on activities are signed with a new key."""
        return self.identity.rotate_keys(publish=publish, keep_old=keep_old)

    def publish_keys(self) -> None:
        """Put the key in use into the key set, if `rotate_keys(publish=False)` left it out."""
        self.identity.publish_keys()

    # ── what a person sees ───────────────────────────────────────────────────────────────────────────────────────
    def state_for(self, user: str) -> Json:
        """This person's Teams as plain JSON: only the places they can see, with their own cards, dialog and toast."""
        person = self.world.person(user)
        with self.world.lock:
            dialog, toast = self.dialogs.get(person.id), self.toasts.get(person.id)
            personal = self.world.personal_chat(person)
            state: Json = {
                "user": {"key": person.key, **person.account()},
                "bot": {"id": self.world.bot_id, "name": self.world.bot_name},
                "tenant": self.tenant_id,
                "now": stamp(self.world.clock.now()),
                "teams": [seen for team in self.world.teams.values() if (seen := self._team_for(person, team))],
                "groupChats": [
                    {
                        "id": chat.id,
                        "name": chat.topic,
                        "bot": chat.bot_in,
                        "members": [self.world.people[k].name for k in chat.members if k in self.world.people],
                        "messages": [self._seen(person, m) for m in self.world.said_in(chat.id)],
                    }
                    for chat in self.world.chats.values()
                    if person.key in chat.members
                ],
                "personal": {
                    "id": personal,
                    "name": self.world.bot_name,
                    "bot": person.has_app,
                    "messages": [self._seen(person, m) for m in self.world.said_in(personal)],
                },
                "dialog": dialog
                and {
                    "id": dialog.id,
                    "conversation": dialog.conversation,
                    "activityId": dialog.activity_id,
                    "title": dialog.title,
                    "height": dialog.height,
                    "width": dialog.width,
                    "card": dialog.card,
                    "url": dialog.url,
                },
                "toast": toast and {"text": toast.text, "at": stamp(toast.at), "failed": toast.failed},
            }
            return copy.deepcopy(state)

    def _team_for(self, person: Person, team: Team) -> Json | None:
        """A team with the channels this person can see; None when there are none."""
        channels = [c for c in team.channels if person.key in (c.members or team.members)]
        if not channels:
            return None
        return {
            "id": team.id,
            "name": team.name,
            "aadGroupId": team.aad_group_id,
            "installed": team.installed,
            "channels": [
                {
                    "id": channel.id,
                    "name": channel.name,
                    "type": channel.type,
                    "bot": team.installed and channel.bot_in,
                    "threads": self._threads(person, channel.id),
                }
                for channel in channels
            ],
        }

    def _threads(self, person: Person, channel_id: str) -> list[Json]:
        threads: dict[str, Json] = {}
        for message in self.world.messages.get(channel_id, {}).values():
            if not message.root:
                place = f"{channel_id};messageid={message.id}"
                threads[message.id] = {"id": place, "root": self._seen(person, message), "replies": []}
            elif not message.deleted:
                threads[message.root]["replies"].append(self._seen(person, message))
        # A deleted first message stays as a tombstone while anybody has answered it.
        return [t for t in threads.values() if t["replies"] or not t["root"]["deleted"]]

    def _seen(self, person: Person, message: Message) -> Json:
        return {
            "id": message.id,
            "from": {
                "id": message.sender,
                "name": message.sender_name,
                "bot": message.sender == self.world.bot_id,
            },
            "at": stamp(message.at),
            "text": "" if message.deleted else message.text,
            "textFormat": message.text_format,
            "summary": message.summary,
            "entities": message.entities,
            "attachments": [] if message.deleted else message.attachments,
            "card": None if message.deleted else message.card_for(person),
            "override": message.overrides.get(person.id),
            "edited": message.edited,
            "deleted": message.deleted,
            "reactions": {kind: list(givers) for kind, givers in message.reactions.items() if givers},
        }
