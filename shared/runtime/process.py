"""Runs the loops of a process's services (consume, relay, schedule) and stops them in order."""

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Awaitable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from fastapi import FastAPI

from shared.base.settings import Settings
from shared.base.waits import sleep_until
from shared.events.base import TOPICS
from shared.runtime import migrate
from shared.runtime.app import build_app
from shared.runtime.resources import Resources, open_resources
from shared.runtime.service import Service, TaskContext
from shared.work.consumer import ConsumerLoop
from shared.work.progress import ConsumerProgress
from shared.work.relay import Relay
from shared.work.scheduler import Scheduler
from shared.work.shard_leases import ShardLeases

log = logging.getLogger(__name__)
GRACE = 10.0
"""Seconds that loops have to finish what they are doing when the process stops."""


@dataclass(slots=True)
class Process:
    """A process whose loops run."""

    app: FastAPI
    resources: Resources
    services: tuple[Service, ...]
    stop: asyncio.Event
    consumers: dict[str, ConsumerLoop] = field(default_factory=dict)
    failed: bool = False


@asynccontextmanager
async def running(services: tuple[Service, ...], settings: Settings) -> AsyncIterator[Process]:
    """Run everything except the HTTP server. At the end: take no new work, finish running work, post the outbox."""
    async with open_resources(settings, [service.name for service in services]) as resources:
        await migrate.prepare(resources, services)
        await resources.bus.start()
        if settings.embedded:
            await resources.bus.create(TOPICS)
        await resources.access.load()
        stop = asyncio.Event()
        process = Process(build_app(services, resources, stop), resources, services, stop)
        loops, relays = _loops(process)
        tasks = [asyncio.create_task(loop) for loop in loops]
        for task in tasks:
            task.add_done_callback(partial(_stop_on_unexpected_end, process=process))
        gc.collect()
        gc.freeze()
        try:
            yield process
        finally:
            stop.set()
            await asyncio.wait(tasks, timeout=GRACE)
            for relay in relays:
                await _bounded(relay.drain())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await _bounded(resources.bus.stop())


def _stop_on_unexpected_end(task: asyncio.Task[None], process: Process) -> None:
    """Stop the process when one of its loops ends early, so that a supervisor restarts it.

    Otherwise a process without that loop would keep reporting itself healthy."""
    if not process.stop.is_set():
        error = None if task.cancelled() else task.exception()
        log.critical("A loop of this process ended unexpectedly; the process stops.", exc_info=error)
        process.failed = True
        process.stop.set()


def _loops(process: Process) -> tuple[list[Coroutine[Any, Any, None]], list[Relay]]:
    resources, stop = process.resources, process.stop
    loops: list[Coroutine[Any, Any, None]] = [_refresh_access(resources, stop)]
    relays = []
    if not resources.settings.embedded:
        loops.append(resources.wakeups.listen(resources.settings.database_url, stop))
    for service in process.services:
        relay, relay_loops = _relay(service, resources, stop)
        relays.append(relay)
        loops += relay_loops
        if service.topics:
            loops += _consumer(service, process)
        if service.on_due:
            loops.append(Scheduler(resources.databases[service.name], service.on_due, stop).run())
        context = TaskContext(
            resources.databases[service.name],
            resources.clock,
            resources.context,
            resources.access,
            resources.wakeups,
            stop,
            resources.settings,
        )
        loops.extend(task(context) for task in service.background)
    return loops, relays


def _relay(
    service: Service, resources: Resources, stop: asyncio.Event
) -> tuple[Relay, list[Coroutine[Any, Any, None]]]:
    loops: list[Coroutine[Any, Any, None]] = []
    leases = None
    if not resources.settings.embedded:
        wakeup = resources.wakeups.subscribe(service.name, "outbox")
        leases = ShardLeases(resources.settings.database_url, service.name, stop, wakeup)
        loops.append(leases.run())
    relay = Relay(resources.databases[service.name], resources.bus, leases, stop)
    return relay, [*loops, relay.run()]


def _consumer(service: Service, process: Process) -> list[Coroutine[Any, Any, None]]:
    resources, stop = process.resources, process.stop
    group = resources.group(service.name)
    subscription = resources.bus.consumer(group, service.topics)
    consumer = ConsumerLoop(resources.databases[service.name], subscription, service.on_event, stop)
    process.consumers[service.name] = consumer
    if not service.catch_up_signal:
        return [consumer.run()]
    wakeup = resources.wakeups.subscribe(service.name, service.catch_up_signal)
    progress = ConsumerProgress(resources.bus, group, service.topics, resources.clock, wakeup, resources.context.settle)
    resources.context.progress[service.name] = progress
    return [consumer.run(), progress.run(stop)]


async def _refresh_access(resources: Resources, stop: asyncio.Event) -> None:
    """Reload keys, endpoints and destinations whenever they change."""
    wakeup = resources.wakeups.subscribe("access", "access")
    while not stop.is_set():
        await sleep_until(wakeup, stop, 3600)
        if wakeup.is_set():
            wakeup.clear()
            try:
                await resources.access.load()
            except Exception as error:
                log.warning("Keys and endpoints could not be reloaded: %s; trying again.", type(error).__name__)
                wakeup.set()
                await sleep_until(None, stop, 1.0)


async def _bounded(work: Awaitable[None]) -> None:
    try:
        await asyncio.wait_for(work, GRACE)
    except Exception as error:
        log.warning("A part of the process did not stop in time: %s.", type(error).__name__)
