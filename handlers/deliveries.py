"""What staff does about deliveries that did not arrive."""

from __future__ import annotations

from slack_bolt.async_app import AsyncAck

from community.clock import Clock
from community.deliveries import news_of
from community.notices import Notices
from community.refusals import NotFound
from handlers.listening import Listening, May, Work
from handlers.payloads import Json
from messages import deliveries as words


def register(listen: Listening) -> None:
    """Hear "Send again" and "It arrived"."""
    listen.action(words.SEND_AGAIN, sent_again, may=May.STAFF)
    listen.action(words.ARRIVED, saw_it_arrive, may=May.STAFF)


async def sent_again(ack: AsyncAck, action: Json, work: Work, clock: Clock) -> None:
    """Staff pressed "Send again"."""
    await _settle(work, str(action.get("value") or ""), clock, arrived=False)
    await ack()


async def saw_it_arrive(ack: AsyncAck, action: Json, work: Work, clock: Clock) -> None:
    """Staff looked, and pressed "It arrived"."""
    await _settle(work, str(action.get("value") or ""), clock, arrived=True)
    await ack()


async def _settle(work: Work, key: str, clock: Clock, *, arrived: bool) -> None:
    async with work() as store:
        at = clock.now()
        one = await store.deliveries.find(key)
        if one is None:
            raise NotFound
        settle = store.deliveries.arrived if arrived else store.deliveries.send_again
        # Settled by somebody else meanwhile: nothing is left to do, and the card shows it.
        await settle(key, at)
        staff = [member.id for member in await store.members.staff()]
        await store.deliveries.refresh(*news_of(one, one.told, staff), at=at)
        await store.tell(Notices(homes=frozenset(staff)), at=at)
