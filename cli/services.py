"""Build the services by name, and find their settings."""

from importlib import import_module

from pydantic_settings import BaseSettings

from shared.base.settings import load
from shared.runtime.service import Service

SERVICE_NAMES = ("router", "timer", "notifier", "console")


def build_service(name: str) -> Service:
    """Build one service with its settings from the environment."""
    app = import_module(f"services.{name}.app")
    settings = import_module(f"services.{name}.settings")
    service: Service = app.build(load(settings.Settings))
    return service


def build_all_services() -> tuple[Service, ...]:
    """All four services, as `baton up` runs them."""
    return tuple(build_service(name) for name in SERVICE_NAMES)


def settings_class(name: str) -> type[BaseSettings]:
    """The settings class of one service."""
    cls: type[BaseSettings] = import_module(f"services.{name}.settings").Settings
    return cls
