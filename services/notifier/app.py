"""The notifier: who was told, how, and what they answered."""

from services.notifier import api, audit
from services.notifier.channels.post import Post
from services.notifier.handlers import knowledge, sending, tell
from services.notifier.settings import Settings
from services.notifier.store import metadata
from shared.events import AgreementPublished, RosterChanged
from shared.service import Service
from shared.web import STATIC


def build(settings: Settings) -> Service:
    """The notifier as data."""
    return Service(
        name="notifier",
        metadata=metadata,
        doors=api.doors,
        hears={  # what others say -> what we do about it
            **tell.HEARS,  # notices, or hush the ones that no longer matter
            AgreementPublished: knowledge.learn,
            RosterChanged: knowledge.meet,
        },
        rings={"send": sending.wake},  # a wait, a back-off or a lease is over
        tasks=(sending.sender(Post(settings)),),
        audit=audit.terms,
        gauges=audit.gauges,
        statics=(STATIC,),
    )
