"""The state of a lead after each event of `baton.leads`. The router decides the state; readers of the topic follow."""

from shared.events import leads, outcomes
from shared.events.base import EventData

STATE_AFTER: dict[type[EventData], str] = {
    leads.LeadReceived: "received",
    leads.LeadParked: "parked",
    leads.LeadRefused: "refused",
    leads.LeadMerged: "merged",
    leads.LeadNurtured: "nurtured",
    leads.LeadQualified: "qualified",
    leads.LeadHeld: "held",
    leads.LeadUnrouted: "unrouted",
    leads.LeadAssigned: "assigned",
    outcomes.LeadAccepted: "accepted",
    outcomes.LeadDeclined: "declined",
    outcomes.LeadContacted: "contacted",
    outcomes.LeadAdvanced: "advanced",
    outcomes.LeadDisqualified: "disqualified",
    outcomes.LeadRecycled: "recycled",
    outcomes.LeadWon: "won",
    outcomes.LeadLost: "lost",
}
"""The state after each event type; all other events (attempted, enquired again, action refused) keep the state."""
