"""The description of a service: its event handlers, scheduled handlers, routes, tables and audit."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter
from sqlalchemy import MetaData
from starlette.routing import Route

from shared.access.cache import Access
from shared.base.clock import Clock
from shared.base.settings import Settings
from shared.events.base import EventData
from shared.store.context import Context
from shared.store.database import Database
from shared.store.tx import Tx
from shared.store.wakeups import Wakeups
from shared.work.dispatch import Handler
from shared.work.scheduler import DueHandler


@dataclass(frozen=True, slots=True)
class TaskContext:
    """The resources that a background task of a service receives."""

    db: Database
    clock: Clock
    context: Context
    access: Access
    wakeups: Wakeups
    stop: asyncio.Event
    settings: Settings


@dataclass(frozen=True, slots=True)
class UnreadableRequests:
    """Requests that a service stored and could not read; ops list, show and settle them beside dead letters.

    `settle` takes (transaction, id, author, whether to drop the request) and returns the outcome as a sentence.
    """

    list: Callable[[Tx], Awaitable[list[dict[str, Any]]]]
    show: Callable[[Tx, str], Awaitable[dict[str, Any] | None]]
    settle: Callable[[Tx, str, str, bool], Awaitable[str]]


BackgroundTask = Callable[[TaskContext], Coroutine[Any, Any, None]]
Counts = Callable[[Tx], Awaitable[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Service:
    """One service: event -> handler, scheduled kind -> handler, routes, tables, background tasks and audit."""

    name: str
    metadata: MetaData
    on_event: dict[type[EventData], Handler] = field(default_factory=dict)
    on_due: dict[str, DueHandler] = field(default_factory=dict)
    routes: APIRouter = field(default_factory=APIRouter)
    webhooks: tuple[Route, ...] = ()
    """Routes of senders, matched before all others."""
    background: tuple[BackgroundTask, ...] = ()
    catch_up_signal: str = ""
    """The wakeup with which the service requests a measurement of its reading progress (`shared/work/progress.py`)."""
    parked_items: UnreadableRequests | None = None
    audit: Counts | None = None
    gauges: Counts | None = None
    static_dirs: tuple[tuple[str, str], ...] = ()
    """(path, folder) pairs of files to serve."""

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics that the service consumes."""
        return tuple(sorted({kind.topic for kind in self.on_event}))
