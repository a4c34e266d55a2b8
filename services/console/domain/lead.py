"""A lead as the topics tell of it: its state follows the router's words, its count of breaches the timer's."""

from datetime import datetime
from typing import Any

from shared import events as said
from shared.events.base import Event

STATES: dict[type[Any], str] = {
    said.LeadReceived: "received",
    said.LeadParked: "parked",
    said.LeadRefused: "refused",
    said.LeadMerged: "merged",
    said.LeadNurtured: "nurtured",
    said.LeadQualified: "qualified",
    said.LeadHeld: "held",
    said.LeadUnrouted: "unrouted",
    said.LeadAssigned: "assigned",
    said.LeadAccepted: "accepted",
    said.LeadDeclined: "declined",
    said.LeadContacted: "contacted",
    said.LeadAdvanced: "advanced",
    said.LeadDisqualified: "disqualified",
    said.LeadRecycled: "recycled",
    said.LeadWon: "won",
    said.LeadLost: "lost",
}
OPEN = ("received", "qualified", "held", "unrouted", "assigned", "accepted", "declined", "contacted", "advanced")
"""States in which somebody still owes the lead something."""
Row = dict[str, Any]


def new_row(lead: str, at: datetime) -> Row:
    """A lead of which only others spoke yet: its state is "" until the router names it."""
    return {
        "id": lead,
        "card": {},
        "state": "",
        "since": at,
        "owner": None,
        "team": None,
        "tier": "",
        "score": None,
        "epoch": 0,
        "rule": "",
        "in_words": "",
        "received_at": None,
        "merged_into": None,
        "breaches": 0,
        "moved": 0,
    }


def apply(row: Row, event: Event[Any]) -> Row:
    """The lead once the event is known.

    The topic `leads` comes in its own order, and only it sets the state; what the other topics add is the same
    whenever it comes.
    """
    data = event.data
    if isinstance(data, said.SlaBreached):
        return row | {"breaches": row["breaches"] + 1}
    if isinstance(data, said.SlaWithdrawn):
        return row | {"breaches": row["breaches"] - 1}
    if not isinstance(data, said.leads.LeadEvent):
        return row
    return _moved(row, event) | _described(row, event) | _given(data)


def _moved(row: Row, event: Event[Any]) -> Row:
    state = STATES.get(type(event.data))
    if state is None or (state == row["state"] and state != "assigned"):
        return row
    return row | {"state": state, "since": event.time}


def _described(row: Row, event: Event[Any]) -> Row:
    found: Row = {}
    if words := getattr(event.data, "in_words", ""):
        found["in_words"] = words
    card = getattr(event.data, "lead", None)
    if card is not None:
        found["card"] = card.model_dump(mode="json", exclude_none=True)
        found["score"] = card.grade
    if isinstance(event.data, said.LeadReceived):
        found["received_at"] = event.data.lead.received_at or event.time
    return found


def _given(data: Any) -> Row:
    if isinstance(data, said.LeadAssigned):
        return {"owner": data.owner, "team": data.team, "tier": data.tier, "epoch": data.epoch, "rule": data.rule}
    if isinstance(data, said.LeadQualified):
        return {"tier": data.tier, "score": data.grade}
    if isinstance(data, said.LeadMerged):
        return {"merged_into": data.into}
    if isinstance(data, said.LeadHeld | said.LeadUnrouted | said.LeadRecycled):
        return {"owner": None, "team": None}
    return {}
