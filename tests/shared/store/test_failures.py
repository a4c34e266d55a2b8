"""Failures of the infrastructure are told apart from those of a record, and no database session ends a loop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from shared.base.errors import BadRequest, TryLater
from shared.store.database import Database
from shared.store.failures import is_infrastructure_error
from shared.store.wakeups import Wakeups
from shared.work.shard_leases import ShardLeases
from tests.parts.waiting import eventually
from tests.shared.store.conftest import timers, wide

UNAVAILABLE = {
    "connection failure": "08006",
    "wrong password": "28P01",
    "disk full": "53100",
    "too many clients": "53300",
    "statement timeout": "57014",
    "admin shutdown": "57P01",
    "cannot connect now": "57P03",
    "read-only": "25006",
    "deadlock": "40P01",
    "serialization failure": "40001",
    "lock not available": "55P03",
}
OF_THE_RECORD = {"unique violation": "23505", "text too long": "22001", "undefined column": "42703"}


async def raised_by(db: Database, sqlstate: str) -> BaseException:
    """The error of a statement that the database refuses with this SQLSTATE."""
    with pytest.raises(DBAPIError) as caught:
        async with db.transaction() as tx:
            await tx.execute(text(f"DO $$ BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = '{sqlstate}'; END $$"))
    return caught.value


@pytest.mark.parametrize("sqlstate", UNAVAILABLE.values(), ids=UNAVAILABLE)
async def test_an_unavailable_database_is_no_fault_of_the_record(postgres: str, sqlstate: str) -> None:
    async with timers(wide(postgres)) as db:
        assert is_infrastructure_error(await raised_by(db, sqlstate))


@pytest.mark.parametrize("sqlstate", OF_THE_RECORD.values(), ids=OF_THE_RECORD)
async def test_a_statement_that_the_record_makes_invalid_is_its_own_fault(postgres: str, sqlstate: str) -> None:
    async with timers(wide(postgres)) as db:
        assert not is_infrastructure_error(await raised_by(db, sqlstate))


def test_an_empty_pool_a_lost_connection_and_a_busy_part_are_no_fault_of_the_record() -> None:
    for error in (PoolTimeout(), OSError(), TimeoutError(), asyncpg.InterfaceError("closed"), TryLater("Later.")):
        assert is_infrastructure_error(error), repr(error)
    for error in (BadRequest("No."), ValueError(), KeyError("x"), IntegrityError("", {}, Exception())):
        assert not is_infrastructure_error(error), repr(error)


@asynccontextmanager
async def server_with_unexpected_answers() -> AsyncIterator[tuple[str, list[None]]]:
    """A server that answers a PostgreSQL client out of turn, as a session does that was ended while it froze; with the
    connections that it has taken."""
    connections: list[None] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(None)
        await reader.read(4096)
        writer.write(b"N")
        await reader.read(4096)
        writer.write(b"Z\x00\x00\x00\x05I")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"postgresql+asyncpg://a:b@127.0.0.1:{server.sockets[0].getsockname()[1]}/x", connections


@pytest.mark.parametrize("loop", ["leases", "listener"])
async def test_no_unexpected_answer_of_a_database_ends_the_loop(
    loop: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("shared.work.shard_leases.STANDBY", 0.01)
    stop = asyncio.Event()
    async with server_with_unexpected_answers() as (url, connections):
        leases = ShardLeases(url, "timer", stop, asyncio.Event())
        running = asyncio.create_task(leases.run() if loop == "leases" else Wakeups().listen(url, stop))

        async def connected_again() -> bool:
            return len(connections) >= 2

        await eventually(connected_again, "the loop does not connect again")
        assert not running.done()
        stop.set()
        await asyncio.wait_for(running, 10)
    assert "it connects again" in caplog.text or "connecting again" in caplog.text
