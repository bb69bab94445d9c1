"""The workspace itself: people, conversations, messages and views, and everything that can happen to them."""

from __future__ import annotations

import uuid

from sandbox.model import Channel, Edit, File, Installed, Message, User, View
from sandbox.places import Places
from sandbox.pulse import Change, Happening, ResponseUrl, Trigger

__all__ = [
    "Change", "Channel", "Edit", "File", "Happening", "Installed", "Message", "ResponseUrl", "Trigger",
    "User", "View", "Workspace",
]  # fmt: skip

ANSWERS_PER_RESPONSE_URL = 5
RESPONSE_URL_SECONDS = 30 * 60
VIEWS_IN_A_STACK = 3


class Workspace(Places):
    """Everything that is the case in the workspace. All methods are synchronous and change it at once.

    Apps hear of changes through `on_event`, pages and waiting people through `subscribe()`. `now` gives
    seconds since the epoch; message ts, trigger ages and event times come from it. What is said is in
    `Talk`, who is where in `Places`, ids and listeners in `Pulse`.
    """

    # -- triggers and response_urls ----------------------------------------------------------------------

    def new_trigger(self, app: Installed, user: User | str, view_id: str | None = None) -> str:
        """A trigger_id for what this person just did; good for one view within three seconds."""
        self._counter += 1
        key = f"{self._counter}.{int(self.now())}.{uuid.uuid4().hex}"
        self.triggers[key] = Trigger(app.app_id, self.user(user).id, self.now(), view_id=view_id)
        if len(self.triggers) > 10_000:  # noqa: PLR2004 - old ones have expired long since
            for old in list(self.triggers)[:5_000]:
                del self.triggers[old]
        return key

    def new_response_url(self, target: ResponseUrl) -> str:
        """The secret last part of a response_url that answers to `target`."""
        key = uuid.uuid4().hex
        self.response_urls[key] = target
        if len(self.response_urls) > 10_000:  # noqa: PLR2004 - old ones have expired long since
            for old in list(self.response_urls)[:5_000]:
                del self.response_urls[old]
        return key

    def new_ticket(self, app: Installed) -> str:
        """A ticket that opens one WebSocket for the app."""
        ticket = uuid.uuid4().hex
        self.tickets[ticket] = app.app_id
        return ticket

    # -- views -------------------------------------------------------------------------------------------

    def stack(self, user: User | str) -> list[View]:
        """A person's open modals, the one on top last."""
        return [self.views[one] for one in self.stacks.get(self.user(user).id, [])]

    def home(self, user: User | str, app_id: str) -> View | None:
        """The person's Home tab of that app, None before the first publish."""
        return self.views.get(self.homes.get((self.user(user).id, app_id), ""))

    def show_view(self, view: View) -> None:
        """Put a modal on top of its person's stack, or make it their Home tab."""
        self.views[view.id] = view
        if view.type == "home":
            self.homes[view.user, view.app_id] = view.id
            self.changed("home", user=view.user, view=view.id)
            return
        self.stacks.setdefault(view.user, []).append(view.id)
        self.changed("view", user=view.user, view=view.id)

    def drop_view(self, view: View) -> None:
        """Take one modal off its person's stack."""
        stack = self.stacks.get(view.user, [])
        if view.id in stack:
            stack.remove(view.id)
        self.views.pop(view.id, None)
        self.changed("view", user=view.user, view=view.id)

    def clear_views(self, user: User | str) -> None:
        """Close all of a person's modals without telling the app."""
        for view in self.stack(user):
            self.drop_view(view)
