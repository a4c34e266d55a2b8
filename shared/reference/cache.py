"""Reads and writes of the reference data, with one cache for each database engine."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import MetaData, Table, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.agreement.model import ExecutableAgreement
from shared.base.ids import new_id
from shared.base.roster import Rep
from shared.reference.tables import reference_tables
from shared.store.tx import Tx
from shared.store.write import upsert

_tables = reference_tables(MetaData())


@dataclass(slots=True)
class ReferenceCache:
    """The reference data read through one engine. `stamp` is the version of the roster in `people`."""

    versions: dict[int, ExecutableAgreement] = field(default_factory=dict)
    people: dict[str, Rep] = field(default_factory=dict)
    stamp: str | None = None


_caches: WeakKeyDictionary[AsyncEngine, ReferenceCache] = WeakKeyDictionary()


def _cache(tx: Tx) -> ReferenceCache:
    return _caches.setdefault(tx.conn.engine, ReferenceCache())


async def compiled_versions(tx: Tx, table: Table, numbers: Iterable[int | None]) -> Mapping[int, ExecutableAgreement]:
    """Return at least these versions, compiled, by number; None, 0 and a version that is not in the table are left out.

    `table` has the columns `version` and `compiled`. A version never changes, so each is read and parsed once.
    """
    versions = _cache(tx).versions
    missing = sorted({number for number in numbers if number} - set(versions))
    if missing:
        statement = select(table.c.version, table.c.compiled).where(table.c.version.in_(missing))
        for row in await tx.rows(statement):
            versions[row["version"]] = ExecutableAgreement.model_validate(row["compiled"])
    return versions


async def agreement_versions(tx: Tx, numbers: Iterable[int | None]) -> Mapping[int, ExecutableAgreement]:
    """Return at least these published versions, compiled, by number; one that is not here yet is left out."""
    return await compiled_versions(tx, _tables.agreements, numbers)


async def live_version(tx: Tx) -> int:
    """Return the number of the version that was published last, 0 when none was."""
    row = await tx.first(select(func.max(_tables.agreements.c.version).label("n")))
    return int(row["n"] or 0) if row else 0


async def roster(tx: Tx) -> Mapping[str, Rep]:
    """Return all people by id, read again only when the roster's stamp changed."""
    cache = _cache(tx)
    row = await tx.first(select(_tables.roster_version.c.stamp))
    stamp = row["stamp"] if row else None
    if stamp != cache.stamp:
        cache.people = {row["id"]: Rep.model_validate(row["doc"]) for row in await tx.rows(select(_tables.people))}
        cache.stamp = stamp
    return cache.people


async def save_versions(tx: Tx, rows: list[dict[str, Any]]) -> None:
    """Insert or replace versions: version, hash, published_at, compiled."""
    await upsert(tx, _tables.agreements, rows, ["version"], ["hash", "published_at", "compiled"])


async def save_people(tx: Tx, people: Sequence[Rep]) -> None:
    """Insert or replace people, and change the roster's stamp so that every process reads the roster again."""
    rows = [{"id": rep.id, "doc": rep.model_dump(mode="json")} for rep in people]
    await upsert(tx, _tables.people, rows, ["id"], ["doc"])
    await upsert(tx, _tables.roster_version, [{"id": 1, "stamp": new_id()}], ["id"], ["stamp"])
