"""What a batch changes, collected while it is decided and written at its end in one statement for each table."""

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
class Book:
    """Leads at hand, and everything to be written about them."""

    tx: Tx
    leads: dict[str, Lead] = field(default_factory=dict)
    originals: dict[str, Lead] = field(default_factory=dict)
    changed: dict[str, Lead] = field(default_factory=dict)
    lines: list[dict[str, Any]] = field(default_factory=list)
    decisions: list[dict[str, Any]] = field(default_factory=list)
    assigned: dict[tuple[str, int], dict[str, Any]] = field(default_factory=dict)
    ended: list[dict[str, Any]] = field(default_factory=list)
    put: list[ScheduledItem] = field(default_factory=list)
    drop: list[str] = field(default_factory=list)

    async def load(self, ids: Iterable[str]) -> None:
        """Lock leads and have them at hand."""
        found = await store.locked(self.tx, [lead for lead in ids if lead not in self.leads])
        self.leads |= found
        self.originals |= found

    def keep(self, lead: Lead, **new: Any) -> Lead:
        """A lead with new values; a new state begins now."""
        if "state" in new and new["state"] != lead.state:
            new.setdefault("since", self.tx.now)
        lead = replace(lead, **new)
        self.leads[lead.id] = self.changed[lead.id] = lead
        return lead

    def say(self, lead: Lead, fact: LeadEvent, cause: Event[Any] | None = None) -> Event[Any]:
        """Say an event of a lead, and note it in the lead's own record, without the card."""
        event = self.tx.emit(fact, subject=lead.id, cause=cause)
        data = fact.model_dump(mode="json", exclude_none=True, exclude={"lead"})
        self.lines.append({"lead": lead.id, "at": self.tx.now, "type": fact.type, "data": data})
        return event

    def end(self, lead: Lead, why: str, at: datetime | None = None) -> None:
        """The present assignment is over."""
        self.ended.append({"lead": lead.id, "at": at or self.tx.now, "why": why})

    async def write(self) -> None:
        """Write it all."""
        await store.save(self.tx, list(self.changed.values()))
        await store.write_log(self.tx, self.lines)
        await store.write_decisions(self.tx, self.decisions)
        await store.write_assignments(self.tx, list(self.assigned.values()), self.ended)
        await schedule.cancel(self.tx, self.drop)
        await schedule.schedule(self.tx, self.put)
