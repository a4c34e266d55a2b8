"""This process's cache of keys, endpoints and destinations, with a version row that shows when to reload it."""

import asyncio
import hashlib
from datetime import datetime
from typing import Any

from sqlalchemy import select, text

from shared.access import tables as tables
from shared.base.clock import ClockStep
from shared.base.credentials import Destination, Endpoint, EndpointSecret, Principal
from shared.store.database import Database
from shared.store.tx import Tx

SECRET_PURPOSE = "access secrets"


class Access:
    """The cache; one per process. `db` is the Database of schema `access`."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self._version = -1
        self._keys: dict[str, Principal] = {}
        self._endpoints: dict[str, Endpoint] = {}
        self._destinations: dict[str, Destination] = {}
        self._granted: dict[str, Principal] = {}
        self._load_lock = asyncio.Lock()

    def grant(self, token: str, who: Principal) -> None:
        """Accept a key that is not stored, for as long as this process lives."""
        self._granted[hash_token(token)] = who

    async def load(self) -> None:
        """Reload everything. One load runs at a time, so that older rows never replace newer ones."""
        async with self._load_lock, self.db.reading() as tx:
            await self._load(tx)

    async def _load(self, tx: Tx) -> None:
        version = await tx.first(select(tables.access_version.c.n))
        keys = await tx.rows(select(tables.api_keys).where(tables.api_keys.c.revoked_at.is_(None)))
        endpoints = await tx.rows(select(tables.endpoints))
        destinations = await tx.rows(select(tables.destinations).where(tables.destinations.c.revoked_at.is_(None)))
        step = await tx.first(select(tables.clock).where(tables.clock.c.id == 1))
        if step:
            self.db.clock.step = ClockStep(step["base"], step["rate"], step["set_at"])
        self._keys = {row["hash"]: Principal(row["name"], row["person"], frozenset(row["roles"])) for row in keys}
        self._endpoints = {row["id"]: self._endpoint(row) for row in endpoints}
        keyring = self.db.context.keys
        self._destinations = {
            row["name"]: Destination(
                row["name"],
                row["url"],
                keyring.open(SECRET_PURPOSE, row["secret"]),
                bool(row["local"]),
            )
            for row in destinations
        }
        self._version = int(version["n"]) if version else 0

    def _endpoint(self, row: Any) -> Endpoint:
        keyring = self.db.context.keys
        secrets = tuple(
            EndpointSecret(
                item["id"],
                keyring.open(SECRET_PURPOSE, item["sealed"]),
                _moment(item, "not_before"),
                _moment(item, "not_after"),
            )
            for item in row["secrets"]
        )
        return Endpoint(
            row["id"],
            row["name"],
            row["source"],
            row["scheme"],
            row["url"],
            secrets,
            row["mapping"] or {},
            row["options"] or {},
            row["revoked_at"] is not None,
        )

    async def reload_if_changed_elsewhere(self) -> None:
        """Reload when another process changed something. On SQLite there is no other process, so this does nothing."""
        if self.db.dialect == "postgresql":
            async with self.db.reading() as tx:
                await self.reload_if_stale(tx)

    async def reload_if_stale(self, tx: Tx) -> bool:
        """Return whether the cache was current, checked in this transaction, and reload the cache when it was not.

        On SQLite this process is the only writer, so the cache is always current."""
        if tx.dialect == "sqlite":
            return True
        if await self._is_current(tx):
            return True
        async with self._load_lock:
            if not await self._is_current(tx):  # Load in `tx`: concurrent callers may hold every other connection.
                await self._load(tx)
        return False

    async def _is_current(self, tx: Tx) -> bool:
        row = await tx.first(_VERSION)
        return (int(row["n"]) if row else 0) == self._version

    def endpoint(self, endpoint_id: str) -> Endpoint | None:
        """An endpoint by its id, including revoked endpoints; None for an unknown id."""
        return self._endpoints.get(endpoint_id)

    def endpoints(self) -> list[Endpoint]:
        """All endpoints."""
        return list(self._endpoints.values())

    def destination(self, name: str) -> Destination | None:
        """A destination by its name."""
        return self._destinations.get(name)

    def destinations(self) -> list[Destination]:
        """All destinations."""
        return list(self._destinations.values())

    def principal(self, token: str) -> Principal | None:
        """The principal that the key belongs to, or None when the key is unknown or revoked."""
        return self._keys.get(hash_token(token)) or self._granted.get(hash_token(token))


def hash_token(token: str) -> str:
    """The form in which a key is stored: the SHA-256 of 32 random bytes needs no salt."""
    return hashlib.sha256(token.encode()).hexdigest()


def _moment(item: dict[str, Any], name: str) -> datetime | None:
    return datetime.fromisoformat(item[name]) if item.get(name) else None


_VERSION = text("SELECT n FROM access_version WHERE id = 1")
