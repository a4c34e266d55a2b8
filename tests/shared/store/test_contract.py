"""What a handler may rely on in either database: all or nothing, one winner, unchanged instants."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import StatementError

from shared.store.database import Database
from shared.store.tx import Tx
from shared.store.write import insert_new, upsert
from tests.shared.store.conftest import things
from tests.shared.store.events import suppressed

KATHMANDU = timezone(timedelta(hours=5, minutes=45))


async def ids(db: Database) -> list[str]:
    async with db.reading() as tx:
        return [row["id"] for row in await tx.rows(select(things.c.id).order_by(things.c.id))]


async def outbox_count(db: Database) -> int:
    async with db.reading() as tx:
        row = await tx.first(text("SELECT count(*) AS n FROM outbox"))
        assert row is not None
        return int(row["n"])


async def test_a_change_and_its_events_are_committed_together(db: Database) -> None:
    async with db.transaction() as tx:
        await tx.execute(things.insert(), [{"id": "a"}])
        tx.emit(suppressed(), subject="a")
    assert (await ids(db), await outbox_count(db)) == (["a"], 1)


async def test_a_failed_transaction_leaves_neither_row_nor_event_nor_sequence_number(db: Database) -> None:
    callbacks = []
    with pytest.raises(ZeroDivisionError):
        async with db.transaction() as tx:
            await tx.execute(things.insert(), [{"id": "a"}])
            tx.emit(suppressed(), subject="a")
            tx.on_commit(lambda: callbacks.append("after"))
            raise ZeroDivisionError
    assert (await ids(db), await outbox_count(db), callbacks) == ([], 0, [])
    async with db.transaction() as tx:
        tx.emit(suppressed(), subject="a")
    async with db.reading() as tx:
        row = await tx.first(text("SELECT last FROM sequences"))
        assert row is not None
        assert row["last"] == 1


async def test_a_sleeping_loop_is_woken_only_by_a_committed_transaction(db: Database) -> None:
    wakeup = db.wakeups.subscribe("timer", "outbox")
    with pytest.raises(ZeroDivisionError):
        async with db.transaction() as tx:
            tx.emit(suppressed(), subject="a")
            raise ZeroDivisionError
    assert not wakeup.is_set()
    async with db.transaction() as tx:
        tx.emit(suppressed(), subject="a")
        assert not wakeup.is_set()
    assert wakeup.is_set()


async def test_upsert_sets_the_named_columns_and_leaves_the_others(db: Database) -> None:
    async with db.transaction() as tx:
        await upsert(tx, things, [{"id": "a", "count": 1, "data": {"x": 1}}], ["id"])
        await upsert(tx, things, [{"id": "a", "count": 2, "data": {"x": 2}}], ["id"], ["count"])
        await upsert(tx, things, [{"id": "a", "count": 3, "data": None}], ["id"])
    async with db.reading() as tx:
        row = await tx.first(select(things))
        assert row is not None
        assert (row["count"], row["data"]) == (2, {"x": 1})


async def test_of_many_transactions_inserting_the_same_rows_each_row_has_one_winner(db: Database) -> None:
    rows = [{"id": f"{number:04d}"} for number in range(1500)]

    async def claim(order: int) -> set[tuple[str]]:
        mine = rows if order % 2 else rows[::-1]
        return await db.run(lambda tx: insert_new(tx, things, mine, ["id"]))

    won = await asyncio.gather(*(claim(order) for order in range(6)))
    assert sum(len(part) for part in won) == 1500
    assert set().union(*won) == {(row["id"],) for row in rows}


async def test_two_transactions_upserting_the_same_rows_in_opposite_order_both_finish(db: Database) -> None:
    rows = [{"id": f"{number:03d}", "count": number} for number in range(200)]

    async def write(turned: bool) -> None:
        async with db.transaction() as tx:
            await upsert(tx, things, rows[::-1] if turned else rows, ["id"], ["count"])

    await asyncio.wait_for(asyncio.gather(*(write(bool(turn % 2)) for turn in range(8))), 30)
    assert len(await ids(db)) == 200


async def test_a_transaction_refused_in_a_deadlock_is_tried_again(db: Database) -> None:
    async with db.transaction() as tx:
        await tx.execute(things.insert(), [{"id": "a", "count": 0}, {"id": "b", "count": 0}])
    tries = []

    async def both(first: str, second: str) -> None:
        async def work(tx: Tx) -> None:
            tries.append(first)
            for name in (first, second):
                await tx.execute(things.update().where(things.c.id == name).values(count=things.c.count + 1))
                await asyncio.sleep(0.05)

        await db.run(work)

    await asyncio.wait_for(asyncio.gather(both("a", "b"), both("b", "a")), 30)
    async with db.reading() as tx:
        assert [row["count"] for row in await tx.rows(select(things.c.count))] == [2, 2]
    assert len(tries) >= 2


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 12, 1, 15, 0, tzinfo=UTC),
        datetime(2026, 12, 1, 15, 0, 0, 1, tzinfo=UTC),
        datetime(2026, 12, 1, 1, 30, 59, 999999, tzinfo=KATHMANDU),
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(9998, 12, 31, 23, 59, 59, tzinfo=UTC),
    ],
)
async def test_a_stored_datetime_comes_back_as_the_same_instant_in_utc(db: Database, moment: datetime) -> None:
    async with db.transaction() as tx:
        await tx.execute(things.insert(), [{"id": "a", "at": moment}])
    async with db.reading() as tx:
        row = await tx.first(select(things.c.at).where(things.c.at == moment))
    assert row is not None
    assert row["at"] == moment
    assert row["at"].tzinfo is UTC or row["at"].utcoffset() == timedelta(0)


async def test_stored_datetimes_sort_by_instant_whatever_their_zone(db: Database) -> None:
    early = datetime(2026, 12, 1, 20, 0, tzinfo=KATHMANDU)
    late = datetime(2026, 12, 1, 15, 0, tzinfo=UTC)
    assert early < late
    async with db.transaction() as tx:
        await tx.execute(things.insert(), [{"id": "late", "at": late}, {"id": "early", "at": early}])
    async with db.reading() as tx:
        rows = await tx.rows(select(things.c.id).order_by(things.c.at))
        before = await tx.rows(select(things.c.id).where(things.c.at < late))
    assert [row["id"] for row in rows] == ["early", "late"]
    assert [row["id"] for row in before] == ["early"]


async def test_a_datetime_without_a_zone_is_refused(db: Database) -> None:
    with pytest.raises(StatementError, match="no zone"):
        async with db.transaction() as tx:
            await tx.execute(things.insert(), [{"id": "a", "at": datetime(2026, 12, 1)}])
    assert await ids(db) == []


async def test_a_json_value_comes_back_the_same(db: Database) -> None:
    data = {"name": "Zoë \u0000 'quoted' 🚀", "list": [1, 2.5, None, True], "deep": {"a": {"b": []}}}
    async with db.transaction() as tx:
        await tx.execute(things.insert(), [{"id": "a", "data": data}])
    async with db.reading() as tx:
        row = await tx.first(select(things.c.data))
    assert row is not None
    assert row["data"] == data


async def test_a_transaction_has_one_time_and_it_is_aware(db: Database) -> None:
    before = datetime.now(UTC) - timedelta(seconds=5)
    async with db.transaction() as tx:
        assert tx.now.utcoffset() == timedelta(0)
        assert before < tx.wall < before + timedelta(seconds=60)
