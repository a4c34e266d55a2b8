"""Queries of the lists that conditions name as `in list:NAME`."""

from sqlalchemy import select

from services.router.store.tables import lists
from shared.store.tx import Tx
from shared.store.write import upsert


async def save(tx: Tx, name: str, entries: list[str], digest: str, by: str) -> None:
    """Insert or replace a list; `digest` is the hash of its entries, `by` who changes it."""
    row = {"name": name, "entries": entries, "hash": digest, "changed_at": tx.now, "changed_by": by}
    await upsert(tx, lists, [row], ["name"], ["entries", "hash", "changed_at", "changed_by"])


async def load(tx: Tx) -> list[tuple[str, frozenset[str], str]]:
    """Every list: its name, its entries and their hash."""
    return [(row["name"], frozenset(row["entries"]), row["hash"]) for row in await tx.rows(select(lists))]
