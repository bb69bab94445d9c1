"""What one transaction can reach: one attribute per feature, made when it is first asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Self, TypeVar, overload

from community.deliveries import Lane
from storage.announcements import Announcements
from storage.deliveries import Deliveries, in_parts
from storage.events import Events
from storage.events_library import EventsLibrary
from storage.events_lists import EventsLists
from storage.events_questions import EventsQuestions
from storage.figures import Figures
from storage.follow_ups import FollowUps
from storage.journeys import Journeys
from storage.journeys_desk import JourneysDesk
from storage.journeys_texts import JourneysTexts
from storage.leases import Leases
from storage.members import Members
from storage.mentoring import Mentoring
from storage.milestones import Milestones
from storage.outgoing import Outgoing
from storage.races import Races
from storage.races_cache import RaceAnswers
from storage.races_lookups import RacesLookups
from storage.races_saved import RacesSaved
from storage.retention import Retention
from storage.seen import Seen

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from community.notices import Notices

T = TypeVar("T")


class Part(Generic[T]):
    """A feature's own corner of the store, made from the connection on first use."""

    def __init__(self, make: Callable[[AsyncConnection], T]) -> None:
        self._make = make

    def __set_name__(self, owner: type[Store], name: str) -> None:
        self._name = name

    @overload
    def __get__(self, store: None, owner: type[Store]) -> Self: ...
    @overload
    def __get__(self, store: Store, owner: type[Store]) -> T: ...
    def __get__(self, store: Store | None, owner: type[Store]) -> T | Self:
        if store is None:
            return self
        made = self._make(store.connection)
        # The instance's own attribute is found before this descriptor from now on.
        store.__dict__[self._name] = made
        return made


class Store:
    """One transaction; its parts speak the words of the features."""

    deliveries = Part(Deliveries)
    outgoing = Part(Outgoing)
    retention = Part(Retention)
    seen = Part(Seen)
    leases = Part(Leases)
    members = Part(Members)
    mentoring = Part(Mentoring)
    milestones = Part(Milestones)
    journeys = Part(Journeys)
    journeys_desk = Part(JourneysDesk)
    journeys_texts = Part(JourneysTexts)
    figures = Part(Figures)
    races_lookups = Part(RacesLookups)
    races = Part(Races)
    races_saved = Part(RacesSaved)
    race_answers = Part(RaceAnswers)
    events = Part(Events)
    events_library = Part(EventsLibrary)
    events_lists = Part(EventsLists)
    events_questions = Part(EventsQuestions)
    announcements = Part(Announcements)
    follow_ups = Part(FollowUps)

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection = connection

    async def tell(self, notices: Notices, *, at: datetime) -> None:
        """Owe all of this from now on: new deliveries, cards that changed, Home tabs that are in use."""
        for some in in_parts(notices.cancel):
            await self.deliveries.cancel(*some, at=at)
        if notices.add:
            await self.deliveries.add(*notices.add, at=at)
        # Locked in one order over all parts, so that two transactions cannot wait for each other.
        for some in in_parts(sorted(notices.refresh)):
            await self.deliveries.refresh(*some, at=at)
        if notices.homes or notices.watched:
            looking = await self.members.looking(notices.homes, notices.watched, at=at)
            await self.deliveries.refresh_home(*sorted(looking & notices.homes), at=at)
            # The others only look on, so people who wait for something themselves come first.
            await self.deliveries.refresh_home(*sorted(looking - notices.homes), at=at, lane=Lane.BULK)

    @property
    def follows(self) -> bool:
        """Whether something follows from what this transaction kept, so that it has to be worked out."""
        kept = self.__dict__.get("mentoring")
        return kept is not None and kept.follows

    @property
    def rings(self) -> bool:
        """Whether this transaction added deliveries, so that the sender has to be woken."""
        return any(getattr(part, "added", 0) for part in self.__dict__.values())
