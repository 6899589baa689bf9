"""Every verb, how it is said, what it means, and an example: help, usage and the manifests derive from this table."""

from typing import NamedTuple


class Usage(NamedTuple):
    """How a verb is used. `needs_arguments`: said alone (with a number at most) it opens a form."""

    line: str
    meaning: str
    example: str
    needs_arguments: bool = False


USAGE: dict[str, Usage] = {
    "declare": Usage(
        "declare <title> [sev1|sev2|sev3|sev4] [services a,b] [region r] [private] [drill]",
        "Open an incident and its room.",
        "declare Checkout is down sev1 services checkout region EU",
        needs_arguments=True,
    ),
    "list": Usage(
        "list [open|resolved|all|mine|service a|since 7d] [words]",
        "Find incidents.",
        "list resolved since 7d",
    ),
    "show": Usage("show [N]", "One incident at a glance.", "show 7"),
    "timeline": Usage("timeline [N]", "Everything that happened, oldest first.", "timeline 7"),
    "help": Usage("help [verb]", "What can be said, or how one verb is used.", "help update"),
    "whoami": Usage("whoami", "Who I think you are, and what you may do.", "whoami"),
    "undo": Usage("undo", "Take back your own last change, within two minutes.", "undo"),
    "here": Usage("here", "Announce incidents in this conversation (Teams).", "here"),
    "severity": Usage("severity [N] sevN [because …]", "Raise or lower the severity.", "severity 7 sev2", True),
    "services": Usage(
        "services [N] +a -b | a,b", "Change which services are hit.", "services 7 +search -checkout", True
    ),
    "region": Usage("region [N] r", "Say where it happens.", "region 7 EU", True),
    "title": Usage("title [N] <words>", "Rename the incident; customers never see it.", "title 7 Checkout slow", True),
    "status": Usage(
        "status [N] investigating|identified|monitoring|resolved", "Say how far it is.", "status 7 identified", True
    ),
    "private": Usage(
        "private [N] on|off because …",
        "Make it for members only, or open it again.",
        "private 7 on because payroll data is named",
        True,
    ),
    "resolve": Usage("resolve [N] [because …]", "The impact is over.", "resolve 7 because errors are back to normal"),
    "reopen": Usage("reopen [N] because …", "It was not over.", "reopen 7 because errors are back", True),
    "cancel": Usage("cancel [N] because …", "It was no incident.", "cancel 7 because it was a test alert", True),
    "merge": Usage(
        "merge N into M because …", "Two numbers for one trouble.", "merge 8 into 7 because same outage", True
    ),
    "update": Usage(
        "update [N] <text> [next 30m | next at 15:00] [to room|status|customers]",
        "Say how it stands; to customers, another person presses Send.",
        "update 7 Half of the nodes are back next 30m",
        True,
    ),
    "can": Usage(
        "can [N], then lines conditions: actions: needs: next:",
        "An update in three parts: conditions, actions, needs.",
        "can 7 conditions: half the nodes are up actions: restoring db2 needs: a DBA next: 30m",
    ),
    "holding": Usage("holding [N]", "Propose the holding statement to customers.", "holding 7"),
    "closure": Usage("closure [N]", "Propose the closing update to customers.", "closure 7"),
    "recap": Usage(
        "recap [N], then lines seen: from: to: count: trigger: state: data-loss: change: next-report: remedy:",
        "Record what is known, in one go.",
        "recap 7 seen: could not pay from: 14:02 to: 15:10 CET state: stable",
    ),
    "role": Usage(
        "role [N|all] commander|deputy|comms|scribe @person [-- hand-over note]",
        "Give somebody a role; with a note it is handed over, if somebody holds it.",
        "role 7 comms @Ben -- next update at 15:00",
        True,
    ),
    "handover": Usage(
        "handover [N|all] [commander|deputy|comms|scribe] @person [-- note]",
        "Hand your role over; it stays yours until they say “I have it”.",
        "handover 7 @Noor -- graphs are flat",
        True,
    ),
    "accept": Usage(
        "accept [N|all] [commander|deputy|comms|scribe]", "“I have it”: take what was handed over to you.", "accept 7"
    ),
    "cannot": Usage(
        "cannot [N|all] [commander|deputy|comms|scribe] [because …]",
        "“I cannot”: whoever hands over keeps it.",
        "cannot 7 because I am on a train",
    ),
    "join": Usage("join [N]", "Come in.", "join 7"),
    "leave": Usage("leave [N]", "Go out.", "leave 7"),
    "people": Usage("people [N]", "Who is in, since when.", "people 7"),
    "subscribe": Usage(
        "subscribe me|here|#channel|@person to service a|sevN|incident N [events a,b]",
        "Hear of what happens: declared, severity, updates, resolved, apology.",
        "subscribe here to sev1 events declared,resolved",
        True,
    ),
    "unsubscribe": Usage("unsubscribe S", "Stop hearing of it.", "unsubscribe S4", True),
    "subscriptions": Usage("subscriptions", "Who hears of what.", "subscriptions"),
    "remind": Usage(
        "remind [N] every 30m | in 10m | at 15:00 | off because … | snooze 15m",
        "Set the reminders for updates.",
        "remind 7 every 30m",
        True,
    ),
    "remind me": Usage(
        "remind me in 10m|at 15:00 -- <what>", "A reminder for you alone.", "remind me in 10m -- call the vendor", True
    ),
    "remind me off": Usage("remind me off <number>", "Forget a reminder of yours.", "remind me off 3", True),
    "notify": Usage(
        "notify [quiet 22:00-07:00|off|default [zone]] | [digest 09:00|off|default [zone]]",
        "Your quiet hours and your daily list.",
        "notify quiet 22:00-07:00 Europe/Berlin",
    ),
    "ontrack": Usage("ontrack [N]", "Nothing new to tell, and the work goes on.", "ontrack 7"),
    "note": Usage("note [N] <internal text>", "Write something down, for the house only.", "note 7 see NET-4411", True),
    "pin": Usage(
        "pin [N] <words>",
        "Keep it in the timeline, as a 📌 on a message of the room does.",
        "pin 7 db2 took over",
        False,
    ),
    "unpin": Usage("unpin [N] <pin>", "Take a pin out of the timeline.", "unpin 7 2"),
    "task add": Usage(
        "task [N] add <text> [@owner] [due …]",
        "Add something to do.",
        "task 7 add Alert on expiry @Noor due Friday",
        True,
    ),
    "task done": Usage("task [N] done <task>", "A task is done.", "task 7 done 2", True),
    "task move": Usage(
        "task [N] move <task> [@owner] [due …]", "Another date or owner.", "task 7 move 2 due Friday", True
    ),
    "fact": Usage(
        "fact [N] <kind> <value> [source …] [internal|public|for <customer>] [precision …] [due …]",
        "Write down what is known, and who says so.",
        'fact 7 cause.trigger "outage due to an expired certificate" source statement public',
        True,
    ),
    "fact replace": Usage(
        "fact [N] F = <value> because …", "Replace a fact.", "fact 7 F4 = 3h because of the logs", True
    ),
    "fact drop": Usage(
        "fact [N] drop F because …", "A fact no longer stands.", "fact 7 drop F4 because a duplicate", True
    ),
    "confirm": Usage("confirm [N] F", "The commander vouches for a fact.", "confirm 7 F4", True),
    "facts": Usage("facts [N]", "All that is known, with sources and gaps.", "facts 7"),
    "affected": Usage(
        "affected [N] [mine] | +<customer>|-<customer> because …",
        "Which customers are hit, and why; or change it by hand.",
        "affected 7 +contoso because they called",
    ),
    "link": Usage(
        "link N recurrence-of M [issue L] because …",
        "It came back: the earlier fix did not hold.",
        "link 8 recurrence-of 7 because the same second problem",
        True,
    ),
    "unlink": Usage("unlink N M", "Take a link back.", "unlink 8 7", True),
    "apology draft": Usage(
        "apology draft N [M …] [signatory …]", "Compose the apology.", 'apology draft 7 8 signatory "Dana Lee"', True
    ),
    "apology show": Usage("apology show [A] [part …]", "The text as it stands; a long one in parts.", "apology show 3"),
    "apology why": Usage("apology why [A]", "Each sentence with the facts behind it.", "apology why 3"),
    "apology lint": Usage("apology lint [A]", "What the linter finds.", "apology lint 3"),
    "apology status": Usage("apology status [A]", "Who was told, and who not yet.", "apology status 3"),
    "apology follow-up": Usage(
        "apology follow-up A", "Tell the same customers what was promised.", "apology follow-up 3"
    ),
    "apology fill": Usage(
        "apology fill [A] <gap> <value>|unknown [source …] [precision …]",
        "Close a gap.",
        "apology fill 3 next-report 2026-09-15",
        True,
    ),
    "apology waive": Usage(
        "apology waive [A] <gap|rule> because … [until …]",
        "Leave a gap or a finding as it is, and say why.",
        "apology waive 3 data-loss because not yet confirmed",
        True,
    ),
    "apology edit": Usage("apology edit [A] [full|chat] [-- <text>]", "Change the words.", "apology edit 3"),
    "apology mend": Usage("apology mend [A] <rule>", "Use the linter's better words.", "apology mend 3 W2", True),
    "apology suggest": Usage(
        "apology suggest [A] -- <words>",
        "Offer words without becoming an author.",
        "apology suggest 3 -- name it",
        True,
    ),
    "apology submit": Usage(
        "apology submit [A] [because …]",
        "Ask for approval; the reason is why the warnings left over stand.",
        "apology submit 3 because support is counting",
    ),
    "apology approve": Usage("apology approve [A]", "Sign what you were shown.", "apology approve 3"),
    "apology reject": Usage(
        "apology reject [A] because …", "Send it back.", "apology reject 3 because the date is wrong", True
    ),
    "apology publish": Usage(
        "apology publish [A] [at <time>] [to <count>]",
        "Send the approved text to every customer.",
        "apology publish 3 to 34",
    ),
    "apology pause": Usage("apology pause [A]", "Stop what is not yet sent.", "apology pause 3"),
    "apology resume": Usage("apology resume [A]", "Go on; only failures are tried again.", "apology resume 3"),
    "apology correct": Usage(
        "apology correct [A] because …", "Open a new version.", "apology correct 3 because it lasted 3 hours", True
    ),
    "apology retract": Usage(
        "apology retract [A] because …", "Take it back, at once.", "apology retract 3 because wrong customers", True
    ),
    "relay list": Usage("relay list [mine|A] [page 2]", "Who still has to be told in person.", "relay list mine"),
    "relay pack": Usage("relay pack [A] <customer>", "All you need to tell one customer.", "relay pack contoso", True),
    "relay check": Usage(
        "relay check <customer> -- <text>",
        "Compare your words with the approved facts.",
        "relay check contoso -- sign-in was slow for two hours",
        True,
    ),
    "relay done": Usage(
        "relay done [A] <customer,…> [via phone|email|chat] [to <whom>] [because …] [-- …]",
        "You told these customers.",
        "relay done contoso via phone -- told the CIO",
        True,
    ),
    "relay ack": Usage(
        "relay ack [A] <customer,…> [-- …]", "These customers acknowledged.", "relay ack contoso -- thanks", True
    ),
    "relay skip": Usage(
        "relay skip [A] <customer,…> because …",
        "These customers are not told.",
        "relay skip contoso because they were not affected",
        True,
    ),
    "relay close": Usage(
        "relay close [A] <customer,…> because …",
        "Nothing more is owed to these customers.",
        "relay close contoso because they have the report",
        True,
    ),
    "relay ask": Usage(
        "relay ask <customer> -- <question>", "A customer's question.", "relay ask contoso -- was mail lost?", True
    ),
    "relay answer": Usage(
        "relay answer Q -- <answer>", "The answer, for all who asked.", "relay answer 2 -- No.", True
    ),
    "cover": Usage(
        "cover @colleague until <date>", "Your accounts, in other hands.", "cover @Dana until 15 September", True
    ),
    "promises": Usage("promises [mine|open|customer c]", "What customers were promised.", "promises mine"),
    "promise done": Usage("promise done P -- <evidence>", "It was kept.", "promise done 4 -- report sent", True),
    "promise move": Usage(
        "promise move P due … because …", "A new date.", "promise move 4 due Friday because of tests", True
    ),
    "promise withdraw": Usage(
        "promise withdraw P because …", "No longer promised.", "promise withdraw 4 because it was a mistake", True
    ),
    "customer list": Usage("customer list", "All customers.", "customer list"),
    "customer show": Usage("customer show <customer>", "One customer.", "customer show contoso", True),
    "customer channel": Usage(
        "customer channel <customer> +#x|-#x", "Bind or unbind a channel.", "customer channel contoso +#contoso", True
    ),
    "customer manager": Usage(
        "customer manager <customer> @person",
        "Another account manager for a customer.",
        "customer manager contoso @Dana",
        True,
    ),
    "customer zone": Usage(
        "customer zone <customer> <time zone>",
        "The time zone of a customer's texts.",
        "customer zone contoso Europe/Berlin",
        True,
    ),
    "customer reviewed": Usage(
        "customer reviewed", "What the catalog says of your customers is right.", "customer reviewed"
    ),
    "credit": Usage(
        "credit [N|A] [customer]",
        "What it costs by contract, step by step; for you alone.",
        "credit 7 contoso",
    ),
    "service list": Usage("service list", "All services.", "service list"),
    "service show": Usage("service show <service>", "One service.", "service show checkout", True),
    "service reviewed": Usage(
        "service reviewed", "Services, people and policy of the catalog are right.", "service reviewed"
    ),
    "stats": Usage("stats [service a] [since 90d]", "Numbers over a time.", "stats since 90d"),
    "send": Usage("send P", "Send what another person proposed.", "send 4", True),
    "settle": Usage("settle <id> look|arrived|again|drop", "Say what became of a post.", "settle 12 arrived", True),
}
"""Usage by verb; a family's verbs have two words (`apology draft`)."""

FAMILIES: dict[str, tuple[str, ...]] = {
    family: tuple(verb.split(" ", 1)[1] for verb in USAGE if verb.startswith(f"{family} "))
    for family in ("task", "apology", "relay", "promise", "customer", "service")
}
"""The second words of each family."""

VERBS: tuple[str, ...] = tuple(dict.fromkeys(verb.split(" ", 1)[0] for verb in USAGE))
"""The first words."""

ALIASES: dict[str, str] = {
    "sev": "severity",
    "lead": "role commander",
    "ic": "role commander",
    "commander": "role commander",
    "deputy": "role deputy",
    "comms": "role comms",
    "scribe": "role scribe",
    "told": "relay done",
    "close": "resolve",
    "resolved": "status resolved",
    "investigating": "status investigating",
    "identified": "status identified",
    "monitoring": "status monitoring",
    "snooze": "remind snooze",
    "on-track": "ontrack",
    "who": "whoami",
    "home": "list mine",
    "mine": "list mine",
    "?": "help",
    "tasks": "task",
    "customers": "customer list",
    "incidents": "list",
    "ls": "list",
    "rename": "title",
    "follow-up": "apology follow-up",
}
"""Familiar words and what they stand for; a number said after them comes after the first word."""


def usage(verb: str | None) -> str:
    """How this verb is said; for a family all its lines; for None or an unknown verb how to ask for help."""
    if verb in USAGE:
        return USAGE[verb].line
    if verb in FAMILIES:
        return f"{verb} {'|'.join(FAMILIES[verb])}"
    return USAGE["help"].line


def help_lines() -> tuple[tuple[str, str], ...]:
    """Every usage line with its meaning, in the order of the contract."""
    return tuple((entry.line, entry.meaning) for entry in USAGE.values())
