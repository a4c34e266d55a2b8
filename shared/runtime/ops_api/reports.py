"""Routes that report figures of this process: backlog, audit and Prometheus metrics."""

import asyncio
import logging
import math
from typing import Any

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response

from shared.base.telemetry import DEAD_LETTERS_OPEN, LAG, OUTBOX, OUTBOX_AGE, OVERDUE, SERVICE_GAUGE, UNAVAILABLE
from shared.runtime.ops_api.dependencies import Ops, ProcessResources, ProcessServices
from shared.runtime.resources import Resources
from shared.runtime.service import Service
from shared.store import outbox
from shared.store.failures import is_infrastructure_error
from shared.work import dead_letters, schedule

router = APIRouter()
log = logging.getLogger(__name__)
LAG_TIMEOUT = 5.0
"""Seconds that a report waits for the broker."""


@router.get("/metrics", include_in_schema=False)
async def metrics(who: Ops, services: ProcessServices, resources: ProcessResources) -> Response:
    """Metrics for Prometheus. What cannot be asked now (the lag without a broker) is NaN, the rest is current."""
    for service in services:
        figures = await backlog_of(service, resources)
        LAG.labels(service.name).set(math.nan if figures["lag"] is None else figures["lag"])
        UNAVAILABLE.labels(service.name, "lag").set(figures["lag"] is None)
        OUTBOX.labels(service.name).set(figures["outbox"])
        OUTBOX_AGE.labels(service.name).set(figures["outbox_age"])
        OVERDUE.labels(service.name).set(figures["overdue"])
        DEAD_LETTERS_OPEN.labels(service.name).set(figures["dead_letters"] + figures["extra"].get("leads_parked", 0))
        for name, value in figures["extra"].items():
            SERVICE_GAUGE.labels(service.name, name).set(value)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


@router.get("/v1/backlog")
async def backlog(who: Ops, services: ProcessServices, resources: ProcessResources) -> list[dict[str, Any]]:
    """Show unfinished work: unposted events, unread records, scheduled items that are overdue or due within seconds."""
    return [await backlog_of(service, resources) for service in services]


@router.get("/v1/audit")
async def audit(who: Ops, services: ProcessServices, resources: ProcessResources) -> dict[str, Any]:
    """This process's part of `baton audit`."""
    return {service.name: await audit_of(service, resources) for service in services}


async def backlog_of(service: Service, resources: Resources) -> dict[str, Any]:
    """The unfinished work of one service."""
    async with resources.databases[service.name].reading() as tx:
        unsent = await outbox.unsent(tx)
        overdue = await schedule.count_overdue(tx, tx.now, tx.wall)
        soon = await schedule.count_overdue(tx, tx.now, tx.wall + resources.context.settle * 2) - overdue
        letters = await dead_letters.count_open(tx)
        instants = await schedule.next_instants(tx)
        extra = await service.gauges(tx) if service.gauges else {}
        now, wall = tx.now, tx.wall
    lag, unavailable = await _lag(service, resources)
    age = (wall - unsent.oldest).total_seconds() if unsent.oldest else 0.0
    return {
        "service": service.name,
        "now": now,
        "outbox": unsent.rows,
        "outbox_age": max(0.0, age),
        "lag": lag,
        "unavailable": unavailable,
        "overdue": overdue,
        "due_soon": soon,
        "next_due": instants.get("now"),
        "dead_letters": letters,
        "extra": extra,
    }


async def _lag(service: Service, resources: Resources) -> tuple[int | None, list[str]]:
    """The consumer lag, or None and why it cannot be asked: without a broker the other figures matter most."""
    if not service.topics:
        return 0, []
    try:
        return await asyncio.wait_for(resources.bus.lag(resources.group(service.name), service.topics), LAG_TIMEOUT), []
    except Exception as error:
        if not is_infrastructure_error(error):
            log.exception("The consumer lag of %s could not be read.", service.name)
        return None, [f"The lag of the {service.name} cannot be asked: {error or type(error).__name__}"]


async def audit_of(service: Service, resources: Resources) -> dict[str, Any]:
    """One service's own counts for `baton audit`."""
    backlog = await backlog_of(service, resources)
    async with resources.databases[service.name].reading() as tx:
        own = await service.audit(tx) if service.audit else {}
        unsent = await outbox.unsent(tx)
    return {"backlog": backlog, "oldest_unsent": unsent.oldest, **own}
