"""What the demo's community has planned: an Armchair Chat in two days, and a weekly intro call."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from messages import events as words
from messages import events_forms as forms
from messages import events_lists as lists

if TYPE_CHECKING:
    from sandbox.model import Message, View
    from sandbox.person import Person
    from sandbox.server import Sandbox

_GENERAL = "C0GENERAL"
_ZONE = "America/New_York"
_TITLE = "Asking for money without blushing"


async def plan(sandbox: Sandbox, patience: float) -> None:
    """Let Olivia plan both, and two candidates sign up; `patience` is real seconds for each step."""
    story = _Planning(sandbox, patience)
    today = datetime.fromtimestamp(sandbox.workspace.now(), ZoneInfo(_ZONE)).date()
    shared = {"zone": _ZONE, "audience": "everyone"}
    await story.schedule(
        kind="chat",
        title=_TITLE,
        specialist="U0TOM",
        specialist_about="finance director of six campaigns that began with nothing",
        day=today + timedelta(days=2),
        time="19:00",
        length="45",
        link="https://meet.example.org/asking-for-money",
        description="Bring the first fifty people you will call. We make the first call together.",
        topic="budget",
        capacity="12",
        **shared,
    )
    await story.schedule(
        kind="intro",
        title="Weekly intro call",
        day=today + timedelta(days=3),
        time="12:30",
        length="30",
        link="https://meet.example.org/intro",
        description="Half an hour with Olivia and Ben: who we are, and what you can run for.",
        until=today + timedelta(days=24),
        **shared,
    )
    await story.signs_up("U0GRACE", "U0LUIS")
    await story.asks("U0GRACE", "How do I ask people again who gave me something already?")


class _Planning:
    """People at their Slack clients."""

    def __init__(self, sandbox: Sandbox, patience: float) -> None:
        self._sandbox = sandbox
        self._patience = patience

    async def schedule(self, **answers: Any) -> None:
        olivia = self._sandbox.person("U0OLIVIA")
        await olivia.command("/chats")
        await olivia.press(await self._view(olivia, lists.SCHEDULE), lists.SCHEDULE)
        await self._view(olivia, "specialist_about")
        await olivia.submit(answers)
        # The list under the form shows it, and only then is nothing on its way to what is closed.
        await olivia.wait_until(lambda: answers["title"] in str(olivia.modals[0].blocks), self._patience)
        await olivia.close_modal(all=True)

    async def signs_up(self, *users: str) -> None:
        for user in users:
            person = self._sandbox.person(user)
            await person.press(await self._post(person), words.SIGN_UP)

    async def asks(self, user: str, question: str) -> None:
        person = self._sandbox.person(user)
        await person.press(await self._post(person), words.ASK)
        await person.wait_until(
            lambda: person.modal is not None and person.modal.callback_id == forms.QUESTION_FORM,
            self._patience,
        )
        await person.submit({"question": question})
        await person.close_modal(all=True)

    async def _view(self, person: Person, action: str) -> View:
        """Wait until the view on top has this action."""
        view: View = await person.wait_until(
            lambda: person.modal if person.modal and action in str(person.modal.blocks) else None,
            self._patience,
        )
        return view

    async def _post(self, person: Person) -> Message:
        found: Message = await person.wait_until(
            lambda: next((each for each in person.messages(_GENERAL) if _TITLE in each.words), None),
            self._patience,
        )
        return found
