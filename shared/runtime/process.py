"""A service as data, and the loops that are the same for all: consume, relay, tick, stop."""

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from fastapi import APIRouter, FastAPI
from sqlalchemy import MetaData
from starlette.routing import Route

from shared.access.cache import Access
from shared.base.clock import Clock
from shared.base.settings import Settings
from shared.base.waits import until
from shared.events.base import TOPICS, Fact
from shared.runtime import migrate, ops_api
from shared.runtime.resources import Building, opened
from shared.store.context import House
from shared.store.database import Database
from shared.store.tx import Tx
from shared.store.wakeups import Wakes
from shared.web.http import Guard, add_error_answers
from shared.work.consumer import Handler, Reader
from shared.work.progress import ReadUp
from shared.work.relay import Relay
from shared.work.scheduler import Ring, Ticker
from shared.work.shard_leases import Leases

log = logging.getLogger(__name__)
GRACE = 10.0


@dataclass(frozen=True, slots=True)
class Desk:
    """What an extra loop of a service works with."""

    db: Database
    clock: Clock
    house: House
    access: Access
    wakes: Wakes
    stop: asyncio.Event
    settings: Settings


@dataclass(frozen=True, slots=True)
class Aside:
    """What a service itself keeps parked besides records: all of it, one of it with its body, and settling one
    (transaction, id, by whom, whether to drop it; returns a sentence)."""

    listed: Callable[[Tx], Awaitable[list[dict[str, Any]]]]
    shown: Callable[[Tx, str], Awaitable[dict[str, Any] | None]]
    settled: Callable[[Tx, str, str, bool], Awaitable[str]]


Task = Callable[[Desk], Coroutine[Any, Any, None]]
Terms = Callable[[Tx], Awaitable[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Service:
    """One service: what it hears, what comes due for it, its doors, its tables, its extra loops and its audit terms."""

    name: str
    metadata: MetaData
    hears: dict[type[Fact], Handler] = field(default_factory=dict)
    rings: dict[str, Ring] = field(default_factory=dict)
    doors: APIRouter = field(default_factory=APIRouter)
    webhooks: tuple[Route, ...] = ()
    """Doors of senders, matched before all others."""
    tasks: tuple[Task, ...] = ()
    settles: str = ""
    """The bell by which it asks whether it has read everything up to a moment (see `shared/work/progress.py`)."""
    aside: Aside | None = None
    audit: Terms | None = None
    gauges: Terms | None = None
    statics: tuple[tuple[str, str], ...] = ()
    """(path, folder) pairs of files to serve."""

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics it listens to."""
        return tuple(sorted({kind.topic for kind in self.hears}))


@dataclass(slots=True)
class Running:
    """A process with its services at work."""

    app: FastAPI
    building: Building
    services: tuple[Service, ...]
    stop: asyncio.Event
    readers: dict[str, Reader] = field(default_factory=dict)
    failed: bool = False


def build_app(services: tuple[Service, ...], building: Building, stop: asyncio.Event) -> FastAPI:
    """One app with the doors of all services; it owns the only health, metrics and documentation."""
    app = FastAPI(
        title="Baton",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        routes=[route for service in services for route in service.webhooks],
    )
    app.state.databases = building.databases
    app.state.access = building.access
    app.state.loopback = building.loopback
    app.state.building = building
    app.state.services = services
    app.state.stop = stop
    app.add_middleware(Guard)
    add_error_answers(app)
    app.include_router(ops_api.doors(services, building))
    for service in services:
        app.include_router(service.doors)
    from starlette.staticfiles import StaticFiles

    for path, folder in dict(pair for service in services for pair in service.statics).items():
        app.mount(path, StaticFiles(directory=folder), name=path)
    return app


@asynccontextmanager
async def running(services: tuple[Service, ...], settings: Settings) -> AsyncIterator[Running]:
    """Everything at work but the listening socket. At the end: no new work, what is in hand is finished, the outbox posted."""
    async with opened(settings, [service.name for service in services]) as building:
        await migrate.ready(building, services)
        await building.bus.start()
        if settings.embedded:
            await building.bus.create(TOPICS)
        await building.access.load()
        stop = asyncio.Event()
        state = Running(build_app(services, building, stop), building, services, stop)
        loops, last = _loops(state)
        tasks = [asyncio.create_task(loop) for loop in loops]
        for task in tasks:
            task.add_done_callback(partial(_ended, state=state))
        gc.collect()
        gc.freeze()
        try:
            yield state
        finally:
            stop.set()
            await asyncio.wait(tasks, timeout=GRACE)
            for relay in last:
                await _bounded(relay.drain())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await _bounded(building.bus.stop())


def _ended(task: asyncio.Task[None], state: Running) -> None:
    """A loop that ends before the stop has failed in a way that is not known: the process ends, so that whoever watches
    it starts it anew; half a process that says that it is well is worse than none."""
    if not state.stop.is_set():
        error = None if task.cancelled() else task.exception()
        log.critical("A loop of this process has ended; the process stops.", exc_info=error)
        state.failed = True
        state.stop.set()


def _loops(state: Running) -> tuple[list[Coroutine[Any, Any, None]], list[Relay]]:
    building, stop = state.building, state.stop
    loops: list[Coroutine[Any, Any, None]] = [_refresh(building, stop)]
    relays = []
    if not building.settings.embedded:
        loops.append(building.wakes.listen(building.settings.database_url, stop))
    for service in state.services:
        db = building.databases[service.name]
        leases = None
        if not building.settings.embedded:
            bell = building.wakes.bell(service.name, "outbox")
            leases = Leases(building.settings.database_url, service.name, stop, bell)
            loops.append(leases.run())
        relay = Relay(db, building.bus, leases, stop)
        relays.append(relay)
        loops.append(relay.run())
        if service.topics:
            group = f"{building.settings.kafka_topic_prefix}-{service.name}"
            reader = Reader(db, building.bus.consumer(group, service.topics), service.hears, stop)
            state.readers[service.name] = reader
            loops.append(reader.run())
            if service.settles:
                bell = building.wakes.bell(service.name, service.settles)
                gate = ReadUp(building.bus, group, service.topics, building.clock, bell, building.house.settle)
                building.house.read_up[service.name] = gate
                loops.append(gate.run(stop))
        if service.rings:
            loops.append(Ticker(db, service.rings, stop).run())
        desk = Desk(
            db,
            building.clock,
            building.house,
            building.access,
            building.wakes,
            stop,
            building.settings,
        )
        loops.extend(task(desk) for task in service.tasks)
    return loops, relays


async def _refresh(building: Building, stop: asyncio.Event) -> None:
    """Read keys, doors and targets anew when they changed."""
    bell = building.wakes.bell("access", "access")
    while not stop.is_set():
        await until(bell, stop, 3600)
        if bell.is_set():
            bell.clear()
            try:
                await building.access.load()
            except Exception as error:
                log.warning("Keys and doors could not be read anew: %s.", type(error).__name__)
                bell.set()
                await until(None, stop, 1.0)


async def _bounded(work: Awaitable[None]) -> None:
    try:
        await asyncio.wait_for(work, GRACE)
    except Exception as error:
        log.warning("Something did not stop in time: %s.", type(error).__name__)
