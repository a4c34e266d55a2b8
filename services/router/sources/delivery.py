"""A stored webhook delivery, ready to be parsed into leads."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.events.intake import IntakeReceived


@dataclass(frozen=True, slots=True)
class Delivery:
    """One verified request without its signature: header names are lower case, `query` is the raw query."""

    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"
    query: str = ""

    @classmethod
    def from_intake(cls, intake: IntakeReceived) -> "Delivery":
        """The delivery that an intake event carries. Raises ValueError when its body is not base64."""
        body = base64.b64decode(intake.body, validate=True)
        headers = {name.lower(): value for name, value in intake.headers.items()}
        return cls(body, intake.content_type, headers, intake.method, intake.query)
