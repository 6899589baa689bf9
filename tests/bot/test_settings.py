"""Settings: each wrong one is one plain sentence that says how to mend it, and no secret is ever shown."""

import os
from pathlib import Path

import pytest

from bot.loopback import is_loopback
from bot.mail.server import MailServer, mail_server
from bot.settings import NAMES, PREFIXES, Settings, Wrong, check_host, read, redacted

SLACK = {"SLACK_BOT_TOKEN": "xoxb-1-secret", "SLACK_SIGNING_SECRET": "8f742231b10e8888abcd99yyyzzz85a5"}
SOCKET = {"SLACK_BOT_TOKEN": "xoxb-1-secret", "SLACK_APP_TOKEN": "xapp-1-secret"}
TEAMS = {
    "TEAMS_APP_ID": "11111111-1111-4111-8111-111111111111",
    "TEAMS_APP_PASSWORD": "teams-secret",
    "TEAMS_TENANT_ID": "22222222-2222-4222-8222-222222222222",
}
MAIL = {"AMENDS_SMTP_URL": "smtps://u:mail-secret@mail.example", "AMENDS_MAIL_FROM": "Status <status@example.com>"}
HOOKS = {"AMENDS_WEBHOOK_SECRET": "whsec_" + "QUJD" * 11}


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of ours in the environment."""
    for name in list(os.environ):
        if name.upper().startswith(PREFIXES):
            monkeypatch.delenv(name)


def written(folder: Path, **lines: str) -> Settings:
    """The settings of a folder whose `.env` says this."""
    (folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in lines.items()), encoding="utf-8")
    return read(folder=folder)


def sentence(folder: Path, **lines: str) -> str:
    """What somebody reads who wrote this into `.env`."""
    with pytest.raises(Wrong) as wrong:
        written(folder, **lines)
    return str(wrong.value)


def test_without_any_setting_it_starts_with_both_platforms_off(tmp_path: Path) -> None:
    """The newcomer's first run."""
    found = read(folder=tmp_path)
    assert (found.slack, found.teams, found.loopback) == (False, False, False)
    assert (found.database_url, found.zone.key) == ("sqlite:///amends.db", "UTC")


@pytest.mark.parametrize(
    ("lines", "slack", "teams"),
    [(SLACK, True, False), (SOCKET, True, False), ({**SLACK, **SOCKET}, True, False), (TEAMS, False, True)],
)
def test_a_whole_set_turns_a_platform_on(tmp_path: Path, lines: dict[str, str], slack: bool, teams: bool) -> None:
    """Bot token with signing secret, with app token, or all three; the three of Teams."""
    found = written(tmp_path, **lines)
    assert (found.slack, found.teams) == (slack, teams)


@pytest.mark.parametrize(
    ("lines", "missing"),
    [
        ({"SLACK_BOT_TOKEN": "xoxb-1"}, "SLACK_SIGNING_SECRET is missing"),
        ({"SLACK_SIGNING_SECRET": "s"}, "SLACK_BOT_TOKEN is missing"),
        ({"SLACK_APP_TOKEN": "xapp-1"}, "SLACK_BOT_TOKEN is missing"),
        ({"TEAMS_APP_ID": "a"}, "TEAMS_APP_PASSWORD, TEAMS_TENANT_ID missing"),
        ({"TEAMS_APP_ID": "a", "TEAMS_APP_PASSWORD": "b"}, "TEAMS_TENANT_ID missing"),
        ({"TEAMS_TENANT_ID": "a"}, "TEAMS_APP_ID, TEAMS_APP_PASSWORD missing"),
        ({"TEAMS_INCIDENTS_CHANNEL": "19:a@thread.tacv2"}, "TEAMS_APP_ID, TEAMS_APP_PASSWORD, TEAMS_TENANT_ID missing"),
        ({"TEAMS_APP_ID": "a", "TEAMS_APP_PASSWORD": "", "TEAMS_TENANT_ID": "t"}, "TEAMS_APP_PASSWORD missing"),
        ({"AMENDS_SMTP_URL": "smtp://h"}, "AMENDS_MAIL_FROM is missing"),
        ({"AMENDS_MAIL_FROM": "a@b.example"}, "AMENDS_SMTP_URL is missing"),
        ({"AMENDS_WEBHOOK_PRIVATE": "10.0.0.0/8"}, "AMENDS_WEBHOOK_SECRET is missing"),
    ],
)
def test_a_half_set_platform_names_what_is_missing(tmp_path: Path, lines: dict[str, str], missing: str) -> None:
    """It does not start half deaf; an empty value is no value."""
    assert missing in sentence(tmp_path, **lines)


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ({"AMENDS_DATABASE": "sqlite:///x.db"}, "Did you mean AMENDS_DATABASE_URL?"),
        ({"SLACK_SIGNING_SECRETS": "s"}, "Did you mean SLACK_SIGNING_SECRET?"),
        ({"teams_app_id": "s"}, "Did you mean TEAMS_APP_ID?"),
        ({"AMENDS_XYZZY": "1"}, "The settings are: AMENDS_DATABASE_URL, "),
        ({"AMENDS_TIMEZONE": "Mars/Olympus"}, "“Mars/Olympus”, which is no time zone"),
        ({"AMENDS_TIMEZONE": "../etc/passwd"}, "no time zone"),
        ({"AMENDS_TIMEZONE": "Europe"}, "no time zone"),
        ({"AMENDS_DATABASE_URL": "nonsense"}, "AMENDS_DATABASE_URL cannot be read"),
        ({"AMENDS_DATABASE_URL": "mysql://u:hunter2@h/d"}, "Amends runs on SQLite and PostgreSQL"),
        ({"AMENDS_DATABASE_URL": "postgres://u:hunter2@h/d"}, "begins with postgres://"),
        ({"AMENDS_DATABASE_URL": "postgresql://u:hunter2@h:port/d"}, "AMENDS_DATABASE_URL cannot be read"),
        ({"AMENDS_DATABASE_URL": "postgresql+nodriver://u:hunter2@h/d"}, "begins with postgresql+nodriver://"),
        ({"AMENDS_LOG": "loud"}, "AMENDS_LOG is wrong"),
        ({"AMENDS_PUBLIC_URL": "amends.example.com"}, "AMENDS_PUBLIC_URL must begin with https://"),
        ({**SLACK, "SLACK_BOT_TOKEN": "xoxp-1-secret"}, "SLACK_BOT_TOKEN should begin with xoxb-"),
        ({**SOCKET, "SLACK_APP_TOKEN": "xoxb-1-secret"}, "SLACK_APP_TOKEN should begin with xapp-"),
        ({**SLACK, "SLACK_API_URL": "slack.com/api"}, "SLACK_API_URL must begin with https://"),
        ({"TEAMS_UNAUTHENTICATED": "true"}, "may only be “loopback”"),
        ({"TEAMS_UNAUTHENTICATED": "Loopback"}, "may only be “loopback”"),
        ({**TEAMS, "TEAMS_UNAUTHENTICATED": "loopback"}, "TEAMS_UNAUTHENTICATED=loopback stands alone"),
        ({**MAIL, "AMENDS_SMTP_URL": "mail.example:25"}, "AMENDS_SMTP_URL cannot be read"),
        ({**MAIL, "AMENDS_SMTP_URL": "http://mail.example"}, "AMENDS_SMTP_URL cannot be read"),
        ({**MAIL, "AMENDS_SMTP_URL": "smtp://u:hunter2@h:port"}, "AMENDS_SMTP_URL cannot be read"),
        ({**MAIL, "AMENDS_SMTP_URL": "smtp://h/path"}, "AMENDS_SMTP_URL cannot be read"),
        ({**MAIL, "AMENDS_SMTP_URL": "smtp://u@h?starttls=true"}, "needs a user and a password"),
        ({**MAIL, "AMENDS_SMTP_URL": "smtp://u:hunter2@h"}, "in the clear"),
        ({**MAIL, "AMENDS_SMTP_URL": "smtp://u:hunter2@h?starttls=false"}, "in the clear"),
        ({**MAIL, "AMENDS_SMTP_URL": "smtp://h?starttls=maybe"}, "may end in ?starttls=true"),
        ({**MAIL, "AMENDS_SMTP_URL": "smtps://h?starttls=true"}, "may end in ?starttls=true"),
        ({**MAIL, "AMENDS_SMTP_URL": "smtp://h?verify=no"}, "and in nothing else"),
        ({**MAIL, "AMENDS_MAIL_FROM": "nobody"}, "AMENDS_MAIL_FROM is no mail address"),
        ({**MAIL, "AMENDS_MAIL_FROM": "a@b.example, c@d.example"}, "AMENDS_MAIL_FROM is no mail address"),
        ({**MAIL, "AMENDS_MAIL_FROM": "x@localhost"}, "AMENDS_MAIL_FROM is no mail address"),
        ({**MAIL, "AMENDS_MAIL_FROM": "a@bücher.example"}, "AMENDS_MAIL_FROM has letters"),
        ({"AMENDS_WEBHOOK_SECRET": "hunter2"}, "AMENDS_WEBHOOK_SECRET"),
        ({"AMENDS_WEBHOOK_SECRET": "whsec_c2hvcnQ="}, "24 to 64 random bytes"),
        ({**HOOKS, "AMENDS_WEBHOOK_PRIVATE": "10.0.0.1/8"}, "is no network"),
        ({**HOOKS, "AMENDS_WEBHOOK_PRIVATE": "intranet"}, "is no network"),
    ],
)
def test_a_wrong_setting_is_one_plain_sentence(tmp_path: Path, lines: dict[str, str], says: str) -> None:
    """It names the setting, says how to mend it, and repeats no secret."""
    told = sentence(tmp_path, **lines)
    assert says in told
    assert any(name.upper() in told.upper() for name in lines)
    assert "\n" not in told
    assert told.endswith((".", "?"))
    assert "secret" not in told.replace("SECRET", "").replace("Signing Secret", "")
    assert "hunter2" not in told


def test_a_typo_in_the_environment_is_said_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only of our own prefix: other programs have Slack and Teams settings of theirs."""
    monkeypatch.setenv("SLACK_TOKEN_OF_ANOTHER_PROGRAM", "x")
    assert read(folder=tmp_path).slack is False
    monkeypatch.setenv("AMENDS_TIMEZON", "UTC")
    assert "Did you mean AMENDS_TIMEZONE?" in sentence(tmp_path)


def test_the_environment_goes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And an empty variable counts as not set."""
    monkeypatch.setenv("AMENDS_TIMEZONE", "Europe/Berlin")
    monkeypatch.setenv("AMENDS_LOG", "")
    found = written(tmp_path, AMENDS_TIMEZONE="UTC", AMENDS_LOG="json")
    assert (found.timezone, found.log) == ("Europe/Berlin", "json")


def test_a_file_that_is_no_text_is_said(tmp_path: Path) -> None:
    """As when an editor saved it as UTF-16."""
    (tmp_path / ".env").write_bytes("AMENDS_TIMEZONE=UTC\n".encode("utf-16"))
    with pytest.raises(Wrong, match="UTF-8"):
        read(folder=tmp_path)


def test_local_tools_turn_teams_on_alone(tmp_path: Path) -> None:
    """Loopback needs no registration; a tenant may be named to narrow it."""
    assert written(tmp_path, TEAMS_UNAUTHENTICATED="loopback").teams
    assert written(tmp_path, TEAMS_UNAUTHENTICATED="loopback", TEAMS_TENANT_ID="t").teams


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "amends.example.com", "127.0.0.1.example.com", ""])
def test_unsigned_activities_are_never_taken_from_outside(tmp_path: Path, host: str) -> None:
    """With loopback on, the server listens nowhere else; without it, anywhere."""
    local = written(tmp_path, TEAMS_UNAUTHENTICATED="loopback")
    with pytest.raises(Wrong, match=r"--host must be 127\.0\.0\.1, ::1 or localhost"):
        check_host(local, host)
    check_host(written(tmp_path, **TEAMS), host)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost"])
def test_loopback_is_known_by_every_name(host: str) -> None:
    """IPv4, IPv6, in brackets, by name."""
    assert is_loopback(host)


def test_no_secret_is_ever_shown(tmp_path: Path) -> None:
    """Not by repr, not by str, not as JSON; a database URL loses its password."""
    url = "postgresql+psycopg://amends:hunter2-secret@db/amends"
    found = written(tmp_path, **{**SLACK, **SOCKET, **TEAMS}, **MAIL, **HOOKS, AMENDS_DATABASE_URL=url)
    secrets = [
        *SLACK.values(),
        *SOCKET.values(),
        TEAMS["TEAMS_APP_PASSWORD"],
        "mail-secret",
        HOOKS["AMENDS_WEBHOOK_SECRET"],
        "hunter2",
    ]
    for shown in (repr(found), str(found), f"{found}", found.model_dump_json(), str(found.model_dump())):
        assert [secret for secret in secrets if secret in shown] == []
    assert "hunter2" not in redacted(url)
    assert redacted(url).startswith("postgresql+psycopg://amends:***@db")


def test_mail_and_webhooks_are_on_when_they_are_whole(tmp_path: Path) -> None:
    """The two of mail, the one of webhooks; off without."""
    assert (read(folder=tmp_path).mail, read(folder=tmp_path).webhooks) == (False, False)
    found = written(tmp_path, **MAIL, **HOOKS, AMENDS_WEBHOOK_PRIVATE="10.0.0.0/8, fd00::/8")
    assert (found.mail, found.webhooks) == (True, True)


@pytest.mark.parametrize(
    ("url", "read_as"),
    [
        ("smtp://mail.example", MailServer("mail.example", 587)),
        ("smtp://mail.example:25?starttls=true", MailServer("mail.example", 25, starttls=True)),
        ("smtps://u:p%40ss@mail.example", MailServer("mail.example", 465, tls=True, user="u", password="p@ss")),
        ("smtp://u:pa55@127.0.0.1:25", MailServer("127.0.0.1", 25, user="u", password="pa55")),
        ("smtp://[2001:db8::1]:25", MailServer("2001:db8::1", 25)),
    ],
)
def test_a_mail_server_is_read_from_its_address(url: str, read_as: MailServer) -> None:
    """Scheme, port and encryption; a password may hold anything, percent-encoded, and is never printed."""
    found = mail_server(url)
    assert found == read_as
    assert not found.password or found.password not in f"{found} {found!r}"


def test_settings_are_frozen(tmp_path: Path) -> None:
    """Read once, at start."""
    found = read(folder=tmp_path)
    with pytest.raises(ValueError, match="frozen"):
        found.timezone = "Europe/Berlin"


def test_every_setting_has_our_prefix() -> None:
    """So that a typo can be told from another program's setting."""
    assert all(name.startswith(PREFIXES) for name in NAMES)


@pytest.mark.parametrize("days", ["-1", "1", "89", "36501", "x", "1.5"])
def test_a_retention_that_cannot_be_meant_is_refused(tmp_path: Path, days: str) -> None:
    """Too short to keep what is promised, too long to be meant, or no number."""
    assert "AMENDS_RETENTION_DAYS" in sentence(tmp_path, AMENDS_RETENTION_DAYS=days)


def test_by_default_nothing_is_erased_by_itself(tmp_path: Path) -> None:
    """And a number of days turns it on."""
    assert read(folder=tmp_path).retention_days == 0
    assert written(tmp_path, AMENDS_RETENTION_DAYS="400").retention_days == 400
