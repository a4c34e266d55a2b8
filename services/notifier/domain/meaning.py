"""Which events are told to whom: one table, and the words of each kind of notice."""

from dataclasses import dataclass
from typing import Any

from shared.events import (
    LeadAssigned,
    LeadEnquiredAgain,
    LeadRecycled,
    LeadUnrouted,
    SlaEscalated,
    SlaWarned,
    SlaWithdrawn,
)
from shared.events.base import Event

ASKING = frozenset(("assigned", "again", "warned", "breached"))
"""Kinds that ask the owner for an answer, and are pointless once it was given or the lead has moved on."""


@dataclass(frozen=True, slots=True)
class Meant:
    """One message that is meant: its kind, the role it goes to, and what it says besides the lead."""

    kind: str
    role: str
    data: dict[str, Any]


def meant(event: Event[Any]) -> list[Meant]:
    """What an event means to people; `breached` alone tells nobody, its rungs do."""
    data = event.data
    if isinstance(data, LeadAssigned):
        about: dict[str, Any] = {
            "rule": data.rule,
            "why": data.why,
            "marks": list(data.marks),
            "previous": data.previous_owner,
        }
        return [Meant("assigned", "owner", about)]
    if isinstance(data, LeadEnquiredAgain) and data.owner:
        return [Meant("again", "owner", {"round": data.round})]
    if isinstance(data, LeadUnrouted) and data.alert_due:
        return [Meant("unrouted", data.alert or "ops", {"why": data.why})]
    if isinstance(data, LeadRecycled):
        return [Meant("recycled", "marketing", {"reason": data.reason, "by": data.by})]
    if isinstance(data, SlaWarned):
        return [Meant("warned", "owner", _promise(data))]
    if isinstance(data, SlaEscalated):
        told = [word.removeprefix("tell ").strip() for word in data.do if word.startswith("tell ")]
        also = [word for word in data.do if not word.startswith("tell ")]
        about = {**_promise(data), "rung": data.rung, "also": also, "skipped": list(data.skipped), "last": data.last}
        return [Meant("breached", role, about) for role in told]
    if isinstance(data, SlaWithdrawn) and not data.applied:
        about = {**_promise(data), "answered_at": data.answered_at.isoformat(), "present": data.present_owner}
        return [Meant("withdrawn", "owner", about), Meant("withdrawn", "former owner", {**about, "person": data.owner})]
    return []


def _promise(data: Any) -> dict[str, Any]:
    return {"promise": data.promise, "due_at": data.due_at.isoformat(), "owner": data.owner}
