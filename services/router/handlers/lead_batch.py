"""A unit of work on leads: changes are collected while handlers decide, then saved in one statement for each table."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from services.router.domain.lead import Lead
from services.router.store import leads as store
from shared.events.base import Event
from shared.events.leads import LeadEvent
from shared.store.tx import Tx
from shared.work import schedule
from shared.work.schedule import ScheduledItem


@dataclass(slots=True)
class LeadBatch:
    """Loaded leads by id, as they were (`originals`) and are now (`leads`), and all rows to be written about them."""

    tx: Tx
    leads: dict[str, Lead] = field(default_factory=dict)
    originals: dict[str, Lead] = field(default_factory=dict)
    changed: dict[str, Lead] = field(default_factory=dict)
    timeline: list[dict[str, Any]] = field(default_factory=list)
    decisions: list[dict[str, Any]] = field(default_factory=list)
    assignments: dict[tuple[str, int], dict[str, Any]] = field(default_factory=dict)
    ended_assignments: list[dict[str, Any]] = field(default_factory=list)
    scheduled: list[ScheduledItem] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)

    async def load(self, ids: Iterable[str]) -> None:
        """Lock and load leads that are not loaded yet; ids that do not exist are ignored."""
        loaded = await store.load_for_update(self.tx, [lead for lead in ids if lead not in self.leads])
        self.leads |= loaded
        self.originals |= loaded

    def update(self, lead: Lead, **changes: Any) -> Lead:
        """The lead with new values, to be saved; a new state begins now."""
        if "state" in changes and changes["state"] != lead.state:
            changes.setdefault("since", self.tx.now)
        lead = replace(lead, **changes)
        self.leads[lead.id] = self.changed[lead.id] = lead
        return lead

    def emit(self, lead: Lead, data: LeadEvent, cause: Event[Any] | None = None) -> Event[Any]:
        """Emit an event about a lead, and add it to the lead's timeline without the card."""
        event = self.tx.emit(data, subject=lead.id, cause=cause)
        entry = data.model_dump(mode="json", exclude_none=True, exclude={"lead"})
        self.timeline.append({"lead": lead.id, "at": self.tx.now, "type": data.type, "data": entry})
        return event

    def end_assignment(self, lead: Lead, why: str, at: datetime | None = None) -> None:
        """End the lead's present assignment."""
        self.ended_assignments.append({"lead": lead.id, "at": at or self.tx.now, "why": why})

    async def save(self) -> None:
        """Write all changes."""
        await store.save(self.tx, list(self.changed.values()))
        await store.insert_timeline(self.tx, self.timeline)
        await store.insert_decisions(self.tx, self.decisions)
        await store.save_assignments(self.tx, list(self.assignments.values()), self.ended_assignments)
        await schedule.cancel(self.tx, self.cancelled)
        await schedule.schedule(self.tx, self.scheduled)
