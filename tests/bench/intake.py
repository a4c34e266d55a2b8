"""Part 1: accepted webhooks per second, authenticated and committed, beside a handler that stores nothing."""

import asyncio
import json
import os
import socket
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
from sqlalchemy import make_url

from tests.bench.disk import Probe
from tests.bench.report import Report, ratios
from tests.bench.senders import Sender
from tests.bench.size import Size
from tests.bench.wire import closed_loop
from tests.parts import Missing
from tests.parts.leash import Leashed
from tests.parts.ports import free_ports
from tests.parts.postgres import fresh_database, postgres
from tests.running_system import ROOT, SECRET_KEYS

BARE, SQLITE, POSTGRES = "bare FastAPI handler", "door on SQLite", "door on PostgreSQL"
DURABLE = {
    BARE: "stores nothing",
    SQLITE: "WAL, synchronous=FULL, inbox + outbox in one commit",
    POSTGRES: "fsync on, synchronous_commit on, inbox + outbox in one commit",
}


@dataclass
class Target:
    """Something that takes webhooks."""

    name: str
    port: int
    sender: Sender
    environment: dict[str, str] = field(default_factory=dict)
    rates: list[float] = field(default_factory=list)
    accepted: int = 0
    others: dict[int, int] = field(default_factory=dict)

    async def round(self, size: Size, seconds: float) -> float:
        """One round of the closed loop; everything that was accepted is counted, the warming up too."""
        rate, statuses = await closed_loop(self.port, self.sender.next, size.connections, seconds)
        for status, number in statuses.items():
            if status == 202:
                self.accepted += number
            else:
                self.others[status] = self.others.get(status, 0) + number
        return rate


def run(size: Size, report: Report) -> None:
    """Measure, alternating, and print."""
    with ExitStack() as ends:
        folder = Path(ends.enter_context(TemporaryDirectory()))
        targets = [ends.enter_context(_bare(folder)), ends.enter_context(_door(SQLITE, folder, _on_sqlite(folder)))]
        try:
            database = ends.enter_context(fresh_database(ends.enter_context(postgres(durable=True))))
            targets.append(ends.enter_context(_door(POSTGRES, folder, _on_postgres(database))))
        except Missing as missing:
            report.say(f"intake  without PostgreSQL: there is {missing}")
        probe = asyncio.run(_measured(targets, size, folder))
        base = targets[0]
        for target in targets:
            against = f", of the bare handler {ratios(target.rates, base.rates)}" if target is not base else ""
            middle = sorted(target.rates)[len(target.rates) // 2]
            report.say(
                f"intake  {target.name}: {middle:,.0f}/s{against} [closed loop, {size.connections} connections,"
                f" {size.rounds} rounds of {size.intake_seconds} s, one worker, {DURABLE[target.name]}; {probe.words}]"
            )
            report.check(f"{target.name}, answers that are not 202", target.others, {})
        for target in targets[1:]:
            kept = asyncio.run(_kept(target))
            report.check(f"{target.name}, (deliveries, outbox) rows", kept, (target.accepted, target.accepted))


async def _measured(targets: list[Target], size: Size, folder: Path) -> Probe:
    for target in targets:
        await target.round(size, min(1.0, size.intake_seconds))
    with Probe(folder) as probe:
        for _ in range(size.rounds):
            for target in targets:
                target.rates.append(await target.round(size, size.intake_seconds))
    return probe


async def _kept(target: Target) -> tuple[int, int]:
    """Rows that are there, counted past the service."""
    url = target.environment.get("BATON_DATABASE_URL")
    tables = ("deliveries", "outbox")
    if not url:
        path = Path(target.environment["BATON_DATA_DIR"]) / "router.db"
        with sqlite3.connect(path) as read:
            found = [int(read.execute(f"SELECT count(*) FROM {table}").fetchone()[0]) for table in tables]
        return found[0], found[1]
    conn = await asyncpg.connect(plain(url))
    try:
        found = [int(await conn.fetchval(f"SELECT count(*) FROM router.{table}")) for table in tables]
    finally:
        await conn.close()
    return found[0], found[1]


def plain(url: str) -> str:
    """A URL for asyncpg itself."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


@contextmanager
def _bare(folder: Path) -> Iterator[Target]:
    (port,) = free_ports(1)
    process = _program("bare", port, folder, {})
    try:
        _answers(port, process)
        yield Target(BARE, port, Sender("/webhooks/bench", "whsec_" + "A" * 44))
    finally:
        process.stop()


@contextmanager
def _door(name: str, folder: Path, environment: dict[str, str]) -> Iterator[Target]:
    (port,) = free_ports(1)
    process = _program("door", port, folder, environment)
    try:
        _answers(port, process)
        said = next(line for line in process.tail(100_000).splitlines() if line.startswith('{"path"'))
        made = json.loads(said)
        yield Target(name, port, Sender(made["path"], made["secret"]), environment)
    finally:
        process.stop()


def _program(name: str, port: int, folder: Path, environment: dict[str, str]) -> Leashed:
    command = [sys.executable, "-m", f"tests.bench.{name}", str(port)]
    kept = {key: value for key, value in os.environ.items() if not key.startswith("BATON_")}
    log = folder / f"{name}-{port}.log"
    return Leashed(command, log=log, env={**kept, **environment, "PYTHONPATH": str(ROOT)})


def _answers(port: int, process: Leashed) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            assert not process.ended, process.tail(4000)
            assert time.monotonic() < until, process.tail(4000)
            time.sleep(0.05)


def _on_sqlite(folder: Path) -> dict[str, str]:
    return {"BATON_DATA_DIR": str(folder / "data"), "BATON_SECRET_KEYS": SECRET_KEYS, "BATON_LOG_LEVEL": "warning"}


def _on_postgres(database: str) -> dict[str, str]:
    wide = {"BATON_BUS": "kafka", "BATON_DATABASE_URL": database, "BATON_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"}
    return {**wide, "BATON_SECRET_KEYS": SECRET_KEYS, "BATON_LOG_LEVEL": "warning"}
