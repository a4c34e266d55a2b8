"""What others say becomes rows, clocks and sentences; topics have no order among each other, so a clock may come first."""

from typing import Any

from services.console.domain import clock, lead
from services.console.domain.notice import STATES as NOTICES
from services.console.domain.notice import notice_row
from services.console.domain.sentences import describe
from services.console.store import leads, reference, timeline
from shared import events as said
from shared.events.base import Event
from shared.store.tx import Tx

BOARD_SIGNAL = "floor"
EVENT_TYPES: tuple[type[Any], ...] = (
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


async def project_events(tx: Tx, events: list[Event[Any]]) -> None:
    """At most one event of each lead."""
    rows = await leads.load_for_update(tx, {event.subject: lead.new_row(event.subject, event.time) for event in events})
    clocks = await leads.clocks_by_lead(tx, rows)
    names = await reference.names_of_people(tx)
    newest = await timeline.insert(tx, [_timeline_entry(event, describe(event, names)) for event in events])
    moved = []
    for event in events:
        row = lead.apply(rows[event.subject], event)
        moved.append(row | {"moved": max(row["moved"], newest[event.subject])})
    changed = [clock.apply(clocks.get(event.subject, []), event) for event in events]
    told = [notice_row(event) for event in events]
    await leads.save(tx, moved, [row for row in changed if row], [row for row in told if row])
    tx.wakeups.add(BOARD_SIGNAL)


def _timeline_entry(event: Event[Any], sentence: Any) -> dict[str, Any]:
    line = {"lead": event.subject, "at": event.time, "type": event.data.type}
    return line | {"text": sentence.text, "loud": sentence.loud, "color": sentence.color}


async def on_roster_changed(tx: Tx, events: list[Event[said.RosterChanged]]) -> None:
    """People's names."""
    await reference.upsert_people(tx, [{"id": event.data.rep.id, "name": event.data.rep.name} for event in events])


async def on_agreement_published(tx: Tx, events: list[Event[said.AgreementPublished]]) -> None:
    """Which version is live."""
    rows = [
        {
            "version": event.data.version,
            "name": str(event.data.compiled.get("name", "")),
            "published_at": event.data.published_at,
        }
        for event in events
    ]
    await reference.upsert_agreements(tx, rows)
    tx.wakeups.add(BOARD_SIGNAL)
