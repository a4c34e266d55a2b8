"""Which state a lead is in after each event of `baton.leads`; the router decides it, every reader of the topic follows it."""

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
"""An event that is not here (attempted, enquired again, a refused action) leaves the state as it is."""
