"""The command line: what operators type, what they read, and the exit status scripts go by."""

import asyncio
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any, ClassVar
from urllib.error import URLError
from urllib.request import urlopen

import pytest
import responses
from click.testing import CliRunner, Result
from sqlalchemy import insert, select, update

from bot.cli import lint as lint_command
from bot.cli.root import cli
from bot.scenarios import FOLDER as SCENARIOS
from handlers.domain.apology import Apology
from handlers.domain.delivery import Place, Post
from handlers.domain.incident import Room, Setting
from handlers.domain.people import Account
from storage import erase, migrate
from storage import outbox as posts
from storage.book import SqlBook
from storage.database import Database, make_engine
from storage.tables import audit, catalogs, incidents, outbox
from tests.conftest import hurried
from tests.desk import Clock, Desk
from tests.stories.seed import publish_seed

CATALOG = SCENARIOS / "bpos-2010.catalog.yaml"
pytestmark = pytest.mark.usefixtures("log")
Amends = Callable[..., Result]


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty folder to work in, without anybody's settings."""
    for name in list(os.environ):
        if name.startswith(("AMENDS_", "SLACK_", "TEAMS_")):
            monkeypatch.delenv(name)
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def amends() -> Amends:
    """Type a command line; what came of it."""
    return lambda *words, **more: CliRunner().invoke(cli, [str(w) for w in words], prog_name="amends", **more)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database in which the seed's apology was published."""
    path = tmp_path_factory.mktemp("told") / "amends.db"
    migrate.migrate(make_engine(f"sqlite:///{path}"))

    async def play() -> None:
        clock = Clock()
        clock.at = datetime(2010, 8, 22, tzinfo=UTC)
        desk = Desk(Database(hurried(make_engine(f"sqlite:///{path}")), clock), clock)
        await desk.furnish(CATALOG)
        await publish_seed(desk)
        desk.store.close()

    asyncio.run(play())
    return path


@pytest.fixture
def database(here: Path, told: Path) -> Iterator[Database]:
    """That database, as the default of this folder."""
    migrate.copy(str(told), str(here / "amends.db"))  # a plain copy could leave out what its -wal file still holds
    found = Database(hurried(make_engine("sqlite:///amends.db")))
    yield found
    found.dispose()


def post(database: Database, number: int, **values: Any) -> None:
    """Put a post of the outbox into another state."""
    database.run(lambda c, _now: c.execute(update(outbox).where(outbox.c.id == number).values(**values)))


def customer_post(database: Database) -> int:
    """A post to a customer."""
    found: int = database.run(
        lambda c, _now: c.execute(select(outbox.c.id).where(outbox.c.audience == "customer").limit(1)).scalar_one()
    )
    return found


def sentence(result: Result, status: int = 1) -> str:
    """The one line an error is; nothing else may be said."""
    assert result.exit_code == status, result.output
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stderr.rstrip().endswith((".", "`.", "?"))
    return result.stderr.rstrip()


# --- the whole -------------------------------------------------------------------------------------------------------

LINES: list[list[str]] = [
    [],
    *([name] for name in cli.commands),
    ["catalog", "check"],
    ["catalog", "diff"],
    ["catalog", "load"],
    ["manifest", "slack"],
    ["manifest", "teams"],
    ["audit", "verify"],
    ["outbox", "list"],
    ["outbox", "retry"],
    ["outbox", "drop"],
]


@pytest.mark.parametrize("words", LINES, ids=lambda words: " ".join(words) or "amends")
def test_every_command_answers_help(amends: Amends, words: list[str]) -> None:
    """`--help` needs no settings and no database, and says what the command does."""
    result = amends(*words, "--help")
    assert result.exit_code == 0
    assert result.stdout.startswith("Usage: amends")
    assert result.stderr == ""


def test_the_commands_are_those_of_the_contract() -> None:
    """Nothing that the contract names is missing."""
    assert set(cli.commands) == {
        "serve", "sandbox", "run", "replay", "migrate", "catalog", "manifest", "doctor", "lint", "export", "audit", "erase",
        "backup", "restore", "outbox",
    }  # fmt: skip


@pytest.mark.parametrize(
    "words",
    [["expor"], ["export"], ["export", "seven"], ["export", "1", "--format", "pdf"], ["lint", "a", "--kind", "poem"],
     ["outbox", "retry", "none"], ["serve", "--port", "99999"], ["manifest", "slack"], ["serve", "--prot", "1"]],
    ids=" ".join,
)  # fmt: skip
def test_wrong_usage_is_one_sentence_and_status_2(amends: Amends, words: list[str]) -> None:
    """The sentence names what is wrong and where help is."""
    assert "--help" in sentence(amends(*words), 2)


def test_a_bug_is_a_reference_and_its_traceback_stays_in_the_log(
    amends: Amends, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever types the command reads a number to report; who asks for the log finds that number there."""
    (here / "a.txt").write_text("We are sorry.", encoding="utf-8")

    def broken(_text: str, _kind: str) -> None:
        raise RuntimeError("a bug with a secret in it")

    monkeypatch.setattr(lint_command, "read_findings", broken)
    said = sentence(amends("lint", "a.txt"))
    assert "reference" in said
    assert "secret" not in said
    monkeypatch.setenv("AMENDS_LOG", "json")
    logged, said = amends("lint", "a.txt").stderr.splitlines()
    assert "RuntimeError: a bug with a secret in it" in json.loads(logged)["exception"]
    assert json.loads(logged)["reference"] in said


def test_ctrl_c_ends_a_command_with_status_130(amends: Amends, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As shells expect it, without a word."""
    (here / "a.txt").write_text("We are sorry.", encoding="utf-8")

    def interrupted(_text: str, _kind: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(lint_command, "read_findings", interrupted)
    result = amends("lint", "a.txt")
    assert (result.exit_code, result.output.strip()) == (130, "")


def test_a_closed_pipe_is_no_error_message(here: Path) -> None:
    """`amends lint … | head` ends quietly."""
    (here / "a.txt").write_text("We apologize for any inconvenience.\n" * 2000, encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, "-m", "bot", "lint", "--json", "a.txt"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        said = process.stderr.read()
    assert said == b""


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("AMENDS_TIMEZONE=Mars/Phobos", "AMENDS_TIMEZONE"),
        ("AMENDS_DATABASE_URL=mysql://x/y", "AMENDS_DATABASE_URL"),
        ("SLACK_BOT_TOKEN=xoxb-1", "SLACK_SIGNING_SECRET"),
        ("TEAMS_APP_ID=x", "TEAMS_APP_PASSWORD"),
        ("AMENDS_DATABASEURL=x", "AMENDS_DATABASE_URL"),
    ],
)
@pytest.mark.parametrize("command", ["serve", "run", "migrate"])
def test_a_wrong_setting_is_named(amends: Amends, here: Path, command: str, line: str, named: str) -> None:
    """Half set, misspelt, impossible: nothing starts, and the sentence says which setting."""
    (here / ".env").write_text(line, encoding="utf-8")
    assert named in sentence(amends(command))


# --- lint ------------------------------------------------------------------------------------------------------------


def test_lint_json_is_the_documented_answer(amends: Amends, here: Path) -> None:
    """Offsets are code points of the file as it is, line ends and byte order mark included."""
    text = "\ufeffDear all 🙂,\r\nWe are sorry for any inconvenience.\r\n"
    (here / "a.txt").write_bytes(text.encode())
    result = amends("lint", "--json", "a.txt")
    answer = json.loads(result.stdout)
    assert result.exit_code == 1
    assert list(answer) == ["errors", "warnings", "findings"]
    assert answer["errors"] == sum(f["severity"] == "error" for f in answer["findings"]) >= 1
    keys = {"rule", "severity", "start", "end", "text", "message", "suggestion", "reference"}
    assert all(set(f) >= keys for f in answer["findings"])
    assert all(text[f["start"] : f["end"]] == f["text"] for f in answer["findings"])
    assert "W2" in {f["rule"] for f in answer["findings"]}


def test_lint_without_errors_succeeds(amends: Amends) -> None:
    """A text from standard input, with nothing wrong in it."""
    result = amends("lint", "-", "--kind", "update", input="We found the cause. Sign-in works again for everybody.\n")
    assert result.exit_code == 0
    assert "0 errors" in result.stdout
    assert "W1–W21, R1–R3" in result.stdout


def test_lint_says_where_for_people(amends: Amends, here: Path) -> None:
    """File, line and column, as editors like it."""
    (here / "a.txt").write_text("Hello.\n\nWe are sorry for any inconvenience.\n", encoding="utf-8")
    assert "a.txt:3:22: error W2 “inconvenience”" in amends("lint", "a.txt").stdout


def test_files_that_cannot_be_read_are_said_so(amends: Amends, here: Path) -> None:
    """Missing, a folder, another encoding, too large."""
    (here / "utf16.txt").write_text("We are sorry.", encoding="utf-16")
    (here / "latin.txt").write_bytes("Entschuldigung für alles".encode("latin-1"))
    (here / "big.txt").write_bytes(b"a" * 1_000_001)
    assert "no file nope.txt" in sentence(amends("lint", "nope.txt"))
    assert "folder" in sentence(amends("lint", "."))
    assert "UTF-16" in sentence(amends("lint", "utf16.txt"))
    assert "byte 17" in sentence(amends("lint", "latin.txt"))
    assert "larger than 1 MB" in sentence(amends("lint", "big.txt"))


# --- catalog ---------------------------------------------------------------------------------------------------------


def test_a_catalog_is_checked_compared_and_loaded(amends: Amends, here: Path) -> None:
    """On a fresh machine the first load makes the database too; the second changes nothing."""
    assert "is fine: 7 services" in amends("catalog", "check", CATALOG).stdout
    assert not (here / "amends.db").exists()
    shown = amends("catalog", "diff", CATALOG)
    assert shown.exit_code == 0
    assert "+ " in shown.stdout
    assert amends("catalog", "load", CATALOG).stdout.startswith("Catalog 1 is in force: 7 services")
    assert "change nothing" in amends("catalog", "diff", CATALOG).stdout
    assert "in force already" in amends("catalog", "load", CATALOG).stdout
    with closing(sqlite3.connect("amends.db")) as connection:
        assert connection.execute("select count(*) from catalogs").fetchone() == (1,)
        assert connection.execute("select person, what from audit").fetchall() == [
            ("operator", f"loaded the catalog {CATALOG.name}"),
            ("operator", "catalog 1: new customers: contoso, fabrikam, tailspin, northwind"),
        ]


def test_customers_come_from_a_csv_file_too(amends: Amends, here: Path, database: Database) -> None:
    """They replace the customers in force; everything else stays."""
    (here / "c.csv").write_text("key,name,uses,channels\nacme,Acme,bpos@NA,slack:C0ACME\n", encoding="utf-8")
    result = amends("catalog", "load", "c.csv")
    assert result.exit_code == 0, result.output
    content = database.run(
        lambda c, _now: c.execute(select(catalogs.c.content).order_by(catalogs.c.number.desc()).limit(1)).scalar_one()
    )
    assert [c["key"] for c in content["customers"]] == ["acme"]
    assert len(content["services"]) == 7


def test_a_faulty_catalog_names_every_line_and_loads_nothing(amends: Amends, here: Path) -> None:
    """One message, all faults."""
    (here / "bad.yaml").write_text("services:\n  - {nme: x}\n  - {key: y, name: Y, part_of: z}\n", encoding="utf-8")
    for verb in ("check", "load"):
        result = amends("catalog", verb, "bad.yaml")
        assert result.exit_code == 1
        assert "bad.yaml:2:" in result.stderr
        assert "bad.yaml:3:" in result.stderr
        assert "Traceback" not in result.stderr


@pytest.mark.usefixtures("here")
def test_an_old_database_is_not_touched_by_a_catalog(amends: Amends) -> None:
    """Only `migrate` changes a schema that holds something."""
    with closing(sqlite3.connect("amends.db")) as connection:
        connection.execute("create table alembic_version (version_num text)")
        connection.execute("insert into alembic_version values ('9999')")
        connection.commit()
    assert "newer Amends" in sentence(amends("catalog", "load", CATALOG))


# --- database --------------------------------------------------------------------------------------------------------


def test_migrate_makes_the_database_once(amends: Amends) -> None:
    """The second time there is nothing to do, and it says so."""
    assert "now at the current schema" in amends("migrate").stdout
    assert "already at the current schema" in amends("migrate").stdout


@pytest.mark.parametrize(
    "words",
    [["export", "1"], ["audit", "verify"], ["outbox", "list"], ["outbox", "drop", "1"], ["backup", "b.db"]],
    ids=" ".join,
)
def test_a_database_that_is_not_there_is_not_made(amends: Amends, here: Path, words: list[str]) -> None:
    """The sentence says how to get one; no empty file is left."""
    assert "amends migrate" in sentence(amends(*words))
    assert list(here.iterdir()) == []


def test_a_database_without_schema_says_migrate(amends: Amends, here: Path) -> None:
    """So does one that holds something else altogether."""
    sqlite3.connect("amends.db").close()
    (here / "amends.db").touch()
    assert "Run `amends migrate` first" in sentence(amends("export", "1"))
    (here / "amends.db").write_bytes(b"not a database at all, but long enough to be one" * 40)
    assert "file is not a database" in sentence(amends("export", "1"))


def test_a_database_server_that_is_down_is_a_sentence(amends: Amends, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the password that stands in its address."""
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    monkeypatch.setenv("AMENDS_DATABASE_URL", f"postgresql://me:hunter2@127.0.0.1:{port}/amends")
    for words in (["migrate"], ["outbox", "list"]):
        said = sentence(amends(*words))
        assert "127.0.0.1" in said
        assert "hunter2" not in said


# --- export, audit ---------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("database")
def test_export_writes_json_markdown_and_a_page(amends: Amends, here: Path) -> None:
    """The number is written as people write it; `--out` writes a file and says so on standard error only."""
    found = json.loads(amends("export", "INC-3").stdout)
    assert found["incident"]["number"] == 3
    shown = amends("export", "#3", "--format", "md")
    assert shown.stdout.startswith("# INC\\-3" if "INC\\-" in shown.stdout[:9] else "# INC-3")
    result = amends("export", "3", "--format", "html", "--out", "report.html")
    assert result.stdout == ""
    assert (here / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.usefixtures("database")
def test_an_unknown_incident_is_a_sentence(amends: Amends) -> None:
    """Nothing is written."""
    assert "no INC-99" in sentence(amends("export", "99", "--out", "x.json"))
    assert not Path("x.json").exists()


def test_the_audit_chain_is_verified_to_its_head(amends: Amends, database: Database) -> None:
    """The head that is printed is the last line's; one noted earlier is found again."""
    result = amends("audit", "verify")
    assert result.exit_code == 0
    rows = database.run(lambda c, _now: c.execute(select(audit.c.digest).order_by(audit.c.seq)).scalars().all())
    assert result.stdout.strip().endswith(f"Head: {rows[-1]}")
    assert result.stdout.startswith(f"{len(rows)} lines")
    assert amends("audit", "verify", "--head", rows[2]).exit_code == 0
    assert "cut off" in sentence(amends("audit", "verify", "--head", "0" * 64))


@pytest.mark.parametrize(
    ("tamper", "broken"),
    [
        ("update audit set what = 'nothing' where seq = 4", "line 4"),
        ("update audit set person = 'somebody' where seq = 1", "line 1"),
        ("delete from audit where seq = 3", "line 3"),
        ("update audit set digest = 'x' where seq = 5", "line 5"),
        ("update audit set at = 'rubbish' where seq = 4", "after line 3: a line cannot be read"),
        ("update audit set incident = 'x' where seq = 2", "line 2"),
        ("update audit set what = x'ff' where seq = 2", "line 2"),
        ("update audit set seq = 99 where seq = 2", "line 2 is missing"),
    ],
)
@pytest.mark.usefixtures("database")
def test_threat_09_an_altered_audit_line_is_found(amends: Amends, tamper: str, broken: str) -> None:
    """The first broken line is named, and the exit status says so to a script."""
    with closing(sqlite3.connect("amends.db")) as connection:
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(tamper)
        for (name,) in connection.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            connection.execute(f"drop trigger {name}")  # whoever owns the file can: the digests still tell
        connection.execute(tamper)
        connection.commit()
    assert broken in sentence(amends("audit", "verify"))


def test_lines_cut_off_the_end_are_found_with_a_head_kept_elsewhere(amends: Amends, database: Database) -> None:
    """What is left is sound in itself; the head of `audit head` and of an export say what is gone."""
    kept = amends("audit", "head").stdout.strip()
    exported = json.loads(amends("export", "3").stdout)["audit_head"]
    assert exported == json.loads(amends("audit", "head", "--json").stdout)
    assert exported["head"] == kept
    assert kept[:16] in amends("export", "3", "--format", "md").stdout
    with closing(sqlite3.connect("amends.db")) as connection:
        connection.execute("drop trigger audit_no_delete")
        connection.execute("delete from audit where seq = (select max(seq) from audit)")
        connection.commit()
    assert "all sound" in amends("audit", "verify").stdout
    assert "cut off" in sentence(amends("audit", "verify", "--head", kept))
    database.run(lambda c, now: SqlBook(c, now, database.catalog).record("mallory", "slack", "list", None))
    assert "cut off" in sentence(amends("audit", "verify", "--head", exported["head"]))


@pytest.mark.parametrize("head", ["x", "0" * 63, "0" * 65, "g" * 64, "0x" + "0" * 62])
@pytest.mark.usefixtures("database")
def test_what_is_no_head_is_refused_as_such(amends: Amends, head: str) -> None:
    """A slip in copying is not reported as lines cut off."""
    assert "no head" in sentence(amends("audit", "verify", "--head", head))


@pytest.mark.usefixtures("here")
def test_an_empty_chain_has_no_head(amends: Amends) -> None:
    """A sentence and exit status 1; JSON says nothing was done."""
    assert amends("migrate").exit_code == 0
    assert "no head" in sentence(amends("audit", "head"))
    assert json.loads(amends("audit", "head", "--json").stdout) == {"lines": 0, "head": "", "at": None}


# --- outbox ----------------------------------------------------------------------------------------------------------


def test_the_outbox_is_listed_for_people_and_machines(amends: Amends, database: Database) -> None:
    """The keys are those of the contract; what was sent is counted, not listed, for people."""
    number = customer_post(database)
    post(database, number, state="unknown", error="no answer", due=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    rows = {r["id"]: r for r in json.loads(amends("outbox", "list", "--json").stdout)}
    row = rows[number]
    assert {"id", "key", "audience", "destination", "state", "attempts", "due", "error"} <= set(row)
    assert (row["state"], row["audience"], row["error"]) == ("unknown", "customer", "no answer")
    assert row["due"] == "2026-01-02T03:04:05Z"
    shown = amends("outbox", "list").stdout
    assert f"{number}  unknown" in shown
    assert "were sent" in shown
    only = json.loads(amends("outbox", "list", "--json", "--state", "unknown").stdout)
    assert [r["id"] for r in only] == [number]


def test_a_customers_post_that_may_have_arrived_is_retried_only_when_sure(amends: Amends, database: Database) -> None:
    """It would stand there twice, and the sentence says so."""
    number = customer_post(database)
    post(database, number, state="unknown")
    said = sentence(amends("outbox", "retry", number))
    assert "twice" in said
    assert "--sure" in said
    assert amends("outbox", "retry", number, "--sure").exit_code == 0
    state = database.run(lambda c, _now: c.execute(select(outbox.c.state).where(outbox.c.id == number)).scalar_one())
    assert state == "pending"
    lines = database.run(lambda c, _now: c.execute(select(audit.c.what)).scalars().all())
    assert lines[-1].startswith(f"outbox retry {number} (apology-1/")


def test_a_failed_post_is_retried_without_more_words(amends: Amends, database: Database) -> None:
    """It certainly did not arrive."""
    number = customer_post(database)
    post(database, number, state="dead", error="channel_not_found")
    assert amends("outbox", "retry", number).exit_code == 0


def test_a_text_that_was_taken_back_is_not_sent_from_the_shell(amends: Amends, database: Database) -> None:
    """The old words stay unsaid."""
    number = customer_post(database)
    post(database, number, state="dead")

    def retract(book: SqlBook) -> None:
        found = book.get(Apology, 1)
        assert found is not None
        book.put(type(found)(**{n: getattr(found, n) for n in found.__slots__} | {"state": "retracted"}))

    database.run(lambda c, now: retract(SqlBook(c, now, database.catalog)))
    assert "taken back" in sentence(amends("outbox", "retry", number))


def test_drop_gives_up_and_several_ids_are_all_or_none(amends: Amends, database: Database) -> None:
    """One wrong number leaves everything as it was."""
    number = customer_post(database)
    post(database, number, state="held")
    assert "no post 4711" in sentence(amends("outbox", "drop", number, 4711))
    rows = json.loads(amends("outbox", "list", "--json", "--state", "held").stdout)
    assert [r["id"] for r in rows] == [number]
    assert amends("outbox", "drop", number).exit_code == 0
    assert json.loads(amends("outbox", "list", "--json", "--state", "dead").stdout)[0]["id"] == number
    assert sentence(amends("outbox", "drop", 1))


# --- backup, restore -------------------------------------------------------------------------------------------------


def test_backup_copies_a_database_in_use_and_overwrites_nothing(amends: Amends, database: Database, here: Path) -> None:
    """What was committed is in it, though its bytes are still in the write-ahead log."""
    with database.engine.connect() as reader:  # a server has it open
        reader.exec_driver_sql("select 1")
        reader.rollback()
        database.run(lambda c, now: c.execute(insert(audit).values(**a_line(now))))
        assert amends("backup", "copy.db").exit_code == 0
    with closing(sqlite3.connect("copy.db")) as connection:
        assert connection.execute("select count(*) from audit where seq = 9999").fetchone() == (1,)
    assert "not overwritten" in sentence(amends("backup", "copy.db"))
    assert "folder" in sentence(amends("backup", "."))
    assert "cannot be written" in sentence(amends("backup", "no/where.db"))
    assert {p.name for p in here.iterdir()} <= {"amends.db", "amends.db-wal", "amends.db-shm", "copy.db"}


def test_what_is_broken_is_not_called_a_backup(amends: Amends, here: Path) -> None:
    """A copy that nobody could restore is worse than none; an old schema is no reason to refuse one."""
    (here / "amends.db").write_bytes(b"not a database at all, but long enough to be one" * 40)
    assert "not a database" in sentence(amends("backup", "copy.db"))
    assert not (here / "copy.db").exists()
    (here / "amends.db").unlink()
    with closing(sqlite3.connect("amends.db")) as connection:
        connection.execute("create table alembic_version (version_num text)")
        connection.commit()
    assert amends("backup", "copy.db").exit_code == 0


def a_line(now: datetime) -> dict[str, Any]:
    """An audit line that no chain holds."""
    said = dict.fromkeys(("person", "platform", "what", "digest", "person_salt", "what_salt", "person_seal"), "x")
    return said | {"seq": 9999, "at": now, "incident": None, "what_seal": "x"}


def test_restore_puts_the_copy_back_and_holds_what_was_not_settled(
    amends: Amends, database: Database, here: Path
) -> None:
    """A customer's post that was on its way when the copy was made may have arrived since."""
    number = customer_post(database)
    post(database, number, state="sending")
    assert amends("backup", "copy.db").exit_code == 0
    before = (here / "copy.db").read_bytes()
    post(database, number, state="sent")
    database.run(lambda c, _now: c.execute(update(incidents).values(title="changed since")))
    database.dispose()
    result = amends("restore", "copy.db")
    assert result.exit_code == 0, result.output
    assert "1 customer post is held" in result.stdout
    assert (here / "copy.db").read_bytes() == before
    titles = database.run(lambda c, _now: c.execute(select(incidents.c.title)).scalars().all())
    assert "changed since" not in titles
    [held] = database.run(lambda c, _now: posts.all_states(c, ["held"]))
    assert held.id == number
    [kept] = here.glob("amends.db.*.backup")
    with closing(sqlite3.connect(kept)) as connection:
        assert connection.execute("select distinct title from incidents").fetchall() == [("changed since",)]
    assert "all sound" in amends("audit", "verify").stdout


def test_restore_refuses_while_a_server_uses_the_database(amends: Amends, database: Database) -> None:
    """However idle the server is."""
    assert amends("backup", "copy.db").exit_code == 0
    with database.engine.connect() as idle:
        idle.exec_driver_sql("select 1")
        idle.rollback()
        assert "Stop it first" in sentence(amends("restore", "copy.db"))
    titles = database.run(lambda c, _now: c.execute(select(incidents.c.title)).scalars().all())
    assert titles


def test_restore_takes_only_a_sound_database_of_amends(amends: Amends, database: Database, here: Path) -> None:
    """Anything else leaves the database as it is, byte for byte."""
    database.dispose()
    before = (here / "amends.db").read_bytes()
    (here / "text.db").write_text("no database", encoding="utf-8")
    with closing(sqlite3.connect("other.db")) as connection:
        connection.execute("create table t (x)")
    with closing(sqlite3.connect("newer.db")) as connection:
        connection.execute("create table alembic_version (version_num text)")
        connection.execute("insert into alembic_version values ('9999')")
        connection.commit()
    whole = bytearray(before)
    whole[4096 * 3 : 4096 * 9] = b"\xff" * (4096 * 6)
    (here / "damaged.db").write_bytes(whole)
    for name, said in (
        ("text.db", "no SQLite database"),
        ("other.db", "not one of Amends"),
        ("newer.db", "newer Amends"),
        ("damaged.db", "damaged"),
        ("nope.db", "no file"),
        ("amends.db", "the database itself"),
        (".", "folder"),
    ):
        assert said in sentence(amends("restore", name)), name
    assert (here / "amends.db").read_bytes() == before
    assert not list(here.glob(".amends.db.*"))


def test_restore_on_a_new_machine_needs_no_database(amends: Amends, database: Database, here: Path) -> None:
    """The copy becomes the database."""
    assert amends("backup", "copy.db").exit_code == 0
    database.dispose()
    for file in here.glob("amends.db*"):
        file.unlink()
    assert amends("restore", "copy.db").exit_code == 0
    assert amends("export", "1").exit_code == 0


def test_postgresql_is_pointed_to_its_own_tools(amends: Amends, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without asking the server anything."""
    monkeypatch.setenv("AMENDS_DATABASE_URL", "postgresql://me:hunter2@127.0.0.1:9/amends")
    assert "pg_dump" in sentence(amends("backup", "x.db"))
    (Path("x.db")).write_bytes(b"SQLite format 3\0")
    assert "pg_restore" in sentence(amends("restore", "x.db"))


# --- manifests -------------------------------------------------------------------------------------------------------


def test_manifest_commands_print_and_write(amends: Amends, here: Path) -> None:
    """The Slack manifest goes to standard output, the Teams package into a file."""
    shown = amends("manifest", "slack", "--url", "https://amends.example.org/", "--command", "/amends").stdout
    assert "url: https://amends.example.org/slack/events" in shown
    assert "command: /amends" in shown
    assert json.loads(amends("manifest", "slack", "--socket", "--json").stdout)["settings"]["socket_mode_enabled"]
    app = "12345678-1234-1234-1234-123456789abc"
    result = amends("manifest", "teams", "--url", "https://amends.example.org", "--app-id", app)
    assert result.exit_code == 0, result.output
    package = zipfile.ZipFile(BytesIO((here / "amends-teams.zip").read_bytes()))
    assert sorted(package.namelist()) == ["color.png", "manifest.json", "outline.png"]
    assert "https://" in sentence(amends("manifest", "slack", "--url", "http://amends.example.org"))
    assert "TEAMS_APP_ID" in sentence(amends("manifest", "teams", "--url", "https://amends.example.org"))
    assert "slash command" in sentence(amends("manifest", "slack", "--socket", "--command", "amends"))


# --- doctor ----------------------------------------------------------------------------------------------------------


class FakeSlack(BaseHTTPRequestHandler):
    """Answers `auth.test` as told, with a Date that may be wrong."""

    answers: ClassVar[dict[str, Any]] = {}
    off = timedelta()

    def do_POST(self) -> None:
        """One answer."""
        body = json.dumps(self.answers.get(self.path.rsplit("/", 1)[1], {"ok": True})).encode()
        self.send_response_only(200)
        self.send_header("Date", (datetime.now(UTC) + self.off).strftime("%a, %d %b %Y %H:%M:%S GMT"))
        self.send_header("Content-Type", "application/json")
        self.send_header("X-OAuth-Scopes", "chat:write,commands")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST  # noqa: N815 - the stdlib's name

    def log_message(self, *_: object) -> None:
        """Nothing is logged."""


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[FakeSlack]]:
    """A Slack that says what the test wants, set up as this house's."""
    server = HTTPServer(("127.0.0.1", 0), FakeSlack)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    monkeypatch.setenv("SLACK_SIGNING_SECRET", "s")
    monkeypatch.setenv("SLACK_API_URL", f"http://127.0.0.1:{server.server_port}/api/")
    FakeSlack.answers, FakeSlack.off = {}, timedelta()
    yield FakeSlack
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.usefixtures("database")
def test_doctor_asks_the_mail_server(amends: Amends, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is greeted and nothing is sent; one that is not there is a fault with its cure; no password is printed."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("AMENDS_SMTP_URL", f"smtp://u:hunter2@127.0.0.1:{server.getsockname()[1]}")
        monkeypatch.setenv("AMENDS_MAIL_FROM", "status@example.com")

        def answer() -> None:
            line, _ = server.accept()
            with line, line.makefile("rwb") as wire:
                for said in (b"220 hi", b"250-hi\r\n250 AUTH PLAIN", b"235 in", b"250 ok"):
                    wire.write(said + b"\r\n")
                    wire.flush()
                    wire.readline()

        thread = threading.Thread(target=answer)
        thread.start()
        result = amends("doctor")
        thread.join()
    assert "ok     Mail: 127.0.0.1:" in result.stdout
    assert "no mail was sent" in result.stdout
    result = amends("doctor")
    assert result.exit_code == 1
    assert "fault  Mail: 127.0.0.1:" in result.stdout
    assert "Mend AMENDS_SMTP_URL" in result.stdout
    assert "hunter2" not in result.stdout


def test_doctor_names_customers_whom_nothing_here_reaches(amends: Amends, database: Database, here: Path) -> None:
    """A customer with a mailbox, and no mail server set up: a note, no fault; half a set is a fault."""
    del database
    (here / "house.yaml").write_text(
        "services: [{key: mail, name: Mail}]\ncustomers:\n  - {key: acme, name: Acme Ltd, uses: [{service: mail}], "
        "channels: [{email: it@acme.example}]}\n",
        encoding="utf-8",
    )
    assert amends("catalog", "load", "house.yaml").exit_code == 0
    result = amends("doctor")
    assert "Acme Ltd: told by hand, because E-mail is not set up." in result.stdout
    assert "Mail: off" in result.stdout
    assert "Webhooks: off" in result.stdout
    assert "on-call" not in result.stdout
    with (here / "house.yaml").open("a", encoding="utf-8") as house:
        house.write("policy: {on_call: [{webhook: 'https://events.example.com/x'}]}\n")
    assert amends("catalog", "load", "house.yaml").exit_code == 0
    assert "the on-call service is not told (`on_call`): webhooks are not set up" in amends("doctor").stdout
    (here / ".env").write_text("AMENDS_MAIL_FROM=status@example.com\n", encoding="utf-8")
    result = amends("doctor")
    assert result.exit_code == 1
    assert "AMENDS_SMTP_URL is missing" in result.stdout


@pytest.mark.usefixtures("database")
def test_doctor_finds_nothing_wrong_in_a_house_in_order(amends: Amends) -> None:
    """Every check says what it looked at."""
    result = amends("doctor")
    assert result.exit_code == 0, result.output
    for subject in ("Settings", "Database", "Migrations", "Catalog", "Outbox", "Disk", "Slack", "Teams"):
        assert f" {subject}: " in result.stdout
    assert result.stdout.rstrip().endswith("All is well.")


def test_doctor_says_how_to_mend_each_fault(amends: Amends, here: Path) -> None:
    """No database: `migrate`; no catalog: `catalog load`; a half-set platform: what is missing."""
    assert "fault  Database: There is no database" in amends("doctor").stdout
    amends("migrate")
    result = amends("doctor")
    assert result.exit_code == 1
    assert "fault  Catalog: none is loaded" in result.stdout
    assert "amends catalog load" in result.stdout
    (here / ".env").write_text("TEAMS_APP_ID=x\n", encoding="utf-8")
    result = amends("doctor")
    assert "fault  Settings: Teams is half set" in result.stdout
    assert "ok     Migrations" in result.stdout


@pytest.mark.usefixtures("database")
def test_doctor_asks_slack(amends: Amends, slack: type[FakeSlack]) -> None:
    """A refused token, missing scopes, a channel that is not there, a clock that is off."""
    slack.answers = {"auth.test": {"ok": False, "error": "invalid_auth"}}
    assert "invalid_auth" in amends("doctor").stdout
    slack.answers = {
        "auth.test": {"ok": True, "team": "Ours", "team_id": "T0OURS", "user_id": "U0BOT", "bot_id": "B0BOT"},
        "conversations.list": {"ok": True, "channels": [], "response_metadata": {"next_cursor": ""}},
    }
    slack.off = timedelta(minutes=3)
    result = amends("doctor")
    assert result.exit_code == 1
    assert "scope channels:manage is missing" in result.stdout
    assert "no channel “incidents”" in result.stdout
    assert "fault  Slack clock: this machine is" in result.stdout


@pytest.mark.usefixtures("database")
def test_doctor_asks_teams(amends: Amends, monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret that has expired is told from a bot nobody has added to a team."""
    tenant = "72f988bf-86f1-41af-91ab-2d7cd011db47"
    monkeypatch.setenv("TEAMS_APP_ID", "12345678-1234-1234-1234-123456789abc")
    monkeypatch.setenv("TEAMS_APP_PASSWORD", "expired")
    monkeypatch.setenv("TEAMS_TENANT_ID", tenant)
    login = f"https://login.microsoftonline.com/{tenant}"
    with responses.RequestsMock(assert_all_requests_are_fired=False) as web:
        web.get(
            f"{login}/v2.0/.well-known/openid-configuration",
            json={
                "authorization_endpoint": f"{login}/a",
                "token_endpoint": f"{login}/t",
                "issuer": f"{login}/v2.0",
            },
        )
        web.post(f"{login}/t", json={"error": "invalid_client"}, status=401)
        result = amends("doctor")
    assert result.exit_code == 1
    assert "fault  Teams: Microsoft gives the bot no token (invalid_client)" in result.stdout
    Path("amends.db").unlink()
    result = amends("doctor")
    assert "note   Teams: not asked" in result.stdout
    assert not Path("amends.db").exists()


# --- serving ---------------------------------------------------------------------------------------------------------


def environment(**more: str) -> dict[str, str]:
    """The environment of a process of its own."""
    root_folder = str(Path(__file__).resolve().parents[2])
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AMENDS_", "SLACK_", "TEAMS_"))}
    return kept | {"PYTHONPATH": root_folder, "PYTHONWARNINGS": "ignore"} | more


def free_port() -> int:
    """A port nobody listens on."""
    with closing(socket.create_server(("127.0.0.1", 0))) as found:
        return int(found.getsockname()[1])


def wait_for(process: "subprocess.Popen[str]", url: str) -> bytes:
    """What a page says, as soon as the server answers."""
    for _ in range(600):
        assert process.poll() is None, process.stderr and process.stderr.read()
        try:
            with urlopen(url, timeout=5) as answer:
                found: bytes = answer.read()
                return found
        except URLError:
            threading.Event().wait(0.05)
    raise AssertionError(f"{url} did not answer")


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.usefixtures("here")
def test_serve_answers_and_ends_in_good_order(end: signal.Signals) -> None:
    """It migrates, listens, and a signal ends it with status 0."""
    port = free_port()
    with subprocess.Popen(
        [sys.executable, "-m", "bot", "serve", "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(AMENDS_CATALOG=str(CATALOG)),
    ) as process:
        try:
            assert wait_for(process, f"http://127.0.0.1:{port}/readyz")
            process.send_signal(end)
            _, said = process.communicate(timeout=20)
        finally:
            process.kill()
    assert process.returncode == 0, said
    assert "Traceback" not in said
    assert f"Amends listens on http://127.0.0.1:{port}" in said


@pytest.mark.usefixtures("here")
def test_serve_refuses_a_port_that_is_taken_and_an_old_schema() -> None:
    """Each is a sentence with the way out."""
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-m", "bot", "serve", "--port", port],
            capture_output=True,
            text=True,
            env=environment(),
            check=False,
        )
    assert done.returncode == 1
    assert "Choose another: --port" in done.stderr
    assert "Traceback" not in done.stderr
    done = subprocess.run(
        [sys.executable, "-m", "bot", "serve", "--no-migrate", "--port", str(free_port())],
        capture_output=True,
        text=True,
        env=environment(),
        check=False,
    )
    assert done.returncode == 1
    assert "amends migrate" in done.stderr
    assert "Traceback" not in done.stderr


def test_run_starts_the_sandbox_where_nothing_is_set(here: Path) -> None:
    """`make run` on a fresh machine: the page is there, on its own database."""
    port = free_port()
    with subprocess.Popen(
        [sys.executable, "-m", "bot", "run", "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    ) as process:
        try:
            assert b"<html" in wait_for(process, f"http://127.0.0.1:{port}/sandbox").lower()
            process.send_signal(signal.SIGTERM)
            said, problems = process.communicate(timeout=20)
        finally:
            process.kill()
    assert process.returncode == 0, problems
    assert f"http://127.0.0.1:{port}/sandbox" in said
    assert (here / "sandbox.db").is_file()
    assert not (here / "amends.db").exists()


@pytest.mark.usefixtures("database")
def test_replay_refuses_a_database_that_holds_incidents(amends: Amends, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything of the scenario touches it."""
    monkeypatch.setenv("AMENDS_DATABASE_URL", "sqlite:///amends.db")
    assert "holds 3 incidents" in sentence(amends("replay", "bpos-2010"))
    assert not Path("sandbox.db").exists()


def test_replay_of_nothing_is_a_sentence(amends: Amends) -> None:
    """The shipped names are offered."""
    assert "bpos-2010" in sentence(amends("replay", "nonesuch"))


@pytest.mark.usefixtures("here")
def test_a_post_with_no_attempts_needs_a_database_only(amends: Amends) -> None:
    """The outbox of a house that never spoke: one internal post, waiting."""
    amends("migrate")
    database = Database(make_engine("sqlite:///amends.db"))
    database.run(lambda c, now: posts.put(c, now, Post("inc-1/card", Place("slack", "incidents"), text="x"), 1))
    database.dispose()
    [row] = json.loads(amends("outbox", "list", "--json").stdout)
    assert (row["id"], row["state"], row["audience"], row["attempts"]) == (1, "pending", "internal", 0)
    assert "it is still on its way" in sentence(amends("outbox", "drop", 1))


def test_the_commands_work_on_both_kinds_of_database(
    amends: Amends, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Load, look, verify, export, examine: the same answers from SQLite and PostgreSQL."""
    monkeypatch.setenv("AMENDS_DATABASE_URL", database_url)
    assert "already at the current schema" in amends("migrate").stdout
    assert amends("catalog", "load", CATALOG).stdout.startswith("Catalog 1 is in force")
    assert "change nothing" in amends("catalog", "diff", CATALOG).stdout
    assert amends("audit", "verify").stdout.startswith("2 lines, all sound. Head: ")
    assert json.loads(amends("outbox", "list", "--json").stdout) == []
    assert "no INC-1" in sentence(amends("export", "1"))
    assert "no post 1" in sentence(amends("outbox", "retry", "1"))
    result = amends("doctor")
    assert result.exit_code == 0, result.output
    assert ("Database clock" in result.stdout) == database_url.startswith("postgresql")


# --- erase -----------------------------------------------------------------------------------------------------------


def test_erase_says_what_would_go_and_does_it_only_when_told_to(amends: Amends, database: Database, here: Path) -> None:
    """The dry run changes nothing; afterwards not even the file's bytes hold the person, and the chain is sound."""
    who = "wanda.gone@example.com"
    database.run(
        lambda c, now: SqlBook(c, now, database.catalog).put(
            Account("slack", "U0WANDA", "Wanda Gone", "colleague", who)
        )
    )
    database.run(lambda c, now: SqlBook(c, now, database.catalog).record(who, "slack", "note 3 I was here", 3))
    first = amends("erase", "person", who)
    assert first.exit_code == 0, first.output
    assert "would be erased" in first.stdout
    assert "1  accounts" in first.stdout
    assert "Nothing was changed" in first.stdout
    assert who in amends("export", "3").stdout
    (here / "amends.db.20261120T120000Z.backup").write_bytes(b"x")
    done = amends("erase", "person", who, "--yes")
    assert done.exit_code == 0, done.output
    assert "was erased as erased-1" in done.stdout
    assert "amends.db.20261120T120000Z.backup" in done.stdout
    assert "restored brings everything back" in done.stdout
    assert who not in amends("export", "3").stdout
    assert "(1 erased), all sound" in amends("audit", "verify").stdout
    database.dispose()
    for file in here.glob("amends.db*"):
        assert b"wanda" not in file.read_bytes().lower(), file.name
    assert "Nothing here knows" in sentence(amends("erase", "person", who))


def test_an_erasure_that_broke_off_is_finished_by_the_next_one(amends: Amends, database: Database) -> None:
    """A dry run says that there is one and does nothing; saying the same again, with --yes, finishes it."""
    who = "wanda.gone@example.com"
    database.run(
        lambda c, now: SqlBook(c, now, database.catalog).put(
            Account("slack", "U0WANDA", "Wanda Gone", "colleague", who)
        )
    )
    database.run(lambda c, now: SqlBook(c, now, database.catalog).record(who, "slack", "note 3 I was here", 3))
    step = database.run(lambda c, now: erase.begin(c, now, database.catalog(c), erase.person(c, who)))
    while "accounts" not in step.plan.rows:
        step = database.run(lambda c, now, step=step: erase.go_on(c, now, step))  # type: ignore[misc]
    before = amends("export", "3").stdout
    assert "The erasure of erased-1 is under way or broke off" in amends("erase", "person", who).output
    assert amends("export", "3").stdout == before
    assert who in before
    done = amends("erase", "person", who, "--yes")
    assert done.exit_code == 0, done.output
    assert "The erasure of erased-1, which had broken off, is done." in done.stdout
    assert who not in amends("export", "3").stdout
    assert "(1 erased), all sound" in amends("audit", "verify").stdout
    assert "Nothing here knows" in sentence(amends("erase", "person", who, "--yes"))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (["person"], "Missing argument"),
        (["customer"], "Missing argument"),
        (["person", "not an address"], "neither an e-mail address nor an id"),
        (["customer", "nobody"], "Nothing here knows"),
        (["customer", "nobody", "--yes"], "Nothing here knows"),
        (["everybody"], "No such command"),
    ],
)
@pytest.mark.usefixtures("database")
def test_a_slip_in_erase_is_a_sentence(amends: Amends, line: list[str], said: str) -> None:
    """And nothing is erased."""
    result = amends("erase", *line)
    assert result.exit_code in (1, 2)
    assert said in result.output


def test_whoever_the_catalog_still_names_is_not_erased(amends: Amends, database: Database) -> None:
    """Not even with --yes; what stands in the way is said."""
    catalog = database.run(lambda c, _now: database.catalog(c))
    key = catalog.customers[0].key
    before = amends("export", "3").stdout
    assert f"The catalog names {key}" in sentence(amends("erase", "customer", key, "--yes"))
    assert amends("export", "3").stdout == before


def test_doctor_names_what_the_servers_told_the_house(amends: Amends, database: Database) -> None:
    """Each trouble that is not over, rooms that are shut, and why posts are dead; what is over is not named."""
    number = customer_post(database)
    database.run(
        lambda c, _now: c.execute(update(outbox).where(outbox.c.id == number).values(state="dead", error="is_archived"))
    )
    database.run(lambda c, now: [SqlBook(c, now, database.catalog).put(s) for s in TROUBLES])
    said = amends("doctor").stdout
    for words in (
        "Trouble: Slack does not answer the servers.",
        "Trouble: Teams does not take the bot.",
        "Trouble: Slack takes no posts in its incidents channel.",
        "Trouble: server-1 has a clock that is off",
        "Rooms: INC-3 has no room of its own in Slack (is_archived).",
        "Dead because of: 1 is_archived.",
    ):
        assert words in said, words
    assert "Teams does not answer" not in said


TROUBLES = (
    Setting("trouble.away.slack", "1"),
    Setting("trouble.refused.teams", "2"),
    Setting("trouble.archived.slack", "3"),
    Setting("trouble.clock.server-1", "4"),
    Setting("trouble.away.teams", ""),
    Room(3, "slack", "C0INCIDENTS", "inc-3", "", fault="is_archived"),
)
