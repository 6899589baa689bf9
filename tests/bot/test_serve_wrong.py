"""Whatever is set wrong: one plain sentence with its cure, exit status 1 before anything is served; `doctor` agrees."""

import asyncio
import os
import socket
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from pydantic import SecretStr

from bot.app import App, Outside
from bot.cli.root import cli
from bot.settings import Settings, Wrong
from bot.teams.connector import ConnectorFailed
from tests.bot.served import INCIDENTS, OURS, World, command, eventually, free_port, launch, world

PATIENCE = 30
SECRETS = ("xoxb-s", "xapp-s", "hunter2", "sandbox-signing-secret", "s3cr3t")


@dataclass(frozen=True)
class Case:
    """What is wrong, and the words that name it and its cure. A setting of "" is taken away."""

    settings: dict[str, str]
    says: tuple[str, ...]
    words: tuple[str, ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    change: Callable[[World], None] = lambda _: None
    slack: bool = True
    doctor: bool = True  # whether the doctor can know


def without(*scopes: str) -> Callable[[World], None]:
    """These scopes were not granted."""

    def change(house: World) -> None:
        house.slack.missing_scopes = frozenset(scopes)

    return change


def removed(house: World) -> None:
    """The bot was taken out of the channel."""
    house.slack.world.channels[INCIDENTS].members.remove("U0AMENDS")


def archived(house: World) -> None:
    """The channel is closed."""
    house.slack.world.channels[INCIDENTS].is_archived = True


def newer(house: World) -> None:
    """The database was migrated by a version to come."""
    with closing(sqlite3.connect(house.database)) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        connection.execute("INSERT INTO alembic_version VALUES ('9999')")
        connection.commit()


SERVICES = "services:\n  - {key: shop, name: Shop}\n"
CASES = {
    "no bot token": Case({"SLACK_BOT_TOKEN": ""}, ("SLACK_BOT_TOKEN is missing", "OAuth & Permissions")),
    "no signing secret": Case({"SLACK_SIGNING_SECRET": ""}, ("SLACK_SIGNING_SECRET is missing", "Basic Information")),
    "token refused": Case(
        {"SLACK_BOT_TOKEN": "xoxb-s3cr3t"}, ("SLACK_BOT_TOKEN (invalid_auth)", "OAuth & Permissions")
    ),
    "app token refused": Case(
        {"SLACK_APP_TOKEN": "xapp-s3cr3t"}, ("SLACK_APP_TOKEN (invalid_auth)", "connections:write")
    ),
    "scope missing": Case({}, ("scope chat:write is missing", "reinstall"), change=without("chat:write")),
    "channels may not be listed": Case(
        {}, ("scope channels:read is missing", "reinstall"), change=without("channels:read", "groups:read")
    ),
    "no such channel": Case({"SLACK_INCIDENTS_CHANNEL": "nowhere"}, ("“nowhere”", "SLACK_INCIDENTS_CHANNEL")),
    "not in the channel": Case({}, ("the bot is not in #incidents", "/invite @Amends"), change=removed),
    "channel archived": Case({}, ("#incidents is archived", "SLACK_INCIDENTS_CHANNEL"), change=archived),
    "slack away": Case({"SLACK_API_URL": "http://127.0.0.1:9/api/"}, ("cannot be reached", "SLACK_API_URL")),
    "slack refused to be slack": Case({"SLACK_API_URL": "teams"}, ("not Slack's Web API", "Mend SLACK_API_URL")),
    "teams half set": Case(
        {"TEAMS_APP_ID": "11111111-1111-4111-8111-111111111111"},
        ("TEAMS_APP_PASSWORD, TEAMS_TENANT_ID missing", "registration"),
        slack=False,
    ),
    "database down": Case(
        {"AMENDS_DATABASE_URL": "postgresql+psycopg://amends:hunter2@127.0.0.1:9/amends"},
        ("does not answer", "refused", "mend AMENDS_DATABASE_URL"),
        slack=False,
    ),
    "no folder": Case(
        {"AMENDS_DATABASE_URL": "sqlite:////nowhere/a.db"}, ("/nowhere", "AMENDS_DATABASE_URL"), slack=False
    ),
    "no database of ours": Case(
        {}, ("amends.db", "not a database"), files=(("amends.db", "I am a letter." * 100),), slack=False
    ),
    "another database": Case({"AMENDS_DATABASE_URL": "mysql://u:hunter2@h/d"}, ("mysql", "PostgreSQL"), slack=False),
    "a newer database": Case({}, ("newer Amends", "backup"), change=newer, slack=False),
    "not migrated": Case({}, ("not up to date", "amends migrate"), ("--no-migrate",), slack=False, doctor=False),
    "key in .env": Case(
        {}, (".env sets SLACK_BOT_TOKN", "SLACK_BOT_TOKEN"), files=((".env", "SLACK_BOT_TOKN=xoxb-s3cr3t\n"),)
    ),
    "key in the environment": Case({"AMENDS_CATALOGUE": "x"}, ("AMENDS_CATALOGUE", "Did you mean AMENDS_CATALOG?")),
    "typo in the catalog": Case(
        {"AMENDS_CATALOG": "c.yaml"},
        ("c.yaml", "line 2", "nam", "did you mean"),
        files=(("c.yaml", "services:\n  - {key: shop, nam: Shop}\n"),),
        slack=False,
    ),
    "typo in the policy": Case(
        {"AMENDS_CATALOG": "c.yaml"},
        ("c.yaml", "line 4", "remindrs", "reminders"),
        files=(("c.yaml", SERVICES + "policy:\n  remindrs: {}\n"),),
        slack=False,
    ),
    "two faults": Case(
        {"AMENDS_CATALOG": "c.yaml"},
        ("line 3", "1 more", "amends catalog check"),
        files=(("c.yaml", SERVICES + "polcy: {}\ncustomrs: []\n"),),
        slack=False,
    ),
    "no catalog": Case({"AMENDS_CATALOG": "nowhere.yaml"}, ("nowhere.yaml", "Mend AMENDS_CATALOG"), slack=False),
    "unsigned, not for this": Case(
        {"TEAMS_UNAUTHENTICATED": "foo"}, ("TEAMS_UNAUTHENTICATED", "loopback"), slack=False
    ),
    "unsigned, for everybody": Case(
        {"TEAMS_UNAUTHENTICATED": "loopback"},
        ("--host must be 127.0.0.1",),
        ("--host", "0.0.0.0"),
        slack=False,
        doctor=False,
    ),
}


@pytest.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """A Slack that is fine, settings that fit it, and a folder to work in without anybody's own."""
    for name in list(os.environ):
        if name.startswith(OURS):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    async with world(tmp_path) as found:
        yield found


async def ran(process: "subprocess.Popen[bytes]") -> tuple[int, str, str]:
    """Its exit status, what it said, and what it said of errors."""
    try:
        out, err = await asyncio.to_thread(process.communicate, None, PATIENCE)
    finally:
        process.kill()
    return process.returncode, out.decode(), err.decode()


@pytest.mark.parametrize("name", CASES)
@pytest.mark.usefixtures("log")
async def test_wrong_settings_are_one_sentence_with_the_cure(
    house: World, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`serve` says it and ends with 1, having served nothing; `doctor` says the same and ends with 1."""
    case = CASES[name]
    kept = {} if case.slack else {"SLACK_API_URL": "", "SLACK_BOT_TOKEN": "", "SLACK_SIGNING_SECRET": ""}
    changed = {**house.settings, **kept, **case.settings}
    if changed["SLACK_API_URL"] == "teams":
        changed["SLACK_API_URL"] = f"{house.address}/teams/"
    settings = {k: v for k, v in changed.items() if v}
    for file, text in case.files:
        (house.folder / file).write_text(text, encoding="utf-8")
    case.change(house)
    for setting, value in settings.items():
        monkeypatch.setenv(setting, value)
    serving = ran(command(house.folder, settings, "serve", "--port", str(free_port()), *case.words))
    (status, out, said), doctor = await asyncio.gather(serving, asyncio.to_thread(doctors))
    assert status == 1, said
    assert out == ""
    assert said.count("\n") == 1, said
    for word in case.says:
        assert word in said
    assert not [s for s in SECRETS if s in said]
    assert "Traceback" not in said
    if case.doctor:
        faults = " ".join(line for line in doctor.stdout.splitlines() if line.startswith("fault"))
        assert (doctor.exit_code, doctor.stderr) == (1, ""), doctor.stderr
        for word in case.says:
            assert word in faults
        assert not [s for s in SECRETS if s in doctor.stdout]


def doctors() -> Result:
    """`amends doctor`, in this process: it takes two seconds less."""
    return CliRunner().invoke(cli, ["doctor"], prog_name="amends")


async def test_a_port_that_is_taken_is_said_before_anything_happens(house: World) -> None:
    """No database is made, nobody is called."""
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = str(taken.getsockname()[1])
        status, _, said = await ran(command(house.folder, house.settings, "serve", "--port", port))
    assert (status, said.count("\n")) == (1, 1)
    assert f"Port {port}" in said
    assert "--port" in said
    assert not house.database.exists()
    assert house.slack.calls == []


async def test_doctor_finds_nothing_wrong_where_nothing_is(house: World, sqlite_template: Path) -> None:
    """The same settings, set right: exit status 0, and not a word but good ones."""
    house.database.write_bytes(sqlite_template.read_bytes())
    status, found, errors = await ran(command(house.folder, house.settings, "doctor"))
    assert (status, errors) == (0, ""), found
    assert not [line for line in found.splitlines() if line.startswith("fault")]
    assert not [s for s in SECRETS if s in found]


async def test_with_nothing_set_it_serves_and_says_what_is_missing(house: World) -> None:
    """No Slack, no Teams: that is no error, and it is said."""
    bot = launch(house.folder, {}, house.port)
    house.bots.append(bot)
    await bot.ready()
    await eventually(lambda: "Neither Slack nor Teams is set up" in bot.log)
    assert await bot.end() == 0


@pytest.mark.parametrize(("code", "starts"), [("token_invalid_client", False), ("token_unreachable", True)])
async def test_credentials_that_microsoft_refuses_are_said_before_serving(
    tmp_path: Path, code: str, *, starts: bool
) -> None:
    """A wrong or expired secret is one sentence; where Microsoft cannot be asked, Slack need not wait for it."""

    def refused() -> tuple[str, float]:
        raise ConnectorFailed(code)

    given = {"teams_app_id": "1", "teams_app_password": SecretStr("s3cr3t"), "teams_tenant_id": "2"}
    settings = Settings.model_construct(**{n: f.default for n, f in Settings.model_fields.items()} | given)
    settings = settings.model_copy(update={"database_url": f"sqlite:///{tmp_path / 'amends.db'}"})
    app = App(settings, Outside(teams_token=refused))
    try:
        if starts:
            await app.start()
        else:
            with pytest.raises(Wrong, match="TEAMS_APP_PASSWORD") as wrong:
                await app.start()
            assert "s3cr3t" not in str(wrong.value)
    finally:
        await app.stop()
