"""What every renderer needs to know beside the facts in the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from community.clock import Clock
from messages.mentoring import Link
from storage.store import Store


@dataclass(slots=True)
class Scene:
    """Where and when something is rendered.

    `team` is the workspace's id, known once Slack has answered auth.test; `zone` is the
    organisation's, for people whose own is unknown; `wins` is the channel where wins are celebrated.
    """

    clock: Clock
    zone: str
    median_over: timedelta
    team: str = ""
    wins: str = ""

    async def today(self, store: Store, reader: str) -> date:
        """Give the day that it is where the reader is; a channel reads in the organisation's zone."""
        member = await store.members.member(reader) if reader else None
        zone = member.zone if member and member.zone else self.zone
        return self.clock.now().astimezone(ZoneInfo(zone)).date()

    def link(self, conversation: str | None) -> Link:
        """Give the link into a conversation."""
        return Link(self.team, conversation)
