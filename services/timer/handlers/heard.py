"""What is heard about leads: events of several kinds, at most one for each lead at a time."""

from datetime import datetime
from typing import Any

from shared.events.base import Event
from shared.events.outcomes import Outcome

Heard = Event[Any]


def stamp(event: Heard) -> datetime:
    """When it happened: our server's stamp of an answer, else when it was said."""
    return event.data.answered_at if isinstance(event.data, Outcome) else event.time
