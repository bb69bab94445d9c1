"""How listeners are registered: each guarded, each with a stated right, each given what it names.

Bolt would inject None for a name it does not know; here such a name fails at registration. And Bolt asks one
listener after the other whether it is meant, at a hundredth of a millisecond each: it is given one for each
kind, which looks up whom of its kind is meant.
"""

from __future__ import annotations

import inspect
import re
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from community.announcements_book import Rules
from community.clock import Clock
from community.members import Member, require_staff
from community.mentoring_requests import Policy
from community.notices import Places
from community.refusals import NotAllowed, Refused
from handlers import errors
from handlers.errands import Errands
from handlers.payloads import Actor, Body, actor_of, cleaned, interaction_of, name_of
from handlers.races_finding import Finder
from handlers.turns import Lines, Rush, Turns
from storage.database import Database
from storage.failpoints import failpoint
from storage.store import Store

log = structlog.get_logger(__name__)

_ANYTHING = re.compile("")

Listener = Callable[..., Awaitable[None]]
Today = Callable[[Member | None], date]
"""Gives the day that it is where this person is."""


class May(StrEnum):
    """Who may cause a listener. `BY_RULE`: the rule it calls checks the right in its own transaction."""

    ANYONE = "anyone"
    BY_RULE = "by rule"
    STAFF = "staff"


class AlreadyHandled(Exception):
    """This very interaction was handled before; it is acknowledged and nothing else happens."""


class Work(Protocol):
    """Opens the one transaction of a listener, in which the interaction itself is remembered."""

    def __call__(self, *, meet: bool = True) -> AbstractAsyncContextManager[Store]:
        """Give the transaction's store; raises AlreadyHandled for a redelivery.

        Who acts is known from then on, unless `meet` leaves that to what follows.
        """


@dataclass(frozen=True, slots=True)
class House:
    """What every listener can name beside what Bolt offers."""

    database: Database
    clock: Clock
    places: Places
    policy: Policy
    zone: str
    announcing: Rules = field(default_factory=Rules)
    errands: Errands = field(default_factory=Errands)
    turns: Turns = field(default_factory=Turns)
    finder: Finder = field(default_factory=Finder)
    rush: Rush = field(default_factory=Rush)
    seats: Lines = field(default_factory=Lines)
    observe: Callable[[str, float], None] = lambda _name, _seconds: None


@dataclass(frozen=True, slots=True)
class Registered:
    """A listener as it was registered: for the test that walks them all."""

    kind: str
    name: str
    may: May
    listener: Listener


BOLT_GIVES = frozenset(
    {"ack", "action", "body", "client", "command", "context", "event", "respond", "shortcut", "view"}
)
WE_GIVE = frozenset(
    {"actor", "clock", "database", "errands", "house", "places", "policy", "today", "turns", "work"}
)


class _Ear:
    """All that is heard of one kind, by name; a name that nobody has goes to the first pattern that fits."""

    def __init__(self) -> None:
        self._named: dict[str, Listener] = {}
        self._patterns: list[tuple[re.Pattern[str], Listener]] = []

    def add(self, name: str | re.Pattern[str], guarded: Listener) -> None:
        """Let this be heard, unless somebody has that name already."""
        if isinstance(name, str):
            self._named.setdefault(name, guarded)
        else:
            self._patterns.append((name, guarded))

    def _meant(self, name: str) -> Listener | None:
        fitting = (guarded for pattern, guarded in self._patterns if pattern.search(name))
        return self._named.get(name) or next(fitting, None)

    async def knows(self, body: Body) -> bool:
        """Whether anybody here is meant; Bolt says so itself where nobody is."""
        return self._meant(name_of(body)) is not None

    async def hear(self, args: AsyncArgs) -> None:
        """Hand it to the one that is meant."""
        meant = self._meant(name_of(cleaned(args.body)))
        if meant is not None:
            await meant(args)


class Listening:
    """Registers listeners with Bolt, one line each."""

    def __init__(self, app: AsyncApp, house: House) -> None:
        self._app = app
        self._house = house
        self._ears: dict[str, _Ear] = {}
        self.registered: list[Registered] = []

    def command(self, name: str | re.Pattern[str], listener: Listener, *, may: May) -> None:
        """Hear a slash command."""
        self._add(self._app.command, "command", name, listener, may)

    def action(self, name: str | re.Pattern[str], listener: Listener, *, may: May) -> None:
        """Hear a button or a choice."""
        self._add(self._app.action, "action", name, listener, may)

    def form(self, name: str | re.Pattern[str], listener: Listener, *, may: May) -> None:
        """Hear a submitted view."""
        self._add(self._app.view, "form", name, listener, may)

    def shortcut(self, name: str | re.Pattern[str], listener: Listener, *, may: May) -> None:
        """Hear a shortcut, from a message or from anywhere."""
        self._add(self._app.shortcut, "shortcut", name, listener, may)

    def options(self, name: str | re.Pattern[str], listener: Listener, *, may: May) -> None:
        """Hear that a list of choices is asked for while somebody types."""
        self._add(self._app.options, "options", name, listener, may)

    def event(self, name: str | re.Pattern[str], listener: Listener, *, may: May) -> None:
        """Hear an event."""
        self._add(self._app.event, "event", name, listener, may)

    def _add(self, bolt: Any, kind: str, name: str | re.Pattern[str], listener: Listener, may: May) -> None:
        guarded = self._guarded(kind, _name(name), listener, may)
        ear = self._ears.get(kind)
        if ear is None:
            ear = self._ears[kind] = _Ear()
            bolt(_ANYTHING, matchers=[ear.knows])(ear.hear)
        ear.add(name, guarded)

    def _guarded(self, kind: str, name: str, listener: Listener, may: May) -> Listener:
        wanted = tuple(inspect.signature(listener).parameters)
        unknown = set(wanted) - BOLT_GIVES - WE_GIVE
        if unknown:
            raise TypeError(f"{listener.__module__}.{listener.__qualname__} names {sorted(unknown)}")
        self.registered.append(Registered(kind, name, may, listener))
        house = self._house

        async def guarded(args: AsyncArgs) -> None:
            actor = actor_of(args.body)
            reference = secrets.token_hex(4)
            started = time.perf_counter()
            with (
                house.rush.one(),
                structlog.contextvars.bound_contextvars(reference=reference, listener=f"{kind}:{name}"),
            ):
                try:
                    await _check(house.database, may, actor)
                    await listener(**_given(wanted, args, house, actor))
                except AlreadyHandled:
                    await args.ack()
                except Refused as refused:
                    log.info("refused", why=type(refused).__name__, actor=actor.id)
                    await errors.refuse(args, refused, house.errands)
                except Exception:
                    log.exception("listener failed", actor=actor.id)
                    if kind == "event":
                        raise  # Not acknowledged, so that Slack brings it again.
                    await errors.apologise(args, reference, house.errands)
                finally:
                    house.observe(f"{kind}:{name}", time.perf_counter() - started)

        guarded.__name__ = f"{listener.__module__}.{listener.__qualname__}"
        return guarded


def _name(name: str | re.Pattern[str]) -> str:
    return name if isinstance(name, str) else name.pattern


async def _check(database: Database, may: May, actor: Actor) -> None:
    if not actor.id and may is not May.ANYONE:
        raise NotAllowed("a person")
    if may is May.STAFF:
        async with database.reading() as store:
            await require_staff(store.members, actor.id)


def _given(wanted: tuple[str, ...], args: AsyncArgs, house: House, actor: Actor) -> dict[str, Any]:
    return {name: _one(name, args, house, actor) for name in wanted}


def _one(name: str, args: AsyncArgs, house: House, actor: Actor) -> Any:
    if name in BOLT_GIVES:
        return getattr(args, name)
    ours: Mapping[str, Callable[[], Any]] = {
        "actor": lambda: actor,
        "clock": lambda: house.clock,
        "database": lambda: house.database,
        "errands": lambda: house.errands,
        "house": lambda: house,
        "places": lambda: house.places,
        "policy": lambda: house.policy,
        "today": lambda: _today_of(house),
        "turns": lambda: house.turns,
        "work": lambda: _work(house, interaction_of(args.body), actor),
    }
    return ours[name]()


def _today_of(house: House) -> Today:
    def today(member: Member | None) -> date:
        zone = member.zone if member and member.zone else house.zone
        return local_day(house.clock.now(), zone)

    return today


def local_day(now: datetime, zone: str) -> date:
    """Give the day that it is there."""
    return now.astimezone(ZoneInfo(zone)).date()


def _work(house: House, interaction: str, actor: Actor) -> Work:
    @asynccontextmanager
    async def work(*, meet: bool = True) -> AsyncIterator[Store]:
        async with house.database.transaction() as store:
            now = house.clock.now()
            if interaction and not await store.seen.first(interaction, now):
                raise AlreadyHandled
            failpoint("listener.seen")
            if actor.id and meet:
                await store.members.meet(actor.id, at=now)
            yield store
            failpoint("listener.done")
        failpoint("listener.kept")

    return work
