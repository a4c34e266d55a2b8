"""Generate docs/routes.md: every route of every service, the roles that may use it, and what it does."""

import inspect
from collections.abc import Iterable
from typing import Any

from fastapi import APIRouter
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.routing import Route

from cli.docs import markdown
from cli.docs.markdown import first_paragraph, table
from cli.services import build_all_services
from shared.runtime import ops_api

INTRO = """`baton up` serves all of them on one port; in the wide form each service has its own, and `deploy/Caddyfile` maps paths to services.
The column `who` lists the roles of API keys (`Authorization: Bearer KEY`) that may use a route. Where it lists
`local`, embedded mode on the loopback address needs no key. Errors are RFC 9457 problem+json with a sentence in `detail`."""
HIDDEN = {"HEAD", "OPTIONS"}


def routes() -> dict[str, list[Route]]:
    """The routes of each service by its name, and under `every process` those that each process serves."""
    by_service = {service.name: [*service.webhooks, *_flatten(service.routes)] for service in build_all_services()}
    return {"every process": _flatten(ops_api.routes(stepped=True)), **by_service}


def page() -> str:
    """The Markdown text of the page."""
    return markdown.assemble_page(
        "Routes", INTRO, *(_chapter(name, service_routes) for name, service_routes in routes().items())
    )


def _flatten(router: APIRouter) -> list[Route]:
    """All routes of a router, including those of routers inside it (FastAPI keeps an included router as one entry)."""
    flat: list[Route] = []
    for route in router.routes:
        inner = getattr(route, "original_router", None)
        if isinstance(inner, APIRouter):
            flat += _flatten(inner)
        elif isinstance(route, APIRoute):
            flat.append(route)
    return flat


def _chapter(name: str, service_routes: Iterable[Route]) -> str:
    rows = [
        (", ".join(_methods(route)), f"`{route.path}`", _roles(route), first_paragraph(route.endpoint))
        for route in service_routes
    ]
    title = name.capitalize()
    return f"## {title}\n\n{table(('method', 'path', 'who', 'what'), rows)}" if rows else f"## {title}\n\nNone."


def _methods(route: Route) -> list[str]:
    methods = set(route.methods or ())
    return sorted(methods - HIDDEN) or sorted(methods)


def _roles(route: Route) -> str:
    for call in _dependency_calls(route.dependant) if isinstance(route, APIRoute) else ():
        if getattr(call, "__qualname__", "").startswith("allow.<locals>"):
            closure = inspect.getclosurevars(call).nonlocals
            return ", ".join([*closure["roles"], *(["local"] if closure["local"] else [])])
    return "no key"


def _dependency_calls(dependant: Dependant) -> Iterable[Any]:
    for inner in dependant.dependencies:
        yield inner.call
        yield from _dependency_calls(inner)
