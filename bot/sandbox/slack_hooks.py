"""Slack's response_urls: five posts within half an hour, to one person or to all, or instead of the message pressed.

https://docs.slack.dev/interactivity/handling-user-interaction (Message responses)
"""

import json
from http import HTTPStatus

from bot.sandbox.ledger import Json
from bot.sandbox.slack_call import Call
from bot.sandbox.slack_limits import RESPONSE_URL_POSTS
from bot.sandbox.slack_records import BOT_USER, Hook, SlackError
from bot.sandbox.slack_world import SlackWorld

GONE = ("expired_url", "used_url")


def read(raw: bytes) -> Json:
    """The payload of a post to a response_url; {} when it is no JSON object."""
    try:
        told = json.loads(raw)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def refusal_status(refused: SlackError) -> int:
    """404 for a URL that is over, 400 for what Slack will not take."""
    return HTTPStatus.NOT_FOUND if refused.error in GONE else HTTPStatus.BAD_REQUEST


def carry_out(world: SlackWorld, hook: Hook | None, payload: Json) -> str:
    """Replace, delete, or say something new; the ts it concerns. Raises SlackError with Slack's name for the reason."""
    if hook is None or world.clock.now().timestamp() > hook.until:
        raise SlackError("expired_url", limit=hook is not None)
    if hook.posts >= RESPONSE_URL_POSTS:
        raise SlackError("used_url", limit=True)
    if not payload:
        raise SlackError("invalid_payload")
    hook.posts += 1
    channel = world.channels.get(hook.channel)
    if channel is None or channel.is_archived:
        raise SlackError("channel_not_found" if channel is None else "is_archived")
    original = world.message(channel, hook.message_ts)
    if payload.get("delete_original") and original is not None:
        world.erase(original)
        return original.ts
    call = Call(world, "response_url", payload)
    content = call.content()
    if not (content["text"] or content["blocks"] or content["attachments"]):
        raise SlackError("no_text")
    if payload.get("replace_original") and original is not None:
        world.revise(original, content, BOT_USER)
        return original.ts
    everybody = payload.get("response_type") == "in_channel"
    to = "" if everybody else hook.user
    return world.bot_message(channel, content, ephemeral_to=to, thread_ts=call.text("thread_ts")).ts
