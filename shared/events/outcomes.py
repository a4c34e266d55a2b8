"""`baton.leads`, the part about answers: what became of each action that a person took, or why it was refused."""

from datetime import datetime

from shared.events.base import event_type
from shared.events.leads import LeadCard, LeadEvent


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
