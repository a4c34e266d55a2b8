"""What time a transaction has: read from the database's own clock, where there is one."""

from datetime import UTC, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.base.clock import Clock, ClockStep, Times


async def read_times(clock: Clock, conn: AsyncConnection) -> Times:
    """Both readings. On SQLite there is one process, so its own clock serves; on PostgreSQL the database's does."""
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
