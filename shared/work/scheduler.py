"""The tick: claims what has come due, hands it to its ring in the same transaction, and sleeps until the next instant."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import orjson

from shared.base import failpoints
from shared.base.telemetry import FIRED
from shared.base.waits import backoff, until
from shared.bus.port import Record
from shared.store.database import Database
from shared.store.failures import ours
from shared.store.tx import Tx
from shared.work import dead_letters, schedule
from shared.work.schedule import Due

log = logging.getLogger(__name__)

Ring = Callable[[Tx, list[Due]], Awaitable[None]]
CAP = 30.0
ELSEWHERE = 0.05


class Ticker:
    """The loop of one service in one process; several processes share the rows (SKIP LOCKED)."""

    def __init__(self, db: Database, rings: dict[str, Ring], stop: asyncio.Event) -> None:
        self._db = db
        self._rings = rings
        self._stop = stop
        self._bell = db.wakes.bell(db.service, "due")

    async def run(self) -> None:
        """Claim and sleep until stopped; catches up after downtime by itself, as rows are only ever late."""
        failures = 0
        while not self._stop.is_set():
            self._bell.clear()
            try:
                wait = await self.round()
                failures = 0
            except Exception as error:
                failures += 1
                wait = backoff(failures)
                if not ours(error):
                    log.exception("The tick met an error it does not know; it goes on.")
                log.warning(
                    "The tick of %s waits: %s; trying again.",
                    self._db.service,
                    type(error).__name__,
                )
            if wait:
                await until(self._bell, self._stop, min(wait, CAP))

    async def round(self) -> float:
        """One claim; returns how many real seconds to sleep (0: at once again)."""
        claimed: list[Due] = []
        try:
            return await self._db.run(lambda tx: self._claimed(tx, claimed))
        except Exception as error:
            if ours(error) or not claimed:
                raise
            for row in claimed:
                await self._alone(row)
            return 0.0

    async def _claimed(self, tx: Tx, claimed: list[Due]) -> float:
        claimed[:] = await schedule.claim(tx)
        if claimed:
            failpoints.reached("due_claimed")
            await ring(tx, self._rings, claimed)
            tx.after(lambda: failpoints.reached("due_committed"))
            return 0.0
        instants = await schedule.next_instants(tx)
        times = self._db.clock.times_at(tx.wall)
        waits = [self._db.clock.seconds_until(at, basis, times) for basis, at in instants.items()]
        return max(ELSEWHERE, min([CAP, *waits]))

    async def _alone(self, row: Due) -> None:
        """One row of a failed batch by itself; parked when it is the one at fault."""
        try:
            await self._db.run(lambda tx: self._one(tx, row))
        except Exception as error:
            if ours(error):
                raise
            log.warning(
                "A due row of kind %s is parked: %s",
                row.kind,
                dead_letters.sentence(error),
                exc_info=error,
                extra={"service": self._db.service, "lead": row.subject},
            )
            async with self._db.transaction() as tx:
                if await schedule.claim_these(tx, [row.id]):
                    record = Record(dead_letters.DUE, row.subject, _body(row), 0, 0)
                    await dead_letters.park(tx, record, event_id=row.id, kind=row.kind, error=error)

    async def _one(self, tx: Tx, row: Due) -> None:
        await ring(tx, self._rings, await schedule.claim_these(tx, [row.id]))


async def ring(tx: Tx, rings: dict[str, Ring], rows: list[Due]) -> None:
    """Hand claimed rows to their rings, one list for each kind."""
    kinds: dict[str, list[Due]] = {}
    for row in rows:
        kinds.setdefault(row.kind, []).append(row)
    for kind, group in kinds.items():
        await rings[kind](tx, group)
        FIRED.labels(tx.service, kind).inc(len(group))


async def again(tx: Tx, rings: dict[str, Ring], body: bytes) -> None:
    """Handle a parked due row once more."""
    row = orjson.loads(body)
    at = datetime.fromisoformat(row["at"])
    await ring(
        tx,
        rings,
        [Due(row["id"], row["kind"], row["subject"], at, row["basis"], row["data"])],
    )


def _body(row: Due) -> bytes:
    fields: dict[str, Any] = {
        "id": row.id,
        "kind": row.kind,
        "subject": row.subject,
        "at": row.at.isoformat(),
        "basis": row.basis,
        "data": row.data,
    }
    return orjson.dumps(fields)
