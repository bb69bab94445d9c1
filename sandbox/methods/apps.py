"""auth.test, api.test, team.info, bots.info and the opening of Socket Mode connections."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from sandbox import shapes
from sandbox.blocks import check_message_blocks, check_view
from sandbox.calls import ApiError, Call, method, refused

if TYPE_CHECKING:
    from sandbox.model import Json


@method("api.test", token="none")  # noqa: S106 - a kind of token, not a token
def api_test(call: Call) -> Json:
    """Echo the arguments; `error` makes it fail with that code."""
    if call.text("error"):
        raise ApiError(call.text("error"), args=call.args)
    return {"args": call.args}


@method("blocks.validate", token="none")  # noqa: S106 - a kind of token, not a token
def blocks_validate(call: Call) -> Json:
    """Check `blocks`, a `message` or a `view` without sending anything."""
    given = [name for name in ("blocks", "message", "view") if name in call.args]
    if len(given) != 1:
        raise refused("invalid_arguments", "exactly one of blocks, message and view must be given")
    payload = call.json(given[0], "invalid_arguments")
    if given[0] == "view":
        report = check_view(payload, "")
    else:
        report = check_message_blocks(payload if given[0] == "blocks" else payload.get("blocks", []))
    if not report.found:
        return {}
    errors = []
    for line in report.found:
        message, _, pointer = line.partition(" [json-pointer:")
        errors.append({"pointer": pointer.removesuffix("]"), "code": "invalid", "message": message})
    raise ApiError("invalid_blocks", errors=errors)


@method("auth.test")
def auth_test(call: Call) -> Json:
    """Say whose token this is."""
    workspace = call.workspace
    return {
        "url": f"https://{workspace.domain}.slack.com/",
        "team": workspace.team_name,
        "user": call.bot.name,
        "team_id": workspace.team,
        "user_id": call.app.bot_user_id,
        "bot_id": call.app.bot_id,
        "is_enterprise_install": False,
    }


@method("team.info", "team:read")
def team_info(call: Call) -> Json:
    """Describe the workspace."""
    workspace = call.workspace
    return {
        "team": {
            "id": workspace.team,
            "name": workspace.team_name,
            "domain": workspace.domain,
            "url": f"https://{workspace.domain}.slack.com/",
            "email_domain": "",
            "icon": {"image_default": True},
        }
    }


@method("bots.info", "users:read")
def bots_info(call: Call) -> Json:
    """Describe a bot."""
    app = next(
        (a for a in call.workspace.apps.values() if a.bot_id == call.text("bot", call.app.bot_id)), None
    )
    if app is None:
        raise ApiError("bot_not_found")
    return {"bot": {k: v for k, v in shapes.bot_profile(call.workspace, app).items() if k != "team_id"}}


@method("usergroups.list", "usergroups:read")
def usergroups_list(call: Call) -> Json:
    """List user groups: the sandbox has none."""
    call.flag("include_users")
    return {"usergroups": []}


@method("apps.connections.open", token="app")  # noqa: S106 - a kind of token, not a token
def connections_open(call: Call) -> Json:
    """Give the address of a WebSocket, good for one connection."""
    ticket = call.workspace.new_ticket(call.app)
    query = urlencode({"ticket": ticket, "app_id": call.app.app_id})
    return {"url": call.base_url.replace("http", "ws", 1) + f"/link/?{query}"}
