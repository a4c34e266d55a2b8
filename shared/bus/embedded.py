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
    """CREATE TABLE IF NOT EXISTS log (topic TEXT NOT NULL, place INTEGER NOT NULL, event_id TEXT NOT NULL,
    key TEXT NOT NULL, value BLOB NOT NULL, headers BLOB, PRIMARY KEY (topic, place)) WITHOUT ROWID""",
    "CREATE UNIQUE INDEX IF NOT EXISTS log_event ON log (topic, event_id)",
    """CREATE TABLE IF NOT EXISTS marks (member TEXT NOT NULL, topic TEXT NOT NULL, place INTEGER NOT NULL,
    PRIMARY KEY (member, topic)) WITHOUT ROWID""",
    "CREATE TABLE IF NOT EXISTS ends (topic TEXT PRIMARY KEY, place INTEGER NOT NULL) WITHOUT ROWID",
)
_KNOWN = text("SELECT event_id FROM log WHERE topic = :topic AND event_id IN (SELECT value FROM json_each(:ids))")
_APPEND = text(
    "INSERT INTO log (topic, place, event_id, key, value, headers) VALUES (:topic, :place, :event_id, :key, :value, :headers)"
)
_END = text("INSERT INTO ends VALUES (:topic, :place) ON CONFLICT (topic) DO UPDATE SET place = excluded.place")
_ENDS = text("SELECT topic, place FROM ends")
_MARKS = text("SELECT topic, place FROM marks WHERE member = :member")
_READ = text(
    "SELECT place, key, value, headers FROM log WHERE topic = :topic AND place >= :place ORDER BY place LIMIT :limit"
)
_MARK = text(
    "INSERT INTO marks VALUES (:member, :topic, :place)"
    " ON CONFLICT (member, topic) DO UPDATE SET place = max(marks.place, excluded.place)"
)
_FORGET = text("DELETE FROM log WHERE topic = :topic AND place < :place")
_LAG = text(
    "SELECT coalesce(sum(e.place - coalesce(m.place, 0)), 0) FROM ends e"
    " LEFT JOIN marks m ON m.topic = e.topic AND m.member = :member WHERE e.topic IN :topics"
).bindparams(bindparam("topics", expanding=True))


class EmbeddedBus:
    """The log of one process, in one file."""

    def __init__(self, path: Path) -> None:
        self._engines = engines.sqlite(path, small=True)
        self._appended = asyncio.Condition()
        self._writer_lock = asyncio.Lock()
        self._end_offsets: dict[str, int] = {}
        self._ends_known = True
        """Whether `_end_offsets` is what the file holds; after a failure it is read again."""

    async def start(self) -> None:
        """Open the log; create it when it is new."""
        async with self._engines.writer.begin() as conn:
            for statement in _SCHEMA:
                await conn.exec_driver_sql(statement)
            self._end_offsets = {row.topic: row.place for row in (await conn.execute(_ENDS)).all()}

    async def stop(self) -> None:
        """Close the log."""
        await self._engines.writer.dispose()
        await self._engines.reader.dispose()

    async def create(self, topics: Sequence[str]) -> None:
        """Do nothing: a topic exists with its first record."""

    async def publish(self, records: Sequence[Outgoing]) -> list[Exception | None]:
        """Append in one transaction; a record whose event id is there already is not written twice."""
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
                self._end_offsets = {row.topic: row.place for row in (await conn.execute(_ENDS)).all()}
            ends = dict(self._end_offsets)
            for record in await _not_in_log(conn, records):
                place = ends.get(record.topic, 0)
                ends[record.topic] = place + 1
                rows.append(
                    {
                        "topic": record.topic,
                        "place": place,
                        "event_id": record.event_id,
                        "key": record.key,
                        "value": record.value,
                        "headers": _pack(record.headers),
                    }
                )
            if rows:
                await conn.execute(_APPEND, rows)
                touched = sorted({str(row["topic"]) for row in rows})
                await conn.execute(_END, [{"topic": topic, "place": ends[topic]} for topic in touched])
        self._end_offsets, self._ends_known = ends, True

    def consumer(self, group: str, topics: Sequence[str]) -> "EmbeddedConsumer":
        """A member of the group; in one process there is one member per group."""
        return EmbeddedConsumer(self, group, tuple(topics))

    async def lag(self, group: str, topics: Sequence[str]) -> int:
        """Records between the group's cursor and the end of each topic."""
        async with self._engines.reader.connect() as conn:
            return int((await conn.execute(_LAG, {"member": group, "topics": list(topics)})).scalar_one())

    async def end_offsets(self, topics: Sequence[str]) -> EndOffsets:
        """Where each topic ends."""
        return {(topic, 0): self._end_offsets[topic] for topic in topics if topic in self._end_offsets}

    async def caught_up(self, group: str, ends: EndOffsets) -> bool:
        """Whether the group's cursors are past these ends."""
        async with self._engines.reader.connect() as conn:
            marks = {row.topic: row.place for row in (await conn.execute(_MARKS, {"member": group})).all()}
        return all(marks.get(topic, 0) >= end for (topic, _), end in ends.items())

    async def forget(self, topic: str, before: int) -> None:
        """Drop the records of a topic before a place (retention)."""
        async with self._writer_lock, self._engines.writer.begin() as conn:
            await conn.execute(_FORGET, {"topic": topic, "place": before})

    async def check(self) -> None:
        """Read one row, so that a broken file is noticed."""
        async with self._engines.reader.connect() as conn:
            await conn.execute(_ENDS)


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
            rows = (await conn.execute(_MARKS, {"member": self._group})).all()
        marks = {row.topic: row.place for row in rows}
        self._positions = {topic: marks.get(topic, 0) for topic in self._topics}

    async def poll(self, limit: int = 500, wait: float = 30.0) -> Batch:
        """Whatever is there; topics take turns at being first, so that none starves."""
        async with self._bus._appended:
            if not self._more():
                try:
                    await asyncio.wait_for(self._bus._appended.wait_for(self._more), wait)
                except TimeoutError:
                    return Batch(())
        return await self._read(limit)

    def _more(self) -> bool:
        return any(self._bus._end_offsets.get(topic, 0) > place for topic, place in self._positions.items())

    async def _read(self, limit: int) -> Batch:
        records: list[Record] = []
        offsets = []
        self._first = (self._first + 1) % len(self._topics)
        # The ends of before the snapshot: an end that moved after it would pass over records that it does not show.
        ends = dict(self._bus._end_offsets)
        async with self._bus._engines.reader.connect() as conn:
            for topic in self._topics[self._first :] + self._topics[: self._first]:
                place, end = self._positions[topic], ends.get(topic, 0)
                if end <= place or len(records) >= limit:
                    continue
                query = {"topic": topic, "place": place, "limit": limit - len(records)}
                rows = (await conn.execute(_READ, query)).all()
                records += [Record(topic, row.key, row.value, 0, row.place, _unpack(row.headers)) for row in rows]
                full = len(rows) == query["limit"]
                last = rows[-1].place + 1 if rows else place
                self._positions[topic] = last if full else max(last, end)
                offsets.append((topic, 0, self._positions[topic]))
        return Batch(tuple(records), 0, tuple(offsets))

    async def commit(self, batch: Batch) -> None:
        """Move the group's cursors past the batch."""
        if batch.offsets:
            values = [{"member": self._group, "topic": topic, "place": place} for topic, _, place in batch.offsets]
            async with self._bus._writer_lock, self._bus._engines.writer.begin() as conn:
                await conn.execute(_MARK, values)

    def stale(self, batch: Batch) -> bool:
        """Never: nobody else is in the group."""
        return False

    async def stop(self) -> None:
        """Nothing to leave."""


async def _not_in_log(conn: AsyncConnection, records: Sequence[Outgoing]) -> list[Outgoing]:
    """The records that the log does not hold yet. A repeat takes no offset: its readers would lag behind it for ever."""
    known: set[tuple[str, str]] = set()
    for topic in {record.topic for record in records}:
        ids = orjson.dumps([record.event_id for record in records if record.topic == topic]).decode()
        known |= {(topic, row.event_id) for row in await conn.execute(_KNOWN, {"topic": topic, "ids": ids})}
    new_records = []
    for record in records:
        place = (record.topic, record.event_id)
        if place not in known:
            known.add(place)
            new_records.append(record)
    return new_records


def _pack(headers: tuple[tuple[str, bytes], ...]) -> bytes | None:
    return orjson.dumps([(name, value.hex()) for name, value in headers]) if headers else None


def _unpack(packed: bytes | None) -> tuple[tuple[str, bytes], ...]:
    return tuple((name, bytes.fromhex(value)) for name, value in orjson.loads(packed)) if packed else ()
