"""The scheduler: claims due items, passes them to their handlers in the same transaction, and sleeps until the next."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import orjson

from shared.base import failpoints
from shared.base.telemetry import ITEMS_HANDLED
from shared.base.waits import backoff, sleep_until
from shared.bus.port import Record
from shared.store.database import Database
from shared.store.failures import is_infrastructure_error
from shared.store.tx import Tx
from shared.work import dead_letters, schedule
from shared.work.schedule import ScheduledItem

log = logging.getLogger(__name__)

DueHandler = Callable[[Tx, list[ScheduledItem]], Awaitable[None]]
MAX_SLEEP = 30.0
MIN_SLEEP = 0.05


class Scheduler:
    """The scheduler loop of one service in one process; several processes share the items (SKIP LOCKED)."""

    def __init__(self, db: Database, handlers: dict[str, DueHandler], stop: asyncio.Event) -> None:
        self._db = db
        self._handlers = handlers
        self._stop = stop
        self._wakeup = db.wakeups.subscribe(db.service, "due")

    async def run(self) -> None:
        """Claim and sleep until stopped. After downtime, overdue items are claimed first."""
        failures = 0
        while not self._stop.is_set():
            self._wakeup.clear()
            try:
                wait = await self.run_once()
                failures = 0
            except Exception as error:
                failures += 1
                wait = backoff(failures)
                if not is_infrastructure_error(error):
                    log.exception("The scheduler met an unexpected error; it tries again.")
                log.warning(
                    "The scheduler of %s failed (%s); trying again.",
                    self._db.service,
                    type(error).__name__,
                )
            if wait:
                await sleep_until(self._wakeup, self._stop, min(wait, MAX_SLEEP))

    async def run_once(self) -> float:
        """Claim and handle one batch; return the real seconds to sleep before the next claim (0 after a batch)."""
        claimed: list[ScheduledItem] = []
        try:
            return await self._db.run(lambda tx: self._claim_and_dispatch(tx, claimed))
        except Exception as error:
            if is_infrastructure_error(error) or not claimed:
                raise
            for row in claimed:
                await self._handle_alone(row)
            return 0.0

    async def _claim_and_dispatch(self, tx: Tx, claimed: list[ScheduledItem]) -> float:
        claimed[:] = await schedule.claim(tx)
        if claimed:
            failpoints.hit("due_claimed")
            await dispatch_items(tx, self._handlers, claimed)
            tx.on_commit(lambda: failpoints.hit("due_committed"))
            return 0.0
        instants = await schedule.next_instants(tx)
        times = self._db.clock.times_at(tx.wall)
        waits = [self._db.clock.seconds_until(at, clock, times) for clock, at in instants.items()]
        return max(MIN_SLEEP, min([MAX_SLEEP, *waits]))

    async def _handle_alone(self, row: ScheduledItem) -> None:
        """Handle one item of a failed batch alone; when it fails again, it becomes a dead letter."""
        try:
            await self._db.run(lambda tx: self._claim_one(tx, row))
        except Exception as error:
            if is_infrastructure_error(error):
                raise
            log.warning(
                "A scheduled item of kind %s became a dead letter: %s",
                row.kind,
                dead_letters.reason_of(error),
                exc_info=error,
                extra={"service": self._db.service, "lead": row.subject},
            )
            async with self._db.transaction() as tx:
                if await schedule.claim_by_id(tx, [row.id]):
                    record = Record(dead_letters.SCHEDULED, row.subject, _body(row), 0, 0)
                    await dead_letters.add(tx, record, event_id=row.id, kind=row.kind, error=error)

    async def _claim_one(self, tx: Tx, row: ScheduledItem) -> None:
        await dispatch_items(tx, self._handlers, await schedule.claim_by_id(tx, [row.id]))


async def dispatch_items(tx: Tx, handlers: dict[str, DueHandler], items: list[ScheduledItem]) -> None:
    """Pass claimed items to their handlers, one list per kind."""
    kinds: dict[str, list[ScheduledItem]] = {}
    for row in items:
        kinds.setdefault(row.kind, []).append(row)
    for kind, group in kinds.items():
        await handlers[kind](tx, group)
        ITEMS_HANDLED.labels(tx.service, kind).inc(len(group))


async def replay_item(tx: Tx, handlers: dict[str, DueHandler], body: bytes) -> None:
    """Handle again a scheduled item that became a dead letter."""
    row = orjson.loads(body)
    at = datetime.fromisoformat(row["at"])
    await dispatch_items(
        tx,
        handlers,
        [ScheduledItem(row["id"], row["kind"], row["subject"], at, row["clock"], row["data"])],
    )


def _body(row: ScheduledItem) -> bytes:
    fields: dict[str, Any] = {
        "id": row.id,
        "kind": row.kind,
        "subject": row.subject,
        "at": row.at.isoformat(),
        "clock": row.clock,
        "data": row.data,
    }
    return orjson.dumps(fields)
