"""HubSpot workflows ("send a webhook"): one contact as its API returns it, or the flat properties that were chosen."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from services.router.sources import body, form, mapping, values
from services.router.sources.canonical import Canonical, Delivery, Element, Setup
from services.router.sources.keys import short
from services.router.sources.table import ANSWERS, QUESTIONS, UTM
from services.router.sources.unreadable import Unreadable

EVENT_TYPE = "workflow"
STAGE_DATES = ("hs_lifecyclestage_marketingqualifiedlead_date", "hs_v2_date_entered_marketingqualifiedlead")

TABLE: mapping.Table = {
    "email": ("email", "work_email", "hs_additional_emails"),
    "full_name": ("full_name", "name"),
    "first_name": ("firstname",),
    "last_name": ("lastname",),
    "company": ("company", "associated_company_name"),
    "domain": ("website", "domain"),
    "phone": ("phone", "mobilephone"),
    "country": ("country", "hs_country_region_code"),
    "state": ("state", "hs_state_code"),
    "employee_count": ("numemployees", "numberofemployees"),
    "industry": ("industry",),
    "job_title": ("jobtitle",),
    "score": ("hubspotscore", "score"),
    "mql": ("mql",),
    "stage": ("lifecyclestage",),
    "lead_source": ("hs_analytics_source", "hs_latest_source"),
    "campaign": ("hs_analytics_source_data_1", "hs_analytics_source_data_2", "utm_campaign"),
    "consent": ("hs_legal_basis", "consent"),
    "opt_out": ("hs_email_optout",),
    "raw_id": ("vid", "hs_object_id", "objectId"),
    "event_time": (*STAGE_DATES, "occurredAt"),
    "activity": ("activity", "recent_conversion_event_name"),
    "asset": ("asset",),
    "signals.honeypot": ("honeypot", "signals.honeypot"),
    **ANSWERS,
    **UTM,
}
_ENVELOPE = ("vid", "canonical-vid", "portal-id", "objectId", "occurredAt")


def elements(delivery: Delivery, setup: Setup | None = None) -> list[Element]:
    """The one contact of the request. Raises Unreadable when there is none in it."""
    setup = setup or Setup()
    parsed = _parsed(delivery)
    if not isinstance(parsed.value, Mapping):
        raise Unreadable("The body is JSON but not the object of a contact.")
    flat = _flat(parsed.value)
    mapped = mapping.read(flat, TABLE, setup, QUESTIONS | {"portal_id", "canonical_vid"})
    if not mapped.fields.raw_id and not mapped.fields.email and not mapped.fields.phone:
        raise Unreadable("The body names no contact: it has no vid, no email and no phone.")
    identity = _identity(flat, mapped.fields)
    activity = mapped.fields.activity or _forms(parsed.value)
    update = {"event_id": identity, "event_type": EVENT_TYPE, "activity": activity}
    fields = mapped.fields.model_copy(update={**update, "needs_fetch": mapping.thin(mapped.fields)})
    # The same stage date can come with news in another property, so the body is part of the key; a retry repeats it.
    digest = sha256(delivery.query.encode() + b"\n" + delivery.body).hexdigest()[:16]
    key = short(f"{identity}:{digest}") if identity else None
    notes = " ".join((*mapped.notes, *parsed.notes))
    return [Element(0, key, fields, mapped.unmapped, notes, mapping.contact_problem(fields))]


def _parsed(delivery: Delivery) -> body.Parsed:
    if delivery.method.upper() == "GET" and not delivery.body:
        sent, notes = form.fields(delivery.query)
        return body.Parsed(sent, notes)
    return body.read_json_body(delivery.content_type, delivery.body)


def _flat(contact: Mapping[str, Any]) -> dict[str, Any]:
    properties = contact.get("properties")
    if not isinstance(properties, Mapping):
        return {name: _value(value) for name, value in contact.items()}
    envelope = {name: contact[name] for name in _ENVELOPE if name in contact}
    return {**envelope, **{name: _value(value) for name, value in properties.items()}}


def _value(given: Any) -> Any:
    return given["value"] if isinstance(given, Mapping) and "value" in given else given


def _identity(flat: Mapping[str, Any], fields: Canonical) -> str | None:
    stage = values.text(flat.get("lifecyclestage"))
    date = next((text for name in STAGE_DATES if (text := values.text(flat.get(name)))), None)
    if not (fields.raw_id and stage and date):
        return None
    return short(f"{values.text(flat.get('portal-id')) or ''}:{fields.raw_id}:{stage}:{date}")


def _forms(contact: Mapping[str, Any]) -> tuple[str, ...]:
    """The titles of the forms that were filled in, latest first."""
    sent = contact.get("form-submissions")
    forms = [form for form in sent if isinstance(form, Mapping)] if isinstance(sent, list) else []
    forms.sort(key=lambda form: values.number(form.get("timestamp")) or 0, reverse=True)
    return values.words([form.get("title") for form in forms])
