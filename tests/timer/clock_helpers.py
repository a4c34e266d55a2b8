"""Helpers of the timer's tests: an agreement, a lead, and the events about it."""

from datetime import date, datetime, timedelta
from typing import Any

from shared.agreement.model import ClockRules, EscalationStep, ExecutableAgreement, Member, Promise, Target, Team
from shared.agreement.time.calendar import CalendarSpec
from shared.base.roster import Rep
from shared.events import (
    AgreementPublished,
    LeadAssigned,
    LeadCard,
    RosterChanged,
)
from shared.events.base import Event, EventData
from tests.service_harness import TUESDAY, ServiceHarness

LEAD = "0193b0c4-0000-7000-8000-000000000001"
MINUTE = timedelta(minutes=1)


def agreement(**changes: Any) -> ExecutableAgreement:
    base = ExecutableAgreement(
        name="Northwind",
        timezone="America/New_York",
        teams={"inbound": Team(manager="omar", members=(Member(rep="dan"), Member(rep="eve")), calendar="hq")},
        calendars={"hq": CalendarSpec(timezone="America/New_York", hours={"mon-fri": ("09:00-17:30",)}, holidays="US")},
        holidays={"hq": {date(2026, 12, 25): "Christmas Day"}},
        promises={
            "accept": Promise(
                name="accept",
                targets={"hot": Target(within="15 minutes", off_hours=4 * 3600), "standard": Target(within="8 hours")},
                steps=(
                    EscalationStep(after=0, do=("notify owner", "notify manager")),
                    EscalationStep(after=1800, do=("reassign",), at_most=2, never="previous owners"),
                    EscalationStep(after=7200, do=("notify manager", "return to marketing")),
                ),
            ),
            "first_touch": Promise(
                name="first_touch",
                targets={"hot": Target(within="1 hour")},
                runs_from="accepted",
                steps=(EscalationStep(after=0, do=("notify manager",)),),
            ),
        },
        clock=ClockRules(continue_with_at_least=600),
    )
    return base.model_copy(update=changes)


def published(compiled: ExecutableAgreement | None = None, version: int = 1) -> AgreementPublished:
    doc = (compiled or agreement()).model_dump(mode="json")
    return AgreementPublished(version=version, hash="sha256:x", published_at=TUESDAY, compiled=doc)


def assigned(
    owner: str = "dan", *, epoch: int = 1, at: datetime = TUESDAY, tier: str = "hot", terms_version: int = 1
) -> LeadAssigned:
    return LeadAssigned(
        lead=LeadCard(id=LEAD, received_at=at),
        owner=owner,
        team="inbound",
        epoch=epoch,
        tier=tier,
        rule="everyone else",
        routing_version=1,
        terms_version=terms_version,
        decision="d",
        assigned_at=at,
    )


def answer(kind: Any, at: datetime, epoch: int = 1, **more: Any) -> Any:
    return kind(owner="dan", epoch=epoch, by="dan", answered_at=at, **more)


def names(events: list[Event[EventData]]) -> list[str]:
    return [event.data.type.removeprefix("baton.").removesuffix(".v1") for event in events]


async def add_reference_data(timer: ServiceHarness) -> None:
    await timer.handle(published(), subject="agreement:1")
    for name in ("dan", "eve", "omar"):
        await timer.handle(RosterChanged(rep=Rep(id=name, name=name.title())), subject=f"rep:{name}")


async def clock(timer: ServiceHarness, promise: str = "accept", epoch: int = 1) -> Any:
    (row,) = await timer.sql("SELECT * FROM clocks WHERE promise = :p AND epoch = :e", p=promise, e=epoch)
    return row
