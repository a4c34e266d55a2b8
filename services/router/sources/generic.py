"""Our own contract, by webhook or by POST /v1/leads: one lead or an array of up to 100, as JSON or as a form."""

import re
from collections.abc import Mapping
from typing import Any

from services.router.sources import body, mapping, values
from services.router.sources.canonical import Canonical, Delivery, Element, Setup
from services.router.sources.keys import named, short
from services.router.sources.table import CONTRACT, QUESTIONS
from services.router.sources.unreadable import Unreadable

MOST_LEADS = 100
EVENT_TYPE = "generic"
KEY_HEADER = "idempotency-key"
_TYPE = re.compile(r"[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)+")
_OWN_KEYS = ("event_id", "idempotency_key", "zap_meta.id")


def elements(delivery: Delivery, setup: Setup | None = None) -> list[Element]:
    """The leads of the request in their order; one that is of no use has a `problem`. Raises Unreadable."""
    parsed = body.read(delivery.content_type, delivery.body)
    leads = parsed.value if isinstance(parsed.value, list) else [parsed.value]
    if not leads:
        raise Unreadable("The array is empty; send at least one lead.")
    if len(leads) > MOST_LEADS:
        raise Unreadable(f"The array holds {len(leads)} leads; send at most {MOST_LEADS} at a time.")
    if not isinstance(parsed.value, (list, Mapping)):
        raise Unreadable("The body is JSON but neither an object nor an array of objects.")
    name = named(delivery.headers, KEY_HEADER)
    many = len(leads) > 1
    return [_element(place, lead, name, many, setup or Setup(), parsed.notes) for place, lead in enumerate(leads)]


def _element(place: int, lead: Any, name: str | None, many: bool, setup: Setup, notes: tuple[str, ...]) -> Element:
    if not isinstance(lead, Mapping):
        return Element(place, None, Canonical(), problem="The lead is not a JSON object.")
    mapped = read_lead(lead, setup)
    own = next((key for path in _OWN_KEYS if (key := values.text(_at(lead, path)))), None)
    event_id = short(own) if own else (f"{name}:{place}" if many else name) if name else None
    fields = mapped.fields.model_copy(
        update={"event_id": event_id, "event_type": mapped.fields.event_type or EVENT_TYPE}
    )
    key = short(own) if own else short(f"{name}:{place}") if name else None
    problem = mapping.contact_problem(fields)
    return Element(place, key, fields, mapped.unmapped, " ".join((*notes, *mapped.notes)), problem)


def read_lead(lead: Mapping[str, Any], setup: Setup) -> mapping.Mapped:
    """One object of the contract: flat, or an envelope of `type`, `timestamp` and `data`."""
    data = lead.get("data")
    inner = data if isinstance(data, Mapping) and data else lead
    mapped = mapping.read(inner, CONTRACT, setup, QUESTIONS)
    kind = values.text(lead.get("type"))
    kind = kind if kind and _TYPE.fullmatch(kind) else None
    update: dict[str, Any] = {"event_type": kind, "needs_fetch": mapping.thin(mapped.fields)}
    if inner is not lead:
        update["event_time"] = mapped.fields.event_time or values.moment(lead.get("timestamp"), setup.zone)
    if mapped.fields.mql is None and kind is not None:
        update["mql"] = said_by_type(kind, setup)
    return mapping.Mapped(mapped.fields.model_copy(update=update), mapped.unmapped, mapped.notes)


ENQUIRIES = frozenset(("lead", "created", "received", "submitted", "enquiry", "form", "contact", "new", "demo_request"))
"""Last words of an event type that says nothing about MQL: `lead.created`, `form.submitted`."""


def said_by_type(kind: str, setup: Setup) -> bool | None:
    """What an event type says: MQL, nothing (a new enquiry), or that it is some other event."""
    if mapping.is_mql(kind, setup) or mapping.is_mql(kind.rpartition(".")[2], setup):
        return True
    return None if kind.rpartition(".")[2] in ENQUIRIES else False


def _at(lead: Mapping[str, Any], path: str) -> Any:
    value: Any = lead
    for piece in path.split("."):
        value = value.get(piece) if isinstance(value, Mapping) else None
    return value
