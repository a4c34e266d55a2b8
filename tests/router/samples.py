"""Samples for the router's tests: an agreement, people, and requests as the webhook store would have stored them."""

import base64
from typing import Any

from services.router.store import agreements, config_cache, people
from shared.agreement.model import (
    Decline,
    Duplicates,
    ExecutableAgreement,
    FitRule,
    Grade,
    Member,
    Needs,
    OffHours,
    Refusal,
    RoutingRule,
    Team,
    Tier,
    Unrouted,
)
from shared.agreement.time.calendar import CalendarSpec
from shared.base.ids import new_id
from shared.base.roster import Rep
from shared.events.intake import IntakeReceived
from tests.service_harness import ServiceHarness, json_body

HQ = CalendarSpec(timezone="America/New_York", hours={"mon-fri": ("09:00-17:30",)})


def agreement(**changes: Any) -> ExecutableAgreement:
    """Two teams, three people each, hot demo requests."""
    base = ExecutableAgreement(
        name="Northwind",
        timezone="America/New_York",
        refuse=(Refusal(reason="competitor", when={"domain": "in list:competitors"}),),
        duplicates=Duplicates(within=90 * 86_400),
        fit=(
            FitRule(points=30, when={"employees": ">= 200"}),
            FitRule(points=20, when={"title": "matches (VP|Chief)"}),
        ),
        grades=(Grade(grade="A", test=">= 50"), Grade(grade="B", test=">= 30")),
        needs=Needs(of={"need": "known", "budget": "known"}, at_least=1),
        tiers=(Tier(tier="hot", when={"activity": ["demo_request"]}), Tier(tier="standard", when={})),
        teams={
            "dach": Team(manager="ines", members=(Member(rep="anna"), Member(rep="ben")), calendar="hq"),
            "inbound": Team(
                manager="omar",
                members=(Member(rep="dan"), Member(rep="eve"), Member(rep="fay")),
                calendar="hq",
                cap_open=5,
            ),
        },
        routing=(
            RoutingRule(rule="DACH", when={"country": ["DE", "AT", "CH"]}, to="dach"),
            RoutingRule(rule="everyone else", when={}, to="inbound"),
        ),
        unrouted=Unrouted(alert="ops", after=120),
        off_hours=OffHours(then="hold until open", excepted=("hot",)),
        calendars={"hq": HQ},
        decline=Decline(ours=("overloaded",), theirs=("not a fit",), at_most=2),
    )
    return base.model_copy(update=changes)


ROSTER = [
    Rep(id=name, name=name.title(), email=f"{name}@northwind.example", manager=boss)
    for name, boss in (("dan", "omar"), ("eve", "omar"), ("fay", "omar"), ("anna", "ines"), ("ben", "ines"))
] + [
    Rep(id=name, name=name.title(), email=f"{name}@northwind.example", roles=("manager",)) for name in ("omar", "ines")
]


async def publish_agreement(
    room: ServiceHarness, compiled: ExecutableAgreement | None = None, roster: list[Rep] | None = None
) -> None:
    """A live agreement and a roster."""
    compiled = compiled or agreement()
    async with room.db.transaction() as tx:
        row = {"name": compiled.name, "hash": "sha256:test", "text": "", "compiled": compiled.model_dump(mode="json")}
        more = {"warnings": [], "state": "draft", "uploaded_at": tx.now, "uploaded_by": "test"}
        number = await agreements.insert_draft(tx, row | more)
        await agreements.set_state(tx, number, "live", live_at=tx.now)
        await people.save_people(tx, roster if roster is not None else ROSTER, "test")
        await config_cache.invalidate(tx, "agreement")
        await config_cache.invalidate(tx, "roster")


def received(
    *, endpoint: str = "form", source: str = "generic", body: bytes | None = None, at: Any = None, **fields: Any
) -> IntakeReceived:
    """A request as the webhook store would have stored it."""
    raw = body if body is not None else json_body(**fields)
    return IntakeReceived(
        endpoint=endpoint,
        source=source,
        received_at=at,
        content_type="application/json",
        body=base64.b64encode(raw).decode(),
    )


async def enquire(room: ServiceHarness, **fields: Any) -> str:
    """One enquiry; returns the lead id of the response."""
    from shared.base.ids import stable_id

    async with room.db.reading() as tx:
        now = tx.now
    subject = new_id()
    await room.handle(received(at=now, **fields), subject=subject)
    return stable_id(subject, 0)


async def lead_row(room: ServiceHarness, lead_id: str) -> Any:
    """The lead's row."""
    (row,) = await room.sql("SELECT * FROM leads WHERE id = :id", id=lead_id)
    return row
