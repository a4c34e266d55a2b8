"""Routes of the business clock: read it, and set it when it can be stepped (BATON_CLOCK=row)."""

from typing import Any

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.access.business_clock import set_clock
from shared.runtime.ops_api.dependencies import Admin, ProcessResources

router = APIRouter()
step_router = APIRouter()


class ClockStep(BaseModel):
    """A new setting of the stepped clock: business time now (`base`) and business seconds per real second (`rate`)."""

    model_config = ConfigDict(extra="forbid")
    base: AwareDatetime
    rate: float = Field(1.0, ge=0, le=100_000)


@router.get("/v1/clock")
async def clock(resources: ProcessResources) -> dict[str, Any]:
    """Show business time, real time, and the rate at which business time runs."""
    async with resources.access.db.reading() as tx:
        return {"now": tx.now, "wall": tx.wall, "rate": resources.clock.rate, "stepped": resources.clock.stepped}


@step_router.post("/v1/clock")
async def set_business_clock(who: Admin, resources: ProcessResources, to: ClockStep) -> dict[str, Any]:
    """Set the stepped clock (only with BATON_CLOCK=row)."""
    await set_clock(resources.access, to.base, to.rate, who.name)
    return {"base": to.base, "rate": to.rate}
