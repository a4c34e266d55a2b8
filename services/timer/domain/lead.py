"""A lead as the timer needs it: its owner, its epoch and versions, and its state."""

from dataclasses import dataclass, fields

ASSIGNED, ACCEPTED, UNASSIGNED, ENDED = "assigned", "accepted", "unassigned", "ended"


@dataclass(frozen=True, slots=True)
class Lead:
    """One row of `leads`. State `accepted` covers everything after it until the end, `unassigned` means that nobody owns
    it now (held or unrouted), `ended` that it is closed or merged.

    `terms_version` is the agreement version whose promises hold, `routing_version` the one that chose the owner.
    `first_epoch` is the first epoch since the lead was received or came back after its end: time that earlier owners
    left is inherited from there on.
    """

    id: str
    state: str
    epoch: int
    owner: str | None
    team: str | None
    tier: str
    terms_version: int
    routing_version: int
    first_epoch: int


FIELDS = tuple(item.name for item in fields(Lead))
