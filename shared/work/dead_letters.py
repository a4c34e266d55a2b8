"""Dead letters: records and scheduled items that failed (poison records), stored unchanged with the reason.

A later record of the same topic and key is stored as blocked until an operator replays or drops the earlier one.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    func,
    select,
    text,
)
from sqlalchemy.types import Boolean

from shared.base.ids import new_id
from shared.base.telemetry import DEAD_LETTERS
from shared.bus.port import Record
from shared.store.tx import Tx
from shared.store.types import BigId, Json, UtcDateTime

SCHEDULED = "scheduled"
"""The topic under which a scheduled item is stored as a dead letter."""
VERSION = "1"
SUMMARY = (
    "id", "topic", "key", "event_id", "type", "reason", "error", "attempts", "first_failed_at", "blocked", "state"
)  # fmt: skip

dead_letters = Table(
    "dead_letters",
    MetaData(),
    Column("id", String, primary_key=True),
    Column("topic", String),
    Column("key", String),
    Column("event_id", String),
    Column("type", String),
    Column("body", LargeBinary),
    Column("headers", Json),
    Column("partition", Integer),
    Column("offset", BigId),
    Column("reason", String),
    Column("error", String),
    Column("attempts", Integer),
    Column("first_failed_at", UtcDateTime),
    Column("blocked", Boolean),
    Column("state", String),
    Column("settled_at", UtcDateTime),
    Column("settled_by", String),
)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One dead letter. `blocked` means that the record did not fail: an earlier dead letter of its key blocks it."""

    id: str
    topic: str
    key: str
    event_id: str | None
    type: str | None
    body: bytes
    reason: str
    error: str
    attempts: int
    first_failed_at: datetime
    blocked: bool
    state: str

    def summary(self) -> dict[str, Any]:
        """All fields except the body, for lists."""
        return {name: getattr(self, name) for name in SUMMARY}


async def blocked_by_earlier(tx: Tx, records: list[Record]) -> set[tuple[str, str]]:
    """The (topic, key) pairs that have an open dead letter, at least those of these records.

    The rows stay locked until this transaction ends, so that a record is stored as blocked before the dead letter that
    blocks it can be settled."""
    keys = sorted({record.key for record in records})
    statement = select(dead_letters.c.topic, dead_letters.c.key).where(dead_letters.c.state == "open")
    if len(keys) <= 500:
        statement = statement.where(dead_letters.c.key.in_(keys))
    statement = statement.order_by(dead_letters.c.id).with_for_update(read=True)
    return {(row["topic"], row["key"]) for row in await tx.rows(statement)}


async def add(
    tx: Tx,
    record: Record,
    *,
    event_id: str | None,
    kind: str | None,
    error: BaseException | None,
) -> None:
    """Store a record with its reason. A copy goes to the topic's `.dlq`, unless it is a scheduled item."""
    reason = (
        "An earlier record of the same key is a dead letter; this one waits behind it."
        if error is None
        else reason_of(error)
    )
    name = "Blocked" if error is None else type(error).__name__
    letter_id = new_id()
    row = {
        "id": letter_id,
        "topic": record.topic,
        "key": record.key,
        "event_id": event_id,
        "type": kind,
        "body": record.value,
        "headers": {key: value.decode(errors="replace") for key, value in record.headers} or None,
        "partition": record.partition,
        "offset": record.offset,
        "reason": reason,
        "error": name,
        "attempts": 1,
        "first_failed_at": tx.wall,
        "blocked": error is None,
        "state": "open",
    }
    await tx.conn.execute(dead_letters.insert(), row)
    if record.topic != SCHEDULED:
        tx.emit_raw(f"{record.topic}.dlq", record.key, letter_id, record.value, _dlq_headers(row))
    tx.on_commit(DEAD_LETTERS.labels(tx.service, record.topic).inc)


def _dlq_headers(row: dict[str, Any]) -> dict[str, str]:
    return {
        "event-id": row["event_id"] or "",
        "topic": row["topic"],
        "partition": str(row["partition"]),
        "offset": str(row["offset"]),
        "error": row["error"],
        "reason": row["reason"],
        "attempts": "1",
        "first-failure": row["first_failed_at"].isoformat(),
        "version": VERSION,
    }


def reason_of(error: BaseException) -> str:
    """The reason of a failure, in one sentence. A database error is shown by its type: its text may hold personal data."""
    reason = str(error).splitlines()[0] if str(error) else ""
    if type(error).__module__.startswith("sqlalchemy"):
        reason = ""
    return reason[:500] or f"The handler failed with {type(error).__name__}; the log says where."


async def list_in_state(tx: Tx, state: str = "open", limit: int = 200) -> list[DeadLetter]:
    """The dead letters in a state, oldest first."""
    statement = select(dead_letters).where(dead_letters.c.state == state).order_by(dead_letters.c.id).limit(limit)
    return [_dead_letter(row) for row in await tx.rows(statement)]


async def get(tx: Tx, letter_id: str) -> DeadLetter | None:
    """One dead letter, not locked, or None."""
    row = await tx.first(select(dead_letters).where(dead_letters.c.id == letter_id))
    return _dead_letter(row) if row else None


async def lock_open(tx: Tx, topic: str, key: str) -> list[DeadLetter]:
    """Lock and return all open dead letters of one topic and key, oldest first."""
    statement = (
        select(dead_letters)
        .where(dead_letters.c.topic == topic, dead_letters.c.key == key, dead_letters.c.state == "open")
        .order_by(dead_letters.c.id)
        .with_for_update()
    )
    return [_dead_letter(row) for row in await tx.rows(statement)]


async def settle(tx: Tx, letter_id: str, state: str, by: str) -> None:
    """Mark a dead letter as replayed or dropped; its row is kept."""
    await tx.conn.execute(
        dead_letters.update()
        .where(dead_letters.c.id == letter_id)
        .values(state=state, settled_at=tx.wall, settled_by=by)
    )


async def record_failure(tx: Tx, letter_id: str, error: BaseException) -> None:
    """Count another failed attempt and store its reason."""
    await tx.conn.execute(
        dead_letters.update()
        .where(dead_letters.c.id == letter_id)
        .values(
            attempts=dead_letters.c.attempts + 1,
            reason=reason_of(error),
            error=type(error).__name__,
            blocked=text("false"),
        )
    )


async def count_open(tx: Tx) -> int:
    """How many dead letters are open."""
    row = await tx.first(select(func.count().label("n")).where(dead_letters.c.state == "open"))
    return int(row["n"]) if row else 0


def _dead_letter(row: Any) -> DeadLetter:
    return DeadLetter(**{name: row[name] for name in SUMMARY}, body=bytes(row["body"]))
