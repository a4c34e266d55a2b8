"""Stores notices: inserts them, makes them ready, claims them, and changes their states."""

from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select, update

from services.notifier.domain.notice import Notice
from services.notifier.store.tables import notices
from shared.store.chunks import key_chunks
from shared.store.tx import Tx
from shared.store.write import insert_new

PENDING = ("waiting", "ready")
UNSETTLED = (*PENDING, "sending")


async def insert(tx: Tx, planned: Iterable[Notice]) -> set[str]:
    """Insert notices, each once for its cause, kind, role, person and channel. Returns the ids of the new ones."""
    rows = [asdict(notice) for notice in planned]
    inserted = await insert_new(tx, notices, rows, ["cause", "kind", "role", "person", "channel"], ["id"])
    return {key[0] for key in inserted}


async def pending(tx: Tx, lead_ids: Iterable[str]) -> list[Notice]:
    """The notices of these leads that are not being sent yet, locked."""
    result: list[Notice] = []
    for chunk in key_chunks(lead_ids):
        statement = select(notices).where(notices.c.lead.in_(chunk), notices.c.state.in_(PENDING))
        result += [Notice(**row) for row in await tx.rows(statement.order_by(notices.c.id).with_for_update())]
    return result


async def set_state(
    tx: Tx,
    ids: Iterable[str],
    state: str,
    *,
    from_states: Iterable[str] = UNSETTLED,
    attempts: int | None = None,
    **values: Any,
) -> set[str]:
    """Move notices to a state from one of `from_states` (and from this number of attempts). Returns the moved ids."""
    chosen = sorted(set(ids))
    if not chosen:
        return set()
    statement = update(notices).where(notices.c.id.in_(chosen), notices.c.state.in_(tuple(from_states)))
    if attempts is not None:
        statement = statement.where(notices.c.attempts == attempts)
    moved = await tx.rows(statement.values(state=state, **values).returning(notices.c.id))
    return {row["id"] for row in moved}


async def mark_ready(tx: Tx, ids: Iterable[str]) -> None:
    """Make waiting notices ready, and notices being sent whose lease is over."""
    chosen = sorted(set(ids))
    expired = or_(notices.c.claimed_until.is_(None), notices.c.claimed_until <= tx.wall)
    statement = update(notices).where(notices.c.id.in_(chosen), notices.c.state.in_(("waiting", "sending")), expired)
    await tx.execute(statement.values(state="ready", claimed_until=None))


async def claim(tx: Tx, until: datetime, limit: int) -> list[Notice]:
    """Claim ready notices for sending `until` an instant of real time; two processes never claim the same notice."""
    statement = select(notices).where(notices.c.state == "ready").order_by(notices.c.id).limit(limit)
    ready = [Notice(**row) for row in await tx.rows(statement.with_for_update(skip_locked=True))]
    if ready:
        claiming = update(notices).where(notices.c.id.in_([notice.id for notice in ready]))
        await tx.execute(claiming.values(state="sending", claimed_until=until, attempts=notices.c.attempts + 1))
    return [replace(notice, state="sending", attempts=notice.attempts + 1, claimed_until=until) for notice in ready]


async def release_orphaned(tx: Tx) -> None:
    """Make notices ready that a dead process was sending; only for the start of an installation's single process."""
    await tx.execute(update(notices).where(notices.c.state == "sending").values(state="ready", claimed_until=None))


async def newest_first(tx: Tx, lead: str | None, before: str | None, limit: int) -> list[dict[str, Any]]:
    """Notices (of one lead) older than the id `before`, newest first, without their data."""
    columns = [column for column in notices.columns if column.name not in ("data", "claimed_until")]
    statement = select(*columns).order_by(notices.c.id.desc()).limit(limit)
    if lead:
        statement = statement.where(notices.c.lead == lead)
    if before:
        statement = statement.where(notices.c.id < before)
    return [dict(row) for row in await tx.rows(statement)]
