"""An answer on its way: stamped by our server, neither applied nor refused by the router yet."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from services.timer.domain.clock import Clock
from shared.agreement.model import Promise

HOLD = timedelta(seconds=60)
"""How long an answer may hold a breach, in real time."""
ANSWERS = frozenset(("accept", "decline", "attempt", "contacted", "advance", "disqualify", "recycle", "won", "lost"))
"""What an owner says of a lead; a reassignment is no answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One row of `answers`. `action` is the id of the action.taken, `name` what was pressed, `until` real time."""

    action: str
    lead: str
    epoch: int
    name: str
    answered_at: datetime
    until: datetime


FIELDS = tuple(item.name for item in fields(Answer))


def concerns(promise: Promise, name: str) -> bool:
    """Whether an answer of this name settles the promise: accept by anything, first touch by what touches or ends."""
    if promise.name == "accept":
        return name in ANSWERS
    return name in ANSWERS - {"accept"} and (name != "attempt" or promise.met_by == "attempt")


def holds(clock: Clock, promise: Promise, answers: Iterable[Answer], wall: datetime) -> datetime | None:
    """Until when (real time) answers that were stamped in time keep this clock from being called breached."""
    ends = [
        answer.until
        for answer in answers
        if answer.epoch == clock.epoch
        and answer.answered_at <= clock.due_at
        and answer.until > wall
        and concerns(promise, answer.name)
    ]
    return max(ends, default=None)
