"""The card on which staff follows an announcement: where it stands, how far it is, what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from community import announcements_text as rich
from community.announcements_audience import Audience, By, Left
from community.announcements_book import Announcement, Status, Tally, Words
from community.announcements_times import Mode, changing_lasts
from messages import payload as p
from messages.announcements import (
    APPROVE,
    CANCEL,
    COMMAND,
    DECLINE,
    EDIT,
    EXPORT,
    LOOK,
    RETRY,
    TAKE_BACK,
)
from messages.deliveries import reason_words
from messages.times import clock_time, day, for_reader, moment, time_for_reader

BAR = 20
"""Characters of the bar of progress."""

EXCERPT = 200

REASONS_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """All that the staff card shows: `labels` name the values of each criterion, `zone` is staff's own."""

    one: Announcement
    words: Words
    now: datetime
    zone: str
    left: timedelta = timedelta()
    labels: Mapping[By, Mapping[str, str]] = field(default_factory=dict)


def card(facts: Card, *, of_round: int) -> p.Payload:
    """Give the card in the staff channel, one for each time that it was confirmed."""
    one = facts.one
    if one.round != of_round or one.status is Status.DRAFT:
        return _declined(facts)
    head = f"*{_first(title(one))}*"
    blocks = [
        p.section(f"{head}\n{standing(facts)}"),
        p.quoted(rich.words(facts.words.text), EXCERPT),
        *_progress(facts),
        *_report(facts),
        *_waiting_change(one),
        p.context(f"From <@{one.author}> {_people(facts)}", left_out(one.left_out)),
        p.actions(*_buttons(one)),
    ]
    return p.message(f"{_first(title(one))}. {standing(facts)}", blocks)


def title(one: Announcement) -> str:
    """Name it, and say in a word how it stands."""
    said = {
        Status.WAITING: "waits for a second yes",
        Status.READY: "is about to go out" if one.when.mode is Mode.NOW else "is scheduled",
        Status.SENDING: "is going out",
        Status.SENT: "has gone out",
        Status.CANCELLED: "was stopped",
        Status.RECALLED: "was taken back",
        Status.DRAFT: "is a draft",
    }[one.status]
    return f"announcement {one.id} {said}"


def standing(facts: Card) -> str:
    """Say where it stands in a sentence or two."""
    one = facts.one
    match one.status:
        case Status.WAITING:
            return (
                f"Somebody on staff other than <@{one.author}> has to approve it. "
                f"Then it goes out {when_said(one, facts.zone)}."
            )
        case Status.READY:
            yes = f"Approved by <@{one.approved_by}>. " if one.approved_by else ""
            starts = for_reader(one.starts_at, facts.zone) if one.starts_at else "soon"
            return f"{yes}It starts {starts}. Until then *Cancel* stops all of it."
        case Status.SENDING:
            return _going(facts)
        case Status.SENT:
            return f"{_had(one)} have it."
        case Status.CANCELLED:
            by = f"<@{one.ended_by}> stopped it. "
            return by + (f"{_had(one)} had it by then." if one.started_at else "Nobody has got it.")
        case _:
            return _taken_back(one)


def _going(facts: Card) -> str:
    tally = facts.one.tally
    if tally.waiting:
        return f"{_first(roughly(facts.left))} left. *Cancel* stops the rest."
    if tally.later:
        return (
            "The others get it at their own hour: it is too early or too late there. *Cancel* stops the rest."
        )
    return "The last ones are on their way."


def _taken_back(one: Announcement) -> str:
    return f"<@{one.ended_by}> took it back. {_first(_deleted(one.tally))}."


def _deleted(tally: Tally) -> str:
    """Say for how many of those who had it, or may have had it, it is deleted."""
    had = tally.sent + tally.unsure
    if not tally.going and tally.gone >= had:
        return "it is deleted everywhere"
    so_far = f"it is deleted for {tally.gone:,} of {had:,}"
    if tally.going:
        return f"{so_far}; the rest takes {roughly(changing_lasts(tally.going))}"
    return f"{so_far}. Slack refused to delete the rest, so whoever is left may still read it"


def _had(one: Announcement) -> str:
    return f"{one.tally.sent:,} of {one.people:,}"


def _progress(facts: Card) -> list[p.Block]:
    one, tally = facts.one, facts.one.tally
    if one.status is not Status.SENDING:
        return []
    done = one.people - tally.left
    numbers = p.fields(
        ("Sent", f"{tally.sent:,}"),
        ("Failed", f"{tally.refused:,}"),
        ("Remaining", f"{tally.left:,}" + (f", {tally.later:,} of them later" if tally.later else "")),
        ("Done", ready_at(facts)),
    )
    return [p.section(f"{bar(done, one.people)} {percent(done, one.people)}"), numbers]


def ready_at(facts: Card) -> str:
    """Say when it will be through."""
    if facts.one.tally.later and not facts.one.tally.waiting:
        return "when the last zone has it"
    return f"about {time_for_reader(facts.now + facts.left, facts.zone)}"


def bar(done: int, total: int) -> str:
    """Draw how far it is."""
    full = BAR * done // max(total, 1)
    return "█" * full + "░" * (BAR - full)


def percent(done: int, total: int) -> str:
    """Say how far it is; not 100 before it is."""
    return f"{100 * done // max(total, 1)} %"


def _report(facts: Card) -> list[p.Block]:
    one, tally = facts.one, facts.one.tally
    if one.started_at is None:
        return []
    lines = [f"*Delivered* {tally.sent:,}"] if one.status is not Status.SENDING else []
    lines += [*_undelivered(tally), *_answers(facts)]
    if tally.changing:
        lasts = roughly(changing_lasts(tally.changing))
        lines.append(f"*Being changed* {tally.changing:,} messages, {lasts}")
    if tally.unchanged and one.status is not Status.RECALLED:
        lines.append(
            f"*Not changed* {tally.unchanged:,}: Slack refused, so the old text stands there. "
            "*Edit…* tries again"
        )
    return [p.section("\n".join(lines))] if lines else []


def _undelivered(tally: Tally) -> list[str]:
    lines = []
    if tally.refused:
        named = sorted(tally.failed.items(), key=lambda pair: (-pair[1], pair[0]))
        said = [f"{reason_words(reason)} ({count:,})" for reason, count in named[:REASONS_SHOWN]]
        rest = sum(count for _, count in named[REASONS_SHOWN:])
        if rest:
            said.append(f"other reasons ({rest:,})")
        lines.append(f"*Failed* {tally.refused:,}: {'; '.join(said)}")
    if tally.unsure:
        lines.append(
            f"*Unclear* {tally.unsure:,}: Slack does not say whether these arrived. The Home tab lists them"
        )
    if tally.withheld:
        lines.append(f"*Not sent* {tally.withheld:,}: left, or switched announcements off, since then")
    if tally.stopped:
        lines.append(f"*Stopped* {tally.stopped:,} before it left")
    return lines


def _answers(facts: Card) -> list[str]:
    one, tally = facts.one, facts.one.tally
    if not tally.sent:
        return []
    lines = []
    if facts.words.link_url:
        pressed = _counted(tally.pressed, tally.presses)
        lines.append(f"*Pressed “{p.escape(facts.words.link_text)}”* {pressed}")
    if not one.audience.channels:
        lines.append(f"*Replied* {_counted(tally.replied, tally.replies)}")
    return lines


def _counted(people: int, times: int) -> str:
    if not people:
        return "nobody yet"
    who = "1 person" if people == 1 else f"{people:,} people"
    return who if times == people else f"{who}, {times:,} times"


def _waiting_change(one: Announcement) -> list[p.Block]:
    if not one.pending:
        return []
    return [
        p.section("*A change of its text waits for a second yes.* Until then everybody reads the old one.")
    ]


def _people(facts: Card) -> str:
    one = facts.one
    return f"to {reached(one.audience, one.people)}: {audience_said(one.audience, facts.labels)}"


def reached(audience: Audience, count: int) -> str:
    """Say how many it comes to: "814 people", "2 channels"."""
    if audience.channels:
        return "1 channel" if count == 1 else f"{count:,} channels"
    return "1 person" if count == 1 else f"{count:,} people"


_LIST_MOST = 6


def audience_said(audience: Audience, labels: Mapping[By, Mapping[str, str]]) -> str:
    """Say whom it is for, in mrkdwn."""
    if audience.channels:
        return ", ".join(f"<#{channel}>" for channel in audience.channels)
    if audience.everybody:
        return "everybody"
    said = []
    for by in By:
        values = sorted(audience.chosen(by))
        if values:
            known = labels.get(by, {})
            named = [p.escape(known.get(value, value)) for value in values[:_LIST_MOST]]
            more = [f"{len(values) - _LIST_MOST} more"] if len(values) > _LIST_MOST else []
            said.append(f"{_TITLES[by]}{', '.join([*named, *more])}")
    return " · ".join(said)


_TITLES = {
    By.ROLE: "",
    By.STATE: "in ",
    By.STAGE: "stage: ",
    By.JOURNEY: "first seven days: ",
    By.EVENT: "signed up for ",
}

_LEFT_OUT = {
    Left.LEFT: "left the workspace",
    Left.GUEST: "are guests",
    Left.MUTED: "switched announcements off",
}


def left_out(counts: Mapping[Left, int]) -> str:
    """Say who fits but gets nothing, and why; "" for nobody."""
    said = [f"{counts[why]:,} {_verb(why, counts[why])}" for why in Left if counts.get(why)]
    return f"Left out: {', '.join(said)}." if said else ""


def _verb(why: Left, count: int) -> str:
    return "is a guest" if why is Left.GUEST and count == 1 else _LEFT_OUT[why]


def when_said(one: Announcement, zone: str) -> str:
    """Say when it was chosen to go out."""
    when = one.when
    if when.mode is Mode.NOW or when.day is None or when.wall is None:
        return "two minutes later"
    if when.mode is Mode.LOCAL:
        at = clock_time(datetime.combine(when.day, when.wall))
        return f"on {day(when.day)} at {at} of everybody's own day"
    chosen = when.moment(when.zone)
    return f"on {moment(chosen, zone or when.zone)}" if chosen else "two minutes later"


SURE_TO_CANCEL = p.sure(
    "Stop it?", "Whatever has not left by now stays here.", "Stop it", "Let it go on", danger=True
)
SURE_TO_DECLINE = p.sure("Decline it?", "It is its author's draft again.", "Decline", "Not now", danger=True)
SURE_TO_DECLINE_CHANGE = p.sure(
    "Decline the new text?", "Everybody goes on reading the old one.", "Decline", "Not now", danger=True
)


def _sure_to_take_back(count: int) -> p.Element:
    return p.sure(
        "Take it back?",
        f"It is deleted wherever it is. At Slack's pace that takes {roughly(changing_lasts(count))}. "
        "It cannot be brought back.",
        "Take it back",
        "Leave it",
        danger=True,
    )


def _buttons(one: Announcement) -> list[p.Element | None]:
    number = one.id
    cancel = p.button("Cancel", CANCEL, number, style="danger", confirm=SURE_TO_CANCEL)
    change = p.button("Edit…", EDIT, number)
    back = p.button("Take back…", TAKE_BACK, number, confirm=_sure_to_take_back(max(1, one.tally.sent)))
    again = p.button("Retry failed", RETRY, number) if one.tally.refused else None
    export = p.button("CSV", EXPORT, number, label="Send me the report as CSV")
    approve = p.button("Approve", APPROVE, number, style="primary")
    sure = SURE_TO_DECLINE_CHANGE if one.pending else SURE_TO_DECLINE
    decline = p.button("Decline", DECLINE, number, confirm=sure)
    offered: dict[Status, list[p.Element | None]] = {
        Status.WAITING: [approve, decline, change, cancel],
        Status.READY: [change, cancel],
        Status.SENDING: [change, cancel, back],
        Status.SENT: [again, export, change, back],
        Status.CANCELLED: [export, change, back] if one.started_at else [],
        Status.RECALLED: [export],
    }
    waits = [approve, decline] if one.pending and one.status is not Status.WAITING else []
    return [p.button("Look at it", LOOK, number), *waits, *offered.get(one.status, [])]


def _declined(facts: Card) -> p.Payload:
    one = facts.one
    if one.status is Status.DRAFT and one.approved_by:
        text = (
            f"*Announcement {one.id} was declined by <@{one.approved_by}>.* It is <@{one.author}>'s draft "
            f"again: `{COMMAND}` opens it."
        )
    else:
        text = f"*Announcement {one.id} was confirmed anew.* Its card is further down."
    return p.message(text, [p.section(text), p.quoted(rich.words(facts.words.text), EXCERPT)])


def decided(one: Announcement, *, by: str, approved: bool, change: bool = False, to: str = "") -> p.Payload:
    """Tell `to`, who wrote it, what a second member of staff decided: about it, or about a change of it."""
    if change:
        text = _decided_on_change(one, by=by, approved=approved)
    elif approved:
        text = f"<@{by}> approved announcement {one.id}. The card in the staff channel shows how it goes."
    elif to in {"", one.author}:
        text = (
            f"<@{by}> declined announcement {one.id}, so nobody gets it. It is your draft again: "
            f"`{COMMAND}` opens it."
        )
    else:
        text = (
            f"<@{by}> declined announcement {one.id}, so nobody gets it. It is <@{one.author}>'s draft again."
        )
    return p.message(text, [p.section(text)])


def _decided_on_change(one: Announcement, *, by: str, approved: bool) -> str:
    if approved:
        return f"<@{by}> approved your new text of announcement {one.id}. Its card shows how the change goes."
    return (
        f"<@{by}> declined your new text of announcement {one.id}, so everybody goes on reading the old one. "
        "*Edit…* on its card changes it anew."
    )


def roughly(wait: timedelta) -> str:
    """Write how long something takes, as an estimate: "less than a minute", "about 25 minutes"."""
    said = spell(wait)
    return said if said.startswith("less") else f"about {said}"


def spell(wait: timedelta) -> str:
    """Write how long something takes: "less than a minute", "25 minutes", "4 hours 10 minutes"."""
    minutes = round(wait.total_seconds() / 60)
    if minutes < 1:
        return "less than a minute"
    hours, left = divmod(minutes, 60)
    if hours and left:
        left = round(left / 10) * 10
        hours, left = (hours + 1, 0) if left == 60 else (hours, left)  # noqa: PLR2004 - an hour
    said = []
    if hours:
        said.append("1 hour" if hours == 1 else f"{hours} hours")
    if left:
        said.append("1 minute" if left == 1 else f"{left} minutes")
    return " ".join(said)


def _first(text: str) -> str:
    return text[:1].upper() + text[1:]


def stopped(one: Announcement) -> str:
    """Say to whoever stopped it how many had it by then."""
    if one.started_at is None:
        return "Stopped. Nobody has got it."
    return f"Stopped. {_had(one)} had it by then; *Take back…* on its card deletes it there."


def listed(ones: Sequence[Announcement]) -> p.Payload:
    """The answer to `/announce list`: the newest ones, with what became of them."""
    if not ones:
        text = f"Nothing has been announced yet. `{COMMAND}` begins."
        return p.message(text, [p.section(text)])
    blocks = [p.header("Announcements")]
    for one in ones:
        said = _first(title(one))
        when = for_reader(one.confirmed_at) if one.confirmed_at else ""
        text = f"*{said}*\n<@{one.author}>, confirmed {when}, {_reached_so_far(one)}."
        blocks.append(p.section(text, accessory=p.button("Look at it", LOOK, one.id)))
    return p.message("Announcements", blocks)


def _reached_so_far(one: Announcement) -> str:
    if one.status is Status.RECALLED:
        return _deleted(one.tally)
    if one.started_at:
        return f"{_had(one)} have it"
    starts = f", starts {for_reader(one.starts_at)}" if one.status is Status.READY and one.starts_at else ""
    return f"for {reached(one.audience, one.people)}{starts}"
