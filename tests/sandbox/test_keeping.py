"""A workspace outlives its process when it has a folder."""

from __future__ import annotations

import json
import stat

from slack_sdk.web.async_client import AsyncWebClient

from sandbox.server import Sandbox
from sandbox.snapshot import FILE
from tests.sandbox.tiny import MANIFEST, actions, button, text


async def first_life(folder):
    box = Sandbox(folder=folder)
    await box.start()
    workspace = box.workspace
    ann, ben = workspace.add_user("ann", id="U0ANN", tz="America/Denver"), workspace.add_user("ben")
    app = box.install(MANIFEST)
    hall = workspace.add_channel("hall", id="C0HALL", members=[ann, ben, app.bot_user_id])
    api = AsyncWebClient(token=app.bot_token, base_url=box.api_url)
    sent = await api.chat_postMessage(
        channel="C0HALL",
        text="one",
        blocks=[actions(button("a"))],
        metadata={"event_type": "k", "event_payload": {"n": 1}},
    )
    await api.chat_update(channel="C0HALL", ts=sent["ts"], text="two", blocks=[actions(button("b"))])
    await api.chat_postMessage(channel="C0HALL", text="reply", thread_ts=sent["ts"])
    await api.reactions_add(channel="C0HALL", timestamp=sent["ts"], name="eyes")
    await api.chat_postEphemeral(channel="C0HALL", user="U0ANN", text="psst")
    await api.conversations_open(users=[ann.id, ben.id])
    await api.views_publish(
        user_id="U0ANN", view={"type": "home", "blocks": [{"type": "header", "text": text("Home")}]}
    )
    await api.files_upload_v2(channel="C0HALL", filename="a.txt", content="abc")
    workspace.mark_read(ben, hall, sent["ts"])
    return box, app, sent


async def test_everything_but_ephemerals_is_there_again(tmp_path):
    box, app, sent = await first_life(tmp_path)
    before = (dict(box.workspace.users), dict(box.workspace.channels), dict(box.workspace.files))
    await box.stop()
    again = Sandbox(folder=tmp_path)
    workspace = again.workspace
    assert (workspace.users, workspace.channels, workspace.files) == before
    assert workspace.home("U0ANN", app.app_id).words == "Home"
    assert workspace.ephemerals == []
    message = workspace.channel("C0HALL").messages[sent["ts"]]
    assert [edit.text for edit in message.edits] == ["one"]
    assert message.buttons == ["Press"]
    ben = next(user for user in workspace.users.values() if user.name == "ben")
    assert workspace.unread(ben, "C0HALL") == 1
    installed = again.install(MANIFEST)
    assert (installed.bot_token, installed.app_id) == (app.bot_token, app.app_id)
    await again.stop()


async def test_new_ids_and_timestamps_come_after_the_old_ones(tmp_path):
    box, _, _ = await first_life(tmp_path)
    last = max(ts for channel in box.workspace.channels.values() for ts in channel.messages)
    known = set(box.workspace.users) | set(box.workspace.channels)
    await box.stop()
    again = Sandbox(folder=tmp_path, now=lambda: 1_000.0)
    assert again.workspace.next_ts() > last
    assert again.workspace.add_user("new").id not in known
    ann, ben = "U0ANN", next(u.id for u in again.workspace.users.values() if u.name == "ben")
    bot = next(iter(again.workspace.apps.values())).bot_user_id
    assert again.workspace.open_mpim([bot, ben, ann]).id in known
    await again.stop()


async def test_a_change_is_written_soon_and_for_its_owner_alone(tmp_path):
    box = Sandbox(folder=tmp_path)
    await box.start()
    try:
        box.install(MANIFEST)
        box.workspace.add_user("ann", id="U0ANN")
        path = tmp_path / FILE
        await box.person("U0ANN").wait_until(path.exists)
        assert [user["name"] for user in json.loads(path.read_text())["users"]] == ["tiny", "ann"]
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    finally:
        await box.stop()


async def test_without_a_folder_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    box = Sandbox()
    await box.start()
    box.workspace.add_user("ann")
    await box.stop()
    assert list(tmp_path.iterdir()) == []
