"""One transaction of a service, as its handlers see it: rows, both readings of time, and the events it emits."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Executable, RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.events.base import Event, Fact
from shared.store.context import House
from shared.store.outbox_record import Letter, shard_of


@dataclass(slots=True)
class Tx:
    """One transaction: the connection, both readings of time, and the events it will have said."""

    conn: AsyncConnection
    now: datetime
    wall: datetime
    house: House
    service: str
    dialect: str
    events: list[Event[Fact]] = field(default_factory=list)
    copies: list[Letter] = field(default_factory=list)
    wakes: set[str] = field(default_factory=set)
    afters: list[Callable[[], None]] = field(default_factory=list)
    lasts: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    def emit(self, data: Fact, *, subject: str, cause: Event[Any] | None = None) -> Event[Fact]:
        """Say an event. It is numbered and written with the deed, when the transaction ends, and posted after."""
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

    def copy(self, topic: str, key: str, event_id: str, body: bytes, headers: dict[str, str]) -> None:
        """Post a record as it is (a parked one to its `.dlq`)."""
        self.copies.append(Letter(topic, key, shard_of(key), event_id, body, headers))

    def after(self, then: Callable[[], None]) -> None:
        """Call something once the transaction is committed."""
        self.afters.append(then)

    def last(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do something at the end of the transaction, when no other row is locked after it any more."""
        self.lasts.append(work)

    async def rows(self, statement: Executable, values: dict[str, Any] | None = None) -> Sequence[RowMapping]:
        """All rows of the answer."""
        return (await self.conn.execute(statement, values or {})).mappings().all()

    async def one(self, statement: Executable, values: dict[str, Any] | None = None) -> RowMapping | None:
        """The first row of the answer, or None."""
        return (await self.conn.execute(statement, values or {})).mappings().first()

    async def run(
        self,
        statement: Executable,
        values: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> int:
        """Execute, many times when `values` is a list; returns the rows touched, as far as the driver tells."""
        if isinstance(values, list) and not values:
            return 0
        return (await self.conn.execute(statement, values or {})).rowcount
