"""Generate docs/settings.md: every environment variable, its default and its meaning."""

import typing
from datetime import timedelta
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from cli.docs import markdown
from cli.docs.markdown import first_paragraph, table
from cli.services import SERVICE_NAMES, settings_class
from shared.base.settings import Settings

INTRO = (
    "Each setting is an environment variable, or a line of `.env` in the working folder. They are read once, at the start;"
    " an unknown name or an unusable value stops the start with an error."
)


def setting_names() -> list[str]:
    """The names of all environment variables that are read."""
    return [f"BATON_{field.upper()}" for _, cls in _classes() for field in cls.model_fields]


def _chapter(title: str, cls: type[BaseSettings]) -> str:
    """The chapter of one settings class."""
    if not cls.model_fields:
        return f"## {title}\n\n{first_paragraph(cls)} None yet."
    rows = [(f"`BATON_{name.upper()}`", _default(field), _meaning(field)) for name, field in cls.model_fields.items()]
    return f"## {title}\n\n{first_paragraph(cls)}\n\n{table(('setting', 'default', 'meaning'), rows)}"


def page() -> str:
    """The Markdown text of the page."""
    return markdown.assemble_page("Settings", INTRO, *(_chapter(title, cls) for title, cls in _classes()))


def _classes() -> list[tuple[str, type[BaseSettings]]]:
    return [
        ("All services", Settings),
        *((f"{name.capitalize()} only", settings_class(name)) for name in SERVICE_NAMES),
    ]


def _default(field: FieldInfo) -> str:
    value: Any = field.get_default(call_default_factory=True)
    if isinstance(value, timedelta):
        return f"`{value.total_seconds():g} s`"
    if value is None or value == "":
        return "empty"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _meaning(field: FieldInfo) -> str:
    choices = typing.get_args(field.annotation) if typing.get_origin(field.annotation) is typing.Literal else ()
    description = field.description or ""
    return f"{description} One of: {', '.join(f'`{choice}`' for choice in choices)}." if choices else description
