"""Events of `baton.leads` about answers: the outcome of each action that a person took, or why it was refused."""

from datetime import datetime

from shared.events.base import event_type
from shared.events.leads import LeadCard, LeadEvent


class Outcome(LeadEvent):
    """The fields of every outcome: owner, epoch, who answered and when, and the id of the `action.taken` event."""

    owner: str | None = None
    epoch: int
    by: str | None = None
    answered_at: datetime
    action_id: str | None = None


@event_type
class LeadAccepted(Outcome):
    """The owner accepted the lead (SAL)."""

    type = "baton.lead.accepted.v1"


@event_type
class LeadDeclined(Outcome):
    """The owner declined the lead. `side` says whether the reason lies with sales (`ours`) or the lead (`theirs`)."""

    type = "baton.lead.declined.v1"
    reason: str
    side: str


@event_type
class LeadAttempted(Outcome):
    """The owner tried to reach the person."""

    type = "baton.lead.attempted.v1"


@event_type
class LeadContacted(Outcome):
    """The owner reached the person."""

    type = "baton.lead.contacted.v1"


@event_type
class LeadAdvanced(Outcome):
    """Sales works on a deal (SQL)."""

    type = "baton.lead.advanced.v1"


@event_type
class LeadDisqualified(Outcome):
    """The lead is not worth pursuing; `reason` says why."""

    type = "baton.lead.disqualified.v1"
    reason: str = ""


@event_type
class LeadRecycled(Outcome):
    """The lead went back to marketing; `reason` says why."""

    type = "baton.lead.recycled.v1"
    reason: str = ""
    lead: LeadCard | None = None


@event_type
class LeadWon(Outcome):
    """The deal of the lead was won."""

    type = "baton.lead.won.v1"


@event_type
class LeadLost(Outcome):
    """The deal of the lead was lost; `reason` says why."""

    type = "baton.lead.lost.v1"
    reason: str = ""


@event_type
class ActionRefused(LeadEvent):
    """An action was not applied, because its epoch is old or the lead's state does not allow it."""

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
