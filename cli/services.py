"""Putting the four services together for one process."""

from importlib import import_module

from pydantic_settings import BaseSettings

from shared.base.settings import load
from shared.runtime.service import Service

NAMES = ("router", "timer", "notifier", "console")


def one_service(name: str) -> Service:
    """Build one service from its own settings."""
    app = import_module(f"services.{name}.app")
    settings = import_module(f"services.{name}.settings")
    built: Service = app.build(load(settings.Settings))
    return built


def all_services() -> tuple[Service, ...]:
    """All four, for `baton up`."""
    return tuple(one_service(name) for name in NAMES)


def settings_of(name: str) -> type[BaseSettings]:
    """The settings class of one service."""
    found: type[BaseSettings] = import_module(f"services.{name}.settings").Settings
    return found
