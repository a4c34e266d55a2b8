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


class Outcome(LeadEvent):
    """The outcome of an answer: by whom, under which epoch, stamped when, by which `action.taken` (`action_id`)."""

    owner: str | None = None
    epoch: int
    by: str | None = None
    answered_at: datetime
    action_id: str | None = None


@event_type
class LeadAccepted(Outcome):
    """The owner took it (SAL)."""

    type = "baton.lead.accepted.v1"


@event_type
class LeadDeclined(Outcome):
    """The owner gave it back, with a reason that is sales' own (`ours`) or the lead's (`theirs`)."""

    type = "baton.lead.declined.v1"
    reason: str
    side: str


@event_type
class LeadAttempted(Outcome):
    """The owner tried to reach the person."""

    type = "baton.lead.attempted.v1"


@event_type
class LeadContacted(Outcome):
    """The owner spoke with the person."""

    type = "baton.lead.contacted.v1"


@event_type
class LeadAdvanced(Outcome):
    """Sales works on a deal (SQL)."""

    type = "baton.lead.advanced.v1"


@event_type
class LeadDisqualified(Outcome):
    """Not worth pursuing, with a reason."""

    type = "baton.lead.disqualified.v1"
    reason: str = ""


@event_type
class LeadRecycled(Outcome):
    """Back to marketing, with the reason; `why` says it in words."""

    type = "baton.lead.recycled.v1"
    reason: str = ""
    lead: LeadCard | None = None


@event_type
class LeadWon(Outcome):
    """Closed won."""

    type = "baton.lead.won.v1"


@event_type
class LeadLost(Outcome):
    """Closed lost, with a reason."""

    type = "baton.lead.lost.v1"
    reason: str = ""


@event_type
class ActionRefused(LeadEvent):
    """An action that was not applied: an old epoch, or a state that does not allow it."""

    type = "baton.action.refused.v1"
    action: str
    by: str | None = None
    epoch: int
    answered_at: datetime
    action_id: str | None = None
    why: str
    present_owner: str | None = None
    present_epoch: int = 0
    present_state: str = ""
    since: datetime | None = None
