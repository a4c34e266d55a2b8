"""People of the roster: who they are, how to reach them and when they work; unsigned data, changed at any time."""

from datetime import datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict, field_validator


class Away(BaseModel):
    """Time off in UTC, `start` included and `until` excluded."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    start: AwareDatetime
    until: AwareDatetime
    why: str = ""


class Rep(BaseModel):
    """One person: rep, manager, marketer or ops.

    `hours` is text as in the agreement ("mon-fri 09:00-17:30"); None means the team's calendar. `manager` and `backup`
    are ids of other people.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")
    id: str
    name: str
    email: str | None = None
    phone: str | None = None
    slack: str | None = None
    teams: tuple[str, ...] = ()
    roles: tuple[str, ...] = ("rep",)
    manager: str | None = None
    backup: str | None = None
    timezone: str | None = None
    hours: str | None = None
    skills: tuple[str, ...] = ()
    active: bool = True
    away: tuple[Away, ...] = ()

    @field_validator("email", "phone", "slack", "manager", "backup", "timezone", "hours", mode="before")
    @classmethod
    def _blank_to_none(cls, value: object) -> object:
        """Read blank text as None: a form or a script sends it to clear a field."""
        return (value.strip() or None) if isinstance(value, str) else value

    def is_away(self, now: datetime) -> bool:
        """Whether the person has time off at `now`."""
        return any(span.start <= now < span.until for span in self.away)

    def back_at(self, now: datetime) -> datetime | None:
        """The end of the time off that covers `now`, or None when the person is not away."""
        ends = [span.until for span in self.away if span.start <= now < span.until]
        return max(ends) if ends else None
