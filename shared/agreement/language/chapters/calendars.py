"""Calendars of the agreement: hours by weekday, holidays, closed days and overrides."""

from yaml.nodes import Node, SequenceNode

from shared.agreement.language.chapters.head import time_zone
from shared.agreement.language.problems import Problems
from shared.agreement.language.schema import (
    MappingSchema,
    calendar_date,
    list_of,
    map_of,
    mapping_items,
    matching,
    required,
    scalar_text,
)
from shared.agreement.time.calendar import CalendarSpec
from shared.agreement.time.holidays import validate_code
from shared.agreement.time.hours import parse_week


def hours(node: Node, problems: Problems, path: str) -> dict[str, tuple[str, ...]]:
    """Days to windows: {mon-fri: 09:00-17:30}, or a list of windows for days with a break."""
    windows_of_days: dict[str, tuple[str, ...]] = {}
    for name, where, value in mapping_items(node, problems, path):
        parts = value.value if isinstance(value, SequenceNode) else [value]
        windows = tuple(str(getattr(part, "value", "")) for part in parts)
        try:
            parse_week({name: windows[0] if len(windows) == 1 else list(windows)})
        except ValueError as error:
            wrong = next((part for part in parts if repr(str(getattr(part, "value", ""))) in str(error)), None)
            at = where if repr(name) in str(error) else wrong or parts[0]
            problems.error(at, f"{path}.{name}", str(error)[:1].upper() + str(error)[1:])
            continue
        windows_of_days[name] = windows
    return windows_of_days


def holidays(node: Node, problems: Problems, path: str) -> str | None:
    """The code of a country or of one of its parts."""
    code = scalar_text(node, problems, path, "a code such as US or DE-BE")
    if code:
        try:
            validate_code(code)
        except ValueError as error:
            problems.error(node, path, str(error))
            return None
    return code


_windows = list_of(matching(r"\d{1,2}:\d{2}-\d{1,2}:\d{2}", "hours such as 09:00-12:00"), least=0)
_calendar = MappingSchema(
    {
        "timezone": required(time_zone),
        "hours": required(hours),
        "holidays": holidays,
        "closed": list_of(calendar_date),
        "overrides": map_of(
            _windows, lambda name: None if len(name) == 10 else f"{name!r} is not a date such as 2026-12-24."
        ),
    }
)


def calendar(node: Node, problems: Problems, path: str) -> CalendarSpec | None:
    """A working calendar."""
    before = len(problems.errors)
    section = _calendar(node, problems, path)
    if len(problems.errors) > before:
        return None
    try:
        return CalendarSpec.model_validate(dict(section))
    except ValueError as error:
        problems.error(node, path, f"The calendar cannot be read: {str(error).splitlines()[-1].strip()}")
        return None
