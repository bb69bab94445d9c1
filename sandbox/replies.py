"""Answers that come back over a response_url, and inside the acknowledgement of a command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.calls import ApiError
from sandbox.methods.chat import TEXT_KEPT, check_blocks
from sandbox.workspace import ANSWERS_PER_RESPONSE_URL, RESPONSE_URL_SECONDS

if TYPE_CHECKING:
    from sandbox.model import Installed, Json, Message
    from sandbox.workspace import ResponseUrl, Workspace


def answer_response_url(workspace: Workspace, key: str, payload: Any) -> tuple[int, Json]:
    """Do what was POSTed to a response_url; the HTTP status, and the error if it is not 200."""
    target = workspace.response_urls.get(key)
    if target is None or workspace.now() - target.born > RESPONSE_URL_SECONDS:
        return 404, {"ok": False, "error": "expired_url"}
    if target.uses >= ANSWERS_PER_RESPONSE_URL:
        return 404, {"ok": False, "error": "used_url"}
    if not isinstance(payload, dict):
        return 400, {"ok": False, "error": "invalid_payload"}
    try:
        _answer(workspace, target, payload)
    except ApiError as refusal:
        return 400, refusal.body
    target.uses += 1
    return 200, {"ok": True}


def _answer(workspace: Workspace, target: ResponseUrl, payload: Json) -> None:
    original = workspace.message(target.channel, target.message_ts) if target.message_ts else None
    if payload.get("delete_original"):
        if original is not None and original.ephemeral_for:
            workspace.dismiss(original)
        elif original is not None:
            workspace.delete(original)
        return
    text, blocks = content_of(payload)
    if payload.get("replace_original") and original is not None:
        if original.ephemeral_for:
            workspace.change_ephemeral(original, text, blocks)
        else:
            app = workspace.apps[target.app_id]
            workspace.edit(original, by=app.bot_user_id, text=text, blocks=blocks)
        return
    show(workspace, target, payload)


def content_of(payload: Json) -> tuple[str, list[Json] | None]:
    """Text and checked blocks of an answer; ApiError for what Slack would refuse."""
    text, blocks = str(payload.get("text") or ""), payload.get("blocks")
    if blocks is not None and not isinstance(blocks, list):
        raise ApiError("invalid_blocks_format")
    if blocks:
        check_blocks(blocks)
    if not text.strip() and not blocks and not payload.get("attachments"):
        raise ApiError("no_text")
    return text[:TEXT_KEPT], blocks or None


def show(workspace: Workspace, target: ResponseUrl, payload: Json) -> Message:
    """Show an answer where it was asked for: to the person alone, or with in_channel to everybody there."""
    text, blocks = content_of(payload)
    app: Installed = workspace.apps[target.app_id]
    thread_ts = str(payload.get("thread_ts") or "") or target.thread_ts
    if payload.get("response_type") == "in_channel":
        if target.command and target.uses == 0:
            workspace.post(target.channel, target.user, target.command, subtype="slash_command")
        return workspace.post(
            target.channel, app.bot_user_id, text, blocks=blocks, app=app, thread_ts=thread_ts
        )
    return workspace.ephemeral(
        target.channel,
        target.user,
        text,
        blocks=blocks,
        app=app,
        thread_ts=thread_ts,
        command=target.command,
    )
