"""Events of `baton.leads`: everything that happens to a lead; written by the router."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from shared.events.base import LEADS, EventData, event_type


class LeadCard(BaseModel):
    """The data that a person needs to act on a lead. Holds personal data, so only `baton.leads` carries it."""

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
    """The base of every lead event; the event's subject is the lead's id."""

    topic = LEADS


@event_type
class LeadReceived(LeadEvent):
    """A lead was created from one item of a request."""

    type = "baton.lead.received.v1"
    lead: LeadCard
    intake: str
    item: int = 0
    endpoint: str
    needs_fetch: bool = False
    waiting_for_agreement: bool = False


@event_type
class LeadParked(LeadEvent):
    """An item of a request could not be read; the router stores the item with the reason and shows it to ops."""

    type = "baton.lead.parked.v1"
    intake: str
    reason: str


@event_type
class LeadRefused(LeadEvent):
    """The lead matches a refusal of the agreement and never reaches a rep."""

    type = "baton.lead.refused.v1"
    reason: str
    terms_version: int


@event_type
class LeadMerged(LeadEvent):
    """The same person has an open lead; this lead was merged into that one (`into`)."""

    type = "baton.lead.merged.v1"
    into: str
    why: str


@event_type
class LeadEnquiredAgain(LeadEvent):
    """The person of an open lead enquired again; the owner is notified. `enquiry_count` counts from 1."""

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
    """The lead is no MQL or not sales-ready yet; new activity scores the lead again."""

    type = "baton.lead.nurtured.v1"
    why: str
    grade: str | None = None
    terms_version: int


@event_type
class LeadQualified(LeadEvent):
    """The lead is an MQL: tier and grade are fixed, and the promises of `terms_version` hold from here on."""

    type = "baton.lead.qualified.v1"
    lead: LeadCard
    tier: str
    grade: str | None = None
    needs_met: int | None = None
    needs_of: int | None = None
    terms_version: int


@event_type
class LeadHeld(LeadEvent):
    """The qualified lead waits for opening hours or for a rep below the cap."""

    type = "baton.lead.held.v1"
    tier: str
    why: str
    until: datetime | None = None
    decision: str | None = None
    in_words: str = ""


@event_type
class LeadAssigned(LeadEvent):
    """The lead has an owner under a new epoch.

    `routing_version` is the agreement that routed the lead, `terms_version` the one whose promises hold."""

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
    """The decision in a few sentences, as `GET /v1/leads/{id}/decisions` shows it."""


@event_type
class LeadUnrouted(LeadEvent):
    """No rule found a rep; the lead waits in the unrouted queue."""

    type = "baton.lead.unrouted.v1"
    tier: str
    why: str
    decision: str | None = None
    in_words: str = ""
    alert: str | None = None
    alert_now: bool = False
    """True on the second event, when the agreed wait (`unrouted.after`) is over and `alert` must be notified."""
