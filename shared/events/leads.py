"""`baton.leads`: the life of every lead; written by the router."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from shared.events.base import LEADS, EventData, event_type


class LeadCard(BaseModel):
    """What a person must know about a lead to act on it. Personal data: travels on `baton.leads` only."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    id: str
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    company: str | None = None
    title: str | None = None
    country: str | None = None
    state: str | None = None
    source: str | None = None
    campaign: str | None = None
    activity: tuple[str, ...] = ()
    grade: str | None = None
    received_at: datetime | None = None


class LeadEvent(EventData):
    """Common to all: they speak of one lead, whose id is the event's subject."""

    topic = LEADS


@event_type
class LeadReceived(LeadEvent):
    """A lead exists: one item of one request."""

    type = "baton.lead.received.v1"
    lead: LeadCard
    intake: str
    item: int = 0
    endpoint: str
    needs_fetch: bool = False
    waiting_for_agreement: bool = False


@event_type
class LeadParked(LeadEvent):
    """An item that cannot be read; stored, labelled and shown."""

    type = "baton.lead.parked.v1"
    intake: str
    reason: str


@event_type
class LeadRefused(LeadEvent):
    """It meets a refusal of the agreement and never reaches a rep."""

    type = "baton.lead.refused.v1"
    reason: str
    terms_version: int


@event_type
class LeadMerged(LeadEvent):
    """The same person has an open lead; this one points to it."""

    type = "baton.lead.merged.v1"
    into: str
    why: str


@event_type
class LeadEnquiredAgain(LeadEvent):
    """The person of an open lead came back. `enquiry_count` counts the enquiries from 1; the owner is notified."""

    type = "baton.lead.enquired_again.v1"
    lead: LeadCard
    owner: str | None = None
    epoch: int = 0
    enquiry_count: int = 1
    enquiry: str
    routing_version: int
    terms_version: int
    tier: str | None = None
    team: str | None = None


@event_type
class LeadNurtured(LeadEvent):
    """Not an MQL, or not sales-ready yet; re-scored on new activity."""

    type = "baton.lead.nurtured.v1"
    why: str
    grade: str | None = None
    terms_version: int


@event_type
class LeadQualified(LeadEvent):
    """It is an MQL: tier and score fixed, the promises of `terms_version` hold from here on."""

    type = "baton.lead.qualified.v1"
    lead: LeadCard
    tier: str
    grade: str | None = None
    needs_met: int | None = None
    needs_of: int | None = None
    terms_version: int


@event_type
class LeadHeld(LeadEvent):
    """Qualified, awaiting opening hours or a free cap."""

    type = "baton.lead.held.v1"
    tier: str
    why: str
    until: datetime | None = None
    decision: str | None = None
    in_words: str = ""


@event_type
class LeadAssigned(LeadEvent):
    """It has an owner under a new epoch. `routing_version` routed it, `terms_version` holds its promises."""

    type = "baton.lead.assigned.v1"
    lead: LeadCard
    owner: str
    team: str | None = None
    epoch: int
    tier: str
    rule: str
    routing_version: int
    terms_version: int
    decision: str
    assigned_at: datetime
    previous_owner: str | None = None
    why: str | None = None
    flags: tuple[str, ...] = ()
    in_words: str = ""
    """The decision in a few sentences, as `GET /v1/leads/{id}/decisions` gives it."""


@event_type
class LeadUnrouted(LeadEvent):
    """No rule found anybody; it waits in the unrouted queue."""

    type = "baton.lead.unrouted.v1"
    tier: str
    why: str
    decision: str | None = None
    in_words: str = ""
    alert: str | None = None
    alert_now: bool = False
    """True on the second event, when the agreed wait (`unrouted.after`) is over and `alert` must be notified."""
