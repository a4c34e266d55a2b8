"""A lead as every source is read into it: the canonical fields, and the element that carries them."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from shared.events.intake import IntakeReceived

Scalar = str | int | float | bool


class CanonicalLead(BaseModel):
    """The fields of a lead, as its source says them; None where it says nothing. Times are RFC 3339 UTC text."""

    model_config = ConfigDict(frozen=True)

    email: str | None = None
    full_name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    company: str | None = None
    domain: str | None = None
    phone: str | None = None
    country: str | None = None
    state: str | None = None
    employee_count: int | None = None
    industry: str | None = None
    job_title: str | None = None
    score: int | float | None = None
    mql: bool | None = None
    lead_source: str | None = None
    campaign: str | None = None
    utm: dict[str, str] | None = None
    consent: bool | str | None = None
    raw_id: str | None = None
    event_id: str | None = None
    event_time: str | None = None
    event_type: str | None = None
    needs_fetch: bool = False

    employee_band: str | None = None
    activity: tuple[str, ...] = ()
    asset: str | None = None
    signals: dict[str, Scalar] = {}
    extra: dict[str, Scalar | list[Scalar]] = {}

    @property
    def happened_at(self) -> datetime | None:
        """When the sender says it happened, aware; None when it does not say."""
        return None if self.event_time is None else datetime.fromisoformat(self.event_time)

    def public(self) -> dict[str, Any]:
        """The fields that the outside sees, absent ones None, in their fixed order."""
        return self.model_dump(include=set(PUBLIC_FIELDS))


PUBLIC_FIELDS = tuple(CanonicalLead.model_fields)[: tuple(CanonicalLead.model_fields).index("needs_fetch") + 1]


@dataclass(frozen=True, slots=True)
class Item:
    """One lead in one request.

    `key` names it for good (None: nothing does, see `element_key`); `unmapped` is what no field took; `note` is a
    remark; `problem` is one sentence when this element holds no usable lead, and then it is parked or refused.
    """

    index: int
    key: str | None
    fields: CanonicalLead
    unmapped: dict[str, Any] = field(default_factory=dict)
    note: str = ""
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """A stored request, ready to be read: header names are lower case."""

    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"
    query: str = ""

    @classmethod
    def from_intake(cls, intake: IntakeReceived) -> "Delivery":
        """The delivery that an intake event carries. Raises ValueError when its body is not base64."""
        body = base64.b64decode(intake.body, validate=True)
        headers = {name.lower(): value for name, value in intake.headers.items()}
        return cls(body, intake.content_type, headers, intake.method, intake.query)


@dataclass(frozen=True, slots=True)
class EndpointConfig:
    """What an endpoint says about its sender; all of it may be left out.

    `mapping` names the source paths of a canonical field (`{"company": "account.name"}`) and replaces the defaults
    for it; `mql_values` replaces the values that mean MQL; `zone` is the zone of times that name none.
    """

    mapping: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    mql_values: frozenset[str] | None = None
    zone: ZoneInfo | None = None
    region: str | None = None


def item_key(item: Item, body: bytes) -> str:
    """What a repeated element is recognised by: its own key, else the raw body and its place in it."""
    return item.key or f"sha256:{sha256(body).hexdigest()}:{item.index}"
