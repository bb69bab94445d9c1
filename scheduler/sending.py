"""Sends one reserved delivery: mark it, write it, judge the answer."""

from __future__ import annotations

import json
import logging
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from community.deliveries import (
    EVENT_TYPE,
    FIRST_LOOK,
    LONGEST_TEXT,
    MOST_ATTEMPTS,
    MOST_UNANSWERED,
    READ_BACK,
    WRITE_WITHIN,
    Delivery,
    Kind,
    Owed,
    State,
    Verdict,
    back_off,
    digest,
    pieces,
)
from scheduler.pacing import METHODS
from scheduler.wire import NoAnswer
from storage.deliveries import parts_of
from storage.failpoints import failpoint
from storage.store import Store

if TYPE_CHECKING:
    from datetime import datetime

    from community.clock import Clock
    from scheduler.breaker import Breaker
    from scheduler.endings import Endings
    from scheduler.lease import Leadership
    from scheduler.pacing import Pace
    from scheduler.wire import Wire
    from storage.database import Database

log = logging.getLogger(__name__)

Renderer = Callable[[Store, Mapping[str, Any]], Awaitable[Mapping[str, Any] | None]]
"""Makes the payload from the facts `about`; None when there is nothing to say any more."""

_MOST_RENDERINGS = 5
_CONNECT_WITHIN = timedelta(seconds=6)
_MOST_COLLISIONS = 3
_NAMESPACE = uuid.UUID("7d0e6a0e-5f0b-5b0e-9d55-0b0d7f0c6a11")


class _NotRendered(Exception):
    """A renderer failed; the fault is its cause."""


@dataclass(frozen=True, slots=True)
class _Ready:
    """A delivery that is marked, with all that the request needs; `deadline` in monotonic seconds."""

    one: Owed
    payload: Mapping[str, Any]
    channel: str
    ts: str | None
    marked_at: float


class Sender:
    """Carries single deliveries through the protocol; several at once, never two of one line."""

    def __init__(
        self,
        database: Database,
        wire: Wire,
        clock: Clock,
        renderers: Mapping[str, Renderer],
        endings: Endings,
        pace: Pace,
        breaker: Breaker,
        *,
        owner: str,
        leadership: Leadership | None = None,
        client_msg_id: bool = False,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._wire = wire
        self._clock = clock
        self._renderers = renderers
        self._endings = endings
        self._pace = pace
        self._breaker = breaker
        self._owner = owner
        self._leadership = leadership
        self._client_msg_id = client_msg_id
        self._monotonic = monotonic
        self.anchor: str | None = None
        """The ts of the newest message that Slack has confirmed."""
        self.locked_out: str | None = None
        """Slack's error, when it refuses the app's token: nothing is sent until it takes it again."""

    async def send(self, reserved: Owed) -> None:
        """Send one reserved delivery, or give it back; whatever happens, its row says what is known."""
        failpoint("outbox.reserved")
        try:
            ready = await self._mark(reserved)
        except _NotRendered as fault:
            await self._not_rendered(reserved, fault.__cause__)
            return
        if ready is None:
            return
        failpoint("outbox.marked")
        try:
            if self._too_late(ready.marked_at):
                raise NoAnswer(Verdict.LIMITED, "too_late", "")  # noqa: TRY301 - judged with the others
            failpoint("outbox.before_write")
            channel, ts = await self._write(ready)
        except NoAnswer as fault:
            failpoint("outbox.answered")
            await self._judge(ready.one, fault)
            return
        failpoint("outbox.answered")
        self._breaker.clear(METHODS[ready.one.kind])
        await self._endings.land(ready.one, channel=channel, ts=ts, hash=digest(ready.payload))

    def _too_late(self, marked_at: float) -> bool:
        """A process that was frozen after its mark, or lost its lease, must not write any more."""
        if self._leadership is not None and not self._leadership.leading:
            return True
        return self._monotonic() - marked_at > WRITE_WITHIN.total_seconds()

    # Mark

    async def _mark(self, reserved: Owed) -> _Ready | None:
        async with self._database.transaction() as store:
            if reserved.kind is Kind.UPDATE:
                await store.outgoing.hold(reserved)
            # Taken inside the transaction: the wait for the one writing connection is no delay of the write.
            # Another process's lock on SQLite is waited for later, and can only make us give the write up.
            at, marked_at = self._clock.now(), self._monotonic()
            lease = self._leadership.name if self._leadership is not None else None
            one = await store.outgoing.mark(reserved.id, self._owner, at, anchor=self.anchor, lease=lease)
            if one is None:
                await store.outgoing.release([reserved.id], self._owner)
                return None
            if one.expires_at is not None and one.expires_at <= at:
                await store.outgoing.dropped(one, at, State.EXPIRED, None)
                return None
            before = await store.outgoing.conversation(one)
            # Rendered after the mark: whoever changes the facts from now on sees that an update is needed.
            payload = await self._payload(store, one)
            if payload is None:
                await store.outgoing.dropped(one, at, State.CANCELLED, "nothing_to_say")
                return None
            payload = await self._shorten(store, one, payload, at)
            if one.kind is Kind.UPDATE and before is not None:
                if before.hash == digest(payload):
                    # The card shows this already: Slack permits few updates, so none is spent on nothing.
                    await store.outgoing.dropped(one, at, State.CANCELLED, "unchanged")
                    return None
                await store.outgoing.showing(one, None)
            if one.render is not None and payload.get("thread_ts"):
                await store.outgoing.keep_thread(one, payload["thread_ts"])
            failpoint("outbox.rendered")
        channel, ts = one.to, None
        if before is not None and (not one.to or one.kind in {Kind.UPDATE, Kind.DELETE}):
            channel, ts = before.channel or "", before.ts
        return _Ready(one, payload, channel, ts, marked_at)

    async def _payload(self, store: Store, one: Owed) -> Mapping[str, Any] | None:
        if one.render is None:
            return one.payload or {}
        try:
            return await self._renderers[one.render](store, one.about)
        except Exception as fault:
            raise _NotRendered from fault

    async def _shorten(
        self, store: Store, one: Owed, payload: Mapping[str, Any], at: datetime
    ) -> Mapping[str, Any]:
        """Cut off what Slack would make further messages of, and owe it under keys of its own."""
        text = str(payload.get("text", ""))
        if one.kind not in {Kind.POST, Kind.UPDATE} or len(text) <= LONGEST_TEXT:
            return payload
        if payload.get("blocks") or one.kind is Kind.UPDATE:
            # Beside blocks the text is only what a notification shows.
            return {**payload, "text": text[: LONGEST_TEXT - 1] + "…"}
        whole = Delivery(
            key=one.key,
            to=one.to,
            payload=payload,
            after=one.after,
            due_at=one.due_at,
            expires_at=one.expires_at,
            lane=one.lane,
        )
        first, *others = parts_of(whole, pieces(text))
        await store.outgoing.follow_up(others, at)
        return first.payload or {}

    async def _not_rendered(self, reserved: Owed, fault: BaseException | None) -> None:
        """A renderer failed: try again later, and in the end show it to the staff."""
        log.error("delivery %s: %s cannot be rendered", reserved.key, reserved.render, exc_info=fault)
        async with self._database.transaction() as store:
            at = self._clock.now()
            one = await store.outgoing.mark(reserved.id, self._owner, at, anchor=self.anchor, lease=None)
            if one is None:
                return
            if one.attempts < _MOST_RENDERINGS:
                await store.outgoing.put_back(one, at, due_at=at + back_off(one.attempts))
                return
        await self._endings.refuse(one, f"render:{type(fault).__name__}")

    # Write

    async def _write(self, ready: _Ready) -> tuple[str | None, str | None]:
        """Call Slack; the conversation and the ts that came of it. Raises NoAnswer."""
        one, payload = ready.one, ready.payload
        method = METHODS[one.kind]
        # The write itself may wait for a connection, but not so long that a read-back could miss it.
        self._wire.not_after(
            self._monotonic, ready.marked_at + (WRITE_WITHIN + _CONNECT_WITHIN).total_seconds()
        )
        match one.kind:
            case Kind.POST:
                answer = await self._wire.call(method, json=self._post(ready), kind=one.kind)
                self.anchor = answer.data["ts"]
                return answer.data["channel"], answer.data["ts"]
            case Kind.UPDATE | Kind.DELETE:
                if ready.ts is None:
                    raise NoAnswer(Verdict.REFUSED, "no_message", method)
                where = {"channel": ready.channel, "ts": ready.ts}
                await self._wire.call(method, json={**payload, **where}, kind=one.kind)
                return ready.channel, ready.ts
            case Kind.HOME:
                await self._wire.call(
                    method, json={"user_id": one.to, "view": payload["view"]}, kind=one.kind
                )
                return None, None
            case Kind.OPEN:
                answer = await self._wire.call(method, json={"users": one.to}, kind=one.kind)
                return answer.data["channel"]["id"], None
            case Kind.INVITE:
                await self._wire.call(method, json={**payload, "channel": ready.channel}, kind=one.kind)
                return ready.channel, None
            case Kind.FILE:
                return await self._share(ready)

    def _post(self, ready: _Ready) -> dict[str, Any]:
        one = ready.one
        request: dict[str, Any] = {
            "unfurl_links": False,
            "unfurl_media": False,
            **ready.payload,
            "channel": ready.channel,
            "metadata": {"event_type": EVENT_TYPE, "event_payload": {"id": one.opaque}},
        }
        if self._client_msg_id:
            request["client_msg_id"] = str(uuid.uuid5(_NAMESPACE, one.opaque))
        return request

    async def _share(self, ready: _Ready) -> tuple[str, None]:
        """Upload first, keep the file's id, then share it: only the last step can be seen by anybody."""
        one, payload, channel = ready.one, ready.payload, ready.channel
        try:
            file = await self._wire.upload(payload)
            if channel.startswith(("U", "W")):
                opened = await self._wire.call("conversations.open", json={"users": channel}, kind=Kind.OPEN)
                channel = str(opened.data["channel"]["id"])
        except NoAnswer as fault:
            if fault.meaning is Verdict.UNCLEAR:
                raise NoAnswer(Verdict.UNREACHED, fault.error, fault.method) from fault
            raise
        async with self._database.transaction() as store:
            await store.outgoing.keep_file(one, file)
        failpoint("outbox.file_uploaded")
        if self._leadership is not None and not self._leadership.leading:
            raise NoAnswer(Verdict.LIMITED, "too_late", "")
        request = {
            "files": json.dumps([{"id": file, "title": payload.get("title", payload["filename"])}]),
            "channel_id": channel,
        }
        for name in ("initial_comment", "thread_ts"):
            if payload.get(name):
                request[name] = payload[name]
        self._wire.not_after(None, 0.0)
        try:
            await self._wire.call(METHODS[Kind.FILE], json=request, kind=Kind.FILE)
        except NoAnswer as fault:
            if fault.meaning is Verdict.UNCLEAR:
                raise _Shared(fault) from fault
            raise
        return channel, None

    # Judge

    async def _judge(self, one: Owed, fault: NoAnswer) -> None:
        """Write down what a call that did not succeed means."""
        method = METHODS[one.kind]
        if fault.meaning is Verdict.LOCKED_OUT and not await self._locked_out(fault.error):
            fault = NoAnswer(Verdict.REFUSED, fault.error, fault.method)
        match fault.meaning:
            case Verdict.REFUSED | Verdict.LATER:
                self._breaker.clear(method)
                again = fault.meaning is Verdict.LATER and one.attempts < MOST_UNANSWERED
                await (self._put_back(one, wait=True) if again else self._endings.refuse(one, fault.error))
            case Verdict.DONE:
                self._breaker.clear(method)
                await self._endings.land(one, channel=one.channel, ts=None)
            case Verdict.LIMITED:
                if fault.method:
                    self._breaker.clear(method)
                    self._pace.limited(fault.method, fault.seconds)
                    self._pace.close(method, fault.seconds)
                await self._put_back(one, uncounted=True)
            case Verdict.LOCKED_OUT:
                await self._put_back(one, uncounted=True)
            case Verdict.UNREACHED:
                self._breaker.unclear(method, unreached=True)
                if fault.error.startswith("http_") and one.attempts >= MOST_ATTEMPTS:
                    await self._endings.refuse(one, fault.error)
                else:
                    await self._put_back(one, uncounted=not fault.error.startswith("http_"))
            case Verdict.UNCLEAR:
                self._breaker.unclear(method)
                await self._unclear(one, fault)

    async def _unclear(self, one: Owed, fault: NoAnswer) -> None:
        """It may have happened: what would show twice is looked up, everything else is done again."""
        at = self._clock.now()
        if one.kind in READ_BACK and (one.kind is not Kind.FILE or isinstance(fault, _Shared)):
            async with self._database.transaction() as store:
                await store.outgoing.unclear(one, at + FIRST_LOOK, fault.error)
        elif one.attempts >= MOST_UNANSWERED:
            await self._endings.refuse(one, fault.error)
        else:
            await self._put_back(one, wait=True)

    async def _put_back(self, one: Owed, *, uncounted: bool = False, wait: bool = False) -> None:
        at = self._clock.now()
        due_at = at + back_off(one.attempts) if wait else None
        for attempt in range(_MOST_COLLISIONS):
            try:
                async with self._database.transaction() as store:
                    await store.outgoing.put_back(one, at, due_at=due_at, uncounted=uncounted)
            except Exception:
                # A newer one of the same card or person was added at this very moment: now it can be seen.
                if attempt == _MOST_COLLISIONS - 1:
                    raise
            else:
                return

    async def _locked_out(self, error: str) -> bool:
        """Whether it is the app that is locked out, and not only this one delivery that is refused."""
        if await self.admitted():
            return False
        if self.locked_out is None:
            self.locked_out = error
            log.critical("Slack refuses the app's token (%s): nothing is sent until it is mended", error)
        return True

    async def admitted(self) -> bool:
        """Whether Slack says that the token is good; False also when it does not say."""
        self._wire.not_after(None, 0.0)
        try:
            await self._wire.call("auth.test")
        except NoAnswer:
            return False
        self.locked_out = None
        return True

    async def reachable(self) -> bool:
        """Whether Slack answers at all."""
        self._wire.not_after(None, 0.0)
        try:
            await self._wire.call("auth.test")
        except NoAnswer as fault:
            return fault.meaning not in {Verdict.UNCLEAR, Verdict.UNREACHED}
        return True


class _Shared(NoAnswer):
    """The last step of a file was unclear: it may be seen."""

    def __init__(self, fault: NoAnswer) -> None:
        super().__init__(fault.meaning, fault.error, fault.method, fault.seconds)
