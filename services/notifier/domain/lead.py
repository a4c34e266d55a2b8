"""A lead as the notifier knows it: whose it is, since when, and what a person must know to act on it."""

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
NOBODYS = (LeadHeld, LeadUnrouted, LeadMerged)


@dataclass(frozen=True, slots=True)
class Lead:
    """`since` is when it came to its state, `assigned_at` when its owner got it; `card` is personal data."""

    id: str
    since: datetime
    state: str = "unknown"
    owner: str | None = None
    team: str | None = None
    tier: str = ""
    epoch: int = 0
    assigned_at: datetime | None = None
    pinned: int = 0
    rule: str = ""
    moved_by: str | None = None
    card: Mapping[str, Any] = field(default_factory=dict)

    @property
    def who(self) -> str:
        """The person's name (or what is known instead) and company."""
        name = str(self.card.get("name") or self.card.get("email") or self.card.get("phone") or "A lead")
        return f"{name}, {self.card['company']}" if self.card.get("company") else name

    @property
    def activity(self) -> str:
        """What the person did, in words."""
        return ", ".join(str(item).replace("_", " ") for item in self.card.get("activity") or ())


def follow(lead: Lead, event: Event[Any]) -> Lead:
    """The lead as it is after an event of `baton.leads`."""
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
            pinned=data.terms_version,
            rule=data.rule,
        )
    elif isinstance(data, NOBODYS):
        lead = replace(lead, owner=None)
    elif isinstance(data, LeadQualified):
        lead = replace(lead, tier=data.tier, pinned=data.terms_version)
    elif isinstance(data, LeadEnquiredAgain) and not lead.pinned:
        lead = replace(lead, owner=data.owner, epoch=data.epoch, pinned=data.terms_version, tier=data.tier or "")
    card = getattr(data, "lead", None)
    if isinstance(card, LeadCard):
        lead = replace(lead, card=card.model_dump(mode="json", exclude_none=True))
    return lead
