"""Brings mentors in from a sheet: looks every person up in Slack, and keeps all of them or nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient

from bot.refusals import StartRefused
from community import mentor_csv
from community.mentor_csv import BadRow, MentorRow
from community.slack_errors import error_code
from storage.members import account_of

if TYPE_CHECKING:
    from datetime import datetime

    from bot.settings import Settings
    from community.members import MentorProfile
    from storage.database import Database
    from storage.members import Account
    from storage.store import Store

_UNKNOWN = {"users_not_found", "user_not_found", "user_not_visible"}


@dataclass(frozen=True, slots=True)
class Report:
    """What came of an import; `written` is False for a rehearsal and where a bad row stopped it."""

    added: int
    changed: int
    unchanged: int
    bad: tuple[BadRow, ...]
    ignored: tuple[str, ...]
    written: bool


def slack_client(settings: Settings) -> AsyncWebClient:
    """Give a client that waits when Slack asks for it: a long sheet is many look-ups, and none writes."""
    return AsyncWebClient(
        token=settings.slack_bot_token.get_secret_value(),
        base_url=settings.slack_api_url,
        timeout=10,
        retry_handlers=[
            AsyncConnectionErrorRetryHandler(max_retry_count=2),
            AsyncRateLimitErrorRetryHandler(max_retry_count=10),
        ],
    )


async def import_mentors(
    database: Database,
    client: AsyncWebClient,
    content: bytes,
    *,
    at: datetime,
    partial: bool = False,
    rehearse: bool = False,
) -> Report:
    """Import a sheet; with any bad row nothing is kept, unless `partial`. Doing it again changes nothing.

    Raises mentor_csv.SheetUnreadable, and SlackApiError where Slack refuses to look anybody up at all.
    """
    sheet = mentor_csv.read(content)
    found: list[MentorRow] = []
    accounts: dict[str, Account] = {}
    bad = list(sheet.bad)
    for row in sheet.rows:
        person = await _look_up(client, row)
        if isinstance(person, BadRow):
            bad.append(person)
        else:
            found.append(replace(row, user=person.id))
            accounts[person.id] = person
    rows, contradictions = mentor_csv.one_each(found)
    bad = sorted([*bad, *contradictions], key=lambda each: each.line)
    written = not rehearse and (partial or not bad)

    counts = {"added": 0, "changed": 0, "unchanged": 0}
    if written:
        async with database.transaction() as store:
            for row in rows:
                counts[await _keep(store, row, accounts, at=at)] += 1
            touched = await store.members.with_home(accounts, at=at)
            await store.deliveries.refresh_home(*touched, at=at)
    else:
        async with database.reading() as store:
            for row in rows:
                counts[(await _compare(store, row, at=at))[0]] += 1
    return Report(**counts, bad=tuple(bad), ignored=sheet.ignored, written=written)


async def _compare(store: Store, row: MentorRow, *, at: datetime) -> tuple[str, MentorProfile]:
    before = await store.members.mentor(str(row.user))
    wanted = mentor_csv.profile(row, before, at=at)
    if before is None:
        return "added", wanted
    return ("unchanged" if wanted == before else "changed"), wanted


async def _keep(store: Store, row: MentorRow, accounts: dict[str, Account], *, at: datetime) -> str:
    what, wanted = await _compare(store, row, at=at)
    account = accounts[wanted.user]
    # Slack's own name for a person is newer than the sheet's.
    await store.members.learn([replace(account, name=account.name or row.name)], at=at)
    if what != "unchanged":
        await store.members.save_mentor(wanted)
    return what


async def _look_up(client: AsyncWebClient, row: MentorRow) -> Account | BadRow:
    """Find the account that a row speaks of; a wrong e-mail address is never matched to somebody alike."""
    try:
        if row.user is not None:
            answer = await client.users_info(user=row.user)
        else:
            answer = await client.users_lookupByEmail(email=str(row.email))
    except SlackApiError as refusal:
        if error_code(refusal.response) not in _UNKNOWN:
            raise
        whose = "slack_user_id" if row.user is not None else "e-mail address"
        return BadRow(row.line, (f"nobody in the workspace has this {whose}",))
    except (aiohttp.ClientError, TimeoutError) as fault:
        raise StartRefused(
            f"Slack cannot be reached ({type(fault).__name__}), and every row is looked up there."
        ) from None
    account = account_of(answer["user"])
    if account is None:
        return BadRow(row.line, ("this account is a bot",))
    if account.left:
        return BadRow(row.line, ("this account is deactivated",))
    return account
