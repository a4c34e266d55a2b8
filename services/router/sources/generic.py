"""Our own contract, by webhook or by POST /v1/leads: one lead or an array of up to 100, as JSON or as a form."""

import re
from collections.abc import Mapping
from typing import Any

from services.router.sources import body, coerce, mapping
from services.router.sources.canonical import CanonicalLead, Item
from services.router.sources.dedupe import bounded_key, delivery_id
from services.router.sources.default_mapping import LEAD_PATHS, NAMED_FACTS
from services.router.sources.delivery import Delivery
from services.router.sources.endpoint_config import EndpointConfig
from services.router.sources.errors import UnreadableBody

MAX_LEADS = 100
EVENT_TYPE = "generic"
DELIVERY_ID_HEADER = "idempotency-key"
_EVENT_TYPE_NAME = re.compile(r"[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)+")
_EVENT_ID_PATHS = ("event_id", "idempotency_key", "zap_meta.id")


def read_items(delivery: Delivery, config: EndpointConfig | None = None) -> list[Item]:
    """The leads of the request in their order; one that is of no use has a `problem`. Raises Unreadable."""
    parsed = body.parse_body(delivery.content_type, delivery.body)
    leads = parsed.value if isinstance(parsed.value, list) else [parsed.value]
    if not leads:
        raise UnreadableBody("The array is empty; send at least one lead.")
    if len(leads) > MAX_LEADS:
        raise UnreadableBody(f"The array holds {len(leads)} leads; send at most {MAX_LEADS} at a time.")
    if not isinstance(parsed.value, (list, Mapping)):
        raise UnreadableBody("The body is JSON but neither an object nor an array of objects.")
    name = delivery_id(delivery.headers, DELIVERY_ID_HEADER)
    many = len(leads) > 1
    return [
        _read_item(place, lead, name, many, config or EndpointConfig(), parsed.notes)
        for place, lead in enumerate(leads)
    ]


def _read_item(
    place: int, lead: Any, name: str | None, many: bool, setup: EndpointConfig, notes: tuple[str, ...]
) -> Item:
    if not isinstance(lead, Mapping):
        return Item(place, None, CanonicalLead(), problem="The lead is not a JSON object.")
    mapped = read_lead(lead, setup)
    own = next((key for path in _EVENT_ID_PATHS if (key := coerce.text(_value_at(lead, path)))), None)
    event_id = bounded_key(own) if own else (f"{name}:{place}" if many else name) if name else None
    fields = mapped.fields.model_copy(
        update={"event_id": event_id, "event_type": mapped.fields.event_type or EVENT_TYPE}
    )
    key = bounded_key(own) if own else bounded_key(f"{name}:{place}") if name else None
    problem = mapping.contact_problem(fields)
    return Item(place, key, fields, mapped.unmapped, " ".join((*notes, *mapped.notes)), problem)


def read_lead(lead: Mapping[str, Any], config: EndpointConfig) -> mapping.MappedLead:
    """One object of the contract: flat, or an envelope of `type`, `timestamp` and `data`."""
    data = lead.get("data")
    inner = data if isinstance(data, Mapping) and data else lead
    mapped = mapping.map_payload(inner, LEAD_PATHS, config, NAMED_FACTS)
    kind = coerce.text(lead.get("type"))
    kind = kind if kind and _EVENT_TYPE_NAME.fullmatch(kind) else None
    update: dict[str, Any] = {"event_type": kind, "needs_fetch": mapping.needs_fetch(mapped.fields)}
    if inner is not lead:
        update["event_time"] = mapped.fields.event_time or coerce.timestamp(lead.get("timestamp"), config.zone)
    if mapped.fields.mql is None and kind is not None:
        update["mql"] = mql_by_event_type(kind, config)
    return mapping.MappedLead(mapped.fields.model_copy(update=update), mapped.unmapped, mapped.notes)


ENQUIRY_EVENTS = frozenset(
    ("lead", "created", "received", "submitted", "enquiry", "form", "contact", "new", "demo_request")
)
"""Last words of an event type that says nothing about MQL: `lead.created`, `form.submitted`."""


def mql_by_event_type(kind: str, config: EndpointConfig) -> bool | None:
    """What an event type says: MQL, nothing (a new enquiry), or that it is some other event."""
    if mapping.is_mql(kind, config) or mapping.is_mql(kind.rpartition(".")[2], config):
        return True
    return None if kind.rpartition(".")[2] in ENQUIRY_EVENTS else False


def _value_at(lead: Mapping[str, Any], path: str) -> Any:
    value: Any = lead
    for piece in path.split("."):
        value = value.get(piece) if isinstance(value, Mapping) else None
    return value
