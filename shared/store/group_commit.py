"""Group commit: requests that arrive while a transaction runs share the next one; no request waits for a timer."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

I = TypeVar("I")
O = TypeVar("O")


class GroupCommit(Generic[I, O]):
    """Collects items while the last flush runs, then flushes all of them at once.

    `flush` takes the items, commits, and returns one outcome per item in their order. An exception of `flush` is raised
    for every item of the group.
    """

    def __init__(self, flush: Callable[[list[I]], Awaitable[list[O]]], *, most: int = 200) -> None:
        self._flush = flush
        self._most = most
        self._waiting: list[tuple[I, asyncio.Future[O]]] = []
        self._running: asyncio.Task[None] | None = None

    async def submit(self, item: I) -> O:
        """Submit an item and return its outcome after the commit."""
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
