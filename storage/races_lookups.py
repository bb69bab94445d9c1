"""What was looked up, kept for two days: turning a page, details and saving ask no source again.

A row holds the divisions of a place and the races there. What was typed, and where exactly a house stands, is
not in it: `kept_place` has no point, and nothing else comes from the words of the person.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select, update

from community.races_kept import KeptUnreadable, kept_place, kept_race, place_of, race_of
from community.races_list import Lookup
from storage.tables import race_lookups

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from community.races import Race

KEPT_FOR = timedelta(hours=48)
"""Afterwards a press on an answer says that it is too old; filing dates move."""


class RacesLookups:
    """Answers within the caller's transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def keep(self, lookup: Lookup) -> None:
        """Keep an answer; its place without the point."""
        await self._connection.execute(
            insert(race_lookups).values(
                id=lookup.id,
                user=lookup.user,
                asked_at=lookup.asked_at,
                place=kept_place(lookup.place) if lookup.place else None,
                places=[kept_place(place) for place in lookup.places],
                races=[kept_race(race) for race in lookup.races],
                troubles=[list(trouble) for trouble in lookup.troubles],
                left_off=lookup.left_off,
            )
        )

    async def get(self, look: str, *, by: str, at: datetime) -> Lookup | None:
        """Give this person's answer; None where there is none (any more), or it is somebody else's."""
        found = await self._connection.execute(
            select(race_lookups).where(
                race_lookups.c.id == look,
                race_lookups.c.user == by,
                race_lookups.c.asked_at > at - KEPT_FOR,
            )
        )
        row = found.one_or_none()
        if row is None:
            return None
        try:
            return Lookup(
                id=row.id,
                user=row.user,
                asked_at=row.asked_at,
                place=place_of(row.place) if row.place is not None else None,
                places=tuple(place_of(each) for each in row.places),
                races=tuple(race_of(each) for each in row.races),
                troubles=tuple((source, code) for source, code in row.troubles),
                left_off=row.left_off,
            )
        except KeptUnreadable:
            # Another version of the app wrote it: it counts as too old.
            return None

    async def race(self, look: str, key: str, *, by: str, at: datetime) -> Race | None:
        """Give one race of this person's answer; None where either is not there (any more)."""
        lookup = await self.get(look, by=by, at=at)
        return lookup.race(key) if lookup else None

    async def renew(self, look: str, race: Race, *, by: str) -> None:
        """Put what is now known of a race into this person's answer, if both are still there."""
        # Two details that are opened at once must not undo each other.
        mine = (race_lookups.c.id == look, race_lookups.c.user == by)
        races = await self._connection.scalar(select(race_lookups.c.races).where(*mine).with_for_update())
        if races is not None:
            anew = [kept_race(race) if each.get("key") == race.key else each for each in races]
            await self._connection.execute(update(race_lookups).where(*mine).values(races=anew))

    async def forget(self, at: datetime) -> int:
        """Forget the answers that are too old; how many."""
        gone = await self._connection.execute(
            delete(race_lookups).where(race_lookups.c.asked_at <= at - KEPT_FOR)
        )
        return gone.rowcount
