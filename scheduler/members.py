"""People, without anybody asking: their cards rendered, and the whole roster read from Slack."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from community.clock import Clock
from messages import members as words
from storage.database import Database
from storage.members import Account, account_of
from storage.store import Store

log = structlog.get_logger(__name__)

PAGE = 200


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


async def sync_members(database: Database, client: AsyncWebClient, clock: Clock) -> int:
    """Read every account from Slack and keep it; give how many people there are.

    Events get lost in Slack's outages, so this runs at the start and every hour. users.list is a
    Tier 2 method (20 calls a minute); a page that is refused ends the run, the next one goes on.
    """
    people = 0
    cursor = ""
    while True:
        try:
            page = await client.users_list(limit=PAGE, cursor=cursor)
        except SlackApiError as fault:
            log.warning("members not read", error=fault.response.get("error"))
            return people
        except (aiohttp.ClientError, OSError, TimeoutError) as fault:
            log.warning("members not read", error=type(fault).__name__)
            return people
        listed: list[dict[str, Any]] = page.get("members") or []
        accounts = [account for user in listed if (account := account_of(user)) is not None]
        async with database.transaction() as store:
            await store.members.learn(accounts, at=clock.now())
        people += len(accounts)
        cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            return people


async def learn_strangers(database: Database, client: AsyncWebClient, clock: Clock) -> int:
    """Ask Slack about people of whom only the id is known, because their event was lost; give how many."""
    async with database.reading() as store:
        strangers = await store.members.unknown()
    learnt = 0
    for user in strangers:
        try:
            answer = await client.users_info(user=user)
            account = account_of(answer.get("user") or {})
        except SlackApiError as fault:
            if fault.response.get("error") != "user_not_found":
                log.warning("person not read", error=fault.response.get("error"))
                break
            account = None
        except (aiohttp.ClientError, OSError, TimeoutError) as fault:
            log.warning("person not read", error=type(fault).__name__)
            break
        # Whoever Slack does not know, or knows as a bot, is not asked after for ever.
        known = account or Account(id=user, name=user, zone="", left=True)
        async with database.transaction() as store:
            await store.members.learn([known], at=clock.now())
        learnt += 1
    return learnt
