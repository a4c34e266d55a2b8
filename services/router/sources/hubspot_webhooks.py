"""HubSpot webhooks: batches of events that carry the id of a contact and one changed property, no contact fields."""

from collections.abc import Mapping
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
"""What identifies an event: `eventId` is not unique, and `attemptNumber` changes with each retry."""

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
    """One item for each event of the batch, in order. Raises UnreadableBody when the body is not such a batch."""
    parsed = body.parse_json_body(delivery.content_type, delivery.body)
    events = parsed.value if isinstance(parsed.value, list) else [parsed.value]
    if not isinstance(parsed.value, list) and not _is_event(parsed.value):
        raise UnreadableBody(
            "The body is JSON but not an array of HubSpot events; check that a HubSpot webhook calls this endpoint."
        )
    if not events:
        raise UnreadableBody("The body is an empty array; it holds no event to read.")
    if len(events) > MAX_EVENTS:
        raise UnreadableBody(f"The body holds {len(events)} events; lower the batch size to at most {MAX_EVENTS}.")
    return [
        _read_item(index, event, config or EndpointConfig(), " ".join(parsed.notes))
        for index, event in enumerate(events)
    ]


def _is_event(event: Any) -> bool:
    return isinstance(event, Mapping) and ("objectId" in event or "subscriptionType" in event)


def _read_item(index: int, event: Any, config: EndpointConfig, note: str) -> Item:
    if not isinstance(event, Mapping):
        return Item(index, None, CanonicalLead(), problem="The event is not a JSON object, so it cannot be read.")
    mapped = mapping.map_payload(event, EVENT_PATHS, config, _NAMED_FACTS)
    event_type = coerce.text(event.get("subscriptionType", event.get("eventType")))
    key = bounded_key(":".join(_text(event.get(name)) for name in IDENTITY_FIELDS))
    is_stage_change = coerce.text(event.get("propertyName")) in MQL_PROPERTIES
    fields = mapped.fields.model_copy(
        update={
            "event_type": event_type,
            "event_id": key,
            "mql": is_stage_change and mapping.is_mql(_text(event.get("propertyValue")), config),
            "needs_fetch": True,
        }
    )
    notes = " ".join((*mapped.notes, note)).strip()
    return Item(index, key, fields, mapped.unmapped, notes, _problem(fields.raw_id, event_type or "", event))


def _problem(raw_id: str | None, event_type: str, event: Mapping[str, Any]) -> str | None:
    if raw_id is None:
        return "The event has no object id, so its contact is unknown."
    object_type = coerce.text(event.get("objectTypeId")) or CONTACT_OBJECT_TYPE
    family = event_type.partition(".")[0]
    if family not in ("contact", "object", "") or object_type != CONTACT_OBJECT_TYPE:
        return "The event is not about a contact; subscribe this endpoint to contact events only."
    return None


def _text(value: Any) -> str:
    return coerce.text(value) or ""
