"""Clocks, what they were reckoned with, and how often their rungs were done."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, select, tuple_

from services.timer.domain.clock import FIELDS, LIVE, Clock
from services.timer.store.parts import parts
from services.timer.store.tables import clocks, reckonings, spent
from shared.store.tx import Tx
from shared.store.write import upsert


async def clocks_of(tx: Tx, leads: Iterable[str]) -> dict[str, list[Clock]]:
    """All clocks of these leads, locked, oldest epoch first."""
    found: dict[str, list[Clock]] = {}
    for part in parts(leads):
        for row in await tx.rows(_locked(clocks.c.lead.in_(part))):
            found.setdefault(row["lead"], []).append(_clock(row))
    for of_lead in found.values():
        of_lead.sort(key=lambda clock: (clock.epoch, clock.round, clock.promise))
    return found


async def clocks_named(tx: Tx, ids: Iterable[str]) -> dict[str, Clock]:
    """The clocks with these ids, locked."""
    found: dict[str, Clock] = {}
    for part in parts(ids):
        found |= {row["id"]: _clock(row) for row in await tx.rows(_locked(clocks.c.id.in_(part)))}
    return found


async def clock_named(tx: Tx, clock_id: str) -> Clock | None:
    """One clock, to look at."""
    row = await tx.first(select(clocks).where(clocks.c.id == clock_id))
    return _clock(row) if row else None


async def save(tx: Tx, changed: Sequence[Clock]) -> None:
    """Write clocks, new ones too."""
    rows = [{name: getattr(clock, name) for name in FIELDS} | {"skipped": list(clock.skipped)} for clock in changed]
    await upsert(tx, clocks, rows, ["id"], list(FIELDS[1:]))


async def note_reckonings(tx: Tx, rows: list[dict[str, Any]]) -> None:
    """Keep what clocks were reckoned with: clock, calendar, hours, timezone, taken_over (seconds)."""
    await upsert(tx, reckonings, rows, ["clock"])


async def reckoning_of(tx: Tx, clock_id: str) -> dict[str, Any] | None:
    """What a clock was reckoned with."""
    row = await tx.first(select(reckonings).where(reckonings.c.clock == clock_id))
    return dict(row) if row else None


async def reckonings_of(tx: Tx, clocks: Iterable[str]) -> dict[str, dict[str, Any]]:
    """What these clocks were reckoned with, by clock."""
    found: dict[str, dict[str, Any]] = {}
    for part in parts(clocks):
        rows = await tx.rows(select(reckonings).where(reckonings.c.clock.in_(part)))
        found |= {row["clock"]: dict(row) for row in rows}
    return found


async def spent_of(tx: Tx, leads: Iterable[str]) -> dict[tuple[str, str, str], int]:
    """How often each rung was done: (lead, promise, word) to times."""
    found: dict[tuple[str, str, str], int] = {}
    for part in parts(leads):
        rows = await tx.rows(select(spent).where(spent.c.lead.in_(part)))
        found |= {(row["lead"], row["promise"], row["word"]): int(row["times"]) for row in rows}
    return found


async def spend(tx: Tx, counts: dict[tuple[str, str, str], int]) -> None:
    """Write how often rungs were done."""
    rows = [{"lead": a, "promise": b, "word": c, "times": times} for (a, b, c), times in counts.items()]
    await upsert(tx, spent, rows, ["lead", "promise", "word"], ["times"])


async def shown(tx: Tx, lead: str | None, *, after: tuple[datetime, str] | None, limit: int) -> list[dict[str, Any]]:
    """Clocks of a lead, or all that run, the earliest due first; from behind `after` (due instant, id) on."""
    statement = select(clocks).order_by(clocks.c.due_at, clocks.c.id).limit(limit)
    statement = statement.where(clocks.c.lead == lead) if lead else statement.where(clocks.c.state.in_(sorted(LIVE)))
    if after:
        statement = statement.where(tuple_(clocks.c.due_at, clocks.c.id) > after)
    return [dict(row) for row in await tx.rows(statement)]


def _locked(which: ColumnElement[bool]) -> Select[Any]:
    return select(clocks).where(which).order_by(clocks.c.id).with_for_update()


def _clock(row: Any) -> Clock:
    values = {name: row[name] for name in FIELDS}
    return Clock(**{**values, "skipped": tuple(values["skipped"] or ())})
