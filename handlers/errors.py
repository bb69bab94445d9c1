"""The one place that answers when something is refused or goes wrong, in whatever way fits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slack_bolt.kwargs_injection.async_args import AsyncArgs

from community.refusals import Incomplete, Refused
from handlers.errands import Errands
from messages import members as member_words
from messages import mentoring_forms as forms
from messages import payload as p
from messages.refusals import apology, sentence

PROBLEMS: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    forms.ASK_FORM: forms.ASK_PROBLEMS,
    forms.DETAILS_FORM: forms.DETAILS_PROBLEMS,
    member_words.MENTOR_FORM: member_words.MENTOR_PROBLEMS,
    member_words.AWAY_FORM: member_words.AWAY_PROBLEMS,
    member_words.PROFILE_FORM: member_words.PROFILE_PROBLEMS,
    member_words.STAFF_FORM: member_words.STAFF_PROBLEMS,
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
    """Say that the fault is ours and how staff can find it."""
    await answer(args, apology(reference), errands)


async def answer(args: AsyncArgs, text: str, errands: Errands) -> None:
    """Say one thing privately to the person who acted, in the way that their action allows."""
    body = args.body
    if "command" in body:
        await args.ack(text=text, response_type="ephemeral")
    elif body.get("type") == "view_submission":
        await args.ack(response_action="update", view=notice(text))
    elif "event" in body:
        await args.ack()
    else:
        await args.ack()
        errands.start(_reply(args, text), what="reply")


async def _reply(args: AsyncArgs, text: str) -> None:
    body = args.body
    container = (body.get("container") or {}).get("type")
    if body.get("response_url") and container != "view":
        await args.respond(text=text, response_type="ephemeral", replace_original=False)
    elif container == "view" and (body.get("view") or {}).get("type") == "modal":
        await args.client.views_push(trigger_id=body["trigger_id"], view=notice(text))
    else:
        await args.client.views_open(trigger_id=body["trigger_id"], view=notice(text))


def notice(text: str) -> dict[str, Any]:
    """Give a small modal that says one thing."""
    return p.modal("Downballot", [p.section(text)])
