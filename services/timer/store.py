"""The timer's tables, and functions named for the answer they give."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Boolean, Column, Index, Integer, MetaData, String, Table, Text, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from services.timer.domain.clock import FIELDS, LIVE, Clock
from shared.agreement.compiled import Compiled
from shared.agreement.roster import Rep
from shared.db import Tx, upsert
from shared.db_tables import BigId, Json, Moment, kernel_tables
from shared.waiting import waiting_table

metadata = MetaData()
kernel_tables(metadata)

clocks = Table(
    "clocks",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("lead", String(36), nullable=False, index=True),
    Column("promise", String(40), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("round", Integer, nullable=False),
    Column("owner", String(100)),
    Column("team", String(100)),
    Column("tier", String(60), nullable=False),
    Column("agreement", Integer, nullable=False),
    Column("routed", Integer, nullable=False),
    Column("state", String(12), nullable=False),
    Column("step", String(8), nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("warn_at", Moment),
    Column("warned_at", Moment),
    Column("breached_at", Moment),
    Column("settled_at", Moment),
    Column("stopped_at", Moment),
    Column("verdict", String(12), nullable=False),
    Column("why", Text, nullable=False),
    Column("rung", Integer, nullable=False),
    Column("skipped", Json, nullable=False),
    Column("held_until", Moment),
    Column("off_hours", Boolean, nullable=False),
    Column("within", String(60), nullable=False),
    Column("left_seconds", Integer),
    Column("in_words", Text, nullable=False),
    Index("clocks_state", "state", "due_at"),
)

spent = Table(
    "spent",
    metadata,
    Column("lead", String(36), primary_key=True),
    Column("promise", String(40), primary_key=True),
    Column("word", String(60), primary_key=True),
    Column("times", Integer, nullable=False),
)
"""How often a rung was done for a lead and promise, across epochs."""

closed = Table("closed", metadata, Column("lead", String(36), primary_key=True), Column("at", Moment, nullable=False))
"""Leads that ended: an assignment after that begins anew, with the whole time."""

agreements = Table(
    "agreements",
    metadata,
    Column("version", Integer, primary_key=True),
    Column("hash", String(80), nullable=False),
    Column("published_at", Moment, nullable=False),
    Column("compiled", Json, nullable=False),
)
people = Table("people", metadata, Column("id", String(100), primary_key=True), Column("doc", Json, nullable=False))
waiting_table(metadata)
breaches = Table(
    "breaches",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False),
    Column("lead", String(36), nullable=False),
    Column("type", String(60), nullable=False),
    Column("event", String(36), nullable=False),
    Column("data", Json, nullable=False),
)

PART = 400
_versions: WeakKeyDictionary[AsyncEngine, dict[int, Compiled]] = WeakKeyDictionary()


async def clocks_of(tx: Tx, leads: Iterable[str]) -> dict[str, list[Clock]]:
    """All clocks of these leads, locked, oldest epoch first."""
    found: dict[str, list[Clock]] = {}
    wanted = sorted(set(leads))
    for start in range(0, len(wanted), PART):
        part = wanted[start : start + PART]
        statement = select(clocks).where(clocks.c.lead.in_(part)).order_by(clocks.c.id).with_for_update()
        for row in await tx.rows(statement):
            found.setdefault(row["lead"], []).append(_clock(row))
    for of_lead in found.values():
        of_lead.sort(key=lambda clock: (clock.epoch, clock.round, clock.promise))
    return found


async def clocks_named(tx: Tx, ids: Iterable[str]) -> dict[str, Clock]:
    """The clocks with these ids, locked."""
    found: dict[str, Clock] = {}
    wanted = sorted(set(ids))
    for start in range(0, len(wanted), PART):
        part = wanted[start : start + PART]
        statement = select(clocks).where(clocks.c.id.in_(part)).order_by(clocks.c.id).with_for_update()
        found |= {row["id"]: _clock(row) for row in await tx.rows(statement)}
    return found


async def save(tx: Tx, changed: Sequence[Clock]) -> None:
    """Write clocks, new ones too."""
    rows = [{name: getattr(clock, name) for name in FIELDS} | {"skipped": list(clock.skipped)} for clock in changed]
    await upsert(tx, clocks, rows, ["id"], list(FIELDS[1:]))


def _clock(row: Any) -> Clock:
    values = {name: row[name] for name in FIELDS}
    return Clock(**{**values, "skipped": tuple(values["skipped"] or ())})


async def spent_of(tx: Tx, leads: Iterable[str]) -> dict[tuple[str, str, str], int]:
    """How often each rung was done: (lead, promise, word) to times."""
    wanted = sorted(set(leads))
    found: dict[tuple[str, str, str], int] = {}
    for start in range(0, len(wanted), PART):
        rows = await tx.rows(select(spent).where(spent.c.lead.in_(wanted[start : start + PART])))
        found |= {(row["lead"], row["promise"], row["word"]): int(row["times"]) for row in rows}
    return found


async def spend(tx: Tx, counts: dict[tuple[str, str, str], int]) -> None:
    """Write how often rungs were done."""
    rows = [{"lead": a, "promise": b, "word": c, "times": times} for (a, b, c), times in counts.items()]
    await upsert(tx, spent, rows, ["lead", "promise", "word"], ["times"])


async def closed_of(tx: Tx, leads: Iterable[str]) -> set[str]:
    """Which of these leads have ended."""
    wanted = sorted(set(leads))
    return {row["lead"] for row in await tx.rows(select(closed.c.lead).where(closed.c.lead.in_(wanted)))}


async def close(tx: Tx, leads: Iterable[str]) -> None:
    """These leads have ended."""
    await upsert(tx, closed, [{"lead": lead, "at": tx.now} for lead in leads], ["lead"])


async def reopen(tx: Tx, leads: Iterable[str]) -> None:
    """These leads have an owner again."""
    wanted = sorted(set(leads))
    if wanted:
        await tx.run(closed.delete().where(closed.c.lead.in_(wanted)))


async def versions_of(tx: Tx, wanted: Iterable[int]) -> dict[int, Compiled]:
    """The compiled versions; one that is not here yet is left out. A version never changes, so it is read once."""
    cache = _versions.setdefault(tx.conn.engine, {})
    missing = sorted(set(wanted) - set(cache))
    if missing:
        for row in await tx.rows(select(agreements).where(agreements.c.version.in_(missing))):
            cache[row["version"]] = Compiled.model_validate(row["compiled"])
    return cache


async def learn(tx: Tx, rows: list[dict[str, Any]]) -> None:
    """Keep versions."""
    await upsert(tx, agreements, rows, ["version"], ["hash", "published_at", "compiled"])


async def live(tx: Tx) -> tuple[int, Compiled] | None:
    """The version that was published last."""
    row = await tx.one(select(func.max(agreements.c.version).label("n")))
    number = row["n"] if row else None
    return (number, (await versions_of(tx, [number]))[number]) if number else None


async def people_of(tx: Tx, ids: Iterable[str]) -> dict[str, Rep]:
    """These people; who is not here yet is left out."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    return {
        row["id"]: Rep.model_validate(row["doc"])
        for row in await tx.rows(select(people).where(people.c.id.in_(wanted)))
    }


async def meet(tx: Tx, reps: list[Rep]) -> None:
    """Keep people."""
    await upsert(tx, people, [{"id": rep.id, "doc": rep.model_dump(mode="json")} for rep in reps], ["id"], ["doc"])


async def tell_breaches(tx: Tx, rows: list[dict[str, Any]]) -> None:
    """Keep what was said on the breach topic, for its door."""
    await tx.run(breaches.insert(), rows)


async def told_breaches(tx: Tx, *, after: int, since: datetime | None, limit: int) -> list[dict[str, Any]]:
    """What was said on the breach topic after a place in its order."""
    statement = select(breaches).where(breaches.c.id > after).order_by(breaches.c.id).limit(limit)
    if since:
        statement = statement.where(breaches.c.at >= since)
    return [dict(row) for row in await tx.rows(statement)]


async def shown(tx: Tx, lead: str | None, limit: int = 200) -> list[dict[str, Any]]:
    """Clocks of a lead, or all that run, the earliest due first."""
    statement = select(clocks).order_by(clocks.c.due_at).limit(limit)
    statement = statement.where(clocks.c.lead == lead) if lead else statement.where(clocks.c.state.in_(sorted(LIVE)))
    return [dict(row) for row in await tx.rows(statement)]


async def last_breach(tx: Tx) -> int:
    """The place of the last thing said on the breach topic."""
    row = await tx.one(select(func.max(breaches.c.id).label("n")))
    return int(row["n"] or 0) if row else 0
