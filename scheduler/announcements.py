"""Announcements, without anybody asking: rendered when they are sent, and followed until they are through."""

from __future__ import annotations

import csv
import io
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from community import announcements_notices as notices
from community.announcements import begun
from community.announcements_audience import By
from community.announcements_book import UNSETTLED, Announcement, Rules, Status, Tally, remaining
from community.announcements_times import daytime
from community.clock import Clock
from community.deliveries import State
from messages import announcements as words
from messages import announcements_card as cards
from messages import announcements_forms as forms
from scheduler.rendering import Scene
from storage.database import Database
from storage.store import Store

EVERY = timedelta(seconds=5)
"""How often staff's card may change while an announcement goes out."""

ASLEEP = timedelta(minutes=1)
"""How often one is counted of which everybody who is left waits for their morning."""

About = Mapping[str, Any]
Payload = Mapping[str, Any]
Render = Callable[[Store, About], Awaitable[Payload | None]]


def renderers(scene: Scene, rules: Rules) -> dict[str, Render]:
    """Give what renders announcements and what is said about them, by name."""

    async def card(store: Store, about: About) -> Payload | None:
        one = await store.announcements.get(about["announcement"])
        if one is None:
            return None
        now = scene.clock.now()
        facts = cards.Card(
            one=one,
            words=await store.announcements.words(one),
            now=now,
            zone=scene.zone,
            left=remaining(one, rules, now),
            labels=await labels(store),
        )
        return cards.card(facts, of_round=about["round"])

    return {
        "announcements.message": _message,
        "announcements.proof": _proof,
        "announcements.card": card,
        "announcements.decided": _decided,
        "announcements.export": _export,
    }


async def labels(store: Store) -> dict[By, dict[str, str]]:
    """Give what the values of each criterion are called."""
    found = await store.announcements.choices()
    return {by: {choice.value: choice.label for choice in values} for by, values in found.items()}


async def _message(store: Store, about: About) -> Payload | None:
    one = await store.announcements.get(about["announcement"])
    if one is None or one.status is Status.RECALLED:
        return None
    # An edit changes what somebody has already, whatever they think of announcements by now.
    if not about.get("again") and not await store.announcements.wants(about["user"]):
        return None
    return words.message(await store.announcements.words(one), one)


async def _proof(store: Store, about: About) -> Payload | None:
    one = await store.announcements.get(about["announcement"])
    return None if one is None else words.message(await store.announcements.words(one), one, proof=True)


async def _decided(store: Store, about: About) -> Payload | None:
    one = await store.announcements.get(about["announcement"])
    if one is None:
        return None
    # What was owed before these two facts were kept has neither.
    change, to = about.get("change", False), about.get("to", "")
    return cards.decided(one, by=about["by"], approved=about["approved"], change=change, to=to)


async def _export(store: Store, about: About) -> Payload | None:
    one = await store.announcements.get(about["announcement"])
    if one is None:
        return None
    return {
        "filename": forms.summary(about),
        "content": sheet(await store.announcements.rows(one)),
        "initial_comment": forms.csv_comment(one),
    }


_OUTCOMES = {
    State.SENT: "delivered",
    State.DEAD: "failed",
    State.PARKED: "unclear",
    State.CANCELLED: "stopped",
}


def sheet(rows: Any) -> str:
    """Write the report as CSV: a row for everybody who was in it; moments in UTC, ISO 8601."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(
        ["slack_id", "name", "outcome", "reason", "at", "pressed_at", "presses", "replied_at", "replies"]
    )
    for row in rows:
        state = State(row["state"]) if row["state"] else None
        withheld = state is None or row["reason"] == "nothing_to_say"
        outcome = "not sent" if withheld else _OUTCOMES.get(state or State.PENDING, "waiting")
        writer.writerow(
            [
                row["to"],
                _harmless(row["name"] or ""),
                outcome,
                "left, or announcements off" if withheld else row["reason"] or "",
                *(_moment(row["ended_at"]),),
                _moment(row["pressed_at"]),
                row["presses"] or 0,
                _moment(row["replied_at"]),
                row["replies"] or 0,
            ]
        )
    # The mark lets Excel read the names as they are.
    return "\ufeff" + out.getvalue()


def _harmless(text: str) -> str:
    """Keep a spreadsheet from taking a name for a formula."""
    return f"'{text}" if text[:1] in "=+-@\t\r" and text else text


def _moment(at: datetime | None) -> str:
    return at.isoformat(timespec="seconds") if at else ""


async def follow(database: Database, clock: Clock) -> int:
    """Count what has become of each announcement that is on its way, and show it to staff; how many changed.

    What night overtook is owed again for the morning.
    """
    async with database.glance() as store:
        at = clock.now()
        if not any(_worth_counting(one, at) for one in await store.announcements.busy(at)):
            return 0
    async with database.reading() as store:
        counted_at = clock.now()
        looked = [
            (one, await store.announcements.tally(one, at=counted_at))
            for one in await store.announcements.busy(counted_at)
            if _worth_counting(one, counted_at)
        ]
    changed = 0
    for one, tally in looked:
        async with database.transaction() as store:
            changed += await _keep(store, one, tally, counted_at, clock.now())
    return changed


def _worth_counting(one: Announcement, at: datetime) -> bool:
    if one.status is Status.READY:
        return one.starts_at is not None and one.starts_at <= at
    tally = one.tally
    asleep = one.status is Status.SENDING and tally.later and not (tally.waiting or tally.changing)
    return not asleep or one.tallied_at is None or at - one.tallied_at >= ASLEEP


async def _keep(store: Store, seen: Announcement, tally: Tally, counted_at: datetime, at: datetime) -> bool:
    held = await store.announcements.hold(seen.id)
    if held != seen:
        # Somebody has done something about it meanwhile: it is counted anew at the next look.
        return False
    now = begun(held, at)
    if now.status is Status.SENDING and tally.later:
        zones = await store.announcements.overtaken(now.id)
        windows = {zone: daytime(at, zone) for zone in zones}
        if zones:
            await store.announcements.wake(now, windows, at=at)
    now = replace(now, tally=tally, tallied_at=counted_at - UNSETTLED, busy=_busy(now, tally))
    if now.status is Status.SENDING and not tally.left:
        now = replace(now, status=Status.SENT, finished_at=at)
    await store.announcements.change(now)
    if (now.status, now.tally) == (held.status, held.tally):
        return False
    await store.tell(notices.changed(now), at=at)
    return True


def _busy(one: Announcement, tally: Tally) -> bool:
    return bool(
        (one.status is Status.SENDING and tally.left) or tally.waiting or tally.changing or tally.going
    )
