"""Rules that map events to notices and roles."""

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
class NoticeSpec:
    """One notice to plan: its kind, the role (or one given `person`) that receives the notice, and additional data."""

    kind: str
    role: str
    data: dict[str, Any]
    person: str | None = None


def notices_for(event: Event[Any]) -> list[NoticeSpec]:
    """The notices that an event causes. `sla.breached` causes none; the escalation steps that follow do."""
    data = event.data
    if isinstance(data, LeadAssigned):
        return [NoticeSpec("assigned", "owner", _assignment_details(data))]
    if isinstance(data, LeadEnquiredAgain) and data.owner:
        return [NoticeSpec("enquired_again", "owner", {"enquiry_count": data.enquiry_count})]
    if isinstance(data, LeadUnrouted) and data.alert_now:
        return [NoticeSpec("unrouted", data.alert or "ops", {"why": data.why})]
    if isinstance(data, LeadRecycled):
        return [NoticeSpec("recycled", "marketing", {"reason": data.reason, "by": data.by})]
    if isinstance(data, SlaWarned):
        return [NoticeSpec("warned", "owner", _promise_details(data))]
    if isinstance(data, SlaEscalated):
        return _escalation_notices(data)
    if isinstance(data, SlaWithdrawn) and not data.applied:
        return _withdrawal_notices(data)
    return []


def outdated_reason(lead: Lead, event: Event[Any]) -> str:
    """Why a warning or an escalation step no longer applies to the lead; "" when the event applies.

    A step may have moved the lead, and the events of that move may arrive before the step; the step then applies."""
    data = event.data
    if not isinstance(data, SlaWarned | SlaEscalated) or lead.moved_by == event.id:
        return ""
    if lead.epoch != data.epoch:
        return "the lead has a new owner since"
    return "" if lead.state in open_states(data.promise) else f"the lead is {lead.state} since"


def _escalation_notices(data: SlaEscalated) -> list[NoticeSpec]:
    roles = [action.removeprefix("notify ").strip() for action in data.do if action.startswith("notify ")]
    details: dict[str, Any] = {
        **_promise_details(data),
        "step": data.step,
        "other_actions": [action for action in data.do if not action.startswith("notify ")],
        "skipped": list(data.skipped),
        "last": data.last,
    }
    return [NoticeSpec("breached", role, details) for role in dict.fromkeys(roles)]


def _withdrawal_notices(data: SlaWithdrawn) -> list[NoticeSpec]:
    details = {
        **_promise_details(data),
        "answered_at": data.answered_at.isoformat(),
        "present_owner": data.present_owner,
    }
    owners = (("owner", data.present_owner), ("former owner", data.owner))
    return [NoticeSpec("withdrawn", role, details, person) for role, person in owners if person]


def _assignment_details(data: LeadAssigned) -> dict[str, Any]:
    return {"rule": data.rule, "why": data.why, "flags": list(data.flags), "previous_owner": data.previous_owner}


def _promise_details(data: Any) -> dict[str, Any]:
    return {"promise": data.promise, "due_at": data.due_at.isoformat(), "owner": data.owner}
