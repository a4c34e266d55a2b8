"""The row of a lead: its state comes from the router's events, its count of breaches from the timer's."""

from datetime import datetime
from typing import Any

from shared import events as e
from shared.events.base import Event
from shared.events.lead_states import STATE_AFTER

OPEN_STATES = ("received", "qualified", "held", "unrouted", "assigned", "accepted", "declined", "contacted", "advanced")
"""States in which a lead still needs work by the router, a rep or a manager."""
Row = dict[str, Any]


def new_row(lead: str, at: datetime) -> Row:
    """The row of a lead without an event of the router yet: its state is ""."""
    return {
        "id": lead,
        "card": {},
        "state": "",
        "since": at,
        "owner": None,
        "team": None,
        "tier": "",
        "grade": None,
        "epoch": 0,
        "rule": "",
        "in_words": "",
        "received_at": None,
        "merged_into": None,
        "breaches": 0,
        "newest_entry": 0,
    }


def apply(row: Row, event: Event[Any]) -> Row:
    """The row after the event.

    Only events of the topic `leads`, which arrive in their order, set the state. Events of other topics only change the
    count of breaches, so their order of arrival does not matter.
    """
    data = event.data
    if isinstance(data, e.SlaBreached):
        return row | {"breaches": row["breaches"] + 1}
    if isinstance(data, e.SlaWithdrawn):
        return row | {"breaches": row["breaches"] - 1}
    if not isinstance(data, e.leads.LeadEvent):
        return row
    return _with_state(row, event) | _description(event) | _ownership(data)


def _with_state(row: Row, event: Event[Any]) -> Row:
    state = STATE_AFTER.get(type(event.data))
    if state is None or (state == row["state"] and state != "assigned"):
        return row
    return row | {"state": state, "since": event.time}


def _description(event: Event[Any]) -> Row:
    fields: Row = {}
    if in_words := getattr(event.data, "in_words", ""):
        fields["in_words"] = in_words
    card = getattr(event.data, "lead", None)
    if card is not None:
        fields["card"] = card.model_dump(mode="json", exclude_none=True)
        fields["grade"] = card.grade
    if isinstance(event.data, e.LeadReceived):
        fields["received_at"] = event.data.lead.received_at or event.time
    return fields


def _ownership(data: Any) -> Row:
    if isinstance(data, e.LeadAssigned):
        return {"owner": data.owner, "team": data.team, "tier": data.tier, "epoch": data.epoch, "rule": data.rule}
    if isinstance(data, e.LeadQualified):
        return {"tier": data.tier, "grade": data.grade}
    if isinstance(data, e.LeadMerged):
        return {"merged_into": data.into}
    if isinstance(data, e.LeadHeld | e.LeadUnrouted | e.LeadRecycled):
        return {"owner": None, "team": None}
    return {}
