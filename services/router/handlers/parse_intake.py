"""The parsing of intake events: each becomes parsed leads with their facts, by the mapping of its endpoint."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from services.router.domain.identity import Person, person_of
from services.router.sources.canonical import CanonicalLead, Item
from services.router.sources.dedupe import item_key
from services.router.sources.delivery import Delivery
from services.router.sources.endpoint_config import EndpointConfig
from services.router.sources.errors import UnreadableBody
from services.router.sources.facts import lead_facts
from services.router.sources.normalise import normalise
from services.router.sources.registry import source_named
from services.router.sources.source import SHORT_DEDUPE_WINDOW
from services.router.store.intake import EndpointKey
from shared.base.credentials import Endpoint
from shared.base.errors import BadRequest
from shared.base.ids import stable_id
from shared.events.base import Event
from shared.events.intake import IntakeReceived
from shared.store.tx import Tx


@dataclass(frozen=True, slots=True)
class ParsedLead:
    """One item of a request, parsed; `problem` is the sentence that says why it is parked, and then there are no facts.

    `lead` is the id of its lead, `item` its place in the request, `key` recognises a repetition within
    `dedupe_window`, `unmapped` holds the values that no field took.
    """

    lead: str
    event: Event[IntakeReceived]
    item: int
    received_at: datetime
    key: str = ""
    dedupe_window: timedelta = SHORT_DEDUPE_WINDOW
    facts: dict[str, Any] = field(default_factory=dict)
    card: dict[str, Any] = field(default_factory=dict)
    person: Person = Person()
    needs_fetch: bool = False
    form_fingerprint: str = ""
    unmapped: dict[str, Any] = field(default_factory=dict)
    note: str = ""
    problem: str | None = None

    @property
    def intake(self) -> IntakeReceived:
        """The request as it was received."""
        return self.event.data

    @property
    def endpoint_key(self) -> EndpointKey:
        """The key that recognises a repetition of this item."""
        return self.intake.endpoint, self.key


def endpoint_config(endpoint: Endpoint | None) -> EndpointConfig:
    """How an endpoint's requests are parsed: its mapping, the values that mean MQL, its time zone and region."""
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


def parse_intake(tx: Tx, event: Event[IntakeReceived]) -> list[ParsedLead]:
    """The items of one request. Never raises for bad input: an unreadable request is one item with a problem."""
    intake = event.data
    received_at = min(intake.received_at, tx.now)
    access = tx.context.access
    endpoint = access.endpoint(intake.endpoint) if access else None
    config = endpoint_config(endpoint)
    try:
        kind = source_named(intake.source)
        delivery = Delivery.from_intake(intake)
        items = kind.read_items(delivery, config)
    except (UnreadableBody, BadRequest, ValueError) as error:
        reason = getattr(error, "reason", None) or getattr(error, "sentence", None) or "The body is not base64."
        return [ParsedLead(stable_id(event.subject, 0), event, 0, received_at, problem=reason)]
    if kind.parse_before_commit:
        # The response to the sender has already listed the unusable items.
        items = [item for item in items if item.problem is None]
    scheme = endpoint.scheme if endpoint else None
    return [
        _parse_item(event, received_at, item, delivery, kind.dedupe_window(scheme, item.key is not None), config)
        for item in items
    ]


def _parse_item(
    event: Event[IntakeReceived],
    received_at: datetime,
    item: Item,
    delivery: Delivery,
    dedupe_window: timedelta,
    config: EndpointConfig,
) -> ParsedLead:
    lead, key = stable_id(event.subject, item.index), item_key(item, delivery.body)
    if item.problem:
        return ParsedLead(lead, event, item.index, received_at, key, dedupe_window, problem=item.problem)
    normal = normalise(item.fields, config.region)
    facts = lead_facts(item.fields, normal, endpoint=event.data.endpoint, source=event.data.source)
    return ParsedLead(
        lead=lead,
        event=event,
        item=item.index,
        received_at=received_at,
        key=key,
        dedupe_window=dedupe_window,
        facts=facts,
        card=_card(item.fields, facts),
        person=person_of(facts, event.data.source, item.fields.raw_id),
        needs_fetch=item.fields.needs_fetch,
        form_fingerprint=_form_fingerprint(event.data.endpoint, facts),
        unmapped=item.unmapped,
        note=item.note,
    )


def _card(fields: CanonicalLead, facts: dict[str, Any]) -> dict[str, Any]:
    card = {
        "name": facts.get("name"),
        "email": fields.email,
        "phone": facts.get("phone") or fields.phone,
        "company": fields.company,
        "title": fields.job_title,
        "country": facts.get("country"),
        "state": facts.get("state"),
        "source": fields.lead_source,
        "campaign": fields.campaign,
        "activity": list(fields.activity),
    }
    return {name: value for name, value in card.items() if value}


def _form_fingerprint(endpoint: str, facts: dict[str, Any]) -> str:
    """The values that two enquiries by the same form share: the endpoint, the activity, the asset and the campaign."""
    activity = ",".join(facts.get("activity") or ())
    return "|".join(str(part or "") for part in (endpoint, activity, facts.get("asset"), facts.get("campaign")))
