"""Helpers of the notice tests: changed people, outcomes of answers, and who was notified."""

from datetime import timedelta
from typing import Any

from shared.agreement.model import Channel
from shared.base.roster import Away
from shared.events import RosterChanged
from tests.notifier.harness import PEOPLE, NotifierHarness, assigned, clock
from tests.service_harness import TUESDAY

MINUTE = timedelta(minutes=1)
EMAIL = Channel(channel="email")


def rep(name: str, **changes: Any) -> RosterChanged:
    (person,) = [person for person in PEOPLE if person.id == name]
    return RosterChanged(rep=person.model_copy(update=changes))


def away() -> tuple[Away, ...]:
    return (Away(start=TUESDAY - MINUTE, until=TUESDAY + timedelta(days=3)),)


def outcome(kind: Any, epoch: int = 1, **more: Any) -> Any:
    return kind(owner="dan", epoch=epoch, by="dan", answered_at=TUESDAY, **more)


async def assign_and_send(notifier: NotifierHarness, **fields: Any) -> None:
    """Assign the lead to Dan, and wait until his mail is sent."""
    await notifier.handle(assigned(**fields))
    await notifier.handle(clock(TUESDAY + 15 * MINUTE))
    await notifier.until_idle()


async def notified(notifier: NotifierHarness, *skip: str) -> list[tuple[str, str, str]]:
    """(kind, role, person or channel) of the notices, without assignments and the kinds in `skip`."""
    return [state[:3] for state in await notifier.states() if state[0] not in (*skip, "assigned")]
