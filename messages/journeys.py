"""The journey, in words: the card of a lesson, the recall of its task, and where a person stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from community.journeys_steps import GOAL_MOST, Cause, Enrolment, Progress, Standing, StepState
from community.journeys_times import local
from community.members import Member, Stage
from community.offices import Office
from community.states import every_state
from messages import payload as p
from messages.journeys_lessons import Lesson, Words, find_lesson, lessons
from messages.times import clock_time, day

DONE = "journeys.done"
ASK = "journeys.ask"
SKIP = "journeys.skip"
PAUSE = "journeys.pause"
RESUME = "journeys.resume"
RESTART = "journeys.restart"
START = "journeys.start"
TELL = "journeys.tell"

TELL_FORM = "journeys.tell"

PROFILE = "profile"
"""What a lesson's own button can open: the form about the person's race."""

_ASIDE = {
    Stage.EXPLORING: "you are still thinking about it",
    Stage.DECIDED: "you have decided to run",
    Stage.FILED: "you have filed",
    Stage.CAMPAIGNING: "you are on the ballot",
    Stage.AFTER: "your election is over",
}

TELL_PROBLEMS: Mapping[str, Mapping[str, str]] = {
    "state": {"unknown": "There is no such state. Please choose one."},
    "stage": {"unknown": "Please choose one of the stages."},
    "office": {"unknown": "Please choose one of the offices."},
    "goal": {"too long": f"Please keep it to {GOAL_MOST} characters. One goal is enough."},
}

SURE_TO_RESTART = p.sure(
    "Begin again?", "All seven lessons come once more, from day 1, one a day.", "Begin again", "Not now"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """All that the card of a lesson shows."""

    lesson: Lesson
    words: Words
    enrolment: Enrolment
    step: Progress
    steps: Sequence[Progress]


def card(facts: Card) -> p.Payload:
    """The card of one lesson, through all that becomes of its task."""
    head = f"Day {facts.lesson.day} of {len(lessons())}"
    title = p.escape(facts.words.title)
    passed = _passed_over(facts)
    return p.message(
        f"{head}: {title}",
        [
            p.context(f"{head} · {facts.lesson.topic.label}"),
            p.header(facts.words.title),
            p.section(p.escape(facts.words.text_for(facts.step.stage))),
            p.section(f"*Today's one thing*\n{p.escape(facts.words.task)}"),
            *([p.context(passed)] if passed else []),
            *_closing(facts),
        ],
    )


def _passed_over(facts: Card) -> str:
    """Say which days before this one stepped aside, and why."""
    before = []
    for step in reversed([each for each in facts.steps if each.day < facts.step.day]):
        if step.state is not StepState.ASIDE:
            break
        before.append(step)
    named = [_aside(step) for step in reversed(before)]
    return " ".join(named)


def _aside(step: Progress) -> str:
    lesson = find_lesson(step.lesson)
    title = f", “{p.escape(lesson.words.title)}”," if lesson else ""
    return f"Day {step.day}{title} is left out: {_why_aside(step)}."


def _why_aside(step: Progress) -> str:
    return _ASIDE[step.stage] if step.stage else "it does not fit where you are"


def _closing(facts: Card) -> list[p.Block]:
    enrolment, step, number = facts.enrolment, facts.step, facts.step.id
    ask = p.button("Ask a mentor", ASK, number)
    done = p.button("Done", DONE, number, style="primary", label=f"Done with day {step.day}")
    own = _own_button(facts.lesson, number)
    if step.round != enrolment.round:
        return [p.section("*You have begun again since.* The newer lessons count."), p.actions(ask)]
    paused = enrolment.standing is Standing.PAUSED
    resume = p.button("Resume", RESUME, style="primary")
    if step.state is StepState.DONE:
        said = f"*Done.* {_tally(facts.steps)}"
        goal = _goal(enrolment) if own is not None else []
        again = p.button("Change it", TELL, number) if own is not None else None
        return [p.section(said), *goal, p.actions(again, ask, resume if paused else None)]
    if step.state is StepState.SKIPPED:
        plain_done = p.button("Done after all", DONE, number)
        said = "*Skipped.* That is fine, nobody will ask again."
        return [p.section(said), p.actions(own, plain_done, ask, resume if paused else None)]
    skip = p.button("Skip", SKIP, number, label=f"Skip the task of day {step.day}")
    if paused:
        said = "*Paused.* No lesson comes until you press Resume."
        return [p.section(said), p.actions(resume, p.button("Done", DONE, number), ask, skip)]
    last = step.day == len(lessons())
    pause = None if last else p.button("Pause", PAUSE, label="Pause the whole journey")
    if own is not None:
        done = p.button("Done", DONE, number, label=f"Done with day {step.day}")
    return [p.actions(own, done, ask, skip, pause)]


def _own_button(lesson: Lesson, step: int) -> p.Element | None:
    return p.button(lesson.button, TELL, step, style="primary") if lesson.opens == PROFILE else None


def _goal(enrolment: Enrolment) -> list[p.Block]:
    return [p.context("*Your goal*"), *p.typed(enrolment.goal)] if enrolment.goal else []


def _tally(steps: Sequence[Progress]) -> str:
    count = sum(step.state is StepState.DONE for step in steps)
    return "That is your first task done." if count == 1 else f"That makes {count} tasks done."


def recall(facts: Card) -> p.Payload:
    """The one gentle reminder of a task that is undone."""
    title = p.escape(facts.words.title)
    text = f"*Still open from day {facts.lesson.day}: {title}*\n{p.escape(facts.words.task)}"
    number = facts.step.id
    if facts.step.round != facts.enrolment.round:
        closing: list[p.Block] = [p.section("*You have begun again since.*")]
    elif facts.step.state is StepState.DONE:
        closing = [p.section(f"*Done.* {_tally(facts.steps)}")]
    elif facts.step.state is StepState.SKIPPED:
        closing = [p.section("*Skipped.* That is fine, nobody will ask again.")]
    else:
        closing = [
            p.context("We ask only this once. If it is not for you, skip it."),
            p.actions(
                p.button("Done", DONE, number, style="primary", label=f"Done with day {facts.lesson.day}"),
                p.button("Ask a mentor", ASK, number),
                p.button("Skip", SKIP, number, label=f"Skip the task of day {facts.lesson.day}"),
            ),
        ]
    return p.message(f"Still open from day {facts.lesson.day}: {title}", [p.section(text), *closing])


_PREVIEW_MOST = p.MESSAGE_TEXT_MOST - 1000
"""Characters that all texts of a lesson together may have in its preview; what is more is cut."""


def preview(lesson: Lesson, words: Words) -> p.Payload:
    """A lesson as staff looks at it: every text that it can have, and nothing to press."""
    head = f"Preview · Day {lesson.day} of {len(lessons())} · {lesson.topic.label}"
    stages = ", ".join(sorted(stage.label for stage in lesson.stages))
    room = _PREVIEW_MOST // (1 + len(words.variants))
    return p.message(
        f"Preview of day {lesson.day}: {p.escape(words.title)}",
        [
            p.context(head, f"Only for: {stages}" if stages else ""),
            p.header(words.title),
            p.section(p.cut(p.escape(words.text), room)),
            *(
                p.section(p.cut(f"*Instead, for “{stage.label}”*\n{p.escape(text)}", room))
                for stage, text in sorted(words.variants.items())
            ),
            p.section(f"*Today's one thing*\n{p.escape(words.task)}"),
        ],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Where a person stands, for themselves to read: `enrolment` None where they are on no journey."""

    now: datetime
    zone: str
    enrolment: Enrolment | None = None
    steps: Sequence[Progress] = ()


def own(way: Way) -> list[p.Block]:
    """Show a person their own journey: on the Home tab, and as the answer to /journey."""
    known = way.enrolment
    if known is None:
        return [
            p.section(
                "*Your first seven days*\nOne short lesson a day, each with one thing to do.",
                accessory=p.button("Start", START),
            )
        ]
    open_tasks = [step for step in way.steps if step.state is StepState.SENT]
    left_out = [step for step in way.steps if step.state is StepState.ASIDE]
    small = [f"Still open: {'; '.join(_named(step) for step in open_tasks)}"] if open_tasks else []
    small += [f"Left out: {'; '.join(_named(step) for step in left_out)}"] if left_out else []
    goal = [p.context("*Your goal*"), p.quoted(known.goal, 300)] if known.goal else []
    pressed = _own_buttons(known)
    return [
        p.section(f"*Your first seven days*\n{where(way)}"),
        *goal,
        *([p.context(*small)] if small else []),
        *([p.actions(*pressed)] if pressed else []),
    ]


def _named(step: Progress) -> str:
    lesson = find_lesson(step.lesson)
    title = p.escape(lesson.words.title) if lesson else step.lesson
    return f"day {step.day}, {title}"


def _own_buttons(known: Enrolment) -> list[p.Element]:
    restart = p.button("Restart", RESTART, confirm=SURE_TO_RESTART)
    match known.standing:
        case Standing.ACTIVE:
            return [p.button("Pause", PAUSE), *([restart] if known.day else [])]
        case Standing.PAUSED:
            return [p.button("Resume", RESUME, style="primary"), restart]
        case Standing.FINISHED:
            return [restart]
        case Standing.STOPPED:
            return [p.button("Start", START)]
        case Standing.WAITING:
            return [p.button("Start", START)] if known.reason == Cause.GUEST else []


def where(way: Way) -> str:
    """Say in two sentences at most where the journey stands and what comes next."""
    known = way.enrolment
    if known is None:
        return "You have not begun."
    done = sum(step.state is StepState.DONE for step in way.steps)
    tasks = f"{done} {'task' if done == 1 else 'tasks'} done."
    at = f"Day {known.day} of {len(lessons())}, {tasks}" if known.day else "Not begun yet."
    onward = "All lessons have come." if known.day == len(lessons()) else _next(way, known)
    guest = known.reason == Cause.GUEST
    return {
        Standing.ACTIVE: f"{at} {onward}",
        Standing.PAUSED: f"{at} Paused: nothing comes until you press Resume.",
        Standing.FINISHED: f"All seven days have come, {tasks} Whatever comes up: *Ask a mentor*.",
        Standing.STOPPED: f"{at} It stopped, because a lesson did not reach you. Start sends it again.",
        Standing.WAITING: "It begins as soon as you press Start." if guest else "It begins soon.",
    }[known.standing]


def _next(way: Way, known: Enrolment) -> str:
    lesson = f"Day {known.day + 1}"
    if known.next_at is None or known.next_at <= way.now:
        return f"{lesson} is on its way."
    here, there = local(way.now, way.zone), local(known.next_at, way.zone)
    ahead = (there.date() - here.date()).days
    when = ("today", "tomorrow")[ahead] if ahead in {0, 1} else f"on {day(there.date())}"
    return f"The next lesson comes {when} at {clock_time(there)}."


def answer(way: Way) -> p.Payload:
    """The answer to /journey, for everybody but staff."""
    return p.message(f"Your first seven days: {where(way)}", own(way))


def tell_form(member: Member, goal: str) -> p.Payload:
    """The form of day 1: state, office, stage, and one goal."""
    states = [p.option(state.code, state.name) for state in every_state()]
    offices = [p.option(office.value, office.label) for office in Office]
    stages = [p.option(stage.value, stage.label) for stage in Stage]
    box = p.text_input(
        "goal",
        initial=goal,
        lines=True,
        most=GOAL_MOST,
        placeholder="Talk with a hundred neighbors. File by March. Find out whether it is for me.",
    )
    return p.modal(
        "Your race",
        [
            p.field("state", "State", p.select("state", states, chosen=member.state), optional=True),
            p.field("office", "Office", p.select("office", offices, chosen=member.office), optional=True),
            p.field("stage", "Where you are", p.select("stage", stages, chosen=member.stage), optional=True),
            p.field("goal", "One goal", box, optional=True, hint="For yourself: it stands on your Home tab."),
            p.context(
                "What you tell us fills in your questions, and leaves out lessons that you do not need."
            ),
        ],
        callback=TELL_FORM,
        submit="Save",
        close="Cancel",
    )
