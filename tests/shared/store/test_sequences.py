"""Sequences without gaps where events are written, and each event handled once where they are read."""

import asyncio
import random

import pytest
from sqlalchemy import text

from shared.events.base import decode
from shared.store.database import Database
from shared.work import dedupe
from tests.shared.store.events import event, suppressed


async def outbox(db: Database) -> list[tuple[str, int]]:
    async with db.reading() as tx:
        rows = await tx.rows(text("SELECT body FROM outbox ORDER BY id"))
    events = [decode(bytes(row["body"])) for row in rows]
    return [(event.subject, event.sequence) for event in events]


async def test_events_of_one_transaction_are_numbered_in_the_order_of_emission(db: Database) -> None:
    async with db.transaction() as tx:
        for subject in ("b", "a", "b", "b"):
            tx.emit(suppressed(), subject=subject)
    assert await outbox(db) == [("b", 1), ("a", 1), ("b", 2), ("b", 3)]


async def test_sequences_of_a_subject_have_no_gap_and_no_repeat_when_many_write_and_some_fail(db: Database) -> None:
    chance = random.Random(7)
    plans = [[chance.choice("abcde") for _ in range(chance.randint(1, 5))] for _ in range(60)]

    async def write(number: int, subjects: list[str]) -> None:
        try:
            async with db.transaction() as tx:
                for subject in subjects:
                    tx.emit(suppressed(), subject=subject)
                if number % 4 == 0:
                    raise ZeroDivisionError
        except ZeroDivisionError:
            pass

    await asyncio.wait_for(asyncio.gather(*(write(*plan) for plan in enumerate(plans))), 60)
    written = await outbox(db)
    for subject in "abcde":
        numbers = [number for name, number in written if name == subject]
        expected = sum(plan.count(subject) for place, plan in enumerate(plans) if place % 4)
        assert numbers == list(range(1, expected + 1)), "outbox order is the order of numbers"


async def test_an_event_delivered_many_times_is_handled_once(db: Database) -> None:
    first, second, third = (event("a", number) for number in (1, 2, 3))
    loose = event("a", 0)
    async with db.transaction() as tx:
        assert await dedupe.claim_new(tx, [first, second, first, loose, loose]) == [first, second, loose]
    async with db.transaction() as tx:
        assert await dedupe.claim_new(tx, [first, loose, second, third]) == [third]
    async with db.transaction() as tx:
        assert await dedupe.claim_new(tx, [first, second, third, loose]) == []


async def test_an_event_whose_transaction_failed_is_not_marked_as_handled(db: Database) -> None:
    one, loose = event("a", 1), event("a", 0)
    with pytest.raises(ZeroDivisionError):
        async with db.transaction() as tx:
            assert await dedupe.claim_new(tx, [one, loose]) == [one, loose]
            raise ZeroDivisionError
    async with db.transaction() as tx:
        assert await dedupe.claim_new(tx, [one, loose]) == [one, loose]


async def test_an_older_event_of_a_subject_is_a_repeat_and_a_gap_is_applied(db: Database) -> None:
    async with db.transaction() as tx:
        assert len(await dedupe.claim_new(tx, [event("a", 1), event("a", 5), event("a", 3), event("b", 2)])) == 3
    async with db.transaction() as tx:
        assert await dedupe.claim_new(tx, [event("a", 4)]) == []


@pytest.mark.parametrize("numbered", [True, False])
async def test_two_consumers_of_the_same_records_at_once_handle_each_once(db: Database, numbered: bool) -> None:
    """After a rebalance, the former consumer may still be in its transaction when the next one starts."""
    records = [event(f"lead {place}", 1 if numbered else 0) for place in range(40)]
    handled: list[str] = []

    async def member() -> None:
        async with db.transaction() as tx:
            mine = [one.id for one in await dedupe.claim_new(tx, records)]
            await asyncio.sleep(0.02)
        handled.extend(mine)

    await asyncio.wait_for(asyncio.gather(*(member() for _ in range(4))), 60)
    assert sorted(handled) == sorted(one.id for one in records)
