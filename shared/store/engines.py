"""Database engines: one SQLite writer with BEGIN IMMEDIATE and a query-only reader, or a PostgreSQL pool."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from shared.store.inline_sqlite import connect_inline

ACCESS = "access"


@dataclass(frozen=True, slots=True)
class EnginePair:
    """The engine to write with and the engine to read with; on PostgreSQL both are the same engine."""

    writer: AsyncEngine
    reader: AsyncEngine


def sqlite(path: Path, *, small: bool = False) -> EnginePair:
    """One writer connection (BEGIN IMMEDIATE, synchronous=FULL) and a query-only engine on one file.

    `small` promises short reads, which then run on the event loop instead of in another thread."""
    path.parent.mkdir(parents=True, exist_ok=True)
    url = f"sqlite+aiosqlite:///{path}"
    writer = create_async_engine(
        url,
        async_creator=lambda: connect_inline(str(path)),
        poolclass=AsyncAdaptedQueuePool,
        pool_size=1,
        max_overflow=0,
        pool_timeout=60,
    )
    own = {"async_creator": lambda: connect_inline(str(path))} if small else {}
    reader = create_async_engine(url, poolclass=AsyncAdaptedQueuePool, pool_size=2, max_overflow=2, **own)
    _prepare(writer, "BEGIN IMMEDIATE", "PRAGMA query_only=OFF")
    _prepare(reader, "BEGIN", "PRAGMA query_only=ON")
    return EnginePair(writer, reader)


def _prepare(engine: AsyncEngine, begin: str, mode: str) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def connect(connection: Any, record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        pragmas = (
            "busy_timeout=10000",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "temp_store=MEMORY",
        )
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.execute(mode)
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def start(connection: Any) -> None:
        connection.exec_driver_sql(begin)


def postgres(url: str, schema: str, *, pool: int = 10) -> EnginePair:
    """A pool whose search path is the service's schema, then `access`; tables name no schema."""
    path = schema if schema == ACCESS else f"{schema},{ACCESS}"
    engine = create_async_engine(
        url,
        pool_size=pool,
        max_overflow=5,
        pool_timeout=5,
        pool_pre_ping=False,
        connect_args={
            "timeout": 5,
            "command_timeout": 60,
            "server_settings": {
                "search_path": path,
                "application_name": f"baton-{schema}",
                "timezone": "UTC",
            },
        },
    )
    return EnginePair(engine, engine)
