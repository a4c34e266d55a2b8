"""A service's database: one transaction for a deed and the events that announce it, on SQLite files or PostgreSQL."""

import asyncio
import logging
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Executable, MetaData, RowMapping, Table
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.base import failpoints
from shared.base.clock import Clock
from shared.base.errors import TryLater
from shared.base.keyring import KeyRing
from shared.base.telemetry import SAID
from shared.events.base import BREACHES, CLOCKS, LEADS, NOTICES, Event, Fact
from shared.store import engines, outbox
from shared.store.kernel_tables import SHARDS
from shared.store.wakeups import Wakes

if TYPE_CHECKING:
    from shared.access.cache import Access
    from shared.work.progress import ReadUp

log = logging.getLogger(__name__)
R = TypeVar("R")
CHUNK = 1000
OF_LEADS = (LEADS, CLOCKS, BREACHES, NOTICES)
RETRIES = 8


@dataclass(slots=True)
class House:
    """What every handler may need to know of the installation. `access` (doors and targets) is there once it is open."""

    keys: KeyRing
    public_url: str
    settle: timedelta = timedelta(seconds=2)
    access: "Access | None" = None
    read_up: dict[str, "ReadUp"] = field(default_factory=dict)
    """By service: whether it has read what was said; only where its loops run."""


@dataclass(slots=True)
class Tx:
    """One transaction: the connection, both readings of time, and the events it will have said."""

    conn: AsyncConnection
    now: datetime
    wall: datetime
    house: House
    service: str
    dialect: str
    events: list[Event[Fact]] = field(default_factory=list)
    copies: list[outbox.Letter] = field(default_factory=list)
    wakes: set[str] = field(default_factory=set)
    afters: list[Callable[[], None]] = field(default_factory=list)
    lasts: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    def emit(self, data: Fact, *, subject: str, cause: Event[Any] | None = None) -> Event[Fact]:
        """Say an event. It is numbered and written with the deed, when the transaction ends, and posted after."""
        event = Event(
            data=data,
            subject=subject,
            source=f"/baton/{self.service}",
            time=self.now,
            causationid=cause.id if cause else None,
            correlationid=(cause.correlationid or cause.subject) if cause else subject,
        )
        self.events.append(event)
        return event

    def copy(self, topic: str, key: str, event_id: str, body: bytes, headers: dict[str, str]) -> None:
        """Post a record as it is (a parked one to its `.dlq`)."""
        self.copies.append(outbox.Letter(topic, key, shard_of(key), event_id, body, headers))

    def after(self, then: Callable[[], None]) -> None:
        """Call something once the transaction is committed."""
        self.afters.append(then)

    def last(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do something at the end of the transaction, when no other row is locked after it any more."""
        self.lasts.append(work)

    async def rows(self, statement: Executable, values: dict[str, Any] | None = None) -> Sequence[RowMapping]:
        """All rows of the answer."""
        return (await self.conn.execute(statement, values or {})).mappings().all()

    async def one(self, statement: Executable, values: dict[str, Any] | None = None) -> RowMapping | None:
        """The first row of the answer, or None."""
        return (await self.conn.execute(statement, values or {})).mappings().first()

    async def run(
        self,
        statement: Executable,
        values: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> int:
        """Execute, many times when `values` is a list; returns the rows touched, as far as the driver tells."""
        if isinstance(values, list) and not values:
            return 0
        return (await self.conn.execute(statement, values or {})).rowcount


def shard_of(key: str) -> int:
    """Which of the relay's shards a key belongs to; the same in every process."""
    return zlib.crc32(key.encode()) % SHARDS


def _insert(dialect: str, table: Table) -> Any:
    return pg_insert(table) if dialect == "postgresql" else sqlite_insert(table)


@lru_cache(maxsize=512)  # To build one costs more than to run it: `excluded` is a copy of the whole table.
def _upserting(dialect: str, table: Table, key: tuple[str, ...], update: tuple[str, ...]) -> Any:
    statement = _insert(dialect, table)
    if not update:
        return statement.on_conflict_do_nothing(index_elements=list(key))
    set_ = {name: statement.excluded[name] for name in update}
    return statement.on_conflict_do_update(index_elements=list(key), set_=set_)


@lru_cache(maxsize=512)
def _inserting(dialect: str, table: Table, key: tuple[str, ...], returning: tuple[str, ...]) -> Any:
    statement = _insert(dialect, table).on_conflict_do_nothing(index_elements=list(key))
    return statement.returning(*(table.c[name] for name in returning))


async def upsert(
    tx: Tx,
    table: Table,
    rows: list[dict[str, Any]],
    key: Sequence[str],
    update: Sequence[str] | None = None,
) -> None:
    """Insert rows or, where the key exists, set the named columns (none: leave it). Sorted, so that two never deadlock."""
    if not rows:
        return
    statement = _upserting(tx.dialect, table, tuple(key), tuple(update or ()))
    await tx.conn.execute(statement, sorted(rows, key=lambda row: tuple(str(row[name]) for name in key)))


async def insert_new(
    tx: Tx, table: Table, rows: list[dict[str, Any]], key: Sequence[str], returning: Sequence[str] | None = None
) -> set[tuple[Any, ...]]:
    """Insert what is not there yet; returns the keys (or the `returning` columns) really inserted."""
    made: set[tuple[Any, ...]] = set()
    ordered = sorted(rows, key=lambda row: tuple(str(row[name]) for name in key))
    statement = _inserting(tx.dialect, table, tuple(key), tuple(returning or key))
    for start in range(0, len(ordered), CHUNK):
        # The rows are given beside the statement: within it, each number of rows would be compiled anew.
        made.update(tuple(row) for row in (await tx.conn.execute(statement, ordered[start : start + CHUNK])).all())
    return made


class Database:
    """One service's database in one process."""

    def __init__(
        self,
        service: str,
        engine_pair: engines.Pair,
        clock: Clock,
        house: House,
        wakes: Wakes,
    ) -> None:
        self.service = service
        self.engines = engine_pair
        self.dialect = engine_pair.writer.dialect.name
        self.clock = clock
        self.house = house
        self.wakes = wakes
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Tx]:
        """One write transaction; committed at the end, undone by an exception. On SQLite one at a time."""
        if self.dialect == "sqlite":
            async with self._turn, self._write() as tx:
                yield tx
        else:
            async with self._write() as tx:
                yield tx

    @asynccontextmanager
    async def _write(self) -> AsyncIterator[Tx]:
        async with self.engines.writer.begin() as conn:
            tx = await self._tx(conn)
            failpoints.reached("tx_open")
            yield tx
            for work in tx.lasts:
                await work()
            await outbox.write(tx)
            if tx.wakes and self.dialect == "postgresql":
                await self.wakes.notify(conn, self.service, tx.wakes)
        self._told(tx.events)
        for name in tx.wakes:
            self.wakes.ring(self.service, name)
        for then in tx.afters:
            then()

    def _told(self, events: list[Event[Fact]]) -> None:
        """Count and log what was said, now that it is committed; by ids, never by names."""
        for event in events:
            SAID.labels(self.service, event.data.type).inc()
        if log.isEnabledFor(logging.INFO):
            for event in events:
                subject = "lead" if event.topic in OF_LEADS else "subject"
                traces = {"service": self.service, subject: event.subject, "correlation": event.correlationid}
                log.info("%s of %s", event.data.type, event.subject, extra=traces)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Tx]:
        """A transaction that only reads."""
        async with self.engines.reader.connect() as conn:
            yield await self._tx(conn)

    async def run(self, work: Callable[[Tx], Awaitable[R]]) -> R:
        """Do the work in a transaction, again when the database asks for that (deadlock, serialization, lock)."""
        for attempt in range(RETRIES):
            try:
                async with self.transaction() as tx:
                    return await work(tx)
            except DBAPIError as error:
                if not passing(error) or attempt == RETRIES - 1:
                    raise
        raise TryLater("The database kept refusing this transaction; try again.")

    async def _tx(self, conn: AsyncConnection) -> Tx:
        times = await self.clock.read(conn)
        return Tx(conn, times.now, times.wall, self.house, self.service, self.dialect)

    async def make_tables(self, metadata: MetaData) -> None:
        """Create the tables without a migration; for tests of one room only."""
        async with self.engines.writer.begin() as conn:
            await conn.run_sync(metadata.create_all)

    async def close(self) -> None:
        """Give the connections back."""
        await self.engines.writer.dispose()
        if self.engines.reader is not self.engines.writer:
            await self.engines.reader.dispose()


def passing(error: BaseException) -> bool:
    """Whether the database only asks to try the same transaction again."""
    if not isinstance(error, DBAPIError):
        return False
    code = getattr(error.orig, "sqlstate", None) or getattr(getattr(error.orig, "__cause__", None), "sqlstate", None)
    return code in {"40001", "40P01", "55P03"} or "database is locked" in str(error.orig)


def ours(error: BaseException) -> bool:
    """Whether the failure is of our own house (database or network away), and no record's fault."""
    if isinstance(error, DBAPIError):
        code = str(getattr(error.orig, "sqlstate", None) or "")
        lost = error.connection_invalidated or code[:2] in {"08", "53", "57", "58"}
        return lost or passing(error) or type(error).__name__ in {"OperationalError", "InterfaceError"}
    return isinstance(error, OSError | TimeoutError | TryLater | ConnectionError)
