"""Instants as text: RFC 3339 in UTC, the form of events, APIs and page cursors."""

from datetime import UTC, datetime


def rfc3339(instant: datetime) -> str:
    """The instant in UTC with `Z`; microseconds only where they are not zero."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
