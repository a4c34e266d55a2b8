"""Intake: requests are parsed, people are recognised, leads are qualified and placed, and all of it is written."""

import base64
import binascii
from datetime import datetime
from typing import Any

from services.router.handlers.assignment import place
from services.router.handlers.intake_batch import IntakeBatch
from services.router.handlers.parse_intake import ParsedLead, parse_intake
from services.router.store import intake as store
from services.router.store.config_cache import current
from shared.events.base import Event
from shared.events.intake import IntakeReceived
from shared.store.tx import Tx


async def receive(tx: Tx, events: list[Event[IntakeReceived]]) -> None:
    """Turn received requests into leads: one statement for each table, however many requests there are."""
    parsed = [item for event in events for item in parse_intake(tx, event)]
    await place_and_write(await ingest(tx, parsed))
    await store.record_counts(tx, _delivery_rows(tx, events, parsed))


async def ingest(tx: Tx, parsed: list[ParsedLead]) -> IntakeBatch:
    """Apply parsed items to a batch; `place_and_write` must follow."""
    taken = await store.claim_item_keys(tx, _item_keys(tx, parsed))
    enquiries = [item for item in parsed if not item.problem and not _is_repeated(item, taken)]
    batch = IntakeBatch(tx, await current(tx))
    await batch.lock_identities(enquiries)
    for item in parsed:
        batch.apply(item, taken.get(item.endpoint_key))
    return batch


async def place_and_write(batch: IntakeBatch) -> None:
    """Place the leads of a batch that are qualified, and write everything."""
    await place(batch.leads, list(batch.placements.values()))
    await batch.leads.save()
    await store.insert_items(batch.tx, batch.items)
    await store.point_identities(batch.tx, batch.pointers)


def _item_keys(tx: Tx, parsed: list[ParsedLead]) -> dict[store.EndpointKey, tuple[str, datetime]]:
    keys: dict[store.EndpointKey, tuple[str, datetime]] = {}
    for item in parsed:
        if item.key:
            keys.setdefault(item.endpoint_key, (item.lead, tx.wall + item.dedupe_window))
    return keys


def _is_repeated(item: ParsedLead, taken: dict[store.EndpointKey, str]) -> bool:
    return taken.get(item.endpoint_key, item.lead) != item.lead


def _delivery_rows(tx: Tx, events: list[Event[IntakeReceived]], parsed: list[ParsedLead]) -> list[dict[str, Any]]:
    """A row for each request, with the number of its items; inserted where the request did not come by a webhook."""
    counts = {event.subject: 0 for event in events}
    for item in parsed:
        counts[item.event.subject] += 1
    unique = {event.subject: event.data for event in events}
    return [_delivery_row(tx, intake, data, counts[intake]) for intake, data in unique.items()]


def _delivery_row(tx: Tx, intake: str, data: IntakeReceived, items: int) -> dict[str, Any]:
    return {
        "id": intake,
        "endpoint": data.endpoint,
        "dedupe_key": intake,
        "dedupe_until": tx.wall,
        "source": data.source,
        "received_at": data.received_at,
        "method": data.method,
        "query": data.query,
        "content_type": data.content_type,
        "headers": data.headers,
        "body": _raw_body(data),
        "response_status": 0,
        "response_headers": {},
        "response_body": b"",
        "item_count": items,
    }


def _raw_body(data: IntakeReceived) -> bytes:
    try:
        return base64.b64decode(data.body, validate=True)
    except binascii.Error:
        return data.body.encode()
