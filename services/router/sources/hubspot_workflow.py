"""HubSpot workflows ("send a webhook"): one contact as HubSpot's API returns it, or as flat chosen properties."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from services.router.sources import body, coerce, form, mapping
from services.router.sources.canonical import CanonicalLead, Item
from services.router.sources.contact import contact_problem, needs_fetch
from services.router.sources.dedupe import bounded_key
from services.router.sources.default_mapping import FORM_ANSWER_PATHS, NAMED_FACTS, UTM_PATHS
from services.router.sources.delivery import Delivery
from services.router.sources.endpoint_config import EndpointConfig
from services.router.sources.errors import UnreadableBody

EVENT_TYPE = "workflow"
STAGE_DATES = ("hs_lifecyclestage_marketingqualifiedlead_date", "hs_v2_date_entered_marketingqualifiedlead")

CONTACT_PATHS: mapping.FieldPaths = {
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
    **FORM_ANSWER_PATHS,
    **UTM_PATHS,
}
_ENVELOPE_FIELDS = ("vid", "canonical-vid", "portal-id", "objectId", "occurredAt")


def read_items(delivery: Delivery, config: EndpointConfig | None = None) -> list[Item]:
    """The one contact of the request. Raises UnreadableBody when it holds none."""
    config = config or EndpointConfig()
    parsed = _parse(delivery)
    if not isinstance(parsed.value, Mapping):
        raise UnreadableBody(
            "The body is JSON but not a contact; let the workflow send the contact as one JSON object."
        )
    properties = _properties_of(parsed.value)
    mapped = mapping.map_payload(properties, CONTACT_PATHS, config, NAMED_FACTS | {"portal_id", "canonical_vid"})
    if not mapped.fields.raw_id and not mapped.fields.email and not mapped.fields.phone:
        raise UnreadableBody(
            "The body names no contact: it has no vid, no email and no phone; add one of them to the workflow."
        )
    stage_key = _stage_key(properties, mapped.fields)
    activity = mapped.fields.activity or _submitted_forms(parsed.value)
    update = {"event_id": stage_key, "event_type": EVENT_TYPE, "activity": activity}
    fields = mapped.fields.model_copy(update={**update, "needs_fetch": needs_fetch(mapped.fields)})
    # A later change of another property repeats the stage date, so the body is part of the key; a retry repeats both.
    digest = sha256(delivery.query.encode() + b"\n" + delivery.body).hexdigest()[:16]
    key = bounded_key(f"{stage_key}:{digest}") if stage_key else None
    notes = " ".join((*mapped.notes, *parsed.notes))
    return [Item(0, key, fields, mapped.unmapped, notes, contact_problem(fields))]


def _parse(delivery: Delivery) -> body.ParsedBody:
    if delivery.method.upper() == "GET" and not delivery.body:
        fields, notes = form.parse_form(delivery.query)
        return body.ParsedBody(fields, notes)
    return body.parse_json_body(delivery.content_type, delivery.body)


def _properties_of(contact: Mapping[str, Any]) -> dict[str, Any]:
    properties = contact.get("properties")
    if not isinstance(properties, Mapping):
        return {name: _property_value(value) for name, value in contact.items()}
    envelope = {name: contact[name] for name in _ENVELOPE_FIELDS if name in contact}
    return {**envelope, **{name: _property_value(value) for name, value in properties.items()}}


def _property_value(value: Any) -> Any:
    return value["value"] if isinstance(value, Mapping) and "value" in value else value


def _stage_key(properties: Mapping[str, Any], fields: CanonicalLead) -> str | None:
    """Portal, contact, stage and the date it was entered; None when one of the last three is missing."""
    stage = coerce.text(properties.get("lifecyclestage"))
    date = next((text for name in STAGE_DATES if (text := coerce.text(properties.get(name)))), None)
    if not (fields.raw_id and stage and date):
        return None
    return bounded_key(f"{coerce.text(properties.get('portal-id')) or ''}:{fields.raw_id}:{stage}:{date}")


def _submitted_forms(contact: Mapping[str, Any]) -> tuple[str, ...]:
    """The titles of the submitted forms, latest first."""
    submissions = contact.get("form-submissions")
    forms = [form for form in submissions if isinstance(form, Mapping)] if isinstance(submissions, list) else []
    forms.sort(key=lambda form: coerce.number(form.get("timestamp")) or 0, reverse=True)
    return coerce.text_list([form.get("title") for form in forms])
