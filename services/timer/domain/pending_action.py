"""A pending action: an owner's answer that our server stamped, and that the router has neither applied nor refused."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from services.timer.domain.clock import Clock
from shared.agreement.model import Promise

HOLD_TIME = timedelta(seconds=60)
"""How long a pending action may hold a breach, in real time."""
OWNER_ACTIONS = frozenset(
    ("accept", "decline", "attempt", "contacted", "advance", "disqualify", "recycle", "won", "lost")
)
"""Actions by which an owner answers; a reassignment is no answer."""


@dataclass(frozen=True, slots=True)
class PendingAction:
    """One row of `pending_actions`. `action_id` is the id of the action.taken, `action` its verb; `until` (real time) is
    when it stops holding a breach."""

    action_id: str
    lead: str
    epoch: int
    action: str
    answered_at: datetime
    until: datetime


FIELDS = tuple(item.name for item in fields(PendingAction))


def satisfies(promise: Promise, action: str) -> bool:
    """Whether an action satisfies the promise: accept by any answer, first touch by a touch or an end of the lead."""
    if promise.name == "accept":
        return action in OWNER_ACTIONS
    return action in OWNER_ACTIONS - {"accept"} and (action != "attempt" or promise.met_by == "attempt")


def hold_until(clock: Clock, promise: Promise, pending: Iterable[PendingAction], wall: datetime) -> datetime | None:
    """Until when (real time) pending actions that were stamped in time hold this clock's breach, or None."""
    ends = [
        item.until
        for item in pending
        if item.epoch == clock.epoch
        and item.answered_at <= clock.due_at
        and item.until > wall
        and satisfies(promise, item.action)
    ]
    return max(ends, default=None)
