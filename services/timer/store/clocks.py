"""Queries of clocks, of the calendars that they were started with, and of how often their escalation steps were done."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, select, tuple_

from services.timer.domain.clock import FIELDS, OPEN_STATES, Clock
from services.timer.domain.escalation import StepCounts
from services.timer.store.tables import clock_calendars, clocks, step_counts
from shared.store.chunks import key_chunks
from shared.store.tx import Tx
from shared.store.write import upsert


async def lock_clocks_of(tx: Tx, leads: Iterable[str]) -> dict[str, list[Clock]]:
    """Lock and return all clocks of these leads, by lead, oldest epoch first."""
    by_lead: dict[str, list[Clock]] = {}
    for ids in key_chunks(leads):
        for row in await tx.rows(_locked(clocks.c.lead.in_(ids))):
            by_lead.setdefault(row["lead"], []).append(_clock(row))
    for of_lead in by_lead.values():
        of_lead.sort(key=lambda clock: (clock.epoch, clock.round, clock.promise))
    return by_lead


async def lock_clocks(tx: Tx, clock_ids: Iterable[str]) -> dict[str, Clock]:
    """Lock and return the clocks with these ids, by id."""
    by_id: dict[str, Clock] = {}
    for ids in key_chunks(clock_ids):
        by_id |= {row["id"]: _clock(row) for row in await tx.rows(_locked(clocks.c.id.in_(ids)))}
    return by_id


async def get_clock(tx: Tx, clock_id: str) -> Clock | None:
    """One clock, not locked, or None."""
    row = await tx.first(select(clocks).where(clocks.c.id == clock_id))
    return _clock(row) if row else None


async def clock_page(
    tx: Tx, lead: str | None, *, after: tuple[datetime, str] | None, limit: int
) -> list[dict[str, Any]]:
    """A page of rows of `clocks`: those of a lead, or all open ones, the earliest due first; after (due instant, id)."""
    statement = select(clocks).order_by(clocks.c.due_at, clocks.c.id).limit(limit)
    which = clocks.c.lead == lead if lead else clocks.c.state.in_(sorted(OPEN_STATES))
    statement = statement.where(which)
    if after:
        statement = statement.where(tuple_(clocks.c.due_at, clocks.c.id) > after)
    return [dict(row) for row in await tx.rows(statement)]


async def save_clocks(tx: Tx, changed: Sequence[Clock]) -> None:
    """Insert or replace clocks."""
    rows = [{name: getattr(clock, name) for name in FIELDS} | {"skipped": list(clock.skipped)} for clock in changed]
    await upsert(tx, clocks, rows, ["id"], list(FIELDS[1:]))


async def insert_calendars(tx: Tx, rows: list[dict[str, Any]]) -> None:
    """Insert the calendars that clocks were started with: clock, calendar, hours, timezone, inherited_seconds."""
    await upsert(tx, clock_calendars, rows, ["clock"])


async def calendars_of(tx: Tx, clock_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The calendars that these clocks were started with, by clock."""
    by_clock: dict[str, dict[str, Any]] = {}
    for ids in key_chunks(clock_ids):
        rows = await tx.rows(select(clock_calendars).where(clock_calendars.c.clock.in_(ids)))
        by_clock |= {row["clock"]: dict(row) for row in rows}
    return by_clock


async def step_counts_of(tx: Tx, leads: Iterable[str]) -> StepCounts:
    """How often each counted escalation step of these leads was done."""
    counts: StepCounts = {}
    for ids in key_chunks(leads):
        rows = await tx.rows(select(step_counts).where(step_counts.c.lead.in_(ids)))
        counts |= {(row["lead"], row["promise"], row["actions"]): int(row["times"]) for row in rows}
    return counts


async def save_step_counts(tx: Tx, counts: StepCounts) -> None:
    """Insert or replace how often escalation steps were done."""
    rows = [
        {"lead": lead, "promise": promise, "actions": actions, "times": times}
        for (lead, promise, actions), times in counts.items()
    ]
    await upsert(tx, step_counts, rows, ["lead", "promise", "actions"], ["times"])


def _locked(which: ColumnElement[bool]) -> Select[Any]:
    return select(clocks).where(which).order_by(clocks.c.id).with_for_update()


def _clock(row: Any) -> Clock:
    values = {name: row[name] for name in FIELDS}
    return Clock(**{**values, "skipped": tuple(values["skipped"] or ())})
