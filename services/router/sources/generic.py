"""The generic source, by webhook or by POST /v1/leads: one lead or an array of up to 100, as JSON or as a form."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from services.router.sources import body, coerce, mapping
from services.router.sources.canonical import CanonicalLead, Item
from services.router.sources.contact import contact_problem, needs_fetch
from services.router.sources.dedupe import bounded_key, delivery_id
from services.router.sources.default_mapping import LEAD_PATHS, NAMED_FACTS
from services.router.sources.delivery import Delivery
from services.router.sources.endpoint_config import EndpointConfig
from services.router.sources.errors import UnreadableBody

MAX_LEADS = 100
EVENT_TYPE = "generic"
DELIVERY_ID_HEADER = "idempotency-key"
ENQUIRY_EVENTS = frozenset(
    ("lead", "created", "received", "submitted", "enquiry", "form", "contact", "new", "demo_request")
)
"""Last words of an event type that says nothing about MQL: `lead.created`, `form.submitted`."""
_EVENT_TYPE_NAME = re.compile(r"[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)+")
_EVENT_ID_PATHS = ("event_id", "idempotency_key", "zap_meta.id")


def read_items(delivery: Delivery, config: EndpointConfig | None = None) -> list[Item]:
    """The leads of the request in order; an unusable one has a `problem`. Raises UnreadableBody."""
    parsed = body.parse_body(delivery.content_type, delivery.body)
    leads = parsed.value if isinstance(parsed.value, list) else [parsed.value]
    if not leads:
        raise UnreadableBody("The array is empty; send at least one lead.")
    if len(leads) > MAX_LEADS:
        raise UnreadableBody(f"The array holds {len(leads)} leads; send at most {MAX_LEADS} at a time.")
    if not isinstance(parsed.value, (list, Mapping)):
        raise UnreadableBody("The body is JSON but not a lead; send an object or an array of objects.")
    items = [_read_item(index, lead, config or EndpointConfig(), parsed.notes) for index, lead in enumerate(leads)]
    sender_id = delivery_id(delivery.headers, DELIVERY_ID_HEADER)
    return [_identify(item, lead, sender_id, len(leads)) for item, lead in zip(items, leads, strict=True)]


def _read_item(index: int, lead: Any, config: EndpointConfig, notes: tuple[str, ...]) -> Item:
    if not isinstance(lead, Mapping):
        return Item(
            index, None, CanonicalLead(), problem="The lead is not a JSON object; send one object for each lead."
        )
    mapped = read_lead(lead, config)
    fields = mapped.fields.model_copy(update={"event_type": mapped.fields.event_type or EVENT_TYPE})
    return Item(index, None, fields, mapped.unmapped, " ".join((*notes, *mapped.notes)), contact_problem(fields))


def _identify(item: Item, lead: Any, sender_id: str | None, count: int) -> Item:
    """The item with its key and event id: the lead's own id, else the id of the delivery and the place in it."""
    if not isinstance(lead, Mapping):
        return item
    own_id = next((text for path in _EVENT_ID_PATHS if (text := coerce.text(_value_at(lead, path)))), None)
    key = event_id = bounded_key(own_id) if own_id else None
    if key is None and sender_id is not None:
        key = bounded_key(f"{sender_id}:{item.index}")
        event_id = f"{sender_id}:{item.index}" if count > 1 else sender_id
    return replace(item, key=key, fields=item.fields.model_copy(update={"event_id": event_id}))


def read_lead(lead: Mapping[str, Any], config: EndpointConfig) -> mapping.MappedLead:
    """One lead object: flat, or an envelope of `type`, `timestamp` and `data`."""
    data = lead.get("data")
    payload = data if isinstance(data, Mapping) and data else lead
    mapped = mapping.map_payload(payload, LEAD_PATHS, config, NAMED_FACTS)
    event_type = coerce.text(lead.get("type"))
    event_type = event_type if event_type and _EVENT_TYPE_NAME.fullmatch(event_type) else None
    update: dict[str, Any] = {"event_type": event_type, "needs_fetch": needs_fetch(mapped.fields)}
    if payload is not lead:
        update["event_time"] = mapped.fields.event_time or coerce.timestamp(lead.get("timestamp"), config.zone)
    if mapped.fields.mql is None and event_type is not None:
        update["mql"] = mql_by_event_type(event_type, config)
    return mapping.MappedLead(mapped.fields.model_copy(update=update), mapped.unmapped, mapped.notes)


def mql_by_event_type(event_type: str, config: EndpointConfig) -> bool | None:
    """Whether an event type means MQL: True, None for a new enquiry, False for any other event."""
    last_word = event_type.rpartition(".")[2]
    if mapping.is_mql(event_type, config) or mapping.is_mql(last_word, config):
        return True
    return None if last_word in ENQUIRY_EVENTS else False


def _value_at(lead: Mapping[str, Any], path: str) -> Any:
    value: Any = lead
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
