"""The executable agreement: plain values that `agreement.published` carries and that services execute."""

from datetime import date
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from shared.agreement.time.calendar import CalendarSpec

Condition = dict[str, Any]
"""A condition as written: field to test, and `any`, `all`, `none`; see `shared.agreement.conditions`."""


class Frozen(BaseModel):
    """Base of all values here: immutable; fields that a newer version adds are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Refusal(Frozen):
    """Leads that never reach a rep, and the reason they are kept under."""

    reason: str
    when: Condition


class FitRule(Frozen):
    """Points for who the person is."""

    points: int
    when: Condition
    why: str = ""


class Grade(Frozen):
    """A grade (A, B, C) and the test that a score must pass for it."""

    grade: str
    test: str


class Duplicates(Frozen):
    """Which facts identify the same person, and for how many seconds after a lead is closed."""

    match: tuple[str, ...] = ("email", "phone")
    within: int = 90 * 86_400
    then: str = "keep owner"


class Needs(Frozen):
    """What must be known of a lead: field to the test that meets it, and how many fields at least."""

    of: dict[str, Any]
    at_least: int = 1
    before: Literal["qualified", "accepted", "never"] = "never"


class Tier(Frozen):
    """A tier and the condition that puts a lead in it; the first match wins."""

    tier: str
    when: Condition


class Member(Frozen):
    """A rep of a team, and the weight of their turns."""

    rep: str
    weight: int = 1


class Team(Frozen):
    """The members who take turns, their manager and calendar, and how many open leads each may have."""

    manager: str | None = None
    members: tuple[Member, ...] = ()
    from_roster: bool = False
    """True when the agreement names no members, so that the roster's are used."""
    calendar: str | None = None
    method: str = "round robin"
    cap_open: int | None = None


class RoutingRule(Frozen):
    """One routing rule; `to` is `owner`, `previous owner`, `rep:ID` or a team."""

    rule: str
    when: Condition
    to: str
    within: int | None = None
    """Seconds, for `previous owner`."""
    skills: tuple[str, ...] = ()
    backup: str | None = None


class Unrouted(Frozen):
    """Who is notified of an unrouted lead, and after how many seconds."""

    alert: str = "ops"
    after: int = 0


class OffHours(Frozen):
    """What happens to a lead while no eligible rep is at work; leads of an `excepted` tier are assigned at once."""

    then: Literal["hold until open", "assign anyway"] = "assign anyway"
    excepted: tuple[str, ...] = ()


class Target(Frozen):
    """The time allowed, in business time (`15 minutes`, `1 day`); `off_hours` is in wall seconds, for leads assigned outside hours."""

    within: str
    off_hours: int | None = None


class EscalationStep(Frozen):
    """One escalation step, due `days` business days and `after` business seconds after the breach (both 0: at the breach)."""

    after: int = 0
    days: int = 0
    do: tuple[str, ...]
    """In the agreement's words: `notify owner`, `reassign`, `return to marketing`, `recycle as REASON`."""
    at_most: int | None = None
    never: str | None = None


class Promise(Frozen):
    """What sales owes on each lead: a target by tier, the share of its time at which the owner is warned, the escalation."""

    name: str
    targets: dict[str, Target]
    """By tier; `*` is the target of every tier without its own."""
    warn: Decimal = Decimal("0.75")
    steps: tuple[EscalationStep, ...] = ()
    """The escalation steps, in the order in which they come due."""
    runs_from: Literal["received", "assigned", "accepted"] = "assigned"
    met_by: Literal["attempt", "contacted"] = "attempt"

    def target(self, tier: str) -> Target | None:
        """The target of a tier, or None when the promise does not cover the tier."""
        return self.targets.get(tier) or self.targets.get("*")


class ClockRules(Frozen):
    """Whose calendar an SLA clock follows, and how many seconds a new owner has at least."""

    follows: Literal["owner", "team", "lead", "24x7"] = "owner"
    at_close: Literal["close", "next open"] = "close"
    day: Literal["business"] = "business"
    continue_with_at_least: int = 600


class Decline(Frozen):
    """Reasons to decline (`ours`: sales' own, `theirs`: faults of the lead), and what happens then."""

    ours: tuple[str, ...] = ()
    theirs: tuple[str, ...] = ()
    then: str = "reassign"
    at_most: int | None = None
    last: str = "return to marketing"


class Channel(Frozen):
    """One channel (`email`, `webhook:NAME`), used after so many seconds if the cause is still open."""

    channel: str
    after: int = 0


class ExecutableAgreement(Frozen):
    """What services execute of one version. `holidays` hold the dates of last year and the next ten: calendar to date to name."""

    name: str
    effective: date | None = None
    timezone: str = "UTC"
    signed_by: dict[str, str] = {}
    """Side (`marketing`, `sales`) to the person who signs."""
    people: dict[str, tuple[str, ...]] = {}
    refuse: tuple[Refusal, ...] = ()
    duplicates: Duplicates = Duplicates()
    fit: tuple[FitRule, ...] = ()
    grades: tuple[Grade, ...] = ()
    needs: Needs | None = None
    sales_ready: Condition | None = None
    """`score` and `activity` tests; `any` where the agreement says `or`."""
    tiers: tuple[Tier, ...] = (Tier(tier="standard", when={}),)
    teams: dict[str, Team] = {}
    routing: tuple[RoutingRule, ...] = ()
    unrouted: Unrouted = Unrouted()
    off_hours: OffHours = OffHours()
    calendars: dict[str, CalendarSpec] = {}
    holidays: dict[str, dict[date, str]] = {}
    promises: dict[str, Promise] = {}
    clock: ClockRules = ClockRules()
    decline: Decline = Decline()
    disqualify: tuple[str, ...] = ()
    channels: dict[str, tuple[Channel, ...]] = {}
    """Role (`owner`, `manager`, `ops`, `marketing`) to its channels; a role that is missing is notified by email."""

    def channels_of(self, role: str) -> tuple[Channel, ...]:
        """The channels of a role, email when the agreement names none."""
        return self.channels.get(role) or (Channel(channel="email"),)
