"""A lead as the notifier stores it: state, owner, and the data that a person needs to act."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from shared.events import (
    LeadAccepted,
    LeadAdvanced,
    LeadAssigned,
    LeadContacted,
    LeadDeclined,
    LeadDisqualified,
    LeadEnquiredAgain,
    LeadHeld,
    LeadLost,
    LeadMerged,
    LeadQualified,
    LeadReceived,
    LeadRecycled,
    LeadUnrouted,
    LeadWon,
)
from shared.events.base import Event, EventData
from shared.events.leads import LeadCard

OWNED = frozenset(("assigned", "accepted", "contacted", "advanced"))
STATES: dict[type[EventData], str] = {
    LeadReceived: "received",
    LeadQualified: "qualified",
    LeadHeld: "held",
    LeadUnrouted: "unrouted",
    LeadAssigned: "assigned",
    LeadAccepted: "accepted",
    LeadDeclined: "declined",
    LeadContacted: "contacted",
    LeadAdvanced: "advanced",
    LeadDisqualified: "disqualified",
    LeadRecycled: "recycled",
    LeadWon: "won",
    LeadLost: "lost",
    LeadMerged: "merged",
}
OWNERLESS = (LeadHeld, LeadUnrouted, LeadMerged)


@dataclass(frozen=True, slots=True)
class Lead:
    """One lead. `since` is when the lead entered its state, `assigned_at` when the owner got the lead.

    `moved_by` is the id of the event that caused the last change of state; `card` holds personal data (a `LeadCard` as
    JSON)."""

    id: str
    since: datetime
    state: str = "unknown"
    owner: str | None = None
    team: str | None = None
    tier: str = ""
    epoch: int = 0
    assigned_at: datetime | None = None
    terms_version: int = 0
    rule: str = ""
    moved_by: str | None = None
    card: Mapping[str, Any] = field(default_factory=dict)

    @property
    def display_name(self) -> str:
        """The person's name (else email or phone) and company."""
        name = str(self.card.get("name") or self.card.get("email") or self.card.get("phone") or "A lead")
        return f"{name}, {self.card['company']}" if self.card.get("company") else name

    @property
    def name(self) -> str:
        """The lead's name inside a sentence: the person's name, else the company, else "the lead"."""
        return str(self.card.get("name") or self.card.get("company") or "the lead")

    @property
    def activity(self) -> str:
        """What the person did, in words."""
        return ", ".join(str(item).replace("_", " ") for item in self.card.get("activity") or ())


def apply_event(lead: Lead, event: Event[Any]) -> Lead:
    """Return the lead after an event of `baton.leads`."""
    data = event.data
    state = STATES.get(type(data))
    if state:
        lead = replace(lead, state=state, since=event.time, moved_by=event.causationid)
    if isinstance(data, LeadAssigned):
        lead = replace(
            lead,
            owner=data.owner,
            team=data.team,
            tier=data.tier,
            epoch=data.epoch,
            since=data.assigned_at,
            assigned_at=data.assigned_at,
            terms_version=data.terms_version,
            rule=data.rule,
        )
    elif isinstance(data, OWNERLESS):
        lead = replace(lead, owner=None)
    elif isinstance(data, LeadQualified):
        lead = replace(lead, tier=data.tier, terms_version=data.terms_version)
    elif isinstance(data, LeadEnquiredAgain) and not lead.terms_version:
        lead = replace(lead, owner=data.owner, epoch=data.epoch, terms_version=data.terms_version, tier=data.tier or "")
    card = getattr(data, "lead", None)
    if isinstance(card, LeadCard):
        lead = replace(lead, card=card.model_dump(mode="json", exclude_none=True))
    return lead
