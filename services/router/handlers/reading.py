"""Reading what came in: each record into elements with their facts, by the mapping of its endpoint."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from services.router.domain.person import Person, person_of
from services.router.sources.canonical import CanonicalLead, Item
from services.router.sources.dedupe import item_key
from services.router.sources.delivery import Delivery
from services.router.sources.endpoint_config import EndpointConfig
from services.router.sources.errors import UnreadableBody
from services.router.sources.facts import lead_facts
from services.router.sources.normalise import normalise
from services.router.sources.registry import source_named
from services.router.sources.source import SHORT_DEDUPE_WINDOW
from shared.base.credentials import Endpoint
from shared.base.errors import BadRequest
from shared.base.ids import stable_id
from shared.events.base import Event
from shared.events.intake import IntakeReceived
from shared.store.tx import Tx


@dataclass(frozen=True, slots=True)
class Reading:
    """One element, read: `problem` says in a sentence why it is parked; then there are no facts."""

    lead: str
    event: Event[IntakeReceived]
    number: int
    received_at: datetime
    key: str = ""
    known_for: timedelta = SHORT_DEDUPE_WINDOW
    facts: dict[str, Any] = field(default_factory=dict)
    card: dict[str, Any] = field(default_factory=dict)
    person: Person = Person()
    needs_fetch: bool = False
    form: str = ""
    unmapped: dict[str, Any] = field(default_factory=dict)
    note: str = ""
    problem: str | None = None

    @property
    def intake(self) -> IntakeReceived:
        """What came in."""
        return self.event.data


def setup_of(endpoint: Endpoint | None) -> EndpointConfig:
    """How an endpoint's sender is read: its mapping, its words for an MQL, its zone and region."""
    if endpoint is None:
        return EndpointConfig()
    options = endpoint.options
    words = options.get("mql_values")
    return EndpointConfig(
        mapping=endpoint.mapping,
        mql_values=frozenset(str(word).casefold() for word in words) if words else None,
        zone=ZoneInfo(options["timezone"]) if options.get("timezone") else None,
        region=options.get("region"),
    )


def read(tx: Tx, event: Event[IntakeReceived]) -> list[Reading]:
    """The elements of one record; never raises for what a sender did: it is one parked element then."""
    intake = event.data
    received_at = min(intake.received_at, tx.now)
    access = tx.context.access
    endpoint = access.endpoint(intake.endpoint) if access else None
    setup = setup_of(endpoint)
    try:
        kind = source_named(intake.source)
        delivery = Delivery.from_intake(intake)
        elements = kind.read_items(delivery, setup)
    except (UnreadableBody, BadRequest, ValueError) as error:
        reason = getattr(error, "reason", None) or getattr(error, "sentence", None) or "The body is not base64."
        return [Reading(stable_id(event.subject, 0), event, 0, received_at, problem=reason)]
    if kind.parse_before_commit:
        # Whoever sent these was told then and there which of them are of no use.
        elements = [element for element in elements if element.problem is None]
    scheme = endpoint.scheme if endpoint else None
    return [
        _reading(event, received_at, element, delivery, kind.dedupe_window(scheme, element.key is not None), setup)
        for element in elements
    ]


def _reading(
    event: Event[IntakeReceived],
    received_at: datetime,
    element: Item,
    delivery: Delivery,
    window: timedelta,
    setup: EndpointConfig,
) -> Reading:
    lead = stable_id(event.subject, element.index)
    if element.problem:
        key = item_key(element, delivery.body)
        return Reading(lead, event, element.index, received_at, key, window, problem=element.problem)
    normal = normalise(element.fields, setup.region)
    found = lead_facts(element.fields, normal, endpoint=event.data.endpoint, source=event.data.source)
    return Reading(
        lead=lead,
        event=event,
        number=element.index,
        received_at=received_at,
        key=item_key(element, delivery.body),
        known_for=window,
        facts=found,
        card=_card(element.fields, found),
        person=person_of(found, event.data.source, element.fields.raw_id),
        needs_fetch=element.fields.needs_fetch,
        form=_form(event.data.endpoint, found),
        unmapped=element.unmapped,
        note=element.note,
    )


def _card(fields: CanonicalLead, found: dict[str, Any]) -> dict[str, Any]:
    card = {
        "name": found.get("name"),
        "email": fields.email,
        "phone": found.get("phone") or fields.phone,
        "company": fields.company,
        "title": fields.job_title,
        "country": found.get("country"),
        "state": found.get("state"),
        "source": fields.lead_source,
        "campaign": fields.campaign,
        "activity": list(fields.activity),
    }
    return {name: value for name, value in card.items() if value}


def _form(endpoint: str, found: dict[str, Any]) -> str:
    """What makes two enquiries the same form: the door, what was done, and what was asked for."""
    activity = found.get("activity") or ()
    asked = (found.get("asset"), found.get("campaign"))
    return "|".join(str(part or "") for part in (endpoint, ",".join(activity), *asked))
