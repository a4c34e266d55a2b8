"""Runs one service on a real SQLite file with a clock that the test sets, and calls its handlers as the consumer and scheduler do."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import MetaData, text

from shared.access.business_clock import set_clock
from shared.base.settings import Settings
from shared.events.base import Event, EventData, decode
from shared.runtime.migrate import upgrade
from shared.runtime.resources import Resources, open_resources
from shared.runtime.service import Service
from shared.store.database import Database
from shared.work import schedule, scheduler
from shared.work.dispatch import dispatch

TUESDAY = datetime(2026, 12, 1, 15, 0, tzinfo=UTC)
"""Tuesday 10:00 in New York, 16:00 in Berlin."""


class ServiceHarness:
    """One service without its background loops: a test hands it events and time."""

    def __init__(self, resources: Resources, service: Service) -> None:
        self.resources = resources
        self.service = service
        self.db: Database = resources.databases[service.name]

    async def set_time(self, moment: datetime) -> None:
        """Stop the clock at this instant."""
        await set_clock(self.resources.access, moment, 0, "test")

    async def advance(self, **span: float) -> None:
        """Move the clock forward by a span, given as for `timedelta`."""
        async with self.db.reading() as tx:
            now = tx.now
        await self.set_time(now + timedelta(**span))

    async def handle(self, *data: EventData, subject: str, **envelope: Any) -> list[Event[EventData]]:
        """Pass event data to its handlers in one transaction; return the events that they emitted."""
        async with self.db.reading() as tx:
            now = tx.now
        events = [Event(item, subject, "/test", envelope.pop("time", now), **envelope) for item in data]
        return await self.handle_events(*events)

    async def handle_events(self, *events: Event[Any]) -> list[Event[EventData]]:
        """Pass whole events to their handlers in one transaction; return the events that they emitted."""
        async with self.db.transaction() as tx:
            await dispatch(
                tx, self.service.on_event, [event for event in events if type(event.data) in self.service.on_event]
            )
            return list(tx.events)

    async def run_due(self) -> list[Event[EventData]]:
        """Run scheduled items until none is due; return the events that they emitted."""
        emitted: list[Event[EventData]] = []
        for _ in range(200):
            async with self.db.transaction() as tx:
                items = await schedule.claim(tx)
                await scheduler.dispatch_items(tx, self.service.on_due, items)
                emitted += tx.events
            if not items:
                return emitted
        raise AssertionError("After 200 runs there are still scheduled items that are due.")

    async def outbox(self) -> list[Event[EventData]]:
        """All events in the outbox, in order."""
        async with self.db.reading() as tx:
            return [
                decode(row.body) for row in (await tx.conn.execute(text("SELECT body FROM outbox ORDER BY id"))).all()
            ]

    async def sql(self, statement: str, **values: Any) -> list[Any]:
        """Execute a plain statement; return its rows."""
        async with self.db.transaction() as tx:
            result = await tx.conn.execute(text(statement), values)
            return list(result.mappings().all()) if result.returns_rows else []


@asynccontextmanager
async def service_harness(
    service: Service, folder: Path, *, now: datetime = TUESDAY, **settings: Any
) -> AsyncIterator[ServiceHarness]:
    """Open a harness on new tables in `folder`, with the clock at `now`."""
    base_settings = Settings(data_dir=folder, clock="row", secret_keys="k" * 32, **settings)
    async with open_resources(base_settings, [service.name]) as resources:
        await upgrade(resources, ["access"])
        metadata: MetaData = service.metadata
        await resources.databases[service.name].create_tables(metadata)
        await resources.access.load()
        harness = ServiceHarness(resources, service)
        await harness.set_time(now)
        yield harness


def json_body(**fields: Any) -> bytes:
    """A request body for `POST /v1/leads`."""
    return orjson.dumps(fields)
