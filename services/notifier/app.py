"""The notifier service: plans and sends notices, and records answers."""

from services.notifier import api, audit
from services.notifier.channels import Channels
from services.notifier.channels.email import SmtpServer
from services.notifier.handlers import clocks, delivery, lead_events
from services.notifier.handlers.delivery_loop import DeliveryLoop
from services.notifier.settings import Settings
from services.notifier.store.tables import metadata
from shared.events import AgreementPublished, ClockMoved, ClockResumed, ClockStarted, ClockStopped, RosterChanged
from shared.reference.handlers import on_agreement_published, on_roster_changed
from shared.runtime.service import Service, TaskContext
from shared.web import STATIC


def build(settings: Settings) -> Service:
    """The description of the notifier: its routes, handlers and background tasks."""
    smtp = SmtpServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        username=settings.smtp_username,
        password=settings.smtp_password,
        start_tls=settings.smtp_starttls,
        use_tls=settings.smtp_tls,
        sender=settings.smtp_from,
    )

    async def deliver(context: TaskContext) -> None:
        await DeliveryLoop(Channels(smtp), context.db, context.access, context.stop).run()

    return Service(
        name="notifier",
        metadata=metadata,
        routes=api.routes,
        on_event={  # event type -> handler
            **lead_events.ON_EVENT,  # notify people, or suppress outdated notices
            ClockStarted: clocks.on_clock_started,
            ClockMoved: clocks.on_clock_started,
            ClockResumed: clocks.on_clock_started,
            ClockStopped: clocks.on_clock_stopped,
            AgreementPublished: on_agreement_published(lead_events.on_lead_event),
            RosterChanged: on_roster_changed(lead_events.on_lead_event),
        },
        on_due={  # kind of scheduled item -> handler
            "send": delivery.make_ready,  # a delay, a retry delay or a lease is over
            "recheck": lead_events.recheck_deferred,  # events that lack a version or a person
        },
        background=(deliver,),  # sends ready notices through their channels
        audit=audit.counts,
        gauges=audit.gauges,
        static_dirs=(STATIC,),
    )
