"""The notifier's tables, and functions named for the answer they give."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Column, Index, Integer, MetaData, String, Table, Text, UniqueConstraint, func, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.agreement.compiled import Compiled
from shared.agreement.roster import Rep
from shared.db import Tx, insert_new, upsert
from shared.db_tables import Json, Moment, kernel_tables
from shared.waiting import waiting_table

metadata = MetaData()
kernel_tables(metadata)
waiting_table(metadata)

notices = Table(
    "notices",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("lead", String(36), nullable=False, index=True),
    Column("epoch", Integer, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("role", String(40), nullable=False),
    Column("person", String(100), nullable=False),
    Column("channel", String(120), nullable=False),
    Column("cause", String(40), nullable=False),
    Column("correlation", String(200)),
    Column("state", String(12), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("claimed_until", Moment),
    Column("message_id", String(200), nullable=False),
    Column("data", Json, nullable=False),
    Column("error", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("sent_at", Moment),
    UniqueConstraint("cause", "kind", "role", "person", "channel"),
    Index("notices_state", "state"),
)
"""One message to one person (or target) by one channel. `state` waiting | ready | sending | sent | failed | suppressed."""

leads = Table(
    "leads",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("owner", String(100)),
    Column("team", String(100)),
    Column("tier", String(60), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("since", Moment, nullable=False),
    Column("agreement", Integer, nullable=False),
    Column("pinned", Integer, nullable=False),
    Column("rule", Text, nullable=False),
    Column("card", Json, nullable=False),
)
clocks = Table(
    "clocks",
    metadata,
    Column("lead", String(36), primary_key=True),
    Column("promise", String(40), primary_key=True),
    Column("epoch", Integer, primary_key=True),
    Column("due_at", Moment, nullable=False),
)
agreements = Table(
    "agreements",
    metadata,
    Column("version", Integer, primary_key=True),
    Column("compiled", Json, nullable=False),
)
people = Table("people", metadata, Column("id", String(100), primary_key=True), Column("doc", Json, nullable=False))
answers = Table(
    "answers",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("lead", String(36), nullable=False, index=True),
    Column("epoch", Integer, nullable=False),
    Column("by", String(100), nullable=False),
    Column("action", String(20), nullable=False),
    Column("reason", Text),
    Column("answered_at", Moment, nullable=False),
    Column("outcome", String(12), nullable=False),
    Column("said", Text, nullable=False),
    UniqueConstraint("lead", "epoch", "by", "action"),
)
"""What was pressed on a link: `id` is that of the action.taken, `outcome` "" | applied | refused as the router said."""

_versions: WeakKeyDictionary[AsyncEngine, dict[int, Compiled]] = WeakKeyDictionary()
ALIVE = ("waiting", "ready", "sending")


async def leads_of(tx: Tx, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """What is known of these leads."""
    wanted = sorted(set(ids))
    found: dict[str, dict[str, Any]] = {}
    for start in range(0, len(wanted), 400):
        statement = (
            select(leads).where(leads.c.id.in_(wanted[start : start + 400])).order_by(leads.c.id).with_for_update()
        )
        found |= {row["id"]: dict(row) for row in await tx.rows(statement)}
    return found


async def save_leads(tx: Tx, rows: Sequence[dict[str, Any]]) -> None:
    """Write leads."""
    columns = [column.name for column in leads.columns if column.name != "id"]
    await upsert(tx, leads, list(rows), ["id"], columns)


async def dues_of(tx: Tx, ids: Iterable[str]) -> dict[tuple[str, str, int], datetime]:
    """When clocks of these leads are due: (lead, promise, epoch) to the instant."""
    wanted = sorted(set(ids))
    found: dict[tuple[str, str, int], datetime] = {}
    for start in range(0, len(wanted), 400):
        for row in await tx.rows(select(clocks).where(clocks.c.lead.in_(wanted[start : start + 400]))):
            found[row["lead"], row["promise"], row["epoch"]] = row["due_at"]
    return found


async def save_dues(tx: Tx, rows: list[dict[str, Any]]) -> None:
    """Keep when clocks are due."""
    await upsert(tx, clocks, rows, ["lead", "promise", "epoch"], ["due_at"])


async def everybody(tx: Tx) -> dict[str, Rep]:
    """The whole roster; a notice may have to find a backup, or their manager."""
    return {row["id"]: Rep.model_validate(row["doc"]) for row in await tx.rows(select(people))}


async def meet(tx: Tx, reps: Sequence[Rep]) -> None:
    """Keep people."""
    await upsert(tx, people, [{"id": rep.id, "doc": rep.model_dump(mode="json")} for rep in reps], ["id"], ["doc"])


async def learn(tx: Tx, rows: list[dict[str, Any]]) -> None:
    """Keep versions."""
    await upsert(tx, agreements, rows, ["version"], ["compiled"])


async def versions_of(tx: Tx, wanted: Iterable[int]) -> dict[int, Compiled]:
    """The compiled versions; one that is not here yet is left out."""
    cache = _versions.setdefault(tx.conn.engine, {})
    missing = sorted({number for number in wanted if number} - set(cache))
    if missing:
        for row in await tx.rows(select(agreements).where(agreements.c.version.in_(missing))):
            cache[row["version"]] = Compiled.model_validate(row["compiled"])
    return cache


async def live(tx: Tx) -> int:
    """The version that was published last, 0 when none was."""
    row = await tx.one(select(func.max(agreements.c.version).label("n")))
    return int(row["n"] or 0) if row else 0


async def add(tx: Tx, rows: list[dict[str, Any]]) -> set[str]:
    """Keep notices; one that was meant before is not meant again. Returns the ids that are new."""
    made = await insert_new(tx, notices, rows, ["cause", "kind", "role", "person", "channel"], ["id"])
    return {key[0] for key in made}


async def alive(tx: Tx, of_leads: Iterable[str]) -> list[dict[str, Any]]:
    """The notices of these leads that may still be sent, locked."""
    wanted = sorted(set(of_leads))
    found: list[dict[str, Any]] = []
    for start in range(0, len(wanted), 400):
        statement = select(notices).where(
            notices.c.lead.in_(wanted[start : start + 400]), notices.c.state.in_(("waiting", "ready"))
        )
        found += [dict(row) for row in await tx.rows(statement.order_by(notices.c.id).with_for_update())]
    return found


async def set_state(tx: Tx, ids: Iterable[str], state: str, **values: Any) -> None:
    """Move notices on."""
    wanted = sorted(set(ids))
    if wanted:
        await tx.run(notices.update().where(notices.c.id.in_(wanted)).values(state=state, **values))


async def wake(tx: Tx, ids: Iterable[str]) -> None:
    """Notices whose wait, back-off or lease is over are ready (again)."""
    wanted = sorted(set(ids))
    where = (notices.c.id.in_(wanted), notices.c.state.in_(ALIVE))
    if wanted:
        await tx.run(
            notices.update()
            .where(*where, or_(notices.c.claimed_until.is_(None), notices.c.claimed_until <= tx.wall))
            .values(state="ready")
        )


async def claim(tx: Tx, until: datetime, limit: int) -> list[dict[str, Any]]:
    """Take ready notices for sending, until a moment; two senders never take the same."""
    statement = select(notices).where(notices.c.state == "ready").order_by(notices.c.id).limit(limit)
    rows = [dict(row) for row in await tx.rows(statement.with_for_update(skip_locked=True))]
    await set_state(tx, [row["id"] for row in rows], "sending", claimed_until=until, attempts=notices.c.attempts + 1)
    return [{**row, "attempts": row["attempts"] + 1} for row in rows]


async def orphaned(tx: Tx) -> None:
    """At the start of the only process: whatever was being sent is ready again."""
    await tx.run(notices.update().where(notices.c.state == "sending").values(state="ready", claimed_until=None))


async def of_lead(tx: Tx, lead: str | None, limit: int) -> list[dict[str, Any]]:
    """Notices, newest first, without what they say."""
    columns = [column for column in notices.columns if column.name != "data"]
    statement = select(*columns).order_by(notices.c.id.desc()).limit(limit)
    return [dict(row) for row in await tx.rows(statement.where(notices.c.lead == lead) if lead else statement)]


async def answer(tx: Tx, answer_id: str) -> dict[str, Any] | None:
    """One answer."""
    row = await tx.one(select(answers).where(answers.c.id == answer_id))
    return dict(row) if row else None


async def first_answer(tx: Tx, row: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """Keep an answer, once: (the answer that counts, whether it is this one)."""
    made = await insert_new(tx, answers, [row], ["lead", "epoch", "by", "action"], ["id"])
    if made:
        return row, True
    where = [answers.c[name] == row[name] for name in ("lead", "epoch", "by", "action")]
    found = await tx.one(select(answers).where(*where))
    assert found is not None
    return dict(found), False


async def settle_answers(tx: Tx, rows: list[tuple[str, str, str]]) -> None:
    """Write what the router made of answers: (id, outcome, in words)."""
    for answer_id, outcome, said in rows:
        await tx.run(answers.update().where(answers.c.id == answer_id).values(outcome=outcome, said=said))
