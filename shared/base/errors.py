"""The exceptions of the system; each says whose fault a failure is, in one sentence that a person can act on.

BatonError
├── BadRequest            the request or the record is wrong; answered 4xx or made a dead letter, never retried
│   ├── NotFound          404
│   ├── Conflict          409, with the present state
│   └── NotAllowed        401 or 403
├── Unavailable           a part of this installation is away or broken; retried with back-off, answered 503
│   └── TryLater          the same, and the failure ends without repair
└── CannotStart           a setting, a database version or a lock forbids the start
"""

from typing import Any


class BatonError(Exception):
    """The base class. `sentence` states what is wrong, where, and what to do; `status` is the HTTP status to answer."""

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
    """The request cannot be carried out as it was made."""

    status = 400
    kind = "bad-request"


class NotFound(BadRequest):
    """The thing that was named does not exist."""

    status = 404
    kind = "not-found"


class Conflict(BadRequest):
    """The request rests on an outdated state; `extra` holds the present one."""

    status = 409
    kind = "conflict"


class NotAllowed(BadRequest):
    """The request has no key, or its key lacks the role."""

    status = 403
    kind = "not-allowed"


class Unavailable(BatonError):
    """The request is fine; a part of this installation failed."""

    status = 503
    kind = "unavailable"


class TryLater(Unavailable):
    """The failure ends without repair; the same request may be sent again."""

    kind = "try-later"


class CannotStart(BatonError):
    """The process must not start: a setting, a database version or a lock forbids it."""
