"""Events of `baton.notices`: notices and answers by action links; written by the notifier. Ids only."""

from datetime import datetime

from shared.events.base import NOTICES, EventData, event_type


class NoticeEvent(EventData):
    """The fields of every notice event: one message to one person or destination by one channel, about one lead (the
    event's subject)."""

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
    """The channel accepted the notice. `message_id` stays the same over retries."""

    type = "baton.notice.sent.v1"
    at: datetime
    message_id: str
    attempts: int = 1


@event_type
class NoticeFailed(NoticeEvent):
    """The notice could not be sent and is not retried; `why` is a sentence without personal data."""

    type = "baton.notice.failed.v1"
    at: datetime
    why: str
    attempts: int


@event_type
class NoticeSuppressed(NoticeEvent):
    """The notice was not sent, because it was no longer needed (answered, new owner) or nobody could receive it."""

    type = "baton.notice.suppressed.v1"
    at: datetime
    why: str


@event_type
class ActionTaken(EventData):
    """A person pressed a button on the page of an action link; `answered_at` is the server's time."""

    topic = NOTICES
    type = "baton.action.taken.v1"

    lead: str
    epoch: int
    action: str
    by: str
    reason: str | None = None
    answered_at: datetime
    notice: str | None = None
