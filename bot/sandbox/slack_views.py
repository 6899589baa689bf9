"""The Web API's views.*, users.*, team.* and the tests of the connection itself.

Errors by name as each page lists them: https://docs.slack.dev/reference/methods/views.open and its siblings.
"""

import json
import time

from bot.sandbox import slack_limits as limits
from bot.sandbox.ledger import Json
from bot.sandbox.slack_blocks import Check
from bot.sandbox.slack_call import Call, Method
from bot.sandbox.slack_records import BOT_ID, BOT_USER, SlackError, Trigger, View
from bot.sandbox.slack_world import SlackWorld


def check_view(view: object, kind: str) -> Json:
    """A view as Slack accepts it; raises SlackError("invalid_arguments") with Slack's messages, or view_too_large."""
    if not isinstance(view, dict):
        told = {"messages": ["[ERROR] missing required field: view"]}
        raise SlackError("invalid_arguments", response_metadata=told)
    check = Check()
    check.view(view)
    if view.get("type") != kind:
        check.say(f"must be {kind}", "/view/type")
    if check.problems:
        raise SlackError("invalid_arguments", limit=True, response_metadata={"messages": check.problems})
    if len(json.dumps(view).encode()) > limits.VIEW_BYTES:
        raise SlackError("view_too_large", limit=True)
    return view


def _trigger(call: Call) -> Trigger:
    found = call.world.triggers.get(call.needed("trigger_id"))
    if found is None:
        raise SlackError("invalid_trigger_id")
    if found.used:
        raise SlackError("exchanged_trigger_id")
    if time.monotonic() > found.until:
        call.world.violations["expired_trigger_id"] += 1
        raise SlackError("expired_trigger_id")
    return found


def _unused_external_id(call: Call, body: Json, mine: View | None = None) -> None:
    name = body.get("external_id")
    if name and any(v.body.get("external_id") == name for v in _living(call.world) if v is not mine):
        raise SlackError("duplicate_external_id")


def _living(world: SlackWorld) -> list[View]:
    return [world.views[v] for v in [*(v for stack in world.stacks.values() for v in stack), *world.homes.values()]]


def open_view(call: Call) -> Json:
    """views.open: a modal for whoever made the trigger."""
    trigger = _trigger(call)
    body = check_view(call.args.get("view"), "modal")
    _unused_external_id(call, body)
    trigger.used = True
    call.world.close_views(trigger.user)  # one modal and its stack at a time
    view = call.world.new_view(trigger.user, body)
    call.world.stacks[trigger.user] = [view.id]
    return {"view": call.world.view_json(view, with_state=False)}


def push_view(call: Call) -> Json:
    """views.push: a modal on top of the one the trigger was made in."""
    trigger = _trigger(call)
    body = check_view(call.args.get("view"), "modal")
    _unused_external_id(call, body)
    trigger.used = True
    return {"view": call.world.view_json(pushed(call.world, trigger.user, body), with_state=False)}


def pushed(world: SlackWorld, user: str, body: Json) -> View:
    """A modal on top of a person's open ones; raises SlackError when none is open or three are."""
    stack = world.stacks.get(user, [])
    if not stack:
        raise SlackError("not_found")
    if len(stack) >= limits.VIEW_STACK:
        raise SlackError("push_limit_reached", limit=True)
    view = world.new_view(user, body, world.views[stack[-1]])
    world.stacks[user] = [*stack, view.id]
    return view


def update_view(call: Call) -> Json:
    """views.update: other content for an open view, by its id or external_id; `hash` guards against races."""
    wanted, external = call.text("view_id"), call.text("external_id")
    if bool(wanted) == bool(external):
        raise SlackError("invalid_arguments")
    living = _living(call.world)
    view = next((v for v in living if v.id == wanted or (external and v.body.get("external_id") == external)), None)
    if view is None:
        raise SlackError("not_found")
    body = check_view(call.args.get("view"), str(view.body["type"]))
    _unused_external_id(call, body, view)
    _same_hash(call, view)
    call.world.change_view(view, body)
    return {"view": call.world.view_json(view, with_state=False)}


def _same_hash(call: Call, view: View | None) -> None:
    given = call.text("hash")
    if given and view is not None and given != view.hash:
        raise SlackError("hash_conflict")


def publish_view(call: Call) -> Json:
    """views.publish: the home tab of one person."""
    person = call.person("user_id", "invalid_arguments")
    body = check_view(call.args.get("view"), "home")
    before = call.world.homes.get(person.id)
    view = call.world.views[before] if before else None
    _same_hash(call, view)
    if view is None:
        view = call.world.new_view(person.id, body)
        call.world.homes[person.id] = view.id
    else:
        call.world.change_view(view, body)
    return {"view": call.world.view_json(view, with_state=False)}


def user_info(call: Call) -> Json:
    """users.info."""
    return {"user": call.world.person_json(call.person())}


def user_list(call: Call) -> Json:
    """users.list: the workspace's own people, and those of others it shares channels with."""
    everyone = list(call.world.people.values())
    page, rest = call.page(everyone, call.count("limit", len(everyone), 1000), call.text("cursor"))
    rows = [call.world.person_json(p) for p in page]
    return {"members": rows, "cache_ts": call.world.seconds(), "response_metadata": rest}


def user_by_email(call: Call) -> Json:
    """users.lookupByEmail: own people only."""
    email = call.needed("email").lower()
    own = [p for p in call.world.people.values() if not call.world.is_foreign(p) and not p.deleted]
    found = next((p for p in own if p.email and p.email.lower() == email), None)
    if found is None:
        raise SlackError("users_not_found")
    return {"user": call.world.person_json(found)}


def team_info(call: Call) -> Json:
    """team.info."""
    world = call.world
    team = call.text("team", world.team_id)
    if team != world.team_id:
        raise SlackError("team_not_found")
    names = {"id": team, "name": world.team_name, "domain": world.team_domain, "email_domain": "example.com"}
    return {"team": names | {"url": f"https://{world.team_domain}.slack.com/"}}


def auth_test(call: Call) -> Json:
    """auth.test: who this token is."""
    world = call.world
    who = {"url": f"https://{world.team_domain}.slack.com/", "team": world.team_name, "team_id": world.team_id}
    return who | {"user": "amends", "user_id": BOT_USER, "bot_id": BOT_ID, "is_enterprise_install": False}


def api_test(call: Call) -> Json:
    """api.test: echoes."""
    if call.text("error"):
        raise SlackError(call.text("error"), args=dict(call.args))
    return {"args": dict(call.args)}


METHODS: dict[str, Method] = {
    "api.test": api_test,
    "auth.test": auth_test,
    "team.info": team_info,
    "users.info": user_info,
    "users.list": user_list,
    "users.lookupByEmail": user_by_email,
    "views.open": open_view,
    "views.publish": publish_view,
    "views.push": push_view,
    "views.update": update_view,
}
