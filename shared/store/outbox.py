"""The outbox: events written in the transaction of their change and numbered per subject, for the relay to post."""

from datetime import datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy import bindparam, text

from shared.events.base import Event, EventData
from shared.store.chunks import chunked
from shared.store.outbox_record import OutboxRecord, shard_of
from shared.store.tx import Tx
from shared.store.types import UtcDateTime


async def write(tx: Tx) -> None:
    """Number the transaction's events and put them in the outbox, in the order they were emitted.

    The sequence rows are locked before the outbox rows get their ids, so that the ids of one subject grow in commit
    order.
    """
    if not tx.events and not tx.raw_records:
        return
    numbers = await _numbers(tx, [event for event in tx.events if event.topic != "intake"])
    letters = []
    for event in tx.events:
        place = (event.topic, event.subject)
        if place in numbers:
            numbers[place] += 1
            event = event.numbered(numbers[place])
        letters.append(
            OutboxRecord(
                event.topic,
                event.subject,
                shard_of(event.subject),
                event.id,
                event.encode(),
            )
        )
    await _insert(tx, letters + tx.raw_records)
    tx.wakeups.add("outbox")


class Unsent(NamedTuple):
    """How many rows the relay has not posted yet, and when the oldest was written."""

    rows: int
    oldest: datetime | None


async def unsent(tx: Tx) -> Unsent:
    """Count the outbox rows that the relay has not posted."""
    row = await tx.first(_UNSENT)
    return Unsent(int(row["n"]), row["oldest"]) if row else Unsent(0, None)


async def _numbers(tx: Tx, events: list[Event[EventData]]) -> dict[tuple[str, str], int]:
    """Reserve a sequence number for each event; returns, by topic and subject, the number before the first one."""
    needs: dict[tuple[str, str], int] = {}
    for event in events:
        place = (event.topic, event.subject)
        needs[place] = needs.get(place, 0) + 1
    if not needs:
        return {}
    places = sorted(needs)
    if tx.dialect == "postgresql":
        values: dict[str, Any] = {
            "topics": [place[0] for place in places],
            "subjects": [place[1] for place in places],
            "counts": [needs[place] for place in places],
        }
        rows = (await tx.conn.execute(_TAKE_PG, values)).all()
    else:
        await tx.conn.execute(_TAKE, [{"topic": t, "subject": s, "n": needs[t, s]} for t, s in places])
        rows = []
        for part in chunked(places):
            rows += (await tx.conn.execute(_LAST, {"subjects": sorted({place[1] for place in part})})).all()
    return {
        (row.topic, row.subject): row.last - needs[row.topic, row.subject]
        for row in rows
        if (row.topic, row.subject) in needs
    }


async def _insert(tx: Tx, letters: list[OutboxRecord]) -> None:
    rows = [
        {
            "topic": letter.topic,
            "key": letter.key,
            "shard": letter.shard,
            "event_id": letter.event_id,
            "body": letter.body,
            "headers": orjson.dumps(letter.headers).decode() if letter.headers else None,
            "at": tx.wall if tx.dialect == "postgresql" else tx.wall.strftime("%Y-%m-%dT%H:%M:%S.%f"),
        }
        for letter in letters
    ]
    await tx.conn.execute(_INSERT, rows)


_TAKE_PG = text(
    "INSERT INTO sequences AS s (topic, subject, last)"
    " SELECT * FROM unnest(CAST(:topics AS text[]), CAST(:subjects AS text[]), CAST(:counts AS bigint[]))"
    " ON CONFLICT (topic, subject) DO UPDATE SET last = s.last + excluded.last RETURNING topic, subject, last"
)
_TAKE = text(
    "INSERT INTO sequences (topic, subject, last) VALUES (:topic, :subject, :n)"
    " ON CONFLICT (topic, subject) DO UPDATE SET last = sequences.last + excluded.last"
)
_LAST = text("SELECT topic, subject, last FROM sequences WHERE subject IN :subjects").bindparams(
    bindparam("subjects", expanding=True)
)
_INSERT = text(
    "INSERT INTO outbox (topic, key, shard, event_id, body, headers, written_at)"
    " VALUES (:topic, :key, :shard, :event_id, :body, :headers, :at)"
)
_UNSENT = text("SELECT count(*) AS n, min(written_at) AS oldest FROM outbox").columns(oldest=UtcDateTime)
