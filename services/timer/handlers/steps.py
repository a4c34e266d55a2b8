"""What comes due: each clock takes its next step: warn, settle, breach, rung."""

from dataclasses import replace

from services.timer import store
from services.timer.domain import clock as core
from services.timer.domain import ladder
from services.timer.domain.clock import Clock
from services.timer.handlers.sheet import Sheet, opened
from shared.db import Tx
from shared.due import Due


async def step(tx: Tx, rows: list[Due]) -> None:
    """Move each due clock to its next step and say what that step means."""
    found = await store.clocks_named(tx, [row.id for row in rows])
    clocks: dict[str, list[Clock]] = {}
    for clock in found.values():
        clocks.setdefault(clock.lead, []).append(clock)
    sheet = await opened(tx, clocks)
    for clock in found.values():
        if clock.runs and clock.step:
            _step(sheet, clock)
    await sheet.write()


def _step(sheet: Sheet, clock: Clock) -> None:
    tx = sheet.tx
    if clock.step == "warn" and tx.now < clock.due_at:
        if clock.warn_at and tx.now >= clock.warn_at:
            sheet.keep(*core.warned(clock, tx.now))
        else:
            sheet.keep(clock, [])
    elif clock.step in ("warn", "due"):
        if tx.now >= clock.due_at:
            clock = replace(clock, step="settle")
        sheet.keep(clock, [])
    elif clock.step == "settle":
        _settle(sheet, clock)
    else:
        sheet.keep(*ladder.climb(clock, sheet.promise(clock), sheet.spent, tx.now, sheet.calendar_of(clock)))


def _settle(sheet: Sheet, clock: Clock) -> None:
    """The settle time is over: breached, unless an answer stamped in time is on its way."""
    tx = sheet.tx
    if clock.held_until and tx.wall < clock.held_until:
        sheet.keep(clock, [])
        return
    clock, facts = core.breached(clock, tx.now, tx.wall)
    clock, rungs = ladder.climb(clock, sheet.promise(clock), sheet.spent, tx.now, sheet.calendar_of(clock))
    sheet.keep(clock, [*facts, *rungs])
