"""The inline SQLite connection: the same results in the same order as a connection in a thread."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.store.inline_sqlite import InlineConnection, connect_inline


@pytest.fixture
async def open_file(tmp_path: Path) -> AsyncIterator[InlineConnection]:
    conn = connect_inline(str(tmp_path / "x.db"), isolation_level=None)
    await conn
    await conn.execute("PRAGMA journal_mode=WAL")
    await conn.execute("CREATE TABLE t (n INTEGER PRIMARY KEY)")
    yield conn
    await conn.close()


async def test_a_row_is_there_after_the_commit_and_gone_after_a_rollback(
    open_file: InlineConnection,
) -> None:
    await open_file.execute("BEGIN IMMEDIATE")
    await open_file.execute("INSERT INTO t VALUES (1)")
    await open_file.commit()
    await open_file.execute("BEGIN IMMEDIATE")
    await open_file.execute("INSERT INTO t VALUES (2)")
    await open_file.rollback()
    assert await (await open_file.execute("SELECT n FROM t")).fetchall() == [(1,)]


async def test_no_statement_overtakes_a_commit_whose_caller_was_cancelled(open_file: InlineConnection) -> None:
    for number in range(50):
        await open_file.execute("BEGIN IMMEDIATE")
        await open_file.execute("INSERT INTO t VALUES (?)", (number,))
        committing = asyncio.create_task(open_file.commit())
        await asyncio.sleep(0)
        committing.cancel()
        await asyncio.gather(committing, return_exceptions=True)
        await open_file.rollback()
        assert not open_file.in_transaction
        rows = await (await open_file.execute("SELECT count(*) FROM t")).fetchall()
        assert rows == [(number + 1,)], "the commit had begun, so the rollback came after it"


async def test_a_connection_waiting_for_a_lock_does_not_block_the_event_loop(
    open_file: InlineConnection, tmp_path: Path
) -> None:
    other = connect_inline(str(tmp_path / "x.db"), isolation_level=None)
    await other
    await other.execute("PRAGMA busy_timeout=10000")
    await open_file.execute("BEGIN IMMEDIATE")
    begun = asyncio.create_task(other.execute("BEGIN IMMEDIATE"))
    await asyncio.sleep(0)
    assert not begun.done()
    await open_file.commit()
    await begun
    await other.rollback()
    await other.close()


async def test_a_failing_statement_raises_and_the_next_one_works(open_file: InlineConnection) -> None:
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        await open_file.execute("SELECT * FROM nowhere")
    assert await (await open_file.execute("SELECT 1")).fetchall() == [(1,)]
