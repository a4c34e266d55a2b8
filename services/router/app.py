"""The router service: it identifies, qualifies and assigns leads."""

from services.router import audit
from services.router.api import actions as actions_api
from services.router.api import agreements, changes, destinations, endpoints, keys, leads, people, webhooks
from services.router.handlers import actions, agreement, escalation, intake, release, roster, unreadable
from services.router.settings import Settings
from services.router.store.tables import metadata
from shared.events import ActionTaken, IntakeReceived, SlaEscalated
from shared.runtime.service import Service
from shared.web.http import combine_routers


def build(settings: Settings) -> Service:
    """Describe the router: its routes, and the handler of each event and scheduled item."""
    return Service(
        name="router",
        metadata=metadata,
        webhooks=webhooks.routes,
        routes=combine_routers(
            leads.router,
            actions_api.router,
            agreements.router,
            people.router,
            keys.router,
            endpoints.router,
            destinations.router,
            changes.router,
        ),
        on_event={  # event -> handler
            IntakeReceived: intake.receive,
            ActionTaken: actions.on_action_taken,
            SlaEscalated: escalation.on_escalated,
        },
        on_due={  # scheduled kind -> handler
            "held": release.retry_held,
            "waiting": release.retry_waiting,
            "unrouted": release.alert_unrouted,
            "backlog": release.qualify_backlog,
            "live": agreement.go_live,
            "absent": roster.reassign_leads_of_absent,
        },
        parked_items=unreadable.unreadable_requests,
        audit=audit.counts,
        gauges=audit.gauges,
    )
