"""Stores the names of people and the published agreements, from the topic `baton.agreement`."""

from typing import Any

from sqlalchemy import select

from services.console.store.tables import agreements, people
from shared.store.tx import Tx
from shared.store.write import upsert

Row = dict[str, Any]


async def names_of_people(tx: Tx) -> dict[str, str]:
    """The name of each person by id."""
    return {row["id"]: row["name"] for row in await tx.rows(select(people))}


async def upsert_people(tx: Tx, rows: list[Row]) -> None:
    """Insert or update names of people."""
    await upsert(tx, people, rows, ["id"], ["name"])


async def upsert_agreements(tx: Tx, rows: list[Row]) -> None:
    """Insert or update published versions of the agreement."""
    await upsert(tx, agreements, rows, ["version"], ["name", "published_at"])


async def live_agreement(tx: Tx) -> Row | None:
    """The newest published version; None when there is none."""
    row = await tx.first(select(agreements).order_by(agreements.c.version.desc()).limit(1))
    return dict(row) if row else None
