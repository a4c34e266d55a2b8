"""The configuration of one endpoint: how its payloads are mapped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class EndpointConfig:
    """What an endpoint states about its sender; everything is optional.

    `mapping` gives the source paths of a field (`{"company": "account.name"}`) and replaces the default paths of that
    field; `mql_values` replaces the values that mean MQL; `zone` applies to times without a zone; `region` is the
    country, by its ISO code, of national phone numbers.
    """

    mapping: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    mql_values: frozenset[str] | None = None
    zone: ZoneInfo | None = None
    region: str | None = None
