"""The versions that staff made of the lessons' texts; none is ever changed or thrown away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.tables import lesson_versions


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a lesson's text; `words` None means the original again."""

    lesson: str
    number: int
    words: Mapping[str, Any] | None
    by: str
    at: datetime


class JourneysTexts:
    """The versions of lessons' texts, within the caller's transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert

    async def version(self, lesson: str, number: int) -> Version | None:
        """Give one version of a lesson's text."""
        return await self._version(lesson_versions.c.lesson == lesson, lesson_versions.c.number == number)

    async def latest(self, lesson: str) -> Version | None:
        """Give the version that is sent from now on; None where nobody ever changed the original."""
        newest = select(func.max(lesson_versions.c.number)).where(lesson_versions.c.lesson == lesson)
        return await self._version(
            lesson_versions.c.lesson == lesson, lesson_versions.c.number == newest.scalar_subquery()
        )

    async def _version(self, *conditions: Any) -> Version | None:
        row = (await self._connection.execute(select(lesson_versions).where(*conditions))).one_or_none()
        return Version(row.lesson, row.number, row.words, row.by, row.at) if row else None

    async def latest_of_all(self) -> dict[str, Version]:
        """Give the newest version of every lesson that staff ever changed."""
        newest = (
            select(lesson_versions.c.lesson, func.max(lesson_versions.c.number).label("number"))
            .group_by(lesson_versions.c.lesson)
            .subquery()
        )
        found = await self._connection.execute(
            select(lesson_versions).join(
                newest,
                (newest.c.lesson == lesson_versions.c.lesson) & (newest.c.number == lesson_versions.c.number),
            )
        )
        return {row.lesson: Version(row.lesson, row.number, row.words, row.by, row.at) for row in found}

    async def keep_version(self, version: Version) -> bool:
        """Keep a new version; False where somebody else has just kept one under that number."""
        kept = await self._connection.execute(
            self._insert(lesson_versions)
            .values(
                lesson=version.lesson,
                number=version.number,
                words=None if version.words is None else dict(version.words),
                by=version.by,
                at=version.at,
            )
            .on_conflict_do_nothing()
        )
        return kept.rowcount == 1
