"""Reads the time of a transaction: from the database's clock on PostgreSQL, from the process's clock on SQLite."""

from datetime import UTC, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.base.clock import Clock, ClockStep, Times


async def read_times(clock: Clock, conn: AsyncConnection) -> Times:
    """Business time and real time now. With `clock.in_database` the stepped clock's row is read again as well."""
    if not clock.in_database:
        return clock.times_at(datetime.now(UTC) + clock.shift)
    if not clock.stepped:
        wall = (await conn.execute(_WALL)).scalar_one()
        return Times(wall, wall)
    row = (await conn.execute(_WALL_AND_STEP)).one()
    clock.step = ClockStep(row.base, row.rate, row.set_at) if row.base else None
    return clock.times_at(row.wall)


_WALL = text("SELECT clock_timestamp()")
_WALL_AND_STEP = text(
    "SELECT clock_timestamp() AS wall, c.base, c.rate, c.set_at FROM (SELECT 1) one LEFT JOIN clock c ON c.id = 1"
)
