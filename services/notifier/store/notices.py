"""Notices: meant, ready, claimed, and what became of them."""

from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select, update

from services.notifier.domain.notice import Notice
from services.notifier.store.leads import parts
from services.notifier.store.tables import notices
from shared.store.tx import Tx
from shared.store.write import insert_new

PENDING = ("waiting", "ready")
ALIVE = (*PENDING, "sending")


async def add(tx: Tx, meant: Iterable[Notice]) -> set[str]:
    """Keep notices; one that was meant before is not meant again. Returns the ids that are new."""
    rows = [asdict(notice) for notice in meant]
    made = await insert_new(tx, notices, rows, ["cause", "kind", "role", "person", "channel"], ["id"])
    return {key[0] for key in made}


async def pending(tx: Tx, of_leads: Iterable[str]) -> list[Notice]:
    """The notices of these leads that are not on their way yet, locked."""
    found: list[Notice] = []
    for part in parts(of_leads):
        statement = select(notices).where(notices.c.lead.in_(part), notices.c.state.in_(PENDING))
        found += [Notice(**row) for row in await tx.rows(statement.order_by(notices.c.id).with_for_update())]
    return found


async def move(
    tx: Tx, ids: Iterable[str], state: str, *, whose: Iterable[str] = ALIVE, attempts: int | None = None, **values: Any
) -> set[str]:
    """Move notices on whose state is one of `whose` (and whose attempts are these); returns those that were moved."""
    wanted = sorted(set(ids))
    if not wanted:
        return set()
    statement = update(notices).where(notices.c.id.in_(wanted), notices.c.state.in_(tuple(whose)))
    if attempts is not None:
        statement = statement.where(notices.c.attempts == attempts)
    moved = await tx.rows(statement.values(state=state, **values).returning(notices.c.id))
    return {row["id"] for row in moved}


async def wake(tx: Tx, ids: Iterable[str]) -> None:
    """Notices whose wait, back-off or lease is over are ready (again)."""
    wanted = sorted(set(ids))
    over = or_(notices.c.claimed_until.is_(None), notices.c.claimed_until <= tx.wall)
    statement = update(notices).where(notices.c.id.in_(wanted), notices.c.state.in_(("waiting", "sending")), over)
    await tx.execute(statement.values(state="ready", claimed_until=None))


async def claim(tx: Tx, until: datetime, limit: int) -> list[Notice]:
    """Take ready notices for sending, until a moment of real time; two senders never take the same."""
    statement = select(notices).where(notices.c.state == "ready").order_by(notices.c.id).limit(limit)
    found = [Notice(**row) for row in await tx.rows(statement.with_for_update(skip_locked=True))]
    if found:
        taken = update(notices).where(notices.c.id.in_([notice.id for notice in found]))
        await tx.execute(taken.values(state="sending", claimed_until=until, attempts=notices.c.attempts + 1))
    return [replace(notice, state="sending", attempts=notice.attempts + 1, claimed_until=until) for notice in found]


async def orphaned(tx: Tx) -> None:
    """At the start of the only process: whatever was being sent is ready again."""
    await tx.execute(update(notices).where(notices.c.state == "sending").values(state="ready", claimed_until=None))


async def listed(tx: Tx, lead: str | None, before: str | None, limit: int) -> list[dict[str, Any]]:
    """Notices, newest first, older than the one named, without what they say."""
    columns = [column for column in notices.columns if column.name not in ("data", "claimed_until")]
    statement = select(*columns).order_by(notices.c.id.desc()).limit(limit)
    if lead:
        statement = statement.where(notices.c.lead == lead)
    if before:
        statement = statement.where(notices.c.id < before)
    return [dict(row) for row in await tx.rows(statement)]
