"""A person at their Slack client: types, presses, fills in forms, and sees what the app shows them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sandbox import payloads, shapes, typed
from sandbox.calls import ApiError
from sandbox.fields import stateful
from sandbox.forms import Forms
from sandbox.model import View
from sandbox.outcomes import AppDidNotAnswer, ClientRefused, NoSuchButton, Pressed, Reply, Submitted
from sandbox.replies import show
from sandbox.words import elements_of
from sandbox.workspace import ResponseUrl

if TYPE_CHECKING:
    from sandbox.courier import Errand
    from sandbox.model import Channel, Installed, Json, Message, User
    from sandbox.server import Sandbox
    from sandbox.workspace import Workspace

__all__ = [
    "AppDidNotAnswer",
    "ClientRefused",
    "NoSuchButton",
    "Person",
    "Pressed",
    "Reply",
    "Submitted",
]

_GLANCE = 0.1  # predicates may look at more than the workspace, so they are asked again this often


class Person(Forms):
    """One human in the workspace. Get one from `Sandbox.person(user_id)`; the same id gives the same object.

    Every method that the app has to acknowledge returns once it has, or raises AppDidNotAnswer. What is used
    belongs to the app that made it; commands and shortcuts go to the latest installed app that has them.
    A `copy.deepcopy` of a message or view taken earlier stands for a screen that was not refreshed since.
    """

    def __init__(self, sandbox: Sandbox, user_id: str) -> None:
        self._sandbox = sandbox
        self._user_id = user_id
        self._choices: dict[tuple[str, str], Json] = {}  # what is selected in messages, by (channel, ts)

    def __repr__(self) -> str:
        return f"<Person {self._user_id} {self.user.name}>"

    @property
    def workspace(self) -> Workspace:
        """The workspace that the person is in."""
        return self._sandbox.workspace

    @property
    def user(self) -> User:
        """The person's account."""
        return self.workspace.users[self._user_id]

    @property
    def id(self) -> str:
        """The person's user id."""
        return self._user_id

    @property
    def app(self) -> Installed:
        """The most recently installed app; LookupError if there is none."""
        if not self.workspace.apps:
            raise LookupError("no app is installed")
        return list(self.workspace.apps.values())[-1]

    # -- what the person sees ----------------------------------------------------------------------------

    @property
    def modal(self) -> View | None:
        """The top of this person's modal stack."""
        stack = self.workspace.stack(self.id)
        return stack[-1] if stack else None

    @property
    def modals(self) -> list[View]:
        """The whole stack, the top last."""
        return self.workspace.stack(self.id)

    @property
    def home(self) -> View | None:
        """The app's Home tab as last published for this person."""
        return self.workspace.home(self.id, self.app.app_id)

    @property
    def dm_channel(self) -> Channel:
        """The direct message with the app."""
        return self.workspace.open_im(self.id, self.app.bot_user_id)

    @property
    def dm(self) -> list[Message]:
        """The direct message with the app, oldest first; ephemerals are in `ephemerals()`."""
        return list(self.dm_channel.messages.values())

    def conversations(self) -> list[Channel]:
        """Everything in their side bar."""
        return self.workspace.conversations_of(self.id)

    def messages(self, channel: str) -> list[Message]:
        """A conversation's messages, oldest first, thread replies included.

        PermissionError for a private conversation that they are not in.
        """
        place = self.workspace.channel(channel)
        if place.is_private and self.id not in place.members:
            raise PermissionError(channel)
        return list(place.messages.values())

    def ephemerals(self, channel: str | None = None) -> list[Message]:
        """Messages that only this person sees, oldest first, of one conversation or of all."""
        return [
            m
            for m in self.workspace.ephemerals
            if m.ephemeral_for == self.id and channel in {None, m.channel}
        ]

    # -- commands and shortcuts --------------------------------------------------------------------------

    async def command(self, command: str, text: str = "", channel: str | None = None) -> Reply:
        """Type a slash command in `channel`, by default in the direct message with the app."""
        self._active()
        app = self._owner("commands", "command", command)
        settings = next(one for one in app.commands if one["command"] == command)
        place = self._place(channel or self.dm_channel.id)
        if settings.get("should_escape"):
            text = typed.as_sent(self.workspace, text, broadcast=False, labels=True)
        else:
            text = typed.escape(text)
        base_url = self._sandbox.url
        payload = payloads.command(self.workspace, app, self.user, place, (command, text), base_url)
        answer = self._acknowledged(await self._courier.interact(app, "slash_commands", command, payload))
        said = {"text": answer.body} if isinstance(answer.body, str) else (answer.body or {})
        if not said.get("text") and not said.get("blocks") and not said.get("attachments"):
            return Reply(answer.status)
        line = f"{command} {text}".strip()
        target = ResponseUrl(app.app_id, self.id, place.id, self.workspace.now(), command=line)
        try:
            message = show(self.workspace, target, said)
        except ApiError as refusal:
            raise self._unusable(f"slash_commands:{command}", refusal) from refusal
        return Reply(answer.status, message.text, list(message.blocks or []), message)

    async def shortcut(self, callback_id: str, message: Message | None = None) -> Pressed:
        """Use a global shortcut, or a message shortcut on `message`."""
        self._active()
        app = self._owner("shortcuts", "callback_id", callback_id)
        kind = next(one["type"] for one in app.shortcuts if one["callback_id"] == callback_id)
        if kind != ("message" if message else "global"):
            raise ClientRefused(callback_id, f"this is a {kind} shortcut")
        base_url = self._sandbox.url
        payload = payloads.shortcut(self.workspace, app, self.user, callback_id, message, base_url)
        answer = await self._courier.interact(app, "interactive", payload["type"], payload)
        return Pressed(self._acknowledged(answer).status)

    def _owner(self, feature: str, key: str, wanted: str) -> Installed:
        # Names are not spaced by app: the most recently installed app that has it wins, as in Slack.
        for app in reversed(self.workspace.apps.values()):
            if any(one[key] == wanted for one in getattr(app, feature)):
                return app
        raise ClientRefused(wanted, f"{wanted} is not a valid {key.replace('_', ' ')}")

    # -- pressing ----------------------------------------------------------------------------------------

    async def press(
        self,
        where: Message | View,
        action_id_or_text: str,
        *,
        value: Any = None,
        confirm: bool = True,
        option: Any = None,
        block_id: str | None = None,
    ) -> Pressed:
        """Press a button or use another control, found by action_id or visible text.

        `value` picks among several buttons with the same name. `option` is the value or text of what is
        chosen in a select, overflow, radio or checkbox element (a list where several can be). `confirm`
        False says no to a confirm dialog: nothing is sent and the status is 0.
        """
        self._active()
        block, element = self._find(where, action_id_or_text, value, block_id)
        if element.get("confirm") and not confirm:
            return Pressed(0)
        if option is not None or element["type"] not in {"button", "workflow_button", "icon_button"}:
            return await self._choose(where, block, element, option)
        action = {"action_id": element["action_id"], "block_id": block["block_id"], "type": element["type"]}
        action |= {
            key: element[key] for key in ("text", "value", "style", "url", "confirm") if key in element
        }
        return await self._act(where, action)

    async def change(
        self, where: Message | View, name: str, value: Any, *, block_id: str | None = None
    ) -> Pressed:
        """Give an element a value, as a person does before sending a form.

        In an actions or section block, or with dispatch_action, the app hears of it at once; otherwise only
        the form knows, and the status is 0. `name` is the action_id.
        """
        self._active()
        block, element = self._find(where, name, None, block_id)
        return await self._choose(where, block, element, value)

    async def _choose(
        self, where: Message | View, block: Mapping[str, Any], element: Mapping[str, Any], value: Any
    ) -> Pressed:
        action = {"type": element["type"], "action_id": element["action_id"], "block_id": block["block_id"]}
        if element["type"] == "overflow":
            action["selected_option"] = self._pick(element, value)
        else:
            action |= self._put(where, block, element, value, await self._offered(where, element, value))
        if block["type"] == "input" and not block.get("dispatch_action"):
            return Pressed(0, action)  # only the form knows until it is sent
        action |= {key: element[key] for key in element if key.startswith("initial_") or key == "placeholder"}
        return await self._act(where, action)

    async def _act(self, where: Message | View, action: dict[str, Any]) -> Pressed:
        action["action_ts"] = self.workspace.next_ts()
        now = self._live(where)
        app = self.workspace.apps[str(now.app_id)]
        payload = payloads.block_actions(
            self.workspace,
            app,
            self.user,
            now,
            action,
            state=self._state_of(now),
            base_url=self._sandbox.url,
        )
        answer = await self._courier.interact(app, "interactive", "block_actions", payload)
        return Pressed(self._acknowledged(answer).status, action)

    def _live(self, where: Message | View) -> Message | View:
        """What is there now of what the person looks at, which may be an old screen."""
        if isinstance(where, View):
            return self.workspace.views.get(where.id, where)
        return self.workspace.message(where.channel, where.ts) or where

    def _find(
        self, where: Message | View, name: str, value: Any, block_id: str | None
    ) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        there: list[str] = []
        for by_id in (True, False):
            for block, element in elements_of(where.blocks):
                if element.get("action_id") is None or not self._visible(element):
                    continue
                words = (element.get("text") or element.get("placeholder") or {}).get("text", "")
                there.append(f"{element['action_id']} ({words})" if words else str(element["action_id"]))
                wanted = element["action_id"] == name if by_id else words == name
                fits = value is None or element.get("value") == str(value)
                if wanted and fits and block_id in {None, block["block_id"]}:
                    return block, element
        known = ", ".join(dict.fromkeys(there)) or "nothing"
        raise NoSuchButton(f"{name!r} is not there; there is {known}")

    def _visible(self, element: Mapping[str, Any]) -> bool:
        return self.id in element.get("visible_to_user_ids", [self.id])

    # -- messages ----------------------------------------------------------------------------------------

    async def say(self, channel: str, text: str, thread_ts: str | None = None) -> Message:
        """Type a message into a conversation (or to a user id: the direct message with them).

        Returns when the apps there have heard of it or have failed to for the first time.
        """
        self._active()
        place = self._place(channel)
        app = next((a for a in self.workspace.apps.values() if a.bot_user_id in place.members), None)
        if place.is_im and app is not None and not app.messages_enabled:
            raise ClientRefused(place.id, "Sending messages to this app has been turned off.")
        sent = typed.as_sent(self.workspace, text)
        blocks = typed.rich_text(self.workspace, text)
        with self._courier.collecting() as errands:
            message = self.workspace.post(place, self.id, sent, blocks=blocks, thread_ts=thread_ts)
        await self._heard(errands)
        return message

    async def edit(self, message: Message, text: str) -> Message:
        """Edit one's own message."""
        self._own(message)
        sent, blocks = typed.as_sent(self.workspace, text), typed.rich_text(self.workspace, text)
        with self._courier.collecting() as errands:
            self.workspace.edit(message, by=self.id, text=sent, blocks=blocks)
        await self._heard(errands)
        return message

    async def delete(self, message: Message) -> None:
        """Delete one's own message."""
        self._own(message)
        with self._courier.collecting() as errands:
            self.workspace.delete(message)
        await self._heard(errands)

    async def react(self, message: Message, name: str, *, remove: bool = False) -> None:
        """Add or take away a reaction."""
        self._active()
        with self._courier.collecting() as errands:
            self.workspace.react(message, self.id, name, remove=remove)
        await self._heard(errands)

    def _own(self, message: Message) -> None:
        self._active()
        if message.user != self.id:
            raise ClientRefused(message.ts, "is somebody else's message")

    def _place(self, channel: str) -> Channel:
        place = self.workspace.channels.get(channel)
        if place is None and channel in self.workspace.users:
            place = self.workspace.open_im(self.id, channel)
        if place is None or (place.is_private and self.id not in place.members):
            raise ClientRefused(channel, "is no conversation of theirs")
        if place.is_archived:
            raise ClientRefused(channel, "is archived")
        return place

    # -- Home, joining and leaving -----------------------------------------------------------------------

    async def open_home(self, *, tab: str = "home", fresh: bool = False) -> View | None:
        """Open the app's Home tab: app_home_opened. Waits up to 3 s for there to be a view.

        `fresh` waits for one that was published after the opening, even if an older one is there.
        """
        self._active()
        app, before = self.app, self.home
        seen = before.hash if before else None
        event: Json = {
            "type": "app_home_opened",
            "user": self.id,
            "channel": self.dm_channel.id,
            "tab": tab,
            "event_ts": self.workspace.next_ts(),
        }
        if before is not None and tab == "home":
            event["view"] = shapes.view(self.workspace, before)
        with self._courier.collecting() as errands:
            self.workspace.emit("app_home_opened", event, app=app.app_id)
        await self._heard(errands)
        if tab == "home":
            await self._until(
                lambda: self.home is not None and not (fresh and self.home.hash == seen),
                self._courier.patience,
            )
        return self.home

    async def join_workspace(self) -> None:
        """Arrive in the workspace: team_join, and the general channel is joined."""
        with self._courier.collecting() as errands:
            self.workspace.arrive(self.id)
            for channel in list(self.workspace.channels.values()):
                if channel.is_general:
                    self.workspace.join(channel, self.id)
        await self._heard(errands)

    async def join(self, channel: str) -> None:
        """Join a public channel."""
        self._place(channel)
        with self._courier.collecting() as errands:
            self.workspace.join(channel, self.id)
        await self._heard(errands)

    async def leave(self, channel: str) -> None:
        """Leave a channel."""
        with self._courier.collecting() as errands:
            self.workspace.leave(channel, self.id)
        await self._heard(errands)

    # -- waiting, in real seconds ------------------------------------------------------------------------

    async def wait_until(self, predicate: Callable[[], Any], timeout: float = 5) -> Any:  # noqa: ASYNC109
        """The first true value of `predicate()`, asked again after each change; TimeoutError without one."""
        found = await self._until(predicate, timeout)
        if not found:
            raise TimeoutError(f"not within {timeout} s, for {self.user.name}")
        return found

    async def _until(self, predicate: Callable[[], Any], seconds: float) -> Any:
        deadline = time.monotonic() + seconds
        while not (found := predicate()):
            left = deadline - time.monotonic()
            if left <= 0:
                break
            await self.workspace.next_change(min(left, _GLANCE))
        return found

    async def wait_modal(self, title_contains: str | None = None, timeout: float = 3) -> View:  # noqa: ASYNC109
        """The top modal, once there is one (with that in its title)."""

        def there() -> View | None:
            view = self.modal
            return view if view is not None and (title_contains or "") in view.title else None

        found: View = await self.wait_until(there, timeout)
        return found

    async def wait_message(
        self,
        containing: str,
        where: str = "dm",
        timeout: float = 5,  # noqa: ASYNC109 - a budget in seconds
    ) -> Message:
        """The newest message with these words in `where` ("dm" or a channel id), once there is one."""

        def there() -> Message | None:
            messages: Sequence[Message] = self.dm if where == "dm" else self.messages(where)
            return next((m for m in reversed(messages) if containing in m.words), None)

        found: Message = await self.wait_until(there, timeout)
        return found

    async def wait_ephemeral(self, containing: str = "", timeout: float = 5) -> Message:  # noqa: ASYNC109
        """The newest ephemeral message with these words, once there is one."""
        found: Message = await self.wait_until(
            lambda: next((m for m in reversed(self.ephemerals()) if containing in m.words), None), timeout
        )
        return found

    async def _heard(self, errands: Sequence[Errand]) -> None:
        if errands:
            waits = [asyncio.create_task(errand.tried.wait()) for errand in errands]
            _, late = await asyncio.wait(waits, timeout=self._courier.patience)
            for wait in late:
                wait.cancel()

    def _state_of(self, where: Message | View) -> Json:
        return super()._state_of(where) if any(stateful(where.blocks or [])) else {"values": {}}
