"""What could not be delivered, in words for staff: what it was, why, and what to do."""

from __future__ import annotations

import re

from community.deliveries import VOUCHED_FOR, Kind, Owed, State
from messages import payload as p

SEND_AGAIN = "deliveries.send_again"
ARRIVED = "deliveries.arrived"

_WHY = {
    "not_in_channel": "the app is not in that channel. Invite it there, and then send it again",
    "channel_not_found": "the app cannot see that conversation. Invite it there, or correct the setting",
    "is_archived": "that channel is archived",
    "user_not_found": "there is no such person in this workspace",
    "user_disabled": "that account is deactivated",
    "account_inactive": "that account is deactivated",
    "cannot_dm_bot": "that account is a bot",
    "users_not_found": "one of the people is no longer in this workspace",
    "messages_tab_disabled": "the app's Messages tab is switched off in its settings",
    "restricted_action": "this workspace does not let the app post there",
    "missing_scope": "the app lacks a permission. `downballot doctor` says which",
    "not_rendered": "a fault of ours, which stands in the log",
}

_WHAT = {
    "mentoring.receipt": "the receipt of a question",
    "mentoring.board": "the card of a question in the mentor channel",
    "mentoring.offer": "an offer to a mentor",
    "mentoring.hold": "the card of the mentor who claimed",
    "mentoring.introduction": "the introduction of mentor and asker",
    "mentoring:conversation": "the conversation of mentor and asker",
    "mentoring.desk": "a card for staff",
    "members.approval": "the card of a mentor who waits for approval",
    "journeys.lesson": "a lesson of the first seven days",
    "journeys.recall": "the reminder of a lesson's task",
    "journeys.preview": "the preview of a lesson",
    "events.post": "the post of a chat",
    "events.ticket": "the card of a seat in a chat",
    "events.calendar": "the calendar file of a chat",
    "events.recording": "the recording of a chat",
    "races.countdown": "the countdown to a filing deadline",
    "races.calendar": "the calendar file of a race",
    "races.win": "a win for the wins channel",
    "announcements.message": "an announcement",
    "announcements.proof": "the preview of an announcement",
    "announcements.card": "the card of an announcement",
    "announcements.decided": "the answer about an announcement",
    "announcements.export": "the report of an announcement",
}


_WHAT_ELSE = {
    "mentoring": "a note about a question",
    "members": "a note to a mentor",
    "journeys": "a note about the first seven days",
    "events": "a message about a chat",
    "races": "a message about a saved race",
    "announcements": "a note about an announcement",
}
"""By feature, for what has no name of its own."""


def what(one: Owed) -> str:
    """Say what kind of message it is, and of which question."""
    number = one.about.get("request")
    feature = re.split("[.:]", one.family)[0]
    said = _WHAT.get(one.family) or _WHAT_ELSE.get(feature, "a message")
    return f"{said} (#{number})" if number else said


def where(one: Owed) -> str:
    """Name the conversation or the people it was for, as Slack shows them."""
    places = [place for place in one.to.split(",") if place]
    named = [f"<@{place}>" if place[0] in "UW" else f"<#{place}>" for place in places]
    return " and ".join(named) or "a conversation that was never opened"


def why(one: Owed) -> str:
    """Say why it did not arrive."""
    if one.state is State.PARKED and one.reason == "not_settled":
        return (
            "Slack gave no clear answer, and a fault of ours, which stands in the log, kept us from looking"
        )
    if one.state is State.PARKED:
        return "Slack gave no clear answer and the conversation cannot be read, so nobody can know"
    return reason_words(one.reason)


def reason_words(reason: str | None) -> str:
    """Say in words why Slack refused something."""
    return _WHY.get(reason or "", f"Slack says “{reason}”")


def trouble(one: Owed, *, nth: int | None = None, also: str = "") -> p.Payload:
    """The card in the staff channel for one delivery that did not arrive, or may not have.

    `nth` says of which time the card tells (None: the last); one that failed again has a newer card.
    `also` is what there is to say as long as the trouble lasts.
    """
    if nth is not None and nth < one.told:
        text = f"*{_first(what(one))} for {where(one)} was sent again.* A newer card says what came of it."
        return p.message(text, [p.section(text)])
    head = "may not have arrived" if one.state is State.PARKED else "did not arrive"
    # What staff saw arrive is marked as sent a moment later; nobody shall think that it goes out once more.
    state = State.SENT if one.reason == VOUCHED_FOR else one.state
    match state:
        case State.PARKED | State.DEAD:
            text = f"*{_first(what(one))} for {where(one)} {head}*: {why(one)}."
        case State.SENT:
            text = f"*{_first(what(one))} for {where(one)} has arrived.*"
        case State.CANCELLED | State.EXPIRED:
            text = f"*{_first(what(one))} for {where(one)} is no longer needed.*"
        case _:
            text = f"*{_first(what(one))} for {where(one)} is being sent again.*"
    blocks = [p.section(text)]
    if state in {State.PARKED, State.DEAD}:
        if also:
            blocks.append(p.section(also))
            text = f"{text} {also}"
        blocks.append(p.actions(*buttons(one)))
    return p.message(text, blocks)


def unposted(card: Owed, *, unsafe: bool = False) -> p.Payload:
    """What one person on staff reads when a card for the staff channel could not be posted.

    `unsafe`: it is about somebody who does not feel safe.
    """
    also = _MEND
    if number := card.about.get("request"):
        who = f"*#{number} is from somebody who feels unsafe.* " if unsafe else ""
        also = f"{who}Open the app's Home tab: question #{number} stands on the staff desk there.\n{also}"
    return trouble(card, also=also)


def untold(card: Owed, one: Owed) -> p.Payload:
    """The same when that card was to tell of a delivery that did not arrive: here is what it would say."""
    return trouble(one, nth=card.about.get("nth"), also=_staff_channel(card))


def many_untold(card: Owed) -> p.Payload:
    """The same when that card was to tell of a flood of troubles."""
    text = f"{_many(card.about['count'])}\n{_staff_channel(card)}"
    return p.message(text, [p.section(text)])


def many_unposted(count: int, card: Owed) -> p.Payload:
    """One message to a person on staff for a flood of cards that could not be posted, `card` among them."""
    head = f"*{count} more messages for staff could not be posted.* Open the app's Home tab: what waits for "
    text = f"{head}staff stands on the staff desk there.\nOne of them: {row(card)} {_MEND}"
    return p.message(text, [p.section(text)])


_MEND = (
    "That is the staff channel, so the app tells everybody on staff in person. To mend it, bring the channel "
    "back and invite the app there, or correct STAFF_CHANNEL. `downballot doctor` says more."
)


def _staff_channel(card: Owed) -> str:
    return f"The card about it for {where(card)} did not arrive either: {why(card)}. {_MEND}"


def buttons(one: Owed) -> tuple[p.Element | None, p.Element | None]:
    """Give what staff can do about it."""
    again = p.button("Send again", SEND_AGAIN, one.key)
    seen = p.button("It arrived", ARRIVED, one.key) if one.state is State.PARKED else None
    return again, seen


def many(count: int) -> p.Payload:
    """One card for a flood of troubles."""
    text = _many(count)
    return p.message(text, [p.section(text)])


def _many(count: int) -> str:
    return f"*{count} more messages did not arrive.* The staff desk on the app's Home tab lists them."


def row(one: Owed) -> str:
    """One line on the staff desk."""
    return f"{_first(what(one))} for {where(one)}: {why(one)}."


def worth_telling(one: Owed) -> bool:
    """Whether staff has to hear of it by itself.

    An update or a Home tab that failed is replaced by the next one, and whom an announcement did not reach
    stands in its report.
    """
    if one.family == "announcements.message" and one.state is not State.PARKED:
        return False
    return one.kind not in {Kind.UPDATE, Kind.HOME, Kind.DELETE} and not one.key.startswith("deliveries:")


def _first(text: str) -> str:
    return text[:1].upper() + text[1:]
