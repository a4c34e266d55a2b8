"""What comes due: each clock takes its next step: warn, settle, breach, rung."""

from services.timer import store
from services.timer.domain.clock import Clock, Facts
from services.timer.domain.step import step as one_step
from services.timer.handlers.sheet import Sheet, opened
from shared.db import Tx
from shared.due import Due


async def step(tx: Tx, rows: list[Due]) -> None:
    """Move each due clock one step on and say what that step means."""
    found = await store.clocks_named(tx, [row.id for row in rows])
    clocks: dict[str, list[Clock]] = {}
    for clock in found.values():
        clocks.setdefault(clock.lead, []).append(clock)
    sheet = await opened(tx, clocks)
    for clock in found.values():
        if clock.runs and clock.step:
            sheet.keep(*_stepped(sheet, clock))
    await sheet.write()


def _stepped(sheet: Sheet, clock: Clock) -> tuple[Clock, Facts]:
    return one_step(
        clock,
        promise=sheet.promise(clock),
        calendar=sheet.calendar(clock),
        spent=sheet.spent,
        now=sheet.tx.now,
        wall=sheet.tx.wall,
    )
