"""Words that several rules look for, as patterns to be put into others: dates, incidents, people, things, slips."""

from typing import Final

SORRY: Final = r"\b(?:sorry|apologi[sz]e[sd]?|apologi[sz]ing|apolog(?:y|ies)|regrets?|regretted)\b"
_MONTHS: Final = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
A_DATE: Final = (
    rf"(?:\b\d{{1,2}}(?:st|nd|rd|th)? (?:of )?{_MONTHS}(?! ?\w{{4,}} (?:ours|self))\b"
    rf"|\b{_MONTHS} (?:the )?\d{{1,2}}(?:st|nd|rd|th)?\b"
    rf"|\b\d{{4}}[-/]\d\d[-/]\d\d\b|\b\d{{1,2}}[/.]\d{{1,2}}[/.]\d{{4}}\b|\b\d{{1,2}}-{_MONTHS}-\d{{4}}\b)"
)
BY_DATE: Final = (
    rf"(?:\b(?:by|before|on|until|no later than|not later than|due)\b[^.!?]{{0,30}}?{A_DATE}"
    rf"|{A_DATE}[^.!?]{{0,12}} at the latest\b)"
)
INCIDENT: Final = (
    r"(?:outage|disruption|interruption|issue|problem|incident|degradation|downtime|unavailab\w{1,8}|delay|impact"
    r"|effect|error|failure|fault|loss(?: of \w+)?|lapse"
    r"|drop|glitch|slowdown|slowness|instability|period|time|while|window|moment|spell|spike|pause|gap|latency"
    r"|disturbance|event|episode|freeze|halt|blackout|disconnect(?:ion)?|inability|suspension|stretch|absence|dip"
    r"|stall|bump|break|trouble|difficult\w{1,4}|hit|inaccessib\w{1,6}|intermittent\w{0,2})s?\b"
)
PEOPLE: Final = (
    r"(?:customers?|users?|clients?|accounts?|tenants?|organi[sz]ations?|compan(?:y|ies)|people|persons"
    r"|subscribers?|merchants?|members?|teams?|businesses|workspaces?"
    r"|visitors?|shoppers?|patients?|students?|partners?|employees|readers|callers|travellers|travelers|guests"
    r"|passengers|players|developers|buyers|sellers|sites|stores|shops|schools|hospitals|retailers|hotels|restaurants"
    r"|households|drivers|traders|practices|clinics|branches)"
)
"""Those who were hit."""
THINGS: Final = (
    r"(?:services?|regions?|countries|issues?|problems?|platforms?|systems?|features?|requests|messages|e-?mails"
    r"|traffic"
    r"|endpoints|responses|webhooks|areas|markets|data|searches|images|documents|databases|workloads|instances|lines"
    r"|orders|payments|transactions|calls|log-?ins|sign-?ins|sessions|records"
    r"|files|transfers|bookings|deliveries|jobs|builds|notifications|functions|functionality|components|pages"
    r"|locations|servers|devices|invoices|uploads|reports|queries)"
)
ROLE: Final = (
    r"(?:engineer|employee|contractor|intern|technician|administrator|admin|developer|operator|colleague"
    r"|staff member|team member|worker|programmer|manager|individual|trainee|apprentice"
    r"|sysadmin|analyst|consultant|agent|person|dba|member of (?:(?:our|the) )?(?:\w+ )?(?:staff|team|crew|personnel))"
)
SLIPPED_BADLY: Final = (
    r"(?:accidental(?:ly)?|mistaken(?:ly)?|inadvertent(?:ly)?|wrongly|incorrectly|erroneously|careless(?:ly)?|mistyped"
    r"|misconfigured|forgot(?:ten)?|failed|ignored|missed|overlooked|neglected|caused|misread|misunderstood|misjudged"
    r"|slept|overslept|fell asleep|dozed off"
    r"|was (?:at fault|to blame)|were (?:at fault|to blame|careless)|bypassed|botched|mishandled|made (?:a|the|an) "
    r"(?:\w+ )?(?:mistake|error)|\w+ed (?:\w+ ){0,3}wrong|did not|didn't|should have|broke)"
)
SLIPPED: Final = (
    r"(?:accidental(?:ly)?|mistaken(?:ly)?|inadvertent(?:ly)?|wrongly|incorrectly|erroneously|careless(?:ly)?"
    r"|deleted|mistyped|misconfigured|entered|ran|run|pushed|forgot(?:ten)?|failed|ignored|missed"
    r"|overlooked|neglected|skipped|made|caused|triggered|introduced|removed|applied|executed|typed|clicked"
    r"|unplugged|disconnected|cut|broke|disabled|did not|didn't|should have|misread|misunderstood"
    r"|misjudged|uploaded|merged|released|deployed|shut|dropped|wiped|erased|overwrote|took down|brought down"
    r"|was (?:at fault|to blame|responsible|careless|inexperienced)|used the wrong|chose the wrong"
    r"|changed|edited|copied|committed|bypassed|violated|pressed|flipped|hit the|left (?:it|the|a)"
    r"|\w+ed (?:\w+ ){0,3}wrong|(?:put|set|wrote|gave|sent|took) (?:\w+ ){0,3}wrong|did (?:this|it|so)|pasted"
    r"|botched|mishandled|tripped|pulled|rebooted|restarted|switched off|turned off|slept|overslept|fell asleep)"
)
