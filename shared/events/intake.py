"""`baton.intake`: what a webhook endpoint received, unchanged."""

from datetime import datetime

from pydantic import Field

from shared.events.base import INTAKE, EventData, event_type


@event_type
class IntakeReceived(EventData):
    """One authenticated request: raw body (base64) and what is needed to read it. Key = intake id (UUIDv7)."""

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
