"""Rooms for tests: one service on a real SQLite file with a stepped clock, its handlers called as the loops call them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import MetaData, text

from shared.access.admin import set_clock
from shared.base.settings import Settings
from shared.events.base import Event, EventData, decode
from shared.runtime.migrate import upgrade
from shared.runtime.resources import Resources, open_resources
from shared.runtime.service import Service
from shared.store.database import Database
from shared.work import consumer, schedule, scheduler

TUESDAY = datetime(2026, 12, 1, 15, 0, tzinfo=UTC)
"""Tuesday 10:00 in New York, 16:00 in Berlin."""


class Room:
    """One service at work without its loops."""

    def __init__(self, resources: Resources, service: Service) -> None:
        self.resources = resources
        self.service = service
        self.db: Database = resources.databases[service.name]

    async def at(self, moment: datetime) -> None:
        """Put the clock; it stands still."""
        await set_clock(self.resources.access, moment, 0, "test")

    async def later(self, **span: float) -> None:
        """Move the clock on."""
        async with self.db.reading() as tx:
            now = tx.now
        await self.at(now + timedelta(**span))

    async def hear(self, *facts: EventData, subject: str, **envelope: Any) -> list[Event[EventData]]:
        """Hand events to their handlers, in one transaction; returns what was said."""
        async with self.db.reading() as tx:
            now = tx.now
        events = [Event(fact, subject, "/test", envelope.pop("time", now), **envelope) for fact in facts]
        return await self.hear_events(*events)

    async def hear_events(self, *events: Event[Any]) -> list[Event[EventData]]:
        """The same, for events that are there already."""
        async with self.db.transaction() as tx:
            await consumer.dispatch(
                tx, self.service.on_event, [event for event in events if type(event.data) in self.service.on_event]
            )
            return list(tx.events)

    async def tick(self) -> list[Event[EventData]]:
        """Claim what is due, until nothing is; returns what was said."""
        said: list[Event[EventData]] = []
        for _ in range(200):
            async with self.db.transaction() as tx:
                rows = await schedule.claim(tx)
                await scheduler.dispatch(tx, self.service.on_due, rows)
                said += tx.events
            if not rows:
                return said
        raise AssertionError("The tick never comes to an end.")

    async def posted(self) -> list[Event[EventData]]:
        """Everything in the outbox, in order."""
        async with self.db.reading() as tx:
            return [
                decode(row.body) for row in (await tx.conn.execute(text("SELECT body FROM outbox ORDER BY id"))).all()
            ]

    async def sql(self, statement: str, **values: Any) -> list[Any]:
        """Rows of a plain statement."""
        async with self.db.transaction() as tx:
            result = await tx.conn.execute(text(statement), values)
            return list(result.mappings().all()) if result.returns_rows else []


@asynccontextmanager
async def room(service: Service, folder: Path, *, now: datetime = TUESDAY, **settings: Any) -> AsyncIterator[Room]:
    """Open a room with its tables, at a moment."""
    given = Settings(data_dir=folder, clock="row", secret_keys="k" * 32, **settings)
    async with open_resources(given, [service.name]) as resources:
        await upgrade(resources, ["access"])
        metadata: MetaData = service.metadata
        await resources.databases[service.name].create_tables(metadata)
        await resources.access.load()
        found = Room(resources, service)
        await found.at(now)
        yield found


def json_body(**fields: Any) -> bytes:
    """A body of our own contract."""
    return orjson.dumps(fields)
