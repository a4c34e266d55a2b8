"""`baton.breaches`: the public contract for ops: warned, breached, escalated, withdrawn. Ids only."""

from datetime import datetime

from shared.events.base import BREACHES, EventData, event_type


class SlaEvent(EventData):
    """Common to all: which clock of which lead (the event's subject), whose, and when it was due."""

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
    """The agreed share of the time is gone (75 % unless agreed otherwise); the owner is notified."""

    type = "baton.sla.warned.v1"
    left_seconds: int


@event_type
class SlaBreached(SlaEvent):
    """The promise was not kept in time. It notifies nobody by itself; escalation steps do."""

    type = "baton.sla.breached.v1"
    breached_at: datetime
    settled_at: datetime
    """When the settle time after due was over (real seconds, UTC); lateness is counted from here."""


@event_type
class SlaEscalated(SlaEvent):
    """One escalation step is due: `do` in the agreement's own words. The notifier runs `notify ...`, the router the rest,
    if epoch and state still match. `skipped` names the steps that were skipped before it, each with its reason."""

    type = "baton.sla.escalated.v1"
    step: int
    do: tuple[str, ...]
    at: datetime
    skipped: tuple[str, ...] = ()
    never: str | None = None
    last: bool = False


@event_type
class SlaWithdrawn(SlaEvent):
    """An answer stamped in time turned up after the breach was published: the promise counts as kept.

    `applied` is False when the lead had moved on to somebody else by then, who keeps it."""

    type = "baton.sla.withdrawn.v1"
    answered_at: datetime
    by: str | None = None
    applied: bool = True
    present_owner: str | None = None
