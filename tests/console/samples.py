"""Sample events: one lead, its owner Dan, and its clock."""

from datetime import timedelta
from typing import Any

from shared.events import ClockStarted, LeadAssigned, LeadCard, LeadReceived
from tests.service_harness import TUESDAY

OTHER_LEAD = "0193b0c4-0000-7000-8000-000000000002"
LEAD = "0193b0c4-0000-7000-8000-000000000001"
CLOCK = "0193b0c4-0000-7000-8000-00000000c10c"
DUE = TUESDAY + timedelta(minutes=15)


def received(**card: Any) -> LeadReceived:
    return LeadReceived(lead=LeadCard(id=LEAD, received_at=TUESDAY, **card), intake="i", endpoint="form")


def assigned(**card: Any) -> LeadAssigned:
    return LeadAssigned(
        lead=LeadCard(id=LEAD, received_at=TUESDAY, **card),
        owner="dan",
        team="inbound",
        epoch=1,
        tier="hot",
        rule="everyone",
        routing_version=1,
        terms_version=1,
        decision="d",
        assigned_at=TUESDAY,
        in_words="It was Dan's turn.",
    )


STARTED = ClockStarted(
    clock=CLOCK,
    promise="accept",
    epoch=1,
    owner="dan",
    tier="hot",
    started_at=TUESDAY,
    due_at=DUE,
    warn_at=TUESDAY,
    terms_version=1,
)
SLA: dict[str, Any] = {
    "clock": CLOCK,
    "lead": LEAD,
    "promise": "accept",
    "epoch": 1,
    "owner": "dan",
    "due_at": DUE,
    "terms_version": 1,
}
