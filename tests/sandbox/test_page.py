"""The page without a browser: what it serves, what it tells of whom, and what it refuses."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import ClientSession

from tests.sandbox import page_gallery as gallery
from tests.sandbox.page_stage import staged


@pytest.fixture
async def page_stage():
    async with staged() as stage:
        yield stage


@pytest.fixture
async def http(page_stage):
    async with ClientSession(page_stage.sandbox.url) as session:
        yield session


async def state(http, person, at="", thread=""):
    async with http.get("/sandbox/state", params={"as": person.id, "at": at, "thread": thread}) as answer:
        assert answer.status == 200
        return await answer.json()


async def act(http, verb, person, **details):
    async with http.post(f"/sandbox/act/{verb}", json={"as": person.id, **details}) as answer:
        return answer.status, await answer.json()


async def test_the_shell_needs_nothing_from_other_hosts(http):
    async with http.get("/") as answer:
        shell = await answer.text()
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'self'")
    assert "://" not in shell.replace("http://www.w3.org/2000/svg", "")
    assert "js/main.js" in shell


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("js/main.js", "text/javascript"),
        ("css/base.css", "text/css"),
        ("mark.svg", "image/svg+xml"),
    ],
)
async def test_scripts_and_styles_come_with_their_types(http, path, kind):
    async with http.get(f"/sandbox/static/{path}") as answer:
        assert answer.status == 200
        assert answer.content_type == kind


@pytest.mark.parametrize("path", ["../page.py", "%2e%2e/page.py", "shell.html", "js/none.js", "js"])
async def test_nothing_else_of_the_folder_is_served(http, path):
    async with http.get(f"/sandbox/static/{path}") as answer:
        assert answer.status == 404


async def test_a_person_sees_only_their_own_conversations_and_private_messages(page_stage, http):
    stage = page_stage
    secret = stage.workspace.add_channel("staff-desk", private=True, members=[stage.staff.id])
    app = next(iter(stage.workspace.apps.values()))
    stage.workspace.ephemeral("C0GENERAL", stage.asker.id, "for Priya alone", app=app)

    asker = await state(http, stage.asker, "C0GENERAL")
    mentor = await state(http, stage.mentor, "C0GENERAL")
    assert [one["text"] for one in asker["at"]["messages"] if one["ephemeral"]] == ["for Priya alone"]
    assert not [one for one in mentor["at"]["messages"] if one["ephemeral"]]
    assert secret.id not in {one["id"] for one in asker["conversations"]}
    # Asking for a private channel by its id shows another place instead.
    assert (await state(http, stage.asker, secret.id))["at"]["id"] != secret.id
    assert (await state(http, stage.staff, secret.id))["at"]["id"] == secret.id


async def test_a_modal_belongs_to_one_person(page_stage, http):
    stage = page_stage
    await stage.sandbox.person(stage.asker.id).command("/askmentor")
    view = (await state(http, stage.asker))["views"][0]
    assert view["callback_id"] == "gallery.form"
    other = await state(http, stage.mentor)
    assert other["views"] == []
    assert other["elsewhere"] == [view["id"]]
    status, refused = await act(http, "submit", stage.mentor, view=view["id"], values={})
    assert (status, refused["error"]) == (409, "gone")
    assert stage.app.heard("view_submission") == []


async def test_only_fields_that_the_view_has_are_taken_from_the_browser(page_stage, http):
    stage = page_stage
    stage.app.form = gallery.form() | {"blocks": gallery.form()["blocks"][:2]}
    await stage.sandbox.person(stage.asker.id).command("/askmentor")
    view = (await state(http, stage.asker))["views"][0]
    values = {
        "b-question": {"question": {"type": "plain_text_input", "value": "A question that is long enough."}},
        "b-made-up": {"made-up": {"type": "plain_text_input", "value": "x"}},
    }
    status, _ = await act(http, "submit", stage.asker, view=view["id"], values=values)
    assert status == 200
    sent = stage.app.heard("view_submission")[0]["view"]["state"]["values"]
    assert list(sent) == ["b-question"]
    assert sent["b-question"]["question"]["value"] == "A question that is long enough."


async def test_what_another_site_sends_is_refused(page_stage, http):
    body = {"as": page_stage.asker.id, "channel": "C0GENERAL", "text": "hello"}
    async with http.post("/sandbox/act/say", json=body, headers={"Origin": "https://evil.example"}) as answer:
        assert answer.status == 403
    # A form of another site cannot send JSON.
    async with http.post("/sandbox/act/say", data=body) as answer:
        assert answer.status == 404
    assert page_stage.general.messages == {}


@pytest.mark.parametrize(
    ("verb", "details"),
    [
        ("say", {"channel": "C0NOWHERE", "text": "hello"}),
        ("say", {"channel": "C0GENERAL"}),
        ("command", {"command": "/nothing", "channel": "C0GENERAL"}),
        ("press", {"channel": "C0GENERAL", "ts": "1.1", "action": "claim", "block": "b", "type": "button"}),
        ("skip", {"seconds": 3600}),
    ],
)
async def test_what_cannot_be_done_is_answered_in_words(page_stage, http, verb, details):
    status, refused = await act(http, verb, page_stage.asker, **details)
    assert status == 409
    assert len(refused["words"]) > 10


async def test_nobody_and_unknown_verbs_are_refused(page_stage, http):
    async with http.post("/sandbox/act/say", json={"as": "U0NOBODY", "text": "x"}) as answer:
        assert answer.status == 404
    status, _ = await act(http, "destroy", page_stage.asker)
    assert status == 404


async def test_an_app_that_does_not_answer_is_named(page_stage, http):
    page_stage.sandbox.courier.patience = 0.1
    page_stage.app.slow = 0.5
    status, refused = await act(http, "command", page_stage.asker, command="/askmentor", channel="C0GENERAL")
    assert status == 409
    assert refused["words"] == "/askmentor failed with the error “operation_timeout”."
    await asyncio.sleep(0.5)


async def test_the_socket_says_that_something_changed(page_stage, http):
    async with http.ws_connect("/sandbox/live") as socket:
        page_stage.workspace.post("C0GENERAL", page_stage.staff.id, "news")
        told = await socket.receive_json(timeout=3)
        assert "world" in told["changed"]


async def test_traffic_is_told_from_where_the_browser_has_read(page_stage, http):
    stage = page_stage
    await stage.app.call("chat.postMessage", channel="C0NOWHERE", text="x")
    async with http.get("/sandbox/traffic?after=0") as answer:
        first = await answer.json()
    assert first["entries"][-1]["what"] == "chat.postMessage"
    assert first["entries"][-1]["error"] == "channel_not_found"
    assert stage.app.token not in str(first)
    async with http.get(f"/sandbox/traffic?after={first['newest']}") as answer:
        assert (await answer.json())["entries"] == []


async def test_an_uploaded_file_comes_back_and_runs_nothing(page_stage, http):
    from aiohttp import FormData

    form = FormData({"as": page_stage.asker.id})
    form.add_field("file", b"<script>alert(1)</script>", filename="evil.html", content_type="text/html")
    async with http.post("/sandbox/upload", data=form) as answer:
        kept = (await answer.json())["file"]
    assert kept["name"] == "evil.html"
    async with http.get(f"/sandbox/file/{kept['id']}") as answer:
        assert answer.content_type == "application/octet-stream"
        assert answer.headers["Content-Disposition"] == "attachment"
        assert await answer.read() == b"<script>alert(1)</script>"
