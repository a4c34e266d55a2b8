"""A lead as the timer needs it: whose it is, under which epoch and versions, and how far it is."""

from dataclasses import dataclass, fields

ASSIGNED, ACCEPTED, WAITING, ENDED = "assigned", "accepted", "waiting", "ended"


@dataclass(frozen=True, slots=True)
class Lead:
    """One row of `leads`. `accepted` covers whatever comes after it too; `waiting`: nobody has it; `ended`: closed.

    `pinned` is the version whose promises bind it, `routed` the one that chose its owner; `began` is the first epoch
    since it was received or came back after its end: what earlier owners had left counts from there.
    """

    lead: str
    state: str
    epoch: int
    owner: str | None
    team: str | None
    tier: str
    pinned: int
    routed: int
    began: int


FIELDS = tuple(item.name for item in fields(Lead))
