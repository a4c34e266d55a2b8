"""Queries of agreement versions and their signatures."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from services.router.store.tables import agreements, signatures
from shared.store.tx import Tx

HISTORY_COLUMNS = (
    *(agreements.c.version, agreements.c.name, agreements.c.hash, agreements.c.state, agreements.c.uploaded_at),
    *(agreements.c.uploaded_by, agreements.c.published_at, agreements.c.live_at, agreements.c.warnings),
)


async def history(tx: Tx) -> list[dict[str, Any]]:
    """Every version, newest first, with its signatures."""
    signed: dict[int, list[dict[str, Any]]] = {}
    for row in await tx.rows(select(signatures).order_by(signatures.c.at)):
        signed.setdefault(row["version"], []).append({"side": row["side"], "person": row["person"], "at": row["at"]})
    rows = await tx.rows(select(*HISTORY_COLUMNS).order_by(agreements.c.version.desc()))
    return [{**row, "signatures": signed.get(row["version"], [])} for row in rows]


async def get(tx: Tx, number: int, *, lock: bool = False) -> Any:
    """One version with its text, or None."""
    statement = select(agreements).where(agreements.c.version == number)
    return await tx.first(statement.with_for_update() if lock else statement)


async def insert_draft(tx: Tx, row: dict[str, Any]) -> int:
    """Insert a new draft; returns its version number."""
    last = await tx.first(select(func.max(agreements.c.version).label("n")))
    number = int(last["n"] or 0) + 1 if last else 1
    await tx.execute(agreements.insert(), {**row, "version": number})
    return number


async def set_state(tx: Tx, number: int, state: str, **times: datetime) -> None:
    """Set the state of a version, with the times of its columns; one that goes live supersedes the one before."""
    if state == "live":
        await tx.execute(agreements.update().where(agreements.c.state == "live").values(state="superseded"))
    await tx.execute(agreements.update().where(agreements.c.version == number).values(state=state, **times))


async def insert_signature(tx: Tx, row: dict[str, Any]) -> None:
    """Insert a signature."""
    await tx.execute(signatures.insert(), row)


async def signatures_of(tx: Tx, number: int) -> dict[str, Any]:
    """The signatures of a version by side."""
    return {row["side"]: row for row in await tx.rows(select(signatures).where(signatures.c.version == number))}
