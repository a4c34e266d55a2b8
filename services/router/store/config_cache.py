"""The cached configuration of routing: live agreement, roster and lists, checked for changes in the transaction that uses it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.router.store import lists as list_store
from services.router.store.tables import agreements, config_revisions, people
from shared.agreement.model import ExecutableAgreement
from shared.base.roster import Rep
from shared.reference import cache as reference
from shared.store.tx import Tx


@dataclass(frozen=True, slots=True)
class LiveAgreement:
    """The live version of the agreement."""

    version: int
    hash: str
    compiled: ExecutableAgreement


@dataclass(slots=True)
class Config:
    """The configuration that this process has read, and the revisions of its parts."""

    revisions: dict[str, int] = field(default_factory=dict)
    live: LiveAgreement | None = None
    roster: dict[str, Rep] = field(default_factory=dict)
    lists: dict[str, frozenset[str]] = field(default_factory=dict)
    list_hashes: dict[str, str] = field(default_factory=dict)


_configs: WeakKeyDictionary[AsyncEngine, Config] = WeakKeyDictionary()


async def current(tx: Tx) -> Config:
    """The configuration as it is in this transaction: the cached one, or read again if a revision has changed."""
    engine: Any = tx.conn.engine
    cached = _configs.setdefault(engine, Config())
    revisions = {row["name"]: int(row["revision"]) for row in await tx.rows(select(config_revisions))}
    if revisions == cached.revisions and cached.revisions:
        return cached
    config = _configs[engine] = await _load(tx, revisions)
    return config


async def _load(tx: Tx, revisions: dict[str, int]) -> Config:
    config = Config(revisions=revisions)
    row = await tx.first(select(agreements.c.version, agreements.c.hash).where(agreements.c.state == "live"))
    if row:
        versions = await compiled_versions(tx, [row["version"]])
        config.live = LiveAgreement(row["version"], row["hash"], versions[row["version"]])
    for person in await tx.rows(select(people.c.doc)):
        rep = Rep.model_validate(person["doc"])
        config.roster[rep.id] = rep
    for name, entries, digest in await list_store.load(tx):
        config.lists[name] = entries
        config.list_hashes[name] = digest
    return config


async def compiled_versions(tx: Tx, numbers: Iterable[int | None]) -> Mapping[int, ExecutableAgreement]:
    """The compiled agreement versions with these numbers (others may be among them); None is ignored."""
    return await reference.compiled_versions(tx, agreements, numbers)


async def invalidate(tx: Tx, name: str) -> None:
    """Record that `roster`, `lists` or `agreement` changed: every process reads the configuration again at its next use."""
    await tx.execute(_NEXT_REVISION, {"name": name})


_NEXT_REVISION = text(
    "INSERT INTO config_revisions (name, revision) VALUES (:name, 1) "
    "ON CONFLICT (name) DO UPDATE SET revision = config_revisions.revision + 1"
)
