"""A lead as the router knows it."""

from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from shared.events.leads import LeadCard

OPEN = frozenset(
    ("received", "nurtured", "qualified", "held", "unrouted", "assigned", "accepted", "contacted", "advanced")
)
"""States in which a new enquiry of the same person joins the lead."""
COUNTED = frozenset(("assigned", "accepted", "contacted"))
"""States that count against the cap of open leads."""
OWNED = frozenset(("assigned", "accepted", "contacted", "advanced"))
"""States in which somebody is responsible for it."""
CLOSED = frozenset(("recycled", "disqualified", "won", "lost"))


@dataclass(frozen=True, slots=True)
class Lead:
    """One row of `leads`. `had` are all former owners, `counted` says whether the present assignment used a turn,
    `form` tells one form from another, `round` counts the enquiries after the first."""

    id: str
    intake: str
    element: int
    endpoint: str
    source: str
    received_at: datetime
    enquired_at: datetime
    since: datetime
    state: str = "received"
    epoch: int = 0
    owner: str | None = None
    team: str | None = None
    tier: str | None = None
    score: str | None = None
    points: int | None = None
    needs_met: int | None = None
    rule: str | None = None
    pinned: int | None = None
    agreement: int | None = None
    merged_into: str | None = None
    linked_to: str | None = None
    previous_owner: str | None = None
    previous_until: datetime | None = None
    had: tuple[str, ...] = ()
    declines: int = 0
    qualified_at: datetime | None = None
    assigned_at: datetime | None = None
    accepted_at: datetime | None = None
    attempted_at: datetime | None = None
    contacted_at: datetime | None = None
    closed_at: datetime | None = None
    form: str = ""
    round: int = 0
    needs_fetch: bool = False
    counted: bool = False
    card: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    why: str = ""

    def shown(self) -> LeadCard:
        """The card that people see."""
        return LeadCard.model_validate(
            {"id": self.id, **self.card, "grade": self.score, "received_at": self.received_at}
        )


FIELDS = tuple(item.name for item in fields(Lead))
