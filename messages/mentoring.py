"""Ask a mentor, in words: the cards and notes of a request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from community.mentoring_matching import Circle, Reason
from community.mentoring_requests import Offer, OfferState, Rating, Request, Status
from community.states import state_name
from community.topics import Topic
from messages import payload as p
from messages.prose import prose
from messages.times import about, day, days_left, for_reader

ASK = "mentoring.ask"
ASK_AGAIN = "mentoring.ask_again"
ASK_WITH = "mentoring.ask_with"
CLAIM = "mentoring.claim"
PASS = "mentoring.pass"
ANSWERED = "mentoring.answered"
SOLVED = "mentoring.solved"
HAND_BACK = "mentoring.hand_back"
ASK_STAFF = "mentoring.ask_staff"
CANCEL = "mentoring.cancel"
ADD_DETAILS = "mentoring.add_details"
REOPEN = "mentoring.reopen"
RATE = "mentoring.rate"
RATE_TEXT = "mentoring.rate_text"
OPEN_CONVERSATION = "mentoring.open_conversation"
ACKNOWLEDGE = "mentoring.acknowledge"
STILL_ON_IT = "mentoring.still_on_it"
ASSIGN = "mentoring.assign"
AWAY = "members.away"

RATINGS = {
    Rating.A_LOT: "It helped a lot",
    Rating.SOMEWHAT: "It helped somewhat",
    Rating.NOT_REALLY: "It did not really help",
}

_WHY = {
    Reason.TOPIC: "this is one of your topics",
    Reason.OFFICE: "you know this kind of office",
    Reason.ALUMNI_OFFICE: "you ran for this kind of office yourself",
    Reason.ROOM: "nobody nearer was free, and you have room",
}


@dataclass(frozen=True, slots=True)
class Link:
    """Where a conversation opens: the workspace's id and the conversation's."""

    team: str
    conversation: str | None

    @property
    def url(self) -> str | None:
        """The address that opens the conversation in whatever Slack the reader has."""
        if self.conversation is None:
            return None
        return f"https://slack.com/app_redirect?team={self.team}&channel={self.conversation}"


def reference(request: Request) -> str:
    """Name a request: "#812"."""
    return f"#{request.id}"


def who(user: str | None) -> str:
    """Name a person so that Slack shows who it is."""
    return f"<@{user}>" if user else "somebody"


def subject(request: Request) -> str:
    """Say in one line what it is about: "Ballot access and filing · Virginia · School board"."""
    office = request.office.label if request.office else ""
    return " · ".join(filter(None, (request.topic.label, state_name(request.state), office)))


def _deadline(request: Request, today: date) -> str:
    if request.needed_by is None:
        return ""
    return f"{day(request.needed_by)} ({days_left(request.needed_by, today)})"


def question(request: Request) -> list[p.Block]:
    """Show what was asked, as it was typed, and which race it is about."""
    blocks = p.typed(request.question)
    if request.race:
        blocks.append(p.context(f"*About this race:* {p.escape(request.race)}"))
    if request.details:
        blocks += [p.context("*Added later*"), *p.typed(request.details)]
    return blocks


def open_button(link: Link) -> p.Element | None:
    """Give the button into the conversation, once there is one."""
    if link.url is None:
        return None
    return p.button("Open conversation", OPEN_CONVERSATION, url=link.url, style="primary")


def people(count: int) -> str:
    """Count mentors in words."""
    return "1 mentor" if count == 1 else f"{count} mentors"


def more_people(count: int) -> str:
    """Count further mentors in words."""
    return "1 more mentor" if count == 1 else f"{count} more mentors"


_ASKED = {
    Circle.STATE: "{people} who {know} {state}",
    Circle.EXPERTS: "{people} who {know} this topic or office",
    Circle.EVERYONE: "{people}, wherever they are",
}


def _asked(request: Request, asked: int) -> str:
    if request.circle is Circle.STAFF:
        return "No mentor is free right now, so our staff is finding somebody for you."
    state, first = state_name(request.state), request.wave <= 1
    whom = _ASKED[request.circle].format(
        people=people(asked) if first else more_people(asked),
        state=state,
        know="knows" if asked == 1 else "know",
    )
    if first and request.circle is not Circle.STATE:
        return f"No mentor for {state} is free right now, so we asked {whom}."
    return f"We asked {whom}."


def wait_line(median: timedelta | None) -> str:
    """Say how long it usually takes, if there is a history to say it from."""
    return f"A first answer usually takes {about(median)}." if median else ""


def receipt(request: Request, *, asked: int, median: timedelta | None, today: date, link: Link) -> p.Payload:
    """The asker's card, through the whole life of the request."""
    number = request.id
    details = p.button("Add details", ADD_DETAILS, number)
    cancel = p.button(
        "Cancel",
        CANCEL,
        number,
        confirm=p.sure(
            "Take your question back?", "Nobody will be asked any more.", "Yes, cancel it", "Keep it"
        ),
    )
    solved = p.button("That solved it", SOLVED, number, style="primary" if link.url is None else None)
    again = p.button("Ask again", ASK_AGAIN, number)
    reopen = p.button("Re-open", REOPEN, number)
    if request.safety:
        return _safety_receipt(request, link, details=details, solved=solved, reopen=reopen, cancel=cancel)
    match request.status:
        case Status.OPEN:
            said = " ".join(filter(None, (_asked(request, asked), wait_line(median))))
            buttons: tuple[p.Element | None, ...] = (details, cancel)
        case Status.CLAIMED:
            said = f"{who(request.holder)} has your question."
            if link.url is None:
                said += " We are opening a conversation for the two of you."
            buttons = (open_button(link), solved, details, cancel)
        case Status.CLOSED:
            by = f" {who(request.holder)} answered it." if request.holder else ""
            said = f"This question is closed.{by} You can re-open it for 14 days."
            buttons = (reopen, again)
        case Status.CANCELLED:
            said = "You took this question back. Nobody is asked any more."
            buttons = (again,)
    deadline = _deadline(request, today)
    small = [subject(request), f"Needed by {deadline}" if deadline else ""]
    if request.private and request.status is Status.OPEN:
        small.append("Your name is hidden until a mentor claims it")
    return p.message(
        f"Your question {reference(request)}: {said}",
        [
            p.section(f"*Your question {reference(request)}*\n{said}"),
            *question(request),
            p.context(" · ".join(filter(None, small))),
            p.actions(*buttons),
        ],
    )


def _safety_receipt(
    request: Request,
    link: Link,
    *,
    details: p.Element,
    solved: p.Element,
    reopen: p.Element,
    cancel: p.Element,
) -> p.Payload:
    match request.status:
        case Status.OPEN:
            said = "Our staff has been told, nobody else. Somebody will come to you as soon as they see it."
            buttons: tuple[p.Element | None, ...] = (details, cancel)
        case Status.CLAIMED:
            said = f"{who(request.holder)} from our staff has this and is with you."
            buttons = (open_button(link), solved, details)
        case Status.CLOSED:
            said = "This is closed. If it starts again, or if anything is left, re-open it at once."
            buttons = (reopen,)
        case Status.CANCELLED:
            said = (
                "You took this report back. If anything happens, type `/askmentor` "
                "and choose *I feel unsafe*."
            )
            buttons = ()
    return p.message(
        f"Your report {reference(request)}: {said}",
        [
            p.section(f"*Your report {reference(request)}*\n{said}"),
            *question(request),
            p.section(prose("safety")),
            *([p.actions(*buttons)] if buttons else []),
        ],
    )


def _facts(request: Request, today: date, *, asker: str) -> p.Block:
    return p.fields(
        ("Topic", request.topic.label),
        ("State", state_name(request.state)),
        ("Office", request.office.label if request.office else ""),
        ("Needed by", _deadline(request, today)),
        ("From", asker),
    )


def _asker_for_mentors(request: Request) -> str:
    if not request.hides_asker:
        return who(request.asker)
    return "Name hidden" if request.over else "Name shown once you claim it"


def why_you(request: Request, reasons: Sequence[str]) -> str:
    """Say why this mentor is asked: "you cover Virginia, and this is one of your topics"."""
    said = [
        f"you cover {state_name(request.state)}" if reason == Reason.STATE else _WHY[Reason(reason)]
        for reason in reasons
    ]
    return ", and ".join(said) if len(said) < _SEVERAL else f"{', '.join(said[:-1])}, and {said[-1]}"


_SEVERAL = 3
"""From here on reasons are a list: "a, b, and c"."""


def state_line(request: Request) -> str:
    """Say where the request stands, to anybody who is not its asker."""
    match request.status:
        case Status.OPEN:
            waits = f" since {for_reader(request.waiting_since)}" if request.waiting_since else ""
            late = " *Overdue.*" if request.overdue else ""
            if request.circle is Circle.STAFF:
                return f"Waiting{waits}.{late} Staff is looking for somebody."
            return f"Waiting{waits}.{late}"
        case Status.CLAIMED:
            return f"Claimed by {who(request.holder)}."
        case Status.CLOSED:
            if request.closed_by is None and request.answered_at is None:
                return "Closed: whoever asked has left the workspace."
            return f"Answered by {who(request.holder)}." if request.holder else "Closed by the asker."
        case Status.CANCELLED:
            return "Taken back by the asker."


def offer(request: Request, shown: Offer, *, today: date) -> p.Payload:
    """One mentor's card: the question, why them, Claim and Pass."""
    summary = f"A candidate in {state_name(request.state)} has a question"
    if request.topic is not Topic.OTHER:
        summary += f": {request.topic.label}"
    why = f"Why you: {why_you(request, shown.reasons)}."
    closing: list[p.Block]
    if request.status is not Status.OPEN:
        mine = request.status is Status.CLAIMED and request.holder == shown.mentor
        closing = [p.section("*You claimed this.*" if mine else f"*{state_line(request)}*")]
    elif shown.state is OfferState.PASSED:
        closing = [
            p.section("*You passed on this.* That is fine, somebody else is asked."),
            p.actions(p.button("I'm away until…", AWAY)),
        ]
    elif shown.state is OfferState.TAKEN:
        closing = [p.section("*You handed this back.* Somebody else is asked.")]
    elif shown.state is OfferState.GONE:
        closing = [
            p.section("*This is open again.* Others are asked first; you can still take it."),
            p.actions(p.button("Claim", CLAIM, request.id, label=f"Claim {reference(request)}")),
        ]
    else:
        closing = [
            p.actions(
                p.button("Claim", CLAIM, request.id, style="primary", label=f"Claim {reference(request)}"),
                p.button("Pass", PASS, shown.id, label=f"Pass on {reference(request)}"),
            )
        ]
    return p.message(
        f"{summary} ({reference(request)})",
        [
            p.section(f"*{summary}* ({reference(request)})"),
            *question(request),
            _facts(request, today, asker=_asker_for_mentors(request)),
            p.context(why),
            *closing,
        ],
    )


def board(request: Request, *, asked: int, today: date) -> p.Payload:
    """The card in the mentor channel: every request, always in its true state."""
    line = state_line(request)
    blocks = [
        p.section(f"*{reference(request)}* {subject(request)}\n{line}"),
        *question(request),
    ]
    if request.status is Status.OPEN:
        deadline = _deadline(request, today)
        blocks.append(
            p.context(
                "From a candidate" if request.hides_asker else f"From {who(request.asker)}",
                f"Needed by {deadline}" if deadline else "",
                f"{people(asked)} asked directly" if asked else "",
            )
        )
        blocks.append(
            p.actions(
                p.button("Claim", CLAIM, request.id, style="primary", label=f"Claim {reference(request)}")
            )
        )
    return p.message(f"{reference(request)} {subject(request)}: {line}", blocks)


def hold(request: Request, *, holder: str, today: date, link: Link) -> p.Payload:
    """The holder's card: what they took, and everything they can do with it."""
    number = request.id
    theirs = request.holder == holder
    blocks = [
        p.section(f"*{reference(request)} is yours*" if theirs else f"*{reference(request)}*"),
        *question(request),
        _facts(request, today, asker=who(request.asker) if theirs else _asker_for_mentors(request)),
    ]
    if request.status is Status.CLAIMED and theirs:
        if link.url is None:
            blocks.append(p.context("The conversation with the asker is being opened."))
        if request.help_asked:
            blocks.append(p.context("Staff has been asked to help."))
        blocks.append(
            p.actions(
                open_button(link),
                p.button("Answered", ANSWERED, number),
                p.button("Hand back", HAND_BACK, number),
                None if request.safety else p.button("Ask staff for help", ASK_STAFF, number),
            )
        )
    elif request.status is Status.CLOSED and theirs:
        grade = f" {RATINGS[request.rating]}." if request.rating else ""
        blocks.append(p.section(f"*Closed.* Thank you.{grade}"))
        if request.rating_text:
            blocks += [p.context("*What they said*"), *p.typed(request.rating_text)]
        blocks.append(p.actions(open_button(link), p.button("Re-open", REOPEN, number)))
    elif theirs:
        blocks.append(p.section(f"*{state_line(request)}*"))
    else:
        blocks.append(p.section(f"*You no longer hold this.* {state_line(request)}"))
    return p.message(f"{reference(request)}: {subject(request)}", blocks)


def introduction(request: Request, *, holder: str, today: date) -> p.Payload:
    """The first words of the conversation between asker and mentor, with what they can do about it."""
    if request.safety:
        text = (
            f"{who(request.asker)}, {who(holder)} from our staff has read your report and is here with you."
        )
    else:
        text = (
            f"{who(request.asker)}, meet {who(holder)}, who will help you with "
            f"{reference(request)} ({subject(request)}). Write to each other right here."
        )
    deadline = _deadline(request, today)
    blocks = [
        p.section(text),
        *question(request),
        p.context(
            f"Needed by {deadline}" if deadline else "", "Only the two of you and this app read along."
        ),
    ]
    if request.holder != holder:
        blocks.append(p.section(f"*{who(holder)} no longer holds this question.*"))
    elif request.status is Status.CLAIMED:
        blocks.append(p.actions(p.button("That solved it", SOLVED, request.id)))
    elif request.status is Status.CLOSED:
        blocks.append(p.section("*This question is closed.* Either of you can open it again."))
        blocks.append(p.actions(p.button("Re-open", REOPEN, request.id)))
    else:
        blocks.append(p.section(f"*{state_line(request)}*"))
    return p.message(text, blocks)


def rating(request: Request, *, closing: int) -> p.Payload:
    """Ask the asker how much it helped, and offer to go on; `closing` is the closing it asks about."""
    number = request.id
    head = f"*{reference(request)} is closed.* "
    if request.status is not Status.CLOSED or request.closings != closing:
        text = f"{reference(request)} was opened again."
        return p.message(text, [p.section(f"*{text}*")])
    again = (p.button("Re-open", REOPEN, number), p.button("Ask again", ASK_AGAIN, number))
    if request.rating is None:
        text = head + f"How much did {who(request.holder)} help?"
        grades = p.actions(
            *(p.button(said, f"{RATE}.{grade}", number) for grade, said in RATINGS.items()),
            block_id="grades",
        )
        return p.message(text, [p.section(text), grades, p.actions(*again, block_id="again")])
    text = head + f"You said: {RATINGS[request.rating].lower()}. Thank you."
    more = None if request.rating_text else p.button("Say why", RATE_TEXT, number)
    said = [p.context("*You wrote*"), *p.typed(request.rating_text)] if request.rating_text else []
    return p.message(text, [p.section(text), *said, p.actions(more, *again, block_id="again")])


def desk(request: Request, *, what: str, offers: Sequence[Offer], today: date, link: Link) -> p.Payload:
    """The card in the staff channel: somebody feels unsafe, nobody is left to ask, or help is wanted."""
    number = request.id
    if request.safety:
        title = f"*{reference(request)} {who(request.asker)} feels unsafe*"
    elif what.startswith("help"):
        asks = f"{who(request.holder)} asks staff for help" if request.holder else "Staff was asked for help"
        title = f"*{reference(request)} {asks}*"
    elif what.startswith("alarm"):
        waits = "waits" if request.status is Status.OPEN else "waited"
        title = f"*{reference(request)} {who(request.asker)} {waits} too long*"
    else:
        left = "is" if request.status is Status.OPEN else "was"
        title = f"*{reference(request)} Nobody {left} left to ask*"
    passed = [each.mentor for each in offers if each.state is OfferState.PASSED]
    quiet = [each.mentor for each in offers if each.state is OfferState.OPEN]
    blocks = [
        p.section(f"{title}\n{staff_line(request)}"),
        *question(request),
        _facts(request, today, asker=who(request.asker)),
        p.context(
            f"Passed: {_names(passed)}" if passed else "", f"No answer yet: {_names(quiet)}" if quiet else ""
        ),
    ]
    blocks = [block for block in blocks if block["type"] != "context" or block["elements"]]
    if request.status is Status.OPEN:
        label = "I have this" if request.safety else "I'll take it"
        action = ACKNOWLEDGE if request.safety else CLAIM
        assign = None if request.safety else p.button("Assign…", ASSIGN, number)
        blocks.append(p.actions(p.button(label, action, number, style="primary"), assign))
    elif request.status is Status.CLAIMED:
        close = p.button("Close", ANSWERED, number)
        back = p.button("Hand back", HAND_BACK, number)
        blocks.append(p.actions(open_button(link) if request.safety else None, close, back))
    return p.message(p.unbold(title) + f". {staff_line(request)}", blocks)


def staff_line(request: Request) -> str:
    """Say where the request stands, to staff."""
    if request.safety and request.status is Status.OPEN:
        return "No mentor sees this. Whoever takes it is shown to the person at once."
    if request.safety and request.status is Status.CLAIMED:
        return f"{who(request.holder)} has this."
    return state_line(request)


def _names(users: Sequence[str], most: int = 10) -> str:
    shown = ", ".join(who(user) for user in users[:most])
    return shown + (f" and {len(users) - most} more" if len(users) > most else "")
