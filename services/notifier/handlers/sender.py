"""The sender: the loop that takes ready notices to their channels, outside any transaction, a bounded number at once."""

import asyncio
import logging

from services.notifier.channels.outcome import Outcome
from services.notifier.channels.post import Post
from services.notifier.domain.message import Composed
from services.notifier.handlers.sending import Done, claim, mark
from services.notifier.store import notices
from shared.access.cache import Access
from shared.base import failpoints
from shared.base.waits import backoff, sleep_until
from shared.store.database import Database
from shared.store.failures import is_infrastructure_error
from shared.store.group_commit import GroupCommit

log = logging.getLogger(__name__)
SLOTS = 16
BOUND = 50.0
"""Seconds for one attempt, less than a lease."""
CAP = 30.0
GRACE = 8.0


class Sender:
    """One per process."""

    def __init__(self, post: Post, db: Database, access: Access, stop: asyncio.Event) -> None:
        self._post = post
        self._db = db
        self._access = access
        self._stop = stop
        self._bell = db.wakeups.subscribe(db.service, "notices")
        self._marks: GroupCommit[Done, None] = GroupCommit(lambda done: db.run(lambda tx: mark(tx, done)))
        self._hand: set[asyncio.Task[None]] = set()
        self._more = False
        """Whether more was ready than there were slots."""

    async def run(self) -> None:
        """Send until stopped; at the end what is in hand is finished."""
        stop, failures, fresh = self._stop, 0, True
        while not stop.is_set():
            self._bell.clear()
            try:
                if fresh and self._db.dialect == "sqlite":
                    await self._db.run(notices.orphaned)
                fresh = False
                await self._fill()
                if not self._hand:
                    await self._post.rest()
                failures = 0
            except Exception as error:
                failures += 1
                if not is_infrastructure_error(error):
                    log.exception("The sender met an error it does not know; it goes on.")
                await sleep_until(None, stop, backoff(failures))
                continue
            await sleep_until(self._bell, stop, CAP)
        if self._hand:
            await asyncio.wait(self._hand, timeout=GRACE)
        for task in self._hand:
            task.cancel()
        await self._post.close()

    async def _fill(self) -> None:
        """Claim as many as there are free slots, and send them."""
        free = SLOTS - len(self._hand)
        claimed, self._more = await self._db.run(lambda tx: claim(tx, free)) if free else ([], True)
        if claimed:
            failpoints.hit("intent_claimed")
        for item in claimed:
            task = asyncio.create_task(self._send(item))
            self._hand.add(task)
            task.add_done_callback(self._free)
        if self._more and not self._hand:
            self._bell.set()

    def _free(self, task: asyncio.Task[None]) -> None:
        self._hand.discard(task)
        if not self._hand or (self._more and len(self._hand) <= SLOTS // 2):
            self._bell.set()

    async def _send(self, item: Composed) -> None:
        try:
            outcome = await asyncio.wait_for(self._post.send(item, self._access, self._db.clock), BOUND)
        except TimeoutError:
            outcome = Outcome(False, f"no answer in {BOUND:.0f} s")
        except Exception as error:
            outcome = Outcome(False, f"sending failed ({type(error).__name__})")
        if outcome.sent:
            failpoints.hit("after_250_before_mark")
        else:
            log.warning(
                "A notice by %s could not be sent: %s.",
                item.notice.channel,
                outcome.why,
                extra={"service": "notifier", "lead": item.notice.lead, "notice": item.notice.id},
            )
        try:
            await self._marks.submit(Done(item.notice, outcome))
        except Exception as error:
            log.warning("A sent notice could not be marked (%s); it is sent again under its id.", type(error).__name__)
