"""What the timer knows of others: versions of the agreement, and people."""

from collections.abc import Iterable
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from services.timer.store.parts import parts
from services.timer.store.tables import agreements, people
from shared.agreement.model import ExecutableAgreement
from shared.base.roster import Rep
from shared.store.tx import Tx
from shared.store.write import upsert

_versions: WeakKeyDictionary[AsyncEngine, dict[int, ExecutableAgreement]] = WeakKeyDictionary()


async def versions_of(tx: Tx, wanted: Iterable[int]) -> dict[int, ExecutableAgreement]:
    """The compiled versions; one that is not here yet is left out. A version never changes, so it is read once."""
    cache = _versions.setdefault(tx.conn.engine, {})
    missing = sorted(set(wanted) - set(cache))
    if missing:
        for row in await tx.rows(select(agreements).where(agreements.c.version.in_(missing))):
            cache[row["version"]] = ExecutableAgreement.model_validate(row["compiled"])
    return cache


async def learn(tx: Tx, rows: list[dict[str, Any]]) -> None:
    """Keep versions."""
    await upsert(tx, agreements, rows, ["version"], ["hash", "published_at", "compiled"])


async def live(tx: Tx) -> tuple[int, ExecutableAgreement] | None:
    """The version that was published last."""
    row = await tx.first(select(func.max(agreements.c.version).label("n")))
    number = row["n"] if row else None
    return (number, (await versions_of(tx, [number]))[number]) if number else None


async def people_of(tx: Tx, ids: Iterable[str]) -> dict[str, Rep]:
    """These people; who is not here yet is left out."""
    found: dict[str, Rep] = {}
    for part in parts(ids):
        rows = await tx.rows(select(people).where(people.c.id.in_(part)))
        found |= {row["id"]: Rep.model_validate(row["doc"]) for row in rows}
    return found


async def meet(tx: Tx, reps: list[Rep]) -> None:
    """Keep people."""
    await upsert(tx, people, [{"id": rep.id, "doc": rep.model_dump(mode="json")} for rep in reps], ["id"], ["doc"])
