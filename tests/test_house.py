"""The house keeps its own rules: one vocabulary, no second way, nothing that does not belong."""

import ast
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from handlers import grammar
from handlers.domain.permit import TABLE
from handlers.grammar import USAGE
from storage import migrate
from storage.tables import RECORDS

ROOT = Path(__file__).parents[1]
SOURCES = [p for d in ("bot", "handlers", "storage") for p in (ROOT / d).rglob("*.py")]


def test_there_are_three_packages_at_the_top() -> None:
    """bot, handlers, storage; nothing else holds source."""
    found = {p.parent.name for p in ROOT.glob("*/__init__.py")}
    assert found == {"bot", "handlers", "storage", "tests"}


def test_broad_excepts_stand_where_a_bug_becomes_a_sentence_and_nowhere_else() -> None:
    """Everything else lets a bug propagate."""
    allowed = {"bot/intake.py", "bot/delivery.py", "bot/clock.py", "bot/web/health.py"}
    found = {
        str(path.relative_to(ROOT))
        for path in SOURCES
        if not str(path.relative_to(ROOT)).startswith("bot/sandbox/")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ExceptHandler)
        and isinstance(node.type, ast.Name)
        and node.type.id in ("Exception", "BaseException")
        and not any(isinstance(n, ast.Raise) and n.exc is None for n in node.body)  # tidies up and passes it on
    }
    assert found <= allowed | {"bot/cli/root.py"}


def test_nobody_uses_mocks() -> None:
    """Fakes are real classes, handed in."""
    for path in (ROOT / "tests").rglob("*.py"):
        names = {
            alias.name
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        assert not any("mock" in n for n in names), path


def test_every_test_says_what_it_means_in_one_sentence() -> None:
    """A docstring on each."""
    for path in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                assert ast.get_docstring(node), f"{path.name}: {node.name}"


def test_everything_public_is_explained() -> None:
    """Modules, classes and functions that others call have a docstring."""
    for path in SOURCES:
        if "migrations" in path.parts:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert ast.get_docstring(tree), path
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith(
                "_"
            ):
                assert ast.get_docstring(node), f"{path}: {node.name}"


@pytest.mark.parametrize("word", ["utils", "helpers", "manager", "service", "common"])
def test_no_room_has_a_name_that_says_nothing(word: str) -> None:
    """Modules are called by what they hold."""
    assert not [p for p in SOURCES if p.stem == word]


def test_every_example_of_the_grammar_parses() -> None:
    """Help never shows a line that is not understood."""
    from datetime import UTC, datetime
    from zoneinfo import ZoneInfo

    reading = grammar.Reading(datetime(2026, 11, 20, 12, tzinfo=UTC), ZoneInfo("UTC"), exists=lambda _n: True)
    for verb, usage in USAGE.items():
        assert not isinstance(grammar.read(usage.example, reading), grammar.Misread), verb


def test_the_committed_tree_names_no_machine_and_no_index() -> None:
    """No path of a machine, no address of a package index."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False).stdout
    files = [ROOT / name for name in listed.decode().split("\0") if name] or SOURCES
    machine = re.compile(r"(?<![\w.])/(?:work|root|tmp|home)/|pypi\.org|registry\.npmjs|simple/")
    for path in files:
        if path.suffix in (".py", ".toml", ".txt", ".yaml", ".yml", ".md", ".js", ".html", "") and path.is_file():
            text = path.read_text(encoding="utf-8", errors="ignore")
            if path.name != "test_house.py":
                found = machine.search(text)
                assert found is None, f"{path.name}: {found and found[0]}"


def test_pins_hold_no_addresses() -> None:
    """Every line of the constraints is a name and a version."""
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        assert re.fullmatch(r"[\w.\-]+==[\w.!+]+", line), line


def test_scenarios_are_yaml_that_loads() -> None:
    """Shipped scenarios and catalogs can be read."""
    for path in (ROOT / "bot").rglob("*.yaml"):
        assert yaml.safe_load(path.read_text(encoding="utf-8"))


def test_every_record_has_a_table_and_the_code_has_one_head() -> None:
    """One schema, one newest revision."""
    assert len({t.name for t in RECORDS.values()}) == len(RECORDS)
    assert migrate.head()


def test_permissions_have_words() -> None:
    """Each refusal says whose right it is."""
    assert all(act.whose and act.said for act in TABLE.values())
