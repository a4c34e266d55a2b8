"""Inserts and upserts rows in key order, so that two processes never deadlock; each statement is built once."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from shared.store.chunks import chunked
from shared.store.tx import Tx

ROWS_PER_INSERT = 1000


def _insert(dialect: str, table: Table) -> Any:
    return pg_insert(table) if dialect == "postgresql" else sqlite_insert(table)


@lru_cache(maxsize=512)  # Building a statement takes longer than running it: `excluded` copies the whole table.
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
    """Insert rows, in key order. Where the key exists, set the `update` columns; without any, leave the row."""
    if not rows:
        return
    statement = _upserting(tx.dialect, table, tuple(key), tuple(update or ()))
    await tx.conn.execute(statement, sorted(rows, key=lambda row: tuple(str(row[name]) for name in key)))


async def insert_new(
    tx: Tx, table: Table, rows: list[dict[str, Any]], key: Sequence[str], returning: Sequence[str] | None = None
) -> set[tuple[Any, ...]]:
    """Insert the rows whose key does not exist; returns the keys (or the `returning` columns) of the inserted rows."""
    inserted: set[tuple[Any, ...]] = set()
    ordered = sorted(rows, key=lambda row: tuple(str(row[name]) for name in key))
    statement = _inserting(tx.dialect, table, tuple(key), tuple(returning or key))
    for chunk in chunked(ordered, ROWS_PER_INSERT):
        # Rows passed as VALUES inside the statement would compile a new statement for each number of rows.
        inserted.update(tuple(row) for row in (await tx.conn.execute(statement, list(chunk))).all())
    return inserted
