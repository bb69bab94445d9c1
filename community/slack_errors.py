"""Reading why Slack refused something, whatever came instead of its usual answer."""

from __future__ import annotations

from collections.abc import Mapping


def error_code(answer: object) -> str:
    """Give the error code in an answer of Slack's, or "http_503" and the like where there is none.

    An answer is what the SDK hangs on its SlackApiError: its own response with a mapping, a text or nothing
    in it, or, where a body called itself JSON and was none, the bare response of the HTTP library
    (slack_sdk 3.47, web/async_internal_utils.py).
    """
    data = getattr(answer, "data", None)
    error = data.get("error") if isinstance(data, Mapping) else None
    status = getattr(answer, "status_code", None) or getattr(answer, "status", None)
    return str(error) if error else f"http_{status}"
