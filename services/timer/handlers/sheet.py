"""What a batch changes: clocks, their due rows and the events about them, written at its end."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.timer import store
from services.timer.domain import ladder
from services.timer.domain.clock import Clock, Facts
from services.timer.domain.promise import calendar_of
from shared import due
from shared.agreement.calendar import Calendar
from shared.agreement.compiled import Compiled, Promise
from shared.agreement.roster import Rep
from shared.db import Tx
from shared.due import Due
from shared.events.base import Event
from shared.events.breaches import SlaFact

KIND = "clock"


@dataclass(slots=True)
class Sheet:
    """Everything at hand for a batch of leads."""

    tx: Tx
    clocks: dict[str, list[Clock]] = field(default_factory=dict)
    versions: dict[int, Compiled] = field(default_factory=dict)
    people: dict[str, Rep] = field(default_factory=dict)
    spent: ladder.Spent = field(default_factory=dict)
    spent_before: ladder.Spent = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    closing: set[str] = field(default_factory=set)
    opening: set[str] = field(default_factory=set)
    changed: dict[str, Clock] = field(default_factory=dict)
    rows: dict[str, Due | None] = field(default_factory=dict)
    said: list[dict[str, Any]] = field(default_factory=list)
    calendars: dict[tuple[int, int, str | None, str | None], Calendar] = field(default_factory=dict)

    def of(self, lead: str) -> list[Clock]:
        """The clocks of a lead as they are now."""
        return [self.changed.get(clock.id, clock) for clock in self.clocks.get(lead, [])]

    def promise(self, clock: Clock) -> Promise:
        """The promise that a clock runs for."""
        return self.versions[clock.agreement].promises[clock.promise]

    def calendar(self, pinned: int, routed: int, team: str | None, owner: str | None) -> Calendar:
        """The calendar that a clock of these follows; compiled once in a batch."""
        key = (pinned, routed, team, owner)
        if key not in self.calendars:
            rep = self.people.get(owner or "")
            self.calendars[key] = calendar_of(self.versions[pinned], self.versions.get(routed), team, rep)
        return self.calendars[key]

    def calendar_of(self, clock: Clock) -> Calendar:
        """The calendar that a clock follows."""
        return self.calendar(clock.agreement, clock.routed, clock.team, clock.owner)

    def keep(self, clock: Clock, facts: Facts, cause: Event[Any] | None = None) -> Clock:
        """A changed or new clock, and what is said about it."""
        if all(clock.id != other.id for other in self.clocks.setdefault(clock.lead, [])):
            self.clocks[clock.lead].append(clock)
        self.changed[clock.id] = clock
        for fact in facts:
            event = self.tx.emit(fact, subject=clock.lead, cause=cause)
            if isinstance(fact, SlaFact):
                data = fact.model_dump(mode="json", exclude_none=True)
                row = {"at": self.tx.now, "lead": clock.lead, "type": fact.type, "event": event.id, "data": data}
                self.said.append(row)
        self.rows[clock.id] = self._row(clock)
        return clock

    def wake(self, clock: Clock, at: datetime) -> None:
        """Look at a clock again at a moment of real time."""
        self.rows[clock.id] = Due(clock.id, KIND, clock.lead, at, "wall")

    def _row(self, clock: Clock) -> Due | None:
        """The one due row of a clock: its next step, or none when it rests."""
        if not clock.runs or not clock.step:
            return None
        if clock.step == "settle":
            return Due(clock.id, KIND, clock.lead, clock.held_until or self.tx.wall + self.tx.house.settle, "wall")
        if clock.step == "rung":
            rung = self.promise(clock).rungs[clock.rung]
            return Due(clock.id, KIND, clock.lead, ladder.at(clock, rung, self.calendar_of(clock)))
        at = clock.warn_at if clock.step == "warn" and clock.warn_at else clock.due_at
        return Due(clock.id, KIND, clock.lead, at)

    async def write(self) -> None:
        """Write it all."""
        tx = self.tx
        await store.save(tx, list(self.changed.values()))
        await store.spend(tx, {key: n for key, n in self.spent.items() if self.spent_before.get(key) != n})
        await store.tell_breaches(tx, self.said)
        await store.close(tx, self.closing)
        await store.reopen(tx, self.opening)
        await due.drop(tx, [clock for clock, row in self.rows.items() if row is None])
        await due.put(tx, [row for row in self.rows.values() if row])


async def opened(
    tx: Tx, clocks: dict[str, list[Clock]], *, versions: Iterable[int] = (), people: Iterable[str] = ()
) -> Sheet:
    """A sheet with what these clocks, versions and people need, one statement for each kind."""
    every = [clock for of_lead in clocks.values() for clock in of_lead]
    wanted = {clock.agreement for clock in every} | {clock.routed for clock in every} | set(versions)
    owners = {clock.owner for clock in every if clock.owner and clock.runs} | set(people)
    spent = (
        await store.spent_of(tx, clocks)
        if any(clock.state == "breached" or clock.step == "settle" for clock in every)
        else {}
    )
    return Sheet(
        tx,
        clocks,
        await store.versions_of(tx, wanted),
        await store.people_of(tx, owners),
        dict(spent),
        dict(spent),
        await store.closed_of(tx, clocks),
    )
