"""Routes of dead letters and unreadable requests: list, show, replay and drop."""

from typing import Any, Literal

from fastapi import APIRouter

from shared.base.errors import NotFound
from shared.runtime.ops_api.dependencies import Ops, ProcessResources, ProcessServices
from shared.runtime.resources import Resources
from shared.runtime.service import Service, UnreadableRequests
from shared.work import dead_letters
from shared.work.replay import replay as replay_letter

router = APIRouter()


@router.get("/v1/dead-letters")
async def listed(
    who: Ops,
    services: ProcessServices,
    resources: ProcessResources,
    state: Literal["open", "replayed", "dropped"] = "open",
) -> list[dict[str, Any]]:
    """List dead letters and requests that could not be read, oldest first in each service, without their bodies."""
    letters: list[dict[str, Any]] = []
    for service in services:
        async with resources.databases[service.name].reading() as tx:
            rows = [letter.summary() for letter in await dead_letters.list_in_state(tx, state)]
            rows += await service.parked_items.list(tx) if service.parked_items and state == "open" else []
            letters += [{"service": service.name, **row} for row in rows]
    return letters


@router.get("/v1/dead-letters/{letter_id}")
async def show(who: Ops, services: ProcessServices, resources: ProcessResources, letter_id: str) -> dict[str, Any]:
    """Show one dead letter with its body."""
    for service in services:
        async with resources.databases[service.name].reading() as tx:
            if letter := await dead_letters.get(tx, letter_id):
                body = letter.body.decode(errors="replace")
                return {"service": service.name, **letter.summary(), "body": body}
            if service.parked_items and (own := await service.parked_items.show(tx, letter_id)):
                return {"service": service.name, **own}
    raise _missing(letter_id)


@router.post("/v1/dead-letters/{letter_id}/replay")
async def replay(who: Ops, services: ProcessServices, resources: ProcessResources, letter_id: str) -> dict[str, str]:
    """Handle a dead letter again, then the later ones of its key."""
    return await _settle(services, resources, letter_id, who.name, drop=False)


@router.post("/v1/dead-letters/{letter_id}/drop")
async def drop(who: Ops, services: ProcessServices, resources: ProcessResources, letter_id: str) -> dict[str, str]:
    """Drop a dead letter, then handle the later ones of its key."""
    return await _settle(services, resources, letter_id, who.name, drop=True)


async def _settle(
    services: tuple[Service, ...], resources: Resources, letter_id: str, by: str, *, drop: bool
) -> dict[str, str]:
    service, unreadable = await _owner(services, resources, letter_id)
    db = resources.databases[service.name]
    if unreadable:
        settle = unreadable.settle
        outcome = await db.run(lambda tx: settle(tx, letter_id, by, drop))
    else:
        outcome = await replay_letter(db, service.on_event, service.on_due, letter_id, by, drop=drop)
    return {"service": service.name, "outcome": outcome}


async def _owner(
    services: tuple[Service, ...], resources: Resources, letter_id: str
) -> tuple[Service, UnreadableRequests | None]:
    """The service that stores the dead letter, and its `UnreadableRequests` when the id is one of those."""
    for service in services:
        async with resources.databases[service.name].reading() as tx:
            if await dead_letters.get(tx, letter_id):
                return service, None
            if service.parked_items and await service.parked_items.show(tx, letter_id):
                return service, service.parked_items
    raise _missing(letter_id)


def _missing(letter_id: str) -> NotFound:
    return NotFound(f"There is no dead letter {letter_id} here; `baton dlq list` shows those that are open.")
