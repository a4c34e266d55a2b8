"""The rep pool: who can take a lead at this moment, with their round robin turns, open leads and working hours."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction

from shared.agreement.model import ExecutableAgreement, Member
from shared.agreement.time.business_time import NeverOpens, is_open, next_opening
from shared.agreement.time.calendar import ALWAYS, Calendar
from shared.base.roster import Rep


@dataclass(frozen=True, slots=True)
class TurnCount:
    """The round robin count of a rep in a team: how often they were chosen, under which weight, and when last (UTC)."""

    turns: int
    weight: int = 1
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """One person as the decision saw them; `reason` says why they were passed over, "" if they can take the lead."""

    rep: str
    name: str
    team: str | None
    weight: int = 1
    turns: int = 0
    last_at: datetime | None = None
    open_leads: int = 0
    cap: int | None = None
    opens_at: datetime | None = None
    """When they are next at work (UTC), or back from time off; None if at work now, never, or refused for an earlier reason."""
    reason: str = ""
    kind: str = ""
    """The kind of the reason: unknown, inactive, previous_owner, skill, away, hours or cap; the last two pass with time."""

    @property
    def order(self) -> tuple[Fraction, float, str]:
        """Round robin: the least (turns + 1) / weight goes first, then the longest idle, then the id."""
        idle = self.last_at.timestamp() if self.last_at else float("-inf")
        return Fraction(self.turns + 1, max(1, self.weight)), idle, self.rep


@dataclass(slots=True)
class RepPool:
    """Everybody who could take a lead; turns and open leads advance as a batch is placed.

    `changed_turns` are the (team, rep) keys of turns that must be written.
    """

    agreement: ExecutableAgreement
    now: datetime
    roster: Mapping[str, Rep]
    turns: dict[tuple[str, str], TurnCount] = field(default_factory=dict)
    open_counts: dict[str, int] = field(default_factory=dict)
    changed_turns: set[tuple[str, str]] = field(default_factory=set)
    calendars: dict[tuple[str | None, Rep | None], Calendar] = field(default_factory=dict)

    def members(self, team: str) -> tuple[Member, ...]:
        """The members of a team: those that the agreement lists; the roster's, where it lists none and says so (`from_roster`)."""
        agreed = self.agreement.teams[team]
        if agreed.members or not agreed.from_roster:
            return agreed.members
        return tuple(Member(rep=rep.id) for rep in self.roster.values() if team in rep.teams and "rep" in rep.roles)

    def team_of(self, rep_id: str) -> str | None:
        """The first team of the agreement that a person is a member of, or None."""
        return next((team for team in self.agreement.teams if self.member(team, rep_id)), None)

    def member(self, team: str, rep_id: str) -> Member | None:
        """A person's membership of a team, or None."""
        return next((member for member in self.members(team) if member.rep == rep_id), None)

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

    def seed_turns(self, team: str) -> None:
        """Give every member a round robin count: a newcomer starts at the mean of the others, a changed weight rescales."""
        members = self.members(team)
        turns = [turn for member in members if (turn := self.turns.get((team, member.rep)))]
        shares = [Fraction(turn.turns, max(1, turn.weight)) for turn in turns]
        mean = sum(shares, Fraction(0)) / len(shares) if shares else Fraction(0)
        for member in members:
            turn = self.turns.get((team, member.rep))
            if turn is None:
                self._set_turn(team, member.rep, TurnCount(round(mean * member.weight), member.weight))
            elif turn.weight != member.weight:
                rescaled = round(Fraction(turn.turns * member.weight, turn.weight))
                self._set_turn(team, member.rep, TurnCount(rescaled, member.weight, turn.last_at))

    def _set_turn(self, team: str, rep: str, turn: TurnCount) -> None:
        self.turns[team, rep] = turn
        self.changed_turns.add((team, rep))

    def candidate(
        self, rep_id: str, team: str | None, previous_owners: tuple[str, ...], skills: tuple[str, ...]
    ) -> Candidate:
        """One person as a candidate, with the first reason why they cannot take a lead."""
        rep = self.roster.get(rep_id)
        member = self.member(team, rep_id) if team else None
        turn = self.turns.get((team, rep_id), TurnCount(0)) if team else TurnCount(0)
        candidate = Candidate(
            rep_id,
            rep.name if rep else rep_id,
            team,
            weight=member.weight if member else 1,
            turns=turn.turns,
            last_at=turn.last_at,
            open_leads=self.open_counts.get(rep_id, 0),
            cap=self.agreement.teams[team].cap_open if team else None,
        )
        if rep is None:
            return replace(candidate, reason="not in the roster", kind="unknown")
        return self._by_person(candidate, rep, previous_owners, skills)

    def _by_person(
        self, candidate: Candidate, rep: Rep, previous_owners: tuple[str, ...], skills: tuple[str, ...]
    ) -> Candidate:
        own_skills = {skill.casefold() for skill in rep.skills}
        missing = [skill for skill in skills if skill.casefold() not in own_skills]
        back = rep.back_at(self.now)
        if not rep.active:
            return replace(candidate, reason="not active", kind="inactive")
        if rep.id in previous_owners:
            return replace(candidate, reason="had it before", kind="previous_owner")
        if missing:
            return replace(candidate, reason=f"skill missing: {', '.join(missing)}", kind="skill")
        if back:
            return replace(candidate, reason=f"away until {back:%Y-%m-%d %H:%M} UTC", kind="away", opens_at=back)
        return self._by_hours_and_cap(candidate, self.calendar(candidate.team, rep))

    def _by_hours_and_cap(self, candidate: Candidate, calendar: Calendar) -> Candidate:
        opens_at = None
        if not is_open(calendar, self.now):
            try:
                opens_at = next_opening(calendar, self.now)
            except NeverOpens:
                return replace(candidate, reason="their calendar never opens", kind="inactive")
        candidate = replace(candidate, opens_at=opens_at)
        if opens_at and self.agreement.off_hours.then != "assign anyway":
            local = opens_at.astimezone(calendar.zone)
            return replace(candidate, reason=f"off shift until {local:%a %d %b %H:%M}", kind="hours")
        if candidate.cap is not None and candidate.open_leads >= candidate.cap:
            return replace(candidate, reason=f"cap {candidate.open_leads}/{candidate.cap}", kind="cap")
        return candidate

    def assign(self, candidate: Candidate, *, uses_turn: bool) -> None:
        """Count one more open lead for a candidate, and one more turn if the assignment uses one."""
        self.open_counts[candidate.rep] = self.open_counts.get(candidate.rep, 0) + 1
        if uses_turn and candidate.team:
            turn = TurnCount(candidate.turns + 1, candidate.weight, self.now)
            self._set_turn(candidate.team, candidate.rep, turn)

    def release(self, rep: str) -> None:
        """Count one open lead less for a rep."""
        self.open_counts[rep] = max(0, self.open_counts.get(rep, 0) - 1)
