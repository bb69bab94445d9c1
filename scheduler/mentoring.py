"""Ask a mentor, without anybody asking: cards rendered when they are sent, requests looked after."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog

from community import mentoring
from community import mentoring_notices as notices
from community.clock import Clock
from community.deliveries import Landed
from community.mentoring_following import Line, follow
from community.mentoring_leaving import let_go
from community.mentoring_requests import OfferState, Policy, Request, Status
from community.mentoring_tending import Tended, tend
from community.notices import Places
from messages import mentoring as words
from messages import mentoring_notes as notes
from scheduler.rendering import Scene
from storage import restoring
from storage.database import Database
from storage.store import Store

log = structlog.get_logger(__name__)

About = Mapping[str, Any]
Payload = Mapping[str, Any]
Render = Callable[[Store, About], Awaitable[Payload | None]]
Say = Callable[[Store, Request, About], Awaitable[Payload]]


def renderers(scene: Scene) -> dict[str, Render]:
    """Give what renders each card and note of a request, by name."""
    cards = _Cards(scene)
    of_a_request: dict[str, Say] = {
        "receipt": cards.receipt,
        "board": cards.board,
        "hold": cards.hold,
        "introduction": cards.introduction,
        "rating": _of(lambda request, about: words.rating(request, closing=about["closing"])),
        "desk": cards.desk,
        "handed_back": _of(
            lambda request, about: notes.handed_back(
                request, holder=about["holder"], released=about["released"]
            )
        ),
        "released": _of(lambda request, _about: notes.released(request)),
        "reopened": _of(lambda request, about: notes.reopened(request, by=about["by"])),
        "details": _of(
            lambda request, about: notes.details(request, upto=about["upto"], added=about["added"])
        ),
        "cancelled": _of(lambda request, _about: notes.cancelled(request)),
        "asker_left": _of(lambda request, _about: notes.asker_left(request)),
        "widened": _of(
            lambda request, about: notes.widened(request, circle=about["circle"], asked=about["asked"])
        ),
        "reminder": _of(lambda request, _about: notes.reminder(request)),
        "nudge": _of(
            lambda request, about: notes.nudge(
                request, claim=about["claim"], nth=about["nth"], link=scene.link(request.conversation)
            )
        ),
        "assigned": _of(lambda request, about: notes.assigned(request, by=about["by"])),
        "resources": _of(lambda request, _about: notes.resources(request)),
        "check_in": _of(
            lambda request, about: notes.check_in(request, claim=about["claim"], nth=about["nth"])
        ),
    }
    named = {f"mentoring.{name}": _with_request(say) for name, say in of_a_request.items()}
    return {**named, "mentoring.offer": cards.offer, "mentoring.rested": cards.rested}


def _of(say: Callable[[Request, About], Payload]) -> Say:
    async def said(_store: Store, request: Request, about: About) -> Payload:
        return say(request, about)

    return said


def _with_request(say: Say) -> Render:
    async def render(store: Store, about: About) -> Payload | None:
        request = await store.mentoring.get(about["request"])
        return None if request is None else await say(store, request, about)

    return render


class _Cards:
    """The cards that need more facts than the request itself."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    async def receipt(self, store: Store, request: Request, _about: About) -> Payload:
        offers = await store.mentoring.offers(request.id)
        since = self._scene.clock.now() - self._scene.median_over
        return words.receipt(
            request,
            asked=len({offer.mentor for offer in offers if offer.wave == request.wave}),
            median=await store.mentoring.median_wait(since=since),
            today=await self._scene.today(store, request.asker),
            link=self._scene.link(request.conversation),
        )

    async def board(self, store: Store, request: Request, _about: About) -> Payload:
        offers = await store.mentoring.offers(request.id)
        asked = sum(offer.state is OfferState.OPEN for offer in offers)
        return words.board(request, asked=asked, today=await self._scene.today(store, ""))

    async def hold(self, store: Store, request: Request, about: About) -> Payload:
        return words.hold(
            request,
            holder=about["holder"],
            today=await self._scene.today(store, about["holder"]),
            link=self._scene.link(request.conversation),
        )

    async def introduction(self, store: Store, request: Request, about: About) -> Payload:
        today = await self._scene.today(store, request.asker)
        return words.introduction(request, holder=about["holder"], today=today)

    async def desk(self, store: Store, request: Request, about: About) -> Payload:
        return words.desk(
            request,
            what=about["what"],
            offers=await store.mentoring.offers(request.id),
            today=await self._scene.today(store, ""),
            link=self._scene.link(request.conversation),
        )

    async def rested(self, store: Store, about: About) -> Payload:
        mentor = await store.members.mentor(about["mentor"])
        return notes.rested(away=mentor is not None and mentor.away(self._scene.clock.now()))

    async def offer(self, store: Store, about: About) -> Payload | None:
        shown = await store.mentoring.get_offer(about["offer"])
        request = await store.mentoring.get(shown.request) if shown else None
        if shown is None or request is None:
            return None
        return words.offer(request, shown, today=await self._scene.today(store, shown.mentor))


def outcomes(
    clock: Clock, policy: Policy, places: Places
) -> dict[str, Callable[[Store, Landed], Awaitable[None]]]:
    """Give what follows from how a delivery ended, by the delivery's family."""

    async def conversation(store: Store, landed: Landed) -> None:
        """The group conversation is open, or never will be."""
        request = await store.mentoring.hold_still(landed.about["request"])
        if request is None or request.claims != landed.about["claim"] or request.status is not Status.CLAIMED:
            return
        now = clock.now()
        if not landed.sent:
            # They can still write to each other; staff hears that they have to be helped to it.
            helped = await store.mentoring.change(
                request.id, if_status=Status.CLAIMED, help_asked=request.help_asked + 1
            )
            offers = await store.mentoring.offers(request.id)
            await store.tell(notices.staff_asked(helped or request, offers, places), at=now)
            return
        opened = await store.mentoring.change(
            request.id, if_status=Status.CLAIMED, conversation=landed.channel
        )
        if opened is not None:
            await store.tell(notices.changed(opened, await store.mentoring.offers(opened.id)), at=now)

    async def offer(store: Store, landed: Landed) -> None:
        """An offer that cannot reach its mentor counts as passed, so that the next one is asked."""
        if landed.sent or landed.kind != "post":
            return
        now = clock.now()
        step = await mentoring.unreachable(store.mentoring, landed.about["offer"], at=now, policy=policy)
        if step is not None:
            offers = await store.mentoring.offers(step.request.id)
            await store.tell(notices.widened(step.request, step.offers, offers, places), at=now)

    return {"mentoring:conversation": conversation, "mentoring.offer": offer}


def follower(clock: Clock, policy: Policy, places: Places) -> Callable[[Store, Line], Awaitable[None]]:
    """Give what works out a line of a request's history: who is asked, and who hears of it."""

    async def work_out(store: Store, line: Line) -> None:
        at = clock.now()
        # The same line names its messages alike each time: after a restore they can be found in Slack.
        store.deliveries.seed = f"{line.id}:{line.at.isoformat()}"
        request, said = await follow(store.mentoring, line, at=at, policy=policy, places=places)
        if line.kind == "asked":
            # What they said of themselves once need not be asked again.
            await store.members.get_to_know(line.actor, state=request.state, office=request.office, at=at)
        await store.tell(said, at=at)
        if restoring.COPIED in line.facts:
            keys = [each.key for each in said.add]
            await restoring.hold_back(store, keys, line.facts[restoring.COPIED], at)

    return work_out


MOST_AT_ONCE = 8
"""So many things can be due on one request at one look, after the app was down for long; more is a fault."""


async def tend_requests(database: Database, clock: Clock, policy: Policy, places: Places) -> int:
    """Look after every request whose moment has come; give how many things were done.

    One transaction for each thing that is due, so that a crash in between loses and repeats nothing.
    """
    async with database.glance() as store:
        due = await store.mentoring.due(at=clock.now())
    tended = 0
    for number in due:
        for _ in range(MOST_AT_ONCE):
            async with database.transaction() as store:
                done = await _tend_one(store, number, clock, policy, places)
            if done is None:
                break
            log.info("tended", request=number, how=done.how)
            tended += 1
    return tended


async def _tend_one(store: Store, number: int, clock: Clock, policy: Policy, places: Places) -> Tended | None:
    at = clock.now()
    done = await tend(store.mentoring, store.members, number, at=at, policy=policy)
    if done is None:
        return None
    offers = await store.mentoring.offers(number)
    await store.tell(notices.tended(done, offers, places), at=at)
    for mentor in done.rested:
        said, _ = await let_go(store.mentoring, mentor, at=at, policy=policy, places=places)
        await store.tell(said, at=at)
    return done
