"""One transaction of a service, passed to its handlers: rows, business and real time, and the emitted events."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Executable, RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.events.base import Event, EventData
from shared.store.context import Context
from shared.store.outbox_record import OutboxRecord, shard_of


@dataclass(slots=True)
class Tx:
    """One transaction: the connection, both readings of time, and the events to publish when it commits."""

    conn: AsyncConnection
    now: datetime
    wall: datetime
    context: Context
    service: str
    dialect: str
    events: list[Event[EventData]] = field(default_factory=list)
    raw_records: list[OutboxRecord] = field(default_factory=list)
    wakeups: set[str] = field(default_factory=set)
    commit_hooks_after: list[Callable[[], None]] = field(default_factory=list)
    commit_hooks_before: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    def emit(self, data: EventData, *, subject: str, cause: Event[Any] | None = None) -> Event[EventData]:
        """Emit an event, to be written to the outbox at the end of the transaction and posted after the commit."""
        event = Event(
            data=data,
            subject=subject,
            source=f"/baton/{self.service}",
            time=self.now,
            causationid=cause.id if cause else None,
            correlationid=(cause.correlationid or cause.subject) if cause else subject,
        )
        self.events.append(event)
        return event

    def emit_raw(self, topic: str, key: str, event_id: str, body: bytes, headers: dict[str, str]) -> None:
        """Emit a record unchanged (a dead letter to its topic's `.dlq`)."""
        self.raw_records.append(OutboxRecord(topic, key, shard_of(key), event_id, body, headers))

    def on_commit(self, then: Callable[[], None]) -> None:
        """Call `then` after the commit."""
        self.commit_hooks_after.append(then)

    def before_commit(self, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work` at the end of the transaction, so that the rows it locks are the last ones locked."""
        self.commit_hooks_before.append(work)

    async def rows(self, statement: Executable, values: dict[str, Any] | None = None) -> Sequence[RowMapping]:
        """All rows of the result."""
        return (await self.conn.execute(statement, values or {})).mappings().all()

    async def first(self, statement: Executable, values: dict[str, Any] | None = None) -> RowMapping | None:
        """The first row of the result, or None."""
        return (await self.conn.execute(statement, values or {})).mappings().first()

    async def execute(
        self,
        statement: Executable,
        values: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> int:
        """Execute the statement, once per item when `values` is a list; returns the driver's count of changed rows."""
        if isinstance(values, list) and not values:
            return 0
        return (await self.conn.execute(statement, values or {})).rowcount
