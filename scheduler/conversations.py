"""What becomes of the answers to those who write to the app: the words that went with one are forgotten."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from community.deliveries import Landed
from messages import conversations as words
from storage.store import Store


def outcomes() -> dict[str, Callable[[Store, Landed], Awaitable[None]]]:
    """Give what happens when an answer has arrived, in the transaction that says so."""

    async def arrived(store: Store, landed: Landed) -> None:
        if landed.sent:
            await store.retention.forget(landed.key)

    return {words.REPLY: arrived}
