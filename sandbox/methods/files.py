"""files.*: the two-step upload and what there is."""

from __future__ import annotations

import mimetypes
from typing import TYPE_CHECKING

from sandbox import shapes
from sandbox.calls import ApiError, Call, method
from sandbox.methods.chat import read_blocks
from sandbox.model import File

if TYPE_CHECKING:
    from sandbox.model import Json


@method("files.getUploadURLExternal", "files:write")
def get_upload_url(call: Call) -> Json:
    """Announce a file; its bytes are then POSTed to the address in the answer."""
    name, size = call.need("filename"), call.number("length", 0)
    if size <= 0:
        raise ApiError("invalid_arguments")
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    kept = File(
        id=call.workspace.next_id("F"),
        name=name,
        title=name,
        mimetype=kind,
        size=size,
        user=call.app.bot_user_id,
        created=int(call.workspace.now()),
        alt_text=call.text("alt_txt"),
    )
    call.workspace.files[kept.id] = kept
    return {"upload_url": f"{call.base_url}/upload/{kept.id}", "file_id": kept.id}


@method("files.completeUploadExternal", "files:write")
def complete_upload(call: Call) -> Json:
    """Share uploaded files in a conversation, or keep them unshared."""
    listed = call.json("files", "invalid_arguments")
    if not isinstance(listed, list) or not listed:
        raise ApiError("invalid_arguments")
    found = []
    for one in listed:
        kept = call.workspace.files.get(str(one.get("id", "")))
        if kept is None or kept.complete or kept.user != call.app.bot_user_id:
            raise ApiError("file_not_found")
        if not kept.content:
            raise ApiError("file_update_failed")
        kept.title = str(one.get("title") or kept.name)
        found.append(kept)
    channel = call.channel("channel_id", member=True) if call.text("channel_id") else None
    if channel is not None and channel.is_archived:
        raise ApiError("is_archived")
    blocks = read_blocks(call)
    for kept in found:
        kept.complete = True
    if channel is not None:
        for kept in found:
            kept.channels.append(channel.id)
        call.workspace.post(
            channel,
            call.app.bot_user_id,
            call.text("initial_comment"),
            blocks=blocks,
            app=call.app,
            thread_ts=call.text("thread_ts") or None,
            files=[kept.id for kept in found],
        )
    call.workspace.changed("file")
    return {"files": [shapes.file(call.workspace, kept) for kept in found]}


@method("files.info", "files:read")
def info(call: Call) -> Json:
    """Describe one file."""
    kept = call.workspace.files.get(call.need("file"))
    if kept is None or not kept.complete:
        raise ApiError("file_not_found")
    return {
        "file": shapes.file(call.workspace, kept),
        "comments": [],
        "response_metadata": {"next_cursor": ""},
    }
