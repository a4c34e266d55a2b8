"""A notice as the notifier told of it: to whom, by which way, and what became of it."""

from typing import Any

from shared import events as said
from shared.events.base import Event

STATES: dict[type[Any], str] = {
    said.NoticeSent: "sent",
    said.NoticeFailed: "failed",
    said.NoticeSuppressed: "suppressed",
}


def notice_row(event: Event[Any]) -> dict[str, Any] | None:
    """The notice's row; None when the event speaks of none."""
    state = STATES.get(type(event.data))
    if state is None:
        return None
    data = event.data
    return {
        "id": data.notice,
        "lead": event.subject,
        "kind": data.kind,
        "role": data.role,
        "person": data.person,
        "channel": data.channel,
        "state": state,
        "at": data.at,
        "why": getattr(data, "why", ""),
    }
