"""The console: shows everything, owns nothing, asks owners to act."""

from pathlib import Path

from services.console import audit
from services.console.api import pages, sign_in
from services.console.handlers import projection
from services.console.settings import Settings
from services.console.store.tables import metadata
from shared.events import AgreementPublished, RosterChanged
from shared.runtime.service import Service
from shared.web import STATIC
from shared.web.http import combine_routers


def build(settings: Settings) -> Service:
    """The console as data."""
    return Service(
        name="console",
        metadata=metadata,
        routes=combine_routers(pages.page_routes(settings), sign_in.sign_in_routes()),
        on_event={  # what others say -> what is shown
            **dict.fromkeys(projection.EVENT_TYPES, projection.project_events),
            RosterChanged: projection.on_roster_changed,
            AgreementPublished: projection.on_agreement_published,
        },
        audit=audit.audit_terms,
        gauges=audit.gauges,
        static_dirs=(STATIC, ("/static/console", str(Path(__file__).parent / "static"))),
    )
