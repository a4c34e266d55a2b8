"""Projects events into leads, clocks, notices and the timeline.

Events of different topics arrive in any order: a clock may start before its lead is received.
"""

from typing import Any

from services.console.domain import clock, lead
from services.console.domain.notice import STATES as NOTICE_STATES
from services.console.domain.notice import notice_row
from services.console.domain.sentences import Sentence, describe
from services.console.store import leads, reference, timeline
from shared import events as e
from shared.events.base import Event
from shared.events.lead_states import STATE_AFTER
from shared.store.tx import Tx

BOARD_SIGNAL = "board"
"""The wakeup that live pages wait for."""
EVENT_TYPES: tuple[type[Any], ...] = (
    *STATE_AFTER,
    *NOTICE_STATES,
    e.LeadEnquiredAgain,
    e.LeadAttempted,
    e.ActionRefused,
    e.ActionTaken,
    e.ClockStarted,
    e.ClockStopped,
    e.ClockMoved,
    e.ClockPaused,
    e.ClockResumed,
    e.SlaWarned,
    e.SlaBreached,
    e.SlaEscalated,
    e.SlaWithdrawn,
)


async def project_events(tx: Tx, events: list[Event[Any]]) -> None:
    """Apply events, at most one of each lead, and wake the live pages."""
    rows = await leads.load_for_update(tx, {event.subject: lead.new_row(event.subject, event.time) for event in events})
    clocks = await leads.clocks_by_lead(tx, rows)
    names = await reference.names_of_people(tx)
    newest = await timeline.insert(tx, [_timeline_entry(event, describe(event, names)) for event in events])
    lead_rows = []
    for event in events:
        row = lead.apply(rows[event.subject], event)
        lead_rows.append(row | {"newest_entry": max(row["newest_entry"], newest[event.subject])})
    clock_rows = [clock.apply(clocks.get(event.subject, []), event) for event in events]
    notice_rows = [notice_row(event) for event in events]
    await leads.save(tx, lead_rows, [row for row in clock_rows if row], [row for row in notice_rows if row])
    tx.wakeups.add(BOARD_SIGNAL)


def _timeline_entry(event: Event[Any], sentence: Sentence) -> dict[str, Any]:
    entry = {"lead": event.subject, "at": event.time, "type": event.data.type}
    return entry | {"text": sentence.text, "in_feed": sentence.in_feed, "color": sentence.color}


async def on_roster_changed(tx: Tx, events: list[Event[e.RosterChanged]]) -> None:
    """Store the names of people."""
    await reference.upsert_people(tx, [{"id": event.data.rep.id, "name": event.data.rep.name} for event in events])


async def on_agreement_published(tx: Tx, events: list[Event[e.AgreementPublished]]) -> None:
    """Store the published versions, and wake the live pages."""
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
