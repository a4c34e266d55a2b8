"""Queries of deliveries with their responses, the items in them, and the identities of people."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select

from services.router.store.tables import deliveries, identities, item_keys, items
from shared.store.chunks import key_chunks
from shared.store.tx import Tx
from shared.store.write import insert_new, upsert

EndpointKey = tuple[str, str]
"""An endpoint's id and a key that is unique within it."""


async def insert_deliveries(tx: Tx, rows: list[dict[str, Any]]) -> set[str]:
    """Insert deliveries; returns the ids of those whose key is new, or belonged to an expired one."""
    inserted = await _insert_new_deliveries(tx, rows)
    others = [row for row in rows if row["id"] not in inserted]
    if not others:
        return inserted
    stored = await find_deliveries(tx, [(row["endpoint"], row["dedupe_key"]) for row in others])
    expired = [row["id"] for row in stored.values() if row["dedupe_until"] <= tx.wall]
    if expired:
        await tx.execute(deliveries.update().where(deliveries.c.id.in_(expired)).values(dedupe_key=deliveries.c.id))
        inserted |= await _insert_new_deliveries(tx, others)
    return inserted


async def _insert_new_deliveries(tx: Tx, rows: list[dict[str, Any]]) -> set[str]:
    return {key[0] for key in await insert_new(tx, deliveries, rows, ["endpoint", "dedupe_key"], ["id"])}


async def find_deliveries(tx: Tx, keys: list[EndpointKey]) -> dict[EndpointKey, Any]:
    """The stored deliveries with these keys, each with the response it got."""
    columns = (
        *(deliveries.c.id, deliveries.c.endpoint, deliveries.c.dedupe_key, deliveries.c.dedupe_until),
        *(deliveries.c.response_status, deliveries.c.response_headers, deliveries.c.response_body),
    )
    statement = select(*columns).where(deliveries.c.dedupe_key.in_(sorted({key for _, key in keys})))
    rows = {(row["endpoint"], row["dedupe_key"]): row for row in await tx.rows(statement)}
    return {key: rows[key] for key in keys if key in rows}


async def record_counts(tx: Tx, rows: list[dict[str, Any]]) -> None:
    """Write how many items each delivery held; insert deliveries that came by the topic and not by a webhook."""
    ids = [row["id"] for row in rows]
    present = {row["id"] for row in await tx.rows(select(deliveries.c.id).where(deliveries.c.id.in_(ids)))}
    await tx.execute(deliveries.insert(), [row for row in rows if row["id"] not in present])
    statement = deliveries.update().where(deliveries.c.id == bindparam("which")).values(item_count=bindparam("n"))
    await tx.execute(statement, [{"which": row["id"], "n": row["item_count"]} for row in rows if row["id"] in present])


async def get_delivery(tx: Tx, intake: str) -> Any:
    """One stored delivery, or None."""
    return await tx.first(select(deliveries).where(deliveries.c.id == intake))


async def recount_items(tx: Tx, intake: str) -> None:
    """Update how many items a delivery holds."""
    count = select(func.count()).select_from(items).where(items.c.intake == intake).scalar_subquery()
    await tx.execute(deliveries.update().where(deliveries.c.id == intake).values(item_count=count))


async def item_ids(tx: Tx, intake: str) -> set[str]:
    """The ids of the items of a delivery."""
    return {row["id"] for row in await tx.rows(select(items.c.id).where(items.c.intake == intake))}


async def delete_item(tx: Tx, item_id: str) -> None:
    """Delete an item, so that it can be read again."""
    await tx.execute(items.delete().where(items.c.id == item_id))


async def insert_items(tx: Tx, rows: list[dict[str, Any]]) -> None:
    """Insert items that are not there yet."""
    await upsert(tx, items, rows, ["id"])


async def claim_item_keys(tx: Tx, claims: dict[EndpointKey, tuple[str, datetime]]) -> dict[EndpointKey, str]:
    """Claim item keys (key to lead and expiry); returns the lead of each key that an earlier item holds."""
    rows = {
        (endpoint, key): {"endpoint": endpoint, "key": key, "lead": lead, "dedupe_until": until}
        for (endpoint, key), (lead, until) in claims.items()
    }
    inserted = await insert_new(tx, item_keys, list(rows.values()), ["endpoint", "key"])
    others = [key for key in rows if key not in inserted]
    if not others:
        return {}
    stored = await _lock_item_keys(tx, others)
    taken = {key: stored[key]["lead"] for key in others if stored[key]["dedupe_until"] > tx.wall}
    expired = [rows[key] for key in others if key not in taken]
    await upsert(tx, item_keys, expired, ["endpoint", "key"], ["lead", "dedupe_until"])
    return taken


async def _lock_item_keys(tx: Tx, keys: list[EndpointKey]) -> dict[EndpointKey, Any]:
    statement = (
        select(item_keys)
        .where(item_keys.c.key.in_(sorted({key for _, key in keys})))
        .order_by(item_keys.c.endpoint, item_keys.c.key)
        .with_for_update()
    )
    return {(row["endpoint"], row["key"]): row for row in await tx.rows(statement)}


async def lock_identities(tx: Tx, keys: Iterable[str]) -> dict[str, str]:
    """Lock the identity rows of these keys, inserting what is missing; returns key to the lead it points at."""
    ordered = sorted(set(keys))
    if not ordered:
        return {}
    await upsert(tx, identities, [{"key": key, "lead": None} for key in ordered], ["key"])
    pointers: dict[str, str] = {}
    for part in key_chunks(ordered):
        statement = select(identities).where(identities.c.key.in_(part)).order_by(identities.c.key).with_for_update()
        pointers |= {row["key"]: row["lead"] for row in await tx.rows(statement) if row["lead"]}
    return pointers


async def point_identities(tx: Tx, pointers: dict[str, str]) -> None:
    """Let identity rows (by key) point at leads."""
    await upsert(tx, identities, [{"key": key, "lead": lead} for key, lead in pointers.items()], ["key"], ["lead"])
