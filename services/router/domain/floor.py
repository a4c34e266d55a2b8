"""Who could take a lead at this moment: people, their turns, their load and their hours."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction

from shared.agreement.model import ExecutableAgreement, Member
from shared.agreement.time.business_time import NeverOpens, is_open, next_opening
from shared.agreement.time.calendar import ALWAYS, Calendar
from shared.base.roster import Rep


@dataclass(frozen=True, slots=True)
class Turn:
    """How often a rep of a team was chosen, counted with their weight of then, and when last (UTC)."""

    turns: int
    weight: int = 1
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """One person as the choice saw them; `reason` says why they were passed over ("" for whoever could take it)."""

    rep: str
    name: str
    team: str | None
    weight: int = 1
    turns: int = 0
    last_at: datetime | None = None
    open_leads: int = 0
    cap: int | None = None
    opens_at: datetime | None = None
    """When they are next at work; None when they are now, or never."""
    reason: str = ""
    kind: str = ""
    """The kind of the reason: `hours` and `cap` pass with time, the others do not."""

    @property
    def order(self) -> tuple[Fraction, float, str]:
        """Whose turn: the least (turns + 1) / weight, then the longest idle, then the id."""
        idle = self.last_at.timestamp() if self.last_at else float("-inf")
        return Fraction(self.turns + 1, max(1, self.weight)), idle, self.rep


@dataclass(slots=True)
class Floor:
    """The state of all who could take a lead; counters advance as a batch is placed."""

    agreement: ExecutableAgreement
    now: datetime
    people: Mapping[str, Rep]
    turns: dict[tuple[str, str], Turn] = field(default_factory=dict)
    loads: dict[str, int] = field(default_factory=dict)
    changed: set[tuple[str, str]] = field(default_factory=set)
    calendars: dict[tuple[str | None, Rep | None], Calendar] = field(default_factory=dict)

    def members(self, team: str) -> tuple[Member, ...]:
        """Who belongs to a team: the agreement says it, else the roster."""
        found = self.agreement.teams[team]
        if found.members or not found.from_roster:
            return found.members
        return tuple(Member(rep=rep.id) for rep in self.people.values() if team in rep.teams and "rep" in rep.roles)

    def calendar(self, team: str | None, rep: Rep | None) -> Calendar:
        """The rep's own shift in the team's calendar, else the team's, else `hq`, else always open."""
        key = (team, rep)
        if key not in self.calendars:
            name = self.agreement.teams[team].calendar if team in self.agreement.teams else None
            name = name if name in self.agreement.calendars else "hq"
            spec = self.agreement.calendars.get(name or "hq")
            base = Calendar.from_spec(spec, self.agreement.holidays.get(name or "hq")) if spec else ALWAYS
            self.calendars[key] = base.for_rep(rep) if rep else base
        return self.calendars[key]

    def welcome(self, team: str) -> None:
        """Give everybody of a team a place in its order: a newcomer starts at the mean, a changed weight rescales."""
        members = self.members(team)
        known = [turn for member in members if (turn := self.turns.get((team, member.rep)))]
        shares = [Fraction(turn.turns, max(1, turn.weight)) for turn in known]
        mean = sum(shares, Fraction(0)) / len(shares) if shares else Fraction(0)
        for member in members:
            key = (team, member.rep)
            found = self.turns.get(key)
            if found is None:
                self.turns[key] = Turn(round(mean * member.weight), member.weight)
            elif found.weight != member.weight:
                self.turns[key] = Turn(
                    round(Fraction(found.turns * member.weight, found.weight)), member.weight, found.last_at
                )
            else:
                continue
            self.changed.add(key)

    def candidate(self, rep_id: str, team: str | None, had: tuple[str, ...], skills: tuple[str, ...]) -> Candidate:
        """One person, and the first reason why they cannot take it."""
        rep = self.people.get(rep_id)
        member = next((item for item in self.members(team) if item.rep == rep_id), None) if team else None
        turn = self.turns.get((team, rep_id), Turn(0)) if team else Turn(0)
        cap = self.agreement.teams[team].cap_open if team else None
        load = self.loads.get(rep_id, 0)
        weight = member.weight if member else 1
        shown = Candidate(rep_id, rep.name if rep else rep_id, team, weight, turn.turns, turn.last_at, load, cap)
        if rep is None:
            return replace(shown, reason="not in the roster", kind="unknown")
        return self._judged(shown, rep, had, skills)

    def _judged(self, shown: Candidate, rep: Rep, had: tuple[str, ...], skills: tuple[str, ...]) -> Candidate:
        back = rep.back_at(self.now)
        missing = [skill for skill in skills if skill.casefold() not in {own.casefold() for own in rep.skills}]
        if not rep.active:
            return replace(shown, reason="not active", kind="inactive")
        if rep.id in had:
            return replace(shown, reason="had it before", kind="had")
        if missing:
            return replace(shown, reason=f"skill missing: {', '.join(missing)}", kind="skill")
        if back:
            return replace(shown, reason=f"away until {back:%Y-%m-%d %H:%M} UTC", kind="away", opens_at=back)
        calendar = self.calendar(shown.team, rep)
        opens_at = None
        if not is_open(calendar, self.now):
            try:
                opens_at = next_opening(calendar, self.now)
            except NeverOpens:
                return replace(shown, reason="their calendar never opens", kind="inactive")
        if opens_at and self.agreement.off_hours.then != "assign anyway":
            local = opens_at.astimezone(calendar.zone)
            return replace(shown, reason=f"off shift until {local:%a %d %b %H:%M}", kind="hours", opens_at=opens_at)
        if shown.cap is not None and shown.open_leads >= shown.cap:
            return replace(shown, reason=f"cap {shown.open_leads}/{shown.cap}", kind="cap", opens_at=opens_at)
        return replace(shown, opens_at=opens_at)

    def took(self, candidate: Candidate, *, counts: bool) -> None:
        """They have one lead more, and one turn more where it counts."""
        self.loads[candidate.rep] = self.loads.get(candidate.rep, 0) + 1
        if counts and candidate.team:
            key = (candidate.team, candidate.rep)
            self.turns[key] = Turn(candidate.turns + 1, candidate.weight, self.now)
            self.changed.add(key)

    def left(self, rep: str) -> None:
        """They have one lead less."""
        self.loads[rep] = max(0, self.loads.get(rep, 0) - 1)
