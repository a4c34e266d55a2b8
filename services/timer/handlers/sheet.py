"""What a batch changes: leads, clocks, their due rows and the events about them, written at its end."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from services.timer import store
from services.timer.domain import ladder
from services.timer.domain.answer import Answer, holds
from services.timer.domain.clock import Clock, Facts
from services.timer.domain.followed import Followed, again, follow
from services.timer.domain.lead import Lead
from services.timer.domain.promise import Begun, basis, left_of
from services.timer.domain.step import upcoming
from shared.agreement.model import ExecutableAgreement, Promise
from shared.agreement.time.calendar import Calendar
from shared.base.roster import Rep
from shared.events.base import Event
from shared.events.breaches import SlaEvent
from shared.reference.cache import agreement_versions, roster
from shared.store.tx import Tx
from shared.work import schedule
from shared.work.schedule import ScheduledItem

KIND = "clock"
SETTLING = "settling"
"""The bell that asks how far this service has read."""
PAUSE = timedelta(milliseconds=50)


@dataclass(slots=True)
class Sheet:
    """Everything at hand for a batch of leads, and what is to be written."""

    tx: Tx
    clocks: dict[str, list[Clock]] = field(default_factory=dict)
    versions: Mapping[int, ExecutableAgreement] = field(default_factory=dict)
    people: Mapping[str, Rep] = field(default_factory=dict)
    spent: ladder.Spent = field(default_factory=dict)
    leads: dict[str, Lead] = field(default_factory=dict)
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    spent_before: ladder.Spent = field(default_factory=dict)
    changed: dict[str, Clock] = field(default_factory=dict)
    reckoned: list[dict[str, Any]] = field(default_factory=list)
    said: list[dict[str, Any]] = field(default_factory=list)
    moved: set[str] = field(default_factory=set)
    taken: list[Answer] = field(default_factory=list)
    arrived: set[str] = field(default_factory=set)
    later: set[str] = field(default_factory=set)
    kept: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What each clock was reckoned with when it began."""
    begun_with: dict[tuple[int, str, str | None, str | None], Followed] = field(default_factory=dict)
    followed: dict[tuple[int, int, str | None, str | None], Followed] = field(default_factory=dict)

    def of(self, lead: str) -> list[Clock]:
        """The clocks of a lead as they are now."""
        return [self.changed.get(clock.id, clock) for clock in self.clocks.get(lead, [])]

    def promise(self, clock: Clock) -> Promise:
        """The promise that a clock runs for."""
        return self.versions[clock.agreement].promises[clock.promise]

    def follows(self, pinned: int, routed: int, team: str | None, owner: str | None) -> Followed:
        """What a clock of these follows; compiled once in a batch."""
        key = (pinned, routed, team, owner)
        if key not in self.followed:
            rep = self.people.get(owner or "")
            self.followed[key] = follow(self.versions[pinned], self.versions.get(routed), team, rep)
        return self.followed[key]

    def calendar(self, clock: Clock) -> Calendar:
        """The calendar that a clock is reckoned in: the one that it began with, whatever shifts have changed since."""
        kept = self.kept.get(clock.id)
        if kept is None:
            return basis(self.promise(clock), self.follows(clock.agreement, clock.routed, clock.team, clock.owner))
        key = (clock.agreement, kept["calendar"], kept["hours"], kept["timezone"])
        if key not in self.begun_with:
            self.begun_with[key] = again(self.versions[clock.agreement], *key[1:])
        return basis(self.promise(clock), self.begun_with[key])

    def left(self, clock: Clock, at: datetime) -> int:
        """The seconds that a clock had left at a moment."""
        return left_of(clock, at, self.calendar(clock))

    def know(self, lead: Lead) -> None:
        """How a lead is now."""
        self.leads[lead.lead] = lead
        self.moved.add(lead.lead)

    def take(self, answer: Answer) -> None:
        """An answer is on its way."""
        self.answers.setdefault(answer.lead, []).append(answer)
        self.taken.append(answer)

    def arrive(self, lead: str, actions: Iterable[str | None]) -> None:
        """These answers are on their way no longer."""
        gone = {action for action in actions if action}
        self.answers[lead] = [answer for answer in self.answers.get(lead, []) if answer.action not in gone]
        self.arrived |= gone

    def held(self, clock: Clock) -> datetime | None:
        """Until when (real time) the answers on their way hold the breach of a clock, or None."""
        return holds(clock, self.promise(clock), self.answers.get(clock.lead, []), self.tx.wall)

    def start(self, begun: Begun, followed: Followed, cause: Event[Any]) -> None:
        """A clock begins."""
        clock = replace(begun.clock, held_until=self.held(begun.clock))
        self.keep(clock, [begun.started], cause)
        self.reckoned.append(
            {
                "clock": clock.id,
                "calendar": followed.name,
                "hours": followed.hours,
                "timezone": followed.timezone,
                "taken_over": begun.left,
            }
        )

    def keep(self, clock: Clock, facts: Facts, cause: Event[Any] | None = None) -> Clock:
        """A changed or new clock, and what is said about it."""
        if all(clock.id != other.id for other in self.clocks.setdefault(clock.lead, [])):
            self.clocks[clock.lead].append(clock)
        self.changed[clock.id] = clock
        for fact in facts:
            event = self.tx.emit(fact, subject=clock.lead, cause=cause)
            if isinstance(fact, SlaEvent):
                data = fact.model_dump(mode="json", exclude_none=True)
                row = {"at": self.tx.now, "lead": clock.lead, "type": fact.type, "event": event.id, "data": data}
                self.said.append(row)
        return clock

    def postpone(self, clock: Clock) -> None:
        """Look at it once more, when everything is read that was said until now."""
        self.later.add(clock.id)
        self.keep(clock, [])

    async def write(self) -> None:
        """Write it all: each clock has its one due row, or none when it rests."""
        tx = self.tx
        asleep, awake = [], []
        for clock in self.changed.values():
            if clock.step == "settle" or clock.id in self.later:
                tx.wakeups.add(SETTLING)
            if clock.id in self.later:
                awake.append(ScheduledItem(clock.id, KIND, clock.lead, tx.wall + max(tx.context.settle, PAUSE), "wall"))
                continue
            next_ = upcoming(clock, self.promise(clock), self.calendar(clock), tx.wall, tx.context.settle, tx.now)
            if next_ is None:
                asleep.append(clock.id)
            else:
                awake.append(ScheduledItem(clock.id, KIND, clock.lead, next_.at, next_.basis))
        await store.save(tx, list(self.changed.values()))
        await store.note_reckonings(tx, self.reckoned)
        await store.spend(tx, {key: n for key, n in self.spent.items() if self.spent_before.get(key) != n})
        await store.keep_leads(tx, [self.leads[lead] for lead in self.moved])
        await store.forget_answers(tx, self.arrived)
        await store.keep_answers(tx, [answer for answer in self.taken if answer.action not in self.arrived])
        await schedule.cancel(tx, asleep)
        await schedule.schedule(tx, awake)
        if self.said:
            tx.before_commit(partial(store.tell_breaches, tx, self.said))


async def opened(tx: Tx, clocks: dict[str, list[Clock]], *, versions: Iterable[int] = ()) -> Sheet:
    """A sheet with what these clocks and versions need, one statement for each kind."""
    every = [clock for of_lead in clocks.values() for clock in of_lead]
    wanted = {clock.agreement for clock in every} | {clock.routed for clock in every} | set(versions)
    counts = await store.spent_of(tx, {clock.lead for clock in every if clock.step in ("settle", "rung")})
    return Sheet(
        tx,
        clocks,
        await agreement_versions(tx, wanted),
        await roster(tx),
        dict(counts),
        spent_before=counts,
        kept=await store.reckonings_of(tx, [clock.id for clock in every]),
    )
