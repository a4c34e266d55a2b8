"""docs/routes.md: every door of every service, who may use it, and what it does."""

import inspect
from collections.abc import Iterable
from typing import Any

from fastapi import APIRouter
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.routing import Route

from cli.docs import markdown
from cli.docs.markdown import first_paragraph, table
from cli.services import all_services
from shared.runtime import ops_api

INTRO = """`baton up` serves all of them on one port; in the wide form each service has its own, and `deploy/Caddyfile` is the map.
A role is that of the API key (`Authorization: Bearer KEY`). Embedded mode on the loopback address asks for none where
`local` stands. Errors are RFC 9457 problem+json with a sentence in `detail`."""
HIDDEN = {"HEAD", "OPTIONS"}


def routes() -> dict[str, list[Route]]:
    """The routes of each service, and under `every process` those that each process has."""
    found = {service.name: [*service.webhooks, *_of(service.routes)] for service in all_services()}
    return {"every process": _of(ops_api.routes(stepped=True)), **found}


def page() -> str:
    """The whole page."""
    return markdown.page("Routes", INTRO, *(_chapter(name, doors) for name, doors in routes().items()))


def _of(doors: APIRouter) -> list[Route]:
    """The routes, those of joined routers too (FastAPI keeps an included router as one entry)."""
    found: list[Route] = []
    for route in doors.routes:
        inner = getattr(route, "original_router", None)
        if isinstance(inner, APIRouter):
            found += _of(inner)
        elif isinstance(route, APIRoute):
            found.append(route)
    return found


def _chapter(name: str, doors: Iterable[Route]) -> str:
    rows = [
        (", ".join(_methods(route)), f"`{route.path}`", _who(route), first_paragraph(route.endpoint)) for route in doors
    ]
    title = name.capitalize()
    return f"## {title}\n\n{table(('method', 'path', 'who', 'what'), rows)}" if rows else f"## {title}\n\nNone."


def _methods(route: Route) -> list[str]:
    methods = set(route.methods or ())
    return sorted(methods - HIDDEN) or sorted(methods)


def _who(route: Route) -> str:
    for call in _calls(route.dependant) if isinstance(route, APIRoute) else ():
        if getattr(call, "__qualname__", "").startswith("allow.<locals>"):
            held = inspect.getclosurevars(call).nonlocals
            return ", ".join([*held["roles"], *(["local"] if held["local"] else [])])
    return "no key"


def _calls(dependant: Dependant) -> Iterable[Any]:
    for inner in dependant.dependencies:
        yield inner.call
        yield from _calls(inner)
