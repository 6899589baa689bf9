"""Pages in docs/ that are written from the code are current; `WRITE_DOCS=1` writes them."""

import os
import re
from pathlib import Path

import prometheus_client

from bot import delivery  # noqa: F401 - its metrics are registered when it is imported
from bot.settings import NAMES
from bot.web import health  # noqa: F401 - the same
from handlers.domain.catalog import parse_catalog
from handlers.domain.catalog.customers_csv import COLUMNS
from handlers.domain.catalog.parse import (
    CATALOG_KEYS,
    CONTRACT_KEYS,
    CUSTOMER_KEYS,
    PERSON_KEYS,
    SERVICE_KEYS,
    USE_KEYS,
)
from handlers.domain.catalog.policy_section import POLICY_KEYS, REMINDER_KEYS, SEVERITY_KEYS
from handlers.grammar import ALIASES, USAGE

DOCS = Path(__file__).parents[1] / "docs"
SECTIONS: tuple[tuple[str, str], ...] = (
    ("declare", "Start and look"),
    ("severity", "Run it"),
    ("note", "Write down"),
    ("apology draft", "Apologise"),
    ("relay list", "Pass on and promise"),
    ("customer list", "Catalog and numbers"),
    ("send", "Said by buttons"),
)
"""The verb each heading of docs/commands.md stands before."""


def _commands() -> str:
    headings = dict(SECTIONS)
    lines = [
        "# Everything you can say",
        "",
        "Written from `handlers/grammar/lines.py`. The same words on both platforms: `/incident …` (or `/inc …`, and",
        "`/apology …` for `/incident apology …`) in Slack, `@Amends …` in Teams, the bare words in a personal chat.",
        "`N` is `7`, `#7` or `INC-7`, `A` is `3` or `A3`; each may be left out where only one fits. Words after `because`",
        "or `--` are free text. A verb said without what it needs opens a form. `help <verb>` says the same as this page.",
    ]
    for verb, usage in USAGE.items():
        if verb in headings:
            lines += ["", f"## {headings[verb]}", "", "| say | meaning | for example |", "|---|---|---|"]
        cells = [f"`{usage.line}`", usage.meaning, f"`{usage.example}`"]
        lines.append("| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |")
    familiar = ", ".join(f"`{said}` ({meant})" for said, meant in ALIASES.items())
    return "\n".join([*lines, "", f"Familiar words are understood too: {familiar}.", ""])


def test_the_commands_page_is_current() -> None:
    """docs/commands.md is the grammar's own table."""
    if os.environ.get("WRITE_DOCS"):
        (DOCS / "commands.md").write_text(_commands(), encoding="utf-8")
    assert (DOCS / "commands.md").read_text(encoding="utf-8") == _commands()


def test_every_verb_stands_under_a_heading() -> None:
    """The first verb of the table opens the first section."""
    assert next(iter(USAGE)) == SECTIONS[0][0]
    assert all(verb in USAGE for verb, _ in SECTIONS)


def test_operations_names_every_setting_and_none_that_does_not_exist() -> None:
    """A new setting without a line fails, and so does a line without a setting."""
    text = (DOCS / "operations.md").read_text(encoding="utf-8")
    told = set(re.findall(r"`((?:AMENDS|SLACK|TEAMS)_[A-Z_]+)`", text))
    assert told == set(NAMES)


def test_the_catalog_page_shows_every_key_and_its_example_loads() -> None:
    """A key or a column that the page does not show fails; so does an example that is no catalog."""
    text = (DOCS / "catalog.md").read_text(encoding="utf-8")
    example = text.split("```yaml\n", 1)[1].split("```", 1)[0]
    catalog = parse_catalog(
        example.replace("19:...@", "19:abc@").replace("https://…", "https://a.example"), filename="x"
    )
    assert len(catalog.customers[0].contracts) == 2
    said = set(re.findall(r"[\w-]+(?=: )|(?<=^)[\w-]+(?=:)|(?<= )[a-z_]+(?=:$)", example, re.MULTILINE))
    every = (CATALOG_KEYS, SERVICE_KEYS, CUSTOMER_KEYS, USE_KEYS, CONTRACT_KEYS, PERSON_KEYS, POLICY_KEYS)
    assert {key for keys in (*every, SEVERITY_KEYS, REMINDER_KEYS) for key in keys} - said == set()
    assert set(COLUMNS) <= set(re.findall(r"`([a-z_]+)`", text))


def test_operations_names_every_metric() -> None:
    """What `/metrics` gives of ours is what the page says."""
    text = (DOCS / "operations.md").read_text(encoding="utf-8")
    ours = {m.name for m in prometheus_client.REGISTRY.collect() if m.name.startswith("amends")}
    assert ours
    told = set(re.findall(r"`(amends_[a-z_]+)`", text))
    assert {name.removesuffix("_total") for name in told} == ours


def test_every_threat_has_tests_and_every_test_of_one_is_named() -> None:
    """docs/security.md: twelve rows, each with tests of its own number; all of them exist, and none is left out."""
    text = (DOCS / "security.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| (\d+)\. (.*)$", text, re.MULTILINE))
    assert list(rows) == [str(number) for number in range(1, 13)]
    named = {name for row in rows.values() for name in re.findall(r"`(test_\w+)`", row)}
    sources = (file.read_text(encoding="utf-8") for file in (DOCS.parent / "tests").rglob("test_*.py"))
    there = {
        name for source in sources for name in re.findall(r"^(?:async )?def (test_threat_\w+)\(", source, re.MULTILINE)
    }
    assert named == there
    for number, row in rows.items():
        tests = re.findall(r"`(test_\w+)`", row)
        assert tests, f"threat {number} has no test"
        assert all(name.startswith(f"test_threat_{int(number):02d}_") for name in tests), number


def test_every_fault_has_tests_that_exist() -> None:
    """docs/faults.md: what is promised in each row is tried by name, and under no name that is gone."""
    text = (DOCS / "faults.md").read_text(encoding="utf-8")
    sources = (file.read_text(encoding="utf-8") for file in (DOCS.parent / "tests").rglob("test_*.py"))
    there = {n for source in sources for n in re.findall(r"^(?:async )?def (test_\w+)\(", source, re.MULTILINE)}
    rows = [row for row in text.splitlines() if row.startswith("| ") and not row.startswith(("| fault |", "| rule |"))]
    assert len(rows) > 30
    for row in rows:
        named = re.findall(r"`(test_\w+)`", row)
        assert named or "security.md" in row, row
        assert set(named) <= there, row


def test_every_degraded_state_is_seen_from_outside() -> None:
    """docs/operations.md: each row names a test, which looks at what people read, at the metrics and at the doctor."""
    text = (DOCS / "operations.md").read_text(encoding="utf-8").split("## When something is away")[1].split("\n## ")[0]
    rows = [row for row in text.splitlines() if row.startswith("| ") and not row.startswith("| fault |")]
    assert len(rows) > 9
    sources = "\n\n\n".join(f.read_text(encoding="utf-8") for f in (DOCS.parent / "tests" / "bot").glob("test_*.py"))
    tests = dict(re.findall(r"^async def (test_\w+)(\(.*?)(?=\n\n\n|\Z)", sources, re.MULTILINE | re.DOTALL))
    for row in rows:
        cells = [cell.strip() for cell in row.strip("| ").split(" | ")]
        assert len(cells) == 5, row
        named = re.findall(r"`(test_\w+)`", cells[-1])
        assert named, row
        for name in named:
            assert "metric(" in tests[name], name
            assert "doctor(" in tests[name], name


def test_the_architecture_page_names_only_files_that_exist() -> None:
    """A file that moved breaks the walk-through, so the page moves with it."""
    root = DOCS.parent
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    for name in re.findall(r"`((?:bot|handlers|storage|tests|docs|manifests)/[A-Za-z0-9_/.-]+)`", text):
        assert (root / name).exists(), name
    for module, function in re.findall(r"`((?:bot|handlers|storage)/[a-z_/]+\.py)` `([a-z_]+)\(\)`", text):
        assert f"def {function}(" in (root / module).read_text(encoding="utf-8"), f"{module} {function}"
