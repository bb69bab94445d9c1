"""A running sandbox, a tiny app in it, people, and a client that calls the Web API as the app."""

from __future__ import annotations

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError

from sandbox.server import Sandbox
from tests.sandbox.tiny import MANIFEST, TinyApp


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SKIP_SLACK_SDK_WARNING", "true")


class Watch:
    """A clock that stands still until it is moved."""

    def __init__(self):
        self.time = 1_795_000_000.0

    def __call__(self):
        return self.time


@pytest.fixture
def watch_hand():
    return Watch()


@pytest.fixture
async def sandbox():
    box = Sandbox()
    box.courier.retry_delays = (0.0, 0.05, 0.1)
    await box.start()
    yield box
    await box.stop()


@pytest.fixture
def installed(sandbox):
    return sandbox.install(MANIFEST)


@pytest.fixture
def ann(sandbox, installed):
    return sandbox.person(sandbox.workspace.add_user("ann", id="U0ANN").id)


@pytest.fixture
def ben(sandbox, installed):
    return sandbox.person(sandbox.workspace.add_user("ben", id="U0BEN", tz="America/Los_Angeles").id)


@pytest.fixture
def hall(sandbox, installed, ann):
    """A public channel with Ann and the app in it."""
    return sandbox.workspace.add_channel("hall", id="C0HALL", members=[ann.id, installed.bot_user_id])


@pytest.fixture
def tiny(sandbox, installed):
    return TinyApp(sandbox, installed, "none")


@pytest.fixture(params=["http", "socket"])
async def app(request, sandbox, installed):
    """The tiny app, not started yet: a test registers its listeners and calls `start`."""
    made = TinyApp(sandbox, installed, request.param)
    yield made
    await made.stop()


@pytest.fixture
def api(tiny):
    return tiny.client


@pytest.fixture
def error(api):
    """Call a method that is refused; its answer."""

    async def call(method, **arguments):
        with pytest.raises(SlackApiError) as caught:
            await api.api_call(method, json=arguments)
        return caught.value.response.data

    return call


@pytest.fixture
async def raw():
    async with aiohttp.ClientSession() as session:
        yield session
