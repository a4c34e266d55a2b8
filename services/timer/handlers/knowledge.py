"""What the timer learns: versions of the agreement and people; events that waited for them are handled then."""

from services.timer import store
from services.timer.handlers import leads
from shared.events import AgreementPublished, RosterChanged
from shared.events.base import Event
from shared.store.tx import Tx
from shared.work import deferred


async def learn(tx: Tx, events: list[Event[AgreementPublished]]) -> None:
    """Versions of the agreement went live."""
    rows = [
        {
            "version": event.data.version,
            "hash": event.data.hash,
            "published_at": event.data.published_at,
            "compiled": event.data.compiled,
        }
        for event in events
    ]
    await store.learn(tx, rows)
    await deferred.resume(tx, leads.hear, [f"agreement:{event.data.version}" for event in events])


async def meet(tx: Tx, events: list[Event[RosterChanged]]) -> None:
    """People changed."""
    await store.meet(tx, [event.data.rep for event in events])
    await deferred.resume(tx, leads.hear, [f"rep:{event.data.rep.id}" for event in events])
