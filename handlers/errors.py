"""The one place that answers when something is refused or goes wrong, in whatever way fits."""

from __future__ import annotations

from collections.abc import Mapping

from slack_bolt.kwargs_injection.async_args import AsyncArgs

from community.refusals import Incomplete, Refused
from handlers.answering import notice, show, whisper
from handlers.errands import Errands
from handlers.payloads import part
from messages import announcements_forms as announcing
from messages import events_forms as event_forms
from messages import journeys as journey_words
from messages import journeys_desk as journey_desk
from messages import members as member_words
from messages import mentoring_forms as forms
from messages import races_forms as race_forms
from messages.refusals import apology, sentence

PROBLEMS: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    forms.ASK_FORM: forms.ASK_PROBLEMS,
    forms.DETAILS_FORM: forms.DETAILS_PROBLEMS,
    forms.ASSIGN_FORM: forms.ASSIGN_PROBLEMS,
    member_words.MENTOR_FORM: member_words.MENTOR_PROBLEMS,
    member_words.AWAY_FORM: member_words.AWAY_PROBLEMS,
    member_words.PROFILE_FORM: member_words.PROFILE_PROBLEMS,
    member_words.STAFF_FORM: member_words.STAFF_PROBLEMS,
    journey_words.TELL_FORM: journey_words.TELL_PROBLEMS,
    journey_desk.EDIT_FORM: journey_desk.EDIT_PROBLEMS,
    race_forms.FORM: race_forms.FORM_PROBLEMS,
    race_forms.SHARE_FORM: race_forms.SHARE_PROBLEMS,
    event_forms.SCHEDULE_FORM: event_forms.SCHEDULE_PROBLEMS,
    event_forms.EDIT_FORM: event_forms.SCHEDULE_PROBLEMS,
    event_forms.CANCEL_FORM: event_forms.CANCEL_PROBLEMS,
    event_forms.RECORDING_FORM: event_forms.RECORDING_PROBLEMS,
    event_forms.QUESTION_FORM: event_forms.QUESTION_PROBLEMS,
    event_forms.WHY_FORM: event_forms.WHY_PROBLEMS,
    announcing.WRITE_FORM: announcing.WRITE_PROBLEMS,
    announcing.AIM_FORM: announcing.AIM_PROBLEMS,
    announcing.EDIT_FORM: announcing.EDIT_PROBLEMS,
}
"""For each form, what its fields say about each kind of problem."""


async def refuse(args: AsyncArgs, refused: Refused, errands: Errands) -> None:
    """Answer the person who acted: at the field that is wrong, or in one private sentence."""
    if isinstance(refused, Incomplete) and args.view and args.body.get("type") == "view_submission":
        said = field_errors(args.view.get("callback_id", ""), refused)
        if said:
            await args.ack(response_action="errors", errors=said)
            return
    await answer(args, sentence(refused), errands)


def field_errors(form: str, refused: Incomplete) -> dict[str, str]:
    """Give the sentence for each field of this form that is wrong."""
    known = PROBLEMS.get(form, {})
    return {
        field: known[field].get(kind, "Please look at this again.")
        for field, kind in refused.problems.items()
        if field in known
    }


async def apologise(args: AsyncArgs, reference: str, errands: Errands) -> None:
    """Say that the fault is ours and how staff can find it; what was typed into a form stays in it."""
    if args.body.get("type") == "view_submission":
        blocks = part(args.body, "view").get("blocks") or []
        fields = [block.get("block_id") for block in blocks if block.get("type") == "input"]
        if fields and fields[0]:
            await args.ack(response_action="errors", errors={fields[0]: apology(reference)})
            return
    await answer(args, apology(reference), errands)


async def answer(args: AsyncArgs, text: str, errands: Errands) -> None:
    """Say one thing privately to the person who acted, in the way that their action allows."""
    body = args.body
    if "command" in body:
        await args.ack(text=text, response_type="ephemeral")
    elif body.get("type") == "view_submission":
        # On top of the form, so that what was typed is still there to be copied or sent elsewhere; Slack
        # stacks three views at most, so the third one has to give way.
        action = "update" if part(body, "view").get("previous_view_id") else "push"
        await args.ack(response_action=action, view=notice(text))
    elif "event" in body:
        await args.ack()
    else:
        await args.ack()
        errands.start(_reply(args, text), what="reply")


async def _reply(args: AsyncArgs, text: str) -> None:
    body, client = args.body, args.client
    # Where the trigger is too old, or three forms lie on each other, there are other ways.
    in_view = body.get("trigger_id") and (part(body, "view") or not body.get("response_url"))
    if not in_view or await show(client, body, notice(text)) is None:
        await whisper(client, body, text)
