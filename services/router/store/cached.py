"""What every batch needs and what seldom changes: the live agreement, the roster, the lists; checked in the transaction."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import orjson
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.router.store.tables import agreements, lists, people, versions
from shared.agreement.model import ExecutableAgreement
from shared.base.roster import Rep
from shared.store.tx import Tx

NAMES = ("agreement", "lists", "roster")


@dataclass(frozen=True, slots=True)
class Live:
    """The live version of the agreement."""

    version: int
    hash: str
    compiled: ExecutableAgreement


@dataclass(slots=True)
class Known:
    """What this process has read, and the versions it read it at."""

    counts: dict[str, int] = field(default_factory=dict)
    live: Live | None = None
    roster: dict[str, Rep] = field(default_factory=dict)
    lists: dict[str, frozenset[str]] = field(default_factory=dict)
    list_hashes: dict[str, str] = field(default_factory=dict)
    pinned: dict[int, ExecutableAgreement] = field(default_factory=dict)


_known: WeakKeyDictionary[AsyncEngine, Known] = WeakKeyDictionary()


async def known(tx: Tx) -> Known:
    """The present truth: read anew where the version row says that it changed."""
    cache = _known.setdefault(_place(tx), Known())
    counts = {row["name"]: int(row["n"]) for row in await tx.rows(select(versions))}
    if counts == cache.counts and cache.counts:
        return cache
    fresh = Known(counts=counts, pinned=cache.pinned)
    row = await tx.first(select(agreements).where(agreements.c.state == "live"))
    if row:
        fresh.live = Live(row["version"], row["hash"], ExecutableAgreement.model_validate(row["compiled"]))
        fresh.pinned[row["version"]] = fresh.live.compiled
    for person in await tx.rows(select(people.c.doc)):
        rep = Rep.model_validate(person["doc"])
        fresh.roster[rep.id] = rep
    for item in await tx.rows(select(lists)):
        fresh.lists[item["name"]] = frozenset(item["entries"])
        fresh.list_hashes[item["name"]] = item["hash"]
    _known[_place(tx)] = fresh
    return fresh


async def pinned(tx: Tx, wanted: Iterable[int | None]) -> dict[int, ExecutableAgreement]:
    """The compiled versions that leads are pinned to."""
    cache = await known(tx)
    missing = sorted({version for version in wanted if version and version not in cache.pinned})
    if missing:
        statement = select(agreements.c.version, agreements.c.compiled).where(agreements.c.version.in_(missing))
        for row in await tx.rows(statement):
            cache.pinned[row["version"]] = ExecutableAgreement.model_validate(row["compiled"])
    return cache.pinned


async def changed(tx: Tx, name: str) -> None:
    """Say that the roster, the lists or the agreement changed: every process reads it anew at its next use."""
    await tx.execute(_BUMP, {"name": name})


def hash_of_entries(entries: list[str]) -> str:
    """The hash of a list's entries, for the record of decisions."""
    return "sha256:" + hashlib.sha256(orjson.dumps(sorted(entries))).hexdigest()


def _place(tx: Tx) -> Any:
    return tx.conn.engine


_BUMP = text("INSERT INTO versions (name, n) VALUES (:name, 1) ON CONFLICT (name) DO UPDATE SET n = versions.n + 1")
