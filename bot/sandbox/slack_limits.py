"""Slack's published limits, tiers and scopes, each with the page it was read on. Nothing here does anything."""

import re
from typing import NamedTuple

# https://docs.slack.dev/interactivity/handling-user-interaction: commands, interactions and events are answered in 3 s
ACK_SECONDS = 3.0
# https://docs.slack.dev/interactivity/handling-user-interaction: a trigger_id lives 3 s and works once
TRIGGER_SECONDS = 3.0
# https://docs.slack.dev/interactivity/handling-user-interaction: a response_url takes 5 posts within 30 minutes
RESPONSE_URL_POSTS = 5
RESPONSE_URL_MINUTES = 30
# https://docs.slack.dev/apis/events-api: a failed event is sent again at once, after one and after five minutes
EVENT_RETRY_SECONDS = (0, 60, 300)
# https://docs.slack.dev/apis/events-api/using-socket-mode: up to ten connections, each payload goes to one of them
SOCKET_CONNECTIONS = 10

# https://docs.slack.dev/reference/methods/chat.postMessage: cut at 40,000 characters; here refused, so that it is seen
TEXT_CHARACTERS = 40_000
# not documented; measured by others: https://github.com/slackapi/bolt-js/issues/2509
ALL_BLOCKS_CHARACTERS = 13_200
# https://docs.slack.dev/reference/block-kit/blocks: per message and per modal or home tab
MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
ATTACHMENTS = 100
# https://docs.slack.dev/reference/block-kit/blocks/section-block
SECTION_CHARACTERS = 3_000
FIELD_CHARACTERS = 2_000
FIELDS = 10
# https://docs.slack.dev/reference/block-kit/blocks/header-block
HEADER_CHARACTERS = 150
# https://docs.slack.dev/reference/block-kit/blocks/context-block and actions-block
CONTEXT_ELEMENTS = 10
ACTIONS_ELEMENTS = 25
# https://docs.slack.dev/reference/block-kit/blocks/markdown-block: all markdown blocks of one message together
MARKDOWN_CHARACTERS = 12_000
# https://docs.slack.dev/reference/block-kit/blocks/input-block: label and hint
LABEL_CHARACTERS = 2_000
# https://docs.slack.dev/reference/block-kit/blocks/image-block
URL_CHARACTERS = 3_000
ALT_TEXT_CHARACTERS = 2_000
# https://docs.slack.dev/reference/block-kit/block-elements/button-element
BUTTON_TEXT_CHARACTERS = 75
BUTTON_VALUE_CHARACTERS = 2_000
ID_CHARACTERS = 255  # block_id, action_id, callback_id, external_id
# https://docs.slack.dev/reference/block-kit/composition-objects/option-object
OPTION_TEXT_CHARACTERS = 75
OPTION_VALUE_CHARACTERS = 150
# https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element and the like
SELECT_OPTIONS = 100
OVERFLOW_OPTIONS = 5
CHECKBOX_OPTIONS = 10
PLACEHOLDER_CHARACTERS = 150
INPUT_CHARACTERS = 3_000
# https://docs.slack.dev/reference/block-kit/composition-objects/confirmation-dialog-object
CONFIRM_TITLE_CHARACTERS = 100
CONFIRM_TEXT_CHARACTERS = 300
CONFIRM_BUTTON_CHARACTERS = 30
# https://docs.slack.dev/reference/views/modal-views
TITLE_CHARACTERS = 24
PRIVATE_METADATA_CHARACTERS = 3_000
VIEW_BYTES = 250 * 1024  # https://docs.slack.dev/reference/methods/views.open: view_too_large
VIEW_STACK = 3  # https://docs.slack.dev/reference/methods/views.push: push_limit_reached
# https://docs.slack.dev/reference/methods/conversations.create: 80 characters, lower case, digits, - and _
CHANNEL_NAME_CHARACTERS = 80
# https://docs.slack.dev/reference/methods/conversations.setTopic and setPurpose: too_long
TOPIC_CHARACTERS = 250
# https://docs.slack.dev/reference/methods/conversations.open and conversations.invite: people at once
OPEN_PEOPLE = 8
INVITE_PEOPLE = 100
# https://docs.slack.dev/reference/methods/conversations.history and conversations.list
HISTORY_PAGE = 999
LIST_PAGE = 1_000
# https://docs.slack.dev/changelog/2025/05/29/rate-limit-changes-for-non-marketplace-apps
RESTRICTED_HISTORY_PAGE = 15
RESTRICTED_HISTORY_PER_MINUTE = 1

# https://docs.slack.dev/apis/web-api/rate-limits: the "+" of "20+ per minute" is not promised, so not given here
TIER_PER_MINUTE = {1: 1, 2: 20, 3: 50, 4: 100}
# the same page: one message a second and channel, short bursts pass; a workspace takes "several hundred" a minute
POSTS_PER_SECOND = 1.0
POST_BURST = 5
WORKSPACE_POSTS_PER_MINUTE = 600

LOWER_NAME = re.compile(r"[\w-]+", re.UNICODE)


class Rule(NamedTuple):
    """What Slack says of one method: its rate tier (0: its own limit) and the scopes it needs, public and private."""

    tier: int
    scope: str = ""
    private_scope: str = ""
    write: bool = False


_MANAGE = ("channels:manage", "groups:write", True)
_READ = ("channels:read", "groups:read")
_HISTORY = ("channels:history", "groups:history")
_CHAT = ("chat:write", "chat:write", True)

# Tiers and scopes as each method's page states them: https://docs.slack.dev/reference/methods/METHOD
RULES: dict[str, Rule] = {
    "api.test": Rule(4),
    "apps.connections.open": Rule(3, "connections:write", "connections:write"),
    "auth.test": Rule(0),
    "bookmarks.add": Rule(2, "bookmarks:write", "bookmarks:write", True),
    "chat.delete": Rule(3, *_CHAT),
    "chat.getPermalink": Rule(0),
    "chat.postEphemeral": Rule(4, *_CHAT),
    "chat.postMessage": Rule(0, *_CHAT),
    "chat.update": Rule(3, *_CHAT),
    "conversations.archive": Rule(2, *_MANAGE),
    "conversations.create": Rule(2, *_MANAGE),
    "conversations.history": Rule(3, *_HISTORY),
    "conversations.info": Rule(3, *_READ),
    "conversations.invite": Rule(3, *_MANAGE),
    "conversations.join": Rule(3, "channels:join", "channels:join", True),
    "conversations.kick": Rule(3, *_MANAGE),
    "conversations.leave": Rule(3, *_MANAGE),
    "conversations.list": Rule(2, *_READ),
    "conversations.members": Rule(4, *_READ),
    "conversations.open": Rule(3, "im:write", "mpim:write", True),
    "conversations.rename": Rule(2, *_MANAGE),
    "conversations.replies": Rule(3, *_HISTORY),
    "conversations.setPurpose": Rule(2, *_MANAGE),
    "conversations.setTopic": Rule(2, *_MANAGE),
    "pins.add": Rule(2, "pins:write", "pins:write", True),
    "pins.list": Rule(2, "pins:read", "pins:read"),
    "pins.remove": Rule(2, "pins:write", "pins:write", True),
    "reactions.add": Rule(3, "reactions:write", "reactions:write", True),
    "team.info": Rule(3, "team:read", "team:read"),
    "users.conversations": Rule(3, *_READ),
    "users.info": Rule(4, "users:read", "users:read"),
    "users.list": Rule(2, "users:read", "users:read"),
    "users.lookupByEmail": Rule(3, "users:read.email", "users:read.email"),
    "views.open": Rule(4, write=True),
    "views.publish": Rule(4, write=True),
    "views.push": Rule(4, write=True),
    "views.update": Rule(4, write=True),
}

# what an app may subscribe to and this platform sends: https://docs.slack.dev/reference/events
EVENTS = frozenset(
    {
        "app_home_opened",
        "app_mention",
        "app_uninstalled",
        "channel_archive",
        "channel_created",
        "channel_id_changed",
        "channel_rename",
        "channel_shared",
        "channel_unarchive",
        "channel_unshared",
        "group_archive",
        "group_rename",
        "group_unarchive",
        "member_joined_channel",
        "member_left_channel",
        "message",
        "message_metadata_deleted",
        "message_metadata_posted",
        "message_metadata_updated",
        "reaction_added",
        "reaction_removed",
        "tokens_revoked",
        "user_change",
    }
)


def name_problem(name: str) -> str:
    """Slack's name for what is wrong with a channel name, "" if nothing is.

    https://docs.slack.dev/reference/methods/conversations.create (errors)
    """
    if not name:
        return "invalid_name_required"
    if len(name) > CHANNEL_NAME_CHARACTERS:
        return "invalid_name_maxlength"
    if not any(c.isalnum() for c in name):
        return "invalid_name_punctuation"
    if name != name.lower() or not LOWER_NAME.fullmatch(name):
        return "invalid_name_specials"
    return ""
