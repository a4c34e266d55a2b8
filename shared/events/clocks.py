"""Events of `baton.clocks`: clocks started, moved, paused and stopped; written by the timer. Ids only."""

from datetime import datetime

from shared.events.base import CLOCKS, EventData, event_type


class ClockEvent(EventData):
    """The fields of every clock event: one clock of one lead (the event's subject), its promise, epoch and round."""

    topic = CLOCKS
    clock: str
    promise: str
    epoch: int
    round: int = 0
    owner: str | None = None
    tier: str = ""


@event_type
class ClockStarted(ClockEvent):
    """The clock of a promise runs from `started_at` until `due_at`; `in_words` explains how `due_at` was computed."""

    type = "baton.clock.started.v1"
    started_at: datetime
    due_at: datetime
    warn_at: datetime | None = None
    terms_version: int
    calendar: str = ""
    in_words: str = ""


@event_type
class ClockMoved(ClockEvent):
    """The clock's due time changed."""

    type = "baton.clock.moved.v1"
    due_at: datetime
    why: str


@event_type
class ClockPaused(ClockEvent):
    """The clock is paused; `left_seconds` remain."""

    type = "baton.clock.paused.v1"
    at: datetime
    left_seconds: int


@event_type
class ClockResumed(ClockEvent):
    """The clock runs again after a pause, until the new `due_at`."""

    type = "baton.clock.resumed.v1"
    at: datetime
    due_at: datetime


@event_type
class ClockStopped(ClockEvent):
    """The clock ended with a `verdict`.

    `kept`: answered in time. `late`: answered after the due time. `missed`: breached, and the lead changed owner or ended
    without an answer. `void`: the lead changed owner or ended before the due time."""

    type = "baton.clock.stopped.v1"
    at: datetime
    verdict: str
    why: str = ""
