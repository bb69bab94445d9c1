"""Profiles and mentors, in words: the forms, the approval card, who is away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from community.members import CAPACITY_MOST, Member, MentorKind, MentorProfile, Stage
from community.offices import Office
from community.states import every_state, state_name
from community.topics import MENTOR_TOPICS
from messages import payload as p
from messages.times import day

AWAY = "members.away"
BACK = "members.back"
APPROVE = "members.approve"
DECLINE = "members.decline"
EDIT_PROFILE = "members.edit_profile"
EDIT_MENTOR = "members.edit_mentor"

MENTOR_FORM = "members.mentor"
AWAY_FORM = "members.away"
PROFILE_FORM = "members.profile"
NAME_STAFF = "members.name_staff"
STAFF_FORM = "members.staff"

MENTOR_PROBLEMS: Mapping[str, Mapping[str, str]] = {
    "states": {"missing": "Please choose at least one state.", "unknown": "There is no such state."},
    "topics": {"unknown": "Please choose from the topics."},
    "offices": {"unknown": "Please choose from the offices."},
    "capacity": {"out of range": f"Please enter a whole number from 1 to {CAPACITY_MOST}."},
}
AWAY_PROBLEMS: Mapping[str, Mapping[str, str]] = {
    "until": {
        "past": "Please choose a day that is still to come.",
        "far": "Please choose a day within a year. You can always say so again.",
        "missing": "Please choose a day.",
    }
}
STAFF_PROBLEMS: Mapping[str, Mapping[str, str]] = {
    "staff": {
        "missing": "Somebody has to be staff.",
        "yourself": "You cannot take yourself off the list. Ask somebody else on the staff to do it.",
    }
}
PROFILE_PROBLEMS: Mapping[str, Mapping[str, str]] = {
    "state": {"unknown": "There is no such state. Please choose one."},
    "stage": {"unknown": "Please choose one of the stages."},
    "office": {"unknown": "Please choose one of the offices."},
}


SURE_TO_DECLINE = p.sure("Decline?", "They are told, kindly. They can sign up again.", "Decline", "Not now")


def _state_options() -> list[p.Element]:
    return [p.option(state.code, state.name) for state in every_state()]


def _office_options() -> list[p.Element]:
    return [p.option(office.value, office.label) for office in Office]


def mentor_form(profile: MentorProfile | None) -> p.Payload:
    """The form in which a mentor says what they offer."""
    known = profile or MentorProfile(user="")
    kinds = [p.option(kind.value, kind.label) for kind in MentorKind]
    topics = [p.option(topic.value, topic.label) for topic in MENTOR_TOPICS]
    intro = (
        "What you offer. You can change it at any time."
        if profile
        else "Thank you for wanting to help. Staff will look at this once; then questions come to you."
    )
    return p.modal(
        "Your mentor profile" if profile else "Become a mentor",
        [
            p.section(intro),
            p.field("kind", "You are", p.select("kind", kinds, chosen=known.kind)),
            p.field(
                "states", "States you know", p.multi_select("states", _state_options(), chosen=known.states)
            ),
            p.field(
                "topics",
                "Your topics",
                p.multi_select("topics", topics, chosen=known.topics),
                optional=True,
                hint="Empty means all of them.",
            ),
            p.field(
                "offices",
                "Offices you know",
                p.multi_select("offices", _office_options(), chosen=known.offices),
                optional=True,
                hint="Empty means all of them.",
            ),
            p.field(
                "capacity",
                "How many questions at once",
                p.number_input("capacity", initial=known.capacity, least=1, most=CAPACITY_MOST),
                hint="You are offered no more while you hold this many.",
            ),
            p.field(
                "against",
                "Candidates you work against",
                p.people_select("against", chosen=known.against),
                optional=True,
                hint="You are not asked about them and cannot claim their questions. Only staff sees this.",
            ),
        ],
        callback=MENTOR_FORM,
        submit="Save" if profile else "Send to staff",
        close="Cancel",
    )


def away_form(*, tomorrow: date) -> p.Payload:
    """The form in which a mentor says until when to be left alone."""
    picker = p.date_picker("until", chosen=tomorrow)
    return p.modal(
        "I'm away",
        [
            p.field(
                "until", "Back on", picker, hint="Until then you are not asked. What you hold goes to others."
            ),
        ],
        callback=AWAY_FORM,
        submit="Save",
        close="Cancel",
    )


def profile_form(member: Member) -> p.Payload:
    """The form in which a candidate says where they run, for what, and how far they are."""
    stages = [p.option(stage.value, stage.label) for stage in Stage]
    return p.modal(
        "Your profile",
        [
            p.field(
                "state", "State", p.select("state", _state_options(), chosen=member.state), optional=True
            ),
            p.field(
                "office", "Office", p.select("office", _office_options(), chosen=member.office), optional=True
            ),
            p.field("stage", "Where you are", p.select("stage", stages, chosen=member.stage), optional=True),
            p.context("Filled in for you when you ask a mentor. Only staff and your mentors see it."),
        ],
        callback=PROFILE_FORM,
        submit="Save",
        close="Cancel",
    )


def staff_form(staff: Iterable[str]) -> p.Payload:
    """The form in which staff says who is staff."""
    chooser = p.people_select("staff", chosen=staff)
    return p.modal(
        "Staff",
        [
            p.field(
                "staff",
                "Who is staff",
                chooser,
                hint="Staff sees every question, approves mentors and takes over where nobody answers.",
            )
        ],
        callback=STAFF_FORM,
        submit="Save",
        close="Cancel",
    )


def named_staff() -> p.Payload:
    """Tell somebody that they are staff now."""
    text = "You are staff now: the app's Home tab shows the staff desk."
    return p.message(text, [p.section(text)])


def _listed(labels: list[str], empty: str = "All") -> str:
    return ", ".join(sorted(labels)) or empty


def offers_fields(profile: MentorProfile) -> p.Block:
    """Show who a mentor is and what they offer."""
    return p.fields(
        ("Mentor", f"<@{profile.user}>"),
        ("Kind", profile.kind.label),
        ("States", p.cut(_listed([state_name(state) for state in profile.states]), 500)),
        ("Topics", _listed([topic.label for topic in profile.topics])),
        ("Offices", _listed([office.label for office in profile.offices])),
        ("Questions at once", str(profile.capacity)),
    )


def approval(profile: MentorProfile) -> p.Payload:
    """The card in the staff channel: somebody wants to be a mentor."""
    who = f"<@{profile.user}>"
    blocks: list[p.Block] = [p.section(f"*{who} wants to be a mentor*"), offers_fields(profile)]
    if profile.approved:
        state = f"Approved by <@{profile.approved_by}>." if profile.approved_by else "Approved."
        blocks.append(p.section(f"*{state}*"))
    elif profile.declined_at is not None:
        state = f"Declined by <@{profile.approved_by}>."
        blocks.append(p.section(f"*{state}*"))
    else:
        state = "Waiting for staff."
        blocks.append(
            p.actions(
                p.button("Approve", APPROVE, profile.user, style="primary"),
                p.button(
                    "Decline",
                    DECLINE,
                    profile.user,
                    confirm=SURE_TO_DECLINE,
                ),
            )
        )
    return p.message(f"{who} wants to be a mentor. {state}", blocks)


def decided(profile: MentorProfile) -> p.Payload:
    """Tell a mentor what staff decided."""
    if profile.approved:
        text = (
            "You are a mentor now. When a question fits you it comes to you here, with *Claim* and *Pass*. "
            "`/mentor` changes what you offer, `/mentor away Friday` gives you a rest."
        )
    else:
        text = (
            "Thank you for offering to mentor. Staff did not approve it this time. "
            "Talk to them if you wonder why; `/mentor` lets you try again."
        )
    return p.message(text, [p.section(text)])


def waiting() -> p.Payload:
    """Tell somebody who offered to mentor what happens now."""
    text = "Thank you for offering to mentor. Staff will look at it, and you will hear from us here."
    return p.message(text, [p.section(text)])


def away_not(problem: str, today: date) -> str:
    """Say which days `/mentor away` understands; the example is one to come."""
    example = today + timedelta(days=14)
    said = {
        "past": "It has to be a day after today.",
        "far": "That is more than a year away.",
    }.get(problem, "I do not know that day.")
    ways = (f"{example:%b} {example.day}", f"{example.month}/{example.day}", "Friday")
    first, second, third = (f"`/mentor away {way}`" for way in ways)
    return (
        f"{said} Say until when, for example {first}, {second} or {third}. `/mentor away` alone opens a form."
    )


def away_said(profile: MentorProfile, now: datetime, *, handed_back: Sequence[int] = ()) -> str:
    """Say whether the mentor is away, what went to others for that, and what to do about it."""
    if profile.away_until is not None and profile.away(now):
        until = day(profile.away_until.date())
        said = f"You are away until {until}. Nobody will ask you before. `/mentor back` ends it."
        if handed_back:
            numbers = ", ".join(f"#{number}" for number in handed_back)
            said += f" What you held goes to others: {numbers}."
        return said
    return "You are back. Questions that fit you come to you again."
