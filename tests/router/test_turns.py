"""Round robin under concurrency: every turn is counted, nobody is passed over, no cap is broken, on both databases."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from services.router.app import build
from services.router.domain.lead import Lead
from services.router.domain.rep_pool import RepPool, TurnCount
from services.router.domain.routing import choose
from services.router.settings import Settings as RouterSettings
from services.router.store import agreements, config_cache, people
from shared.access.business_clock import set_clock
from shared.agreement.model import Member, Team
from shared.base.ids import new_id
from shared.base.roster import Rep
from shared.base.settings import Settings
from shared.events.base import Event
from shared.runtime.migrate import upgrade
from shared.runtime.resources import open_resources
from shared.store.database import Database
from shared.work.dispatch import dispatch
from tests.router.samples import ROSTER, agreement, received
from tests.service_harness import TUESDAY


@asynccontextmanager
async def routers(database: str, folder: Path, cap: int | None) -> AsyncIterator[Database]:
    """A router's database with people and an agreement: 2 for Dan, 1 for Eve, 1 for Fay."""
    wide = {"bus": "kafka", "database_url": database, "kafka_bootstrap_servers": "nowhere:1"} if database else {}
    settings = Settings(data_dir=folder, clock="row", secret_keys="k" * 32, **wide)
    async with open_resources(settings, ["router"]) as resources:
        await upgrade(resources, ["access", "router"])
        await resources.access.load()
        await set_clock(resources.access, TUESDAY, 0, "test")
        db = resources.databases["router"]
        members = (Member(rep="dan", weight=2), Member(rep="eve"), Member(rep="fay"))
        team = Team(manager="omar", members=members, calendar="hq", cap_open=cap)
        base = agreement()
        compiled = base.model_copy(update={"teams": {**base.teams, "inbound": team}})
        async with db.transaction() as tx:
            row = {"name": "x", "hash": "x", "text": "", "compiled": compiled.model_dump(mode="json"), "warnings": []}
            number = await agreements.insert_draft(
                tx, row | {"state": "draft", "uploaded_at": tx.now, "uploaded_by": "test"}
            )
            await agreements.set_state(tx, number, "live", live_at=tx.now)
            await people.save_people(tx, ROSTER, "test")
            await config_cache.invalidate(tx, "agreement")
        yield db


async def _post(db: Database, name: str) -> None:
    event = Event(received(at=TUESDAY, email=f"{name}@proseware.example"), new_id(), "/test", TUESDAY)
    handlers = build(RouterSettings()).on_event
    await db.run(lambda tx: dispatch(tx, handlers, [event]))


async def _post_from_four_routers(db: Database, each: int) -> None:
    async def one(router: int) -> None:
        for number in range(each):
            await _post(db, f"p{router}-{number}")

    await asyncio.gather(*(one(router) for router in range(4)))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.wide)])
def database(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue("postgres")) if request.param == "postgresql" else ""


async def test_two_hundred_turns_of_four_routers_are_two_hundred_turns_by_weight(database: str, tmp_path: Path) -> None:
    async with routers(database, tmp_path, None) as db:
        await _post_from_four_routers(db, 50)
        async with db.reading() as tx:
            turns = {row.rep: row.turns for row in (await tx.conn.execute(text("SELECT rep, turns FROM turns"))).all()}
            owners = Counter(row.owner for row in (await tx.conn.execute(text("SELECT owner FROM leads"))).all())
            standing = (
                await tx.conn.execute(text("SELECT count(*) FROM assignments WHERE ended_at IS NULL"))
            ).scalar_one()
    assert turns == owners == {"dan": 100, "eve": 50, "fay": 50}
    assert standing == 200


async def test_no_cap_is_exceeded_by_routers_that_assign_at_once(database: str, tmp_path: Path) -> None:
    async with routers(database, tmp_path, 7) as db:
        await _post_from_four_routers(db, 10)
        async with db.reading() as tx:
            rows = (await tx.conn.execute(text("SELECT owner, state FROM leads"))).all()
    assert Counter(row.owner for row in rows if row.state == "assigned") == {"dan": 7, "eve": 7, "fay": 7}
    assert sum(row.state == "held" for row in rows) == 40 - 21


@given(
    weights=st.lists(st.integers(1, 5), min_size=1, max_size=6),
    start=st.lists(st.integers(0, 50), min_size=6, max_size=6),
    rounds=st.integers(1, 60),
)
def test_round_robin_gives_every_rep_their_share_by_weight_and_at_most_one_turn_ahead(
    weights: list[int], start: list[int], rounds: int
) -> None:
    reps = [f"rep{number}" for number in range(len(weights))]
    team = Team(members=tuple(Member(rep=rep, weight=weight) for rep, weight in zip(reps, weights, strict=True)))
    base = agreement(teams={"inbound": team, "dach": team}, calendars={})
    roster = {rep: Rep(id=rep, name=rep) for rep in reps}
    level = start[0]
    turns = {("inbound", rep): TurnCount(level * weight, weight) for rep, weight in zip(reps, weights, strict=True)}
    pool = RepPool(base, TUESDAY, roster, turns)
    assigned: Counter[str] = Counter()
    for number in range(rounds):
        lead = Lead(str(number), "i", 0, "form", "generic", TUESDAY, TUESDAY, TUESDAY, tier="standard")
        decision = choose(lead, pool, {})
        assert decision.chosen is not None
        pool.assign(decision.chosen, uses_turn=decision.uses_turn)
        assigned[decision.chosen.rep] += 1
    total = sum(weights)
    for rep, weight in zip(reps, weights, strict=True):
        assert abs(assigned[rep] - rounds * weight / total) <= max(1, len(weights) * weight / total)
