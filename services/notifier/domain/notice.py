"""A notice: one message to one person (or target) by one channel, and whether it still matters."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.notifier.domain.lead import OWNED, Lead
from shared.events import (
    LeadAccepted,
    LeadAdvanced,
    LeadAssigned,
    LeadAttempted,
    LeadContacted,
    LeadDeclined,
    LeadDisqualified,
    LeadHeld,
    LeadLost,
    LeadMerged,
    LeadRecycled,
    LeadUnrouted,
    LeadWon,
)
from shared.events.base import Event, EventData

ASKING = frozenset(("assigned", "again", "warned", "breached"))
"""Kinds that ask for an answer, and are pointless once it was given."""

MEETS: dict[type[EventData], frozenset[str]] = {
    LeadAccepted: frozenset(("accept",)),
    LeadAttempted: frozenset(("accept",)),
    LeadContacted: frozenset(("accept", "first_touch")),
    LeadAdvanced: frozenset(("accept", "first_touch", "qualify")),
}
"""Which promises an answer keeps; any later action implies the earlier ones."""
ENDS: tuple[type[EventData], ...] = (LeadDeclined, LeadDisqualified, LeadWon, LeadLost)
"""Answers after which nothing is owed any more."""
MOVES: tuple[type[EventData], ...] = (LeadAssigned, LeadHeld, LeadUnrouted, LeadRecycled, LeadMerged)
"""What takes a lead away from its owner."""
HUSHES = (*MEETS, *ENDS, *MOVES)


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice as it is kept; see the table for its fields."""

    id: str
    lead: str
    epoch: int
    kind: str
    role: str
    person: str
    channel: str
    cause: str
    state: str
    message_id: str
    created_at: datetime
    data: dict[str, Any] = field(default_factory=dict)
    attempts: int = 0
    not_before: datetime | None = None
    claimed_until: datetime | None = None
    error: str = ""
    sent_at: datetime | None = None

    @property
    def promise(self) -> str:
        """The promise that it is about."""
        return str(self.data.get("promise") or {"assigned": "accept", "again": "first_touch"}.get(self.kind, ""))

    @property
    def asks_owner(self) -> bool:
        """Whether it asks the owner for something; a rung that takes the lead away only says so."""
        return self.role == "owner" and self.kind in ASKING and not self.data.get("also")

    @property
    def awaits_clock(self) -> bool:
        """Whether it is held back a moment, so that it can say until when an answer is due."""
        return self.kind == "assigned" and self.state == "waiting" and not self.attempts and self.not_before is None

    def names(self) -> dict[str, Any]:
        """What every event about it says."""
        return {
            "notice": self.id,
            "lead": self.lead,
            "person": self.person or None,
            "role": self.role,
            "channel": self.channel,
            "kind": self.kind,
            "epoch": self.epoch,
            "cause": self.cause,
        }


def hushed(notice: Notice, event: Event[Any]) -> bool:
    """Whether an event makes a notice that is not sent yet pointless.

    An answer ends everything that asks for it, whoever is told; a move ends what asks the former owner, and what a
    channel's delay still holds back (a rung that tells and moves at once must not hush its own words)."""
    data = event.data
    if isinstance(data, LeadAssigned):
        return notice.epoch < data.epoch and (notice.kind == "unrouted" or _of_the_past(notice))
    if isinstance(data, MOVES):
        return notice.epoch <= getattr(data, "epoch", notice.epoch) and _of_the_past(notice)
    if notice.kind not in ASKING or notice.epoch > data.epoch:
        return False
    return isinstance(data, ENDS) or notice.promise in MEETS.get(type(data), ())


def _of_the_past(notice: Notice) -> bool:
    return notice.asks_owner or (notice.kind in ASKING and notice.not_before is not None)


def matters(notice: Notice, lead: Lead) -> bool:
    """Whether a notice still says what is true, looked at once more before it is sent."""
    if notice.kind == "unrouted":
        return lead.state == "unrouted"
    if not notice.asks_owner:
        # Whoever else is told to look after it need not, once it was answered; a rung that moves the lead is told.
        answered = notice.epoch == lead.epoch and lead.state not in open_states(notice.promise)
        return not (notice.kind in ASKING and not notice.data.get("also") and answered)
    return notice.epoch == lead.epoch and (notice.kind == "again" or lead.state in open_states(notice.promise))


def open_states(promise: str) -> frozenset[str]:
    """The states in which a promise can still be kept."""
    known = {"accept": frozenset(("assigned",)), "first_touch": frozenset(("assigned", "accepted"))}
    return known.get(promise, OWNED)
