"""What can come of a person's doing: answers of the app, and refusals of the client or of the app."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.model import Message


class AppDidNotAnswer(Exception):
    """The app did not acknowledge within three seconds, or answered with an error; Slack shows a warning.

    `reason` is operation_timeout, http_404, http_500, connection_failed, dispatch_failed (no socket is open),
    or invalid_response: … for an acknowledgement that Slack cannot use.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ClientRefused(Exception):
    """The Slack client would not send this: `field` names the block, `why` is what it tells the person."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")
        self.field = field
        self.why = why


class NoSuchButton(LookupError):
    """There is nothing with that action_id or text to press; the message lists what there is."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The app's acknowledgement of a slash command.

    `text` and `blocks` are the answer inside it, if any; `message` is what it became on the screen.
    """

    status: int
    text: str = ""
    blocks: list[dict[str, Any]] = field(default_factory=list)
    message: Message | None = None

    @property
    def words(self) -> str:
        """All that the answer shows."""
        return self.message.words if self.message else self.text


@dataclass(frozen=True, slots=True)
class Submitted:
    """What came of sending a form.

    `errors` by block_id if the app refused it; `action` is None, "errors", "update", "push" or "clear".
    """

    status: int
    action: str | None = None
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pressed:
    """What came of using a control: the acknowledgement's status, and the action that was sent.

    Status 0: nothing was sent, because the person said no to a confirm dialog or the app need not hear of it.
    """

    status: int
    action: dict[str, Any] = field(default_factory=dict)
