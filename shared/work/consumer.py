"""The consuming loop of a service: poll, handle, commit the offsets."""

import asyncio
import logging

from shared.base import failpoints
from shared.base.telemetry import BATCH_SECONDS
from shared.base.waits import backoff, sleep_until
from shared.bus.port import Batch, Consumer
from shared.store.database import Database
from shared.store.failures import is_infrastructure_error
from shared.work.dispatch import EventHandlers, handle_or_bisect

log = logging.getLogger(__name__)


class ConsumerLoop:
    """The consuming loop of one service in one process."""

    def __init__(self, db: Database, consumer: Consumer, handlers: EventHandlers, stop: asyncio.Event) -> None:
        self._db = db
        self._consumer = consumer
        self._handlers = handlers
        self._stop = stop
        self.busy = False

    async def run(self) -> None:
        """Poll, handle and commit until stopped. A failed batch is logged and retried until it succeeds."""
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
