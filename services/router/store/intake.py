"""What came in: deliveries with the answer that they were given, elements, and who is known already."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select

from services.router.store.tables import deliveries, element_keys, elements, identities
from shared.store.tx import Tx
from shared.store.write import insert_new, upsert


async def keep(tx: Tx, rows: list[dict[str, Any]]) -> set[str]:
    """Store deliveries; returns the ids of those that are new. A key that is known no longer is given up first."""
    made = {key[0] for key in await insert_new_deliveries(tx, rows)}
    others = [row for row in rows if row["id"] not in made]
    if not others:
        return made
    stale = [
        found["id"]
        for found in (await stored(tx, [(row["endpoint"], row["dedupe_key"]) for row in others])).values()
        if found["known_until"] <= tx.wall
    ]
    if stale:
        await tx.execute(deliveries.update().where(deliveries.c.id.in_(stale)).values(dedupe_key=deliveries.c.id))
        made |= {key[0] for key in await insert_new_deliveries(tx, others)}
    return made


async def insert_new_deliveries(tx: Tx, rows: list[dict[str, Any]]) -> set[tuple[Any, ...]]:
    """Insert deliveries whose (endpoint, key) is new; returns their ids."""
    return await insert_new(tx, deliveries, rows, ["endpoint", "dedupe_key"], ["id"])


async def stored(tx: Tx, keys: list[tuple[str, str]]) -> dict[tuple[str, str], Any]:
    """The deliveries that are known under these (endpoint, key) pairs."""
    columns = (
        *(deliveries.c.id, deliveries.c.endpoint, deliveries.c.dedupe_key, deliveries.c.known_until),
        *(deliveries.c.answer_status, deliveries.c.answer_headers, deliveries.c.answer_body),
    )
    statement = select(*columns).where(deliveries.c.dedupe_key.in_(sorted({key for _, key in keys})))
    wanted = set(keys)
    found = await tx.rows(statement)
    return {
        (row["endpoint"], row["dedupe_key"]): row for row in found if (row["endpoint"], row["dedupe_key"]) in wanted
    }


async def counted(tx: Tx, rows: list[dict[str, Any]]) -> None:
    """Write how many elements each delivery held; one that came by the topic, not by the door, gets its row here."""
    ids = [row["id"] for row in rows]
    present = {row["id"] for row in await tx.rows(select(deliveries.c.id).where(deliveries.c.id.in_(ids)))}
    await tx.execute(deliveries.insert(), [row for row in rows if row["id"] not in present])
    statement = deliveries.update().where(deliveries.c.id == bindparam("which")).values(elements=bindparam("n"))
    await tx.execute(statement, [{"which": row["id"], "n": row["elements"]} for row in rows if row["id"] in present])


async def delivery(tx: Tx, intake: str) -> Any:
    """A delivery as it is kept, or None."""
    return await tx.first(select(deliveries).where(deliveries.c.id == intake))


async def recount(tx: Tx, intake: str) -> None:
    """Write anew how many elements a delivery holds."""
    held = select(func.count()).select_from(elements).where(elements.c.intake == intake).scalar_subquery()
    await tx.execute(deliveries.update().where(deliveries.c.id == intake).values(elements=held))


async def elements_of(tx: Tx, intake: str) -> set[str]:
    """The ids of the elements that a delivery held."""
    return {row["id"] for row in await tx.rows(select(elements.c.id).where(elements.c.intake == intake))}


async def forget_element(tx: Tx, element: str) -> None:
    """Take back what an element became, for it is read again."""
    await tx.execute(elements.delete().where(elements.c.id == element))


async def write_elements(tx: Tx, rows: list[dict[str, Any]]) -> None:
    """Keep elements."""
    await upsert(tx, elements, rows, ["id"])


async def claim_keys(tx: Tx, wanted: dict[tuple[str, str], tuple[str, datetime]]) -> dict[tuple[str, str], str]:
    """Take element keys ((endpoint, key) to (lead, known until)); returns the lead of each key that was taken before."""
    rows = [
        {"endpoint": endpoint, "key": key, "lead": lead, "known_until": until}
        for (endpoint, key), (lead, until) in wanted.items()
    ]
    made = await insert_new(tx, element_keys, rows, ["endpoint", "key"])
    others = [place for place in wanted if place not in made]
    if not others:
        return {}
    statement = (
        select(element_keys)
        .where(element_keys.c.key.in_(sorted({key for _, key in others})))
        .order_by(element_keys.c.endpoint, element_keys.c.key)
        .with_for_update()
    )
    found = {(row["endpoint"], row["key"]): row for row in await tx.rows(statement)}
    taken = {place: found[place]["lead"] for place in others if found[place]["known_until"] > tx.wall}
    again = [
        row for row in rows if (row["endpoint"], row["key"]) in others and (row["endpoint"], row["key"]) not in taken
    ]
    await upsert(tx, element_keys, again, ["endpoint", "key"], ["lead", "known_until"])
    return taken


async def lock_identities(tx: Tx, keys: Iterable[str]) -> dict[str, str]:
    """Lock the identity rows of these keys (made where missing); returns key to the lead it points at."""
    wanted = sorted(set(keys))
    if not wanted:
        return {}
    await upsert(tx, identities, [{"key": key, "lead": None} for key in wanted], ["key"])
    found: dict[str, str] = {}
    for start in range(0, len(wanted), 400):
        part = wanted[start : start + 400]
        statement = select(identities).where(identities.c.key.in_(part)).order_by(identities.c.key).with_for_update()
        found |= {row["key"]: row["lead"] for row in await tx.rows(statement) if row["lead"]}
    return found


async def point(tx: Tx, pointers: dict[str, str]) -> None:
    """Let identity rows point at leads."""
    await upsert(tx, identities, [{"key": key, "lead": lead} for key, lead in pointers.items()], ["key"], ["lead"])
