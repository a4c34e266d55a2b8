"""Whose fault it is, in one sentence that a person can act on.

BatonError
├── TheirMistake          the request or the record is wrong; it is parked or answered 4xx, never retried
│   ├── NotFound          404
│   ├── Conflict          409, with what is true now
│   └── NotAllowed        401 or 403
└── OurMistake            something of ours is away or broken; retried with back-off, answered 503
    └── TryLater          the same, and it will pass by itself
"""

from typing import Any


class BatonError(Exception):
    """The root. `sentence` says what is wrong, where, and what to do; `status` is its HTTP status."""

    status = 500
    kind = "error"

    def __init__(
        self,
        sentence: str,
        *,
        status: int | None = None,
        kind: str | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.status = status or self.status
        self.kind = kind or self.kind
        self.extra = extra


class BadRequest(BatonError):
    """What was asked cannot be done as asked."""

    status = 400
    kind = "bad-request"


class NotFound(BadRequest):
    """There is no such thing."""

    status = 404
    kind = "not-found"


class Conflict(BadRequest):
    """It was true once; `extra` says what is true now."""

    status = 409
    kind = "conflict"


class NotAllowed(BadRequest):
    """No key, or a key without the role."""

    status = 403
    kind = "not-allowed"


class Unavailable(BatonError):
    """Nothing wrong with the request; something of ours failed."""

    status = 503
    kind = "unavailable"


class TryLater(Unavailable):
    """It will pass; the same request may be sent again."""

    kind = "try-later"


class CannotStart(BatonError):
    """The process must not start: a setting, a database version or a lock forbids it."""
