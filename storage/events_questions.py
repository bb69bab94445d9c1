"""Questions that were sent before an event, and who voted for them, as they are kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, case, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from community.events_questions import Fate, Question
from storage.tables import event_questions, event_votes


def _question(row: Row[Any], *, votes: int = 0, voted: bool = False) -> Question:
    return Question(
        id=row.id,
        event=row.event,
        asker=row.asker,
        text=row.text,
        asked_at=row.asked_at,
        fate=Fate(row.fate),
        request=row.request,
        votes=votes,
        voted=voted,
    )


class EventsQuestions:
    """Questions within the caller's transaction; satisfies `community.events_questions.Questions`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert

    async def ask(self, event: int, asker: str, text: str, *, at: datetime) -> Question:
        """Keep a question."""
        row = (
            await self._connection.execute(
                insert(event_questions)
                .values(event=event, asker=asker, text=text, asked_at=at, fate=Fate.OPEN)
                .returning(event_questions)
            )
        ).one()
        return _question(row)

    async def get(self, number: int) -> Question | None:
        """Give a question as it is, without its votes."""
        found = await self._connection.execute(select(event_questions).where(event_questions.c.id == number))
        row = found.one_or_none()
        return _question(row) if row else None

    async def listed(self, event: int, *, reader: str = "") -> list[Question]:
        """Give the questions of an event, those with the most votes first, then the oldest."""
        votes = func.count(event_votes.c.user)
        voted = func.max(case((event_votes.c.user == reader, 1), else_=0))
        found = await self._connection.execute(
            select(event_questions, votes.label("votes"), voted.label("voted"))
            .outerjoin(event_votes, event_votes.c.question == event_questions.c.id)
            .where(event_questions.c.event == event)
            .group_by(event_questions.c.id)
            .order_by(votes.desc(), event_questions.c.id)
        )
        return [_question(row, votes=row.votes, voted=bool(row.voted)) for row in found]

    async def count(self, event: int) -> int:
        """Count the questions of an event."""
        found = await self._connection.scalar(
            select(func.count()).select_from(event_questions).where(event_questions.c.event == event)
        )
        return found or 0

    async def vote(self, number: int, by: str) -> bool:
        """Add a vote, or take it back where there was one; True if it counts now."""
        added = await self._connection.execute(
            self._insert(event_votes)
            .values(question=number, user=by)
            .on_conflict_do_nothing()
            .returning(event_votes.c.user)
        )
        if added.one_or_none() is not None:
            return True
        await self._connection.execute(
            delete(event_votes).where(event_votes.c.question == number, event_votes.c.user == by)
        )
        return False

    async def settle(
        self, number: int, fate: Fate, *, among: Sequence[Fate], **values: Any
    ) -> Question | None:
        """Change what became of it, if that is still one of those; None otherwise."""
        found = await self._connection.execute(
            update(event_questions)
            .where(event_questions.c.id == number, event_questions.c.fate.in_(among))
            .values(fate=fate, **values)
            .returning(event_questions)
        )
        row = found.one_or_none()
        return _question(row) if row else None

    async def link(self, number: int, request: int) -> None:
        """Note which mentor request came of a question."""
        await self._connection.execute(
            update(event_questions).where(event_questions.c.id == number).values(request=request)
        )
