"""What time it is here, and setting it where the clock can be stepped (BATON_CLOCK=row)."""

from typing import Any

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.access.business_clock import set_clock
from shared.runtime.ops_api.dependencies import Admin, ProcessResources

router = APIRouter()
step_router = APIRouter()


class ClockStep(BaseModel):
    """Where to put the stepped clock, and how many seconds of business time pass in a real second from there."""

    model_config = ConfigDict(extra="forbid")
    base: AwareDatetime
    rate: float = Field(1.0, ge=0, le=100_000)


@router.get("/v1/clock")
async def clock(resources: ProcessResources) -> dict[str, Any]:
    """What time it is here: business time, real time, and how fast the first runs."""
    async with resources.access.db.reading() as tx:
        return {"now": tx.now, "wall": tx.wall, "rate": resources.clock.rate, "stepped": resources.clock.stepped}


@step_router.post("/v1/clock")
async def set_business_clock(who: Admin, resources: ProcessResources, to: ClockStep) -> dict[str, Any]:
    """Set the stepped clock (only with BATON_CLOCK=row)."""
    await set_clock(resources.access, to.base, to.rate, who.name)
    return {"base": to.base, "rate": to.rate}
