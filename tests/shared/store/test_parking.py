"""A record that fails is set aside with its reason, the rest of its key waits behind it, and replay keeps their order."""

from typing import Any

import pytest
from sqlalchemy import text

from shared.base.errors import BadRequest, NotFound
from shared.bus.port import Record
from shared.events.base import Event
from shared.events.notices import NoticeSuppressed
from shared.store.database import Database
from shared.store.tx import Tx
from shared.work import dead_letters
from shared.work.consumer import handle_or_bisect, replay
from tests.shared.store.facts import event


class Desk:
    """A handler that writes down what it handled, and fails for what it is told to fail for."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.bad: set[str] = set()
        self.hears = {NoticeSuppressed: self.hear}

    async def hear(self, tx: Tx, events: list[Event[NoticeSuppressed]]) -> None:
        for one in events:
            if one.data.why in self.bad:
                raise BadRequest(f"{one.data.why} cannot be handled.")
            await tx.execute(
                text("INSERT INTO things (id, count) VALUES (:id, :n)"), {"id": one.data.why, "n": one.sequence}
            )

    async def handled(self) -> set[str]:
        async with self.db.reading() as tx:
            return {row["id"] for row in await tx.rows(text("SELECT id FROM things"))}

    async def parked(self) -> list[dead_letters.DeadLetter]:
        async with self.db.reading() as tx:
            return await dead_letters.list_in_state(tx)


def record(key: str, value: bytes, offset: int = 0) -> Record:
    return Record("notices", key, value, 0, offset, (("content-type", b"application/cloudevents+json"),))


def records(*names: str) -> list[Record]:
    """`a1 a2 b1`: the first letter is the key, the number its place."""
    return [record(name[0], event(name[0], int(name[1:]), name).encode(), place) for place, name in enumerate(names)]


async def test_only_the_record_at_fault_and_what_follows_of_its_key_are_parked(db: Database) -> None:
    desk = Desk(db)
    desk.bad = {"a2"}
    await handle_or_bisect(db, desk.hears, records("a1", "b1", "a2", "b2", "c1"))
    await handle_or_bisect(db, desk.hears, records("a3", "b3"))
    assert await desk.handled() == {"a1", "b1", "b2", "c1", "b3"}
    first, behind = await desk.parked()
    assert (first.key, first.blocked, first.reason) == ("a", False, "a2 cannot be handled.")
    assert (behind.key, behind.blocked) == ("a", True)


async def test_a_copy_goes_to_the_dlq_for_watchers(db: Database) -> None:
    desk = Desk(db)
    await handle_or_bisect(db, desk.hears, [record("a", b"\x00\xff not an event")])
    async with db.reading() as tx:
        row = await tx.first(text("SELECT topic, key, body FROM outbox"))
    assert row is not None
    assert (row["topic"], row["key"], bytes(row["body"])) == ("notices.dlq", "a", b"\x00\xff not an event")


@pytest.mark.parametrize("value", [b"", b"\x00", b"\xff\xfe", b"null", b"[]", b"{" * 5000, b'{"specversion":"1.0"}'])
async def test_whatever_bytes_come_are_kept_as_they_were_and_stop_nobody_else(db: Database, value: bytes) -> None:
    desk = Desk(db)
    await handle_or_bisect(db, desk.hears, [record("p", value), *records("a1")])
    (kept,) = await desk.parked()
    assert kept.body == value
    assert await desk.handled() == {"a1"}


async def test_an_event_of_a_newer_version_is_passed_over(db: Database) -> None:
    desk = Desk(db)
    newer = event("a", 2).encode().replace(b"suppressed.v1", b"suppressed.v9")
    await handle_or_bisect(db, desk.hears, [*records("a1"), record("a", newer), *records("a3")])
    assert await desk.handled() == {"a1", "a3"}
    assert await desk.parked() == []


async def test_replay_handles_the_record_and_what_waits_behind_it_in_order(db: Database) -> None:
    desk = Desk(db)
    desk.bad = {"a1"}
    await handle_or_bisect(db, desk.hears, records("a1", "a2", "a3", "b1"))
    assert await desk.handled() == {"b1"}
    first, second, _ = await desk.parked()
    with pytest.raises(BadRequest, match="waits behind"):
        await replay(db, desk.hears, {}, second.id, "ops")
    with pytest.raises(BadRequest, match="failed again"):
        await replay(db, desk.hears, {}, first.id, "ops")
    desk.bad = set()
    said = await replay(db, desk.hears, {}, first.id, "ops")
    assert said.startswith("3 of 3")
    assert await desk.handled() == {"a1", "a2", "a3", "b1"}
    assert await desk.parked() == []
    with pytest.raises(NotFound):
        await replay(db, desk.hears, {}, first.id, "ops")


async def test_dropping_the_first_lets_the_others_through(db: Database) -> None:
    desk = Desk(db)
    desk.bad = {"a1"}
    await handle_or_bisect(db, desk.hears, records("a1", "a2"))
    first, _ = await desk.parked()
    await replay(db, desk.hears, {}, first.id, "ops", drop=True)
    assert await desk.handled() == {"a2"}
    async with db.reading() as tx:
        found: Any = await dead_letters.get(tx, first.id)
    assert (found.state, found.body) == ("dropped", first.body)


async def test_a_repeat_of_a_parked_record_is_not_handled_twice_after_replay(db: Database) -> None:
    desk = Desk(db)
    desk.bad = {"a1"}
    await handle_or_bisect(db, desk.hears, records("a1", "a2"))
    await handle_or_bisect(db, desk.hears, records("a1", "a2"))
    desk.bad = set()
    await replay(db, desk.hears, {}, (await desk.parked())[0].id, "ops")
    assert await desk.handled() == {"a1", "a2"}
    assert await desk.parked() == []
