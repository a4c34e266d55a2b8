"""Events of `baton.intake`: requests as webhook endpoints received them."""

from datetime import datetime

from pydantic import Field

from shared.events.base import INTAKE, EventData, event_type


@event_type
class IntakeReceived(EventData):
    """A webhook endpoint received an authenticated request. Subject: the intake id (UUIDv7).

    `body` is the raw body in base64; the other fields are needed to read the body."""

    topic = INTAKE
    type = "baton.intake.received.v1"

    endpoint: str
    source: str
    received_at: datetime
    method: str = "POST"
    query: str = ""
    content_type: str = ""
    headers: dict[str, str] = Field(default_factory=dict)
    body: str
