"""Group commit: requests that arrive together share one transaction; nobody waits for a window."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

I = TypeVar("I")
O = TypeVar("O")


class GroupCommit(Generic[I, O]):
    """Collects items while the last flush runs, then flushes all of them at once.

    `flush` takes the items and answers each in order; it commits before it returns. What it raises, all of the group get.
    """

    def __init__(self, flush: Callable[[list[I]], Awaitable[list[O]]], *, most: int = 200) -> None:
        self._flush = flush
        self._most = most
        self._waiting: list[tuple[I, asyncio.Future[O]]] = []
        self._running: asyncio.Task[None] | None = None

    async def submit(self, item: I) -> O:
        """Hand in an item; returns its outcome once it is committed."""
        future: asyncio.Future[O] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())
        return await asyncio.shield(future)

    async def _run(self) -> None:
        while self._waiting:
            group, self._waiting = (
                self._waiting[: self._most],
                self._waiting[self._most :],
            )
            try:
                outcomes = await self._flush([item for item, _ in group])
            except BaseException as error:
                for _, future in group:
                    if not future.done():
                        future.set_exception(error if isinstance(error, Exception) else RuntimeError("stopped"))
                if not isinstance(error, Exception):
                    raise
                continue
            for (_, future), outcome in zip(group, outcomes, strict=True):
                if not future.done():
                    future.set_result(outcome)
