"""When a lead was assigned and when its alert came, on this process's own clock: read from the log and from the mail server."""

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
    """What a mail server took, with the moment at which each lead's first mail had come."""

    def __init__(self) -> None:
        super().__init__()
        self.at: dict[str, float] = {}

    def append(self, mail: EmailMessage) -> None:
        """Keep the moment only: thousands of mails are not looked at again."""
        now = time.perf_counter()
        body = mail.get_body(("plain",))
        match = LEAD_ID.search(body.get_content()) if body else None
        if match:
            self.at.setdefault(match.group(1), now)


@contextlib.asynccontextmanager
async def record_assignments(site: RunningSystem) -> AsyncIterator[dict[str, float]]:
    """Fills a dictionary while it is entered: lead to the moment at which its first assignment could be read."""
    at: dict[str, float] = {}
    begun = asyncio.Event()
    watch = _watch_file(site.settings.data_dir / "log.db", at, begun) if site.settings.embedded else None
    watching = asyncio.create_task(watch or _watch_bus(site, at, begun))
    await asyncio.wait({watching, asyncio.create_task(begun.wait())}, return_when=asyncio.FIRST_COMPLETED)
    try:
        yield at
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching


async def _watch_bus(site: RunningSystem, at: dict[str, float], begun: asyncio.Event) -> None:
    bus = site.bus()
    consumer = bus.consumer("bench", ("leads",))
    await consumer.start()
    await consumer.poll(wait=3.0)
    begun.set()
    try:
        while True:
            batch = await consumer.poll(wait=1.0)
            now = time.perf_counter()
            for record in batch.records:
                _record(at, record.value, now)
    finally:
        await consumer.stop()
        await bus.stop()


async def _watch_file(path: Path, at: dict[str, float], begun: asyncio.Event) -> None:
    """The embedded log rings only within its own process, so the file is looked at every 2 ms."""
    read = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    place = read.execute("SELECT coalesce(max(place), -1) FROM log WHERE topic = 'leads'").fetchone()[0]
    begun.set()
    try:
        while True:
            rows = read.execute("SELECT place, value FROM log WHERE topic = 'leads' AND place > ?", (place,)).fetchall()
            now = time.perf_counter()
            for _, value in rows:
                _record(at, value, now)
            place = rows[-1][0] if rows else place
            await asyncio.sleep(INTERVAL)
    finally:
        read.close()


def _record(at: dict[str, float], value: bytes, now: float) -> None:
    if ASSIGNED.encode() in value:
        event = orjson.loads(value)
        if event["type"] == ASSIGNED:
            at.setdefault(event["subject"], now)
