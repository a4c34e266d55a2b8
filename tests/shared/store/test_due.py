"""What must happen later: claimed by one, earliest first, gone only with the commit, never before its instant."""

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


async def test_what_is_due_is_claimed_earliest_first_and_what_is_not_stays(db: Database) -> None:
    await put(
        db,
        ScheduledItem("b", "warn", "lead", past(10)),
        ScheduledItem("a", "warn", "lead", past(20), "wall", {"rung": 1}),
        ScheduledItem("later", "warn", "lead", past(-3600)),
    )
    async with db.transaction() as tx:
        rows = await schedule.claim(tx)
    assert [row.id for row in rows] == ["a", "b"]
    assert (rows[0].data, rows[0].clock, rows[1].data) == ({"rung": 1}, "wall", {})
    assert await claimed(db) == []


async def test_a_claim_that_is_undone_gives_the_rows_back(db: Database) -> None:
    await put(db, ScheduledItem("a", "warn", "lead", past(10)))
    with pytest.raises(ZeroDivisionError):
        async with db.transaction() as tx:
            assert await schedule.claim(tx)
            raise ZeroDivisionError
    assert await claimed(db) == ["a"]


async def test_a_row_put_again_in_its_own_claim_comes_back_later(db: Database) -> None:
    await put(db, ScheduledItem("a", "warn", "lead", past(10)))
    async with db.transaction() as tx:
        (row,) = await schedule.claim(tx)
        await schedule.schedule(tx, [ScheduledItem(row.id, row.kind, row.subject, tx.wall + timedelta(hours=1))])
    assert await claimed(db) == []
    async with db.reading() as tx:
        assert list(await schedule.next_instants(tx)) == ["now"]


async def test_putting_an_id_again_moves_it(db: Database) -> None:
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


async def test_two_who_claim_at_once_never_share_a_row_and_together_have_all(db: Database) -> None:
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


async def test_whoever_claims_does_not_make_another_wait_on_rows_in_hand(db: Database) -> None:
    if db.dialect == "sqlite":
        assert db.engines.writer.pool.size() == 1, "one writer: the next claim begins after this one's commit"
        return
    await put(db, ScheduledItem("a", "warn", "x", past(20)), ScheduledItem("b", "warn", "y", past(10)))
    async with db.transaction() as tx:
        (first,) = await schedule.claim(tx, 1)
        assert await asyncio.wait_for(claimed(db), 5) == ["b"]
    assert first.id == "a"


async def test_late_counts_both_readings_of_time(db: Database) -> None:
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
async def test_exactly_the_rows_up_to_the_instant_are_claimed(
    db: Database, instants: list[datetime], cut: datetime
) -> None:
    async with db.transaction() as tx:
        await tx.execute(text("DELETE FROM scheduled_items"))
        await schedule.schedule(tx, [ScheduledItem(f"{place}", "warn", "x", at) for place, at in enumerate(instants)])
        tx.now = cut
        rows = await schedule.claim(tx)
    expected = sorted((at, f"{place}") for place, at in enumerate(instants) if at <= cut)
    assert [(row.at, row.id) for row in rows] == expected
