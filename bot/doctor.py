"""The doctor: looks at every setting against the real workspace and database, and says what to do."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot import doctor_races
from bot.manifest import bot_scopes
from community.slack_errors import error_code

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.settings import Settings

PATIENCE = 10
"""Seconds that Slack gets for each answer."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report: `said` is what was found, or what to do about it.

    `fatal` marks what the app cannot even start with.
    """

    what: str
    ok: bool
    said: str
    fatal: bool = False


async def examine(settings: Settings) -> list[Finding]:
    """Look at everything; the order is that of the settings."""
    return [
        *await examine_slack(settings),
        await examine_database(settings),
        *(Finding(what, ok=ok, said=said) for what, ok, said in await doctor_races.look(settings)),
    ]


async def examine_slack(settings: Settings, *, sockets: bool = True) -> list[Finding]:
    """Look at the tokens, the scopes, the channels and the staff.

    Without `sockets` the app-level token is left out: trying it costs one of the few connections that may be
    asked for in a minute (apps.connections.open is a Tier 1 method), and whoever serves asks for one next.
    """
    client = AsyncWebClient(
        token=settings.slack_bot_token.get_secret_value(), base_url=settings.slack_api_url, timeout=PATIENCE
    )
    token, scopes = await _token(client)
    findings = [token]
    if token.ok:
        findings.append(scopes)
    if sockets and settings.slack_app_token is not None:
        findings.append(await _app_token(client, settings.slack_app_token.get_secret_value()))
    if not token.ok:
        return findings
    channels = {
        "MENTOR_CHANNEL": settings.mentor_channel,
        "STAFF_CHANNEL": settings.staff_channel,
        "COMMUNITY_CHANNEL": settings.community_channel,
        "WINS_CHANNEL": settings.wins_channel,
    }
    looks = [_channel(client, name, id_) for name, id_ in channels.items() if id_ is not None]
    looks += [_person(client, id_) for id_ in settings.staff_user_ids]
    return [*findings, *await asyncio.gather(*looks)]


async def examine_database(settings: Settings) -> Finding:
    """Look whether the database can be reached and has the schema of this version."""
    from storage.database import Database
    from storage.schema import SchemaMismatch, check

    what = "DATABASE_URL"
    try:
        database = Database.at(settings.database_url)
        try:
            await check(database)
        finally:
            await database.close()
    except SchemaMismatch as mismatch:
        return Finding(what, ok=False, said=str(mismatch))
    except Exception as fault:  # noqa: BLE001 - every driver has its own faults; all mean the same here
        return Finding(
            what,
            ok=False,
            said=f"cannot be reached ({type(fault).__name__}): is the server up, the name right?",
        )
    return Finding(what, ok=True, said="reachable, and its schema is that of this version")


async def _token(client: AsyncWebClient) -> tuple[Finding, Finding]:
    what = "SLACK_BOT_TOKEN"
    try:
        answer = await client.auth_test()
    except SlackApiError as refusal:
        said = (
            f"Slack refuses it ({error_code(refusal.response)}): install the app anew and copy the bot token"
        )
        bad = Finding(what, ok=False, said=said, fatal=True)
        return bad, bad
    except (aiohttp.ClientError, OSError, TimeoutError) as fault:
        bad = Finding(what, ok=False, said=f"Slack cannot be reached ({type(fault).__name__})", fatal=True)
        return bad, bad
    known = Finding(what, ok=True, said=f"is {answer.get('user')} in {answer.get('team')}")
    headers = {str(name).lower(): value for name, value in dict(answer.headers).items()}
    granted = {scope.strip() for scope in str(headers.get("x-oauth-scopes", "")).split(",")} - {""}
    if missing := sorted(bot_scopes() - granted):
        said = f"missing {', '.join(missing)}: paste manifest.yml into App Manifest and reinstall the app"
        return known, Finding("scopes", ok=False, said=said)
    if spare := sorted(granted - bot_scopes()):
        return known, Finding("scopes", ok=True, said=f"all granted; not needed: {', '.join(spare)}")
    return known, Finding("scopes", ok=True, said="all granted, none too many")


async def _app_token(client: AsyncWebClient, token: str) -> Finding:
    async def look() -> str:
        # The answer holds a ticket for a socket; it is dropped unread.
        await client.apps_connections_open(app_token=token)
        return "opens Socket Mode connections"

    advice = {
        "not_allowed_token_type": "it is not an app-level token: make one under Basic Information",
        "missing_scope": "it lacks the scope connections:write: make another under Basic Information",
        "invalid_auth": "Slack does not know it: copy it again from Basic Information, App-Level Tokens",
        "forbidden_team": "it belongs to another workspace",
    }
    return await _looked("SLACK_APP_TOKEN", look, advice, fatal=True)


async def _channel(client: AsyncWebClient, name: str, id_: str) -> Finding:
    what = f"{name} {id_}"

    async def look() -> str:
        found: dict[str, Any] = (await client.conversations_info(channel=id_)).get("channel") or {}
        called = f"#{found.get('name') or id_}"
        if found.get("is_archived"):
            raise _Wrong(f"{called} is archived: unarchive it or name another channel")
        if not found.get("is_member"):
            raise _Wrong(f"the app is not in {called}: say /invite @downballot there")
        return f"is {called}, and the app is in it"

    return await _looked(
        what,
        look,
        {
            "channel_not_found": "no such channel, or a private one without the app: "
            "check the id, and say /invite @downballot there"
        },
    )


async def _person(client: AsyncWebClient, id_: str) -> Finding:
    async def look() -> str:
        found: dict[str, Any] = (await client.users_info(user=id_)).get("user") or {}
        if found.get("deleted"):
            raise _Wrong("this account is deactivated: take it out")
        if found.get("is_bot"):
            raise _Wrong("this is a bot: name a person")
        return "is a member of the workspace"

    return await _looked(
        f"STAFF_USER_IDS {id_}", look, {"user_not_found": "nobody has this id: copy it from the profile"}
    )


class _Wrong(Exception):
    """What was looked at exists, and is not as it should be."""


async def _looked(
    what: str, look: Callable[[], Awaitable[str]], advice: dict[str, str], *, fatal: bool = False
) -> Finding:
    try:
        return Finding(what, ok=True, said=await look())
    except _Wrong as wrong:
        return Finding(what, ok=False, said=str(wrong), fatal=fatal)
    except SlackApiError as refusal:
        error = error_code(refusal.response)
        said = advice.get(
            error, "see the scopes above" if error == "missing_scope" else "Slack refuses to say more"
        )
        return Finding(what, ok=False, said=f"{said} ({error})", fatal=fatal)
    except (aiohttp.ClientError, OSError, TimeoutError) as fault:
        return Finding(what, ok=False, said=f"Slack cannot be reached ({type(fault).__name__})", fatal=fatal)
