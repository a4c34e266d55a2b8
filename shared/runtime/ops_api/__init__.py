"""The ops routes of every process: health, metrics, backlog, audit, dead letters, event schemas, the clock."""

from fastapi import APIRouter

from shared.runtime.ops_api import business_clock, dead_letters, health, reports
from shared.web.http import combine_routers


def routes(*, stepped: bool) -> APIRouter:
    """All ops routes. The route that sets the clock exists only with a clock that can be stepped."""
    routers = [health.router, reports.router, dead_letters.router, business_clock.router]
    return combine_routers(*routers, *([business_clock.step_router] if stepped else []))
