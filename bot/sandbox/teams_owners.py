"""Owners at the sandbox's Teams: they add and remove the app, and make, rename and delete channels."""

from dataclasses import replace

from bot.sandbox.teams_courier import Courier, Delivery
from bot.sandbox.teams_world import Channel, Place


class Owners(Courier):
    """The acts of a team's owner. Raises LookupError for people, teams and channels that are not there."""

    async def install(self, team: str, by: str = "ben") -> list[Delivery]:
        """Add the bot to a team: `conversationUpdate` with the bot among `membersAdded`, then `installationUpdate`."""
        self.world.change_team(team, installed=True)
        added = await self._team_event(team, by, "teamMemberAdded", membersAdded=[{"id": self.world.bot_id}])
        return [added, await self._installation(by, team, "add")]

    async def uninstall(self, team: str, by: str = "ben") -> list[Delivery]:
        """Remove the bot from a team: it hears of it, and from then on is refused there."""
        self.world.change_team(team, installed=False)
        removed = await self._team_event(team, by, "teamMemberRemoved", membersRemoved=[{"id": self.world.bot_id}])
        return [removed, await self._installation(by, team, "remove")]

    async def install_personal(self, user: str) -> list[Delivery]:
        """Add the app in one's personal scope: the bot hears both updates from the new chat."""
        person = self.world.change_person(self.world.person(user).key, has_app=True)
        place = self.world.place(self.world.personal_chat(person))
        activity = self._activity(person, place, "conversationUpdate", f"f:{self.world.next_id('activity')}")
        activity["membersAdded"] = [{"id": self.world.bot_id}, {"id": person.id, "aadObjectId": person.aad}]
        added = await self._send("person.install", person, place, activity)
        activity = self._activity(person, place, "installationUpdate", f"f:{self.world.next_id('activity')}")
        activity["action"] = "add"
        return [added, await self._send("person.install", person, place, activity)]

    async def create_channel(self, team: str, channel: Channel, by: str = "ben") -> Delivery:
        """Add a channel to a team; the bot hears `channelCreated`."""
        self.world.change_team(team, channels=(*self.world.teams[team].channels, channel))
        return await self._team_event(team, by, "channelCreated", channel=channel)

    async def rename_channel(self, channel_id: str, name: str, by: str = "ben") -> Delivery:
        """Rename a channel; its id stays; the bot hears `channelRenamed`."""
        channel = self.world.change_channel(channel_id, name=name)
        team = self.world.place(channel_id).team
        assert team is not None
        return await self._team_event(team.id, by, "channelRenamed", channel=channel)

    async def delete_channel(self, channel_id: str, by: str = "ben") -> Delivery:
        """Delete a channel: it answers 404 from now on; the bot hears `channelDeleted`."""
        found = self.world.find_channel(channel_id)
        if found is None:
            raise LookupError(f"there is no channel {channel_id!r}")
        team, channel = found
        self.world.change_team(team.id, channels=tuple(c for c in team.channels if c.id != channel_id))
        return await self._team_event(team.id, by, "channelDeleted", channel=channel)

    async def rename_team(self, team_id: str, name: str, by: str = "ben") -> Delivery:
        """Rename a team; the bot hears `teamRenamed`."""
        self.world.change_team(team_id, name=name)
        return await self._team_event(team_id, by, "teamRenamed")

    async def _team_event(
        self, team_id: str, by: str, event: str, channel: Channel | None = None, **content: object
    ) -> Delivery:
        person = self.world.person(by)
        place = self._heard(team_id, leaving=event == "teamMemberRemoved")
        activity = self._activity(person, place, "conversationUpdate", f"f:{self.world.next_id('activity')}")
        team = self.world.teams[team_id]
        data = activity["channelData"]
        data |= {"eventType": event, "team": {"id": team.id, "name": team.name, "aadGroupId": team.aad_group_id}}
        data.pop("channel", None)
        if channel is not None:
            data["channel"] = {"id": channel.id, "name": channel.name, "type": channel.type}
        activity |= content
        return await self._send("person.team", person, place, activity)

    async def _installation(self, by: str, team_id: str, action: str) -> Delivery:
        person = self.world.person(by)
        place = self._heard(team_id, leaving=action == "remove")
        activity = self._activity(person, place, "installationUpdate", f"f:{self.world.next_id('activity')}")
        activity["action"] = action
        team = self.world.teams[team_id]
        activity["channelData"]["team"] = {"id": team.id, "name": team.name, "aadGroupId": team.aad_group_id}
        return await self._send("person.install", person, place, activity)

    def _heard(self, team_id: str, *, leaving: bool) -> Place:
        """The team's General; the bot hears of its own removal although it is already out."""
        place = self.world.place(team_id)
        return replace(place, bot_in=place.bot_in or leaving)
