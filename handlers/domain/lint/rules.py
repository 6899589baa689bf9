"""Each rule of the linter: its name, how severe it is, what it tells the writer; `cases` hold what it looks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from handlers.domain.lint.report import Kind, Severity


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule's severity, with the kinds of text that differ, and what it tells the writer."""

    id: str
    severity: Severity
    message: str
    suggestion: str
    reference: str
    by_kind: Mapping[Kind, Severity] = field(default_factory=dict)
    kinds: tuple[Kind, ...] = ("apology", "closure", "update", "relay")

    def severity_for(self, kind: Kind) -> Severity:
        """How severe the rule is in this kind of text."""
        return self.by_kind.get(kind, self.severity)


RULES: Final[Mapping[str, Rule]] = {
    rule.id: rule
    for rule in (
        Rule(
            "W1",
            "error",
            "A condition takes the apology back: it doubts that anyone was hurt.",
            "We are sorry that this affected you.",
            "Robbennolt 2003, 102 Mich. L. Rev. 460: a partial apology does worse than a full one",
        ),
        Rule(
            "W2",
            "error",
            "“Inconvenience” and “any” make little of what you know happened.",
            "Name what people could not do: “We are sorry that you could not sign in.”",
            "signalvnoise.com/posts/1528-the-bullshit-of-outage-language",
            by_kind={"update": "warning"},
        ),
        Rule(
            "W3",
            "error",
            "“May have” doubts what your customers saw for themselves.",
            "Say what happened, as far as it is known, and name what is not known yet.",
            "signalvnoise.com/posts/1528-the-bullshit-of-outage-language; 5 % of AWS notices",
            by_kind={"update": "info"},
        ),
        Rule(
            "W4",
            "warning",
            "Saying how serious you are proves nothing.",
            "Leave it out, and say what changes, who does it and by when.",
            "PagerDuty incident response docs: phrases to leave out",
        ),
        Rule(
            "W5",
            "error",
            "Nobody can promise this; when it breaks, the apology breaks with it.",
            "Say what you changed, and that you cannot rule out another event.",
            "CrowdStrike 2024 refused this promise; apology.md §8, promises",
        ),
        Rule(
            "W6",
            "warning",
            "A vague amount reads as if you hid the number.",
            "Give the number, or say that it is not known yet and by when it will be.",
            "8 % of GitHub and 11.5 % of AWS notices say it so",
        ),
        Rule(
            "W7",
            "error",
            "This makes the trouble smaller than it was for those who had it.",
            "Leave the word out, and give the times or the number.",
            "Benoit, reducing the offence: academlib.com/1252",
        ),
        Rule(
            "W8",
            "error",
            "A relative date goes wrong as soon as someone passes the text on.",
            "Write the day: “on Tuesday 7 September 2010”.",
            "theregister.com/2010/09/10/microsoft_bpos_apology: “just yesterday”, repeated two days later",
            by_kind={"update": "info"},
        ),
        Rule(
            "W9",
            "error",
            "A clock time without a zone means something else to each reader.",
            "Add the zone: “14:02 UTC”, or write once that all times are UTC.",
            "Cloudflare and Google post-mortems name the zone",
        ),
        Rule(
            "W10",
            "info",
            "The passive leaves out who did it.",
            "Say who: “we missed”, “our change introduced”.",
            "plainlanguage.gov: use the active voice",
        ),
        Rule(
            "W11",
            "error",
            "This blames a person; the system let one step do this much harm.",
            "Say what our process allowed: “our checks let this change through”.",
            "PagerDuty postmortem docs: blameless practice",
        ),
        Rule(
            "W12",
            "warning",
            "This moves the fault to someone your customers did not choose.",
            "Say what you answer for: “we depended on one network link”.",
            "Statuspage: incident communication tips; Benoit, shifting the blame",
        ),
        Rule(
            "W13",
            "warning",
            "Praise of ourselves does not belong in an apology.",
            "Leave it out.",
            "Benoit, bolstering: academlib.com/1252",
        ),
        Rule(
            "W14",
            "warning",
            "This hints at a cause without saying what it was.",
            "Say what it was, or: “We do not yet know what it was; we will explain it by ” and the date.",
            "theregister.com/2010/09/10/microsoft_bpos_apology: its first complaint",
        ),
        Rule(
            "W15",
            "error",
            "What follows “but” takes the apology back.",
            "End the sentence after the apology, and give the facts in a sentence of their own.",
            "Lewicki, Polin, Lount 2016: eurekalert.org/pub_releases/2016-04/osu-t6e041116.php",
        ),
        Rule(
            "W16",
            "warning",
            "Thanks for patience are not an apology; nobody chose to wait.",
            "We are sorry.",
            "signalvnoise.com/posts/1528-the-bullshit-of-outage-language",
        ),
        Rule(
            "W17",
            "error",
            "This promises nothing that anyone can check.",
            "Name the change, who does it and by when: “Our head of networks will test every upgrade on a spare "
            "network by 15 March 2026.”",
            "Atlassian, post-incident review of April 2022: actions with owners and dates",
        ),
        Rule(
            "W18",
            "error",
            "This belongs inside the house: customers cannot use it, and others might.",
            "Say it in your customers' words, or leave it out.",
            "PagerDuty incident response docs: external communication",
        ),
        Rule("W19", "error", "A gap in the form was left unfilled.", "Fill it in, or take it out.", "apology.md §3.2"),
        Rule(
            "W20",
            "route",
            "A word with a meaning in law: legal reads it before it goes out.",
            "Keep it if it is meant; plain words for our own fault need no lawyer: “this was our fault”.",
            "apology.md §5",
        ),
        Rule(
            "W21",
            "error",
            "A promised end time that passes costs more trust than none.",
            "Say when the next update comes: “We will write again by 16:00 UTC.”",
            "GitHub, October 2018 post-incident analysis: it regretted its estimates",
            kinds=("update",),
        ),
        Rule(
            "R1",
            "warning",
            "This is hard to read; aim for grade 9.",
            "Use shorter sentences and shorter words.",
            "Kincaid 1975; plainlanguage.gov",
        ),
        Rule(
            "R2",
            "warning",
            "This sentence is too long to read once.",
            "Make two sentences of it.",
            "plainlanguage.gov: write short sentences",
        ),
        Rule(
            "R3",
            "warning",
            "This paragraph is over 150 words.",
            "Part it in two.",
            "plainlanguage.gov: write short paragraphs",
        ),
        # Presence, read against the record
        Rule(
            "A1",
            "error",
            "The first two sentences do not say sorry.",
            "We are sorry.",
            "37signals: apologise first, as a person",
            kinds=("apology",),
        ),
        Rule(
            "A2",
            "error",
            "Nobody takes responsibility.",
            "This was our fault, and we take responsibility for it.",
            "Lewicki 2016: responsibility counts most; Robbennolt 2003",
            kinds=("apology",),
        ),
        Rule(
            "A3",
            "error",
            "The cause is missing.",
            "The cause is not known yet; we will report it by ",
            "Lewicki 2016: explanation",
            kinds=("apology",),
        ),
        Rule(
            "A4",
            "error",
            "Nothing is said about what changes.",
            "We will change this so that it does not happen again.",
            "Lewicki 2016: declaration of repentance",
            kinds=("apology",),
        ),
        Rule(
            "A5a",
            "error",
            "The text does not say how the fault stands, as the record has it.",
            "Say how it stands.",
            "PagerDuty incident response docs",
            kinds=("apology", "closure"),
        ),
        Rule(
            "A5b",
            "warning",
            "Nothing is said about a remedy.",
            "We will decide on a remedy by ",
            "Lewicki 2016: offer of repair; Grewal 2008",
            kinds=("apology",),
        ),
        Rule(
            "A6",
            "info",
            "Asking forgiveness is never needed.",
            "Leave it out.",
            "Lewicki 2016: the least effective part",
            kinds=("apology",),
        ),
        Rule(
            "F1",
            "error",
            "A day of the incident, or its year, is missing.",
            "Name each day with its year.",
            "Microsoft 365 post-incident reviews",
            kinds=("apology", "closure"),
        ),
        Rule(
            "F2",
            "error",
            "A time or part of a day has no zone.",
            "Add the zone, or write once that all times are UTC.",
            "Cloudflare and Google post-mortems",
        ),
        Rule(
            "F3",
            "error",
            "Start and end, or how long it lasted, are missing.",
            "The exact times are not known yet; we will report them by ",
            "83.5 % of AWS notices give times",
            kinds=("apology", "closure"),
        ),
        Rule(
            "F4",
            "error",
            "The service that was hit is not named.",
            "Name the service as your customers know it.",
            "Google Cloud incident reports",
        ),
        Rule(
            "F5",
            "error",
            "The region is missing.",
            "Name the region.",
            "Microsoft 365 service health",
            kinds=("apology", "closure", "relay"),
        ),
        Rule(
            "F6",
            "error",
            "What customers saw is missing.",
            "Say what they could not do.",
            "Google SRE book, postmortems",
            by_kind={"update": "warning"},
        ),
        Rule(
            "F7",
            "warning",
            "How many were affected is missing.",
            "How many customers were affected is not known yet.",
            "Atlassian 2022 was blamed for giving no number",
            kinds=("apology", "closure"),
        ),
        Rule(
            "F8",
            "warning",
            "Nothing is said about data: lost, safe or not known yet.",
            "No data was lost.",
            "PagerDuty incident response docs",
            kinds=("apology", "closure"),
        ),
        Rule(
            "F9",
            "error",
            "It came back: the text must say that the earlier fix was not enough.",
            "Our first fix did not resolve it.",
            "theregister.com/2010/09/10/microsoft_bpos_apology",
            kinds=("apology",),
        ),
        Rule(
            "F10",
            "error",
            "The text says who was not hit, and no fact with a source says so.",
            "Leave it out, or record the exclusion with its source.",
            "theregister.com/2010/09/10/microsoft_bpos_apology",
            kinds=("apology", "closure", "relay"),
        ),
        Rule(
            "F11",
            "error",
            "No prevention with an owner's role and a date.",
            "Name what changes, whose task it is and by when.",
            "Atlassian, post-incident review of April 2022",
            kinds=("apology",),
        ),
        Rule(
            "F12",
            "error",
            "The next report's date is missing, past, or too far away.",
            "We will report to you again by ",
            "Microsoft 365 and Azure: review within five business days",
            kinds=("apology", "closure", "update"),
        ),
        Rule(
            "F13",
            "warning",
            "How to reach you is missing.",
            "Please contact us at ",
            "apology.md §3.1",
            kinds=("apology", "closure"),
        ),
        Rule(
            "F14",
            "warning",
            "No named person signs.",
            "Sign with a name.",
            "37signals: a person speaks, not a company",
            kinds=("apology",),
        ),
        Rule(
            "F15",
            "error",
            "The fault is not fixed yet: say that it may come back.",
            "We cannot rule out a further event.",
            "theregister.com/2010/09/10/microsoft_bpos_apology: its second complaint",
            kinds=("apology",),
        ),
        # Agreement with the record
        Rule(
            "W22",
            "warning",
            "This word says more than the record does.",
            "Use the word that the record supports.",
            "PagerDuty incident response docs: accuracy",
        ),
        Rule(
            "W23",
            "error",
            "Another customer or a person by name.",
            "Leave the name out.",
            "privacy: GDPR article 5, data minimisation",
        ),
        Rule(
            "W24",
            "warning",
            "An abbreviation is not explained where it first stands.",
            "Write it out the first time.",
            "plainlanguage.gov: minimize abbreviations",
        ),
        Rule(
            "W25",
            "warning",
            "The tone does not suit an apology.",
            "Use plain sentences with full stops.",
            "apology.md §3.2",
        ),
        Rule(
            "C1",
            "error",
            "This is not in the record.",
            "Record it as a fact with its source, or leave it out.",
            "apology.md §1: a fact without a source cannot be public",
        ),
        Rule(
            "C2",
            "error",
            "This is finer than the fact.",
            "Say no more than the record knows.",
            "apology.md §1, precision",
        ),
        Rule(
            "C3",
            "error",
            "The start time differs from another in the same text.",
            "Use one start time throughout.",
            "blog.cloudflare.com/18-november-2025-outage: 11:20 and 11:28",
        ),
        Rule("C4", "error", "The length does not fit the times.", "Let times and length agree.", "apology.md §3.3"),
        Rule(
            "C5",
            "error",
            "The timeline is out of order.",
            "Put the entries in the order in which they happened.",
            "apology.md §3.3",
        ),
        Rule("C6", "error", "The variants of this text do not agree.", "Say the same facts in each.", "apology.md §2"),
        Rule("C7", "error", "This is internal, or another customer's.", "Leave it out.", "apology.md §1, visibility"),
        Rule(
            "C8",
            "error",
            "What was relayed differs from what was approved.",
            "Use the approved words.",
            "theregister.com/2010/09/10/microsoft_bpos_apology: seven drifts",
        ),
    )
}
"""Every rule by name. W1, W2's "any", W8, W9 and W15 need a judgement that `wording` makes; the others have
`cases`."""
