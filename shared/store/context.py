"""The context that every handler receives: keys, the public address, the settle time, endpoints, reading progress."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from shared.base.credentials import Endpoint
from shared.base.keyring import KeyRing


class EndpointDirectory(Protocol):
    """Looks up webhook endpoints; `shared.access` implements this protocol."""

    def endpoint(self, endpoint_id: str) -> Endpoint | None:
        """The endpoint with this id, or None."""


class CaughtUp(Protocol):
    """Tells whether a service has read its topics up to a moment; `shared.work.progress` implements this protocol."""

    def caught_up_to(self, moment: datetime) -> bool:
        """Whether everything published up to this moment (real time) has been read."""


@dataclass(slots=True)
class Context:
    """The value of `tx.context`; one per process. `access` is None until schema `access` is open."""

    keys: KeyRing
    public_url: str
    settle: timedelta = timedelta(seconds=2)
    access: EndpointDirectory | None = None
    progress: dict[str, CaughtUp] = field(default_factory=dict)
    """The reading progress of each service by its name; a service whose loops do not run here has no entry."""
