"""Which events are told to whom: one table of what an event means to people."""

from dataclasses import dataclass
from typing import Any

from services.notifier.domain.lead import Lead
from services.notifier.domain.notice import open_states
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


@dataclass(frozen=True, slots=True)
class Meant:
    """One message that is meant: its kind, the role it goes to (or the very person), and what it says besides the lead."""

    kind: str
    role: str
    data: dict[str, Any]
    person: str | None = None


def meant(event: Event[Any]) -> list[Meant]:
    """What an event means to people; `breached` alone tells nobody, its rungs do."""
    data = event.data
    if isinstance(data, LeadAssigned):
        return [Meant("assigned", "owner", _assignment(data))]
    if isinstance(data, LeadEnquiredAgain) and data.owner:
        return [Meant("again", "owner", {"round": data.enquiry_count})]
    if isinstance(data, LeadUnrouted) and data.alert_now:
        return [Meant("unrouted", data.alert or "ops", {"why": data.why})]
    if isinstance(data, LeadRecycled):
        return [Meant("recycled", "marketing", {"reason": data.reason, "by": data.by})]
    if isinstance(data, SlaWarned):
        return [Meant("warned", "owner", _promise(data))]
    if isinstance(data, SlaEscalated):
        told = [word.removeprefix("notify ").strip() for word in data.do if word.startswith("notify ")]
        also = [word for word in data.do if not word.startswith("notify ")]
        about: dict[str, Any] = {
            **_promise(data),
            "rung": data.step,
            "also": also,
            "skipped": list(data.skipped),
            "last": data.last,
        }
        return [Meant("breached", role, about) for role in dict.fromkeys(told)]
    if isinstance(data, SlaWithdrawn) and not data.applied:
        about = {**_promise(data), "answered_at": data.answered_at.isoformat(), "present": data.present_owner}
        both = (("owner", data.present_owner), ("former owner", data.owner))
        return [Meant("withdrawn", role, about, person) for role, person in both if person]
    return []


def mismatch(lead: Lead, event: Event[Any]) -> str:
    """Why a warning or a rung does not speak of the lead as it is any more; "" when it does.

    A lead that this very rung has moved (its events may be here before the rung's own words) is spoken of as it was."""
    data = event.data
    if not isinstance(data, SlaWarned | SlaEscalated) or lead.moved_by == event.id:
        return ""
    if lead.epoch != data.epoch:
        return "the lead has a new owner since"
    return "" if lead.state in open_states(data.promise) else f"the lead is {lead.state} since"


def _assignment(data: LeadAssigned) -> dict[str, Any]:
    return {"rule": data.rule, "why": data.why, "marks": list(data.flags), "previous": data.previous_owner}


def _promise(data: Any) -> dict[str, Any]:
    return {"promise": data.promise, "due_at": data.due_at.isoformat(), "owner": data.owner}
