"""The row of a notice: recipient, channel, and whether the notice was sent."""

from typing import Any

from shared import events as e
from shared.events.base import Event

STATES: dict[type[Any], str] = {
    e.NoticeSent: "sent",
    e.NoticeFailed: "failed",
    e.NoticeSuppressed: "suppressed",
}


def notice_row(event: Event[Any]) -> dict[str, Any] | None:
    """The row of the event's notice; None when the event is about no notice."""
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
