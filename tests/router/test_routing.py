"""The router's room: what comes in gets one owner, by the rules, and every decision is on record."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from services.router.app import build
from services.router.domain.decision import replay_choice
from services.router.handlers import roster
from services.router.settings import Settings
from services.router.store import views
from shared.agreement.model import OffHours
from shared.events import ActionTaken, SlaEscalated
from tests.router.samples import ROSTER, agreement, enquire, lead_row, publish_agreement
from tests.service_harness import TUESDAY, ServiceHarness, service_harness


@pytest.fixture
async def router(tmp_path: Path) -> AsyncIterator[ServiceHarness]:
    async with service_harness(build(Settings()), tmp_path) as found:
        await publish_agreement(found)
        yield found


async def event_types(router: ServiceHarness, lead_id: str) -> list[str]:
    return [
        event.data.type.removeprefix("baton.").removesuffix(".v1")
        for event in await router.outbox()
        if event.subject == lead_id
    ]


async def test_a_lead_is_received_qualified_and_assigned_with_a_decision_in_words(router: ServiceHarness) -> None:
    one = await enquire(router, email="ada@proseware.example", activity="Demo request", employees=500, title="VP Sales")
    row = await lead_row(router, one)
    assert (row["state"], row["owner"], row["tier"], row["grade"], row["epoch"]) == ("assigned", "dan", "hot", "A", 1)
    assert await event_types(router, one) == ["lead.received", "lead.qualified", "lead.assigned"]
    async with router.db.reading() as tx:
        (decision,) = await views.decisions_of(tx, one)
    assert decision["in_words"].startswith("Rule 'everyone else': it takes every lead. It was Dan's turn of 3")
    assert "DACH (country is unknown, wanted DE, AT, CH)" in decision["in_words"]
    assert replay_choice(decision) == "dan"


async def test_turns_go_round_and_nobody_is_left_out(router: ServiceHarness) -> None:
    for n in range(9):
        await enquire(router, email=f"p{n}@proseware.example")
    owners = Counter(row["owner"] for row in await router.sql("SELECT owner FROM leads"))
    assert owners == {"dan": 3, "eve": 3, "fay": 3}


async def test_a_capped_team_holds_leads_and_a_freed_place_takes_the_oldest(router: ServiceHarness) -> None:
    ids = [await enquire(router, email=f"p{n}@proseware.example") for n in range(16)]
    held = [one for one in ids if (await lead_row(router, one))["state"] == "held"]
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


async def test_a_standard_lead_of_the_night_is_held_until_somebody_opens(router: ServiceHarness) -> None:
    await router.set_time(datetime.fromisoformat("2026-12-01T22:00:00-05:00"))
    one = await enquire(router, email="night@proseware.example")
    assert (await lead_row(router, one))["state"] == "held"
    await router.set_time(datetime.fromisoformat("2026-12-02T08:59:59-05:00"))
    await router.run_due()
    assert (await lead_row(router, one))["state"] == "held"
    await router.set_time(datetime.fromisoformat("2026-12-02T09:00:00-05:00"))
    await router.run_due()
    assert (await lead_row(router, one))["state"] == "assigned"


async def test_a_hot_lead_of_the_night_goes_to_who_opens_soonest_and_is_marked(router: ServiceHarness) -> None:
    await router.set_time(datetime.fromisoformat("2026-12-01T22:00:00-05:00"))
    one = await enquire(router, email="night@proseware.example", activity="demo_request")
    assert (await lead_row(router, one))["state"] == "assigned"


async def test_two_enquiries_of_one_person_make_one_lead(router: ServiceHarness) -> None:
    one = await enquire(router, email="Ada@Proseware.example", activity="ebook")
    two = await enquire(router, email="ada@proseware.example", activity="pricing page")
    assert (await lead_row(router, two))["state"] == "merged"
    assert (await lead_row(router, two))["merged_into"] == one
    assert "lead.enquired_again" in await event_types(router, one)


async def test_the_same_form_within_a_day_is_only_merged(router: ServiceHarness) -> None:
    one = await enquire(router, email="ada@proseware.example", activity="ebook", id="x1")
    await enquire(router, email="ada@proseware.example", activity="ebook", id="x1", message="again")
    assert "lead.enquired_again" not in await event_types(router, one)


async def test_a_repeated_element_is_a_duplicate_and_changes_nothing(router: ServiceHarness) -> None:
    one = await enquire(router, email="ada@proseware.example", event_id="e-1")
    two = await enquire(router, email="ada@proseware.example", event_id="e-1")
    rows = {row["id"]: row for row in await router.sql("SELECT * FROM items")}
    assert rows[two]["outcome"] == "duplicate"
    assert rows[two]["lead"] == one
    assert await router.sql("SELECT id FROM leads WHERE id = :id", id=two) == []


async def test_a_body_that_cannot_be_read_is_parked_and_shown(router: ServiceHarness) -> None:
    one = await enquire(router, source="standard", body=b"\xff\xfe not json")
    row = await lead_row(router, one)
    assert row["state"] == "parked"
    assert "utf-8" in row["why"].lower()
    assert await event_types(router, one) == ["lead.parked"]


async def test_an_mql_false_is_nurtured_and_comes_back_when_it_is_ready(router: ServiceHarness) -> None:
    await publish_agreement(router, agreement(sales_ready={"activity": ["demo_request"]}))
    one = await enquire(router, email="ada@proseware.example", activity="ebook")
    assert (await lead_row(router, one))["state"] == "nurtured"
    await enquire(router, email="ada@proseware.example", activity="demo request")
    row = await lead_row(router, one)
    assert (row["state"], row["tier"]) == ("assigned", "hot")


async def test_an_answer_under_an_old_epoch_is_refused_and_says_who_has_it(router: ServiceHarness) -> None:
    one = await enquire(router, email="ada@proseware.example", activity="demo_request")
    rung = SlaEscalated(
        clock="c",
        lead=one,
        promise="accept",
        epoch=1,
        due_at=TUESDAY,
        terms_version=1,
        step=1,
        do=("reassign",),
        at=TUESDAY,
    )
    await router.handle(rung, subject=one)
    row = await lead_row(router, one)
    assert (row["owner"], row["epoch"]) == ("eve", 2)
    events = await router.handle(
        ActionTaken(lead=one, epoch=1, action="accept", by="dan", answered_at=TUESDAY), subject=one
    )
    assert [event.data.type for event in events] == ["baton.action.refused.v1"]
    assert events[0].data.present_owner == "eve"


async def test_when_everybody_had_it_the_manager_takes_it(router: ServiceHarness) -> None:
    one = await enquire(router, email="ada@proseware.example", activity="demo_request", country="Germany")
    owners = [(await lead_row(router, one))["owner"]]
    for epoch in (1, 2, 3):
        rung = SlaEscalated(
            clock="c",
            lead=one,
            promise="accept",
            epoch=epoch,
            due_at=TUESDAY,
            terms_version=1,
            step=1,
            do=("reassign",),
            at=TUESDAY,
        )
        await router.handle(rung, subject=one)
        owners.append((await lead_row(router, one))["owner"])
    assert owners == ["anna", "ben", "ines", "ines"]


async def test_a_declined_lead_goes_on_and_at_last_back_to_marketing(router: ServiceHarness) -> None:
    one = await enquire(router, email="ada@proseware.example")
    for epoch in (1, 2, 3):
        owner = (await lead_row(router, one))["owner"]
        await router.handle(
            ActionTaken(lead=one, epoch=epoch, action="decline", by=owner, reason="overloaded", answered_at=TUESDAY),
            subject=one,
        )
    row = await lead_row(router, one)
    assert row["state"] == "recycled"
    assert (await event_types(router, one)).count("lead.declined") == 3


async def test_a_decline_without_an_agreed_reason_is_refused(router: ServiceHarness) -> None:
    one = await enquire(router, email="ada@proseware.example")
    events = await router.handle(
        ActionTaken(lead=one, epoch=1, action="decline", by="dan", reason="no idea", answered_at=TUESDAY), subject=one
    )
    assert "overloaded, not a fit" in events[0].data.why


async def test_contacted_says_accepted_too(router: ServiceHarness) -> None:
    one = await enquire(router, email="ada@proseware.example")
    await router.handle(ActionTaken(lead=one, epoch=1, action="contacted", by="dan", answered_at=TUESDAY), subject=one)
    assert (await event_types(router, one))[-2:] == ["lead.accepted", "lead.contacted"]


async def test_without_anybody_it_is_unrouted_and_the_alert_follows_in_time(router: ServiceHarness) -> None:
    gone = [rep.model_copy(update={"active": False}) for rep in ROSTER]
    await publish_agreement(router, roster=gone)
    one = await enquire(router, email="ada@proseware.example")
    assert (await lead_row(router, one))["state"] == "unrouted"
    assert await router.run_due() == []
    await router.advance(minutes=2)
    (event,) = await router.run_due()
    assert event.data.alert_now is True


async def test_who_leaves_gives_their_open_leads_to_others(router: ServiceHarness) -> None:

    one = await enquire(router, email="ada@proseware.example")
    assert (await lead_row(router, one))["owner"] == "dan"
    async with router.db.transaction() as tx:
        await roster.change_person(tx, "dan", {"active": False}, "test")
    await router.run_due()
    assert (await lead_row(router, one))["owner"] == "eve"


async def test_who_is_away_is_passed_over_with_the_reason(router: ServiceHarness) -> None:

    async with router.db.transaction() as tx:
        away = [{"start": TUESDAY, "until": TUESDAY + timedelta(days=2)}]
        await roster.change_person(tx, "dan", {"away": away}, "test")
    one = await enquire(router, email="ada@proseware.example")
    assert (await lead_row(router, one))["owner"] == "eve"
    async with router.db.reading() as tx:
        (decision,) = await views.decisions_of(tx, one)
    assert "Dan (away until 2026-12-03 15:00 UTC)" in decision["in_words"]


async def test_leads_wait_without_an_agreement_and_are_judged_when_one_goes_live(tmp_path: Path) -> None:
    async with service_harness(build(Settings()), tmp_path) as router:
        one = await enquire(router, email="ada@proseware.example")
        assert (await lead_row(router, one))["state"] == "received"
        await publish_agreement(router)
        from shared.work import schedule

        async with router.db.transaction() as tx:
            await schedule.schedule(tx, [schedule.ScheduledItem("backlog", "backlog", "backlog", tx.now)])
        await router.run_due()
        assert (await lead_row(router, one))["state"] == "assigned"


async def test_assign_anyway_gives_leads_at_night_too(tmp_path: Path) -> None:
    async with service_harness(build(Settings()), tmp_path) as router:
        await publish_agreement(router, agreement(off_hours=OffHours(then="assign anyway")))
        await router.set_time(datetime.fromisoformat("2026-12-01T22:00:00-05:00"))
        one = await enquire(router, email="night@proseware.example")
        assert (await lead_row(router, one))["state"] == "assigned"
