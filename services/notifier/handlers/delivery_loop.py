"""The delivery loop: sends ready notices through their channels, outside any transaction, a limited number at a time."""

import asyncio
import logging

from services.notifier.channels import Channels
from services.notifier.domain.message import OutgoingMessage, SendResult
from services.notifier.handlers.delivery import Attempt, claim, record_attempts
from services.notifier.store import notices
from shared.access.cache import Access
from shared.base import failpoints
from shared.base.waits import backoff, sleep_until
from shared.store.database import Database
from shared.store.failures import is_infrastructure_error
from shared.store.group_commit import GroupCommit

log = logging.getLogger(__name__)
MAX_IN_FLIGHT = 16
ATTEMPT_TIMEOUT = 50.0
"""Seconds for one attempt, less than a lease."""
MAX_SLEEP = 30.0
"""Seconds between two claims of ready notices when no wakeup arrives."""
SHUTDOWN_TIMEOUT = 8.0
"""Seconds that attempts in flight have to finish."""


class DeliveryLoop:
    """Sends ready notices until stopped; one per process."""

    def __init__(self, channels: Channels, db: Database, access: Access, stop: asyncio.Event) -> None:
        self._channels = channels
        self._db = db
        self._access = access
        self._stop = stop
        self._wakeup = db.wakeups.subscribe(db.service, "notices")
        self._attempts: GroupCommit[Attempt, None] = GroupCommit(
            lambda attempts: db.run(lambda tx: record_attempts(tx, attempts))
        )
        self._in_flight: set[asyncio.Task[None]] = set()
        self._backlogged = False
        """Whether more notices were ready than could be in flight."""

    async def run(self) -> None:
        """Send until stopped, then wait for the attempts in flight to finish."""
        stop, failures, starting = self._stop, 0, True
        while not stop.is_set():
            self._wakeup.clear()
            try:
                if starting and self._db.dialect == "sqlite":
                    await self._db.run(notices.release_orphaned)
                starting = False
                await self._claim_and_start()
                if not self._in_flight:
                    await self._channels.close_idle()
                failures = 0
            except Exception as error:
                failures += 1
                if not is_infrastructure_error(error):
                    log.exception("The delivery loop failed; it tries again after a pause.")
                await sleep_until(None, stop, backoff(failures))
                continue
            await sleep_until(self._wakeup, stop, MAX_SLEEP)
        if self._in_flight:
            await asyncio.wait(self._in_flight, timeout=SHUTDOWN_TIMEOUT)
        for task in self._in_flight:
            task.cancel()
        await self._channels.close()

    async def _claim_and_start(self) -> None:
        """Claim as many notices as may be in flight, and start to send them."""
        free = MAX_IN_FLIGHT - len(self._in_flight)
        messages, self._backlogged = await self._db.run(lambda tx: claim(tx, free)) if free else ([], True)
        if messages:
            failpoints.hit("intent_claimed")
        for outgoing in messages:
            task = asyncio.create_task(self._send(outgoing))
            self._in_flight.add(task)
            task.add_done_callback(self._on_finished)
        if self._backlogged and not self._in_flight:
            self._wakeup.set()

    def _on_finished(self, task: asyncio.Task[None]) -> None:
        self._in_flight.discard(task)
        if not self._in_flight or (self._backlogged and len(self._in_flight) <= MAX_IN_FLIGHT // 2):
            self._wakeup.set()

    async def _send(self, outgoing: OutgoingMessage) -> None:
        result = await self._attempt(outgoing)
        if result.sent:
            failpoints.hit("after_250_before_mark")
        else:
            log.warning(
                "A notice by %s could not be sent: %s.",
                outgoing.notice.channel,
                result.reason,
                extra={"service": "notifier", "lead": outgoing.notice.lead, "notice": outgoing.notice.id},
            )
        try:
            await self._attempts.submit(Attempt(outgoing.notice, result))
        except Exception as error:
            log.warning(
                "A delivery attempt could not be recorded (%s); the notice is sent again under the same id.",
                type(error).__name__,
            )

    async def _attempt(self, outgoing: OutgoingMessage) -> SendResult:
        try:
            sending = self._channels.send(outgoing, self._access, self._db.clock)
            return await asyncio.wait_for(sending, ATTEMPT_TIMEOUT)
        except TimeoutError:
            return SendResult(False, f"no answer in {ATTEMPT_TIMEOUT:.0f} s")
        except Exception as error:
            return SendResult(False, f"sending failed ({type(error).__name__})")
