"""Settings: frozen, checked at start, secrets redacted. Nothing is read at import."""

import difflib
import os
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_serializer
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from bot.loopback import is_loopback
from bot.mail.server import mail_sender, mail_server
from bot.webhook.reach import networks
from bot.webhook.shape import secret_of

SLACK_API = "https://slack.com/api/"
PREFIXES = ("AMENDS_", "SLACK_", "TEAMS_")
DRIVERS = ("sqlite", "sqlite+pysqlite", "postgresql", "postgresql+psycopg")
NEAR = 0.7
"""How alike a name must be to be what was meant; our prefix alone is not enough."""


class Wrong(Exception):  # noqa: N818 - read as a sentence by whoever starts the server
    """A setting (or the world around the server) is wrong; the sentence says how to mend it."""


SHORTEST_RETENTION, LONGEST_RETENTION = 90, 36_500
"""Days: promises of an apology are followed for 90; a century is a slip. Ours."""


class Settings(BaseSettings):
    """Every setting, from the environment or `.env` (interface.md, Settings)."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        extra="ignore",
        frozen=True,
        case_sensitive=True,
        env_ignore_empty=True,
    )

    database_url: str = Field("sqlite:///amends.db", validation_alias="AMENDS_DATABASE_URL", repr=False)
    catalog: Path | None = Field(None, validation_alias="AMENDS_CATALOG")
    public_url: str = Field("http://127.0.0.1:3978", validation_alias="AMENDS_PUBLIC_URL")
    timezone: str = Field("UTC", validation_alias="AMENDS_TIMEZONE")
    log: Literal["json", "text"] | None = Field(None, validation_alias="AMENDS_LOG")
    slack_bot_token: SecretStr = Field(SecretStr(""), validation_alias="SLACK_BOT_TOKEN")
    slack_signing_secret: SecretStr = Field(SecretStr(""), validation_alias="SLACK_SIGNING_SECRET")
    slack_app_token: SecretStr = Field(SecretStr(""), validation_alias="SLACK_APP_TOKEN")
    slack_api_url: str = Field(SLACK_API, validation_alias="SLACK_API_URL")
    slack_incidents_channel: str = Field("incidents", validation_alias="SLACK_INCIDENTS_CHANNEL")
    teams_app_id: str = Field("", validation_alias="TEAMS_APP_ID")
    teams_app_password: SecretStr = Field(SecretStr(""), validation_alias="TEAMS_APP_PASSWORD")
    teams_tenant_id: str = Field("", validation_alias="TEAMS_TENANT_ID")
    teams_incidents_channel: str = Field("", validation_alias="TEAMS_INCIDENTS_CHANNEL")
    teams_unauthenticated: str = Field("", validation_alias="TEAMS_UNAUTHENTICATED")
    smtp_url: SecretStr = Field(SecretStr(""), validation_alias="AMENDS_SMTP_URL")
    mail_from: str = Field("", validation_alias="AMENDS_MAIL_FROM")
    webhook_secret: SecretStr = Field(SecretStr(""), validation_alias="AMENDS_WEBHOOK_SECRET")
    webhook_private: str = Field("", validation_alias="AMENDS_WEBHOOK_PRIVATE")

    retention_days: int = Field(0, validation_alias="AMENDS_RETENTION_DAYS")

    @field_serializer("database_url")
    def _without_password(self, url: str) -> str:
        return redacted(url)

    @property
    def zone(self) -> ZoneInfo:
        """The house's time zone."""
        return ZoneInfo(self.timezone)

    @property
    def slack(self) -> bool:
        """Whether Slack is on."""
        return bool(self.slack_bot_token.get_secret_value())

    @property
    def teams(self) -> bool:
        """Whether Teams is on."""
        return bool(self.teams_app_id) or self.loopback

    @property
    def mail(self) -> bool:
        """Whether customers are told by e-mail."""
        return bool(self.smtp_url.get_secret_value())

    @property
    def webhooks(self) -> bool:
        """Whether customers' webhooks are called."""
        return bool(self.webhook_secret.get_secret_value())

    @property
    def loopback(self) -> bool:
        """Whether unsigned activities are taken from loopback (local tools)."""
        return self.teams_unauthenticated == "loopback"


NAMES = tuple(str(f.validation_alias) for f in Settings.model_fields.values())
"""Every name a setting has outside."""


def read(*, folder: Path | None = None, **given: Any) -> Settings:
    """The settings of this process. Raises Wrong with one sentence that says what to mend."""
    env_file = (folder or Path()) / ".env"
    _unknown(env_file)
    try:
        settings = Settings(_env_file=env_file, **given)  # type: ignore[call-arg]
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        raise Wrong(f"{name} is wrong: {first['msg']}. Mend it in the environment or in .env.") from None
    except UnicodeDecodeError:
        raise Wrong(".env is not UTF-8 text. Save it as UTF-8.") from None
    check(settings)
    return settings


def _unknown(env_file: Path) -> None:
    """A typo in a name is said, never passed over: in `.env` any of our prefixes, in the environment AMENDS_ only."""
    try:
        written = list(dotenv_values(env_file)) if env_file.is_file() else []
    except (UnicodeDecodeError, OSError):
        raise Wrong(".env cannot be read as UTF-8 text. Save it as UTF-8.") from None
    suspects = [n for n in written if n.upper().startswith(PREFIXES)]
    suspects += [n for n in os.environ if n.startswith("AMENDS_")]
    for name in suspects:
        if name not in NAMES:
            near = difflib.get_close_matches(name.upper(), NAMES, 1, NEAR)
            hint = f" Did you mean {near[0]}?" if near else f" The settings are: {', '.join(NAMES)}."
            where = ".env" if name in written else "The environment"
            raise Wrong(f"{where} sets {name}, which is no setting of Amends.{hint}")


def check(settings: Settings) -> None:
    """Refuse what cannot work: a half-set platform names what is missing."""
    try:
        ZoneInfo(settings.timezone)
    except (KeyError, ValueError, OSError):
        raise Wrong(
            f"AMENDS_TIMEZONE is “{settings.timezone}”, which is no time zone. Write one like Europe/Berlin or UTC."
        ) from None
    try:
        driver = make_url(settings.database_url).drivername
    except (ArgumentError, ValueError):
        raise Wrong(
            "AMENDS_DATABASE_URL cannot be read. Write sqlite:///amends.db or postgresql+psycopg://user:password@host/name."
        ) from None
    if driver not in DRIVERS:
        raise Wrong(
            f"AMENDS_DATABASE_URL begins with {driver}://, but Amends runs on SQLite and PostgreSQL. Write "
            "sqlite:///amends.db or postgresql+psycopg://user:password@host/name."
        )
    if not settings.public_url.startswith(("http://", "https://")):
        raise Wrong("AMENDS_PUBLIC_URL must begin with https:// (or http:// on your own machine).")
    if settings.retention_days and not SHORTEST_RETENTION <= settings.retention_days <= LONGEST_RETENTION:
        raise Wrong(
            f"AMENDS_RETENTION_DAYS is {settings.retention_days}: write 0 (nothing is erased by itself) or "
            f"{SHORTEST_RETENTION} to {LONGEST_RETENTION} days."
        )
    _check_slack(settings)
    _check_teams(settings)
    _check_mail(settings)
    _check_webhooks(settings)


def _check_slack(settings: Settings) -> None:
    token = settings.slack_bot_token.get_secret_value()
    secret = settings.slack_signing_secret.get_secret_value()
    app = settings.slack_app_token.get_secret_value()
    if (secret or app) and not token:
        raise Wrong(
            "Slack is half set: SLACK_BOT_TOKEN is missing. Copy it from OAuth & Permissions in your Slack app."
        )
    if token and not (secret or app):
        raise Wrong(
            "Slack is half set: SLACK_SIGNING_SECRET is missing (or SLACK_APP_TOKEN for Socket Mode). Copy it from "
            "Basic Information in your Slack app."
        )
    if token and not token.startswith("xoxb-"):
        raise Wrong("SLACK_BOT_TOKEN should begin with xoxb-. Copy the Bot User OAuth Token, not another one.")
    if app and not app.startswith("xapp-"):
        raise Wrong("SLACK_APP_TOKEN should begin with xapp-. Make an app-level token with connections:write.")
    if not settings.slack_api_url.startswith(("http://", "https://")):
        raise Wrong("SLACK_API_URL must begin with https:// (or http:// for an emulator).")


def _check_teams(settings: Settings) -> None:
    if settings.teams_unauthenticated not in ("", "loopback"):
        raise Wrong(
            "TEAMS_UNAUTHENTICATED may only be “loopback” (for local tools), or not set at all. Amends does not start "
            "with another value."
        )
    have = {
        "TEAMS_APP_ID": settings.teams_app_id,
        "TEAMS_APP_PASSWORD": settings.teams_app_password.get_secret_value(),
        "TEAMS_TENANT_ID": settings.teams_tenant_id,
    }
    if settings.loopback:
        if have["TEAMS_APP_ID"] or have["TEAMS_APP_PASSWORD"]:
            raise Wrong(
                "TEAMS_UNAUTHENTICATED=loopback stands alone: unset TEAMS_APP_ID and TEAMS_APP_PASSWORD, or unset it."
            )
        return
    missing = [name for name, value in have.items() if not value]
    if len(missing) not in (0, len(have)) or (len(missing) == len(have) and settings.teams_incidents_channel):
        raise Wrong(
            f"Teams is half set: {', '.join(missing)} missing. All three come from the bot's registration in Azure."
        )


def _check_mail(settings: Settings) -> None:
    have = {"AMENDS_SMTP_URL": settings.smtp_url.get_secret_value(), "AMENDS_MAIL_FROM": settings.mail_from}
    missing = [name for name, value in have.items() if not value]
    if len(missing) == 1:
        raise Wrong(
            f"Mail is half set: {missing[0]} is missing. Set both, or neither; then people write to those customers."
        )
    if missing:
        return
    for name, value in have.items():
        try:
            (mail_server if name == "AMENDS_SMTP_URL" else mail_sender)(value)
        except ValueError as fault:
            raise Wrong(f"{name} {fault}") from None


def _check_webhooks(settings: Settings) -> None:
    if settings.webhook_private and not settings.webhooks:
        raise Wrong("Webhooks are half set: AMENDS_WEBHOOK_SECRET is missing. Set it, or unset AMENDS_WEBHOOK_PRIVATE.")
    try:
        networks(settings.webhook_private)
    except ValueError as fault:
        raise Wrong(f"AMENDS_WEBHOOK_PRIVATE: {fault}") from None
    if settings.webhooks:
        try:
            secret_of(settings.webhook_secret.get_secret_value())
        except ValueError as fault:
            raise Wrong(f"AMENDS_WEBHOOK_SECRET {fault}") from None


def check_host(settings: Settings, host: str) -> None:
    """Unsigned Teams activities are taken on loopback only, so the server must listen nowhere else."""
    if settings.loopback and not is_loopback(host):
        raise Wrong("With TEAMS_UNAUTHENTICATED=loopback, --host must be 127.0.0.1, ::1 or localhost.")


def redacted(url: str) -> str:
    """A database URL without its password."""
    return make_url(url).render_as_string(hide_password=True)
