"""The catalog's `policy:` mapping, read with every fault named by its line."""

import itertools
from collections.abc import Mapping
from datetime import timedelta
from string import Formatter
from urllib.parse import urlsplit

from handlers.domain.catalog.reading import Section, nearest
from handlers.domain.catalog.yaml_tree import Spot, shown
from handlers.domain.hours import WEEKDAYS, parse_clock, parse_hours
from handlers.domain.policy import (
    DEFAULT_SEVERITIES,
    HOLDING_PLACEHOLDERS,
    LEAST_APPROVALS,
    LONGEST_APPROVAL,
    LONGEST_CHAIN,
    LONGEST_HOLDING_WORDS,
    LONGEST_RAMP,
    MOST_UNCOUNTED_CHANNELS,
    ROLES,
    SEVERITIES,
    SHORTEST_APPROVAL,
    SIGNERS,
    STATUSES,
    STEEPEST_RAMP,
    TOLD,
    Approvals,
    Digest,
    Holding,
    OnCall,
    Policy,
    Publishing,
    Reminders,
    SeverityPolicy,
    Step,
    Team,
    Term,
    chain,
    parse_term,
)

_ONE = timedelta(minutes=1)
_DAY = 24 * 60
_WEEK = timedelta(days=7)

REASONS = ("required", "asked")
"""Whether a warning needs a reason before approval is asked for, or the approvers are told that it has none."""
POLICY_KEYS = (
    "default_severity",
    "severities",
    "approvals",
    "reminders",
    "holding",
    "publishing",
    "on_call",
    "quiet_hours",
    "digest",
    "roles",
)
SEVERITY_KEYS = (
    "name",
    "meaning",
    "first_post",
    "updates",
    *STATUSES,
    "preliminary_apology",
    "final_apology",
    "promise_progress",
)
REMINDER_KEYS = (
    "relay_remind",
    "relay_escalate",
    "before_due",
    "handover_remind",
    "handover_expires",
    "apology_before",
    "task_before",
    "catalog_review",
    "promise_before",
    "escalation",
    "again",
    "channel",
    "drills",
)


def read_policy(section: Section, people: dict[str, str], services: Mapping[str, str]) -> Policy:
    """The policy of a catalog.

    `section` was opened with `POLICY_KEYS`; `people` maps folded mail addresses to those of the catalog,
    `services` folded keys and names to keys. Faults go to
    the section's own list; what is at fault keeps its default.
    """
    roles = tuple(word for word, _, _ in section.words("roles"))
    return Policy(
        default_severity=section.one_of("default_severity", SEVERITIES, Policy.default_severity),
        severities=_severities(section),
        approvals=_approvals(section, roles),
        reminders=_reminders(section),
        holding=_holding(section, people),
        publishing=_publishing(section),
        on_call=tuple(
            r for s in section.sections("on_call", ON_CALL_KEYS, "name") if (r := _on_call(s, people, services))
        ),
        quiet_hours=_quiet_hours(section),
        digest=_digest(section, roles),
        roles=roles,
    )


def _severities(section: Section) -> tuple[SeverityPolicy, ...]:
    table = section.section("severities", SEVERITIES)
    if table is None:
        return DEFAULT_SEVERITIES
    return tuple(_severity(table.section(default.key, SEVERITY_KEYS), default) for default in DEFAULT_SEVERITIES)


def _severity(row: Section | None, default: SeverityPolicy) -> SeverityPolicy:
    if row is None:
        return default
    silent = row.text("updates").casefold() == "none"
    updates = _term(row, "updates", None)
    return SeverityPolicy(
        key=default.key,
        name=row.text("name") or default.name,
        meaning=row.text("meaning") or default.meaning,
        first_post=_term(row, "first_post", default.first_post),
        investigating=_term(row, "investigating", updates or (None if silent else default.investigating)),
        identified=_term(row, "identified", updates or (None if silent else default.identified)),
        monitoring=_term(row, "monitoring", updates or (None if silent else default.monitoring)),
        preliminary_apology=_term(row, "preliminary_apology", default.preliminary_apology, business=True),
        final_apology=_term(row, "final_apology", default.final_apology, business=True),
        promise_progress=_days(row, "promise_progress", default.promise_progress),
    )


def _term(row: Section, key: str, default: Term | None, *, business: bool = False) -> Term | None:
    text = row.text(key)
    if not text:
        return default
    if text.casefold() == "none":
        return None
    term = parse_term(text)
    if term is None or (term.business_days and not business):
        units = "30m, 4h, 14d, 5 business days" if business else "30m, 4h, 1d"
        row.fault(key, f"{shown(text)} is no length of time; write it as {units} or none")
        return default
    return term


def _days(row: Section, key: str, default: tuple[int, ...]) -> tuple[int, ...]:
    if not row.has(key):
        return default
    found: list[int] = []
    for word, spot, path in row.words(key):
        term = parse_term(word if not word.isdigit() else f"{word}d")
        if term is None or term.business_days or term.minutes % _DAY:
            row.faults.add(spot, path, f"{shown(word)} is no number of days; write it as 30d")
        else:
            found.append(term.minutes // _DAY)
    return tuple(found)


def _length(row: Section, key: str, default: timedelta, low: timedelta, high: timedelta) -> timedelta:
    term = _term(row, key, None)
    if term is None:
        if row.text(key).casefold() == "none":
            row.fault(key, "cannot be none; write it as 30m, 4h, 1d")
        return default
    length = timedelta(minutes=term.minutes)
    if not low <= length <= high:
        span = f"{Term(minutes=low // _ONE)} and {Term(minutes=high // _ONE)}"
        row.fault(key, f"{term} is out of range; it must lie between {span}")
        return default
    return length


def _approvals(section: Section, roles: tuple[str, ...]) -> Approvals:
    table = section.section("approvals", (*SEVERITIES, "expires", "reasons"))
    if table is None:
        return Approvals()
    rows = tuple((severity, _signers(table, severity, roles)) for severity in SEVERITIES)
    expires = _length(table, "expires", LONGEST_APPROVAL, SHORTEST_APPROVAL, LONGEST_APPROVAL)
    reasons = table.text("reasons").casefold()
    if reasons not in ("", *REASONS):
        table.fault("reasons", f"{shown(reasons)} is not known; it may be {' or '.join(REASONS)}")
    return Approvals(rows, expires, reasons == REASONS[0])


def _signers(table: Section, severity: str, roles: tuple[str, ...]) -> tuple[str, ...]:
    least = LEAST_APPROVALS[severity]
    if not table.has(severity):
        return least
    known = (*SIGNERS, *roles)
    found: list[str] = []
    for word, spot, path in table.words(severity):
        match = next((r for r in known if r.casefold() == word.casefold()), "")
        if match:
            found.append(match)
        else:
            near = table.faults.nearest(word, known) or f"; it may be {', '.join(known)}"
            table.faults.add(spot, path, f"{shown(word)} is no role that can approve{near}")
    missing = [r for r in least if r not in found]
    if missing:
        table.fault(
            severity,
            f"{severity} needs {' and '.join(least)}: two people at least; policy may ask for more, never for less "
            f"(add {', '.join(missing)})",
        )
        return least
    return tuple(found)


def _reminders(section: Section) -> Reminders:
    row = section.section("reminders", REMINDER_KEYS)
    default = Reminders()
    if row is None:
        return default
    remind = _length(row, "relay_remind", default.relay_remind, _ONE, _WEEK)
    escalate = _length(row, "relay_escalate", default.relay_escalate, _ONE, _WEEK)
    if escalate < remind:
        row.fault("relay_escalate", "must not come before relay_remind")
    before = _length(row, "before_due", default.before_due, _ONE, timedelta(hours=1))
    again = None if row.text("again").casefold() == "none" else default.again
    review = None if row.text("catalog_review").casefold() == "none" else default.catalog_review
    handover_remind = _length(row, "handover_remind", default.handover_remind, _ONE, timedelta(hours=4))
    handover_expires = _length(row, "handover_expires", default.handover_expires, _ONE, timedelta(days=1))
    if handover_expires < handover_remind:
        row.fault("handover_expires", "must not come before handover_remind")
    return Reminders(
        relay_remind=remind,
        relay_escalate=escalate,
        before_due=before,
        handover_remind=handover_remind,
        handover_expires=handover_expires,
        apology_before=_length(row, "apology_before", default.apology_before, _ONE, _WEEK),
        task_before=_days(row, "task_before", default.task_before),
        catalog_review=review and _length(row, "catalog_review", review, _WEEK, timedelta(days=366)),
        promise_before=_days(row, "promise_before", default.promise_before),
        escalation=_chain(row, before),
        again=again and _length(row, "again", again, timedelta(minutes=5), _WEEK),
        channel=_channel(row),
        drills=row.one_of("drills", ("remind", "mute"), "remind") == "remind",
    )


def _chain(row: Section, before_due: timedelta) -> tuple[Step, ...]:
    """The steps of the escalation: at most one before the update is due, one when it is, any number after."""
    usual = chain(before_due)
    if not row.has("escalation"):
        return usual
    steps: list[Step] = []
    for entry in row.sections("escalation", ("before", "after", "tell")):
        length = _wait(entry)
        found = [_told(entry, word, spot, path) for word, spot, path in entry.words("tell")]
        if not found:
            entry.fault("tell", f"names nobody; it may be {', '.join(TOLD)}")
        steps.append(Step(length, tuple(word for word in found if word)))
    waits = [step.after for step in steps]
    if waits != sorted(set(waits)) or timedelta(0) not in waits or sum(w < timedelta(0) for w in waits) > 1:
        row.fault(
            "escalation",
            "must go forward in time, with one step when the update is due (after: 0m) and at most one before",
        )
        return usual
    if len(steps) > LONGEST_CHAIN:
        row.fault("escalation", f"has {len(steps)} steps; at most {LONGEST_CHAIN} are ever heard")
        return usual
    return tuple(steps)


def _wait(entry: Section) -> timedelta:
    if entry.has("before") == entry.has("after"):
        entry.fault("after", "needs either before or after, like after: 5m; after: 0m is when the update is due")
        return timedelta(0)
    if entry.has("before"):
        return -_length(entry, "before", timedelta(0), _ONE, timedelta(hours=1))
    if entry.text("after").casefold() in ("0", "0m"):
        return timedelta(0)
    return _length(entry, "after", timedelta(0), _ONE, _WEEK)


def _told(entry: Section, word: str, spot: Spot, path: str) -> str:
    if word.casefold() in TOLD:
        return word.casefold()
    near = entry.faults.nearest(word, TOLD) or f"; it may be {', '.join(TOLD)}"
    entry.faults.add(spot, path, f"{shown(word)} is nobody who can be told{near}")
    return ""


def _channel(row: Section) -> tuple[tuple[str, str], ...]:
    named = row.section("channel", ("slack", "teams"))
    if named is None:
        return ()
    return tuple((platform, place) for platform in ("slack", "teams") if (place := named.text(platform)))


def _webhook(row: Section) -> str:
    """An address to post to: https, with a host, without a name and password in it."""
    text = row.text("webhook", longest=500)
    if not text:
        return ""
    try:
        parts = urlsplit(text)
        fits = parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc and parts.port != 0
    except ValueError:
        fits = False
    if not fits or not text.isascii() or not text.isprintable() or " " in text:
        row.fault("webhook", f"{shown(text)} is no address to post to; write it as https://events.example.com/amends")
        return ""
    return text


ON_CALL_KEYS = ("name", "services", "severities", "people", "webhook")


def _addresses(row: Section, field: str, people: dict[str, str]) -> list[str]:
    """People of the catalog, by their mail addresses."""
    found: list[str] = []
    for word, spot, path in row.words(field):
        if word.casefold() in people:
            found.append(people[word.casefold()])
        else:
            near = row.faults.nearest(word, people.values())
            row.faults.add(spot, path, f"nobody in people: has the address {shown(word)}{near}")
    return found


def _on_call(row: Section, people: dict[str, str], services: Mapping[str, str]) -> OnCall | None:
    called = _addresses(row, "people", people)
    hit: list[str] = []
    for word, line, path in row.words("services"):
        if word.casefold() in services:
            hit.append(services[word.casefold()])
        else:
            row.faults.add(
                line, path, f"there is no service {shown(word)}{row.faults.nearest(word, services.values())}"
            )
    bad: list[str] = []
    for word, line, path in row.words("severities"):
        if word.casefold() in SEVERITIES:
            bad.append(word.casefold())
        else:
            row.faults.add(line, path, f"{shown(word)} is none of {', '.join(SEVERITIES)}")
    address = _webhook(row)
    if not called and not row.has("webhook"):
        row.fault("people", "calls nobody; name people by their mail addresses, or a webhook")
        return None
    return OnCall(tuple(called), address, tuple(hit), tuple(bad), row.text("name") or ", ".join(hit))


def _quiet_hours(section: Section) -> str:
    text = section.text("quiet_hours")
    if not text or text.casefold() in ("none", "off"):
        return ""
    hours = parse_hours(text)
    if hours is None:
        section.fault("quiet_hours", f"{shown(text)} are no hours; write them as 22:00-07:00 or none")
        return ""
    return str(hours)


def _digest(section: Section, roles: tuple[str, ...]) -> Digest:
    row = section.section("digest", ("at", "weekly", "teams"))
    default = Digest()
    if row is None:
        return default
    at, weekly = row.text("at").casefold() or default.at, row.text("weekly").casefold() or default.weekly
    clock = parse_clock(at)
    if clock is None and at not in ("none", "off"):
        row.fault("at", f'{shown(at)} is no time of day; write it as "09:00" or off')
        at = default.at
    day, _, hour = weekly.partition(" ")
    if weekly not in ("none", "off") and (day not in WEEKDAYS or parse_clock(hour) is None):
        row.fault("weekly", f'{shown(weekly)} is no time of the week; write it as "monday 09:00" or off')
        weekly = default.weekly
    teams = tuple(
        t for s in row.sections("teams", ("name", "role", "slack", "teams"), "name") if (t := _team(s, roles))
    )
    return Digest(f"{clock:%H:%M}" if clock else "off", "off" if weekly == "none" else weekly, teams)


def _team(row: Section, roles: tuple[str, ...]) -> Team | None:
    name, role = row.text("name", required=True), row.text("role", required=True)
    slack, teams = row.text("slack"), row.text("teams")
    known = (*ROLES, *roles)
    match = next((r for r in known if r.casefold() == role.casefold()), "")
    if role and not match:
        row.fault("role", f"{shown(role)} is no role{row.faults.nearest(role, known)}")
    if slack and not slack.startswith(("C", "G")):
        row.fault("slack", f"{shown(slack)} is no channel id; it begins with C")
    if teams and not teams.startswith("19:"):
        row.fault("teams", f"{shown(teams)} is no conversation id; it begins with 19:")
    if name and match and not (slack or teams):
        row.fault("name", "has no channel; give slack: or teams:")
        return None
    return Team(name, match, slack, teams) if name and match else None


def _holding(section: Section, people: dict[str, str]) -> Holding | None:
    row = section.section("holding", ("text", "approved_by", "until"))
    if row is None:
        return None
    text = row.text("text", required=True, longest=LONGEST_HOLDING_WORDS * 20, lines=True)
    if len(text.split()) > LONGEST_HOLDING_WORDS:
        row.fault("text", f"has {len(text.split())} words; a holding statement has at most {LONGEST_HOLDING_WORDS}")
    for fault in holding_faults(text):
        row.fault("text", fault)
    signed = _addresses(row, "approved_by", people)
    if len(set(signed)) < 2:
        row.fault("approved_by", "needs two people of the catalog, by their mail addresses")
    until = row.moment("until", required=True)
    return Holding(text, tuple(signed), until) if until else None


def holding_faults(text: str) -> list[str]:
    """What is wrong with the `{placeholders}` of a holding statement, in sentences; empty if nothing is."""
    try:
        parts = list(Formatter().parse(text))
    except ValueError:
        return ["has a single { or }; write a placeholder as {services}"]
    faults = []
    for _, name, spec, conversion in parts:
        if name is None:
            continue
        if name not in HOLDING_PLACEHOLDERS or spec or conversion:
            near = nearest(name, HOLDING_PLACEHOLDERS, 1)
            hint = f"did you mean {{{near[0]}}}?" if near else f"there are {', '.join(HOLDING_PLACEHOLDERS)}"
            faults.append(f"has no placeholder {shown(name)}; {hint}")
    return faults


def _publishing(section: Section) -> Publishing:
    row = section.section("publishing", ("count_above", "ramp"))
    default = Publishing()
    if row is None:
        return default
    count = row.whole("count_above", low=0, high=MOST_UNCOUNTED_CHANNELS)
    return Publishing(default.count_above if count is None else count, _ramp(row, default.ramp))


def _ramp(row: Section, default: tuple[int, ...]) -> tuple[int, ...]:
    if not row.has("ramp"):
        return default
    words = [word for word, _, _ in row.words("ramp")]
    example = "write it as [1, 10, all]"
    if not words or words[-1].casefold() != "all" or not 2 <= len(words) <= LONGEST_RAMP:
        row.fault("ramp", f"must begin with 1 and end with all; {example}")
        return default
    if not all(w.isascii() and w.isdigit() and len(w) <= 6 for w in words[:-1]):
        row.fault("ramp", f"its steps are whole numbers; {example}")
        return default
    steps = tuple(int(w) for w in words[:-1])
    if steps[0] != 1 or any(not a < b <= a * STEEPEST_RAMP for a, b in itertools.pairwise(steps)):
        row.fault("ramp", f"must begin with 1 and grow at most tenfold from step to step; {example}")
        return default
    return steps
