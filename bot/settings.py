"""Everything the process is told from outside: read once, checked at once, explained in plain words."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self
from urllib.parse import parse_qsl, urlencode, urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from community.clock import zone_names
from community.hours import read_dates, read_days, read_hours, read_spans

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
# Slack's ids are capital letters and digits; its shortest ones in use have nine characters. The lower bound
# here is loose, so that the ids of a sandbox are welcome too.
_CHANNEL = re.compile(r"[CG][A-Z0-9]{2,}")
_PERSON = re.compile(r"[UW][A-Z0-9]{2,}")
_NEAR_ENOUGH = 0.85


class SettingsInvalid(Exception):
    """The settings cannot be used; every problem is listed, one sentence each, never with a secret in it."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def _token(prefix: str, name: str) -> AfterValidator:
    def check(secret: SecretStr) -> SecretStr:
        if not secret.get_secret_value().startswith(prefix):
            raise ValueError(f"does not start with {prefix}, as {name} does; did you copy a different token?")
        return secret

    return AfterValidator(check)


def _channel(value: str) -> str:
    if not _CHANNEL.fullmatch(value):
        raise ValueError(
            f"is “{value}”, which is not a channel id such as C0123456789 "
            "(in Slack: the channel's name, About, at the very bottom)"
        )
    return value


def _people(value: object) -> object:
    if not isinstance(value, str):
        return value
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _each_a_person(value: tuple[str, ...]) -> tuple[str, ...]:
    if wrong := [each for each in value if not _PERSON.fullmatch(each)]:
        raise ValueError(
            f"contains “{wrong[0]}”, which is not a member id such as U0123456789 "
            "(in Slack: the person's profile, the three dots, Copy member ID)"
        )
    return tuple(dict.fromkeys(value))


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _zone(value: str) -> str:
    if value not in zone_names():
        near = difflib.get_close_matches(value, zone_names(), n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise ValueError(f"is “{value}”, which is not a time zone such as America/New_York{hint}")
    return value


def _zone_or_none(value: str) -> str:
    return _zone(value) if value else value


def _checked(read: Callable[[str], object], shape: str) -> Callable[[str], str]:
    """Let a setting pass that can be read, and say of what shape it has to be otherwise."""

    def check(value: str) -> str:
        try:
            read(value)
        except ValueError:
            raise ValueError(f"is “{value}”, which is not {shape}") from None
        return value

    return check


_days = _checked(read_days, "days such as Mon-Sat or Mon,Wed,Fri")
_hours = _checked(read_hours, "hours such as 9-20, 8:30-17 or 0-24")
_spans = _checked(read_spans, "first and last days such as 2027-01-04..2027-01-08, with commas between weeks")
_dates = _checked(read_dates, "days such as 2027-11-02, with commas between them")


def _api_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("is not an address such as https://slack.com/api/")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise ValueError("must start with https://, because the bot token travels with every call")
    return value if value.endswith("/") else value + "/"


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("is not an address such as https://geocoding.geo.census.gov/")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise ValueError("must start with https://, because people's addresses and a key travel there")
    return value


# PostgreSQL's own programs say "sslmode", and so does what a host gives one to copy; the driver says "ssl".
_POSTGRES_OPTIONS = {
    "sslmode": "ssl",
    "ssl": "ssl",
    "host": "host",
    "port": "port",
    "target_session_attrs": "target_session_attrs",
}


def _database_url(value: str) -> str:
    scheme, colon, rest = value.partition("://")
    if not colon:
        raise ValueError(
            "is not a database address such as sqlite+aiosqlite:///data/downballot.db "
            "or postgresql://name:password@host/database"
        )
    if scheme in {"postgres", "postgresql", "postgresql+asyncpg"}:
        try:
            parts = urlsplit(f"postgresql://{rest}")
            _ = parts.port
        except ValueError:
            raise ValueError("has a host or port that cannot be read") from None
        if not parts.path.strip("/"):
            raise ValueError("names no database: add it after the host, as in postgresql://host/downballot")
        options = parse_qsl(parts.query, keep_blank_values=True)
        strange = sorted({name for name, _ in options} - set(_POSTGRES_OPTIONS))
        if not all(re.fullmatch("[a-z_]+", name) for name in strange):
            # It may be the rest of a password, and is not repeated.
            raise ValueError(
                "has something after its ? that is no option; in a password write ? as %3F, / as %2F"
            )
        if strange:
            raise ValueError(
                f"has options that are not understood: {', '.join(strange)}. "
                f"Leave them out; what is understood: {', '.join(_POSTGRES_OPTIONS)}"
            )
        asked = urlencode([(_POSTGRES_OPTIONS[name], each) for name, each in options], safe="/,:")
        return "postgresql+asyncpg://" + rest.partition("?")[0] + (f"?{asked}" if asked else "")
    if scheme in {"sqlite", "sqlite+aiosqlite"}:
        if rest.lstrip("/") in {"", ":memory:"}:
            raise ValueError("must name a file, as in sqlite+aiosqlite:///data/downballot.db")
        return f"sqlite+aiosqlite://{rest}"
    raise ValueError(f"starts with {scheme}://, but only SQLite and PostgreSQL are supported")


ChannelId = Annotated[str, AfterValidator(_channel)]
BotToken = Annotated[SecretStr, _token("xoxb-", "a bot token")]
AppToken = Annotated[SecretStr, _token("xapp-", "an app-level token")]
People = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_people), AfterValidator(_each_a_person)]


class Settings(BaseSettings):
    """Every setting, one field per environment variable: `slack_bot_token` is read from SLACK_BOT_TOKEN."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    # Slack
    slack_bot_token: BotToken = Field(
        description="The bot token (`xoxb-…`), from the app's “OAuth & Permissions” page."
    )
    slack_app_token: AppToken | None = Field(
        default=None,
        description="The app-level token (`xapp-…`, scope `connections:write`); with it, Socket Mode.",
    )
    slack_signing_secret: SecretStr | None = Field(
        default=None,
        description="The signing secret; without an app-level token, signed HTTP at `/slack/events`.",
    )
    slack_api_url: Annotated[str, AfterValidator(_api_url)] = Field(
        default="https://slack.com/api/",
        description="Where the Web API is; a sandbox has another address.",
    )

    # Where things are said, and by whom
    mentor_channel: ChannelId = Field(description="The channel id where mentors see every open request.")
    staff_channel: ChannelId = Field(
        description="The channel id of staff: approvals, alarms, what went wrong."
    )
    community_channel: ChannelId | None = Field(
        default=None,
        description="The channel id of the room that everybody is in: joining it starts the first "
        "seven days, chats are announced there.",
    )
    wins_channel: ChannelId | None = Field(
        default=None, description="The channel id where wins are celebrated."
    )
    staff_user_ids: People = Field(
        min_length=1,
        description="Member ids of the first staff, with commas; they can name others.",
    )

    # The organisation
    organisation_name: str = Field(
        default="Downballot", min_length=1, max_length=80, description="How messages call the organisation."
    )
    time_zone: Annotated[str, AfterValidator(_zone)] = Field(
        default="America/New_York",
        description="The organisation's own time zone.",
    )
    first_wave: int = Field(default=3, ge=1, le=20, description="How many mentors are asked first.")
    answer_target_hours: int = Field(
        default=24,
        ge=1,
        le=240,
        description="Working hours until the first answer that you promise.",
    )

    announcement_approval: int = Field(
        default=200,
        ge=0,
        le=1_000_000,
        description="An announcement to more people than this needs a second member of staff.",
    )

    work_days: Annotated[str, AfterValidator(_days)] = Field(
        default="Mon-Sat", description="Working days, such as `Mon-Fri` or `Mon,Wed,Fri`."
    )
    work_hours: Annotated[str, AfterValidator(_hours)] = Field(
        default="9-20", description="Working hours, such as `9-20` or `8:30-17`; `0-24` never ends."
    )
    work_zone: Annotated[str, AfterValidator(_zone_or_none)] = Field(
        default="", description="The zone of working hours; empty: that of the asker's state."
    )
    work_holidays: bool = Field(default=True, description="Whether federal holidays are free.")
    filing_weeks: Annotated[str, AfterValidator(_spans)] = Field(
        default="",
        description="Weeks in which all goes twice as fast: `2027-01-04..2027-01-08`, with commas.",
    )
    quiet_days: Annotated[str, AfterValidator(_dates)] = Field(
        default="", description="Days on which nothing is due, such as Election Day, with commas."
    )

    # Where races and places are looked up
    civicengine_api_key: SecretStr | None = Field(
        default=None,
        description="A key of BallotReady's CivicEngine; with it, its races are shown first.",
    )
    google_civic_api_key: SecretStr | None = Field(
        default=None,
        description="A key of Google's Civic Information API; with it, addresses are looked up there too.",
    )
    census_url: Annotated[str, AfterValidator(_web_address)] = Field(
        default="https://geocoding.geo.census.gov/",
        description="Where the Census Bureau's geocoder is; tests have another.",
    )
    civicengine_url: Annotated[str, AfterValidator(_web_address)] = Field(
        default="https://bpi.civicengine.com/graphql",
        description="Where CivicEngine is; tests have another.",
    )
    google_civic_url: Annotated[str, AfterValidator(_web_address)] = Field(
        default="https://civicinfo.googleapis.com/",
        description="Where Google's Civic Information API is; tests have another.",
    )

    # The process
    database_url: Annotated[str, AfterValidator(_database_url)] = Field(
        repr=False,  # it may hold a password
        default="sqlite+aiosqlite:///data/downballot.db",
        description="An SQLite file, or `postgresql://name:password@host/database`, "
        "with `?sslmode=require` where TLS is asked for.",
    )
    host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="The address to listen on; `0.0.0.0` in a container.",
    )
    port: int = Field(
        default=3000,
        ge=0,
        le=65535,
        description="The port for Slack, `/healthz`, `/readyz` and `/metrics`.",
    )
    posts_per_minute: int = Field(
        default=480,
        ge=30,
        le=2000,
        description="The most messages that the app ever sends in a minute.",
    )
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"],
        BeforeValidator(_upper),
    ] = Field(default="INFO", description="How much is logged: `DEBUG`, `INFO`, `WARNING` or `ERROR`.")
    log_format: Annotated[
        Literal["json", "text"],
        BeforeValidator(_lower),
    ] = Field(default="json", description="`json` for machines, `text` for people.")

    @property
    def zone(self) -> ZoneInfo:
        """The organisation's time zone."""
        return ZoneInfo(self.time_zone)

    @property
    def socket_mode(self) -> bool:
        """Whether Slack reaches the app over a WebSocket; otherwise over signed HTTP."""
        return self.slack_app_token is not None

    @classmethod
    def load(cls, env: Mapping[str, str], env_file: Path | None = None) -> Self:
        """Read the settings from `env`, and from `env_file` what `env` does not say.

        Raises SettingsInvalid with every problem at once.
        """
        try:
            written = DotEnvSettingsSource(cls, env_file=env_file)()
        except (OSError, UnicodeDecodeError) as fault:
            why = fault.strerror if isinstance(fault, OSError) else "it is not UTF-8"
            raise SettingsInvalid((f"The file {env_file} cannot be read: {why}.",)) from None
        given = {**written, **_Environment(cls, env)()}
        problems: list[str] = []
        settings: Self | None = None
        try:
            settings = cls(**given)
        except ValidationError as refusal:
            problems += [_in_words(error, env) for error in refusal.errors()]
        if not given.get("slack_app_token") and not given.get("slack_signing_secret"):
            problems.append(
                "SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP) is needed: "
                "without either, Slack cannot reach the app."
            )
        if settings is None or problems:
            raise SettingsInvalid(tuple(dict.fromkeys(problems)))
        return settings

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - pydantic passes these five by name
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take only what the constructor is given: `load` alone looks at the environment, and only once."""
        return (init_settings,)


class _Environment(EnvSettingsSource):
    """The environment that `load` was handed, instead of the one of the process."""

    def __init__(self, settings: type[BaseSettings], env: Mapping[str, str]) -> None:
        self._given = env
        super().__init__(settings)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return {name.lower(): value.strip() for name, value in self._given.items() if value.strip()}


def _in_words(error: Mapping[str, Any], env: Mapping[str, str]) -> str:
    """Say one of pydantic's errors as a sentence that begins with the variable's name."""
    field = str(error["loc"][0])
    name = field.upper()
    about = (Settings.model_fields[field].description or "").replace("`", "").rstrip(".")
    facts = error.get("ctx", {})
    match error["type"]:
        case "missing":
            others = [known for known in env if known.lower() not in Settings.model_fields]
            near = difflib.get_close_matches(name, others, n=1, cutoff=_NEAR_ENOUGH)
            said = f"is missing: {about}" + (f". There is a {near[0]}; is that a slip?" if near else "")
        case "value_error":
            said = str(facts["error"])
        case "too_short":
            said = f"is empty: {about}"
        case "string_too_long":
            said = f"is longer than {facts['max_length']} characters"
        case "int_parsing":
            said = f"must be a whole number: {about}"
        case "greater_than_equal":
            said = f"must be at least {facts['ge']}"
        case "less_than_equal":
            said = f"must be at most {facts['le']}"
        case "literal_error":
            said = f"must be {facts['expected']}".replace("'", "")
        case _:
            said = f"cannot be read: {about}"
    return f"{name} {said}" if said.endswith("?") else f"{name} {said}."
