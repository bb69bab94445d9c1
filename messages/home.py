"""The Home tab: for every person what is theirs, and what they can do next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from community.deliveries import Owed
from community.members import Member, MentorProfile
from community.mentoring_matching import Circle
from community.mentoring_requests import Request, Status
from community.states import state_name
from messages import announcements as announcement_words
from messages import deliveries as delivery_words
from messages import events_lists as event_lists
from messages import journeys as journey_words
from messages import members as member_words
from messages import mentoring as words
from messages import payload as p
from messages import races as race_words
from messages import races_saved_lists as saved_words
from messages.times import about, day, days_left, for_reader

PAGE = "home.page"
SIZE = 5
"""Rows of one list on one page: all lists of one person, with their pagers, stay below 100 blocks."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of a list: its rows, which page it is (from 0), and how long the whole list is."""

    rows: Sequence[Request] = ()
    page: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that a Home tab shows."""

    member: Member
    now: datetime
    today: date
    team: str
    mine: Listed = field(default_factory=Listed)
    mentor: MentorProfile | None = None
    held: Listed = field(default_factory=Listed)
    offered: Listed = field(default_factory=Listed)
    queue: Listed = field(default_factory=Listed)
    waiting: Listed = field(default_factory=Listed)
    applicants: Sequence[MentorProfile] = ()
    applicants_page: int = 0
    applicants_total: int = 0
    troubled: Sequence[Owed] = ()
    troubled_total: int = 0
    median: timedelta | None = None
    journey: journey_words.Way | None = None
    saved: saved_words.Listing | None = None
    chats: event_lists.Coming | None = None
    announcements_off: bool = False


def home(facts: Facts) -> p.Payload:
    """Build the Home tab: staff's part first, then the mentor's, then everybody's own questions.

    Where that is more than Slack takes, what can be looked at elsewhere is only named.
    """
    blocks = _everything(facts, _saved(facts.saved))
    if len(blocks) > p.VIEW_BLOCKS:
        blocks = _everything(facts, saved_words.in_short(facts.saved) if facts.saved else [])
    return p.home(blocks)


def _everything(facts: Facts, saved: Sequence[p.Block]) -> list[p.Block]:
    blocks: list[p.Block] = []
    if facts.member.is_staff:
        blocks += [*_staff(facts), p.divider()]
    if facts.mentor is not None:
        blocks += [*_mentor(facts, facts.mentor), p.divider()]
    blocks += _own(facts, saved)
    if facts.chats is not None:
        blocks += event_lists.own(facts.chats)
    blocks += [p.divider(), *announcement_words.own(muted=facts.announcements_off)]
    if facts.mentor is None:
        blocks += [
            p.divider(),
            p.section(
                "*Do you know how campaigns are won?* Candidates here are looking for people like you.",
                accessory=p.button("Become a mentor", member_words.EDIT_MENTOR),
            ),
        ]
    return blocks


def _own(facts: Facts, saved: Sequence[p.Block]) -> list[p.Block]:
    member = facts.member
    profile = " · ".join(
        filter(
            None,
            (
                state_name(member.state),
                member.office.label if member.office else "",
                member.stage.label if member.stage else "",
            ),
        )
    )
    blocks = [
        p.header("Your campaign"),
        p.section(
            profile or "Tell us where you run and for what, and forms fill themselves in.",
            accessory=p.button("Edit profile", member_words.EDIT_PROFILE),
        ),
        p.actions(
            p.button("Ask a mentor", words.ASK, style="primary"),
            p.button("What can I run for?", race_words.OPEN),
            block_id="ask",
        ),
        *(journey_words.own(facts.journey) if facts.journey and facts.journey.enrolment else ()),
        *saved,
        p.header("Your questions"),
    ]
    if not facts.mine.total:
        blocks.append(p.section("You have not asked anything yet. No question is too small."))
    for request in facts.mine.rows:
        blocks += _row(request, facts, mine=True, button=_own_button(request, facts.team))
    return blocks + _pager("mine", facts.mine)


def _saved(listing: saved_words.Listing | None) -> list[p.Block]:
    if listing is None or not listing.total:
        return []
    return [
        p.header("Your saved races"),
        *(block for card in listing.cards for block in saved_words.home_row(card, listing.today)),
        *_pager("saved", Listed((), listing.page, listing.total)),
    ]


def _own_button(request: Request, team: str) -> p.Element | None:
    match request.status:
        case Status.OPEN:
            return p.button("Add details", words.ADD_DETAILS, request.id)
        case Status.CLAIMED:
            url = words.Link(team, request.conversation).url
            return p.button("Open conversation", words.OPEN_CONVERSATION, url=url) if url else None
        case _:
            return p.button("Ask again", words.ASK_AGAIN, request.id)


def _mentor(facts: Facts, mentor: MentorProfile) -> list[p.Block]:
    edit = p.button("Edit what you offer", member_words.EDIT_MENTOR)
    blocks = [p.header("Mentoring")]
    if not mentor.approved:
        said = (
            "Staff did not approve your offer to mentor this time."
            if mentor.declined_at
            else "Thank you for offering to mentor. Staff will look at it, and you will hear from us."
        )
        return [*blocks, p.section(said, accessory=edit)]
    away = mentor.away(facts.now)
    states = ", ".join(sorted(state_name(state) for state in mentor.states))
    room = f"{facts.held.total} of {mentor.capacity} questions held"
    blocks.append(p.section(f"{p.cut(states, 300)}\n{room}", accessory=edit))
    if away:
        blocks.append(p.section(f"*{member_words.away_said(mentor, facts.now)}*"))
    blocks.append(
        p.actions(
            p.button("I'm back", member_words.BACK, style="primary") if away else None,
            p.button("I'm away until…", member_words.AWAY),
            block_id="away",
        )
    )
    if facts.held.total:
        blocks.append(p.section("*What you hold*"))
    for request in facts.held.rows:
        url = words.Link(facts.team, request.conversation).url
        blocks += _row(request, facts)
        blocks.append(
            p.actions(
                p.button("Open conversation", words.OPEN_CONVERSATION, url=url) if url else None,
                p.button("Answered", words.ANSWERED, request.id),
                p.button("Hand back", words.HAND_BACK, request.id),
            )
        )
    blocks += _pager("held", facts.held)
    blocks += _claimable("Offered to you", "offered", facts.offered, facts)
    blocks += _claimable("Waiting in your states", "queue", facts.queue, facts)
    if not (facts.held.total or facts.offered.total or facts.queue.total):
        blocks.append(p.section("Nobody waits for you right now."))
    return blocks


def _claimable(title: str, name: str, listed: Listed, facts: Facts) -> list[p.Block]:
    if not listed.total:
        return []
    blocks = [p.section(f"*{title}* ({listed.total})")]
    for request in listed.rows:
        label = f"Claim {words.reference(request)}"
        blocks += _row(request, facts, button=p.button("Claim", words.CLAIM, request.id, label=label))
    return blocks + _pager(name, listed)


def _staff(facts: Facts) -> list[p.Block]:
    blocks = [
        p.header("Staff desk"),
        p.actions(p.button("Who is staff…", member_words.NAME_STAFF), block_id="staff"),
    ]
    if facts.median is not None:
        blocks.append(p.context(f"A first answer takes {about(facts.median)} (median of 30 days)."))
    blocks.append(p.section(f"*Who waits longest* ({facts.waiting.total})"))
    if not facts.waiting.total:
        blocks.append(p.section("Nobody waits."))
    for request in facts.waiting.rows:
        take = words.ACKNOWLEDGE if request.safety else words.CLAIM
        label = "I have this" if request.safety else "I'll take it"
        blocks += _row(request, facts, staff=True, button=p.button(label, take, request.id))
    blocks += _pager("waiting", facts.waiting)
    if facts.applicants_total:
        blocks.append(p.section(f"*Mentors who wait for approval* ({facts.applicants_total})"))
    for applicant in facts.applicants:
        blocks += [
            member_words.offers_fields(applicant),
            p.actions(
                p.button("Approve", member_words.APPROVE, applicant.user, style="primary"),
                p.button(
                    "Decline", member_words.DECLINE, applicant.user, confirm=member_words.SURE_TO_DECLINE
                ),
            ),
        ]
    total = Listed((), facts.applicants_page, facts.applicants_total)
    return [*blocks, *_pager("applicants", total), *_troubles(facts)]


def _troubles(facts: Facts) -> list[p.Block]:
    """Show what did not arrive, the newest first; settling one brings the next."""
    if not facts.troubled_total:
        return []
    blocks = [p.section(f"*Messages that did not arrive* ({facts.troubled_total})")]
    for one in facts.troubled:
        blocks += [p.section(delivery_words.row(one)), p.actions(*delivery_words.buttons(one))]
    left = facts.troubled_total - len(facts.troubled)
    return [*blocks, p.context(f"And {left} older ones.")] if left else blocks


def _row(
    request: Request,
    facts: Facts,
    *,
    mine: bool = False,
    staff: bool = False,
    button: p.Element | None = None,
) -> list[p.Block]:
    head = f"*{words.reference(request)}* {words.subject(request)}"
    standing = _standing(request, facts, mine=mine, staff=staff)
    return [p.section(f"{head}\n{standing}", accessory=button), p.quoted(request.question, 140)]


def _standing(request: Request, facts: Facts, *, mine: bool, staff: bool) -> str:
    said = words.state_line(request)
    if staff:
        said = f"Waiting {about(facts.now - (request.waiting_since or request.opened_at))}. {_asked(request)}"
    elif mine and request.status is Status.OPEN:
        since = f" since {for_reader(request.waiting_since)}" if request.waiting_since else ""
        said = f"Waiting{since}."
    elif mine and request.status is Status.CANCELLED:
        said = "You took it back."
    if request.needed_by and not request.over:
        said += f" Needed by {day(request.needed_by)} ({days_left(request.needed_by, facts.today)})."
    return said


def _asked(request: Request) -> str:
    """Say to staff whom an open request waits for."""
    if request.safety:
        return "No mentor sees this."
    return "Nobody is left to ask." if request.circle is Circle.STAFF else "Mentors have been asked."


def _pager(name: str, listed: Listed) -> list[p.Block]:
    pages = max(1, -(-listed.total // SIZE))
    if pages == 1:
        return []
    first = listed.page * SIZE + 1
    last = min(listed.total, first + SIZE - 1)
    earlier = p.button("Earlier", f"{PAGE}.{name}.back", max(0, listed.page - 1)) if listed.page else None
    later = p.button("More", f"{PAGE}.{name}.on", listed.page + 1) if listed.page < pages - 1 else None
    return [
        p.context(f"{first} to {last} of {listed.total}"),
        p.actions(earlier, later, block_id=f"pager-{name}"),
    ]
