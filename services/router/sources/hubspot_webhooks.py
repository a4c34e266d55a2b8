"""HubSpot webhooks (v1 to v3): batches of thin events that name a contact and what changed."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from services.router.sources import body, mapping, values
from services.router.sources.canonical import Canonical, Delivery, Element, Setup
from services.router.sources.keys import short
from services.router.sources.unreadable import Unreadable

MOST_EVENTS = 1000
CONTACT_TYPE = "0-1"
MQL_PROPERTIES = frozenset(("lifecyclestage", "hs_lead_status"))
IDENTITY = ("portalId", "subscriptionId", "objectId", "propertyName", "propertyValue", "occurredAt")
"""What makes an event one event: `eventId` is not unique, and `attemptNumber` changes with each retry."""

TABLE: mapping.Table = {
    "raw_id": ("objectId", "newObjectId", "primaryObjectId"),
    "event_time": ("occurredAt",),
    "event_type": ("subscriptionType", "eventType"),
}
_KNOWN = frozenset(
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


def elements(delivery: Delivery, setup: Setup | None = None) -> list[Element]:
    """One element for each event of the batch, in its order. Raises Unreadable when the body is no such batch."""
    parsed = body.read_json_body(delivery.content_type, delivery.body)
    events = parsed.value if isinstance(parsed.value, list) else [parsed.value]
    if not isinstance(parsed.value, list) and not _is_event(parsed.value):
        raise Unreadable("The body is JSON but not an array of HubSpot events.")
    if not events:
        raise Unreadable("The body is an empty array; it holds no event.")
    if len(events) > MOST_EVENTS:
        raise Unreadable(f"The body holds {len(events)} events; at most {MOST_EVENTS} are read.")
    return [_element(place, event, setup or Setup(), " ".join(parsed.notes)) for place, event in enumerate(events)]


def _is_event(event: Any) -> bool:
    return isinstance(event, Mapping) and ("objectId" in event or "subscriptionType" in event)


def _element(place: int, event: Any, setup: Setup, note: str) -> Element:
    if not isinstance(event, Mapping):
        return Element(place, None, Canonical(), problem="The event is not a JSON object.")
    mapped = mapping.read(event, TABLE, setup, _KNOWN)
    kind = values.text(event.get("subscriptionType", event.get("eventType")))
    identity = ":".join(_word(event.get(name)) for name in IDENTITY)
    changed = values.text(event.get("propertyName")) in MQL_PROPERTIES
    fields = mapped.fields.model_copy(
        update={
            "event_type": kind,
            "event_id": short(identity),
            "mql": changed and mapping.is_mql(_word(event.get("propertyValue")), setup),
            "needs_fetch": True,
        }
    )
    made = Element(place, short(identity), fields, mapped.unmapped, " ".join((*mapped.notes, note)).strip())
    return replace(made, problem=_problem(fields.raw_id, kind or "", event))


def _problem(raw_id: str | None, kind: str, event: Mapping[str, Any]) -> str | None:
    if raw_id is None:
        return "The event names no object."
    object_type = values.text(event.get("objectTypeId")) or CONTACT_TYPE
    family = kind.partition(".")[0]
    if family not in ("contact", "object", "") or object_type != CONTACT_TYPE:
        return "The event does not speak of a contact."
    return None


def _word(value: Any) -> str:
    return values.text(value) or ""
