"""What others say becomes rows, clocks and sentences; topics have no order among each other, so a clock may come first."""

from typing import Any

from services.console.domain import clock, lead
from services.console.domain.notice import STATES as NOTICES
from services.console.domain.notice import notice
from services.console.domain.sentences import sentence
from services.console.store import known, leads, lines
from shared import events as said
from shared.events.base import Event
from shared.store.tx import Tx

BELL = "floor"
KINDS: tuple[type[Any], ...] = (
    *lead.STATES,
    *NOTICES,
    said.LeadEnquiredAgain,
    said.LeadAttempted,
    said.ActionRefused,
    said.ActionTaken,
    said.ClockStarted,
    said.ClockStopped,
    said.ClockMoved,
    said.ClockPaused,
    said.ClockResumed,
    said.SlaWarned,
    said.SlaBreached,
    said.SlaEscalated,
    said.SlaWithdrawn,
)


async def follow(tx: Tx, events: list[Event[Any]]) -> None:
    """At most one event of each lead."""
    rows = await leads.held(tx, {event.subject: lead.blank(event.subject, event.time) for event in events})
    clocks = await leads.clocks_of(tx, rows)
    names = await known.names(tx)
    newest = await lines.write(tx, [_line(event, sentence(event, names)) for event in events])
    moved = []
    for event in events:
        row = lead.after(rows[event.subject], event)
        moved.append(row | {"moved": max(row["moved"], newest[event.subject])})
    changed = [clock.after(clocks.get(event.subject, []), event) for event in events]
    told = [notice(event) for event in events]
    await leads.save(tx, moved, [row for row in changed if row], [row for row in told if row])
    tx.wakeups.add(BELL)


def _line(event: Event[Any], text: Any) -> dict[str, Any]:
    line = {"lead": event.subject, "at": event.time, "type": event.data.type}
    return line | {"text": text.text, "loud": text.loud, "color": text.color}


async def meet(tx: Tx, events: list[Event[said.RosterChanged]]) -> None:
    """People's names."""
    await known.meet(tx, [{"id": event.data.rep.id, "name": event.data.rep.name} for event in events])


async def learn(tx: Tx, events: list[Event[said.AgreementPublished]]) -> None:
    """Which version is live."""
    rows = [
        {
            "version": event.data.version,
            "name": str(event.data.compiled.get("name", "")),
            "published_at": event.data.published_at,
        }
        for event in events
    ]
    await known.learn(tx, rows)
    tx.wakeups.add(BELL)
