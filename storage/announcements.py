"""Announcements as they are kept: drafts, texts, who is in each, and what people did with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import Row, delete, func, insert, literal, select

from community.announcements_audience import Audience, By, Choice, Left, Reach
from community.announcements_book import Announcement, Status, Tally, Words
from community.announcements_times import When
from storage import announcements_statements as sql
from storage.announcements_audience import choices, chosen, gets_it, reach
from storage.announcements_sending import Sending, message_key
from storage.tables import (
    announcement_people,
    announcement_signs,
    announcement_texts,
    announcements,
    deliveries,
    members,
)

_PLAIN = (
    "author", "status", "version", "newest", "pending", "people", "round", "begun_at", "confirmed_at",
    "approved_by", "approved_at", "starts_at", "started_at", "finished_at", "ended_by", "ended_at",
    "tallied_at", "busy",
)  # fmt: skip


def _announcement(row: Row[Any]) -> Announcement:
    values = {name: getattr(row, name) for name in _PLAIN}
    return Announcement(
        id=row.id,
        **values
        | {
            "status": Status(row.status),
            "audience": Audience.read(row.audience),
            "when": When.read(row.when),
            "left_out": MappingProxyType({Left(name): count for name, count in row.left_out.items()}),
            "tally": Tally(**row.tally),
        },
    )


def _values(one: Announcement) -> dict[str, Any]:
    return {name: getattr(one, name) for name in _PLAIN} | {
        "audience": one.audience.kept(),
        "when": one.when.kept(),
        "left_out": {reason.value: count for reason, count in one.left_out.items()},
        "tally": asdict(replace(one.tally, failed=dict(one.tally.failed))),
    }


class Announcements(Sending):
    """Announcements within the caller's transaction; satisfies `community.announcements_book.Book`."""

    # One of them

    async def get(self, number: int) -> Announcement | None:
        """Give it as it is."""
        return await self._one(sql.GET, {"b_id": number})

    async def hold(self, number: int) -> Announcement | None:
        """Give it, and keep others from changing it until this transaction ends."""
        return await self._one(sql.HOLD, {"b_id": number})

    async def _one(self, statement: Any, values: dict[str, Any]) -> Announcement | None:
        row = (await self._connection.execute(statement, values)).one_or_none()
        return _announcement(row) if row else None

    async def draft_of(self, author: str) -> Announcement | None:
        """Give the draft that this person wrote last."""
        return await self._one(sql.DRAFT_OF, {"b_author": author})

    async def latest(self, limit: int) -> list[Announcement]:
        """Give the newest that are more than a draft, the last confirmed first."""
        rows = await self._connection.execute(sql.LATEST, {"b_limit": limit})
        return [_announcement(row) for row in rows]

    async def begin(self, author: str, words: Words, *, at: datetime) -> Announcement:
        """Keep a new draft."""
        blank = Announcement(id=0, author=author, begun_at=at)
        row = (
            await self._connection.execute(
                insert(announcements).values(**_values(blank)).returning(announcements)
            )
        ).one()
        return await self.change(await self.keep_words(_announcement(row), words, by=author, at=at))

    async def keep_words(self, one: Announcement, words: Words, *, by: str, at: datetime) -> Announcement:
        """Keep a version of the text: of a draft the only one, of anything else one more."""
        number = 1 if one.status is Status.DRAFT else one.newest + 1
        values = {
            "announcement": one.id,
            "number": number,
            "text": [dict(part) for part in words.text],
            "link_text": words.link_text,
            "link_url": words.link_url,
            "image_url": words.image_url,
            "image_alt": words.image_alt,
            "by": by,
            "at": at,
        }
        await self._connection.execute(sql.KEEP_WORDS[self._dialect], values)
        return replace(one, version=number, newest=number)

    async def words(self, one: Announcement, version: int | None = None) -> Words:
        """Give a version of the text, by default the one that is shown."""
        row = await self._text(one.id, one.version if version is None else version)
        if row is None:
            return Words()
        return Words(
            text=row.text,
            link_text=row.link_text,
            link_url=row.link_url,
            image_url=row.image_url,
            image_alt=row.image_alt,
        )

    async def author_of(self, one: Announcement, version: int) -> str:
        """Say who wrote a version of the text."""
        row = await self._text(one.id, version)
        return row.by if row else one.author

    async def _text(self, number: int, version: int) -> Row[Any] | None:
        values = {"b_announcement": number, "b_number": version}
        return (await self._connection.execute(sql.WORDS, values)).one_or_none()

    async def change(self, one: Announcement) -> Announcement:
        """Keep it as it is given."""
        values = {f"b_{name}": value for name, value in _values(one).items()}
        row = (await self._connection.execute(sql.CHANGE, {**values, "b_id": one.id})).one()
        return _announcement(row)

    async def forget(self, number: int) -> None:
        """Forget a draft with its texts; whoever was in it before it was declined goes as well."""
        for table in (announcement_texts, announcement_people, announcement_signs):
            await self._connection.execute(delete(table).where(table.c.announcement == number))
        await self._connection.execute(delete(announcements).where(announcements.c.id == number))

    # Who is in it

    async def reach(self, audience: Audience) -> Reach:
        """Say whom an audience comes to at this moment."""
        return await reach(self._connection, audience)

    async def choices(self) -> dict[By, list[Choice]]:
        """Give what staff can choose people by at this moment."""
        return await choices(self._connection)

    async def freeze(self, one: Announcement) -> int:
        """Keep who is in it, a row each; how many."""
        await self.thaw(one.id)
        if one.audience.channels:
            rows = [{"announcement": one.id, "to": channel} for channel in one.audience.channels]
            await self._connection.execute(insert(announcement_people), rows)
            return len(rows)
        found = select(literal(one.id), members.c.id).where(chosen(one.audience), gets_it())
        result = await self._connection.execute(
            insert(announcement_people).from_select(["announcement", "to"], found)
        )
        return result.rowcount

    async def frozen(self, number: int) -> Reach:
        """Say who is in it: how many, and in which zones they are."""
        rows = await self._connection.execute(
            select(members.c.zone, func.count().label("people"))
            .select_from(announcement_people)
            .outerjoin(members, members.c.id == announcement_people.c.to)
            .where(announcement_people.c.announcement == number)
            .group_by(members.c.zone)
        )
        counted = {row.zone: row.people for row in rows}
        zones = {zone: people for zone, people in counted.items() if zone is not None}
        return Reach(total=sum(counted.values()), by_zone=zones)

    async def thaw(self, number: int) -> None:
        """Forget who is in it."""
        await self._connection.execute(
            delete(announcement_people).where(announcement_people.c.announcement == number)
        )

    # What is to be looked at

    async def busy(self, at: datetime) -> list[Announcement]:
        """Give those that something is still to be done about, and those that somebody answered since."""
        working = await self._connection.execute(sql.BUSY)
        quiet = await self._connection.execute(sql.STIRRED)
        found = [_announcement(row) for row in (*working, *quiet)]
        return sorted((one for one in found if one.begun_at <= at), key=lambda one: one.id)

    # What people do

    async def pressed(self, number: int, user: str, *, at: datetime) -> None:
        """A person pressed the button of one; where that does not exist (any more), nothing happens."""
        await self._sign(number, user, "presses", "pressed_at", at)

    async def replied(self, number: int, user: str, *, at: datetime) -> None:
        """A person wrote something below one."""
        await self._sign(number, user, "replies", "replied_at", at)

    async def _sign(self, number: int, user: str, count: str, moment: str, at: datetime) -> None:
        if await self.get(number) is None:
            return
        values = {"announcement": number, "user": user, "at": at, count: 1, moment: at}
        await self._connection.execute(sql.sign(self._dialect, count, moment), values)

    async def answered(self, user: str, channel: str, thread: str) -> Announcement | None:
        """Give the announcement whose message this thread of a direct conversation hangs below."""
        numbers = list((await self._connection.execute(sql.ANSWERABLE)).scalars())
        if not numbers:
            return None
        keys = [message_key(number, user) for number in numbers]
        values = {"b_keys": keys, "b_channel": channel, "b_ts": thread}
        key = await self._connection.scalar(sql.ANSWERED, values)
        return await self.get(int(str(key).split(":")[2])) if key else None

    async def mute(self, user: str, *, muted: bool, at: datetime) -> None:
        """Send this person no announcements, or send them again."""
        if muted:
            await self._connection.execute(sql.MUTE[self._dialect], {"user": user, "at": at})
        else:
            await self._connection.execute(sql.UNMUTE, {"b_user": user})

    async def muted(self, user: str) -> bool:
        """Whether this person wants no announcements."""
        return await self._connection.scalar(sql.MUTED, {"b_user": user}) is not None

    async def wants(self, user: str) -> bool:
        """Whether this person may still be written to: they have not left, and want announcements."""
        return await self._connection.scalar(sql.UNWILLING, {"b_user": user}) is None

    async def rows(self, one: Announcement) -> Sequence[Mapping[str, Any]]:
        """Give a row for everybody who is in it, or who did something with it: for the export."""
        ours = announcement_people.c.announcement == one.id
        key = f"{message_key(one.id, '')}"
        people = await self._connection.execute(
            select(
                announcement_people.c.to,
                members.c.name,
                deliveries.c.state,
                deliveries.c.reason,
                deliveries.c.ended_at,
                announcement_signs.c.pressed_at,
                announcement_signs.c.presses,
                announcement_signs.c.replied_at,
                announcement_signs.c.replies,
            )
            .select_from(announcement_people)
            .outerjoin(deliveries, deliveries.c.key == literal(key) + announcement_people.c.to)
            .outerjoin(members, members.c.id == announcement_people.c.to)
            .outerjoin(
                announcement_signs,
                (announcement_signs.c.announcement == one.id)
                & (announcement_signs.c.user == announcement_people.c.to),
            )
            .where(ours)
            .order_by(announcement_people.c.to)
        )
        return [dict(row) for row in people.mappings()]
