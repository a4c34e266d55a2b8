"""Sets the stepped business clock (BATON_CLOCK=row) for every process at once."""

from datetime import datetime

from shared.access import tables
from shared.access.cache import Access
from shared.access.changes import record_change
from shared.base.errors import BadRequest
from shared.store.write import upsert


async def set_clock(access: Access, base: datetime, rate: float, by: str) -> None:
    """Set business time to `base`, running at `rate` business seconds per real second.

    `by` is recorded as the author of the change. Raises BadRequest (409) unless BATON_CLOCK=row."""
    if not access.db.clock.stepped:
        raise BadRequest(
            "The clock is the database's; start with BATON_CLOCK=row to step it.",
            status=409,
        )
    async with access.db.transaction() as tx:
        row = {"id": 1, "base": base, "rate": rate, "set_at": tx.wall}
        await upsert(tx, tables.clock, [row], ["id"], ["base", "rate", "set_at"])
        await record_change(tx, by, "clock", "1", None, {"base": base.isoformat(), "rate": rate})
        if tx.dialect == "postgresql":
            await access.db.wakeups.notify(tx.conn, "*", ["due"])
    await access.load()
    access.db.wakeups.signal("*", "due")
