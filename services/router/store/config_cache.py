"""The cached configuration of routing: live agreement, roster and lists, checked for changes in the transaction that uses it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.router.store import lists as list_store
from services.router.store.tables import agreements, config_revisions, people
from shared.agreement.model import ExecutableAgreement
from shared.base.roster import Rep
from shared.store.tx import Tx


@dataclass(frozen=True, slots=True)
class LiveAgreement:
    """The live version of the agreement."""

    version: int
    hash: str
    compiled: ExecutableAgreement


@dataclass(slots=True)
class Config:
    """What this process has read, and the revisions it was read at. `compiled_versions` holds every version ever used."""

    revisions: dict[str, int] = field(default_factory=dict)
    live: LiveAgreement | None = None
    roster: dict[str, Rep] = field(default_factory=dict)
    lists: dict[str, frozenset[str]] = field(default_factory=dict)
    list_hashes: dict[str, str] = field(default_factory=dict)
    compiled_versions: dict[int, ExecutableAgreement] = field(default_factory=dict)


_configs: WeakKeyDictionary[AsyncEngine, Config] = WeakKeyDictionary()


async def current(tx: Tx) -> Config:
    """The configuration as it is in this transaction: the cached one, or read again if a revision has changed."""
    engine: Any = tx.conn.engine
    cached = _configs.setdefault(engine, Config())
    revisions = {row["name"]: int(row["revision"]) for row in await tx.rows(select(config_revisions))}
    if revisions == cached.revisions and cached.revisions:
        return cached
    config = _configs[engine] = await _load(tx, revisions, cached.compiled_versions)
    return config


async def _load(tx: Tx, revisions: dict[str, int], versions: dict[int, ExecutableAgreement]) -> Config:
    config = Config(revisions=revisions, compiled_versions=versions)
    row = await tx.first(select(agreements).where(agreements.c.state == "live"))
    if row:
        config.live = LiveAgreement(row["version"], row["hash"], ExecutableAgreement.model_validate(row["compiled"]))
        versions[row["version"]] = config.live.compiled
    for person in await tx.rows(select(people.c.doc)):
        rep = Rep.model_validate(person["doc"])
        config.roster[rep.id] = rep
    for name, entries, digest in await list_store.load(tx):
        config.lists[name] = entries
        config.list_hashes[name] = digest
    return config


async def compiled_versions(tx: Tx, wanted: Iterable[int | None]) -> dict[int, ExecutableAgreement]:
    """The compiled agreement versions with these numbers (others may be among them); None is ignored."""
    config = await current(tx)
    missing = sorted({version for version in wanted if version and version not in config.compiled_versions})
    if missing:
        statement = select(agreements.c.version, agreements.c.compiled).where(agreements.c.version.in_(missing))
        for row in await tx.rows(statement):
            config.compiled_versions[row["version"]] = ExecutableAgreement.model_validate(row["compiled"])
    return config.compiled_versions


async def invalidate(tx: Tx, name: str) -> None:
    """Record that `roster`, `lists` or `agreement` changed: every process reads the configuration again at its next use."""
    await tx.execute(_NEXT_REVISION, {"name": name})


_NEXT_REVISION = text(
    "INSERT INTO config_revisions (name, revision) VALUES (:name, 1) "
    "ON CONFLICT (name) DO UPDATE SET revision = config_revisions.revision + 1"
)
