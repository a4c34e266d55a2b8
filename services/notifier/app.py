"""The notifier: who was told, how, and what they answered."""

from services.notifier import api, audit
from services.notifier.channels.post import Post
from services.notifier.handlers import hearing, knowledge, sending
from services.notifier.handlers.sender import Sender
from services.notifier.settings import Settings
from services.notifier.store.tables import metadata
from shared.events import AgreementPublished, ClockMoved, ClockResumed, ClockStarted, ClockStopped, RosterChanged
from shared.reference.handlers import on_agreement_published, on_roster_changed
from shared.runtime.service import Service, TaskContext
from shared.web import STATIC


def build(settings: Settings) -> Service:
    """The notifier as data."""

    async def send(context: TaskContext) -> None:
        await Sender(Post(settings), context.db, context.access, context.stop).run()

    return Service(
        name="notifier",
        metadata=metadata,
        routes=api.doors,
        on_event={  # what others say -> what we do about it
            **hearing.HEARS,  # tell people, or hush what no longer matters
            ClockStarted: knowledge.runs,
            ClockMoved: knowledge.runs,
            ClockResumed: knowledge.runs,
            ClockStopped: knowledge.stopped,
            AgreementPublished: on_agreement_published(hearing.hear),
            RosterChanged: on_roster_changed(hearing.hear),
        },
        on_due={  # what comes due -> what we do about it
            "send": sending.wake,  # a wait, a back-off or a lease is over
            "look": knowledge.look,  # events that wait for a version or a person
        },
        background=(send,),  # takes what is ready to its channel
        audit=audit.terms,
        gauges=audit.gauges,
        static_dirs=(STATIC,),
    )
