"""The part of a person that fills in forms, sends them and closes them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sandbox import payloads
from sandbox.blocks import check_options
from sandbox.calls import ApiError
from sandbox.fields import check_form, fresh_state, pick, state_for, stateful
from sandbox.methods.views import checked, make, replace
from sandbox.model import View
from sandbox.outcomes import AppDidNotAnswer, ClientRefused, Submitted
from sandbox.workspace import VIEWS_IN_A_STACK

if TYPE_CHECKING:
    from sandbox.answers import Answer
    from sandbox.courier import Courier
    from sandbox.model import Json, Message, User
    from sandbox.server import Sandbox
    from sandbox.workspace import Workspace

_SHORTEST_QUERY = 3  # Slack's default min_query_length


class Forms:
    """See Person, which this is one half of."""

    _sandbox: Sandbox
    _choices: dict[tuple[str, str], Json]

    @property
    @abstractmethod
    def workspace(self) -> Workspace:
        """See Person."""

    @property
    @abstractmethod
    def user(self) -> User:
        """See Person."""

    @property
    @abstractmethod
    def modal(self) -> View | None:
        """See Person."""

    @property
    def _courier(self) -> Courier:
        return self._sandbox.courier

    def _active(self) -> None:
        if self.user.deleted:
            raise ClientRefused(self.user.id, "account is deactivated")

    def _acknowledged(self, answer: Answer) -> Answer:
        if answer.error is not None:
            raise AppDidNotAnswer(answer.error)
        return answer

    def _unusable(self, what: str, refusal: ApiError) -> AppDidNotAnswer:
        """An acknowledgement that Slack cannot use: noted in the traffic with the reasons."""
        metadata: Json = refusal.extra.get("response_metadata") or {}
        messages: Sequence[str] = metadata.get("messages", [])
        why = messages[0] if messages else refusal.code
        self._sandbox.traffic.add("delivery", what, None, error=refusal.code, messages=list(messages))
        return AppDidNotAnswer(f"invalid_response: {why}")

    # -- filling in --------------------------------------------------------------------------------------

    def _state_of(self, where: Message | View) -> Json:
        """The state of the elements that the person looks at; that of messages is theirs alone."""
        if isinstance(where, View):
            return where.state
        key = (where.channel, where.ts)
        state = fresh_state(where.blocks or [], self._choices.get(key, {}))
        self._choices[key] = state
        return state

    def _put(
        self,
        where: Message | View,
        block: Mapping[str, Any],
        element: Mapping[str, Any],
        value: Any,
        options: Sequence[Json] | None,
    ) -> Json:
        entry = state_for(self.workspace, element, value, str(block["block_id"]), options)
        state = self._state_of(where)
        state["values"].setdefault(block["block_id"], {})[element["action_id"]] = entry
        return entry

    def _pick(self, element: Mapping[str, Any], value: Any) -> Json:
        return pick(element, value, str(element["action_id"]))

    async def fill(self, values: Mapping[str, Any], view: View | None = None) -> View:
        """Type into the top modal without sending; keys are block_ids or action_ids.

        Values are what Python has: str, the value or text of an option, a list of them, a date or
        "2027-04-01", user and channel ids, None to empty a field. ClientRefused for what is not there.
        """
        view = self._form(view)
        for name, value in values.items():
            found = [
                (block, element)
                for block, element in stateful(view.blocks)
                if name in {block["block_id"], element["action_id"]}
            ]
            if not found:
                known = ", ".join(str(element["action_id"]) for _, element in stateful(view.blocks))
                raise ClientRefused(name, f"there is no such field; there is {known or 'none'}")
            block, element = found[0]
            self._put(view, block, element, value, await self._offered(view, element, value))
        return view

    def _form(self, view: View | None) -> View:
        view = view or self.modal
        if view is None:
            raise LookupError("no modal is open")
        return view

    async def _offered(
        self, where: Message | View, element: Mapping[str, Any], value: Any
    ) -> Sequence[Json] | None:
        """For an external select: what the app offers for each wanted value; None for any other element."""
        if "external_select" not in element["type"] or value is None:
            return None
        wanted = value if isinstance(value, list | tuple | set) else [value]
        offered: list[Json] = []
        for one in wanted:
            if isinstance(one, Mapping):
                offered.append(dict(one))
                continue
            for found in await self.suggestions(where, str(element["action_id"]), str(one)):
                offered.extend(found.get("options", [found]))
        return offered

    async def suggestions(self, where: Message | View, action_id: str, letters: str) -> list[Json]:
        """What an external select offers for the letters typed: options, or groups with `options`.

        Nothing is asked, and nothing offered, for fewer letters than its min_query_length.
        """
        fields = [pair for pair in stateful(where.blocks or []) if pair[1]["action_id"] == action_id]
        if not fields:
            raise ClientRefused(action_id, "there is no such field")
        block, element = fields[0]
        if len(letters) < element.get("min_query_length", _SHORTEST_QUERY):
            return []
        app = self.workspace.apps[str(where.app_id)]
        payload = payloads.block_suggestion(
            self.workspace, app, self.user, where, element, block_id=str(block["block_id"]), typed=letters
        )
        answer = await self._courier.interact(app, "interactive", "block_suggestion", payload)
        body = self._acknowledged(answer).body
        report = check_options(body)
        if report.found:
            refusal = ApiError("invalid_options", response_metadata={"messages": report.messages})
            raise self._unusable("interactive:block_suggestion", refusal)
        return list(body.get("options") or body.get("option_groups") or [])

    # -- sending and closing -----------------------------------------------------------------------------

    async def submit(self, values: Mapping[str, Any] | None = None, view: View | None = None) -> Submitted:
        """Fill in the top modal (as `fill` does) and send it.

        ClientRefused if Slack's client would not send it: a required field empty, a text too short or too
        long, an address or number malformed. Fields not named keep what they hold.
        """
        self._active()
        view = self._form(view)
        await self.fill(values or {}, view)
        if view.submit is None:
            raise ClientRefused(view.title, "this view has nothing to submit")
        check_form(view.blocks, view.state)
        app = self.workspace.apps[view.app_id]
        payload = payloads.view_submission(self.workspace, app, self.user, view)
        answer = self._acknowledged(
            await self._courier.interact(app, "interactive", "view_submission", payload)
        )
        body = answer.body if isinstance(answer.body, dict) else {}
        try:
            return self._submitted(view, answer.status, body)
        except ApiError as refusal:
            raise self._unusable("interactive:view_submission", refusal) from refusal

    def _submitted(self, view: View, status: int, body: Json) -> Submitted:
        workspace, action = self.workspace, body.get("response_action")
        view.errors = {}
        match action:
            case None:
                workspace.drop_view(view)
            case "clear":
                workspace.clear_views(view.user)
            case "errors":
                errors = self._errors(view, body.get("errors"))
                view.errors = errors
                workspace.changed("view", user=view.user, view=view.id)
                return Submitted(status, action, errors)
            case "update":
                replace(workspace, view, checked(body.get("view"), "modal"))
            case "push":
                content = checked(body.get("view"), "modal")
                if len(workspace.stack(view.user)) >= VIEWS_IN_A_STACK:
                    raise ApiError("push_limit_reached")
                app = workspace.apps[view.app_id]
                workspace.show_view(make(workspace, app, view.user, content, under=view))
            case _:
                raise ApiError("unknown response_action")
        return Submitted(status, action)

    def _errors(self, view: View, errors: Any) -> dict[str, str]:
        inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
        if not isinstance(errors, dict) or not errors or not set(errors) <= inputs:
            raise ApiError("errors must name input blocks of the view")
        return {str(block_id): str(why) for block_id, why in errors.items()}

    async def close_modal(self, *, all: bool = False) -> None:  # noqa: A002 - close_modal(all=True) reads well
        """Press Cancel on the top modal, or with `all` the x that closes the whole stack.

        The app hears view_closed if a closed view has notify_on_close: the view itself, or the root one with
        is_cleared when the whole stack goes.
        """
        view = self._form(None)
        stack = self.workspace.stack(view.user)
        cleared = all or bool(view.content.get("clear_on_close"))
        gone = stack if cleared else [view]
        told = gone[0] if cleared else view
        app = self.workspace.apps[view.app_id]
        payload = payloads.view_closed(self.workspace, app, self.user, told, cleared=cleared)
        for one in reversed(gone):
            self.workspace.drop_view(one)
        if any(one.content.get("notify_on_close") for one in gone):
            self._acknowledged(await self._courier.interact(app, "interactive", "view_closed", payload))
