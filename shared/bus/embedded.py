"""The embedded bus: one SQLite log with one partition per topic, unique event ids and a cursor per (group, topic)."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import orjson
from sqlalchemy import bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.bus.port import Batch, EndOffsets, Outgoing, Record
from shared.store import engines

_SCHEMA = (
    """CREATE TABLE IF NOT EXISTS log (topic TEXT NOT NULL, position INTEGER NOT NULL, event_id TEXT NOT NULL,
    key TEXT NOT NULL, value BLOB NOT NULL, headers BLOB, PRIMARY KEY (topic, position)) WITHOUT ROWID""",
    "CREATE UNIQUE INDEX IF NOT EXISTS log_event ON log (topic, event_id)",
    """CREATE TABLE IF NOT EXISTS group_offsets (consumer_group TEXT NOT NULL, topic TEXT NOT NULL, position INTEGER NOT NULL,
    PRIMARY KEY (consumer_group, topic)) WITHOUT ROWID""",
    "CREATE TABLE IF NOT EXISTS end_offsets (topic TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID",
)
_IN_LOG = text("SELECT event_id FROM log WHERE topic = :topic AND event_id IN (SELECT value FROM json_each(:ids))")
_APPEND = text(
    "INSERT INTO log (topic, position, event_id, key, value, headers) VALUES (:topic, :position, :event_id, :key, :value, :headers)"
)
_SET_END = text(
    "INSERT INTO end_offsets VALUES (:topic, :position) ON CONFLICT (topic) DO UPDATE SET position = excluded.position"
)
_END_OFFSETS = text("SELECT topic, position FROM end_offsets")
_GROUP_OFFSETS = text("SELECT topic, position FROM group_offsets WHERE consumer_group = :group")
_READ = text(
    "SELECT position, key, value, headers FROM log WHERE topic = :topic AND position >= :position ORDER BY position LIMIT :limit"
)
_COMMIT = text(
    "INSERT INTO group_offsets VALUES (:group, :topic, :position)"
    " ON CONFLICT (consumer_group, topic) DO UPDATE SET position = max(group_offsets.position, excluded.position)"
)
_LAG = text(
    "SELECT coalesce(sum(e.position - coalesce(g.position, 0)), 0) FROM end_offsets e"
    " LEFT JOIN group_offsets g ON g.topic = e.topic AND g.consumer_group = :group WHERE e.topic IN :topics"
).bindparams(bindparam("topics", expanding=True))


class EmbeddedBus:
    """The log of one process, in one file."""

    def __init__(self, path: Path) -> None:
        self._engines = engines.sqlite(path, small=True)
        self._appended = asyncio.Condition()
        self._writer_lock = asyncio.Lock()
        self._end_offsets: dict[str, int] = {}
        self._ends_known = True
        """False after a failed append: `_end_offsets` may differ from the file and is read again."""

    async def start(self) -> None:
        """Open the log; create it when it is new."""
        async with self._engines.writer.begin() as conn:
            for statement in _SCHEMA:
                await conn.exec_driver_sql(statement)
            self._end_offsets = {row.topic: row.position for row in (await conn.execute(_END_OFFSETS)).all()}

    async def stop(self) -> None:
        """Close the log."""
        await self._engines.writer.dispose()
        await self._engines.reader.dispose()

    async def create(self, topics: Sequence[str]) -> None:
        """Do nothing: a topic exists with its first record."""

    async def publish(self, records: Sequence[Outgoing]) -> list[Exception | None]:
        """Append the records in one transaction, except those whose event id the topic's log already holds."""
        if not records:
            return []
        try:
            async with self._writer_lock:
                await self._append(records)
        except Exception as error:
            self._ends_known = False
            return [error] * len(records)
        async with self._appended:
            self._appended.notify_all()
        return [None] * len(records)

    async def _append(self, records: Sequence[Outgoing]) -> None:
        rows = []
        async with self._engines.writer.begin() as conn:
            if not self._ends_known:
                self._end_offsets = {row.topic: row.position for row in (await conn.execute(_END_OFFSETS)).all()}
            ends = dict(self._end_offsets)
            for record in await _not_in_log(conn, records):
                position = ends.get(record.topic, 0)
                ends[record.topic] = position + 1
                rows.append(
                    {
                        "topic": record.topic,
                        "position": position,
                        "event_id": record.event_id,
                        "key": record.key,
                        "value": record.value,
                        "headers": _pack(record.headers),
                    }
                )
            if rows:
                await conn.execute(_APPEND, rows)
                touched = sorted({str(row["topic"]) for row in rows})
                await conn.execute(_SET_END, [{"topic": topic, "position": ends[topic]} for topic in touched])
        self._end_offsets, self._ends_known = ends, True

    def consumer(self, group: str, topics: Sequence[str]) -> "EmbeddedConsumer":
        """A member of the group; in one process there is one member per group."""
        return EmbeddedConsumer(self, group, tuple(topics))

    async def lag(self, group: str, topics: Sequence[str]) -> int:
        """Records between the group's cursor and the end of each topic."""
        async with self._engines.reader.connect() as conn:
            return int((await conn.execute(_LAG, {"group": group, "topics": list(topics)})).scalar_one())

    async def end_offsets(self, topics: Sequence[str]) -> EndOffsets:
        """The offset after the last record of each topic that has records."""
        return {(topic, 0): self._end_offsets[topic] for topic in topics if topic in self._end_offsets}

    async def caught_up(self, group: str, ends: EndOffsets) -> bool:
        """Whether the group's cursors are past these ends."""
        async with self._engines.reader.connect() as conn:
            committed = {
                row.topic: row.position for row in (await conn.execute(_GROUP_OFFSETS, {"group": group})).all()
            }
        return all(committed.get(topic, 0) >= end for (topic, _), end in ends.items())

    async def check(self) -> None:
        """Read one row, so that a broken file is noticed."""
        async with self._engines.reader.connect() as conn:
            await conn.execute(_END_OFFSETS)


class EmbeddedConsumer:
    """Reads each topic from the group's cursor; a cursor moves only with `commit`."""

    def __init__(self, bus: EmbeddedBus, group: str, topics: tuple[str, ...]) -> None:
        self._bus = bus
        self._group = group
        self._topics = topics
        self._positions: dict[str, int] = {}
        self._first = 0

    async def start(self) -> None:
        """Read the cursors."""
        async with self._bus._engines.reader.connect() as conn:
            rows = (await conn.execute(_GROUP_OFFSETS, {"group": self._group})).all()
        committed = {row.topic: row.position for row in rows}
        self._positions = {topic: committed.get(topic, 0) for topic in self._topics}

    async def poll(self, limit: int = 500, wait: float = 30.0) -> Batch:
        """Return the next records. Each poll begins with another topic, so that a busy topic delays no other."""
        async with self._bus._appended:
            if not self._more():
                try:
                    await asyncio.wait_for(self._bus._appended.wait_for(self._more), wait)
                except TimeoutError:
                    return Batch(())
        return await self._read(limit)

    def _more(self) -> bool:
        return any(self._bus._end_offsets.get(topic, 0) > position for topic, position in self._positions.items())

    async def _read(self, limit: int) -> Batch:
        records: list[Record] = []
        offsets = []
        self._first = (self._first + 1) % len(self._topics)
        # Copy the ends before the database snapshot: a later end could skip records that the snapshot does not contain.
        ends = dict(self._bus._end_offsets)
        async with self._bus._engines.reader.connect() as conn:
            for topic in self._topics[self._first :] + self._topics[: self._first]:
                position, end = self._positions[topic], ends.get(topic, 0)
                if end <= position or len(records) >= limit:
                    continue
                query = {"topic": topic, "position": position, "limit": limit - len(records)}
                rows = (await conn.execute(_READ, query)).all()
                records += [Record(topic, row.key, row.value, 0, row.position, _unpack(row.headers)) for row in rows]
                full = len(rows) == query["limit"]
                last = rows[-1].position + 1 if rows else position
                self._positions[topic] = last if full else max(last, end)
                offsets.append((topic, 0, self._positions[topic]))
        return Batch(tuple(records), 0, tuple(offsets))

    async def commit(self, batch: Batch) -> None:
        """Move the group's cursors past the batch."""
        if batch.offsets:
            values = [
                {"group": self._group, "topic": topic, "position": position} for topic, _, position in batch.offsets
            ]
            async with self._bus._writer_lock, self._bus._engines.writer.begin() as conn:
                await conn.execute(_COMMIT, values)

    def stale(self, batch: Batch) -> bool:
        """Return False: the group has no other member."""
        return False

    async def stop(self) -> None:
        """Do nothing: the consumer holds no connection."""


async def _not_in_log(conn: AsyncConnection, records: Sequence[Outgoing]) -> list[Outgoing]:
    """The records that the log does not hold yet. A repeat takes no offset, which would count as lag for ever."""
    known: set[tuple[str, str]] = set()
    for topic in {record.topic for record in records}:
        ids = orjson.dumps([record.event_id for record in records if record.topic == topic]).decode()
        known |= {(topic, row.event_id) for row in await conn.execute(_IN_LOG, {"topic": topic, "ids": ids})}
    new_records = []
    for record in records:
        identity = (record.topic, record.event_id)
        if identity not in known:
            known.add(identity)
            new_records.append(record)
    return new_records


def _pack(headers: tuple[tuple[str, bytes], ...]) -> bytes | None:
    return orjson.dumps([(name, value.hex()) for name, value in headers]) if headers else None


def _unpack(packed: bytes | None) -> tuple[tuple[str, bytes], ...]:
    return tuple((name, bytes.fromhex(value)) for name, value in orjson.loads(packed)) if packed else ()
