"""Leases of relay shards: session advisory locks on a separate connection, with a heartbeat.

A pooled connection would keep its locks after the work is done. A stopped process (SIGSTOP) holds its locks for ever;
therefore owners write a heartbeat, and another process ends the session of a heartbeat older than 15 s.
"""

import asyncio
import logging
import zlib

import asyncpg

from shared.base.ids import new_id
from shared.base.waits import sleep_until
from shared.store.failures import is_connection_loss
from shared.store.kernel_tables import SHARDS
from shared.store.wakeups import asyncpg_url

log = logging.getLogger(__name__)
HEARTBEAT = 5.0
STANDBY = 10.0
STALE = "15 seconds"


class ShardLeases:
    """The shards of one service that this process posts. The locks end with the database session, hence the process."""

    def __init__(self, url: str, service: str, stop: asyncio.Event, wakeup: asyncio.Event) -> None:
        self._url = asyncpg_url(url)
        self._service = service
        self._stop = stop
        self._wakeup = wakeup
        self._owner = new_id()
        self._owned: tuple[int, ...] = ()
        self._conn: asyncpg.Connection | None = None

    def owned(self) -> tuple[int, ...]:
        """The shards that this process may post now; none once its session is lost."""
        return self._owned if self._conn is not None and not self._conn.is_closed() else ()

    async def run(self) -> None:
        """Take free shards, renew the heartbeat of owned ones, end sessions without heartbeat; until stopped."""
        while not self._stop.is_set():
            try:
                await self._renew()
            except Exception as error:  # A session that a neighbour ended fails in ways that asyncpg does not list.
                log.warning(
                    "The relay of %s lost its database session (%s); it connects again.",
                    self._service,
                    type(error).__name__,
                    exc_info=None if is_connection_loss(error) else error,
                )
                self._drop()
            await sleep_until(None, self._stop, HEARTBEAT if self._owned else STANDBY)
        self._drop()

    def _drop(self) -> None:
        self._owned = ()
        if self._conn is not None:
            self._conn.terminate()
            self._conn = None

    async def _renew(self) -> None:
        if self._conn is None or self._conn.is_closed():
            self._owned = ()
            settings = {
                "search_path": self._service,
                "application_name": f"baton-{self._service}-relay",
            }
            self._conn = await asyncpg.connect(self._url, timeout=5, command_timeout=10, server_settings=settings)
        if len(self._owned) < SHARDS:
            await self._take(self._conn)
        if self._owned:
            await self._conn.execute(_HEARTBEAT, list(self._owned), self._owner)

    async def _take(self, conn: asyncpg.Connection) -> None:
        missing = [shard for shard in range(SHARDS) if shard not in self._owned]
        rows = await conn.fetch(_TAKE, zlib.crc32(self._service.encode()) & 0x7FFFFFFF, missing)
        taken = tuple(row["shard"] for row in rows if row["got"])
        if taken:
            self._owned = tuple(sorted(self._owned + taken))
            self._wakeup.set()
        else:
            await conn.execute(_END_STALE)


_TAKE = "SELECT shard, pg_try_advisory_lock($1::int, shard) AS got FROM unnest($2::int[]) AS shard"
_HEARTBEAT = (
    "INSERT INTO relay_shards (shard, owner, pid, heartbeat_at)"
    " SELECT shard, $2, pg_backend_pid(), clock_timestamp() FROM unnest($1::int[]) AS shard"
    " ON CONFLICT (shard) DO UPDATE SET owner = excluded.owner, pid = excluded.pid, heartbeat_at = excluded.heartbeat_at"
)
_END_STALE = (
    "SELECT pg_terminate_backend(r.pid) FROM (SELECT DISTINCT pid FROM relay_shards"
    f" WHERE heartbeat_at < clock_timestamp() - interval '{STALE}' AND pid <> pg_backend_pid()) r"
    " JOIN pg_stat_activity a ON a.pid = r.pid AND a.application_name LIKE 'baton-%-relay'"
)
