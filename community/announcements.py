"""Announcements: who may send what to whom, and what can still be done about one that is on its way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from community.announcements_audience import Audience, Reach
from community.announcements_book import (
    AlreadyConfirmed,
    AlreadyEdited,
    AlreadyEnded,
    Announcement,
    AudienceChanged,
    Book,
    HasNoText,
    NobodyThere,
    NothingFailed,
    NothingToApprove,
    NotYet,
    OwnAnnouncement,
    Rules,
    Status,
    TimePassed,
    Words,
)
from community.announcements_times import Mode, When, Window, starts_at, window
from community.refusals import NotAllowed, NotFound

SENT_OUT = frozenset({Status.SENDING, Status.SENT, Status.CANCELLED})
"""Somebody may have it already."""

ON_THE_WAY = frozenset({Status.WAITING, Status.READY, Status.SENDING})
"""Something of it can still be stopped."""


async def write(book: Book, number: int | None, words: Words, *, by: str, at: datetime) -> Announcement:
    """Keep the text of a draft; without a number, or with that of a draft that is gone, begin a new one.

    Raises NotAllowed where the draft is somebody else's, AlreadyConfirmed where it is no draft any more.
    """
    held = await book.hold(number) if number else None
    if held is None:
        return await book.begin(by, words, at=at)
    _own_draft(held, by)
    return await book.change(await book.keep_words(held, words, by=by, at=at))


async def aim(book: Book, number: int, *, audience: Audience, when: When, by: str) -> Announcement:
    """Keep whom a draft is for and when it goes. Raises as `write` does, and NotFound where it is gone."""
    held = await _hold(book, number)
    _own_draft(held, by)
    return await book.change(replace(held, audience=audience, when=when))


def _own_draft(held: Announcement, by: str) -> None:
    if held.status is not Status.DRAFT:
        raise AlreadyConfirmed
    if held.author != by:
        raise NotAllowed("whoever wrote it")


async def discard(book: Book, number: int, *, by: str) -> None:
    """Forget a draft."""
    held = await _hold(book, number)
    _own_draft(held, by)
    await book.forget(number)


async def confirm(book: Book, number: int, *, seen: int, by: str, rules: Rules, at: datetime) -> Announcement:
    """Send it: from here on it is fixed who gets it, and nothing goes out for two minutes.

    `seen` is the number of people that staff saw. Raises AudienceChanged where it is another one by now,
    TimePassed, NobodyThere, HasNoText, AlreadyConfirmed, NotAllowed.
    """
    held = await _hold(book, number)
    _own_draft(held, by)
    if not held.version:
        raise HasNoText
    if _passed(held.when, at):
        raise TimePassed
    reach = await book.reach(held.audience)
    if not reach.total:
        raise NobodyThere
    if reach.total != seen:
        raise AudienceChanged(reach.total)
    confirmed = replace(
        held,
        status=Status.WAITING if rules.needs_approval(held.audience, reach.total) else Status.READY,
        people=reach.total,
        left_out=reach.left_out,
        round=held.round + 1,
        confirmed_at=at,
        approved_by=None,
        approved_at=None,
        starts_at=None,
    )
    await book.freeze(confirmed)
    if confirmed.status is Status.WAITING:
        return await book.change(confirmed)
    return await _launch(book, confirmed, reach, at)


def _passed(when: When, at: datetime) -> bool:
    """Whether the chosen moment is over, where the author is."""
    moment = when.moment(when.zone)
    return moment is not None and moment <= at


async def _launch(book: Book, one: Announcement, reach: Reach, at: datetime) -> Announcement:
    """Owe it to everybody who is in it, each at their own moment, and none within the two minutes."""
    earliest = starts_at(one.when, reach.by_zone, at)
    found = windows(one.when, reach.by_zone, earliest)
    await book.fan_out(one, found, earliest)
    # Where it is night for everybody, nothing starts before the first morning.
    everywhere = sum(reach.by_zone.values()) == reach.total > 0
    starts = min(each.due_at for each in found.values()) if everywhere else earliest
    return await book.change(replace(one, status=Status.READY, starts_at=starts, busy=True))


def windows(when: When, zones: Mapping[str, int], earliest: datetime) -> dict[str, Window]:
    """Say for each zone when a message may leave."""
    return {zone: window(when, zone, earliest=earliest) for zone in zones}


async def approve(book: Book, number: int, *, by: str, at: datetime) -> Announcement:
    """A second member of staff says yes: to sending it, or to a change of what was sent.

    Raises OwnAnnouncement for whoever wrote what is to be approved, NothingToApprove where nothing waits.
    """
    held = await _hold(book, number, at)
    if held.pending:
        if await book.author_of(held, held.pending) == by:
            raise OwnAnnouncement
        return await _show(book, replace(held, version=held.pending, pending=0), at)
    if held.status is not Status.WAITING:
        raise NothingToApprove
    # Where somebody else has changed it since, whoever wrote it first may be the second one to agree.
    if await book.author_of(held, held.version) == by:
        raise OwnAnnouncement
    when = When(Mode.NOW, zone=held.when.zone) if _passed(held.when, at) else held.when
    approved = replace(held, when=when, approved_by=by, approved_at=at)
    return await _launch(book, approved, await book.frozen(number), at)


async def decline(book: Book, number: int, *, by: str, at: datetime) -> Announcement:
    """Staff says no: it is its author's draft again, or what was sent stays as it is."""
    held = await _hold(book, number, at)
    if held.pending:
        return await book.change(replace(held, pending=0))
    if held.status is not Status.WAITING:
        raise NothingToApprove
    await book.thaw(number)
    # Who said no is kept where the yes would be: the card names them.
    return await book.change(
        replace(held, status=Status.DRAFT, approved_by=by, approved_at=at, ended_by=None, ended_at=None)
    )


async def cancel(book: Book, number: int, *, by: str, at: datetime) -> Announcement:
    """Stop it: all of it within the two minutes, later whatever has not left.

    Raises AlreadyEnded where there is nothing left to stop.
    """
    held = await _hold(book, number, at)
    if held.status not in ON_THE_WAY:
        raise AlreadyEnded(held.status, held.ended_by)
    await book.stop(number, at=at)
    stopped = replace(held, status=Status.CANCELLED, pending=0, ended_by=by, ended_at=at)
    return await book.change(replace(stopped, busy=held.started_at is not None))


async def edit(
    book: Book, number: int, words: Words, *, base: int, by: str, rules: Rules, at: datetime
) -> Announcement:
    """Change what it says; what was delivered shows the new text.

    `base` is the version that was changed. Above the number of people that needs a second yes, the new text
    needs one too. Raises AlreadyEnded where it was taken back, NotYet for a draft, AlreadyChanged where
    somebody else was quicker.
    """
    held = await _hold(book, number, at)
    if held.status is Status.DRAFT:
        raise NotYet
    if held.status is Status.RECALLED or (held.status is Status.CANCELLED and not held.started_at):
        raise AlreadyEnded(held.status, held.ended_by)
    if base != held.newest:
        raise AlreadyEdited
    before = held.version
    changed = await book.keep_words(held, words, by=by, at=at)
    if not rules.needs_approval(held.audience, held.people):
        return await _show(book, replace(changed, pending=0), at)
    if held.status is Status.READY:
        # Nobody has it yet: it waits for a yes as it did the first time.
        await book.stop(number, at=at)
        await book.unsend(number)
        return await book.change(
            replace(changed, status=Status.WAITING, approved_by=None, approved_at=None, starts_at=None)
        )
    if held.status is Status.WAITING:
        return await book.change(changed)
    return await book.change(replace(changed, version=before, pending=changed.version))


async def _show(book: Book, changed: Announcement, at: datetime) -> Announcement:
    """Let what was delivered, and what is still to go, show the new text."""
    if changed.status not in SENT_OUT:
        return await book.change(changed)
    await book.refresh(changed, at=at)
    return await book.change(replace(changed, busy=True))


async def take_back(book: Book, number: int, *, by: str, at: datetime) -> Announcement:
    """Delete it wherever it is, and stop the rest. Raises AlreadyEnded or NotYet where nobody has it."""
    held = await _hold(book, number, at)
    if held.status is Status.RECALLED:
        raise AlreadyEnded(held.status, held.ended_by)
    if held.status not in SENT_OUT:
        raise NotYet
    await book.stop(number, at=at)
    await book.erase(held, at=at)
    recalled = replace(held, status=Status.RECALLED, pending=0, ended_by=by, ended_at=at)
    return await book.change(replace(recalled, busy=True))


async def retry(book: Book, number: int, *, at: datetime) -> Announcement:
    """Send again what Slack refused. Raises NothingFailed, or AlreadyEnded where it was stopped."""
    held = await _hold(book, number, at)
    if held.status not in {Status.SENDING, Status.SENT}:
        raise AlreadyEnded(held.status, held.ended_by)
    reach = await book.frozen(number)
    if not await book.send_again(held, windows(When(), reach.by_zone, at), at=at):
        raise NothingFailed
    return await book.change(replace(held, status=Status.SENDING, busy=True))


async def _hold(book: Book, number: int, at: datetime | None = None) -> Announcement:
    held = await book.hold(number)
    if held is None:
        raise NotFound
    return begun(held, at) if at is not None else held


def begun(one: Announcement, at: datetime) -> Announcement:
    """Give it as it stands at that moment: what was to start by then is on its way."""
    if one.status is Status.READY and one.starts_at is not None and one.starts_at <= at:
        return replace(one, status=Status.SENDING, started_at=one.starts_at)
    return one
