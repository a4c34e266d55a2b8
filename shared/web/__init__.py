"""Templates and static files that services with pages share: one base page, one style sheet, no build step, no other host."""

from datetime import datetime
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

REPOSITORY = Path(__file__).resolve().parent.parent.parent
WEB = Path(__file__).resolve().parent
STATIC = ("/static/web", str(WEB / "static"))
"""URL path and folder of the static files that every service with pages serves."""


@lru_cache
def templates(*folders: str) -> Environment:
    """The Jinja environment of these folders (relative to the repository) and the shared templates; escapes all values."""
    paths = [str(REPOSITORY / folder) for folder in folders] + [str(WEB / "templates")]
    environment = Environment(
        loader=FileSystemLoader(paths),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"instant": format_instant}
    return environment


def format_instant(value: datetime | str | None, zone: str = "UTC") -> str:
    """An instant in a time zone: "Tue 1 Dec, 10:15"; "-" for None."""
    if value is None:
        return "-"
    instant = datetime.fromisoformat(value) if isinstance(value, str) else value
    local = instant.astimezone(ZoneInfo(zone))
    return f"{local:%a} {local.day} {local:%b, %H:%M}"
