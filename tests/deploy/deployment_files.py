"""Reads the deployment files: compose, Kubernetes, the Caddyfile, and the settings and routes they must match."""

import re
from pathlib import Path
from typing import Any

import yaml

from cli.docs.routes import routes as documented
from cli.services import SERVICE_NAMES, settings_class
from shared.base.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
IMAGE = "baton:latest"


def compose() -> dict[str, Any]:
    """docker-compose.yml with its anchors resolved."""
    document: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return document


def interpolate(value: str, variables: dict[str, str]) -> str:
    """A value with its variables filled in as compose does: `${NAME:-default}` and `${NAME:?sentence}`."""

    def replace(match: re.Match[str]) -> str:
        name, kind, rest = match.groups()
        return variables.get(name) or (rest if kind == ":-" else "")

    return re.sub(r"\$\{(\w+)(:-|:\?)?([^}]*)\}", replace, value)


def kubernetes() -> list[dict[str, Any]]:
    """Every object in deploy/kubernetes."""
    texts = [path.read_text() for path in sorted((DEPLOY / "kubernetes").glob("*.yaml"))]
    return [item for text in texts for item in yaml.safe_load_all(text)]


def known_settings() -> set[str]:
    """Every BATON_ name that a settings class knows."""
    classes = [Settings, *(settings_class(name) for name in SERVICE_NAMES)]
    return {f"BATON_{field}".upper() for cls in classes for field in cls.model_fields}


def proxy_map() -> list[tuple[str, str]]:
    """(path pattern, service) in the order of the Caddyfile."""
    text = (DEPLOY / "Caddyfile").read_text()
    entries = []
    for name, patterns in re.findall(r"@(\w+) path (.+)", text):
        upstream = re.search(rf"handle @{name} {{\s*reverse_proxy {{\s*dynamic a (\w+) 8080", text)
        entries += [(pattern, upstream.group(1) if upstream else "nobody") for pattern in patterns.split()]
    return entries


def owner_of(path: str) -> str:
    """The service to which the proxy sends a path."""
    for pattern, service in proxy_map():
        if path == pattern or (pattern.endswith("*") and path.startswith(pattern[:-1])):
            return service
    return "console"


def routes() -> dict[str, list[str]]:
    """The paths of each service's own routes, parameters replaced by `x`."""
    by_service = documented()
    return {name: [re.sub(r"{[^}]+}", "x", route.path) for route in by_service[name]] for name in SERVICE_NAMES}
