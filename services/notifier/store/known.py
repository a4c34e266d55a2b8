"""What every message needs and what seldom changes: versions of the agreement, and the people with their addresses."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notifier.store.tables import agreements, metadata, people, roster
from shared.agreement.model import ExecutableAgreement
from shared.base.ids import new_id
from shared.base.roster import Rep
from shared.store.tx import Tx
from shared.store.write import upsert


@dataclass(slots=True)
class Known:
    """What this process has read, and the roster's stamp when it did."""

    versions: dict[int, ExecutableAgreement] = field(default_factory=dict)
    stamp: str | None = None
    people: dict[str, Rep] = field(default_factory=dict)


_known: WeakKeyDictionary[AsyncEngine, Known] = WeakKeyDictionary()


async def everybody(tx: Tx) -> dict[str, Rep]:
    """The whole roster, read anew where its stamp says that it changed; finding a stand-in may need anybody of it."""
    cache = _known.setdefault(tx.conn.engine, Known())
    row = await tx.first(select(roster.c.stamp))
    stamp = row["stamp"] if row else None
    if stamp != cache.stamp:
        cache.people = {found["id"]: Rep.model_validate(found["doc"]) for found in await tx.rows(select(people))}
        cache.stamp = stamp
    return cache.people


async def meet(tx: Tx, reps: Sequence[Rep]) -> None:
    """Keep people."""
    await upsert(tx, people, [{"id": rep.id, "doc": rep.model_dump(mode="json")} for rep in reps], ["id"], ["doc"])
    await upsert(tx, roster, [{"id": 1, "stamp": new_id()}], ["id"], ["stamp"])


async def learn(tx: Tx, rows: list[dict[str, Any]]) -> None:
    """Keep versions."""
    await upsert(tx, agreements, rows, ["version"], ["compiled"])


async def versions_of(tx: Tx, wanted: Iterable[int]) -> dict[int, ExecutableAgreement]:
    """The compiled versions; one that is not here yet is left out. A version never changes, so it is read once."""
    cache = _known.setdefault(tx.conn.engine, Known()).versions
    missing = sorted({number for number in wanted if number} - set(cache))
    if missing:
        for row in await tx.rows(select(agreements).where(agreements.c.version.in_(missing))):
            cache[row["version"]] = ExecutableAgreement.model_validate(row["compiled"])
    return cache


async def live(tx: Tx) -> int:
    """The version that was published last, 0 when none was."""
    row = await tx.first(select(func.max(agreements.c.version).label("n")))
    return int(row["n"] or 0) if row else 0


async def needed(tx: Tx) -> list[str]:
    """What the events that wait are waiting for."""
    waits = metadata.tables["deferred_events"]
    return [row["missing"] for row in await tx.rows(select(waits.c.missing).distinct()) if row["missing"] != "behind"]
