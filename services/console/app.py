"""The console service: shows leads, clocks and notices from a projection of all topics, and changes no lead."""

from pathlib import Path

from services.console import audit
from services.console.api.board import board_routes
from services.console.api.lead_page import lead_routes
from services.console.api.sign_in import sign_in_routes
from services.console.handlers import projection
from services.console.settings import Settings
from services.console.store.tables import metadata
from shared.events import AgreementPublished, RosterChanged
from shared.runtime.service import Service
from shared.web import STATIC
from shared.web.http import combine_routers


def build(settings: Settings) -> Service:
    """The description of the console: its routes, and the handler of each event."""
    return Service(
        name="console",
        metadata=metadata,
        routes=combine_routers(board_routes(settings.board_rows), lead_routes(), sign_in_routes()),
        on_event={
            **dict.fromkeys(projection.EVENT_TYPES, projection.project_events),
            RosterChanged: projection.on_roster_changed,
            AgreementPublished: projection.on_agreement_published,
        },
        audit=audit.counts,
        gauges=audit.gauges,
        static_dirs=(STATIC, ("/static/console", str(Path(__file__).parent / "static"))),
    )
