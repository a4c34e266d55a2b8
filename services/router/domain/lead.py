"""A lead as the router stores it, and the sets of states that rules ask about."""

from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from shared.events.leads import LeadCard

OPEN = frozenset(
    ("received", "nurtured", "qualified", "held", "unrouted", "assigned", "accepted", "contacted", "advanced")
)
"""States in which a new enquiry of the same person joins the lead."""
COUNTS_AGAINST_CAP = frozenset(("assigned", "accepted", "contacted"))
"""States in which a lead counts against its owner's cap of open leads."""
OWNED = frozenset(("assigned", "accepted", "contacted", "advanced"))
"""States in which a lead has an owner who is responsible for it."""


@dataclass(frozen=True, slots=True)
class Lead:
    """One row of `leads`; all times are UTC.

    `routing_version` is the agreement version that routed it, `terms_version` the one whose promises hold for it.
    `grade` is A, B or C, `score` the points behind it. `used_turn` says whether the present assignment took a turn in
    the round robin. `form_fingerprint` tells one form from another, `enquiry_count` counts the enquiries after the first.
    """

    id: str
    intake: str
    item: int
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
    grade: str | None = None
    score: int | None = None
    needs_met: int | None = None
    rule: str | None = None
    terms_version: int | None = None
    routing_version: int | None = None
    merged_into: str | None = None
    linked_to: str | None = None
    previous_owner: str | None = None
    """The last owner of the person's earlier lead, or of this one before it was recycled."""
    previous_until: datetime | None = None
    previous_owners: tuple[str, ...] = ()
    """Everybody who has owned this lead, the present owner too."""
    declines: int = 0
    qualified_at: datetime | None = None
    assigned_at: datetime | None = None
    accepted_at: datetime | None = None
    attempted_at: datetime | None = None
    contacted_at: datetime | None = None
    closed_at: datetime | None = None
    form_fingerprint: str = ""
    enquiry_count: int = 0
    needs_fetch: bool = False
    used_turn: bool = False
    card: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    why: str = ""

    def to_card(self) -> LeadCard:
        """The lead as people see it, with its grade."""
        return LeadCard.model_validate(
            {"id": self.id, **self.card, "grade": self.grade, "received_at": self.received_at}
        )


FIELDS = tuple(item.name for item in fields(Lead))
