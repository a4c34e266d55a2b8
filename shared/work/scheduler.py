"""The tick: claims what has come due, hands it to its ring in the same transaction, and sleeps until the next instant."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import orjson

from shared.base import failpoints
from shared.base.telemetry import FIRED
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
    """The loop of one service in one process; several processes share the rows (SKIP LOCKED)."""

    def __init__(self, db: Database, rings: dict[str, DueHandler], stop: asyncio.Event) -> None:
        self._db = db
        self._handlers = rings
        self._stop = stop
        self._bell = db.wakeups.subscribe(db.service, "due")

    async def run(self) -> None:
        """Claim and sleep until stopped; catches up after downtime by itself, as rows are only ever late."""
        failures = 0
        while not self._stop.is_set():
            self._bell.clear()
            try:
                wait = await self.run_once()
                failures = 0
            except Exception as error:
                failures += 1
                wait = backoff(failures)
                if not is_infrastructure_error(error):
                    log.exception("The tick met an error it does not know; it goes on.")
                log.warning(
                    "The tick of %s waits: %s; trying again.",
                    self._db.service,
                    type(error).__name__,
                )
            if wait:
                await sleep_until(self._bell, self._stop, min(wait, MAX_SLEEP))

    async def run_once(self) -> float:
        """One claim; returns how many real seconds to sleep (0: at once again)."""
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
            await dispatch(tx, self._handlers, claimed)
            tx.on_commit(lambda: failpoints.hit("due_committed"))
            return 0.0
        instants = await schedule.next_instants(tx)
        times = self._db.clock.times_at(tx.wall)
        waits = [self._db.clock.seconds_until(at, basis, times) for basis, at in instants.items()]
        return max(MIN_SLEEP, min([MAX_SLEEP, *waits]))

    async def _handle_alone(self, row: ScheduledItem) -> None:
        """One row of a failed batch by itself; parked when it is the one at fault."""
        try:
            await self._db.run(lambda tx: self._claim_one(tx, row))
        except Exception as error:
            if is_infrastructure_error(error):
                raise
            log.warning(
                "A due row of kind %s is parked: %s",
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
        await dispatch(tx, self._handlers, await schedule.claim_by_id(tx, [row.id]))


async def dispatch(tx: Tx, rings: dict[str, DueHandler], rows: list[ScheduledItem]) -> None:
    """Hand claimed rows to their rings, one list for each kind."""
    kinds: dict[str, list[ScheduledItem]] = {}
    for row in rows:
        kinds.setdefault(row.kind, []).append(row)
    for kind, group in kinds.items():
        await rings[kind](tx, group)
        FIRED.labels(tx.service, kind).inc(len(group))


async def replay(tx: Tx, rings: dict[str, DueHandler], body: bytes) -> None:
    """Handle a parked due row once more."""
    row = orjson.loads(body)
    at = datetime.fromisoformat(row["at"])
    await dispatch(
        tx,
        rings,
        [ScheduledItem(row["id"], row["kind"], row["subject"], at, row["basis"], row["data"])],
    )


def _body(row: ScheduledItem) -> bytes:
    fields: dict[str, Any] = {
        "id": row.id,
        "kind": row.kind,
        "subject": row.subject,
        "at": row.at.isoformat(),
        "basis": row.clock,
        "data": row.data,
    }
    return orjson.dumps(fields)
