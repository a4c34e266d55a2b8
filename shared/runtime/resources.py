"""The resources of a process: keys, clock, wakeups, the bus, access, and a database for each of its services."""

import fcntl
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import orjson

from shared.access.cache import Access
from shared.base.clock import Clock
from shared.base.credentials import Principal
from shared.base.errors import CannotStart
from shared.base.hosts import is_loopback
from shared.base.keyring import load_keyring
from shared.base.settings import Settings
from shared.bus.embedded import EmbeddedBus
from shared.bus.port import Bus
from shared.store import engines
from shared.store.context import Context
from shared.store.database import Database
from shared.store.wakeups import Wakeups

RUN_FILE = "run.json"


@dataclass(slots=True)
class Resources:
    """The open resources of one process."""

    settings: Settings
    clock: Clock
    context: Context
    wakeups: Wakeups
    bus: Bus
    access: Access
    databases: dict[str, Database]
    loopback: bool

    def database(self, service: str) -> Database:
        """The database of one of the process's services."""
        return self.databases[service]

    def group(self, service: str) -> str:
        """The consumer group of a service."""
        return f"{self.settings.kafka_topic_prefix}-{service}"


@asynccontextmanager
async def open_resources(settings: Settings, services: list[str]) -> AsyncIterator[Resources]:
    """Open everything that the named services need; take the lock on the data directory in embedded mode."""
    settings.require_one_width()
    lock = take_lock(settings.data_dir) if settings.embedded else None
    resources = _create(settings, services)
    try:
        yield resources
    finally:
        for database in [*resources.databases.values(), resources.access.db]:
            await database.close()
        if lock:
            release_lock(settings.data_dir, lock)


def _create(settings: Settings, services: list[str]) -> Resources:
    wakeups = Wakeups()
    clock = Clock(stepped=settings.clock == "row", in_database=not settings.embedded)
    keys = load_keyring(settings.secret_keys, settings.data_dir, embedded=settings.embedded)
    public = settings.public_url.rstrip("/") or f"http://{settings.host}:{settings.port}"
    context = Context(keys, public, settings.settle)

    def database(name: str) -> Database:
        return Database(name, engine_pair(settings, name), clock, context, wakeups)

    here = settings.embedded and is_loopback(settings.host)
    context.access = access = Access(database(engines.ACCESS))
    return Resources(
        settings,
        clock,
        context,
        wakeups,
        make_bus(settings),
        access,
        {name: database(name) for name in services},
        here,
    )


def engine_pair(settings: Settings, service: str) -> engines.EnginePair:
    """The engines of one service, or of schema `access`: SQLite in embedded mode, otherwise PostgreSQL."""
    if settings.embedded:
        return engines.sqlite(settings.data_dir / f"{service}.db")
    return engines.postgres(settings.database_url, service, pool=3 if service == engines.ACCESS else 10)


def make_bus(settings: Settings) -> Bus:
    """The bus: the embedded log in embedded mode, otherwise Kafka."""
    if settings.embedded:
        return EmbeddedBus(settings.data_dir / "log.db")
    from shared.bus.kafka import KafkaBus

    return KafkaBus(settings)


def take_lock(data_dir: Path) -> IO[str]:
    """Lock the data directory for this process. Raises CannotStart when another process has locked it."""
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)  # The files hold personal data.
    lock = (data_dir / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise CannotStart(
            f"Another process runs on the data directory {data_dir}; stop it, or choose another with --data."
        ) from error
    return lock


def release_lock(data_dir: Path, lock: IO[str]) -> None:
    """Release the lock of the data directory and delete its run file."""
    (data_dir / RUN_FILE).unlink(missing_ok=True)
    lock.close()


def write_run_file(resources: Resources, url: str) -> None:
    """Write the file that tells commands on this machine the URL of this process, with a key valid while it runs."""
    token = secrets.token_urlsafe(32)
    resources.access.grant(token, Principal("this machine", None, frozenset({"admin"})))
    path = resources.settings.data_dir / RUN_FILE
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(orjson.dumps({"url": url, "pid": os.getpid(), "key": token}))


def read_run_file(data_dir: Path) -> dict[str, str] | None:
    """The URL, process id and key of the process that runs on this data directory, or None without a readable file."""
    try:
        run: dict[str, str] = orjson.loads((data_dir / RUN_FILE).read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return None
    return run
