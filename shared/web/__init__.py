"""Pages: one base, one style sheet, and words for moments and lengths of time; no build step, nothing from another host."""

from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

ROOT = Path(__file__).resolve().parent.parent.parent
HERE = Path(__file__).resolve().parent
STATIC = ("/static/web", str(HERE / "static"))
"""What a service with pages serves."""


@lru_cache
def templates(*folders: str) -> Environment:
    """The templates of these folders (from the top of the repository) on top of the shared ones; everything is escaped."""
    paths = [str(ROOT / folder) for folder in folders] + [str(HERE / "templates")]
    found = Environment(
        loader=FileSystemLoader(paths),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {"moment": format_instant, "length": format_duration}
    return found


def format_instant(value: datetime | str | None, zone: str = "UTC") -> str:
    """A moment in a zone: "Tue 1 Dec, 10:15"."""
    if value is None:
        return "-"
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    local = at.astimezone(ZoneInfo(zone))
    return f"{local:%a} {local.day} {local:%b, %H:%M}"


def format_duration(seconds: Any) -> str:
    """A length of time, short: "12 min", "3 h 20 min", "2 d 4 h"."""
    whole = abs(int(seconds))
    minutes = timedelta(seconds=whole) // timedelta(minutes=1)
    if whole < 60:
        return f"{whole} s"
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"
    return f"{minutes // 1440} d {minutes % 1440 // 60} h"
