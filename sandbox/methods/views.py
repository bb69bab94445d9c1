"""views.*: modals and the Home tab."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from sandbox import shapes
from sandbox.blocks import check_view
from sandbox.calls import ApiError, Call, method, refused, refused_by
from sandbox.fields import fresh_state
from sandbox.model import View
from sandbox.workspace import VIEWS_IN_A_STACK, Trigger

if TYPE_CHECKING:
    from sandbox.model import Installed, Json
    from sandbox.workspace import Workspace

TRIGGER_SECONDS = 3.0
VIEW_BYTES = 250_000


def read_view(call: Call, kind: str) -> Json:
    """The `view` argument, checked, of the kind that the method takes."""
    view = call.json("view", "invalid_arguments")
    if view is None:
        raise refused("invalid_arguments", "missing required field: view")
    return checked(view, kind)


def checked(view: Any, kind: str) -> Json:
    """A view as the app sent it, refused with all the reasons unless it is one of that kind."""
    report = check_view(view)
    if report.found:
        raise refused_by(report, "invalid_arguments")
    if view["type"] != kind:
        raise refused("invalid_arguments", f"must be of type {kind} [json-pointer:/view/type]")
    if len(str(view)) > VIEW_BYTES:
        raise ApiError("view_too_large")
    return dict(view)


def new_hash(workspace: Workspace) -> str:
    """A hash that changes whenever a view does."""
    return f"{int(workspace.now())}.{uuid.uuid4().hex[:8]}"


def make(workspace: Workspace, app: Installed, user: str, content: Json, under: View | None = None) -> View:
    """A new view for one person, with ids filled in and initial values set; not shown yet."""
    filled = dict(content) | {"blocks": shapes.with_ids(workspace, content["blocks"])}
    view = View(
        id=workspace.next_id("V"),
        user=user,
        app_id=app.app_id,
        type=str(content["type"]),
        hash=new_hash(workspace),
        content=filled,
        previous_view_id=under.id if under else None,
        published_at=workspace.now(),
    )
    view.root_view_id = under.root_view_id if under else view.id
    view.state = fresh_state(view.blocks, {})
    return view


def replace(workspace: Workspace, view: View, content: Json) -> None:
    """Put new content into a view. Typed values survive where block_id and action_id stay the same."""
    view.content = dict(content) | {"blocks": shapes.with_ids(workspace, content["blocks"])}
    view.hash = new_hash(workspace)
    view.state = fresh_state(view.blocks, view.state if view.type == "modal" else {})
    view.errors = {}
    view.published_at = workspace.now()
    workspace.changed("home" if view.type == "home" else "view", user=view.user, view=view.id)


def _take_trigger(call: Call) -> Trigger:
    trigger = call.workspace.triggers.get(call.need("trigger_id"))
    if trigger is None or trigger.app_id != call.app.app_id:
        raise ApiError("invalid_trigger_id")
    if call.workspace.now() - trigger.born > TRIGGER_SECONDS:
        raise ApiError("expired_trigger_id")
    if trigger.used:
        raise ApiError("exchanged_trigger_id")
    return trigger


def check_external_id(workspace: Workspace, app: Installed, content: Json, but: View | None = None) -> None:
    """Refuse an external_id that another view of the app has already."""
    wanted = content.get("external_id")
    for view in workspace.views.values():
        taken = view.content.get("external_id") == wanted and view.app_id == app.app_id
        if wanted and taken and view is not but:
            raise ApiError("duplicate_external_id")


@method("views.open")
def open_view(call: Call) -> Json:
    """Open a modal for the person behind the trigger. An open stack is replaced by it."""
    content = read_view(call, "modal")
    trigger = _take_trigger(call)
    workspace = call.workspace
    check_external_id(workspace, call.app, content)
    trigger.used = True
    view = make(workspace, call.app, trigger.user, content)
    workspace.clear_views(trigger.user)
    workspace.show_view(view)
    return {"view": shapes.view(workspace, view)}


@method("views.push")
def push(call: Call) -> Json:
    """Put a modal on top of the one that the trigger came from; three deep at most."""
    content = read_view(call, "modal")
    trigger = _take_trigger(call)
    workspace = call.workspace
    stack = workspace.stack(trigger.user)
    if not stack or trigger.view_id is None:
        raise ApiError("not_found")
    if len(stack) >= VIEWS_IN_A_STACK:
        raise ApiError("push_limit_reached")
    check_external_id(workspace, call.app, content)
    trigger.used = True
    view = make(workspace, call.app, trigger.user, content, under=stack[-1])
    workspace.show_view(view)
    return {"view": shapes.view(workspace, view)}


@method("views.update")
def update(call: Call) -> Json:
    """Replace the content of an open view, named by view_id or external_id; `hash` guards against races."""
    content = read_view(call, _kind_of(call))
    workspace = call.workspace
    view = _find(call)
    if view is None or view.app_id != call.app.app_id:
        raise ApiError("not_found")
    if call.text("hash") and call.text("hash") != view.hash:
        raise ApiError("hash_conflict")
    check_external_id(workspace, call.app, content, but=view)
    replace(workspace, view, content)
    return {"view": shapes.view(workspace, view)}


def _find(call: Call) -> View | None:
    external = call.text("external_id")
    if call.text("view_id"):
        return call.workspace.views.get(call.text("view_id"))
    if not external:
        raise refused("invalid_arguments", "missing required field: view_id")
    views = call.workspace.views.values()
    return next((view for view in views if view.content.get("external_id") == external), None)


def _kind_of(call: Call) -> str:
    view = _find(call)
    return view.type if view else "modal"


@method("views.publish")
def publish(call: Call) -> Json:
    """Show a Home tab to one person."""
    content = read_view(call, "home")
    workspace, app = call.workspace, call.app
    user = workspace.users.get(call.text("user_id"))
    if user is None or user.is_bot or user.deleted:
        raise refused("invalid_arguments", "invalid `user_id`")
    if not app.home_enabled:
        raise ApiError("not_enabled")
    view = workspace.home(user, app.app_id)
    if view is None:
        check_external_id(workspace, app, content)
        view = make(workspace, app, user.id, content)
        workspace.show_view(view)
    else:
        if call.text("hash") and call.text("hash") != view.hash:
            raise ApiError("hash_conflict")
        check_external_id(workspace, app, content, but=view)
        replace(workspace, view, content)
    return {"view": shapes.view(workspace, view)}
