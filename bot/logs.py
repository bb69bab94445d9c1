"""What the process says about itself: structured lines with ids in them, never words, tokens or addresses."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    from collections.abc import MutableMapping
    from typing import TextIO

GONE = "[redacted]"

# What lives under these names is somebody's words, an address, or a key to do something as somebody else.
# `state` holds what was typed only in a view, where it is a mapping; elsewhere it is the state of a request.
_PRIVATE_NAMES = frozenset(
    {
        "access_token",
        "app_token",
        "authorization",
        "blocks",
        "bot_token",
        "client_secret",
        "cookie",
        "database_url",
        "details",
        "display_name",
        "display_name_normalized",
        "email",
        "first_name",
        "last_name",
        "password",
        "phone",
        "private_metadata",
        "question",
        "rating_text",
        "real_name",
        "real_name_normalized",
        "response_url",
        "response_urls",
        "signing_secret",
        "status_text",
        "text",
        "token",
        "trigger_id",
        "user_name",
        "username",
        "values",
        "x-slack-signature",
    }
)

_PRIVATE_SHAPES = (
    # Slack's tokens: xoxb-, xoxp-, xoxe.xoxp-, xapp-, xwfp- …
    re.compile(r"\bx(?:ox[a-z]|app|wfp)[-.][\w.\-]+", re.IGNORECASE),
    # Addresses that let anybody post: response_url, incoming webhooks, workflow triggers, socket tickets.
    re.compile(r"(?:https?|wss?):(?:\\?/){2}(?:hooks|wss-[\w.-]+|files)\.slack(?:-gov)?\.com[^\s\"'<>]*"),
    re.compile(r"(?:https?|wss?)://[^\s\"'<>]*[?&](?:ticket|token|secret|code)=[^\s\"'<>]*"),
    # trigger_id: 13345224609.738474920.8088930838d88f008e0
    re.compile(r"\b\d{6,}\.\d{6,}\.[0-9a-f]{16,}\b"),
    # The password in a database address.
    re.compile(r"(?<=://)[^\s/@:]+:[^\s/@]+(?=@)"),
    # An e-mail address; after the one above, which looks like one.
    re.compile(r"\b[\w.+-]+@[\w-]+\.[\w.-]+\b"),
)

# A payload that some library has already turned into text: JSON, a Python mapping, or a form body.
_NAMES = "|".join(sorted(re.escape(name) for name in _PRIVATE_NAMES))
_QUOTED = re.compile(
    rf"""(?P<start>\\*["'](?:{_NAMES}|value)\\*["']\s*:\s*)(?P<quote>\\*["'])(?:\\+.|(?!(?P=quote)).)*(?P=quote)""",
    re.IGNORECASE | re.DOTALL,
)
# Over HTTP a pressed button is one field named payload, with everything in it.
_FORM = re.compile(rf"(?P<start>(?:^|[&?\s'\"])(?:{_NAMES}|payload)=)[^&\s]+", re.IGNORECASE)

# These libraries print whole payloads at DEBUG, and a body with a bad signature at INFO.
_TALKATIVE = (
    "slack_sdk",
    "slack_bolt",
    "aiohttp",
    "aiosqlite",
    "asyncpg",
    "sqlalchemy",
    "apscheduler",
    "alembic",
)


def redact(value: Any) -> Any:
    """Give back `value` without anything private: mappings and sequences all the way down, and text."""
    if isinstance(value, str):
        return _redacted_text(value)
    if isinstance(value, bytes):
        return _redacted_text(value.decode("utf-8", "replace"))
    if isinstance(value, Mapping):
        return {redact(key): GONE if _private(key, each) else redact(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redact(each) for each in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return _redacted_text(str(value))


def _private(name: object, value: object) -> bool:
    known = str(name).lower()
    said = known in {"state", "value"} and not isinstance(value, int | type(None))
    return said or known in _PRIVATE_NAMES


def _redacted_text(text: str) -> str:
    for shape in _PRIVATE_SHAPES:
        text = shape.sub(GONE, text)
    text = _QUOTED.sub(rf"\g<start>'{GONE}'", text)
    return _FORM.sub(rf"\g<start>{GONE}", text)


def redacting(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Clean a log line before it is written; at its top, `state` is the state of a request, and stays."""
    clean: dict[str, Any] = {}
    for name, value in event.items():
        plain = name in {"state", "value"} and isinstance(value, str)
        clean[name] = GONE if not plain and _private(name, value) else redact(value)
    return clean


def be_careful() -> None:
    """Clean every line of ours, wherever it goes, where nobody has called `set_up`.

    Left to itself structlog prints tracebacks with the values of all local variables.
    """
    if structlog.is_configured():
        return
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            redacting,
            structlog.dev.ConsoleRenderer(colors=False),
        ]
    )


def set_up(level: str, form: str, stream: TextIO | None = None) -> None:
    """Send every line, ours and the libraries', through one cleaned pipe to `stream` (standard error).

    `level` is a name of `logging`; `form` is "json" or "text".
    """
    stamp: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    render: list[structlog.typing.Processor] = (
        [structlog.processors.JSONRenderer(ensure_ascii=False)]
        if form == "json"
        else [structlog.dev.ConsoleRenderer(colors=False)]
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *stamp,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=stamp,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                # The traceback becomes text before the cleaning: its last line quotes the fault.
                structlog.processors.format_exc_info,
                redacting,
                *render,
            ],
        )
    )
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level]))
    logging.captureWarnings(capture=True)
