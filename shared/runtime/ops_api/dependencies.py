"""FastAPI dependencies of the ops routes: the principal's role, and the process's resources and services."""

from typing import Annotated

from fastapi import Depends, Request

from shared.base.credentials import Principal
from shared.runtime.resources import Resources
from shared.runtime.service import Service
from shared.web.http import allow


def _resources(request: Request) -> Resources:
    resources: Resources = request.app.state.resources
    return resources


def _services(request: Request) -> tuple[Service, ...]:
    services: tuple[Service, ...] = request.app.state.services
    return services


Ops = Annotated[Principal, Depends(allow("ops", "admin"))]
Admin = Annotated[Principal, Depends(allow("admin"))]
ProcessResources = Annotated[Resources, Depends(_resources)]
ProcessServices = Annotated[tuple[Service, ...], Depends(_services)]
