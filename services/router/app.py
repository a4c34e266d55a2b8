"""The router: who leads are, what they are worth, whose they are."""

from services.router import audit
from services.router.api import access, agreements, leads, reps, webhooks
from services.router.handlers import actions, agreement, escalation, intake, release, roster, unreadable
from services.router.settings import Settings
from services.router.store.tables import metadata
from shared.events import ActionTaken, IntakeReceived, SlaEscalated
from shared.runtime.service import Service
from shared.web.http import combine_routers


def build(settings: Settings) -> Service:
    """The router as data."""
    return Service(
        name="router",
        metadata=metadata,
        webhooks=webhooks.doors,
        routes=combine_routers(leads.doors, agreements.doors, reps.doors, access.doors),
        on_event={  # what others say -> what we do about it
            IntakeReceived: intake.receive,
            ActionTaken: actions.answered,
            SlaEscalated: escalation.escalated,
        },
        on_due={  # what comes due -> what we do about it
            "held": release.opened,
            "waiting": release.waiting,
            "unrouted": release.alert,
            "begin": release.begin,
            "live": agreement.go_live,
            "absent": roster.absent,
        },
        parked_items=unreadable.aside,
        audit=audit.terms,
        gauges=audit.gauges,
    )
