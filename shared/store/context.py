"""What every handler may need to know of the installation: keys, its public address, the settle time, endpoints."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from shared.base.credentials import Endpoint
from shared.base.keyring import KeyRing


class EndpointDirectory(Protocol):
    """Looks webhook endpoints up; `shared.access` provides it."""

    def endpoint(self, endpoint_id: str) -> Endpoint | None:
        """The endpoint with this id, or None."""


class CaughtUp(Protocol):
    """Says how far a service has read its topics; `shared.work.progress` provides it."""

    def caught_up_to(self, moment: datetime) -> bool:
        """Whether everything published up to this moment (real time) has been read."""


@dataclass(slots=True)
class Context:
    """What a handler finds at `tx.context`; one per process. `access` is set once it is open."""

    keys: KeyRing
    public_url: str
    settle: timedelta = timedelta(seconds=2)
    access: EndpointDirectory | None = None
    progress: dict[str, CaughtUp] = field(default_factory=dict)
    """By service: how far it has read its topics. Empty where the service's loops do not run."""
