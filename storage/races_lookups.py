"""What was looked up, kept for two days: turning a page, details and saving ask no source again.

A row holds the divisions of a place and the races there. What was typed, and where exactly a house stands, is
not in it: `kept_place` has no point, and nothing else comes from the words of the person.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, insert, select, update

from community.races_kept import KeptUnreadable, kept_place, kept_race, place_of, race_of
from community.races_list import Lookup
from storage.tables import Instant, race_lookups

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from community.races import Race

KEPT_FOR = timedelta(hours=48)
"""Afterwards a press on an answer says that it is too old; filing dates move."""

_SINCE = bindparam("b_since", type_=Instant)
_MINE = (race_lookups.c.id == bindparam("b_id"), race_lookups.c.user == bindparam("b_user"))
_KEEP = insert(race_lookups)
_GET = select(race_lookups).where(*_MINE, race_lookups.c.asked_at > _SINCE)
"""The answer `b_id`, if it is that of `b_user` and was asked for after `b_since`."""
_HOLD = select(race_lookups.c.races).where(*_MINE).with_for_update()
_RENEW = (
    update(race_lookups).where(*_MINE).values(races=bindparam("b_races", type_=race_lookups.c.races.type))
)
_FORGET = delete(race_lookups).where(race_lookups.c.asked_at <= _SINCE)


class RacesLookups:
    """Answers within the caller's transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def keep(self, lookup: Lookup) -> None:
        """Keep an answer; its place without the point."""
        await self._connection.execute(
            _KEEP,
            {
                "id": lookup.id,
                "user": lookup.user,
                "asked_at": lookup.asked_at,
                "place": kept_place(lookup.place) if lookup.place else None,
                "places": [kept_place(place) for place in lookup.places],
                "races": [kept_race(race) for race in lookup.races],
                "troubles": [list(trouble) for trouble in lookup.troubles],
                "left_off": lookup.left_off,
            },
        )

    async def get(self, look: str, *, by: str, at: datetime) -> Lookup | None:
        """Give this person's answer; None where there is none (any more), or it is somebody else's."""
        values = {"b_id": look, "b_user": by, "b_since": at - KEPT_FOR}
        found = await self._connection.execute(_GET, values)
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
        mine = {"b_id": look, "b_user": by}
        races = await self._connection.scalar(_HOLD, mine)
        if races is not None:
            anew = [kept_race(race) if each.get("key") == race.key else each for each in races]
            await self._connection.execute(_RENEW, {**mine, "b_races": anew})

    async def forget(self, at: datetime) -> int:
        """Forget the answers that are too old; how many."""
        gone = await self._connection.execute(_FORGET, {"b_since": at - KEPT_FOR})
        return gone.rowcount
