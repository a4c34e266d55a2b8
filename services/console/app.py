"""The console: shows everything, owns nothing, asks owners to act."""

from pathlib import Path

from services.console import audit, handlers
from services.console.api import doors
from services.console.settings import Settings
from services.console.store import metadata
from shared.events import AgreementPublished, RosterChanged
from shared.service import Service
from shared.web import STATIC


def build(settings: Settings) -> Service:
    """The console as data."""
    return Service(
        name="console",
        metadata=metadata,
        doors=doors(settings),
        hears={  # what others say -> what is shown
            **dict.fromkeys(handlers.KINDS, handlers.follow),
            RosterChanged: handlers.meet,
            AgreementPublished: handlers.learn,
        },
        audit=audit.terms,
        gauges=audit.gauges,
        statics=(STATIC, ("/static/console", str(Path(__file__).parent / "static"))),
    )
