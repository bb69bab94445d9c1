"""Keeps a workspace in a folder between runs: one JSON file, replaced as a whole."""

from __future__ import annotations

import asyncio
import json
import os
import time
from dataclasses import asdict
from typing import TYPE_CHECKING

from sandbox.model import Channel, Edit, File, Installed, Json, Message, User, View

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.workspace import Change, Workspace

VERSION = 1
FILE = "workspace.json"
_SOON = 0.2
# Writing must never take more than this part of the time, however large the workspace has grown.
_SHARE = 0.05
_TRANSIENT = frozenset({"traffic", "faults", "view", "ephemeral"})


def dump(workspace: Workspace) -> Json:
    """Everything that outlives a run. Ephemerals, modals and triggers do not, as in Slack."""
    return {
        "version": VERSION,
        "team": workspace.team,
        "counter": workspace._counter,  # noqa: SLF001 - the snapshot is the workspace's own memory
        "last_us": workspace._last_us,  # noqa: SLF001
        "users": [asdict(user) for user in workspace.users.values()],
        "channels": [_channel(channel) for channel in workspace.channels.values()],
        "apps": [asdict(app) for app in workspace.apps.values()],
        "homes": [asdict(workspace.views[view_id]) for view_id in workspace.homes.values()],
        "files": [asdict(file) for file in workspace.files.values()],
        "scheduled": list(workspace.scheduled.values()),
    }


def _channel(channel: Channel) -> Json:
    shape = {name: getattr(channel, name) for name in Channel.__slots__ if name != "messages"}
    return shape | {"messages": [asdict(message) for message in channel.messages.values()]}


def load(workspace: Workspace, kept: Json) -> None:
    """Fill an empty workspace with what `dump` gave."""
    if kept.get("version") != VERSION:
        raise ValueError(f"a snapshot of version {kept.get('version')} cannot be read")
    workspace._counter, workspace._last_us = kept["counter"], kept["last_us"]  # noqa: SLF001 - see dump
    workspace.users = {one["id"]: User(**one) for one in kept["users"]}
    for one in kept["channels"]:
        messages = [_message(message) for message in one.pop("messages")]
        channel = Channel(**one, messages={message.ts: message for message in messages})
        workspace.channels[channel.id] = channel
    workspace.apps = {one["app_id"]: Installed(**one) for one in kept["apps"]}
    workspace.files = {one["id"]: File(**one) for one in kept["files"]}
    workspace.scheduled = {one["id"]: one for one in kept["scheduled"]}
    for one in kept["homes"]:
        view = View(**one)
        workspace.views[view.id] = view
        workspace.homes[view.user, view.app_id] = view.id


def _message(kept: Json) -> Message:
    edits = [Edit(**edit) for edit in kept.pop("edits")]
    return Message(**kept, edits=edits)


class Keeper:
    """Writes the snapshot soon after each change; `folder` None keeps nothing."""

    def __init__(self, workspace: Workspace, folder: Path | None) -> None:
        self._workspace = workspace
        self._path = folder / FILE if folder is not None else None
        self._dirty = False
        self._task: asyncio.Task[None] | None = None
        self._took = 0.0
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        if self._path is not None and self._path.exists():
            load(workspace, json.loads(self._path.read_text(encoding="utf-8")))
        workspace.watch(self._changed)

    def _changed(self, change: Change) -> None:
        if self._path is None or change.kind in _TRANSIENT:
            return
        self._dirty = True
        if self._task is None:
            try:
                loop = asyncio.get_running_loop()
            except RuntimeError:
                return  # set up outside a loop: `save` at start and stop will do
            self._task = loop.create_task(self._later())

    async def _later(self) -> None:
        try:
            await asyncio.sleep(max(_SOON, self._took / _SHARE))
        finally:
            self._task = None
        self.save()

    def save(self) -> None:
        """Write now if anything changed: to a file beside it first, so a crash leaves the old or the new."""
        if self._path is None or not self._dirty:
            return
        started = time.monotonic()
        self._dirty = False
        beside = self._path.with_suffix(".new")
        beside.touch(mode=0o600)  # there are tokens in it
        with beside.open("w", encoding="utf-8") as file:
            json.dump(dump(self._workspace), file, ensure_ascii=False, separators=(",", ":"))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)
        self._took = time.monotonic() - started

    async def close(self) -> None:
        """Write what is left."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self.save()
