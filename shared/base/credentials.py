"""Who may do what, as values: principals, webhook endpoints with their secrets, destinations."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: the key's name, the person it stands for, and its roles."""

    name: str
    person: str | None
    roles: frozenset[str]

    def may(self, *roles: str) -> bool:
        """Whether they have one of the roles; `admin` has them all."""
        return "admin" in self.roles or bool(self.roles & set(roles))


@dataclass(frozen=True, slots=True)
class EndpointSecret:
    """One secret of an endpoint, decrypted, with the span of time in which it is valid."""

    id: str
    value: str
    not_before: datetime | None = None
    not_after: datetime | None = None

    def in_force(self, now: float) -> bool:
        """Whether the secret is valid at `now` (unix seconds); at `not_after` itself it no longer is."""
        has_begun = self.not_before is None or now >= self.not_before.timestamp()
        return has_begun and (self.not_after is None or now < self.not_after.timestamp())


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One webhook URL: its source and signature scheme, the registered URL, its secrets and field mapping."""

    id: str
    name: str
    source: str
    scheme: str
    url: str
    secrets: tuple[EndpointSecret, ...]
    mapping: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Destination:
    """Where notices go besides people: a URL and the secret they are signed with. `local` allows a private address."""

    name: str
    url: str
    secret: str
    local: bool = False
