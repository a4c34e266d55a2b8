"""The relay: posts outbox rows to the bus, in order for each key, and deletes those that the bus has stored."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import bindparam, text

from shared.base import failpoints
from shared.base.telemetry import RELAYED
from shared.base.waits import backoff, sleep_until
from shared.bus.port import Bus, Outgoing
from shared.store.database import Database
from shared.store.failures import is_infrastructure_error
from shared.store.kernel_tables import SHARDS
from shared.work.shard_leases import ShardLeases

log = logging.getLogger(__name__)
BATCH = 1000
MAX_SLEEP = 30.0


class Relay:
    """The relay loop of one service in one process. On PostgreSQL it posts only the shards that its session owns."""

    def __init__(self, db: Database, bus: Bus, leases: ShardLeases | None, stop: asyncio.Event) -> None:
        self._db = db
        self._bus = bus
        self._leases = leases
        self._stop = stop
        self._wakeup = db.wakeups.subscribe(db.service, "outbox")

    async def run(self) -> None:
        """Post until stopped. Failed records are retried with back-off until the bus stores them."""
        failures = 0
        while not self._stop.is_set():
            self._wakeup.clear()
            try:
                sent, failed = await self._post_batch()
            except Exception as error:
                if not is_infrastructure_error(error):
                    log.exception("The relay met an error it does not know; it goes on.")
                sent, failed = 0, 1
            failures = failures + 1 if failed else 0
            if failed:
                await sleep_until(None, self._stop, backoff(failures, most=5.0))
            elif sent < BATCH:
                await sleep_until(self._wakeup, self._stop, MAX_SLEEP)

    async def drain(self) -> None:
        """Post the remaining rows at a graceful stop; end at the first failure."""
        sent, failed = await self._post_batch()
        while sent == BATCH and not failed:
            sent, failed = await self._post_batch()

    async def _post_batch(self) -> tuple[int, int]:
        shards = self._leases.owned() if self._leases else tuple(range(SHARDS))
        if not shards:
            return 0, 0
        async with self._db.reading() as tx:
            rows = (await tx.conn.execute(_UNSENT, {"shards": list(shards), "limit": BATCH})).all()
        if not rows:
            return 0, 0
        failpoints.hit("relay_read")
        answers = await self._bus.publish([_outgoing(row) for row in rows])
        failpoints.hit("published_before_mark")
        done = [row.id for row, answer in zip(rows, answers, strict=True) if answer is None]
        failed = len(rows) - len(done)
        await self._delete_posted(done)
        RELAYED.labels(self._db.service).inc(len(done))
        if failed:
            why = next(answer for answer in answers if answer is not None)
            log.warning(
                "%d records of %s could not be posted (%r); trying again.",
                failed,
                self._db.service,
                why,
            )
        return len(rows), failed

    async def _delete_posted(self, ids: Sequence[int]) -> None:
        if not ids:
            return
        async with self._db.transaction() as tx:
            if tx.dialect == "postgresql":
                await tx.conn.execute(_SENT_PG, {"ids": list(ids)})
            else:
                await tx.conn.execute(_SENT, {"ids": orjson.dumps(list(ids)).decode()})
        failpoints.hit("marked")


def _outgoing(row: Any) -> Outgoing:
    headers = orjson.loads(row.headers) if row.headers else {}
    return Outgoing(
        row.topic,
        row.key,
        bytes(row.body),
        row.event_id,
        tuple((name, value.encode()) for name, value in headers.items()),
    )


_UNSENT = text(
    "SELECT id, topic, key, event_id, body, headers FROM outbox WHERE shard IN :shards ORDER BY id LIMIT :limit"
).bindparams(bindparam("shards", expanding=True))
_SENT_PG = text("DELETE FROM outbox WHERE id = ANY(CAST(:ids AS bigint[]))")
_SENT = text("DELETE FROM outbox WHERE id IN (SELECT value FROM json_each(:ids))")
