"""A batch of leads with their clocks: loaded at once, changed in memory, and saved at the end with its events."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from services.timer import store
from services.timer.domain import promise as promises
from services.timer.domain.advance import next_due
from services.timer.domain.clock import Clock, ClockEvents
from services.timer.domain.clock_calendar import ClockCalendar, calendar_for, rebuild
from services.timer.domain.escalation import StepCounts
from services.timer.domain.lead import Lead
from services.timer.domain.pending_action import PendingAction, hold_until
from services.timer.domain.promise import StartedClock
from shared.agreement.model import ExecutableAgreement, Promise
from shared.agreement.time.calendar import Calendar
from shared.base.roster import Rep
from shared.events.base import Event
from shared.events.breaches import SlaEvent
from shared.reference.cache import agreement_versions, roster
from shared.store.tx import Tx
from shared.work import schedule
from shared.work.schedule import ScheduledItem

LeadEvent = Event[Any]
"""An event about a lead, of any type."""
CLOCK_ITEM = "clock"
"""The kind of the scheduled item of a clock."""
CATCH_UP_SIGNAL = "settling"
"""The wakeup that asks the consumer how far it has read. It is signalled when a clock settles or is checked again."""
MIN_RECHECK = timedelta(milliseconds=50)


@dataclass(slots=True)
class ClockBatch:
    """The clocks, leads, versions and people of a batch, and what has changed. `save` writes the changes.

    `saved_calendars` are the calendars that clocks were started with, as stored, by clock id.
    """

    tx: Tx
    clocks: dict[str, list[Clock]] = field(default_factory=dict)
    versions: Mapping[int, ExecutableAgreement] = field(default_factory=dict)
    people: Mapping[str, Rep] = field(default_factory=dict)
    leads: dict[str, Lead] = field(default_factory=dict)
    pending: dict[str, list[PendingAction]] = field(default_factory=dict)
    step_counts: StepCounts = field(default_factory=dict)
    saved_step_counts: StepCounts = field(default_factory=dict)
    saved_calendars: dict[str, dict[str, Any]] = field(default_factory=dict)
    changed: dict[str, Clock] = field(default_factory=dict)
    changed_leads: set[str] = field(default_factory=set)
    new_calendars: list[dict[str, Any]] = field(default_factory=list)
    new_pending: list[PendingAction] = field(default_factory=list)
    resolved: set[str] = field(default_factory=set)
    to_recheck: set[str] = field(default_factory=set)
    breach_rows: list[dict[str, Any]] = field(default_factory=list)
    _calendars: dict[tuple[Any, ...], ClockCalendar] = field(default_factory=dict)

    def clocks_of(self, lead: str) -> list[Clock]:
        """The clocks of a lead, with the changes of this batch."""
        return [self.changed.get(clock.id, clock) for clock in self.clocks.get(lead, [])]

    def promise_of(self, clock: Clock) -> Promise:
        """The promise that a clock runs for."""
        return self.versions[clock.terms_version].promises[clock.promise]

    def calendar_for(self, of: Lead | Clock) -> ClockCalendar:
        """The calendar that a clock of this owner and team has by today's shifts; compiled once in a batch."""
        key = (of.terms_version, of.routing_version, of.team, of.owner)
        if key not in self._calendars:
            rep = self.people.get(of.owner or "")
            terms, routing = self.versions[of.terms_version], self.versions.get(of.routing_version)
            self._calendars[key] = calendar_for(terms, routing, of.team, rep)
        return self._calendars[key]

    def calendar_of(self, clock: Clock) -> Calendar:
        """The calendar that a clock is computed in: the one that it started with, whatever shifts have changed since."""
        saved = self.saved_calendars.get(clock.id)
        if saved is None:
            return promises.calendar_of(self.promise_of(clock), self.calendar_for(clock))
        parts = (saved["calendar"], saved["hours"], saved["timezone"])
        key = ("saved", clock.terms_version, *parts)
        if key not in self._calendars:
            self._calendars[key] = rebuild(self.versions[clock.terms_version], *parts)
        return promises.calendar_of(self.promise_of(clock), self._calendars[key])

    def remaining(self, clock: Clock, at: datetime) -> int:
        """The seconds that a clock has left at a moment."""
        return promises.remaining(clock, at, self.calendar_of(clock))

    def hold_until(self, clock: Clock) -> datetime | None:
        """Until when (real time) pending actions hold the breach of a clock, or None."""
        return hold_until(clock, self.promise_of(clock), self.pending.get(clock.lead, []), self.tx.wall)

    def set_lead(self, lead: Lead) -> None:
        """Replace a lead, or add it."""
        self.leads[lead.id] = lead
        self.changed_leads.add(lead.id)

    def add_pending(self, action: PendingAction) -> None:
        """Add a pending action."""
        self.pending.setdefault(action.lead, []).append(action)
        self.new_pending.append(action)

    def resolve_pending(self, lead: str, action_ids: Iterable[str | None]) -> None:
        """Remove pending actions of a lead: they were applied or refused, or never will be."""
        resolved = {action_id for action_id in action_ids if action_id}
        self.pending[lead] = [action for action in self.pending.get(lead, []) if action.action_id not in resolved]
        self.resolved |= resolved

    def add_started(self, started: StartedClock, clock_calendar: ClockCalendar, cause: LeadEvent) -> None:
        """Add a clock that starts, with the calendar that it was computed in."""
        clock = replace(started.clock, held_until=self.hold_until(started.clock))
        self.update(clock, [started.event], cause)
        self.new_calendars.append(
            {
                "clock": clock.id,
                "calendar": clock_calendar.name,
                "hours": clock_calendar.hours,
                "timezone": clock_calendar.timezone,
                "inherited_seconds": started.inherited_seconds,
            }
        )

    def update(self, clock: Clock, events: ClockEvents, cause: LeadEvent | None = None) -> None:
        """Replace a clock, or add it, and emit the events about it."""
        if all(clock.id != other.id for other in self.clocks.setdefault(clock.lead, [])):
            self.clocks[clock.lead].append(clock)
        self.changed[clock.id] = clock
        for data in events:
            event = self.tx.emit(data, subject=clock.lead, cause=cause)
            if isinstance(data, SlaEvent):
                body = data.model_dump(mode="json", exclude_none=True)
                row = {"at": self.tx.now, "lead": clock.lead, "type": data.type, "event": event.id, "data": body}
                self.breach_rows.append(row)

    def recheck(self, clock: Clock) -> None:
        """Check a due clock again once the consumer has read everything published until now."""
        self.to_recheck.add(clock.id)
        self.update(clock, [])

    async def save(self) -> None:
        """Write all changes. Each changed clock has one scheduled item, or none when it has no next step."""
        tx = self.tx
        await store.save_clocks(tx, list(self.changed.values()))
        await store.insert_calendars(tx, self.new_calendars)
        counted = {key: times for key, times in self.step_counts.items() if self.saved_step_counts.get(key) != times}
        await store.save_step_counts(tx, counted)
        await store.save_leads(tx, [self.leads[lead] for lead in self.changed_leads])
        await store.delete_pending_actions(tx, self.resolved)
        new_pending = [action for action in self.new_pending if action.action_id not in self.resolved]
        await store.insert_pending_actions(tx, new_pending)
        await self._schedule()
        if self.breach_rows:
            tx.before_commit(partial(store.append_breaches, tx, self.breach_rows))

    async def _schedule(self) -> None:
        items = {clock.id: self._scheduled_item(clock) for clock in self.changed.values()}
        if self.to_recheck or any(clock.next_step == "settle" for clock in self.changed.values()):
            self.tx.wakeups.add(CATCH_UP_SIGNAL)
        await schedule.cancel(self.tx, [clock_id for clock_id, item in items.items() if item is None])
        await schedule.schedule(self.tx, [item for item in items.values() if item])

    def _scheduled_item(self, clock: Clock) -> ScheduledItem | None:
        tx = self.tx
        if clock.id in self.to_recheck:
            at = tx.wall + max(tx.context.settle, MIN_RECHECK)
            return ScheduledItem(clock.id, CLOCK_ITEM, clock.lead, at, "wall")
        due = next_due(clock, self.promise_of(clock), self.calendar_of(clock), tx.wall, tx.context.settle, tx.now)
        return ScheduledItem(clock.id, CLOCK_ITEM, clock.lead, due.at, due.clock) if due else None


async def load_batch(tx: Tx, clocks: dict[str, list[Clock]], *, versions: Iterable[int] = ()) -> ClockBatch:
    """Load a batch of clocks, by lead, with what they and these versions need: one statement for each kind of row."""
    loaded = [clock for of_lead in clocks.values() for clock in of_lead]
    needed = {number for clock in loaded for number in (clock.terms_version, clock.routing_version)} | set(versions)
    escalating = {clock.lead for clock in loaded if clock.next_step in ("settle", "escalate")}
    counts = await store.step_counts_of(tx, escalating)
    return ClockBatch(
        tx=tx,
        clocks=clocks,
        versions=await agreement_versions(tx, needed),
        people=await roster(tx),
        step_counts=dict(counts),
        saved_step_counts=counts,
        saved_calendars=await store.calendars_of(tx, [clock.id for clock in loaded]),
    )
