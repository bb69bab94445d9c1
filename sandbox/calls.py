"""One call of the Web API: its arguments as Slack reads them, its refusals, and the table of methods."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.model import Channel, Installed, Json, Message, User
    from sandbox.rules import Report
    from sandbox.workspace import Workspace

_FALSE = {"", "0", "false", "no", "none"}


class ApiError(Exception):
    """Slack's refusal of a call: `code` is the `error` field, `extra` what stands beside it."""

    def __init__(self, code: str, **extra: Any) -> None:
        super().__init__(code)
        self.code = code
        self.extra = extra

    @property
    def body(self) -> Json:
        """The answer that says so."""
        return {"ok": False, "error": self.code, **self.extra}


def refused(code: str, *lines: str) -> ApiError:
    """Give the refusal that explains itself in response_metadata.messages."""
    return ApiError(code, response_metadata={"messages": [f"[ERROR] {line}" for line in lines]})


def refused_by(report: Report, code: str) -> ApiError:
    """Give the refusal that carries everything a validator found, as `errors` and as messages."""
    return ApiError(code, errors=list(report.found), response_metadata={"messages": report.messages})


@dataclass(slots=True)
class Call:
    """A call with its arguments, made with the token of `app`; the token is not among `args`."""

    method: str
    args: Json
    app: Installed
    workspace: Workspace
    base_url: str

    @property
    def bot(self) -> User:
        """The user that the calling token acts as."""
        return self.workspace.users[self.app.bot_user_id]

    def text(self, name: str, default: str = "") -> str:
        """A string argument; numbers are taken as their digits."""
        value = self.args.get(name)
        if value is None:
            return default
        if isinstance(value, dict | list):
            raise refused("invalid_arguments", f"must provide a string [json-pointer:/{name}]")
        return str(value)

    def need(self, name: str) -> str:
        """A string argument that must be there."""
        value = self.text(name)
        if not value:
            raise refused("invalid_arguments", f"missing required field: {name}")
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A boolean argument: true, 1 and "true" are true."""
        value = self.args.get(name)
        if value is None:
            return default
        return value if isinstance(value, bool) else str(value).lower() not in _FALSE

    def number(self, name: str, default: int) -> int:
        """A whole number."""
        value = self.args.get(name)
        if value is None or value == "":
            return default
        try:
            return int(value)
        except (TypeError, ValueError):
            raise refused("invalid_arguments", f"must provide a number [json-pointer:/{name}]") from None

    def names(self, name: str) -> list[str]:
        """A list of ids, comma-separated or an array."""
        value = self.args.get(name)
        if isinstance(value, list):
            return [str(part) for part in value]
        return [part.strip() for part in str(value or "").split(",") if part.strip()]

    def json(self, name: str, broken: str) -> Any:
        """An object or array, given as such or as a JSON string; refused with `broken` if it is neither."""
        value = self.args.get(name)
        if isinstance(value, str):
            if not value:
                return None
            try:
                return json.loads(value)
            except ValueError:
                raise ApiError(broken) from None
        return value

    def scope(self, *any_of: str) -> None:
        """Refuse unless the token has one of these scopes."""
        if not any(one in self.app.scopes for one in any_of):
            provided = ",".join(self.app.scopes)
            raise ApiError("missing_scope", needed=any_of[0], provided=provided)

    def channel(self, name: str = "channel", *, member: bool = False) -> Channel:
        """The conversation that an argument names, if this app may know of it.

        `member`: refused with not_in_channel unless the bot is in it. Private ones it is not in do not exist
        for it.
        """
        channel = self.workspace.channels.get(self.need(name))
        if channel is None:
            raise ApiError("channel_not_found")
        if self.app.bot_user_id not in channel.members:
            if channel.is_private:
                raise ApiError("channel_not_found")
            if member:
                raise ApiError("not_in_channel")
        return channel

    def user(self, name: str = "user") -> User:
        """The user that an argument names."""
        user = self.workspace.users.get(self.need(name))
        if user is None:
            raise ApiError("user_not_found")
        return user

    def message(self, channel: Channel, name: str = "ts") -> Message:
        """The message of that conversation that an argument names."""
        message = channel.messages.get(self.need(name))
        if message is None:
            raise ApiError("message_not_found")
        return message

    def page(self, things: Sequence[Any], default: int, most: int) -> tuple[list[Any], str]:
        """One page of a list by `cursor` and `limit`, and the cursor of the next one ("" at the end)."""
        limit = self.number("limit", default)
        if limit < 1:
            raise ApiError("invalid_limit")
        limit = min(limit, most)
        cursor = self.text("cursor")
        start = 0
        if cursor:
            head, _, number = cursor.partition(":")
            if head != "next" or not number.isdigit():
                raise ApiError("invalid_cursor")
            start = int(number)
        after = f"next:{start + limit}" if start + limit < len(things) else ""
        return list(things[start : start + limit]), after


Method = Callable[[Call], "Json"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A method with the scopes of which its token needs at least one (none: any token will do)."""

    run: Method
    scopes: tuple[str, ...]
    token: str  # "bot", "app" or "none"


METHODS: dict[str, Entry] = {}


def method(name: str, *scopes: str, token: str = "bot") -> Callable[[Method], Method]:  # noqa: S107 - a kind
    """Enter a function into the table of methods under Slack's name for it."""

    def enter(run: Method) -> Method:
        METHODS[name] = Entry(run, scopes, token)
        return run

    return enter
