"""People at the sandbox's Teams: they type, mention, edit, react, press buttons and fill in forms."""

import copy
import html
import re

from bot.sandbox.ledger import Json
from bot.sandbox.teams_cards import find_action, gather
from bot.sandbox.teams_courier import Courier, Delivery, Dialog
from bot.sandbox.teams_world import Message, Person, Place

_MENTION = re.compile(r"<at>([^<]+)</at>|(?<![\w@.])@(\w+)")


class People(Courier):
    """The acts of a member. `user` is a key, id or e-mail; who cannot see a place cannot act in it.

    Every act raises LookupError for people, places, messages and buttons that are not there, and PermissionError for a
    place the person cannot see.
    """

    # ── typing ───────────────────────────────────────────────────────────────────────────────────────────────────
    async def mention(self, user: str, conversation: str, text: str) -> Delivery:
        """Write `@Amends …` into a channel (a new thread), a thread or a group chat.

        Colleagues named in the text as `@ana` or `<at>ana</at>` become mentions.
        """
        person, place = self._there(user, conversation)
        return await self._type(person, place, text, mention_bot=True)

    async def say(self, user: str, conversation: str, text: str) -> Delivery | None:
        """Write without mentioning the bot. It hears that only with read consent: otherwise None."""
        person, place = self._there(user, conversation)
        if place.kind == "personal":
            return await self._type(person, place, text, mention_bot=False)
        if not (self.read_consent and place.kind == "channel" and place.bot_in):
            self._show_typed(person, place, text, [])
            return None
        return await self._type(person, place, text, mention_bot=False)

    async def say_personal(self, user: str, text: str) -> Delivery:
        """Write to the bot in one's own chat with it."""
        person = self.world.person(user)
        return await self._type(person, self.world.place(self.world.personal_chat(person)), text, mention_bot=False)

    async def _type(self, person: Person, place: Place, text: str, *, mention_bot: bool) -> Delivery:
        entities = self._mentions(place, text)
        spoken = _spell(text, entities)
        if mention_bot:
            name = self.world.bot_name
            spoken = f"<at>{name}</at>&nbsp;{spoken}"
            entities.insert(
                0, {"type": "mention", "mentioned": {"id": self.world.bot_id, "name": name}, "text": f"<at>{name}</at>"}
            )
        message = self._show_typed(person, place, spoken, entities)
        where = self.world.place(f"{place.base};messageid={message.root or message.id}") if _channel(place) else place
        activity = self._activity(person, where, "message", message.id)
        activity |= {
            "text": spoken,
            "textFormat": "plain",
            "attachments": [_as_html(text)],
            "entities": [*entities, *activity["entities"]],
        }
        return await self._send("person.message", person, where, activity)

    def _show_typed(self, person: Person, place: Place, text: str, entities: list[Json]) -> Message:
        with self.world.lock:
            message = Message(
                self.world.next_message_id(),
                place.base,
                place.root,
                person.id,
                person.name,
                self.world.clock.now(),
                text=text.replace("&nbsp;", " "),
                text_format="plain",
                entities=list(entities),
            )
            self.world.add(message)
        self._tell()
        return message

    def _mentions(self, place: Place, text: str) -> list[Json]:
        found: list[Json] = []
        for match in _MENTION.finditer(text):
            named = (match[1] or match[2]).casefold()
            for person in place.members if place.kind != "personal" else self.world.people.values():
                if named in (person.key.casefold(), person.name.casefold(), person.name.split()[0].casefold()):
                    mention = {"id": person.id, "name": person.name}
                    said = f"<at>{person.name}</at>"
                    found.append({"type": "mention", "mentioned": mention, "text": said, "_typed": match[0]})
                    break
        return found

    async def edit(self, user: str, conversation: str, message_id: str, text: str) -> Delivery | None:
        """Change one's own message; the bot hears `messageUpdate` where it heard the message."""
        person, place = self._there(user, conversation)
        message = self._own(person, place, message_id)
        former = self._sent.get(message_id)
        to_bot = f"<at>{self.world.bot_name}</at>&nbsp;"
        mentions = self._mentions(place, text)
        spoken = _spell(text, mentions)
        if former is not None and former.get("text", "").startswith(to_bot):
            spoken = to_bot + spoken
            mentions.insert(0, former["entities"][0])
        with self.world.lock:
            message.text, message.edited, message.edits = spoken.replace("&nbsp;", " "), True, message.edits + 1
        self._tell()
        if former is None:
            return None
        client = [e for e in former["entities"] if e["type"] != "mention"]
        activity = copy.deepcopy(former) | {"type": "messageUpdate", "text": spoken, **self._times(person)}
        activity["attachments"] = [_as_html(text)]
        activity["entities"] = [*mentions, *client]
        activity["channelData"]["eventType"] = "editMessage"
        return await self._send("person.edit", person, place, activity)

    async def delete(self, user: str, conversation: str, message_id: str) -> Delivery | None:
        """Take one's own message back; the bot hears `messageDelete` where it heard the message."""
        person, place = self._there(user, conversation)
        message = self._own(person, place, message_id)
        with self.world.lock:
            message.deleted = True
        self._tell()
        former = self._sent.get(message_id)
        if former is None:
            return None
        activity = copy.deepcopy(former) | {"type": "messageDelete", **self._times(person)}
        for gone in ("text", "textFormat", "attachments"):
            activity.pop(gone, None)
        activity["channelData"]["eventType"] = "softDeleteMessage"
        return await self._send("person.delete", person, place, activity)

    async def react(
        self, user: str, conversation: str, message_id: str, reaction: str = "like", *, remove: bool = False
    ) -> Delivery | None:
        """Put a reaction on a message, or take it off; the bot hears of those on its own messages."""
        person, place = self._there(user, conversation)
        message = self._message(place, message_id)
        with self.world.lock:
            givers = message.reactions.setdefault(reaction, [])
            if remove and person.id in givers:
                givers.remove(person.id)
            elif not remove and person.id not in givers:
                givers.append(person.id)
        self._tell()
        if message.sender != self.world.bot_id:
            return None
        activity = self._activity(
            person, self._thread_of(place, message), "messageReaction", self.world.next_message_id()
        )
        activity["replyToId"] = message_id
        activity["reactionsRemoved" if remove else "reactionsAdded"] = [{"type": reaction}]
        return await self._send("person.reaction", person, place, activity)

    # ── pressing ─────────────────────────────────────────────────────────────────────────────────────────────────
    async def press(
        self, user: str, conversation: str, activity_id: str, action: str | int, inputs: Json | None = None
    ) -> Delivery | None:
        """Press a button of a card, named by its title, verb, id or index, with what was typed into the inputs.

        None for what the client does alone (OpenUrl, ShowCard, ToggleVisibility). Raises ValueError where the client
        would keep the form: a required input is empty; LookupError when the card, as this person sees it, has no such
        button or it is disabled.
        """
        person, place = self._there(user, conversation)
        message = self._message(place, activity_id)
        card = message.card_for(person)
        if card is None:
            raise LookupError("this message has no card")
        pressed = find_action(card, action)
        if pressed.action.get("isEnabled") is False:
            raise LookupError(f"the button {action!r} is disabled")
        kind = pressed.action.get("type")
        if kind not in ("Action.Execute", "Action.Submit"):
            return None
        values = gather(card, pressed, inputs or {})
        thread = self._thread_of(place, message)
        if kind == "Action.Execute":
            return await self._execute(person, thread, message, pressed.action, values)
        data = pressed.action.get("data")
        if isinstance(data, str):
            return await self._submit(person, thread, message, {"text": data})
        data = {**(data or {}), **values}
        msteams = data.get("msteams") if isinstance(data.get("msteams"), dict) else {}
        return await self._submit_kind(person, thread, message, data, msteams or {})

    async def _submit_kind(
        self, person: Person, place: Place, message: Message, data: Json, msteams: Json
    ) -> Delivery | None:
        match msteams.get("type"):
            case "task/fetch":
                value = {"data": data, "context": {"theme": "default"}}
                activity = self._invoke(person, place, "task/fetch", value, reply_to=message.id)
                return await self._send("person.invoke", person, place, activity)
            case "imBack":
                return await self._type(person, place, str(msteams.get("value", "")), mention_bot=_channel(place))
            case "messageBack":
                if msteams.get("displayText"):
                    self._show_typed(person, place, str(msteams["displayText"]), [])
                value = msteams.get("value") or {k: v for k, v in data.items() if k != "msteams"}
                said: Json = {"value": value}
                if msteams.get("text"):
                    said["text"] = msteams["text"]
                return await self._submit(person, place, message, said)
            case "invoke":
                inner = msteams.get("value") or {}
                reply = self._invoke(person, place, "", inner, reply_to=message.id)
                return await self._send("person.invoke", person, place, reply)
            case _:
                return await self._submit(person, place, message, {"value": data})

    async def _submit(self, person: Person, place: Place, message: Message, said: Json) -> Delivery:
        activity = self._activity(person, place, "message", self.world.next_message_id())
        activity |= {"replyToId": message.id, **said}
        return await self._send("person.submit", person, place, activity)

    async def _execute(
        self, person: Person, place: Place, message: Message, action: Json, values: Json, *, trigger: str = "manual"
    ) -> Delivery:
        sent: Json = {
            "type": "Action.Execute",
            "verb": action.get("verb", ""),
            "data": {**action.get("data", {}), **values},
        }
        if action.get("id"):
            sent["id"] = action["id"]
        value = {"action": sent, "trigger": trigger}
        activity = self._invoke(person, place, "adaptiveCard/action", value, reply_to=message.id)
        return await self._send("person.invoke", person, place, activity)

    async def refresh(self, user: str, conversation: str, activity_id: str) -> Delivery | None:
        """The client refreshes a card by itself for those its `refresh.userIds` names; None where it would not."""
        person, place = self._there(user, conversation)
        message = self._message(place, activity_id)
        card = message.card_for(person) or {}
        wanted = card.get("refresh") or {}
        if person.id not in wanted.get("userIds", []):
            return None
        return await self._execute(
            person, self._thread_of(place, message), message, wanted["action"], {}, trigger="automatic"
        )

    async def submit_task(self, user: str, dialog_id: str, data: Json) -> Delivery:
        """Send the open form with exactly this data."""
        person = self.world.person(user)
        dialog = self._dialog(person, dialog_id)
        place = self.world.place(dialog.conversation)
        value = {"data": data, "context": {"theme": "default"}}
        activity = self._invoke(person, place, "task/submit", value, reply_to=dialog.activity_id)
        return await self._send("person.invoke", person, place, activity)

    async def press_in_dialog(
        self, user: str, dialog_id: str, action: str | int = 0, inputs: Json | None = None
    ) -> Delivery | None:
        """Press a button of the open form: its data and the inputs go out together. Raises as `press` does."""
        dialog = self._dialog(self.world.person(user), dialog_id)
        if dialog.card is None:
            raise LookupError("this dialog shows a page, not a card")
        pressed = find_action(dialog.card, action)
        kind = pressed.action.get("type")
        if kind == "Action.Execute":
            raise ValueError("Teams sends only Action.Submit from a dialog")
        if kind != "Action.Submit":
            return None
        values = gather(dialog.card, pressed, inputs or {})
        data = pressed.action.get("data")
        return await self.submit_task(user, dialog_id, {**(data if isinstance(data, dict) else {}), **values})

    def close_dialog(self, user: str) -> None:
        """Close the form with its cross; the bot hears nothing."""
        self.dialogs.pop(self.world.person(user).id, None)
        self._tell()

    def dismiss_toast(self, user: str) -> None:
        """The toast has faded."""
        self.toasts.pop(self.world.person(user).id, None)
        self._tell()

    # ── looking ──────────────────────────────────────────────────────────────────────────────────────────────────
    def _there(self, user: str, conversation: str) -> tuple[Person, Place]:
        person, place = self.world.person(user), self.world.place(conversation)
        if person not in place.members:
            raise PermissionError(f"{person.name} cannot see {place.name}")
        return person, place

    def _message(self, place: Place, message_id: str) -> Message:
        message = self.world.find_message(place.base, message_id)
        if message is None:
            raise LookupError(f"there is no message {message_id!r} in {place.name}")
        return message

    def _own(self, person: Person, place: Place, message_id: str) -> Message:
        message = self._message(place, message_id)
        if message.sender != person.id:
            raise PermissionError(f"{person.name} did not write this message")
        return message

    def _thread_of(self, place: Place, message: Message) -> Place:
        """The place an activity about this message comes from: in channels, its thread."""
        if not _channel(place):
            return place
        return self.world.place(f"{place.base};messageid={message.root or message.id}")

    def _dialog(self, person: Person, dialog_id: str) -> Dialog:
        dialog = self.dialogs.get(person.id)
        if dialog is None or dialog.id != dialog_id:
            raise LookupError(f"{person.name} has no dialog {dialog_id!r} open")
        return dialog


def _channel(place: Place) -> bool:
    return place.kind == "channel"


def _as_html(text: str) -> Json:
    """The same words as Teams attaches them to every typed message; a bot does well to ignore it."""
    return {"contentType": "text/html", "content": f"<div><div>{html.escape(text)}</div></div>"}


def _spell(text: str, entities: list[Json]) -> str:
    """The text with each mention written as Teams writes it."""
    for entity in entities:
        text = text.replace(entity["_typed"], entity["text"], 1)
    return text
