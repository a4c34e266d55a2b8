"""`baton.notices`: who was notified and how, and what a person answered; written by the notifier. Ids only."""

from datetime import datetime

from shared.events.base import NOTICES, EventData, event_type


class NoticeEvent(EventData):
    """Common to all: one message to one person (or destination) by one channel, about one lead (the event's subject)."""

    topic = NOTICES
    notice: str
    lead: str
    person: str | None = None
    role: str = ""
    channel: str
    kind: str
    epoch: int = 0
    cause: str | None = None


@event_type
class NoticeSent(NoticeEvent):
    """The channel took it. `message_id` stays the same over retries."""

    type = "baton.notice.sent.v1"
    at: datetime
    message_id: str
    attempts: int = 1


@event_type
class NoticeFailed(NoticeEvent):
    """It was given up; `why` in a sentence without personal data."""

    type = "baton.notice.failed.v1"
    at: datetime
    why: str
    attempts: int


@event_type
class NoticeSuppressed(NoticeEvent):
    """It was not sent because it no longer mattered (answered, moved on) or nobody could receive it."""

    type = "baton.notice.suppressed.v1"
    at: datetime
    why: str


@event_type
class ActionTaken(EventData):
    """A person pressed a button of an action link; the stamp is our server's."""

    topic = NOTICES
    type = "baton.action.taken.v1"

    lead: str
    epoch: int
    action: str
    by: str
    reason: str | None = None
    answered_at: datetime
    notice: str | None = None
