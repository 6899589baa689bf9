"""Two hundred spoilt catalogs through the command line: each refused by line, with a reason, and nothing half-loaded.

Every file is made from a seed and one of the mutations below. A mutation knows what it broke, and so what must be said;
one that leaves a good catalog must be taken.
"""

import hashlib
import itertools
import os
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli.root import cli
from handlers.domain.catalog.yaml_tree import DEEPEST, LARGEST_FILE
from storage import migrate
from storage.database import make_engine

SEEDS = 215
FINE = "fine"
"""What a mutation expects that leaves a good catalog."""

GOOD = """\
regions:
  - {key: NA, name: North America}
  - {key: EU, name: Europe}
services:
  - key: suite
    name: Office Suite
    regions: [NA, EU]
  - key: sign-in
    name: Sign-in
    part_of: suite
    internal_names: [authsvc, edge-blu]
  - key: tokens
    name: Token service
    part_of: sign-in
  - key: archive
    name: Archive
people:
  - name: Dana Lee
    email: dana@example.com
    slack: U0DANA
    teams: 29:dana
    roles: [account-manager]
  - name: Ana Silva
    email: ana@example.com
    roles: [commander, admin]
customers:
  - key: contoso
    name: Contoso Ltd
    account_manager: dana@example.com
    deliver: all
    timezone: America/New_York
    locale: en-US
    uses:
      - service: suite
        region: NA
        from: 2026-01-01
    channels:
      - slack: C0CONTOSO
      - email: it@contoso.example
      - webhook: https://hooks.contoso.example/in
    contract:
      - version: first
        to: 2025-12-31
        uptime: 99.9
        credits: [{below: 99.9, percent: 10}]
      - version: second
        from: 2026-01-01
        zone: America/New_York
        mode: tenant-minutes
        uptime: 99.9
        credits:
          - {below: 99.9, percent: 25}
          - {below: 99, percent: 50}
        source: Order form 7
  - key: fabrikam
    name: Fabrikam Inc
    account_manager: dana@example.com
    uses:
      - service: archive
    channels:
      - teams: 19:fabrikam@thread.tacv2
maintenance:
  - services: [archive]
    from: 2026-12-01T22:00Z
    to: 2026-12-02T00:00Z
policy:
  default_severity: sev2
"""
CSV = """\
key,name,account_manager,uses,channels,timezone,locale,deliver,contract_version,contract_from,contract_to,contract_credits
contoso,Contoso Ltd,dana@example.com,suite@NA | archive,slack:C0CONTOSO | email:it@contoso.example,Europe/Berlin,en-GB,all,first,,2025-12-31,99.9:25 | 99:50
contoso,,,,,,,,second,2026-01-01,,99.9:30
fabrikam,Fabrikam Inc,,sign-in from 2026-01-01 to 2026-06-30,teams:19:fabrikam@thread.tacv2,,,,,,,
"""


@dataclass(frozen=True)
class Spoilt:
    """A file, and what must be said of it: the line at fault (0: any) and some words, or `FINE`."""

    data: bytes
    words: str
    line: int = 0
    name: str = "spoilt.yaml"


Mutation = Callable[[random.Random], Spoilt]
MUTATIONS: list[Mutation] = []


def mutation(make: Mutation) -> Mutation:
    """One way to spoil a catalog."""
    MUTATIONS.append(make)
    return make


def text(words: str, says: str, line: int = 0, name: str = "spoilt.yaml") -> Spoilt:
    return Spoilt(words.encode("utf-8", "surrogatepass"), says, line, name)


def swapped(rng: random.Random, *choices: tuple[str, str, str]) -> Spoilt:
    """One of several replacements `(what stood there, what stands there now, what must be said)`."""
    old, new, says = rng.choice(choices)
    assert GOOD.count(old) >= 1, old
    at = rng.choice([n for n in range(len(GOOD)) if GOOD.startswith(old, n)])
    line = GOOD.count("\n", 0, at) + 1
    return text(GOOD[:at] + new + GOOD[at + len(old) :], says, line)


@mutation
def wrong_type(rng: random.Random) -> Spoilt:
    """A list for a word, a word for a list, a mapping for either."""
    return swapped(
        rng,
        ("name: Contoso Ltd", "name: [Contoso, Ltd]", "must be text, not a list"),
        ("name: Archive", "name: {en: Archive}", "must be text, not a mapping"),
        ("regions: [NA, EU]", "regions: NA", "must be a list, not text"),
        ("roles: [account-manager]", "roles: {account-manager: yes}", "must be a list, not a mapping"),
        ("internal_names: [authsvc, edge-blu]", "internal_names: [[authsvc]]", "must be text, not a list"),
        ("services: [archive]", "services: archive", "must be a list, not text"),
        ("timezone: America/New_York", "timezone: {name: Berlin}", "must be text, not a mapping"),
        ("  default_severity: sev2", "  [sev2]", "must be a mapping"),
        ("uptime: 99.9\n        credits: [{below: 99.9, percent: 10}]", "uptime: [99.9]", "must be text, not a list"),
        ("      - slack: C0CONTOSO", "      - C0CONTOSO", "write one address"),
        ("  - name: Ana Silva", "  - Ana Silva", "no YAML here"),
    )


@mutation
def unknown_key(rng: random.Random) -> Spoilt:
    """A key that is mistyped or not ours, at any depth."""
    keys = ["regions", "services", "people", "customers", "maintenance", "policy", "key", "name", "part_of", "email",
            "slack", "roles", "account_manager", "deliver", "timezone", "locale", "uses", "service", "region",
            "channels", "contract", "version", "uptime", "credits", "mode", "source", "internal_names"]  # fmt: skip
    key = rng.choice(keys)
    spots = [n for n in range(len(GOOD)) if GOOD.startswith(f"{key}:", n) and not GOOD[n - 1].isalnum()]
    at = rng.choice([n for n in spots if GOOD[n - 1] != "_"])
    bent = key[:-1] + rng.choice("xq") + key[-1]
    words = "there is no platform" if GOOD[:at].endswith("      - ") and key == "slack" else "there is no key"
    return text(GOOD[:at] + bent + GOOD[at + len(key) :], words, GOOD.count("\n", 0, at) + 1)


@mutation
def said_twice(rng: random.Random) -> Spoilt:
    """The same key, name, address or channel once more."""
    return swapped(
        rng,
        ("key: fabrikam", "key: Contoso", "is taken: another customer has it on line"),
        ("name: Fabrikam Inc", "name: contoso ltd", "is taken: another customer has it on line"),
        ("key: tokens", "key: SUITE", "is taken: another service has it on line"),
        ("name: Token service", "name: sign-in", "is taken: another service has it on line"),
        ("key: EU", "key: na", "is taken: another region has it on line"),
        ("email: ana@example.com", "email: Dana@Example.com", "is taken: another person (email) has it on line"),
        ("    roles: [commander, admin]", "    slack: U0DANA", "is taken: another person (slack) has it on line"),
        ("teams: 19:fabrikam@thread.tacv2", "slack: C0CONTOSO", "a channel belongs to one customer, once"),
        ("teams: 19:fabrikam@thread.tacv2", "email: IT@contoso.example", "a channel belongs to one customer, once"),
        ("    deliver: all", "    name: Contoso", "stands twice in this mapping"),
        ("regions: [NA, EU]", "regions: [NA, na]", "stands twice in this list"),
        ("version: second", "version: first", "is taken by a version above"),
        ("{below: 99, percent: 50}", "{below: 99.90, percent: 50}", "this threshold stands twice"),
        ("maintenance:", "services: []\nmaintenance:", "stands twice in this mapping"),
    )


@mutation
def dangling(rng: random.Random) -> Spoilt:
    """A service, a person, a region or a role that nothing in the file is."""
    return swapped(
        rng,
        ("part_of: suite", "part_of: siute", 'there is no service "siute"; did you mean "suite"?'),
        ("- service: suite", "- service: nothing", "there is no service"),
        ("services: [archive]", "services: [archives]", 'did you mean "archive"?'),
        ("account_manager: dana@example.com", "account_manager: dnaa@example.com", "nobody in people: has the address"),
        ("region: NA", "region: Mars", "is offered in NA, EU, not in"),
        ("roles: [commander, admin]", "roles: [commander, adnim]", 'did you mean "admin"?'),
        ("part_of: sign-in", "part_of: *nobody", "there is no anchor"),
    )


@mutation
def circle(rng: random.Random) -> Spoilt:
    """Parts of parts of themselves."""
    return swapped(
        rng,
        ("part_of: suite", "part_of: sign-in", "goes round in a circle: sign-in → sign-in"),
        ("part_of: suite", "part_of: tokens", "goes round in a circle"),
        ("    regions: [NA, EU]", "    part_of: tokens", "goes round in a circle"),
    )


@mutation
def bad_zone_or_locale(rng: random.Random) -> Spoilt:
    """Zones and locales that nobody has."""
    return swapped(
        rng,
        ("timezone: America/New_York", "timezone: America/New_Yrok", 'did you mean "America/New_York"?'),
        ("timezone: America/New_York", "timezone: EST5", "is no time zone"),
        ("timezone: America/New_York", "timezone: ../../etc/passwd", "is no time zone"),
        ("timezone: America/New_York", "timezone: localtime", "is no time zone"),
        ("zone: America/New_York\n        mode", "zone: UTC+2\n        mode", "is no time zone"),
        ("zone: America/New_York\n        mode", "zone: 1\n        mode", "is no time zone"),
        ("locale: en-US", "locale: en_US", 'did you mean "en-US"?'),
        ("locale: en-US", "locale: xx-YY", "is no locale"),
        ("locale: en-US", "locale: english", "is no locale"),
    )


@mutation
def bad_channel(rng: random.Random) -> Spoilt:
    """Addresses that no platform can have, and those that would leak or reach inside."""
    return swapped(
        rng,
        ("slack: C0CONTOSO", "slack: '#contoso'", "is no Slack channel id"),
        ("slack: C0CONTOSO", "slack: U0CONTOSO", "is no Slack channel id"),
        ("slack: C0CONTOSO", "slack: c0contoso", "is no Slack channel id"),
        ("slack: C0CONTOSO", "slack:", "is empty"),
        ("slack: C0CONTOSO", "slcak: C0CONTOSO", 'did you mean "slack"?'),
        ("slack: C0CONTOSO", "{slack: C0A, teams: 19:b@c.d}", "write one address"),
        ("teams: 19:fabrikam@thread.tacv2", "teams: fabrikam", "is no Teams conversation id"),
        ("teams: 19:fabrikam@thread.tacv2", "teams: 19:a b@thread.tacv2", "is no Teams conversation id"),
        ("email: it@contoso.example", "email: it@contoso", "is no mail address"),
        ("email: it@contoso.example", "email: a@b.example, c@d.example", "is no mail address"),
        ("email: it@contoso.example", 'email: "it@contoso.example\\nBcc: x@y.example"', "a line break"),
        ("webhook: https://hooks.contoso.example/in", "webhook: http://hooks.contoso.example", "must begin with https"),
        ("webhook: https://hooks.contoso.example/in", "webhook: https://a:b@c.example", "user name or password"),
        ("webhook: https://hooks.contoso.example/in", "webhook: javascript:alert(1)", "is no web address"),
        ("webhook: https://hooks.contoso.example/in", "webhook: https://[::1", "is no web address"),
        ("webhook: https://hooks.contoso.example/in", "webhook: file:///etc/passwd", "is no web address"),
        ("teams: 29:dana", "teams: dana", "is no Teams user id"),
        ("slack: U0DANA", "slack: dana", "is no Slack member id"),
    )


@mutation
def bad_date(rng: random.Random) -> Spoilt:
    """Days that never were, times without a zone, ends before beginnings."""
    return swapped(
        rng,
        ("from: 2026-01-01\n    channels", "from: 2026-02-30\n    channels", "is no date"),
        ("from: 2026-01-01\n    channels", "from: 01/02/2026\n    channels", "is no date"),
        ("from: 2026-01-01\n    channels", "from: 20260101\n    channels", "is no date"),
        ("from: 2026-01-01\n    channels", "from: 0000-00-00\n    channels", "is no date"),
        ("from: 2026-01-01\n    channels", "from: 9999-12-31\n    channels", "cannot be meant"),
        ("from: 2026-01-01\n    channels", "from: ٢٠٢٦-٠١-٠١\n    channels", "is no date"),
        ("from: 2026-01-01\n        zone", "from: 2025-12-31\n        zone", "overlaps version"),
        ("from: 2026-01-01\n        zone", "from: tomorrow\n        zone", "is no date"),
        ("from: 2026-12-01T22:00Z", "from: 2026-12-01T22:00", "says no time zone"),
        ("from: 2026-12-01T22:00Z", "from: 2026-12-01 25:00Z", "is no time"),
        ("from: 2026-12-01T22:00Z", "from: 0001-01-01T00:00+14:00", "is no time"),
        ("to: 2026-12-02T00:00Z", "to: 2026-12-01T22:00Z", "must be later than from"),
        ("to: 2026-12-02T00:00Z", "to: 2026-11-02T00:00Z", "must be later than from"),
    )


@mutation
def bad_number(rng: random.Random) -> Spoilt:
    """Huge, tiny, infinite and not a number."""
    odd = rng.choice([".nan", ".inf", "-.inf", "1e400", "1e3", "0x63", "99,9", "--1", "99.9%", "1_0", "٩٩", "9" * 500])
    where = rng.choice(["uptime: 99.9", "percent: 25", "percent: 50", "below: 99,"])
    if where == "below: 99,":
        odd = odd.replace(",", ".9.")
    new = where.split(":")[0] + ": " + odd + ("," if where.endswith(",") else "")
    if odd == "99,9":  # in braces a comma begins another key
        return swapped(rng, ("uptime: 99.9", "uptime: 99,9", "is no number"))
    says = "characters long" if len(odd) > 200 else "is no number"
    return swapped(rng, (where, new, says))


@mutation
def number_out_of_bounds(rng: random.Random) -> Spoilt:
    """More than all, less than nothing, a worse month that earns less."""
    return swapped(
        rng,
        ("percent: 25", "percent: 101", "must lie between 0 and 100"),
        ("percent: 25", "percent: -1", "must lie between 0 and 100"),
        ("below: 99,", "below: 100.1,", "must lie between 0 and 100"),
        ("mode: tenant-minutes\n        uptime: 99.9", "mode: minutes\n        uptime: 99.9", "is none of"),
        ("deliver: all", "deliver: both", "is none of first, all"),
    )


@mutation
def tiers_in_disorder(rng: random.Random) -> Spoilt:
    """The lists of credits as a whole."""
    old, new, says = rng.choice(
        [
            ("percent: 50", "percent: 5", "a lower uptime earns less"),
            ("{below: 99.9, percent: 25}", "{below: 99.95, percent: 25}", "above the promised uptime"),
        ]
    )
    return text(GOOD.replace(old, new), says)


@mutation
def missing(rng: random.Random) -> Spoilt:
    """A required key taken out."""
    old, says = rng.choice(
        [
            ("- version: first\n        to", "- to"), ("- key: contoso\n    name", "- name"),
            ("- key: archive\n    name", "- name"), ("- name: Ana Silva\n    email", "- email"),
            ("- service: suite\n        region", "- region"), ("- services: [archive]\n    from", "- from"),
            ("        from: 2026-01-01\n        zone", "        zone"),
            ("{below: 99, percent: 50}", "{percent: 50}"), ("{key: NA, name", "{name"),
        ]
    )  # fmt: skip
    assert old in GOOD
    return text(GOOD.replace(old, says, 1), "is missing")


@mutation
def empty(rng: random.Random) -> Spoilt:
    """Nothing, in its many spellings."""
    return text(
        rng.choice(["", "\n", "~", "null", "# only a remark\n", "---\n", "\ufeff", "  \n\n"]), "holds nothing", 1
    )


@mutation
def no_mapping(rng: random.Random) -> Spoilt:
    """Another file altogether."""
    file = rng.choice(["[]", "- a\n- b\n", "hello", "42", '"quoted"', "<html><body>no</body></html>", "true"])
    return text(file, "must be a mapping", 1)


@mutation
def broken_syntax(rng: random.Random) -> Spoilt:
    """Brackets, quotes and colons that nobody closes; behind a plain text most of them are a part of it."""
    lines = GOOD.splitlines()
    where = rng.randrange(len(lines))
    more = rng.choice([" {", " [", ' "', " : : :", " }", " ]", " @x: `", " &"])
    free = lines[where].strip().removeprefix("- ").startswith(("name:", "source:", "version:")) and ":" not in more
    lines[where] += more
    return text("\n".join(lines), FINE if free else "")


@mutation
def tab(rng: random.Random) -> Spoilt:
    """A tab where spaces belong."""
    lines = GOOD.splitlines()
    where = rng.choice([n for n, line in enumerate(lines) if line.startswith("    ") and line.lstrip()[0] != "-"])
    lines[where] = "\t" + lines[where].lstrip()
    return text("\n".join(lines), "a tab stands at the beginning of the line", where + 1)


@mutation
def tag(rng: random.Random) -> Spoilt:
    """Tags that would build objects."""
    evil = rng.choice(
        ["!!python/object/apply:os.system ['true']", "!!python/name:os.system x", "!secret x", "!!binary aGk=", "!!set {a}",
         "!<tag:yaml.org,2002:python/object:object> x", "!!omap []"]
    )  # fmt: skip
    return swapped(rng, ("name: Archive", f"name: {evil}", "is not allowed; write the plain value"))


@mutation
def alias_bomb(rng: random.Random) -> Spoilt:
    """A few lines that would be millions of values."""
    wide = rng.randint(8, 12)
    rows = [f"a0: &a0 [{', '.join(['x'] * wide)}]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * wide)}]" for n in range(1, 10)]
    return text("\n".join(rows), "use fewer aliases")


@mutation
def alias_of_itself(rng: random.Random) -> Spoilt:
    """An anchor that holds itself."""
    return text(rng.choice(["services: &a [*a]", "services: &a\n  - {key: x, <<: *a}"]), "stands inside itself")


@mutation
def too_deep(rng: random.Random) -> Spoilt:
    """Levels that no catalog has."""
    depth = rng.choice([DEEPEST + 1, 500, 100_000])
    return text("services: " + rng.choice(["[", "{a: "]) * depth, "nested deeper than", 1)


@mutation
def second_document(rng: random.Random) -> Spoilt:
    """Two catalogs in one file."""
    return text(GOOD + rng.choice(["---\n", "...\n---\n"]) + GOOD, "a second document begins here")


@mutation
def control_character(rng: random.Random) -> Spoilt:
    """Characters that no text has, or that hide in one."""
    odd, says = rng.choice(
        [("\x00", "U+0000"), ("\x07", "U+0007"), ("\x1b", "U+001B"), ("\ufffe", "U+FFFE"), ("\u202e", "U+202E"),
         ("\u200b", "U+200B"), ("\u2066", "U+2066")]
    )  # fmt: skip
    return swapped(rng, ("name: Contoso Ltd", f"name: Con{odd}toso", says))


@mutation
def encoding(rng: random.Random) -> Spoilt:
    """Not UTF-8."""
    umlaut = GOOD.replace("Contoso Ltd", "Köntöso Ltd")
    at = GOOD[: GOOD.index("Contoso Ltd")].count("\n") + 1
    return rng.choice(
        [
            Spoilt(umlaut.encode("latin-1"), "save it as UTF-8", at),
            Spoilt(umlaut.encode("utf-16"), "the file is UTF-16", 1),
            Spoilt(GOOD.encode("utf-16-le"), "U+0000", 1),
            Spoilt(umlaut.encode("cp1252"), "save it as UTF-8", at),
            Spoilt(GOOD.replace("Contoso Ltd", "\ud800").encode("utf-8", "surrogatepass"), "save it as UTF-8", at),
            Spoilt(b"\x89PNG\r\n\x1a\n" + bytes(64), "save it as UTF-8", 1),
        ]
    )


@mutation
def too_large(rng: random.Random) -> Spoilt:
    """Ten megabytes."""
    size = 2 * LARGEST_FILE
    filler = rng.choice([b"# x\n", b"x", b"\n", b"  - {key: a}\n"])
    return Spoilt(GOOD.encode() + filler * (size // len(filler)), "at most 5 MB are read", 1)


@mutation
def too_long(rng: random.Random) -> Spoilt:
    """Words longer than anybody's."""
    size = rng.choice([201, 5_000, 100_000])
    return swapped(
        rng,
        ("name: Contoso Ltd", f"name: {'x' * size}", "characters long"),
        ("key: fabrikam", f"key: {'x' * 61}", "is no key"),
        ("key: fabrikam", "key: fab rikam", "is no key"),
        ("key: fabrikam", "key: ../fabrikam", "is no key"),
        ("key: fabrikam", "key: fabrikäm", "is no key"),
    )


@mutation
def still_fine(rng: random.Random) -> Spoilt:
    """What looks odd and is a good catalog: it must be taken."""
    return rng.choice(
        [
            text("\ufeff" + GOOD, FINE),
            text(GOOD.replace("\n", "\r\n"), FINE),
            text(GOOD.replace("name: Contoso Ltd", "name: Köntöso 株式会社 \U0001f600"), FINE),
            text(GOOD.replace("name: Contoso Ltd", "name: NO"), FINE),
            text(GOOD.replace("name: Contoso Ltd", "name: '12:30'"), FINE),
            text(GOOD.replace("    locale: en-US\n", ""), FINE),
            text(GOOD.replace("        source: Order form 7\n", ""), FINE),
            text(GOOD + "\n\n# the end\n", FINE),
            text(GOOD.replace("uptime: 99.9", "uptime: 99.900"), FINE),
            text(GOOD.replace("services: [archive]", "services: [ARCHIVE]"), FINE),
            text("services: []\n", FINE),
            text("{}", FINE),
            text("---\n" + GOOD + "...\n", FINE),
        ]
    )


def spoilt_csv(old: str, new: str, says: str, line: int) -> Spoilt:
    assert old in CSV, old
    return text(CSV.replace(old, new, 1), says, line, "spoilt.csv")


@mutation
def csv_columns(rng: random.Random) -> Spoilt:
    """The first line of a spreadsheet."""
    return rng.choice(
        [
            spoilt_csv("key,name", "kye,name", 'did you mean "key"?', 1),
            spoilt_csv("key,name", "key,key", "stands twice", 1),
            spoilt_csv("timezone,", "planet,", "there is no column", 1),
            spoilt_csv("key,name", "name,name", "stands twice", 1),
            text("", "holds nothing", 1, "spoilt.csv"),
            text("\n \n", "holds nothing", 1, "spoilt.csv"),
            text("name\nA\n", "the column key is missing", 1, "spoilt.csv"),
        ]
    )


@mutation
def csv_cells(rng: random.Random) -> Spoilt:
    """Cells that hold what no customer has."""
    return rng.choice(
        [
            spoilt_csv("suite@NA", "suite@Mars", "is offered in NA, EU", 2),
            spoilt_csv("suite@NA", "siute@NA", 'did you mean "suite"?', 2),
            spoilt_csv("from 2026-01-01 to 2026-06-30", "from 2026-13-01", "is no date", 4),
            spoilt_csv("from 2026-01-01 to 2026-06-30", "from 2026-01-01 to 2025-06-30", "is before from", 4),
            spoilt_csv("slack:C0CONTOSO", "slack:#contoso", "is no Slack channel id", 2),
            spoilt_csv("slack:C0CONTOSO", "C0CONTOSO", "write one address", 2),
            spoilt_csv("teams:19:fabrikam@thread.tacv2", "slack:C0CONTOSO", "bound on line 2 already", 4),
            spoilt_csv("Europe/Berlin", "Berlin", "is no time zone", 2),
            spoilt_csv("dana@example.com", "nobody@example.com", "nobody in people: has the address", 2),
            spoilt_csv("99.9:25 | 99:50", "99.9:25 | 99.9:50", "this threshold stands twice", 2),
            spoilt_csv("99.9:25 | 99:50", "99.9;25", "is no number", 2),
            spoilt_csv("second,2026-01-01", "second,2025-01-01", "overlaps version", 3),
            spoilt_csv("second,2026-01-01", "first,2026-01-01", "is taken by a version above", 3),
            spoilt_csv("second,2026-01-01", ",2026-01-01", "is missing", 3),
            spoilt_csv("contoso,,,,,,,,second", "contoso,Contoso,,,,,,,second", "another customer has it on line 2", 3),
            spoilt_csv("fabrikam,Fabrikam", ",Fabrikam", "is missing", 4),
            spoilt_csv("fabrikam,Fabrikam", "fabrikam,x,Fabrikam", "13 values for 12 columns", 4),
            spoilt_csv("Contoso Ltd", '"Contoso Ltd', "no CSV here", 0),
            spoilt_csv("Contoso Ltd", "Con\x00toso", "U+0000", 2),
            spoilt_csv("Contoso Ltd", "Con\u202etoso", "U+202E", 2),
            Spoilt(CSV.replace("Contoso Ltd", "Köntöso").encode("latin-1"), "save it as UTF-8", 2, "spoilt.csv"),
            Spoilt(CSV.encode() + b"x" * 2 * LARGEST_FILE, "at most 5 MB are read", 1, "spoilt.csv"),
        ]
    )


@mutation
def csv_still_fine(rng: random.Random) -> Spoilt:
    """As spreadsheets save them."""
    return rng.choice(
        [
            text(CSV, FINE, name="spoilt.csv"),
            text("\ufeff" + CSV.replace("\n", "\r\n"), FINE, name="spoilt.csv"),
            text(CSV.replace(",", ";"), FINE, name="spoilt.csv"),
            text("KEY , Name\nacme,Acme\n", FINE, name="spoilt.csv"),
            text("key\n", FINE, name="spoilt.csv"),
        ]
    )


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a database that holds the good catalog."""
    folder = tmp_path_factory.mktemp("house")
    (folder / "good.yaml").write_text(GOOD, encoding="utf-8")
    engine = make_engine(f"sqlite:///{folder / 'amends.db'}")
    migrate.migrate(engine)
    engine.dispose()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        _plain(patch)
        assert CliRunner().invoke(cli, ["catalog", "load", "good.yaml"]).exit_code == 0
    return folder


def _plain(patch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("AMENDS_", "SLACK_", "TEAMS_")):
            patch.delenv(name)


def held(folder: Path) -> list[object]:
    """Every byte of the tables that a load may touch."""
    with closing(sqlite3.connect(folder / "amends.db")) as connection:
        return [
            connection.execute(f"select * from {table} order by 1").fetchall()
            for table in ("catalogs", "audit", "counters", "requests")
        ]


def made(seed: int) -> Spoilt:
    """The file of a seed: each mutation in turn, each time with other dice."""
    return MUTATIONS[seed % len(MUTATIONS)](random.Random(seed))


def different(count: int) -> dict[int, str]:
    """The first so many seeds whose files differ, each with the name of its mutation."""
    found: dict[int, str] = {}
    seen: set[bytes] = set()
    for seed in itertools.count():
        digest = hashlib.sha256(made(seed).data).digest()
        if digest not in seen:
            seen.add(digest)
            found[seed] = MUTATIONS[seed % len(MUTATIONS)].__name__
        if len(found) == count:
            return found
    raise AssertionError


FILES = different(SEEDS)


def test_every_mutation_has_its_turn() -> None:
    """And the same seed makes the same file."""
    assert len(FILES) == SEEDS
    assert sum(made(n).words != FINE for n in FILES) >= 200
    assert set(FILES.values()) == {make.__name__ for make in MUTATIONS}
    assert all(made(n) == made(n) for n in FILES)


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize("seed", FILES, ids=lambda n: f"{n}-{FILES[n]}")
def test_a_spoilt_catalog_is_refused_by_line_with_a_reason_and_nothing_is_half_loaded(
    seed: int, house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`check`, `diff` and `load` say the same; the database is as it was, to the byte. A good one is fine."""
    _plain(monkeypatch)
    monkeypatch.chdir(house)
    spoilt = made(seed)
    (house / spoilt.name).write_bytes(spoilt.data)
    before = held(house)
    told = set()
    for verb in ["check"] if spoilt.words == FINE else ["check", "load"] if seed % 3 else ["check", "diff", "load"]:
        result = CliRunner().invoke(cli, ["catalog", verb, spoilt.name])
        assert "Traceback" not in result.output
        if spoilt.words == FINE:
            assert result.exit_code == 0, result.output
            continue
        assert result.exit_code == 1, f"{FILES[seed]}: taken"
        assert isinstance(result.exception, SystemExit)
        assert result.stdout == ""
        told.add(result.stderr)
    assert held(house) == before
    if spoilt.words != FINE:
        assert len(told) == 1
        _reads_well(told.pop(), spoilt)


def _reads_well(said: str, spoilt: Spoilt) -> None:
    """A head line, then one line a fault: `spoilt.yaml:12:7: key: reason`, of which one is the fault that was made."""
    head, *rows = said.rstrip("\n").split("\n")
    assert head.startswith(f"{spoilt.name} was not loaded: ") or f": {spoilt.name} was not loaded: " in head, head
    assert rows
    lines = spoilt.data.count(b"\n") + 1
    found = False
    for row in rows:
        name, line, rest = row.split(":", 2)
        assert name == spoilt.name, row
        assert 1 <= int(line) <= lines, row
        assert len(row) < 600, row
        assert row.isprintable(), row
        found = found or (spoilt.words in rest and spoilt.line in (0, int(line)))
    assert found, said


@pytest.mark.parametrize("make", [still_fine, csv_still_fine])
def test_what_only_looks_odd_is_loaded(
    make: Mutation, house: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of those files, from an empty house and from a full one."""
    _plain(monkeypatch)
    monkeypatch.chdir(tmp_path)
    files = {spoilt.data: spoilt for n in range(200) if (spoilt := make(random.Random(n)))}
    assert len(files) >= 5
    for number, spoilt in enumerate(files.values()):
        database = f"house{number}.db"
        migrate.copy(str(house / "amends.db"), str(tmp_path / database))
        monkeypatch.setenv("AMENDS_DATABASE_URL", f"sqlite:///{database}")
        (tmp_path / spoilt.name).write_bytes(spoilt.data)
        result = CliRunner().invoke(cli, ["catalog", "load", spoilt.name])
        assert result.exit_code == 0, result.output
        assert "in force" in result.stdout
