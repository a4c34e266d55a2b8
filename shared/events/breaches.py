"""Events of `baton.breaches`: warned, breached, escalated and withdrawn; a public contract for ops. Ids only."""

from datetime import datetime

from shared.events.base import BREACHES, EventData, event_type


class SlaEvent(EventData):
    """The fields of every breach event: clock, lead (the event's subject), promise, owner, team and due time."""

    topic = BREACHES
    clock: str
    lead: str
    promise: str
    epoch: int
    round: int = 0
    owner: str | None = None
    team: str | None = None
    tier: str = ""
    due_at: datetime
    terms_version: int


@event_type
class SlaWarned(SlaEvent):
    """The agreed share of the time has passed (75 % unless agreed otherwise); the owner is notified."""

    type = "baton.sla.warned.v1"
    left_seconds: int


@event_type
class SlaBreached(SlaEvent):
    """The promise was not kept in time. This event notifies nobody; the escalation steps that follow do."""

    type = "baton.sla.breached.v1"
    breached_at: datetime
    settled_at: datetime
    """The end of the settle time after the due time, in real time (UTC); lateness is counted from here."""


@event_type
class SlaEscalated(SlaEvent):
    """One escalation step is due; `do` lists its actions in the words of the agreement.

    The notifier runs `notify ...` and the router runs the other actions, if epoch and state still match. `skipped`
    names the steps that were skipped before this one, each with its reason."""

    type = "baton.sla.escalated.v1"
    step: int
    do: tuple[str, ...]
    at: datetime
    skipped: tuple[str, ...] = ()
    never: str | None = None
    last: bool = False


@event_type
class SlaWithdrawn(SlaEvent):
    """An answer given in time arrived after the breach was published: the promise counts as kept.

    `applied` is False when another owner had the lead by then; that owner keeps the lead."""

    type = "baton.sla.withdrawn.v1"
    answered_at: datetime
    by: str | None = None
    applied: bool = True
    present_owner: str | None = None
