"""A service's database: one transaction for a change and the events that announce it, on SQLite files or PostgreSQL."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from sqlalchemy import MetaData, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.base import failpoints
from shared.base.clock import Clock
from shared.base.errors import TryLater
from shared.base.telemetry import EMITTED
from shared.events.base import BREACHES, CLOCKS, LEADS, NOTICES, Event, EventData
from shared.store import engines, outbox
from shared.store.context import Context
from shared.store.failures import is_retryable
from shared.store.time import read_times
from shared.store.tx import Tx
from shared.store.wakeups import Wakeups

log = logging.getLogger(__name__)
R = TypeVar("R")
LEAD_TOPICS = (LEADS, CLOCKS, BREACHES, NOTICES)
RETRIES = 8


class Database:
    """One service's database in one process."""

    def __init__(
        self,
        service: str,
        engine_pair: engines.EnginePair,
        clock: Clock,
        context: Context,
        wakeups: Wakeups,
    ) -> None:
        self.service = service
        self.engines = engine_pair
        self.dialect = engine_pair.writer.dialect.name
        self.clock = clock
        self.context = context
        self.wakeups = wakeups
        self._writer_lock = asyncio.Lock()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Tx]:
        """One write transaction, committed at the end and rolled back by an exception. On SQLite, one runs at a time."""
        if self.dialect == "sqlite":
            async with self._writer_lock, self._write() as tx:
                yield tx
        else:
            async with self._write() as tx:
                yield tx

    @asynccontextmanager
    async def _write(self) -> AsyncIterator[Tx]:
        async with self.engines.writer.begin() as conn:
            tx = await self._tx(conn)
            failpoints.hit("tx_open")
            yield tx
            for work in tx.commit_hooks_before:
                await work()
            await outbox.write(tx)
            if tx.wakeups and self.dialect == "postgresql":
                await self.wakeups.notify(conn, self.service, tx.wakeups)
        self._count_and_log(tx.events)
        for name in tx.wakeups:
            self.wakeups.signal(self.service, name)
        for then in tx.commit_hooks_after:
            then()

    def _count_and_log(self, events: list[Event[EventData]]) -> None:
        """Count and log the committed events. The log holds ids only, never names of people."""
        for event in events:
            EMITTED.labels(self.service, event.data.type).inc()
        if log.isEnabledFor(logging.INFO):
            for event in events:
                subject = "lead" if event.topic in LEAD_TOPICS else "subject"
                traces = {"service": self.service, subject: event.subject, "correlation": event.correlationid}
                log.info("%s of %s", event.data.type, event.subject, extra=traces)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Tx]:
        """A transaction that only reads."""
        async with self.engines.reader.connect() as conn:
            yield await self._tx(conn)

    async def run(self, work: Callable[[Tx], Awaitable[R]]) -> R:
        """Do the work in a transaction, and retry after a deadlock, a serialization failure or a lock timeout."""
        for attempt in range(RETRIES):
            try:
                async with self.transaction() as tx:
                    return await work(tx)
            except DBAPIError as error:
                if not is_retryable(error) or attempt == RETRIES - 1:
                    raise
        raise TryLater("The database kept refusing this transaction; try again.")

    async def _tx(self, conn: AsyncConnection) -> Tx:
        times = await read_times(self.clock, conn)
        return Tx(conn, times.now, times.wall, self.context, self.service, self.dialect)

    async def check(self) -> None:
        """Read one row. Raises when the database cannot be read or its tables do not exist."""
        async with self.engines.reader.connect() as conn:
            await conn.execute(_ONE_ROW)

    async def create_tables(self, metadata: MetaData) -> None:
        """Create the tables without a migration; for tests of one service only."""
        async with self.engines.writer.begin() as conn:
            await conn.run_sync(metadata.create_all)

    async def close(self) -> None:
        """Close all connections."""
        await self.engines.writer.dispose()
        if self.engines.reader is not self.engines.writer:
            await self.engines.reader.dispose()


_ONE_ROW = text("SELECT count(*) FROM relay_shards")
