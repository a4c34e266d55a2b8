"""Small real events for the tests of stores and buses."""

from datetime import UTC, datetime

from shared.events.base import Event
from shared.events.notices import NoticeSuppressed

THEN = datetime(2026, 12, 1, 15, 0, tzinfo=UTC)


def suppressed(why: str = "answered") -> NoticeSuppressed:
    """One event of the topic `notices`; `why` distinguishes it from others."""
    return NoticeSuppressed(notice="n", lead="l", channel="email", kind="warning", at=THEN, why=why)


def event(subject: str, sequence: int, why: str = "answered", **rest: str) -> Event[NoticeSuppressed]:
    """An event as another process would have written it."""
    return Event(data=suppressed(why), subject=subject, source="/baton/notifier", time=THEN, **rest).numbered(sequence)
