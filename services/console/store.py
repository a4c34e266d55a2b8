"""The console's tables: what the topics said, put together for the screens."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Column, Index, Integer, MetaData, String, Table, Text, func, select

from shared.db import Tx, upsert
from shared.db_tables import BigId, Json, Moment, kernel_tables

metadata = MetaData()
kernel_tables(metadata)

leads = Table(
    "leads",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("card", Json, nullable=False),
    Column("state", String(16), nullable=False),
    Column("since", Moment, nullable=False),
    Column("owner", String(100)),
    Column("team", String(100)),
    Column("tier", String(60), nullable=False),
    Column("score", String(10)),
    Column("epoch", Integer, nullable=False),
    Column("rule", Text, nullable=False),
    Column("in_words", Text, nullable=False),
    Column("received_at", Moment),
    Column("merged_into", String(36)),
    Column("breaches", Integer, nullable=False),
    Column("moved", BigId, nullable=False),
    Index("console_leads_moved", "moved"),
    Index("console_leads_state", "state"),
)
"""`state` is "" until the lead itself was told of; `moved` is the place of its newest line."""
clocks = Table(
    "clocks",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("lead", String(36), nullable=False, index=True),
    Column("promise", String(40), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("owner", String(100)),
    Column("state", String(12), nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("warn_at", Moment),
    Column("in_words", Text, nullable=False),
    Index("console_clocks_state", "state"),
)
notices = Table(
    "notices",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("lead", String(36), nullable=False, index=True),
    Column("kind", String(40), nullable=False),
    Column("role", String(40), nullable=False),
    Column("person", String(100)),
    Column("channel", String(120), nullable=False),
    Column("state", String(12), nullable=False),
    Column("at", Moment, nullable=False),
    Column("why", Text, nullable=False),
)
lines = Table(
    "lines",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("lead", String(36), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("type", String(60), nullable=False),
    Column("text", Text, nullable=False),
    Column("loud", Boolean, nullable=False),
    Column("color", String(8), nullable=False),
)
"""Everything that happened, a sentence each; live pages read what is new here, so that any process can serve them."""
people = Table("people", metadata, Column("id", String(100), primary_key=True), Column("name", Text, nullable=False))
agreements = Table(
    "agreements",
    metadata,
    Column("version", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("published_at", Moment, nullable=False),
)


def _parts(ids: Iterable[str]) -> list[list[str]]:
    wanted = sorted(set(ids))
    return [wanted[start : start + 400] for start in range(0, len(wanted), 400)]


async def leads_of(tx: Tx, ids: Iterable[str], *, lock: bool = False) -> dict[str, dict[str, Any]]:
    """These leads."""
    found: dict[str, dict[str, Any]] = {}
    for part in _parts(ids):
        statement = select(leads).where(leads.c.id.in_(part)).order_by(leads.c.id)
        rows = await tx.rows(statement.with_for_update() if lock else statement)
        found |= {row["id"]: dict(row) for row in rows}
    return found


async def clocks_of(tx: Tx, of_leads: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
    """The clocks of these leads, oldest first."""
    found: dict[str, list[dict[str, Any]]] = {}
    for part in _parts(of_leads):
        for row in await tx.rows(
            select(clocks).where(clocks.c.lead.in_(part)).order_by(clocks.c.epoch, clocks.c.started_at)
        ):
            found.setdefault(row["lead"], []).append(dict(row))
    return found


async def save(
    tx: Tx, rows: Sequence[dict[str, Any]], clock_rows: Sequence[dict[str, Any]], notice_rows: Sequence[dict[str, Any]]
) -> None:
    """Write leads, clocks and notices."""
    for table, values in ((leads, rows), (clocks, clock_rows), (notices, notice_rows)):
        columns = [column.name for column in table.columns if column.name != "id"]
        await upsert(tx, table, list(values), ["id"], columns)


async def write_lines(tx: Tx, rows: Sequence[dict[str, Any]]) -> dict[str, int]:
    """Add lines; returns each lead's newest place."""
    newest: dict[str, int] = {}
    for start in range(0, len(rows), 200):
        part = list(rows[start : start + 200])
        statement = lines.insert().values(part).returning(lines.c.id, lines.c.lead)
        for row in (await tx.conn.execute(statement)).all():
            newest[row.lead] = max(newest.get(row.lead, 0), int(row.id))
    return newest


async def floor(tx: Tx, limit: int) -> list[dict[str, Any]]:
    """The leads that moved last."""
    hidden = ("", "merged")
    statement = select(leads).where(leads.c.state.not_in(hidden)).order_by(leads.c.moved.desc()).limit(limit)
    return [dict(row) for row in await tx.rows(statement)]


async def news(tx: Tx, after: int, *, lead: str | None = None, limit: int = 500) -> list[dict[str, Any]]:
    """Lines after a place, in order."""
    statement = select(lines).where(lines.c.id > after).order_by(lines.c.id).limit(limit)
    return [dict(row) for row in await tx.rows(statement.where(lines.c.lead == lead) if lead else statement)]


async def last_lines(tx: Tx, limit: int) -> list[dict[str, Any]]:
    """The newest loud lines, newest first."""
    statement = select(lines).where(lines.c.loud.is_(True)).order_by(lines.c.id.desc()).limit(limit)
    return [dict(row) for row in await tx.rows(statement)]


async def story(tx: Tx, lead: str) -> list[dict[str, Any]]:
    """All lines of a lead, oldest first."""
    return [dict(row) for row in await tx.rows(select(lines).where(lines.c.lead == lead).order_by(lines.c.id))]


async def notices_of(tx: Tx, lead: str) -> list[dict[str, Any]]:
    """The notices about a lead."""
    return [dict(row) for row in await tx.rows(select(notices).where(notices.c.lead == lead).order_by(notices.c.at))]


async def newest(tx: Tx) -> int:
    """The newest place."""
    row = await tx.one(select(func.max(lines.c.id).label("n")))
    return int(row["n"] or 0) if row else 0


async def counts(tx: Tx) -> dict[str, int]:
    """Leads by state, and clocks that are breached and still open as `late`."""
    rows = await tx.rows(select(leads.c.state, func.count().label("n")).group_by(leads.c.state))
    late = await tx.one(select(func.count().label("n")).where(clocks.c.state == "breached"))
    return {row["state"]: int(row["n"]) for row in rows if row["state"]} | {"late": int(late["n"]) if late else 0}


async def names(tx: Tx) -> dict[str, str]:
    """Ids of people to their names."""
    return {row["id"]: row["name"] for row in await tx.rows(select(people))}


async def meet(tx: Tx, rows: list[dict[str, Any]]) -> None:
    """Keep names."""
    await upsert(tx, people, rows, ["id"], ["name"])


async def learn(tx: Tx, rows: list[dict[str, Any]]) -> None:
    """Keep which versions went live."""
    await upsert(tx, agreements, rows, ["version"], ["name", "published_at"])


async def live(tx: Tx) -> dict[str, Any] | None:
    """The newest version that went live."""
    row = await tx.one(select(agreements).order_by(agreements.c.version.desc()).limit(1))
    return dict(row) if row else None


async def forget_lines(tx: Tx, before: datetime) -> None:
    """Lines of leads that moved on long ago are not needed by live pages; the lead's own record is the router's."""
    await tx.run(lines.delete().where(lines.c.at < before))
