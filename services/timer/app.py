"""The timer service: it runs the SLA clock of every promise, and escalates the promises that are not kept."""

from services.timer import api, audit
from services.timer.handlers import clocks, leads
from services.timer.handlers.clock_batch import CATCH_UP_SIGNAL, CLOCK_ITEM
from services.timer.settings import Settings
from services.timer.store import metadata
from shared.events import AgreementPublished, RosterChanged
from shared.reference.handlers import on_agreement_published, on_roster_changed
from shared.runtime.service import Service


def build(settings: Settings) -> Service:
    """Describe the timer: its routes, and the handler of each event and scheduled item."""
    return Service(
        name="timer",
        metadata=metadata,
        routes=api.routes,
        on_event={
            # Each event about a lead starts, holds or stops its clocks; `leads.ON_LEAD_EVENT` has the handlers.
            **dict.fromkeys(leads.ON_LEAD_EVENT, leads.on_lead_events),
            AgreementPublished: on_agreement_published(leads.on_lead_events),
            RosterChanged: on_roster_changed(leads.on_lead_events),
        },
        on_due={CLOCK_ITEM: clocks.advance},  # warn, breach after the settle time, take the next escalation step
        catch_up_signal=CATCH_UP_SIGNAL,
        audit=audit.counts,
        gauges=audit.gauges,
    )
