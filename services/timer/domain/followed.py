"""The calendar that a clock follows: the rep's shift, else the team's calendar, else `hq`."""

from dataclasses import dataclass

from shared.agreement.model import ExecutableAgreement
from shared.agreement.time.calendar import ALWAYS, Calendar
from shared.base.roster import Rep


@dataclass(frozen=True, slots=True)
class Followed:
    """A calendar by its name in the agreement ("24x7": always open), with the shift of a rep laid over it."""

    name: str
    calendar: Calendar
    hours: str | None = None
    timezone: str | None = None


def follow(
    pinned: ExecutableAgreement, routed: ExecutableAgreement | None, team: str | None, rep: Rep | None
) -> Followed:
    """What a clock of this team and rep follows; time off never stops a clock."""
    found = pinned.teams.get(team or "") or (routed.teams.get(team or "") if routed else None)
    wanted = (found.calendar if found else None, "hq", *pinned.calendars)
    name = next((name for name in wanted if name in pinned.calendars), None)
    if pinned.clock.follows == "24x7" or name is None:
        return Followed("24x7", ALWAYS)
    own = rep is not None and pinned.clock.follows == "owner" and rep.hours is not None
    try:
        return again(pinned, name, rep.hours if rep and own else None, rep.timezone if rep and own else None)
    except ValueError:  # A shift that cannot be read must not stop a clock.
        return again(pinned, name, None, None)


def again(pinned: ExecutableAgreement, name: str, hours: str | None, timezone: str | None) -> Followed:
    """The same once more, from what was kept of it. Raises KeyError for a calendar that the version does not have."""
    if name == "24x7":
        return Followed(name, ALWAYS)
    calendar = Calendar.from_spec(pinned.calendars[name], pinned.holidays.get(name))
    return Followed(name, calendar.with_hours(hours, timezone), hours, timezone)
