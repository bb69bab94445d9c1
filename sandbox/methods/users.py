"""users.*: who is here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox import shapes
from sandbox.calls import ApiError, Call, method

if TYPE_CHECKING:
    from sandbox.model import Json, User


def _shape(call: Call, user: User) -> Json:
    email = "users:read.email" in call.app.scopes
    return shapes.user(call.workspace, user, email=email, locale=call.flag("include_locale"))


@method("users.info", "users:read")
def info(call: Call) -> Json:
    """Describe one user."""
    return {"user": _shape(call, call.user())}


@method("users.list", "users:read")
def list_users(call: Call) -> Json:
    """List everybody, bots and deactivated people included."""
    everybody = list(call.workspace.users.values())
    found, cursor = call.page(everybody, max(len(everybody), 1), 1000)
    return {
        "members": [_shape(call, user) for user in found],
        "cache_ts": int(call.workspace.now()),
        "response_metadata": {"next_cursor": cursor},
    }


@method("users.lookupByEmail", "users:read.email")
def lookup_by_email(call: Call) -> Json:
    """Find a user by exact address, capitals aside; the deactivated are not found."""
    wanted = call.need("email").strip().lower()
    for user in call.workspace.users.values():
        if user.email and user.email.lower() == wanted and not user.deleted:
            return {"user": _shape(call, user)}
    raise ApiError("users_not_found")
