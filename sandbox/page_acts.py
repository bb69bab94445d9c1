"""What a browser may ask a person to do: one coroutine per verb, each through `Sandbox.person`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from sandbox.calls import ApiError
from sandbox.model import View
from sandbox.outcomes import AppDidNotAnswer, ClientRefused, NoSuchButton

if TYPE_CHECKING:
    from sandbox.model import Json, Message
    from sandbox.person import Person
    from sandbox.server import Sandbox

Act = Callable[["Sandbox", "Json"], Awaitable["Json | None"]]
ACTS: dict[str, Act] = {}
LONGEST_SKIP = 31 * 86400


class Refused(Exception):
    """The client would not do that: `words` tell the person why, `code` is for programs."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code
        self.words = words


def _verb(act: Act) -> Act:
    async def guarded(sandbox: Sandbox, details: Json) -> Json | None:
        try:
            return await act(sandbox, details)
        except NoSuchButton:
            raise Refused("gone", "That is no longer there: the message has changed meanwhile.") from None
        except ClientRefused as refused:
            raise Refused("refused", refused.why) from None
        except ApiError as error:
            raise Refused(error.code, f"Slack says no: {error.code}.") from None
        except PermissionError as error:
            raise Refused("not_allowed", str(error) or "You may not do that here.") from None
        except (KeyError, LookupError, ValueError) as error:
            raise Refused("unknown", f"The page asked for something that is not there ({error}).") from None

    ACTS[act.__name__.rstrip("_")] = guarded
    return act


def _who(sandbox: Sandbox, details: Json) -> Person:
    return sandbox.person(str(details["as"]))


def _message(sandbox: Sandbox, details: Json) -> Message:
    found = sandbox.workspace.message(str(details["channel"]), str(details["ts"]))
    if found is None or found.ephemeral_for not in {None, details["as"]}:
        raise Refused("gone", "That message is no longer there.")
    return found


def _view(sandbox: Sandbox, details: Json) -> View:
    found = sandbox.workspace.views.get(str(details["view"]))
    if found is None or found.user != details["as"]:
        raise Refused("gone", "That form was closed meanwhile.")
    return found


def _where(sandbox: Sandbox, details: Json) -> Message | View:
    return _view(sandbox, details) if details.get("view") else _message(sandbox, details)


def _keep(view: View, details: Json) -> None:
    """Take over what the browser holds of the view's fields, and nothing that the view does not have."""
    held = view.state["values"]
    for block_id, actions in (details.get("values") or {}).items():
        for action_id, entry in actions.items():
            if entry.get("type") == held.get(block_id, {}).get(action_id, {}).get("type"):
                held[block_id][action_id] = entry


@_verb
async def say(sandbox: Sandbox, details: Json) -> Json:
    """Type a message; `thread` is the parent's ts. `text` is as typed, picked mentions as `<@U…>`."""
    said = await _who(sandbox, details).say(
        details["channel"], details["text"], thread_ts=details.get("thread")
    )
    sandbox.workspace.mark_read(details["as"], details["channel"], said.ts)
    return {"ts": said.ts}


@_verb
async def command(sandbox: Sandbox, details: Json) -> Json:
    """Use a slash command in a conversation."""
    line, text = details["command"], details.get("text", "")
    try:
        reply = await _who(sandbox, details).command(line, text, channel=details["channel"])
    except AppDidNotAnswer as silent:
        raise Refused(silent.reason, f"{line} failed with the error “{silent.reason}”.") from None
    return {"status": reply.status}


@_verb
async def press(sandbox: Sandbox, details: Json) -> Json:
    """Use a control: `chosen` is what Slack's actions[0] would carry, `values` the state of the surface."""
    where, person = _where(sandbox, details), _who(sandbox, details)
    if isinstance(where, View):
        _keep(where, details)
    kind, chosen = details["type"], details.get("chosen") or {}
    action, block = details["action"], details["block"]
    if kind in {"button", "workflow_button"}:
        done = await person.press(where, action, value=chosen.get("value"), block_id=block)
    elif kind == "overflow":
        done = await person.press(where, action, option=chosen["selected_option"]["value"], block_id=block)
    else:
        # Whatever the element, what it holds is the one entry of its state beside the type.
        value = next(iter(chosen.values()), None)
        done = await person.change(where, action, value, block_id=block)
    return {"status": done.status if done else 0}


@_verb
async def suggest(sandbox: Sandbox, details: Json) -> Json:
    """What an external select offers for `query`."""
    where = _where(sandbox, details)
    found: list[dict[str, Any]] = await _who(sandbox, details).suggestions(
        where, details["action"], details["query"]
    )
    grouped = bool(found) and "options" in found[0]
    return {"option_groups": found} if grouped else {"options": found}


@_verb
async def submit(sandbox: Sandbox, details: Json) -> Json:
    """Send a modal with the values the browser holds, in Slack's own shape."""
    view = _view(sandbox, details)
    _keep(view, details)
    try:
        done = await _who(sandbox, details).submit({}, view=view)
    except ClientRefused as refused:
        return {"errors": {refused.field: refused.why}}
    except AppDidNotAnswer as silent:
        words = f"We had some trouble connecting to the app ({silent.reason}). Try again?"
        raise Refused(silent.reason, words) from None
    return {"errors": done.errors, "action": done.action}


@_verb
async def close(sandbox: Sandbox, details: Json) -> None:
    """Close the top modal, or the whole stack with `all`."""
    _view(sandbox, details)
    await _who(sandbox, details).close_modal(all=bool(details.get("all")))


@_verb
async def shortcut(sandbox: Sandbox, details: Json) -> Json:
    """Use a global shortcut, or one on the message named by `channel` and `ts`."""
    message = _message(sandbox, details) if details.get("ts") else None
    done = await _who(sandbox, details).shortcut(details["callback_id"], message=message)
    return {"status": done.status}


@_verb
async def home(sandbox: Sandbox, details: Json) -> None:
    """Open the app's Home tab; the view comes with the next state."""
    await _who(sandbox, details).open_home()


@_verb
async def open_(sandbox: Sandbox, details: Json) -> Json:
    """The direct message with somebody."""
    return {"channel": sandbox.workspace.open_im(details["as"], details["user"]).id}


@_verb
async def read(sandbox: Sandbox, details: Json) -> None:
    """Mark a conversation as read."""
    sandbox.workspace.mark_read(details["as"], details["channel"])


@_verb
async def react(sandbox: Sandbox, details: Json) -> None:
    """Add a reaction, or take one's own away."""
    message = _message(sandbox, details)
    mine = details["as"] in message.reactions.get(details["name"], [])
    await _who(sandbox, details).react(message, details["name"], remove=mine)


@_verb
async def edit(sandbox: Sandbox, details: Json) -> None:
    """Edit one's own message; `text` is as typed."""
    message = _message(sandbox, details)
    await _who(sandbox, details).edit(message, details["text"])


@_verb
async def delete(sandbox: Sandbox, details: Json) -> None:
    """Delete one's own message."""
    await _who(sandbox, details).delete(_message(sandbox, details))


@_verb
async def dismiss(sandbox: Sandbox, details: Json) -> None:
    """Take an ephemeral message off one's screen."""
    sandbox.workspace.dismiss(_message(sandbox, details))


@_verb
async def join(sandbox: Sandbox, details: Json) -> None:
    """Join a public channel."""
    await _who(sandbox, details).join(details["channel"])


@_verb
async def skip(sandbox: Sandbox, details: Json) -> Json:
    """Skip `seconds` ahead; answers once everything that was due has happened."""
    seconds = float(details["seconds"])
    if sandbox.on_skip is None or not 0 < seconds <= LONGEST_SKIP:
        raise Refused("no_clock", "This sandbox's clock cannot be moved.")
    await sandbox.on_skip(seconds)
    return {"now": sandbox.workspace.now()}
