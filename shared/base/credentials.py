"""Value types for access: principals, webhook endpoints with their secrets, and destinations."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Principal:
    """The holder of an API key: the key's name, the person the key stands for, and the key's roles."""

    name: str
    person: str | None
    roles: frozenset[str]

    def may(self, *roles: str) -> bool:
        """Whether the principal has one of the roles. The role `admin` includes all others."""
        return "admin" in self.roles or bool(self.roles & set(roles))


@dataclass(frozen=True, slots=True)
class EndpointSecret:
    """One secret of an endpoint, decrypted, with the span of time in which it is valid."""

    id: str
    value: str
    not_before: datetime | None = None
    not_after: datetime | None = None

    def in_force(self, now: float) -> bool:
        """Whether the secret is valid at `now` (unix seconds): `not_before` is included, `not_after` excluded."""
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
    """A URL that receives notices, and the secret that signs them. `local` allows a private address."""

    name: str
    url: str
    secret: str
    local: bool = False
