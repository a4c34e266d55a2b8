"""Leads that nobody can take wait, with an event, and are all tried again when something changes."""

from pathlib import Path

import pytest

from services.router.app import build
from services.router.handlers import release, roster
from services.router.settings import Settings
from shared.agreement.model import Member, OffHours, RoutingRule, Team
from shared.events import ActionTaken
from tests.router.samples import agreement, enquire, lead_row, publish_agreement
from tests.router.test_routing import event_types
from tests.service_harness import TUESDAY, service_harness

INBOUND = RoutingRule(rule="everyone", when={}, to="inbound")
PAIRS = (("inbound", "dan"), ("dach", "anna"))


async def test_a_lead_of_a_rep_who_left_is_unrouted_when_nobody_else_can_take_it(tmp_path: Path) -> None:
    alone = agreement(teams={"inbound": Team(members=(Member(rep="dan"),), calendar="hq")}, routing=(INBOUND,))
    async with service_harness(build(Settings()), tmp_path) as router:
        await publish_agreement(router, alone)
        lead = await enquire(router, email="a@proseware.example")
        async with router.db.transaction() as tx:
            await roster.change_person(tx, "dan", {"active": False}, "test")
        await router.run_due()
        row = await lead_row(router, lead)
        assert (row["state"], row["owner"]) == ("unrouted", None)
        assert (await event_types(router, lead))[-1] == "lead.unrouted"
        assert await router.sql("SELECT lead FROM assignments WHERE ended_at IS NULL") == []


async def test_all_waiting_leads_are_tried_again_hot_ones_first_however_many_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(release, "BATCH_SIZE", 3)
    rules = (RoutingRule(rule="DACH", when={"country": ["DE"]}, to="dach"), INBOUND)
    teams = {name: Team(members=(Member(rep=rep),), calendar="hq", cap_open=1) for name, rep in PAIRS}
    async with service_harness(build(Settings()), tmp_path) as router:
        await publish_agreement(router, agreement(teams=teams, routing=rules, off_hours=OffHours()))
        first = [await enquire(router, email="a@x.example"), await enquire(router, email="b@x.example", country="DE")]
        full = [await enquire(router, email=f"p{n}@x.example") for n in range(8)]
        late = [await enquire(router, email=f"d{n}@x.example", country="DE") for n in range(2)]
        hot = await enquire(router, email="h@x.example", country="DE", activity="demo request")
        assert [(await lead_row(router, lead))["state"] for lead in (*full, *late, hot)] == ["held"] * 11
        decisions = len(await router.sql("SELECT id FROM decisions"))
        gone = ActionTaken(lead=first[1], epoch=1, action="disqualify", by="anna", answered_at=TUESDAY)
        await router.handle(gone, subject=first[1])
        await router.run_due()
        assert [(await lead_row(router, lead))["state"] for lead in (*full, *late, hot)] == ["held"] * 10 + ["assigned"]
        assert len(await router.sql("SELECT id FROM decisions")) == decisions + 1
        own = ActionTaken(lead=hot, epoch=1, action="disqualify", by="anna", answered_at=TUESDAY)
        await router.handle(own, subject=hot)
        await router.run_due()
        assert {(await lead_row(router, lead))["owner"] for lead in late} == {None, "anna"}
