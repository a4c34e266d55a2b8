"""HubSpot webhooks (v1 to v3): batches of thin events that name a contact and what changed."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from services.router.sources import body, coerce, mapping
from services.router.sources.canonical import CanonicalLead, Item
from services.router.sources.dedupe import bounded_key
from services.router.sources.delivery import Delivery
from services.router.sources.endpoint_config import EndpointConfig
from services.router.sources.errors import UnreadableBody

MAX_EVENTS = 1000
CONTACT_OBJECT_TYPE = "0-1"
MQL_PROPERTIES = frozenset(("lifecyclestage", "hs_lead_status"))
IDENTITY_FIELDS = ("portalId", "subscriptionId", "objectId", "propertyName", "propertyValue", "occurredAt")
"""What makes an event one event: `eventId` is not unique, and `attemptNumber` changes with each retry."""

EVENT_PATHS: mapping.FieldPaths = {
    "raw_id": ("objectId", "newObjectId", "primaryObjectId"),
    "event_time": ("occurredAt",),
    "event_type": ("subscriptionType", "eventType"),
}
_NAMED_FACTS = frozenset(
    (
        "portal_id",
        "subscription_id",
        "app_id",
        "event_id",
        "attempt_number",
        "property_name",
        "property_value",
        "change_source",
        "source_id",
        "change_flag",
        "object_type_id",
        "merged_object_ids",
        "primary_object_id",
    )
)


def read_items(delivery: Delivery, config: EndpointConfig | None = None) -> list[Item]:
    """One element for each event of the batch, in its order. Raises Unreadable when the body is no such batch."""
    parsed = body.parse_json_body(delivery.content_type, delivery.body)
    events = parsed.value if isinstance(parsed.value, list) else [parsed.value]
    if not isinstance(parsed.value, list) and not _is_event(parsed.value):
        raise UnreadableBody("The body is JSON but not an array of HubSpot events.")
    if not events:
        raise UnreadableBody("The body is an empty array; it holds no event.")
    if len(events) > MAX_EVENTS:
        raise UnreadableBody(f"The body holds {len(events)} events; at most {MAX_EVENTS} are read.")
    return [
        _read_item(place, event, config or EndpointConfig(), " ".join(parsed.notes))
        for place, event in enumerate(events)
    ]


def _is_event(event: Any) -> bool:
    return isinstance(event, Mapping) and ("objectId" in event or "subscriptionType" in event)


def _read_item(place: int, event: Any, setup: EndpointConfig, note: str) -> Item:
    if not isinstance(event, Mapping):
        return Item(place, None, CanonicalLead(), problem="The event is not a JSON object.")
    mapped = mapping.map_payload(event, EVENT_PATHS, setup, _NAMED_FACTS)
    kind = coerce.text(event.get("subscriptionType", event.get("eventType")))
    identity = ":".join(_text(event.get(name)) for name in IDENTITY_FIELDS)
    changed = coerce.text(event.get("propertyName")) in MQL_PROPERTIES
    fields = mapped.fields.model_copy(
        update={
            "event_type": kind,
            "event_id": bounded_key(identity),
            "mql": changed and mapping.is_mql(_text(event.get("propertyValue")), setup),
            "needs_fetch": True,
        }
    )
    made = Item(place, bounded_key(identity), fields, mapped.unmapped, " ".join((*mapped.notes, note)).strip())
    return replace(made, problem=_problem(fields.raw_id, kind or "", event))


def _problem(raw_id: str | None, kind: str, event: Mapping[str, Any]) -> str | None:
    if raw_id is None:
        return "The event names no object."
    object_type = coerce.text(event.get("objectTypeId")) or CONTACT_OBJECT_TYPE
    family = kind.partition(".")[0]
    if family not in ("contact", "object", "") or object_type != CONTACT_OBJECT_TYPE:
        return "The event does not speak of a contact."
    return None


def _text(value: Any) -> str:
    return coerce.text(value) or ""
