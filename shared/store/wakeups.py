"""Wakeups for sleeping loops: an asyncio event in this process, a PostgreSQL NOTIFY for the other processes.

Loops limit their sleeps, so that a lost wakeup only delays the work.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterable

import asyncpg
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.base.waits import sleep_until
from shared.store.failures import is_connection_loss

CHANNEL = "baton"
log = logging.getLogger(__name__)


class Wakeups:
    """The subscriptions of one process. Names are `service:what` (outbox, due, access, clock, ...)."""

    def __init__(self) -> None:
        self._subscribers: dict[str, list[asyncio.Event]] = defaultdict(list)

    def subscribe(self, service: str, name: str) -> asyncio.Event:
        """Return an event that is set whenever the name is signalled; the subscriber clears the event."""
        event = asyncio.Event()
        self._subscribers[f"{service}:{name}"].append(event)
        return event

    def unsubscribe(self, event: asyncio.Event) -> None:
        """Remove a subscription."""
        for events in self._subscribers.values():
            if event in events:
                events.remove(event)

    def signal(self, service: str, name: str) -> None:
        """Set the events of all subscribers to the name in this process; `*` means every service."""
        for subscribed, events in self._subscribers.items():
            if subscribed == f"{service}:{name}" or (service == "*" and subscribed.endswith(f":{name}")):
                for event in events:
                    event.set()

    async def notify(self, conn: AsyncConnection, service: str, names: Iterable[str]) -> None:
        """Signal the names in all listening processes when the connection's transaction commits."""
        payload = " ".join(f"{service}:{name}" for name in sorted(names))
        await conn.execute(_NOTIFY, {"channel": CHANNEL, "payload": payload})

    async def listen(self, url: str, stop: asyncio.Event) -> None:
        """Receive the signals of other processes until `stop` is set; reconnect when the connection is lost."""
        while not stop.is_set():
            try:
                await self._listen_once(url, stop)
            except Exception as error:  # Whatever ends the session, the process goes on and listens again.
                log.warning(
                    "The listening connection is lost (%s); connecting again.",
                    type(error).__name__,
                    exc_info=None if is_connection_loss(error) else error,
                )
                await sleep_until(None, stop, 1.0)

    async def _listen_once(self, url: str, stop: asyncio.Event) -> None:
        conn = await asyncpg.connect(asyncpg_url(url), timeout=5)
        lost = asyncio.Event()
        conn.add_termination_listener(lambda _: lost.set())
        await conn.add_listener(CHANNEL, lambda _c, _p, _ch, payload: self._on_notification(str(payload)))
        for subscribed in list(self._subscribers):
            self.signal(*subscribed.split(":", 1))
        try:
            waits = [asyncio.create_task(stop.wait()), asyncio.create_task(lost.wait())]
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for wait in waits:
                wait.cancel()
        finally:
            conn.terminate()

    def _on_notification(self, payload: str) -> None:
        for name in payload.split():
            service, _, what = name.partition(":")
            self.signal(service, what)


_NOTIFY = text("SELECT pg_notify(:channel, :payload)")


def asyncpg_url(url: str) -> str:
    """The SQLAlchemy URL in the form that asyncpg accepts."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
