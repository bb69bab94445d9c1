"""People, without anybody asking: their cards rendered, and the whole roster read from Slack."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from community.clock import Clock
from community.deliveries import retry_after
from community.slack_errors import error_code
from messages import members as words
from storage.database import Database
from storage.members import Account, account_of
from storage.milestones import MEMBERS_READ
from storage.store import Store

log = structlog.get_logger(__name__)

PAGE = 200
LONGEST_WAIT = 60.0
"""Seconds that one refused page of the roster is waited for at most; then it is asked for once more."""
NOBODY = frozenset({"user_not_found", "user_not_visible", "users_not_found"})


def renderers() -> dict[str, Callable[[Store, Mapping[str, Any]], Awaitable[Mapping[str, Any] | None]]]:
    """Give what renders each card and note about mentors, by name."""

    async def approval(store: Store, about: Mapping[str, Any]) -> Mapping[str, Any] | None:
        profile = await store.members.mentor(about["user"])
        return words.approval(profile) if profile else None

    async def waiting(_store: Store, _about: Mapping[str, Any]) -> Mapping[str, Any]:
        return words.waiting()

    async def decided(store: Store, about: Mapping[str, Any]) -> Mapping[str, Any] | None:
        profile = await store.members.mentor(about["user"])
        return words.decided(profile) if profile else None

    async def named_staff(_store: Store, _about: Mapping[str, Any]) -> Mapping[str, Any]:
        return words.named_staff()

    return {
        "members.approval": approval,
        "members.waiting": waiting,
        "members.decided": decided,
        "members.named_staff": named_staff,
    }


async def sync_members(
    database: Database,
    client: AsyncWebClient,
    clock: Clock,
    *,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> int:
    """Read every account from Slack and keep it; give how many people there are.

    Events get lost in Slack's outages, so this runs at the start and every hour. users.list is a
    Tier 2 method (20 calls a minute), so a large workspace takes some minutes: where Slack asks for
    patience the next page waits. What is refused otherwise ends the run; the next one starts afresh.
    """
    people = 0
    cursor = ""
    while True:
        try:
            page = await client.users_list(limit=PAGE, cursor=cursor or None)
        except SlackApiError as fault:
            error = error_code(fault.response)
            if error in {"ratelimited", "http_429"}:
                headers = getattr(fault.response, "headers", {})
                await sleep(min(retry_after(headers.get("Retry-After")), LONGEST_WAIT))
                continue
            log.warning("members not read", error=error)
            return people
        except (aiohttp.ClientError, OSError, TimeoutError) as fault:
            log.warning("members not read", error=type(fault).__name__)
            return people
        listed: list[dict[str, Any]] = page.get("members") or []
        accounts = [account for user in listed if (account := account_of(user)) is not None]
        cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
        async with database.transaction() as store:
            at = clock.now()
            await store.members.learn(accounts, at=at)
            if not cursor:
                await store.milestones.reach(MEMBERS_READ, at)
        people += len(accounts)
        if not cursor:
            return people


async def learn_strangers(database: Database, client: AsyncWebClient, clock: Clock) -> int:
    """Ask Slack about people of whom only the id is known, because their event was lost; give how many."""
    async with database.glance() as store:
        strangers = await store.members.unknown()
    learnt = 0
    for user in strangers:
        try:
            answer = await client.users_info(user=user)
            account = account_of(answer.get("user") or {})
        except SlackApiError as fault:
            error = error_code(fault.response)
            if error not in NOBODY:
                log.warning("person not read", error=error)
                break
            account = None
        except (aiohttp.ClientError, OSError, TimeoutError) as fault:
            log.warning("person not read", error=type(fault).__name__)
            break
        # Whoever Slack does not know, or knows as a bot, is not asked after for ever.
        known = account or Account(id=user, name=user, zone="", left=True)
        # Nor is who has no name: what is unknown is known by its empty name.
        known = replace(known, name=known.name or user)
        async with database.transaction() as store:
            await store.members.learn([known], at=clock.now())
        learnt += 1
    return learnt
