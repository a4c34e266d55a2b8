"""Routes for health (`/healthz`, `/readyz`), event schemas and the OpenAPI description."""

from typing import Any

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import Response

from shared.base.errors import NotFound
from shared.events.base import EVENT_TYPES
from shared.runtime.ops_api.dependencies import Ops, ProcessResources
from shared.runtime.resources import Resources
from shared.web.http import json_response

router = APIRouter()


@router.api_route("/healthz", methods=["GET", "HEAD"], include_in_schema=False)
async def alive() -> dict[str, str]:
    """Whether the process lives."""
    return {"status": "alive"}


@router.api_route("/readyz", methods=["GET", "HEAD"], include_in_schema=False)
async def ready(resources: ProcessResources) -> Response:
    """Whether everything that the process needs can be reached; 503 with one sentence for each problem."""
    problems = await unreachable(resources)
    return json_response(
        {"status": "not ready" if problems else "ready", "problems": problems}, 503 if problems else 200
    )


@router.get("/schemas/{kind}.json", include_in_schema=False)
async def schema(kind: str) -> dict[str, Any]:
    """The JSON Schema of an event type."""
    if kind not in EVENT_TYPES:
        raise NotFound(f"There is no event type {kind}.")
    return EVENT_TYPES[kind].model_json_schema()


@router.get("/openapi.json", include_in_schema=False)
async def openapi(request: Request, who: Ops) -> dict[str, Any]:
    """The OpenAPI description of this process's routes."""
    app: FastAPI = request.app
    return app.openapi()


async def unreachable(resources: Resources) -> list[str]:
    """One sentence for each database or bus that cannot be reached."""
    problems = []
    for name, db in resources.databases.items():
        try:
            await db.check()
        except Exception as error:
            problems.append(f"The database of {name} cannot be read ({type(error).__name__}).")
    try:
        await resources.bus.check()
    except Exception as error:
        problems.append(f"The bus cannot be reached: {error}")
    return problems
