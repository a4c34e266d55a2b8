"""What the notifier learns: versions of the agreement (its channels) and people (their addresses)."""

from services.notifier import store
from services.notifier.handlers.tell import hear
from shared import waiting
from shared.db import Tx
from shared.events import AgreementPublished, RosterChanged
from shared.events.base import Event


async def learn(tx: Tx, events: list[Event[AgreementPublished]]) -> None:
    """Versions of the agreement went live."""
    await store.learn(tx, [{"version": event.data.version, "compiled": event.data.compiled} for event in events])
    await waiting.resume(tx, hear, [f"agreement:{event.data.version}" for event in events])


async def meet(tx: Tx, events: list[Event[RosterChanged]]) -> None:
    """People changed."""
    await store.meet(tx, [event.data.rep for event in events])
    await waiting.resume(tx, hear, [f"rep:{event.data.rep.id}" for event in events])
