"""Records when each lead is assigned and when its alert arrives, on this process's clock, from the event log and the mail server."""

import asyncio
import contextlib
import re
import sqlite3
import time
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path

import orjson

from tests.running_system import RunningSystem

ASSIGNED = "baton.lead.assigned.v1"
INTERVAL = 0.002
LEAD_ID = re.compile(r"Lead ([0-9a-f-]{36})\.")


class TimestampedMails(list[EmailMessage]):
    """A mail list that only records when each lead's first mail arrived (`at`, perf_counter seconds)."""

    def __init__(self) -> None:
        super().__init__()
        self.at: dict[str, float] = {}

    def append(self, mail: EmailMessage) -> None:
        """Record the arrival time and drop the mail: thousands of mails would fill the memory."""
        now = time.perf_counter()
        body = mail.get_body(("plain",))
        match = LEAD_ID.search(body.get_content()) if body else None
        if match:
            self.at.setdefault(match.group(1), now)


@contextlib.asynccontextmanager
async def record_assignments(site: RunningSystem) -> AsyncIterator[dict[str, float]]:
    """Fill a dictionary while entered: lead to the time (perf_counter seconds) at which its first assignment was readable."""
    at: dict[str, float] = {}
    watching_started = asyncio.Event()
    watch = _watch_file(site.settings.data_dir / "log.db", at, watching_started) if site.settings.embedded else None
    watching = asyncio.create_task(watch or _watch_bus(site, at, watching_started))
    await asyncio.wait({watching, asyncio.create_task(watching_started.wait())}, return_when=asyncio.FIRST_COMPLETED)
    try:
        yield at
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching


async def _watch_bus(site: RunningSystem, at: dict[str, float], watching_started: asyncio.Event) -> None:
    bus = site.bus()
    consumer = bus.consumer("bench", ("leads",))
    await consumer.start()
    await consumer.poll(wait=3.0)
    watching_started.set()
    try:
        while True:
            batch = await consumer.poll(wait=1.0)
            now = time.perf_counter()
            for record in batch.records:
                _record(at, record.value, now)
    finally:
        await consumer.stop()
        await bus.stop()


async def _watch_file(path: Path, at: dict[str, float], watching_started: asyncio.Event) -> None:
    """Poll the log's file every 2 ms: the embedded log wakes readers only within its own process."""
    read = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    position = read.execute("SELECT coalesce(max(position), -1) FROM log WHERE topic = 'leads'").fetchone()[0]
    watching_started.set()
    try:
        while True:
            rows = read.execute(
                "SELECT position, value FROM log WHERE topic = 'leads' AND position > ?", (position,)
            ).fetchall()
            now = time.perf_counter()
            for _, value in rows:
                _record(at, value, now)
            position = rows[-1][0] if rows else position
            await asyncio.sleep(INTERVAL)
    finally:
        read.close()


def _record(at: dict[str, float], value: bytes, now: float) -> None:
    if ASSIGNED.encode() in value:
        event = orjson.loads(value)
        if event["type"] == ASSIGNED:
            at.setdefault(event["subject"], now)
