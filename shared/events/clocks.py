"""`baton.clocks`: clocks started, moved and stopped; written by the timer. Ids only, no personal data."""

from datetime import datetime

from shared.events.base import CLOCKS, EventData, event_type


class ClockEvent(EventData):
    """Common to all: one clock of one lead (the event's subject), promise, epoch and round."""

    topic = CLOCKS
    clock: str
    promise: str
    epoch: int
    round: int = 0
    owner: str | None = None
    tier: str = ""


@event_type
class ClockStarted(ClockEvent):
    """A promise runs: from when, until when (`due_at`), and how that was reckoned, in words."""

    type = "baton.clock.started.v1"
    started_at: datetime
    due_at: datetime
    warn_at: datetime | None = None
    terms_version: int
    calendar: str = ""
    in_words: str = ""


@event_type
class ClockMoved(ClockEvent):
    """The due instant changed."""

    type = "baton.clock.moved.v1"
    due_at: datetime
    why: str


@event_type
class ClockPaused(ClockEvent):
    """It waits; `left` seconds remain."""

    type = "baton.clock.paused.v1"
    at: datetime
    left_seconds: int


@event_type
class ClockResumed(ClockEvent):
    """It goes on."""

    type = "baton.clock.resumed.v1"
    at: datetime
    due_at: datetime


@event_type
class ClockStopped(ClockEvent):
    """It ended: `kept` (answered in time), `late` (answered after the due instant), `missed` (breached, and the lead moved on or ended
    without an answer) or `void` (the lead moved on or ended before it was due)."""

    type = "baton.clock.stopped.v1"
    at: datetime
    verdict: str
    why: str = ""
