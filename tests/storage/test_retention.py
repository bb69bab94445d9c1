from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from community.deliveries import Delivery, Kind, State
from storage.tables import deliveries

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


async def test_payloads_go_after_thirty_days_and_keys_stay(database):
    async with database.transaction() as store:
        for number, (state, age) in enumerate(
            [("sent", 31), ("sent", 29), ("dead", 31), ("parked", 31), ("pending", 31), ("cancelled", 31)]
        ):
            delivery = Delivery(key=f"a:b:{number}", to="C1", payload={"text": "a secret"})
            await store.deliveries.add(delivery, at=NOW - timedelta(days=age))
            await store.connection.execute(
                deliveries.update()
                .where(deliveries.c.key == delivery.key)
                .values(state=state, ended_at=NOW - timedelta(days=age), channel="C1", ts="1.0", hash="abc")
            )
        await store.deliveries.refresh_home("U1", at=NOW)
        await store.connection.execute(
            deliveries.update()
            .where(deliveries.c.kind == Kind.HOME)
            .values(state=State.SENT, ended_at=NOW - timedelta(days=40))
        )
        assert await store.retention.thin(NOW) == 3
        assert await store.retention.thin(NOW) == 0
        kept = dict((await store.connection.execute(select(deliveries.c.key, deliveries.c.payload))).all())
        assert sorted(key for key, payload in kept.items() if payload is None) == ["a:b:0", "a:b:5"]
        assert len(kept) == 6
        thinned = await store.deliveries.find("a:b:0")
        assert (thinned.channel, thinned.ts) == ("C1", "1.0")
        again = Delivery(key="a:b:0", to="C1", payload={"text": "a secret"})
        assert await store.deliveries.add(again, at=NOW) == 0
