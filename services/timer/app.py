"""The timer: every promise that is running, and what happens when one is not kept."""

from services.timer import api, audit
from services.timer.handlers import leads, sheet, steps
from services.timer.settings import Settings
from services.timer.store import metadata
from shared.events import AgreementPublished, RosterChanged
from shared.reference.handlers import on_agreement_published, on_roster_changed
from shared.runtime.service import Service


def build(settings: Settings) -> Service:
    """The timer as data."""
    return Service(
        name="timer",
        metadata=metadata,
        routes=api.doors,
        on_event={  # what others say -> what we do about it
            **dict.fromkeys(leads.DOES, leads.hear),
            AgreementPublished: on_agreement_published(leads.hear),
            RosterChanged: on_roster_changed(leads.hear),
        },
        on_due={"clock": steps.step},  # warn, settle, breach, the next rung
        catch_up_signal=sheet.SETTLING,
        audit=audit.terms,
        gauges=audit.gauges,
    )
