"""The web app of a process: the routes of its services and the ops routes."""

import asyncio

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from shared.runtime import ops_api
from shared.runtime.resources import Resources
from shared.runtime.service import Service
from shared.web.http import SafetyMiddleware, add_error_handlers


def build_app(services: tuple[Service, ...], resources: Resources, stop: asyncio.Event) -> FastAPI:
    """One app with the routes of all services."""
    app = FastAPI(
        title="Baton",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        routes=[route for service in services for route in service.webhooks],
    )
    app.state.databases = resources.databases
    app.state.access = resources.access
    app.state.loopback = resources.loopback
    app.state.resources = resources
    app.state.services = services
    app.state.stop = stop
    app.add_middleware(SafetyMiddleware)
    add_error_handlers(app)
    app.include_router(ops_api.routes(stepped=resources.clock.stepped))
    for service in services:
        app.include_router(service.routes)
    for path, folder in dict(pair for service in services for pair in service.static_dirs).items():
        app.mount(path, StaticFiles(directory=folder), name=path)
    return app
