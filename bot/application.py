"""The composition root: the one place where everything is introduced to everything else."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial

import aiohttp
import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.listener.async_listener_error_handler import AsyncListenerErrorHandler
from slack_bolt.logger.messages import warning_client_prioritized_and_token_skipped
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot import logs
from bot.races import Races, by_key
from bot.refusals import StartRefused
from bot.settings import Settings
from community.announcements_book import Rules
from community.announcements_times import Speed
from community.clock import Clock, SystemClock
from community.hours import Hours, read_dates, read_days, read_hours, read_spans
from community.members import Role
from community.mentoring_requests import Policy
from community.notices import Places
from community.races import RaceSource
from community.slack_errors import error_code
from handlers import (
    announcements,
    announcements_desk,
    conversations,
    deliveries,
    events,
    events_desk,
    home,
    journeys,
    journeys_desk,
    members,
    mentoring,
    races,
    races_details,
    races_list,
    races_saved,
    races_share,
    strangers,
)
from handlers.listening import House, Listening
from handlers.races_finding import Finder
from scheduler import announcements as announcements_scheduler
from scheduler import conversations as conversations_scheduler
from scheduler import deliveries as deliveries_scheduler
from scheduler import events as events_scheduler
from scheduler import home as home_scheduler
from scheduler import journeys as journeys_scheduler
from scheduler import members as members_scheduler
from scheduler import mentoring as mentoring_scheduler
from scheduler import races as races_scheduler
from scheduler import races_refresh
from scheduler.following import Follower
from scheduler.jobs import Job, Jobs
from scheduler.lease import Leadership
from scheduler.outbox import Outbox
from scheduler.pacing import Pace
from scheduler.rendering import Scene
from storage import restoring, schema
from storage.database import Database

ANSWER_WITHIN = 12.0
"""Seconds that a call to Slack beside the outbox may take: nothing that Slack waits for waits for these."""

log = structlog.get_logger(__name__)


def _not_of_the_token(record: logging.LogRecord) -> bool:
    return record.getMessage() != warning_client_prioritized_and_token_skipped()


class LoggedAlready(AsyncListenerErrorHandler):
    """Bolt's own handler would log a listener's fault a second time.

    The guard around every listener has logged it (handlers/listening.py); the request is answered with 500.
    What no listener knows (`app_rate_limited`, whatever Slack invents next) is acknowledged: Bolt's 404 would
    make Slack repeat it, and Bolt's warning would hold what was typed.
    """

    async def handle(
        self, error: Exception, request: AsyncBoltRequest, response: BoltResponse | None
    ) -> None:
        """Say nothing more."""
        if isinstance(error, BoltUnhandledRequestError) and response is not None:
            log.info("nothing listens to this", type=str(request.body.get("type") or "")[:80])
            response.status, response.body = 200, ""
            response.headers = {"content-type": ["text/plain"]}


class Application:
    """The app, without the way in: listeners, outbox, jobs, and the database they share."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock | None = None,
        pace: Pace | None = None,
        finder: Finder | None = None,
        race_sources: Mapping[str, RaceSource] | None = None,
        observe: Callable[[str, float], None] = lambda _listener, _seconds: None,
    ) -> None:
        logs.be_careful()
        self.settings = settings
        self.clock = clock or SystemClock()
        self.database = Database.at(settings.database_url)
        self.races = Races(settings, self.database, self.clock)
        self.places = Places(
            mentors=settings.mentor_channel,
            staff=settings.staff_channel,
            community=settings.community_channel or "",
            wins=settings.wins_channel or "",
        )
        self.policy = policy_of(settings)
        self.scene = Scene(
            clock=self.clock,
            zone=settings.time_zone,
            median_over=self.policy.median_over,
            wins=self.places.wins,
        )
        self.announcing = Rules(settings.announcement_approval, Speed(most=settings.posts_per_minute))
        self.house = House(
            database=self.database,
            clock=self.clock,
            places=self.places,
            policy=self.policy,
            zone=settings.time_zone,
            finder=finder or self.races.finder,
            announcing=self.announcing,
            observe=observe,
        )
        self.race_sources = race_sources or by_key(self.races.sources)
        self._installed: AuthorizeResult | None = None
        self.bolt = self._make_bolt()
        self.listening = Listening(self.bolt, self.house)
        for feature in (
            mentoring,
            members,
            journeys,
            journeys_desk,
            races,
            races_list,
            races_details,
            races_share,
            races_saved,
            events,
            events_desk,
            announcements,
            announcements_desk,
            home,
            deliveries,
            conversations,
            strangers,
        ):
            feature.register(self.listening)
        self.leadership = Leadership(self.database, self.clock)
        self.outbox = Outbox(
            self.database,
            self._client(),
            self.clock,
            renderers={
                **mentoring_scheduler.renderers(self.scene),
                **members_scheduler.renderers(),
                **deliveries_scheduler.renderers(),
                **journeys_scheduler.renderers(),
                **races_scheduler.renderers(self.clock, self.places),
                **events_scheduler.renderers(self.scene, settings.organisation_name),
                **home_scheduler.renderers(self.scene),
                **announcements_scheduler.renderers(self.scene, self.announcing),
            },
            outcomes={
                **conversations_scheduler.outcomes(),
                **deliveries_scheduler.outcomes(self.clock, self.places),
                **mentoring_scheduler.outcomes(self.clock, self.policy, self.places),
                **journeys_scheduler.outcomes(self.clock),
                **events_scheduler.outcomes(),
            },
            leadership=self.leadership,
            pace=pace or Pace(ceiling=settings.posts_per_minute),
            after_people=self.house.rush.over,
        )
        self.follower = Follower(
            self.database,
            self.clock,
            mentoring_scheduler.follower(self.clock, self.policy, self.places),
            leadership=self.leadership,
            after_people=self.house.rush.over,
        )
        self.jobs = Jobs(self._jobs(), leading=lambda: self.leadership.leading)
        self._session: aiohttp.ClientSession | None = None

    def _jobs(self) -> list[Job]:
        sync = partial(
            members_scheduler.sync_members,
            self.database,
            self.bolt.client,
            self.clock,
            sleep=self._rest,
        )
        strangers = partial(members_scheduler.learn_strangers, self.database, self.bolt.client, self.clock)
        admit = partial(journeys_scheduler.admit_waiting, self.database, self.clock)
        follow = partial(journeys_scheduler.follow_people, self.database, self.clock)
        lessons = partial(journeys_scheduler.send_due_lessons, self.database, self.clock)
        count_down = partial(races_scheduler.count_down, self.database, self.clock)
        follow_savers = partial(races_scheduler.follow_people, self.database, self.clock)
        refresh = partial(
            races_refresh.refresh_saved,
            self.database,
            self.clock,
            self.race_sources,
            self.settings.time_zone,
        )
        turn = partial(events_scheduler.turn_cards, self.database, self.clock)
        seats = partial(events_scheduler.follow_people, self.database, self.clock)
        announced = partial(announcements_scheduler.follow, self.database, self.clock)
        report = partial(deliveries_scheduler.report_trouble, self.database, self.clock, self.places)
        return [
            Job("deliveries.report_trouble", timedelta(seconds=30), report, at_start=True),
            Job("mentoring.tend_requests", timedelta(seconds=30), self._tend_requests, at_start=True),
            Job("members.learn_strangers", timedelta(minutes=1), strangers),
            Job("members.sync", timedelta(hours=1), sync, at_start=True),
            Job("journeys.admit_waiting", timedelta(minutes=1), admit),
            Job("journeys.follow_people", timedelta(hours=1), follow, at_start=True),
            Job("journeys.send_due_lessons", timedelta(seconds=20), lessons, at_start=True),
            Job("events.turn_cards", timedelta(seconds=20), turn, at_start=True),
            Job("events.follow_people", timedelta(minutes=1), seats, at_start=True),
            Job("announcements.follow", announcements_scheduler.EVERY, announced, at_start=True),
            Job("seen.forget", timedelta(hours=6), self._forget_seen),
            Job("races.count_down", timedelta(seconds=20), count_down, at_start=True),
            Job("races.follow_people", timedelta(hours=1), follow_savers, at_start=True),
            Job("races.refresh_saved", timedelta(minutes=5), refresh),
            Job("races.forget_lookups", timedelta(hours=1), self._forget_lookups),
            Job("deliveries.thin", timedelta(hours=1), self._thin_deliveries),
        ]

    async def _tend_requests(self) -> None:
        # Whom a new question is offered to follows from the question; time is looked after once that is done.
        await self.follower.drain()
        await mentoring_scheduler.tend_requests(self.database, self.clock, self.policy, self.places)

    async def _rest(self, seconds: float) -> None:
        await self.jobs.rest(seconds)

    def _client(self) -> AsyncWebClient:
        # The SDK's default handlers send a post again whose connection dropped after Slack had taken it.
        return AsyncWebClient(
            token=self.settings.slack_bot_token.get_secret_value(),
            base_url=self.settings.slack_api_url,
            retry_handlers=[],
            timeout=int(ANSWER_WITHIN),
        )

    def _make_bolt(self) -> AsyncApp:
        secret = self.settings.slack_signing_secret
        client = self._client()

        async def authorize() -> AuthorizeResult:
            """Say who the app is: whom auth.test named at the start."""
            return self._installed or await self._introduce()

        logger = logging.getLogger("slack_bolt.app")
        # All of Bolt takes its level from here; at INFO it writes down whole bodies whose signature is bad.
        logger.setLevel(logging.WARNING)
        # Bolt warns of a token beside `authorize`; the client gets it back below. The one in the environment
        # it takes for one that it was given beside the client, and warns of that at every start.
        token, client.token = client.token, None
        logger.addFilter(_not_of_the_token)
        bolt = AsyncApp(
            name="downballot",
            client=client,
            # Without this Bolt calls auth.test at the first request, and answers 200 with nothing done when
            # that very call fails; and SLACK_CLIENT_ID with SLACK_CLIENT_SECRET in the environment would make
            # it look for installations in files.
            authorize=authorize,
            raise_error_for_unhandled_request=True,
            # Socket Mode carries no signatures; there an empty secret refuses every plain HTTP request.
            signing_secret=secret.get_secret_value() if secret else "",
            # Acknowledged means kept: Slack has its answer when the listener has committed, not before.
            process_before_response=True,
            logger=logger,
        )
        logger.removeFilter(_not_of_the_token)
        client.token = token
        bolt.listener_runner.listener_error_handler = LoggedAlready()
        return bolt

    async def _introduce(self) -> AuthorizeResult:
        identity = await self.bolt.client.auth_test()
        self.scene.team = identity.get("team_id") or ""
        self.outbox.known_as(identity.get("user_id") or "", identity.get("bot_id") or "")
        self._installed = AuthorizeResult(
            enterprise_id=identity.get("enterprise_id"),
            team_id=identity.get("team_id"),
            bot_token=self.bolt.client.token,
            bot_user_id=identity.get("user_id"),
            bot_id=identity.get("bot_id"),
        )
        return self._installed

    async def start(self) -> None:
        """Check the schema and Slack, then start what runs in the background. Takes nothing in yet.

        Raises StartRefused with a sentence that says what to do.
        """
        started = time.monotonic()
        try:
            await schema.check(self.database)
        except schema.SchemaMismatch as mismatch:
            raise StartRefused(str(mismatch)) from None
        held = await restoring.settle_copy(self.database, self.clock.now())
        if held is not None:
            log.warning("this database is a restored copy", deliveries_to_read_back=held)
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_WITHIN))
        self.bolt.client.session = self._session
        try:
            await self._introduce()
        except SlackApiError as fault:
            raise StartRefused(
                f"Slack refuses the bot token ({error_code(fault.response)}): `downballot doctor` says more."
            ) from None
        except (aiohttp.ClientError, TimeoutError):
            raise StartRefused(
                f"Slack does not answer at {self.settings.slack_api_url}: check the network and try again."
            ) from None
        async with self.database.transaction() as store:
            for user in self.settings.staff_user_ids:
                await store.members.add_roles(user, Role.STAFF, at=self.clock.now())
        await self.leadership.start()
        await self.follower.start()
        await self.outbox.start()
        self.jobs.start()
        self.house.errands.start(self.jobs.run_first(), what="first look")
        self.races.start()
        log.info("started", seconds=round(time.monotonic() - started, 3))

    async def stop(self, grace: float = 20.0) -> None:
        """End what runs in the background, within `grace` seconds, and let go of everything."""
        end = time.monotonic() + grace
        await self.jobs.stop(grace)
        await self.house.errands.finish(max(0.0, end - time.monotonic()))
        await self.follower.stop()
        await self.outbox.stop()
        await self.leadership.stop()
        await self.races.close()
        if self._session is not None:
            await self._session.close()
            self._session = None
        await self.database.close()

    async def catch_up(self) -> None:
        """Do all that is due by now: every job once, and every delivery that is due (tests, demo)."""
        await self.jobs.run_all()
        await self.settle()

    async def settle(self) -> None:
        """Work out what follows from all that was kept by now, and send what is due through it."""
        await self.follower.drain()
        await self.outbox.drain()

    async def _forget_seen(self) -> None:
        async with self.database.transaction() as store:
            await store.seen.forget(self.clock.now())

    async def _forget_lookups(self) -> None:
        async with self.database.transaction() as store:
            await store.races_lookups.forget(self.clock.now())

    async def _thin_deliveries(self) -> None:
        # A thousand at a time, so that nobody who writes waits for long.
        forgotten = 1
        while forgotten:
            async with self.database.transaction() as store:
                forgotten = await store.retention.thin(self.clock.now())


def policy_of(settings: Settings) -> Policy:
    """Give the rules of mentoring what the settings say."""
    opens, closes = read_hours(settings.work_hours)
    return Policy(
        hours=Hours(
            days=read_days(settings.work_days),
            opens=opens,
            closes=closes,
            holidays=settings.work_holidays,
            free=read_dates(settings.quiet_days),
        ),
        zone=settings.work_zone,
        filing_weeks=read_spans(settings.filing_weeks),
        first_wave=settings.first_wave,
        answer_target=timedelta(hours=settings.answer_target_hours),
    )
