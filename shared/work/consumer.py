"""How a batch is handled: one transaction, waves with one record per key, bisected when it fails until one stands alone."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from shared.base import failpoints
from shared.base.telemetry import BATCH_SECONDS, EVENTS_HANDLED
from shared.base.waits import backoff, sleep_until
from shared.bus.port import Batch, Consumer, Record
from shared.events.base import INTAKE, Event, EventData, UnknownEventType, UnreadableEvent, decode
from shared.store.database import Database
from shared.store.failures import is_infrastructure_error
from shared.store.tx import Tx
from shared.work import dead_letters, dedupe

log = logging.getLogger(__name__)

Handler = Callable[[Tx, list[Any]], Awaitable[None]]
EventHandlers = dict[type[EventData], Handler]


class ConsumerLoop:
    """The consuming loop of one service in one process."""

    def __init__(self, db: Database, consumer: Consumer, handlers: EventHandlers, stop: asyncio.Event) -> None:
        self._db = db
        self._consumer = consumer
        self._handlers = handlers
        self._stop = stop
        self.busy = False

    async def run(self) -> None:
        """Poll, handle, commit the offsets; until stopped. An infrastructure failure is retried for ever, loudly."""
        await self._join_group()
        try:
            while not self._stop.is_set():
                self.busy = False
                batch = await self._poll()
                if batch.records:
                    self.busy = True
                    await self._handle(batch)
        finally:
            self.busy = False
            await self._consumer.stop()

    async def _join_group(self) -> None:
        failures = 0
        while not self._stop.is_set():
            try:
                await self._consumer.start()
                return
            except Exception as error:
                failures += 1
                log.warning(
                    "The bus cannot be reached by %s (%r); trying again.",
                    self._db.service,
                    error,
                )
                await sleep_until(None, self._stop, backoff(failures, most=5.0))

    async def _poll(self) -> Batch:
        polling = asyncio.ensure_future(self._consumer.poll())
        stopping = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait({polling, stopping}, return_when=asyncio.FIRST_COMPLETED)
            return polling.result() if polling.done() else Batch(())
        except Exception as error:
            log.warning("Polling failed for %s (%r); trying again.", self._db.service, error)
            await sleep_until(None, self._stop, 1.0)
            return Batch(())
        finally:
            stopping.cancel()
            if not polling.done():
                polling.cancel()
                await asyncio.gather(polling, return_exceptions=True)

    async def _handle(self, batch: Batch) -> None:
        failpoints.hit("polled")
        failures = 0
        while not self._consumer.stale(batch):
            try:
                with BATCH_SECONDS.labels(self._db.service).time():
                    await handle_or_bisect(self._db, self._handlers, list(batch.records))
                failpoints.hit("tx_committed_before_offset")
                await self._consumer.commit(batch)
                failpoints.hit("offset_committed")
                return
            except Exception as error:
                if not is_infrastructure_error(error):
                    log.exception("Handling a batch failed unexpectedly.")
                failures += 1
                log.warning(
                    "A batch of %s could not be handled (%s); trying again.",
                    self._db.service,
                    type(error).__name__,
                )
                await sleep_until(None, self._stop, backoff(failures))
                if self._stop.is_set():
                    return


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
    """Decode, leave out repeats and events without a handler here, then dispatch wave by wave."""
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
    depth: dict[tuple[str, str], int] = {}
    for event in events:
        key = (event.topic, event.subject)
        level = depth.get(key, 0)
        depth[key] = level + 1
        if level == len(waves):
            waves.append({})
        waves[level].setdefault(type(event.data), []).append(event)
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


async def replay(
    db: Database,
    handlers: EventHandlers,
    due_handlers: dict[str, Any],
    letter_id: str,
    by: str,
    *,
    drop: bool = False,
) -> str:
    """Handle a dead letter again (or drop it), then those it blocks, in order. Returns what happened, in a sentence."""
    from shared.base.errors import BadRequest, NotFound

    async with db.reading() as tx:
        first = await dead_letters.get(tx, letter_id)
    if first is None or first.state != "open":
        raise NotFound(
            f"There is no open dead letter {letter_id} in {db.service}; `baton dlq list` shows those that are open."
        )
    done = 0
    started = time.monotonic()
    while time.monotonic() - started < 60:
        head: dead_letters.DeadLetter | None = None
        try:
            async with db.transaction() as tx:
                queue = await dead_letters.lock_open(tx, first.topic, first.key)
                if not queue:
                    return f"{done} handled; this key has no open dead letter any more."
                head = queue[0]
                if done == 0 and head.id != letter_id:
                    raise BadRequest(
                        f"Dead letter {letter_id} waits behind {head.id}; replay or drop that one first.",
                        status=409,
                    )
                if drop and done == 0:
                    await dead_letters.settle(tx, head.id, "dropped", by)
                else:
                    await _handle_again(tx, handlers, due_handlers, head)
                    await dead_letters.settle(tx, head.id, "replayed", by)
        except Exception as error:
            if is_infrastructure_error(error) or head is None or (done == 0 and head.id != letter_id):
                raise
            async with db.transaction() as tx:
                await dead_letters.record_failure(tx, head.id, error)
            raise BadRequest(f"It failed again: {dead_letters.reason_of(error)}", status=409) from error
        done += 1
    return f"{done} handled; more wait behind them: replay again."


async def _handle_again(
    tx: Tx, handlers: EventHandlers, due_handlers: dict[str, Any], head: dead_letters.DeadLetter
) -> None:
    if head.topic == dead_letters.SCHEDULED:
        from shared.work import scheduler

        await scheduler.replay(tx, due_handlers, head.body)
        return
    event = decode(head.body)
    await dispatch(
        tx,
        handlers,
        [item for item in await dedupe.claim_new(tx, [event]) if type(item.data) in handlers],
    )
