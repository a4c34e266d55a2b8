"""Identifiers: UUIDv7 for new things, UUIDv5 where the same input must give the same id."""

from uuid import NAMESPACE_URL, UUID, uuid5

import uuid_utils

_BATON = uuid5(NAMESPACE_URL, "https://baton.dev/ids")


def new_id() -> str:
    """A fresh UUIDv7 as text: unique, and sorted by the moment it was made (RFC 9562, 5.7)."""
    return str(uuid_utils.uuid7())


def stable_id(*parts: object) -> str:
    """The UUIDv5 of the parts: the same parts always give the same id (RFC 9562, 5.5)."""
    return str(uuid5(_BATON, "\x1f".join(str(part) for part in parts)))


def is_uuid(text: str) -> bool:
    """Whether the text is a UUID in its usual form."""
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
