"""Lead routing: each lead gets one owner by the rules, and every decision is recorded."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from services.router.app import build
from services.router.domain.decision import replay_choice
from services.router.handlers import actions, roster
from services.router.handlers.outcomes import LeadAction
from services.router.settings import Settings
from services.router.store import views
from shared.agreement.model import OffHours
from shared.events import ActionTaken, SlaEscalated
from tests.router.samples import ROSTER, agreement, enquire, lead_row, publish_agreement
from tests.service_harness import TUESDAY, ServiceHarness, service_harness


@pytest.fixture
async def router(tmp_path: Path) -> AsyncIterator[ServiceHarness]:
    async with service_harness(build(Settings()), tmp_path) as harness:
        await publish_agreement(harness)
        yield harness


async def event_types(router: ServiceHarness, lead_id: str) -> list[str]:
    return [
        event.data.type.removeprefix("baton.").removesuffix(".v1")
        for event in await router.outbox()
        if event.subject == lead_id
    ]


async def test_a_lead_is_received_qualified_and_assigned_with_a_decision_in_words(router: ServiceHarness) -> None:
    lead = await enquire(
        router, email="ada@proseware.example", activity="Demo request", employees=500, title="VP Sales"
    )
    row = await lead_row(router, lead)
    assert (row["state"], row["owner"], row["tier"], row["grade"], row["epoch"]) == ("assigned", "dan", "hot", "A", 1)
    assert await event_types(router, lead) == ["lead.received", "lead.qualified", "lead.assigned"]
    async with router.db.reading() as tx:
        (decision,) = await views.decisions_of(tx, lead)
    assert decision["in_words"].startswith("Rule 'everyone else': it takes every lead. It was Dan's turn of 3")
    assert "DACH (country is unknown, wanted DE, AT, CH)" in decision["in_words"]
    assert replay_choice(decision) == "dan"


async def test_round_robin_gives_every_rep_the_same_number_of_leads(router: ServiceHarness) -> None:
    for n in range(9):
        await enquire(router, email=f"p{n}@proseware.example")
    owners = Counter(row["owner"] for row in await router.sql("SELECT owner FROM leads"))
    assert owners == {"dan": 3, "eve": 3, "fay": 3}


async def test_a_capped_team_holds_leads_and_a_freed_place_takes_the_oldest_lead(router: ServiceHarness) -> None:
    ids = [await enquire(router, email=f"p{n}@proseware.example") for n in range(16)]
    held = [lead for lead in ids if (await lead_row(router, lead))["state"] == "held"]
    assert held == [ids[15]]
    first = await lead_row(router, ids[0])
    await router.handle(
        ActionTaken(lead=ids[0], epoch=1, action="disqualify", by=first["owner"], answered_at=TUESDAY), subject=ids[0]
    )
    await router.run_due()
    assert (await lead_row(router, ids[15]))["owner"] == first["owner"]


async def test_a_hot_lead_does_not_wait_for_a_cap(router: ServiceHarness) -> None:
    for n in range(15):
        await enquire(router, email=f"p{n}@proseware.example")
    hot = await enquire(router, email="hot@proseware.example", activity="demo_request")
    row = await lead_row(router, hot)
    assert row["state"] == "assigned"
    (event,) = [e for e in await router.outbox() if e.subject == hot and e.data.type.startswith("baton.lead.assigned")]
    assert event.data.flags == ("over the cap",)


async def test_a_standard_lead_at_night_is_held_until_working_hours_begin(router: ServiceHarness) -> None:
    await router.set_time(datetime.fromisoformat("2026-12-01T22:00:00-05:00"))
    lead = await enquire(router, email="night@proseware.example")
    assert (await lead_row(router, lead))["state"] == "held"
    await router.set_time(datetime.fromisoformat("2026-12-02T08:59:59-05:00"))
    await router.run_due()
    assert (await lead_row(router, lead))["state"] == "held"
    await router.set_time(datetime.fromisoformat("2026-12-02T09:00:00-05:00"))
    await router.run_due()
    assert (await lead_row(router, lead))["state"] == "assigned"


async def test_a_hot_lead_at_night_goes_to_the_rep_who_opens_soonest(router: ServiceHarness) -> None:
    await router.set_time(datetime.fromisoformat("2026-12-01T22:00:00-05:00"))
    lead = await enquire(router, email="night@proseware.example", activity="demo_request")
    assert (await lead_row(router, lead))["state"] == "assigned"


async def test_two_enquiries_of_one_person_make_one_lead(router: ServiceHarness) -> None:
    lead = await enquire(router, email="Ada@Proseware.example", activity="ebook")
    two = await enquire(router, email="ada@proseware.example", activity="pricing page")
    assert (await lead_row(router, two))["state"] == "merged"
    assert (await lead_row(router, two))["merged_into"] == lead
    assert "lead.enquired_again" in await event_types(router, lead)


async def test_an_enquiry_by_the_same_form_within_a_day_is_only_merged(router: ServiceHarness) -> None:
    lead = await enquire(router, email="ada@proseware.example", activity="ebook", id="x1")
    await enquire(router, email="ada@proseware.example", activity="ebook", id="x1", message="again")
    assert "lead.enquired_again" not in await event_types(router, lead)


async def test_a_repeated_item_is_a_duplicate_and_changes_nothing(router: ServiceHarness) -> None:
    lead = await enquire(router, email="ada@proseware.example", event_id="e-1")
    two = await enquire(router, email="ada@proseware.example", event_id="e-1")
    rows = {row["id"]: row for row in await router.sql("SELECT * FROM items")}
    assert rows[two]["outcome"] == "duplicate"
    assert rows[two]["lead"] == lead
    assert await router.sql("SELECT id FROM leads WHERE id = :id", id=two) == []


async def test_a_lead_whose_body_cannot_be_read_is_parked_with_its_reason(router: ServiceHarness) -> None:
    lead = await enquire(router, source="standard", body=b"\xff\xfe not json")
    row = await lead_row(router, lead)
    assert row["state"] == "parked"
    assert "utf-8" in row["why"].lower()
    assert await event_types(router, lead) == ["lead.parked"]


async def test_a_nurtured_lead_is_qualified_again_when_it_is_sales_ready(router: ServiceHarness) -> None:
    await publish_agreement(router, agreement(sales_ready={"activity": ["demo_request"]}))
    lead = await enquire(router, email="ada@proseware.example", activity="ebook")
    assert (await lead_row(router, lead))["state"] == "nurtured"
    await enquire(router, email="ada@proseware.example", activity="demo request")
    row = await lead_row(router, lead)
    assert (row["state"], row["tier"]) == ("assigned", "hot")


async def test_an_action_under_an_old_epoch_is_refused_and_names_the_present_owner(router: ServiceHarness) -> None:
    lead = await enquire(router, email="ada@proseware.example", activity="demo_request")
    escalated = SlaEscalated(
        clock="c",
        lead=lead,
        promise="accept",
        epoch=1,
        due_at=TUESDAY,
        terms_version=1,
        step=1,
        do=("reassign",),
        at=TUESDAY,
    )
    await router.handle(escalated, subject=lead)
    row = await lead_row(router, lead)
    assert (row["owner"], row["epoch"]) == ("eve", 2)
    events = await router.handle(
        ActionTaken(lead=lead, epoch=1, action="accept", by="dan", answered_at=TUESDAY), subject=lead
    )
    assert [event.data.type for event in events] == ["baton.action.refused.v1"]
    assert events[0].data.present_owner == "eve"


async def test_a_lead_that_everybody_had_goes_to_the_manager(router: ServiceHarness) -> None:
    lead = await enquire(router, email="ada@proseware.example", activity="demo_request", country="Germany")
    owners = [(await lead_row(router, lead))["owner"]]
    for epoch in (1, 2, 3):
        escalated = SlaEscalated(
            clock="c",
            lead=lead,
            promise="accept",
            epoch=epoch,
            due_at=TUESDAY,
            terms_version=1,
            step=1,
            do=("reassign",),
            at=TUESDAY,
        )
        await router.handle(escalated, subject=lead)
        owners.append((await lead_row(router, lead))["owner"])
    assert owners == ["anna", "ben", "ines", "ines"]


async def test_a_declined_lead_goes_to_the_next_rep_and_at_last_back_to_marketing(router: ServiceHarness) -> None:
    lead = await enquire(router, email="ada@proseware.example")
    for epoch in (1, 2, 3):
        owner = (await lead_row(router, lead))["owner"]
        await router.handle(
            ActionTaken(lead=lead, epoch=epoch, action="decline", by=owner, reason="overloaded", answered_at=TUESDAY),
            subject=lead,
        )
    row = await lead_row(router, lead)
    assert row["state"] == "recycled"
    assert (await event_types(router, lead)).count("lead.declined") == 3


async def test_a_decline_without_an_agreed_reason_is_refused(router: ServiceHarness) -> None:
    lead = await enquire(router, email="ada@proseware.example")
    events = await router.handle(
        ActionTaken(lead=lead, epoch=1, action="decline", by="dan", reason="no idea", answered_at=TUESDAY), subject=lead
    )
    assert "overloaded, not a fit" in events[0].data.why


async def test_a_contacted_lead_is_accepted_too(router: ServiceHarness) -> None:
    lead = await enquire(router, email="ada@proseware.example")
    await router.handle(
        ActionTaken(lead=lead, epoch=1, action="contacted", by="dan", answered_at=TUESDAY), subject=lead
    )
    assert (await event_types(router, lead))[-2:] == ["lead.accepted", "lead.contacted"]


async def test_a_lead_without_any_active_rep_is_unrouted_and_alerted_after_the_agreed_wait(
    router: ServiceHarness,
) -> None:
    gone = [rep.model_copy(update={"active": False}) for rep in ROSTER]
    await publish_agreement(router, roster=gone)
    lead = await enquire(router, email="ada@proseware.example")
    assert (await lead_row(router, lead))["state"] == "unrouted"
    assert await router.run_due() == []
    await router.advance(minutes=2)
    (event,) = await router.run_due()
    assert event.data.alert_now is True


async def test_open_leads_of_a_rep_who_leaves_go_to_others(router: ServiceHarness) -> None:

    lead = await enquire(router, email="ada@proseware.example")
    assert (await lead_row(router, lead))["owner"] == "dan"
    async with router.db.transaction() as tx:
        await roster.change_person(tx, "dan", {"active": False}, "test")
    await router.run_due()
    assert (await lead_row(router, lead))["owner"] == "eve"


async def test_a_rep_who_is_away_is_passed_over_with_the_reason(router: ServiceHarness) -> None:

    async with router.db.transaction() as tx:
        away = [{"start": TUESDAY, "until": TUESDAY + timedelta(days=2)}]
        await roster.change_person(tx, "dan", {"away": away}, "test")
    lead = await enquire(router, email="ada@proseware.example")
    assert (await lead_row(router, lead))["owner"] == "eve"
    async with router.db.reading() as tx:
        (decision,) = await views.decisions_of(tx, lead)
    assert "Dan (away until 2026-12-03 15:00 UTC)" in decision["in_words"]


async def test_leads_wait_without_an_agreement_and_are_qualified_when_one_goes_live(tmp_path: Path) -> None:
    async with service_harness(build(Settings()), tmp_path) as router:
        lead = await enquire(router, email="ada@proseware.example")
        assert (await lead_row(router, lead))["state"] == "received"
        await publish_agreement(router)
        from shared.work import schedule

        async with router.db.transaction() as tx:
            await schedule.schedule(tx, [schedule.ScheduledItem("backlog", "backlog", "backlog", tx.now)])
        await router.run_due()
        assert (await lead_row(router, lead))["state"] == "assigned"


async def test_off_hours_assign_anyway_assigns_leads_at_night_too(tmp_path: Path) -> None:
    async with service_harness(build(Settings()), tmp_path) as router:
        await publish_agreement(router, agreement(off_hours=OffHours(then="assign anyway")))
        await router.set_time(datetime.fromisoformat("2026-12-01T22:00:00-05:00"))
        lead = await enquire(router, email="night@proseware.example")
        assert (await lead_row(router, lead))["state"] == "assigned"


@pytest.mark.parametrize(("by", "rule"), [("omar", "assigned by Omar"), ("crm-sync", "assigned by crm-sync")])
async def test_a_lead_assigned_by_a_person_or_key_names_them_as_its_rule(
    router: ServiceHarness, by: str, rule: str
) -> None:
    lead = await enquire(router, email="ada@proseware.example")
    async with router.db.transaction() as tx:
        await actions.apply(tx, [LeadAction(lead, 1, "assign", by, tx.now, to="eve")])
    row = await lead_row(router, lead)
    assert (row["owner"], row["rule"], row["used_turn"]) == ("eve", rule, 0)
