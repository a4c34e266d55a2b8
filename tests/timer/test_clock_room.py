"""The timer's room: one final verdict per clock, warned and breached once, rung by rung, whatever arrives when."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.timer.app import build
from services.timer.settings import Settings
from shared.agreement.calendar import CalendarSpec
from shared.agreement.compiled import ClockRules, Compiled, Member, Promise, Rung, Target, Team
from shared.agreement.roster import Rep
from shared.events import (
    ActionRefused,
    ActionTaken,
    AgreementPublished,
    LeadAccepted,
    LeadAssigned,
    LeadCard,
    LeadContacted,
    LeadEnquiredAgain,
    LeadRecycled,
    RosterChanged,
)
from shared.events.base import Event, Fact
from tests.rooms import TUESDAY, Room, room

LEAD = "0193b0c4-0000-7000-8000-000000000001"
MINUTE = timedelta(minutes=1)


def agreement(**changes: Any) -> Compiled:
    base = Compiled(
        name="Northwind",
        timezone="America/New_York",
        teams={"inbound": Team(manager="omar", members=(Member(rep="dan"), Member(rep="eve")), calendar="hq")},
        calendars={"hq": CalendarSpec(timezone="America/New_York", hours={"mon-fri": ("09:00-17:30",)}, holidays="US")},
        holidays={"hq": {date(2026, 12, 25): "Christmas Day"}},
        promises={
            "accept": Promise(
                name="accept",
                targets={"hot": Target(within="15 minutes", off_hours=4 * 3600), "standard": Target(within="8 hours")},
                rungs=(
                    Rung(after=0, do=("tell owner", "tell manager")),
                    Rung(after=1800, do=("reassign",), at_most=2, never="previous owners"),
                    Rung(after=7200, do=("tell manager", "return to marketing")),
                ),
            ),
            "first_touch": Promise(
                name="first_touch",
                targets={"hot": Target(within="1 hour")},
                runs_from="accepted",
                rungs=(Rung(after=0, do=("tell manager",)),),
            ),
        },
        clock=ClockRules(continue_with_at_least=600),
    )
    return base.model_copy(update=changes)


def published(compiled: Compiled | None = None, version: int = 1) -> AgreementPublished:
    doc = (compiled or agreement()).model_dump(mode="json")
    return AgreementPublished(version=version, hash="sha256:x", published_at=TUESDAY, compiled=doc)


def assigned(
    owner: str = "dan", *, epoch: int = 1, at: datetime = TUESDAY, tier: str = "hot", pinned: int = 1
) -> LeadAssigned:
    return LeadAssigned(
        lead=LeadCard(id=LEAD, received_at=at),
        owner=owner,
        team="inbound",
        epoch=epoch,
        tier=tier,
        rule="everyone else",
        agreement=1,
        pinned=pinned,
        decision="d",
        assigned_at=at,
    )


def answer(kind: Any, at: datetime, epoch: int = 1, **more: Any) -> Any:
    return kind(owner="dan", epoch=epoch, by="dan", answered_at=at, **more)


def names(events: list[Event[Fact]]) -> list[str]:
    return [event.data.type.removeprefix("baton.").removesuffix(".v1") for event in events]


async def furnish(timer: Room) -> None:
    await timer.hear(published(), subject="agreement:1")
    for name in ("dan", "eve", "omar"):
        await timer.hear(RosterChanged(rep=Rep(id=name, name=name.title())), subject=f"rep:{name}")


@pytest.fixture
async def timer(tmp_path: Path) -> AsyncIterator[Room]:
    async with room(build(Settings()), tmp_path, settle=timedelta(0)) as found:
        await furnish(found)
        yield found


async def clock(timer: Room, promise: str = "accept", epoch: int = 1) -> Any:
    (row,) = await timer.sql("SELECT * FROM clocks WHERE promise = :p AND epoch = :e", p=promise, e=epoch)
    return row


async def test_an_untouched_hot_lead_is_warned_breached_once_and_climbs_every_rung(timer: Room) -> None:
    assert names(await timer.hear(assigned(), subject=LEAD)) == ["clock.started"]
    assert await timer.tick() == []
    await timer.at(TUESDAY + timedelta(minutes=11, seconds=15))
    assert names(await timer.tick()) == ["sla.warned"]
    await timer.at(TUESDAY + 15 * MINUTE)
    said = await timer.tick()
    assert names(said) == ["sla.breached", "sla.escalated"]
    assert said[1].data.do == ("tell owner", "tell manager")
    await timer.at(TUESDAY + 45 * MINUTE)
    said = await timer.tick()
    assert [event.data.do for event in said] == [("reassign",)]
    await timer.at(TUESDAY + timedelta(minutes=15, hours=2))
    said = await timer.tick()
    assert [event.data.do for event in said] == [("tell manager", "return to marketing")]
    assert said[0].data.last is True
    await timer.later(days=3)
    assert await timer.tick() == []


async def test_accepted_in_time_is_kept_and_the_first_touch_begins(timer: Room) -> None:
    await timer.hear(assigned(), subject=LEAD)
    await timer.later(minutes=5)
    said = await timer.hear(answer(LeadAccepted, TUESDAY + 5 * MINUTE), subject=LEAD)
    assert names(said) == ["clock.stopped", "clock.started"]
    assert said[0].data.verdict == "kept"
    await timer.hear(answer(LeadContacted, TUESDAY + 9 * MINUTE), subject=LEAD)
    assert (await clock(timer, "first_touch"))["verdict"] == "kept"
    await timer.later(days=1)
    assert await timer.tick() == []


async def test_an_answer_stamped_in_time_holds_the_breach_until_its_outcome(tmp_path: Path) -> None:
    async with room(build(Settings()), tmp_path, settle=timedelta(0)) as timer:
        await furnish(timer)
        await timer.hear(assigned(), subject=LEAD)
        in_time = TUESDAY + timedelta(minutes=14, seconds=59)
        await timer.hear(ActionTaken(lead=LEAD, epoch=1, action="accept", by="dan", answered_at=in_time), subject=LEAD)
        await timer.at(TUESDAY + 15 * MINUTE)
        assert names(await timer.tick()) == []
        said = await timer.hear(answer(LeadAccepted, in_time), subject=LEAD)
        assert said[0].data.verdict == "kept"


async def test_a_held_breach_is_said_when_no_outcome_comes_within_a_minute(timer: Room) -> None:
    await timer.hear(assigned(), subject=LEAD)
    await timer.hear(ActionTaken(lead=LEAD, epoch=1, action="accept", by="dan", answered_at=TUESDAY), subject=LEAD)
    await timer.at(TUESDAY + 16 * MINUTE)
    assert await timer.tick() == []
    timer.building.clock.shift = timedelta(seconds=61)
    assert names(await timer.tick()) == ["sla.breached", "sla.escalated"]


async def test_an_earlier_answer_that_turns_up_later_withdraws_the_breach_and_cancels_the_rungs(timer: Room) -> None:
    await timer.hear(assigned(), subject=LEAD)
    await timer.at(TUESDAY + 16 * MINUTE)
    assert "sla.breached" in names(await timer.tick())
    said = await timer.hear(answer(LeadAccepted, TUESDAY + 14 * MINUTE), subject=LEAD)
    assert names(said)[:2] == ["sla.withdrawn", "clock.stopped"]
    assert said[1].data.verdict == "kept"
    await timer.later(hours=3)
    assert {event.data.promise for event in await timer.tick()} == {"first_touch"}
    assert (await clock(timer))["step"] == ""


async def test_an_answer_one_second_late_is_late_even_before_the_breach_was_said(timer: Room) -> None:
    await timer.hear(assigned(), subject=LEAD)
    await timer.at(TUESDAY + 15 * MINUTE + timedelta(seconds=1))
    said = await timer.hear(answer(LeadAccepted, TUESDAY + 15 * MINUTE + timedelta(seconds=1)), subject=LEAD)
    assert names(said)[:2] == ["sla.breached", "clock.stopped"]
    assert said[1].data.verdict == "late"


async def test_a_new_owner_has_ten_minutes_at_least_and_rung_one_again(timer: Room) -> None:
    await timer.hear(assigned(), subject=LEAD)
    await timer.at(TUESDAY + 45 * MINUTE)
    await timer.tick()
    said = await timer.hear(assigned("eve", epoch=2, at=TUESDAY + 45 * MINUTE), subject=LEAD)
    assert [event.data.verdict for event in said if event.data.type.startswith("baton.clock.stopped")] == ["missed"]
    row = await clock(timer, epoch=2)
    assert str(row["due_at"])[:16] == "2026-12-01T15:55"
    await timer.later(minutes=11)
    assert [e.data.do for e in await timer.tick() if e.data.type.startswith("baton.sla.escalated")] == [
        ("tell owner", "tell manager")
    ]


async def test_what_was_left_goes_to_the_next_owner(timer: Room) -> None:
    await timer.hear(assigned(tier="standard"), subject=LEAD)
    await timer.hear(assigned("eve", epoch=2, at=TUESDAY + timedelta(hours=1), tier="standard"), subject=LEAD)
    first, second = await clock(timer, epoch=1), await clock(timer, epoch=2)
    assert first["verdict"] == "void"
    assert first["due_at"] == second["due_at"]


async def test_reassign_is_done_at_most_twice_across_epochs_and_then_the_next_rung_stands(timer: Room) -> None:
    at, rungs = TUESDAY, []
    for epoch, owner in ((1, "dan"), (2, "eve"), (3, "omar")):
        await timer.at(at)
        await timer.hear(assigned(owner, epoch=epoch, at=at), subject=LEAD)
        for minutes in (15, 46):
            await timer.at(at + minutes * MINUTE)
            rungs += [
                (epoch, e.data.do, e.data.skipped)
                for e in await timer.tick()
                if e.data.type == "baton.sla.escalated.v1"
            ]
        at = at + 46 * MINUTE
    assert [(epoch, do) for epoch, do, _ in rungs if do == ("reassign",)] == [(1, ("reassign",)), (2, ("reassign",))]
    await timer.later(hours=2)
    (last,) = [e for e in await timer.tick() if e.data.type == "baton.sla.escalated.v1"]
    assert last.data.do == ("tell manager", "return to marketing")
    assert last.data.skipped == ("rung 2 (reassign): done 2 of at most 2 times",)


async def test_after_downtime_everything_is_caught_up_and_nobody_is_warned_after_the_breach(timer: Room) -> None:
    await timer.hear(assigned(), subject=LEAD)
    await timer.at(TUESDAY + timedelta(hours=5))
    said = names(await timer.tick())
    assert said == ["sla.breached", "sla.escalated", "sla.escalated", "sla.escalated"]


async def test_a_lead_of_friday_evening_before_a_holiday_is_due_when_there_was_time(timer: Room) -> None:
    start = datetime.fromisoformat("2026-12-24T16:50:00-05:00")
    await timer.at(start)
    await timer.hear(assigned(at=start, tier="standard"), subject=LEAD)
    row = await clock(timer)
    due = datetime.fromisoformat(row["due_at"]).replace(tzinfo=UTC)
    assert due == datetime.fromisoformat("2026-12-28T16:20:00-05:00")
    assert "Christmas Day" in row["in_words"]


async def test_a_lead_of_the_night_is_due_by_the_rule_for_off_hours(timer: Room) -> None:
    start = datetime.fromisoformat("2026-12-01T20:00:00-05:00")
    await timer.at(start)
    await timer.hear(assigned(at=start), subject=LEAD)
    row = await clock(timer)
    assert datetime.fromisoformat(row["due_at"]).replace(tzinfo=UTC) == start + timedelta(hours=4)


async def test_an_event_whose_version_is_not_here_yet_waits_and_keeps_its_order(tmp_path: Path) -> None:
    async with room(build(Settings()), tmp_path, settle=timedelta(0)) as timer:
        assert await timer.hear(assigned(), subject=LEAD) == []
        assert await timer.hear(answer(LeadAccepted, TUESDAY + MINUTE), subject=LEAD) == []
        await timer.hear(RosterChanged(rep=Rep(id="dan", name="Dan")), subject="rep:dan")
        said = await timer.hear(published(), subject="agreement:1")
        assert names(said) == ["clock.started", "clock.stopped", "clock.started"]


async def test_a_promise_that_is_pinned_keeps_its_version(timer: Room) -> None:
    shorter = agreement()
    promise = shorter.promises["accept"].model_copy(update={"targets": {"*": Target(within="1 minute")}})
    await timer.hear(published(shorter.model_copy(update={"promises": {"accept": promise}}), 2), subject="agreement:2")
    await timer.hear(assigned(pinned=1), subject=LEAD)
    row = await clock(timer)
    assert row["within"] == "15 minutes"


async def test_an_answer_in_time_that_lost_its_lead_is_made_good(timer: Room) -> None:
    await timer.hear(assigned(), subject=LEAD)
    await timer.at(TUESDAY + 45 * MINUTE)
    await timer.tick()
    await timer.hear(assigned("eve", epoch=2, at=TUESDAY + 45 * MINUTE), subject=LEAD)
    refused = ActionRefused(
        action_name="accept",
        by="dan",
        epoch=1,
        answered_at=TUESDAY + 14 * MINUTE,
        why="The lead has a new owner since.",
        present_owner="eve",
        present_epoch=2,
    )
    (said,) = await timer.hear(refused, subject=LEAD)
    assert (said.data.type, said.data.applied, said.data.present_owner) == ("baton.sla.withdrawn.v1", False, "eve")
    assert (await clock(timer, epoch=1))["verdict"] == "kept"


async def test_who_comes_back_starts_a_new_first_touch_once_it_is_accepted(timer: Room) -> None:
    back = LeadEnquiredAgain(
        lead=LeadCard(id=LEAD), owner="dan", epoch=1, enquiry="x", agreement=1, pinned=1, tier="hot"
    )
    await timer.hear(assigned(), subject=LEAD)
    assert await timer.hear(back, subject=LEAD) == []
    await timer.hear(answer(LeadAccepted, TUESDAY), subject=LEAD)
    assert await timer.hear(back, subject=LEAD) == []
    await timer.hear(answer(LeadContacted, TUESDAY), subject=LEAD)
    assert names(await timer.hear(back, subject=LEAD)) == ["clock.started"]


async def test_a_recycled_lead_has_no_clock_and_begins_anew_with_the_whole_time(timer: Room) -> None:
    await timer.hear(assigned(), subject=LEAD)
    await timer.hear(answer(LeadRecycled, TUESDAY, reason="stalled"), subject=LEAD)
    await timer.later(hours=20)
    assert await timer.tick() == []
    at = TUESDAY + timedelta(days=1)
    await timer.at(at)
    await timer.hear(assigned("eve", epoch=2, at=at), subject=LEAD)
    row = await clock(timer, epoch=2)
    assert datetime.fromisoformat(row["due_at"]).replace(tzinfo=UTC) == at + 15 * MINUTE
