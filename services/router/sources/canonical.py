"""The canonical lead into which every source is mapped, and the item of a request that carries it."""

from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict

Scalar = str | int | float | bool


class CanonicalLead(BaseModel):
    """The fields of a lead as its source gives them; None where it gives none. Times are RFC 3339 UTC text.

    The fields up to `needs_fetch` are public; `employee_band` to `extra` feed the facts that routing rules see.
    """

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

    def public(self) -> dict[str, Any]:
        """The public fields in their fixed order; absent ones are None."""
        return self.model_dump(include=set(PUBLIC_FIELDS))


PUBLIC_FIELDS = tuple(CanonicalLead.model_fields)[: tuple(CanonicalLead.model_fields).index("needs_fetch") + 1]


@dataclass(frozen=True, slots=True)
class Item:
    """One lead in one request, at `index`.

    `key` recognises it when it is repeated (None: `dedupe.item_key` derives one); `unmapped` holds the values
    that no field took; `note` is a remark on how it was read; `problem` is one sentence when the item holds no usable
    lead, and then it is parked or refused.
    """

    index: int
    key: str | None
    fields: CanonicalLead
    unmapped: dict[str, Any] = field(default_factory=dict)
    note: str = ""
    problem: str | None = None
