"""The forms of an announcement: what it says, whom it is for and when, and a look before it goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from community.announcements_audience import CHANNELS_MOST, By, Choice, Reach
from community.announcements_book import LINK_TEXT_MOST, Announcement, Words
from community.announcements_text import TEXT_MOST
from community.announcements_times import Mode, Spread, changing_lasts
from messages import announcements as words
from messages import announcements_card as cards
from messages import payload as p
from messages import payload_fields as f
from messages.times import clock_time, day, days_left, for_reader, moment

WRITE_FORM = "announcements.write"
AIM_FORM = "announcements.aim"
SEND_FORM = "announcements.send"
EDIT_FORM = "announcements.edit"

SEND_TO_ME = "announcements.send_to_me"
CHANGE_TEXT = "announcements.change_text"
CHANGE_AIM = "announcements.change_aim"
START_AFRESH = "announcements.start_afresh"

NAMED_FOR: Mapping[By, str] = {
    By.ROLE: "Roles",
    By.STATE: "States",
    By.STAGE: "Stages",
    By.JOURNEY: "First seven days",
    By.EVENT: "Signed up for",
}

_MISSING_TEXT = {
    "text": {
        "missing": "Please write what you want to say.",
        "too long": f"This is too long for one message: {TEXT_MOST:,} characters fit.",
        "not sendable": "Part of this cannot be sent by an app. Please paste it as plain text.",
        "edited": "Somebody else has changed this meanwhile. Copy your text, close this, press Edit… again.",
    },
    "link_text": {
        "missing": "Please say what stands on the button.",
        "too long": f"A button has room for {LINK_TEXT_MOST} characters.",
    },
    "link_url": {
        "missing": "Please say where the button leads.",
        "not https": "Please give a whole address that begins with https://",
    },
    "image_url": {
        "missing": "Please give the picture's address, or empty its description.",
        "not https": "Please give a whole address that begins with https://",
    },
    "image_alt": {
        "missing": "Please describe the picture, for those who cannot see it.",
        "too long": "This is too long for a description.",
    },
}
WRITE_PROBLEMS: Mapping[str, Mapping[str, str]] = _MISSING_TEXT
EDIT_PROBLEMS: Mapping[str, Mapping[str, str]] = _MISSING_TEXT
AIM_PROBLEMS: Mapping[str, Mapping[str, str]] = {
    "channels": {
        "both": "Choose people or channels, not both. Empty one of the two.",
        "too many": f"At most {CHANNELS_MOST} channels.",
    },
    "mode": {"missing": "Please choose when it goes out."},
    "day": {
        "missing": "Please choose a day.",
        "past": "This day is over. Choose today or a later one.",
        "far": "This is more than a year away. Choose an earlier day.",
    },
    "time": {"missing": "Please choose a time.", "past": "This time is over. Choose a later one."},
    **{by.value: {"unknown": "This is no longer among the choices. Please choose again."} for by in By},
}

NOT_SHOWN = (
    f"Slack did not show what you wrote. Nothing was sent, and it is kept: `{words.COMMAND}` goes on with it."
)
THROWN_AWAY = f"The draft is gone. `{words.COMMAND}` begins a new one."

_MODES = {
    Mode.NOW: ("Now", "Two minutes after you confirm; at night in their own zone, at 8 am"),
    Mode.ONCE: ("At one moment", "The same moment for everybody, except where it is night"),
    Mode.LOCAL: ("At a time of their own day", "Such as 9 am, wherever they are"),
}


def write_form(one: Announcement | None, said: Words, *, no_picture: bool = False) -> p.Payload:
    """The first step: what it says. `one` is the draft that is gone on with.

    `no_picture`: Slack could not show the picture that was named.
    """
    blocks = [*([_going_on()] if one is not None else []), *_text_fields(said)]
    if no_picture:
        text = "*Slack cannot show the picture at that address.* Does the address lead to the picture itself?"
        blocks = [p.section(text), *_text_fields(said)]
    return p.modal(
        "Announcement",
        blocks,
        callback=WRITE_FORM,
        submit="Next",
        close="Cancel",
        metadata=str(one.id) if one else "",
    )


def _going_on() -> p.Block:
    sure = p.sure("Start afresh?", "This draft is thrown away.", "Start afresh", "Keep it", danger=True)
    return p.section(
        "You go on with your draft.", accessory=p.button("Start afresh", START_AFRESH, "-", confirm=sure)
    )


def edit_form(one: Announcement, said: Words, *, needs_yes: bool) -> p.Payload:
    """Change what an announcement says after it was confirmed; it remembers which version it starts from."""
    note = (
        f"Whoever has it already sees the new text. That takes "
        f"{cards.roughly(changing_lasts(one.tally.sent))} at Slack's pace."
        if one.tally.sent
        else "Nobody has it yet, so everybody gets the new text."
    )
    if needs_yes:
        note += " For so many people somebody else on staff has to approve it first."
    return p.modal(
        "Edit announcement",
        [p.context(note), *_text_fields(said)],
        callback=EDIT_FORM,
        submit="Save",
        close="Cancel",
        metadata=f"{one.id}:{one.newest}",
    )


def _text_fields(said: Words) -> list[p.Block]:
    return [
        p.field(
            "text",
            "What do you want to say?",
            f.rich_input(
                "text", initial=said.text, placeholder="Bold, lists and links arrive as you make them"
            ),
            hint="@channel, @here and groups arrive as plain words.",
        ),
        p.field(
            "link_text",
            "Words on a button",
            p.text_input("link_text", initial=said.link_text, most=LINK_TEXT_MOST, placeholder="Sign up"),
            optional=True,
        ),
        p.field(
            "link_url",
            "Where the button leads",
            f.url_input("link_url", initial=said.link_url, placeholder="https://"),
            optional=True,
        ),
        p.field(
            "image_url",
            "Address of a picture",
            f.url_input("image_url", initial=said.image_url, placeholder="https://"),
            optional=True,
        ),
        p.field(
            "image_alt",
            "What the picture shows",
            p.text_input("image_alt", initial=said.image_alt, most=p.HEADER_MOST),
            optional=True,
            hint="For those who cannot see it.",
        ),
    ]


def aim_form(one: Announcement, choices: Mapping[By, Sequence[Choice]], *, zone: str) -> p.Payload:
    """The second step: whom it is for, and when. `zone` is the author's own."""
    fields = [
        p.field(
            by.value,
            NAMED_FOR[by],
            p.multi_select(
                by.value,
                [p.option(choice.value, choice.label) for choice in choices[by][: p.OPTIONS_MOST]],
                chosen=one.audience.chosen(by),
                placeholder="Any",
            ),
            optional=True,
        )
        for by in By
        if choices.get(by)
    ]
    when = one.when
    return p.modal(
        "Who and when",
        [
            p.section(
                "*Who gets it?* Whoever fits all that you choose. Choose nothing, and everybody gets it."
            ),
            *fields,
            p.field(
                "channels",
                "Or channels instead",
                f.channels_select("channels", chosen=one.audience.channels, most=CHANNELS_MOST),
                optional=True,
                hint="One post in each, and no direct messages. I have to be in the channel.",
            ),
            p.divider(),
            p.field(
                "mode",
                "When?",
                f.radio(
                    "mode",
                    [p.option(mode.value, *said) for mode, said in _MODES.items()],
                    chosen=when.mode.value,
                ),
            ),
            p.field("day", "Day, unless it goes now", p.date_picker("day", chosen=when.day), optional=True),
            p.field(
                "time",
                "Time, unless it goes now",
                f.time_picker("time", chosen=when.wall.isoformat("minutes") if when.wall else ""),
                optional=True,
                hint=f"For one moment this is by your own clock ({zone.replace('_', ' ')}).",
            ),
        ],
        callback=AIM_FORM,
        submit="Preview",
        close="Keep as draft",
        metadata=str(one.id),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """All that is shown before it goes: `starts` is when the first could have it, `lasts` how long it takes.

    `absent` are channels that the app is not in.
    """

    one: Announcement
    words: Words
    reach: Reach
    starts: datetime
    spread: Spread
    lasts: timedelta
    zone: str
    today: date
    needs_yes: bool
    changed_from: int | None = None
    absent: Sequence[str] = ()
    labels: Mapping[By, Mapping[str, str]] = field(default_factory=dict)


def look_form(facts: Look) -> p.Payload:
    """The last step: exactly what they will see, how many they are, who is left out, when and how long."""
    one = facts.one
    submit = None
    if facts.reach.total and one.version:
        scheduled = one.when.mode is not Mode.NOW
        submit = "Ask for approval" if facts.needs_yes else "Schedule" if scheduled else "Send"
    return p.modal(
        "Look before it goes",
        [
            *_changed(facts),
            p.context("This is what they will see:"),
            *words.shown(facts.words, one, proof=True),
            p.divider(),
            *_facts(facts),
            p.actions(
                p.button("Send to me", SEND_TO_ME, one.id),
                p.button("Change the text", CHANGE_TEXT, one.id),
                p.button("Change who and when", CHANGE_AIM, one.id),
            ),
        ],
        callback=SEND_FORM,
        submit=submit,
        close="Keep as draft",
        metadata=f"{one.id}:{facts.reach.total}",
    )


def _changed(facts: Look) -> list[p.Block]:
    if facts.changed_from is None:
        return []
    was = cards.reached(facts.one.audience, facts.changed_from)
    now = cards.reached(facts.one.audience, facts.reach.total)
    return [p.section(f"*Since you looked, {was} have become {now}.* Please look once more.")]


def _facts(facts: Look) -> list[p.Block]:
    one, reach = facts.one, facts.reach
    if not reach.total:
        left = cards.left_out(reach.left_out)
        return [p.section(f"*Nobody would get this.* {left} Change whom it is for.".replace("  ", " "))]
    lines = [
        f"*To {cards.reached(one.audience, reach.total)}*: {cards.audience_said(one.audience, facts.labels)}"
    ]
    if not one.audience.channels:
        lines.append(_first_few(reach))
    left = cards.left_out(reach.left_out)
    if left:
        lines.append(left)
    if facts.absent:
        named = ", ".join(f"<#{channel}>" for channel in facts.absent)
        lines.append(f"*I am not in {named}.* Invite me there first, or it cannot be posted.")
    lines += ["", f"*When*: {_when(facts)}", *_night(facts)]
    if not one.audience.channels:
        lines.append(f"At Slack's pace it takes {cards.roughly(facts.lasts)}.")
    if facts.needs_yes:
        lines.append("*So many people need a second yes*: somebody else on staff approves it first.")
    return [p.section("\n".join(lines))]


def _first_few(reach: Reach) -> str:
    named = [f"<@{user}>" for user in reach.first]
    left = reach.total - len(named)
    if left:
        return f"{', '.join(named)} and {left:,} more"
    return " and ".join(filter(None, (", ".join(named[:-1]), named[-1])))


def _when(facts: Look) -> str:
    when = facts.one.when
    if when.mode is Mode.NOW or when.day is None or when.wall is None:
        after = "it is approved" if facts.needs_yes else "you confirm"
        return f"two minutes after {after}. Until then *Cancel* stops all of it."
    ahead = days_left(when.day, facts.today)
    if when.mode is Mode.LOCAL:
        at = clock_time(datetime.combine(when.day, when.wall))
        return f"{day(when.day)}, {at} of everybody's own day ({ahead})."
    chosen = when.moment(when.zone) or facts.starts
    said = f"{moment(chosen, when.zone)} ({ahead})."
    if when.shifted:
        at = clock_time(datetime.combine(when.day, when.wall))
        said += f" The clocks leap over {at} on that day."
    if when.twice:
        said += " That time comes twice on that day; it is the first."
    return said


def _night(facts: Look) -> list[str]:
    lines = []
    if facts.spread.already_past:
        lines.append(
            f"For {facts.spread.already_past:,} of them that time is over already: they get it at once, "
            "or in their morning."
        )
    if facts.spread.in_the_morning and not facts.spread.at_once:
        lines.append("It is night then: they get it at 8 am of their own day.")
    elif facts.spread.in_the_morning:
        lines.append(
            f"For {facts.spread.in_the_morning:,} of them it is night then: they get it at 8 am of their own "
            "day."
        )
    return lines


def confirmed(one: Announcement, *, zone: str) -> p.Payload:
    """What stands in the form's place once it is confirmed: Cancel is right there."""
    if one.starts_at is None:
        text = (
            "*It waits for a second yes.* Whoever else is on staff finds it in the staff channel; you will "
            "hear what they decide."
        )
    else:
        text = (
            f"*Confirmed.* It starts {for_reader(one.starts_at, zone)}. Until then *Cancel it* stops "
            "all of it. The card in the staff channel shows how it goes."
        )
    cancel = p.button("Cancel it", words.CANCEL, one.id, style="danger", confirm=cards.SURE_TO_CANCEL)
    return p.modal("Announcement", [p.section(text), p.actions(cancel)])


def look(one: Announcement, said: Words, pending: Words | None) -> p.Payload:
    """What it says, for staff, and the new text where one waits for a yes."""
    blocks = words.shown(said, one, proof=True)
    if pending is not None:
        blocks = [
            p.section("*The new text, which waits for a second yes:*"),
            *words.shown(pending, one, proof=True),
            p.divider(),
            p.section("*What everybody reads until then:*"),
            *blocks,
        ]
    return p.modal(f"Announcement {one.id}"[: p.TITLE_MOST], blocks)


def csv_comment(one: Announcement) -> str:
    """The words beside the exported file."""
    return f"The report of announcement {one.id}. It names people, so keep it among staff."


def waiting() -> p.Payload:
    """What is shown until it is read, where that takes long."""
    return p.modal("Announcement", [p.section("One moment…")])


def told(text: str) -> p.Payload:
    """A form that says one thing."""
    return p.modal("Announcement", [p.section(text)])


def summary(facts: Mapping[str, Any]) -> str:
    """The name of the exported file."""
    return f"announcement-{facts['announcement']}.csv"
