"""Scheduled items: claimed by one, earliest first, deleted only with the commit, never before their instant."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from shared.store.database import Database
from shared.work import schedule
from shared.work.schedule import ScheduledItem


async def put(db: Database, *rows: ScheduledItem) -> None:
    async with db.transaction() as tx:
        await schedule.schedule(tx, list(rows))


async def claimed(db: Database, limit: int = 500) -> list[str]:
    async with db.transaction() as tx:
        return [row.id for row in await schedule.claim(tx, limit)]


def past(seconds: float) -> datetime:
    return datetime.now(UTC) - timedelta(seconds=seconds)


async def test_due_items_are_claimed_earliest_first_and_later_ones_stay(db: Database) -> None:
    await put(
        db,
        ScheduledItem("b", "warn", "lead", past(10)),
        ScheduledItem("a", "warn", "lead", past(20), "wall", {"step": 1}),
        ScheduledItem("later", "warn", "lead", past(-3600)),
    )
    async with db.transaction() as tx:
        rows = await schedule.claim(tx)
    assert [row.id for row in rows] == ["a", "b"]
    assert (rows[0].data, rows[0].clock, rows[1].data) == ({"step": 1}, "wall", {})
    assert await claimed(db) == []


async def test_items_of_a_claim_that_is_rolled_back_can_be_claimed_again(db: Database) -> None:
    await put(db, ScheduledItem("a", "warn", "lead", past(10)))
    with pytest.raises(ZeroDivisionError):
        async with db.transaction() as tx:
            assert await schedule.claim(tx)
            raise ZeroDivisionError
    assert await claimed(db) == ["a"]


async def test_an_item_scheduled_again_in_its_own_claim_comes_due_again(db: Database) -> None:
    await put(db, ScheduledItem("a", "warn", "lead", past(10)))
    async with db.transaction() as tx:
        (row,) = await schedule.claim(tx)
        await schedule.schedule(tx, [ScheduledItem(row.id, row.kind, row.subject, tx.wall + timedelta(hours=1))])
    assert await claimed(db) == []
    async with db.reading() as tx:
        assert list(await schedule.next_instants(tx)) == ["now"]


async def test_scheduling_an_id_again_moves_the_item(db: Database) -> None:
    await put(db, ScheduledItem("a", "warn", "lead", past(10)))
    await put(db, ScheduledItem("a", "breach", "lead", past(-3600), "wall"))
    assert await claimed(db) == []
    async with db.reading() as tx:
        (row,) = await schedule.for_subjects(tx, ["lead"])
    assert (row.kind, row.clock) == ("breach", "wall")


async def test_a_cancelled_item_is_never_claimed_and_the_others_of_its_subject_are(db: Database) -> None:
    items = [
        ScheduledItem(f"{kind}-{lead}", kind, lead, past(10)) for kind in ("warn", "breach") for lead in ("x", "y")
    ]
    await put(db, *items)
    async with db.transaction() as tx:
        await schedule.cancel(tx, ["warn-x"])
    assert sorted(await claimed(db)) == ["breach-x", "breach-y", "warn-y"]


async def test_two_schedulers_claiming_at_once_share_no_item_and_miss_none(db: Database) -> None:
    await put(
        db, *(ScheduledItem(f"{number:04d}", "warn", f"lead {number}", past(number % 7 + 1)) for number in range(600))
    )

    async def take() -> list[str]:
        mine: list[str] = []
        while True:
            async with db.transaction() as tx:
                rows = await schedule.claim(tx, 25)
            if not rows:
                return mine
            mine += [row.id for row in rows]

    parts = await asyncio.wait_for(asyncio.gather(*(take() for _ in range(4))), 60)
    together = [row for part in parts for row in part]
    assert len(together) == 600
    assert len(set(together)) == 600


async def test_a_scheduler_skips_items_that_another_has_claimed_without_waiting(db: Database) -> None:
    if db.dialect == "sqlite":
        assert db.engines.writer.pool.size() == 1, "one writer: the next claim begins after this one's commit"
        return
    await put(db, ScheduledItem("a", "warn", "x", past(20)), ScheduledItem("b", "warn", "y", past(10)))
    async with db.transaction() as tx:
        (first,) = await schedule.claim(tx, 1)
        assert await asyncio.wait_for(claimed(db), 5) == ["b"]
    assert first.id == "a"


async def test_overdue_items_are_counted_by_both_clocks(db: Database) -> None:
    await put(
        db,
        ScheduledItem("a", "warn", "x", past(9)),
        ScheduledItem("b", "warn", "x", past(9), "wall"),
        ScheduledItem("c", "warn", "x", past(-9)),
    )
    async with db.reading() as tx:
        assert await schedule.count_overdue(tx, tx.now, tx.wall) == 2


moments = st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2030, 1, 1), timezones=st.just(UTC))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(instants=st.lists(moments, min_size=1, max_size=30), cut=moments)
async def test_exactly_the_items_due_up_to_the_instant_are_claimed(
    db: Database, instants: list[datetime], cut: datetime
) -> None:
    async with db.transaction() as tx:
        await tx.execute(text("DELETE FROM scheduled_items"))
        await schedule.schedule(tx, [ScheduledItem(f"{place}", "warn", "x", at) for place, at in enumerate(instants)])
        tx.now = cut
        rows = await schedule.claim(tx)
    expected = sorted((at, f"{place}") for place, at in enumerate(instants) if at <= cut)
    assert [(row.at, row.id) for row in rows] == expected
