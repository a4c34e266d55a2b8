"""Handles a batch of records: one transaction, waves with one record per key, bisected when the batch fails."""

import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from shared.base import failpoints
from shared.base.telemetry import EVENTS_HANDLED
from shared.bus.port import Record
from shared.events.base import INTAKE, Event, EventData, UnknownEventType, UnreadableEvent, decode
from shared.store.database import Database
from shared.store.failures import is_infrastructure_error
from shared.store.tx import Tx
from shared.work import dead_letters, dedupe

log = logging.getLogger(__name__)

Handler = Callable[[Tx, list[Any]], Awaitable[None]]
EventHandlers = dict[type[EventData], Handler]


async def handle_or_bisect(db: Database, handlers: EventHandlers, records: list[Record]) -> None:
    """Handle records in one transaction; bisect on failure until one record stands alone, and make it a dead letter."""
    try:
        await db.run(lambda tx: decode_and_dispatch(tx, handlers, records))
    except Exception as error:
        if is_infrastructure_error(error):
            raise
        if len(records) > 1:
            middle = len(records) // 2
            await handle_or_bisect(db, handlers, records[:middle])
            await handle_or_bisect(db, handlers, records[middle:])
            return
        log.warning(
            "%s made a record of %s a dead letter: %s",
            db.service,
            records[0].topic,
            dead_letters.reason_of(error),
            exc_info=error,
            extra=_log_fields(db.service, records[0]),
        )
        async with db.transaction() as tx:
            event_id, kind = _id_and_type(records[0])
            await dead_letters.add(tx, records[0], event_id=event_id, kind=kind, error=error)


async def decode_and_dispatch(tx: Tx, handlers: EventHandlers, records: list[Record]) -> None:
    """Decode, leave out repeats and events without a handler here, then dispatch wave by wave.

    A record behind an open dead letter of its key is stored as blocked instead. Raises UnreadableEvent for bytes that are
    no event; an unknown type is skipped, except on intake, where it raises UnknownEventType."""
    failpoints.hit("batch_open")
    blocked = await dead_letters.blocked_by_earlier(tx, records)
    events: list[Event[Any]] = []
    for record in records:
        if (record.topic, record.key) in blocked:
            event_id, kind = _id_and_type(record)
            await dead_letters.add(tx, record, event_id=event_id, kind=kind, error=None)
            continue
        try:
            events.append(decode(record.value))
        except UnknownEventType:
            if record.topic == INTAKE:
                raise
            log.warning(
                "An event of an unknown, newer type on %s is skipped.",
                record.topic,
                extra=_log_fields(tx.service, record),
            )
    await dispatch(
        tx,
        handlers,
        [event for event in await dedupe.claim_new(tx, events) if type(event.data) in handlers],
    )


async def dispatch(tx: Tx, handlers: EventHandlers, events: list[Event[Any]]) -> None:
    """Hand events to their handlers: waves with at most one event per key, one list per type in each wave."""
    waves: list[dict[type[EventData], list[Event[Any]]]] = []
    next_wave: dict[tuple[str, str], int] = {}
    for event in events:
        key = (event.topic, event.subject)
        number = next_wave.get(key, 0)
        next_wave[key] = number + 1
        if number == len(waves):
            waves.append({})
        waves[number].setdefault(type(event.data), []).append(event)
    for wave in waves:
        for kind, group in wave.items():
            await handlers[kind](tx, group)
            tx.on_commit(partial(EVENTS_HANDLED.labels(tx.service, kind.type).inc, len(group)))


def _log_fields(service: str, record: Record) -> dict[str, str | None]:
    """The log fields of a record: its service, lead and correlation id."""
    try:
        correlation = decode(record.value).correlationid
    except UnreadableEvent:
        correlation = None
    return {"service": service, "lead": record.key, "correlation": correlation}


def _id_and_type(record: Record) -> tuple[str | None, str | None]:
    try:
        event = decode(record.value)
    except UnreadableEvent:
        return None, None
    return event.id, event.data.type
