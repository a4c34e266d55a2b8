"""What ops people ask of any process: health, metrics, what still moves, parked records, schemas of events."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Depends, FastAPI, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy import func, select, text
from starlette.responses import Response

from shared.access.admin import set_clock
from shared.base.credentials import Principal
from shared.base.errors import NotFound
from shared.base.telemetry import DUE_LATE, EXTRA, LAG, OUTBOX, OUTBOX_AGE, PARKED_NOW
from shared.events.base import KINDS
from shared.runtime.resources import Building
from shared.store.types import Moment
from shared.web.http import allow, answer
from shared.work import consumer, dead_letters, schedule

if TYPE_CHECKING:
    from shared.runtime.process import Aside, Service

Ops = Annotated[Principal, Depends(allow("ops", "admin"))]


class ClockStep(BaseModel):
    """Where to put the stepped clock, and how fast it runs from there (seconds of business per real second)."""

    model_config = ConfigDict(extra="forbid")
    base: AwareDatetime
    rate: float = Field(1.0, ge=0, le=100_000)


async def backlog(service: "Service", building: Building) -> dict[str, Any]:
    """What of one service still moves: unposted rows, unread records, due rows that are late or come within seconds."""
    db = building.databases[service.name]
    async with db.reading() as tx:
        row = await tx.one(_OUTBOX)
        late = await schedule.late(tx, tx.now, tx.wall)
        soon = await schedule.late(tx, tx.now, tx.wall + building.house.settle * 2) - late
        parked = await dead_letters.count(tx)
        instants = await schedule.next_instants(tx)
        extra = await service.gauges(tx) if service.gauges else {}
        now, wall = tx.now, tx.wall
    group = f"{building.settings.kafka_topic_prefix}-{service.name}"
    lag = await building.bus.lag(group, service.topics) if service.topics else 0
    age = (wall - row["oldest"]).total_seconds() if row and row["oldest"] else 0.0
    return {
        "service": service.name,
        "now": now,
        "outbox": int(row["n"]) if row else 0,
        "outbox_age": max(0.0, age),
        "lag": lag,
        "due_late": late,
        "soon": soon,
        "next_due": instants.get("now"),
        "parked": parked,
        "extra": extra,
    }


def doors(services: "tuple[Service, ...]", building: Building) -> APIRouter:
    """The routes that every process has once."""
    router = APIRouter()

    @router.api_route("/healthz", methods=["GET", "HEAD"], include_in_schema=False)
    async def alive() -> dict[str, str]:
        """Whether the process lives."""
        return {"status": "alive"}

    @router.api_route("/readyz", methods=["GET", "HEAD"], include_in_schema=False)
    async def ready() -> Response:
        """Whether everything that it needs can be reached; 503 with a sentence for each trouble."""
        troubles = await troubles_of(building)
        status = 503 if troubles else 200
        return answer(
            {"status": "ready" if not troubles else "not ready", "troubles": troubles},
            status,
        )

    @router.get("/metrics", include_in_schema=False)
    async def metrics(who: Ops) -> Response:
        """Metrics for Prometheus."""
        for service in services:
            found = await backlog(service, building)
            LAG.labels(service.name).set(found["lag"])
            OUTBOX.labels(service.name).set(found["outbox"])
            OUTBOX_AGE.labels(service.name).set(found["outbox_age"])
            DUE_LATE.labels(service.name).set(found["due_late"])
            PARKED_NOW.labels(service.name).set(found["parked"] + found["extra"].get("leads_parked", 0))
            for name, value in found["extra"].items():
                EXTRA.labels(service.name, name).set(value)
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    @router.get("/v1/backlog")
    async def moving(who: Ops) -> list[dict[str, Any]]:
        """What still moves: unposted events, unread records, due rows that are late or soon."""
        return [await backlog(service, building) for service in services]

    @router.get("/v1/audit")
    async def terms(who: Ops) -> dict[str, Any]:
        """This process's terms of `baton audit`."""
        return {service.name: await audit_terms(service, building) for service in services}

    @router.get("/schemas/{kind}.json", include_in_schema=False)
    async def schema(kind: str) -> dict[str, Any]:
        """The JSON Schema of an event type."""
        if kind not in KINDS:
            raise NotFound(f"There is no event type {kind}.")
        return KINDS[kind].model_json_schema()

    @router.get("/openapi.json", include_in_schema=False)
    async def described(request: Request, who: Ops) -> dict[str, Any]:
        """The OpenAPI description of this process's doors."""
        app: FastAPI = request.app
        return app.openapi()

    @router.get("/v1/parked")
    async def parked(who: Ops, state: Literal["parked", "replayed", "dropped"] = "parked") -> list[dict[str, Any]]:
        """Records that failed and requests that could not be read, oldest first, without their bodies."""
        found = []
        for service in services:
            async with building.databases[service.name].reading() as tx:
                rows = [record.shown() for record in await dead_letters.listed(tx, state)]
                rows += await service.aside.listed(tx) if service.aside and state == "parked" else []
                found += [{"service": service.name, **row} for row in rows]
        return found

    @router.get("/v1/parked/{parked_id}")
    async def show(who: Ops, parked_id: str) -> dict[str, Any]:
        """One parked record with its body."""
        for service in services:
            async with building.databases[service.name].reading() as tx:
                if record := await dead_letters.found(tx, parked_id):
                    body = record.body.decode(errors="replace")
                    return {"service": service.name, **record.shown(), "body": body}
                if service.aside and (own := await service.aside.shown(tx, parked_id)):
                    return {"service": service.name, **own}
        raise NotFound(f"There is no parked record {parked_id} here.")

    @router.post("/v1/parked/{parked_id}/{what}")
    async def settle(who: Ops, parked_id: str, what: str) -> dict[str, str]:
        """Handle a parked record again (`replay`) or give it up (`drop`), then those that wait behind it."""
        if what not in {"replay", "drop"}:
            raise NotFound("A parked record can be replayed or dropped.")
        service, aside = await _owner(services, building, parked_id)
        db, drop = building.databases[service.name], what == "drop"
        if aside:
            said = await db.run(lambda tx: aside.settled(tx, parked_id, who.name, drop))
        else:
            said = await consumer.replay(db, service.hears, service.rings, parked_id, who.name, drop=drop)
        return {"service": service.name, "outcome": said}

    @router.get("/v1/clock")
    async def clock() -> dict[str, Any]:
        """What time it is here: business time, real time, and how fast the first runs."""
        async with building.access.db.reading() as tx:
            return {
                "now": tx.now,
                "wall": tx.wall,
                "rate": building.clock.rate,
                "stepped": building.clock.stepped,
            }

    if building.clock.stepped:

        @router.post("/v1/clock")
        async def step(who: Annotated[Principal, Depends(allow("admin"))], to: ClockStep) -> dict[str, Any]:
            """Put the stepped clock (only with BATON_CLOCK=row)."""
            await set_clock(building.access, to.base, to.rate, who.name)
            return {"base": to.base, "rate": to.rate}

    return router


async def audit_terms(service: "Service", building: Building) -> dict[str, Any]:
    """One service's own counts for `baton audit`."""
    found = await backlog(service, building)
    async with building.databases[service.name].reading() as tx:
        own = await service.audit(tx) if service.audit else {}
        oldest = await tx.one(_OUTBOX)
    return {
        "backlog": found,
        "oldest_unsent": oldest["oldest"] if oldest else None,
        **own,
    }


async def troubles_of(building: Building) -> list[str]:
    """What cannot be reached, a sentence each."""
    troubles = []
    for name, db in building.databases.items():
        try:
            async with db.reading() as tx:
                await tx.one(select(func.count()).select_from(text("relays")))
        except Exception as error:
            troubles.append(f"The database of {name} cannot be read ({type(error).__name__}).")
    try:
        await building.bus.check()
    except Exception as error:
        troubles.append(f"The bus cannot be reached: {error}")
    return troubles


async def _owner(services: "tuple[Service, ...]", building: Building, parked_id: str) -> "tuple[Service, Aside | None]":
    """The service that has it parked; with its own way to settle it, when it is no record."""
    for service in services:
        async with building.databases[service.name].reading() as tx:
            if await dead_letters.found(tx, parked_id):
                return service, None
            if service.aside and await service.aside.shown(tx, parked_id):
                return service, service.aside
    raise NotFound(f"There is no parked record {parked_id} here.")


_OUTBOX = text("SELECT count(*) AS n, min(written_at) AS oldest FROM outbox").columns(oldest=Moment)
