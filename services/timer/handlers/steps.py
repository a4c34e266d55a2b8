"""What comes due: each clock takes its next step: warn, settle, breach, rung."""

from dataclasses import replace

from services.timer import store
from services.timer.domain.clock import Clock, Facts
from services.timer.domain.step import step as one_step
from services.timer.handlers.sheet import Sheet, opened
from shared.store.tx import Tx
from shared.work.schedule import ScheduledItem


async def step(tx: Tx, rows: list[ScheduledItem]) -> None:
    """Move each due clock one step on and say what that step means."""
    found = await store.clocks_named(tx, [row.id for row in rows])
    clocks: dict[str, list[Clock]] = {}
    for clock in found.values():
        clocks.setdefault(clock.lead, []).append(clock)
    sheet = await opened(tx, clocks)
    settling = {clock.lead for clock in found.values() if clock.step == "settle"}
    sheet.answers = await store.answers_of(tx, settling) if settling else {}
    at = {row.id: row for row in rows}
    for clock in found.values():
        if clock.runs and clock.step:
            if _unheard(tx, clock, at[clock.id]):
                sheet.postpone(clock)
            else:
                sheet.keep(*_stepped(sheet, clock))
    await sheet.write()


def _unheard(tx: Tx, clock: Clock, row: ScheduledItem) -> bool:
    """Whether an answer may have been said that is not read yet: nobody is called late, and no rung is climbed, before
    everything is read that was said until a moment after it came due. So each rung has a settle time too."""
    gate = tx.context.progress.get(tx.service)
    if gate is None or clock.step not in ("settle", "rung"):
        return False
    return row.clock == "now" or not gate.caught_up_to(row.at - tx.context.settle / 2)


def _stepped(sheet: Sheet, clock: Clock) -> tuple[Clock, Facts]:
    if clock.step == "settle":
        # The answers on their way are the truth: one may have come while the clock began in another process.
        clock = replace(clock, held_until=sheet.held(clock))
    return one_step(
        clock,
        promise=sheet.promise(clock),
        calendar=sheet.calendar(clock),
        spent=sheet.spent,
        now=sheet.tx.now,
        wall=sheet.tx.wall,
    )
