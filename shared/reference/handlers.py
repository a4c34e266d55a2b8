"""Event handlers that save reference data, and then handle the service's events that were deferred until it arrived."""

from collections.abc import Awaitable, Callable
from typing import Any

from shared.events import AgreementPublished, RosterChanged
from shared.events.base import Event
from shared.reference import cache
from shared.store.tx import Tx
from shared.work import deferred

EventHandler = Callable[[Tx, list[Event[Any]]], Awaitable[None]]


def on_agreement_published(handle: EventHandler) -> EventHandler:
    """Return a handler that saves published versions; `handle` gets the deferred events that needed them."""

    async def on_published(tx: Tx, events: list[Event[AgreementPublished]]) -> None:
        rows = [event.data.model_dump(include={"version", "hash", "published_at", "compiled"}) for event in events]
        await cache.save_versions(tx, rows)
        await deferred.resume(tx, handle, [f"agreement:{event.data.version}" for event in events])

    return on_published


def on_roster_changed(handle: EventHandler) -> EventHandler:
    """Return a handler that saves changed people; `handle` gets the deferred events that needed them."""

    async def on_changed(tx: Tx, events: list[Event[RosterChanged]]) -> None:
        await cache.save_people(tx, [event.data.rep for event in events])
        await deferred.resume(tx, handle, [f"rep:{event.data.rep.id}" for event in events])

    return on_changed
