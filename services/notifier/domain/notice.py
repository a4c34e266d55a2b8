"""A notice, which is one message to one person or destination by one channel, and the rules that suppress a notice."""

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

ACTIONABLE = frozenset(("assigned", "enquired_again", "warned", "breached"))
"""Kinds that ask for an answer; pending notices of these kinds are suppressed after the answer."""

SATISFIES: dict[type[EventData], frozenset[str]] = {
    LeadAccepted: frozenset(("accept",)),
    LeadAttempted: frozenset(("accept",)),
    LeadContacted: frozenset(("accept", "first_touch")),
    LeadAdvanced: frozenset(("accept", "first_touch", "qualify")),
}
"""The promises that an answer keeps; a later action implies the earlier ones."""
CLOSING: tuple[type[EventData], ...] = (LeadDeclined, LeadDisqualified, LeadWon, LeadLost)
"""Answers that end all promises on the lead."""
MOVING: tuple[type[EventData], ...] = (LeadAssigned, LeadHeld, LeadUnrouted, LeadRecycled, LeadMerged)
"""Events that take a lead away from its owner."""
SUPPRESSING = (*SATISFIES, *CLOSING, *MOVING)
"""Events that may suppress pending notices."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A stored notice; `store/tables.py` describes the fields."""

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
        """The name of the promise that the notice is about, or ""."""
        return str(
            self.data.get("promise") or {"assigned": "accept", "enquired_again": "first_touch"}.get(self.kind, "")
        )

    @property
    def asks_owner(self) -> bool:
        """Whether the notice asks the owner to act. A notice of an escalation step with other actions only informs."""
        return self.role == "owner" and self.kind in ACTIONABLE and not self.data.get("other_actions")

    @property
    def awaits_clock(self) -> bool:
        """Whether the notice waits for the accept clock, so that the mail can name the deadline."""
        return self.kind == "assigned" and self.state == "waiting" and not self.attempts and self.not_before is None

    def event_fields(self) -> dict[str, Any]:
        """The fields of every event about the notice."""
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


def is_suppressed_by(notice: Notice, event: Event[Any]) -> bool:
    """Whether an event suppresses a notice that is not sent yet.

    An answer suppresses every notice that asks for that answer, to any recipient. A move of the lead suppresses notices
    that ask the former owner, and notices that a channel's delay still holds back. Other notices stay, because an
    escalation step that notifies and moves at once must not suppress its own notices."""
    data = event.data
    if isinstance(data, LeadAssigned):
        return notice.epoch < data.epoch and (notice.kind == "unrouted" or _is_outdated_by_move(notice))
    if isinstance(data, MOVING):
        return notice.epoch <= getattr(data, "epoch", notice.epoch) and _is_outdated_by_move(notice)
    if notice.kind not in ACTIONABLE or notice.epoch > data.epoch:
        return False
    return isinstance(data, CLOSING) or notice.promise in SATISFIES.get(type(data), ())


def _is_outdated_by_move(notice: Notice) -> bool:
    return notice.asks_owner or (notice.kind in ACTIONABLE and notice.not_before is not None)


def still_matters(notice: Notice, lead: Lead) -> bool:
    """Whether a notice still applies to the lead; checked again just before sending."""
    if notice.kind == "unrouted":
        return lead.state == "unrouted"
    if not notice.asks_owner:
        # A manager needs no notice about an answered lead, except for a step that moves the lead.
        answered = notice.epoch == lead.epoch and lead.state not in open_states(notice.promise)
        return not (notice.kind in ACTIONABLE and not notice.data.get("other_actions") and answered)
    return notice.epoch == lead.epoch and (notice.kind == "enquired_again" or lead.state in open_states(notice.promise))


def open_states(promise: str) -> frozenset[str]:
    """The states in which a promise can still be kept."""
    states = {"accept": frozenset(("assigned",)), "first_touch": frozenset(("assigned", "accepted"))}
    return states.get(promise, OWNED)
