"""Dead letters: a failing record is stored with its reason, the rest of its key waits, replay keeps their order."""

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
from shared.work.dispatch import handle_or_bisect
from shared.work.replay import replay
from tests.shared.store.events import event


class RecordingHandler:
    """A handler that records what it handled, and fails for the events in `bad`."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.bad: set[str] = set()
        self.handlers = {NoticeSuppressed: self.handle}

    async def handle(self, tx: Tx, events: list[Event[NoticeSuppressed]]) -> None:
        for item in events:
            if item.data.why in self.bad:
                raise BadRequest(f"{item.data.why} cannot be handled.")
            await tx.execute(
                text("INSERT INTO things (id, count) VALUES (:id, :n)"), {"id": item.data.why, "n": item.sequence}
            )

    async def handled(self) -> set[str]:
        async with self.db.reading() as tx:
            return {row["id"] for row in await tx.rows(text("SELECT id FROM things"))}

    async def dead_letters(self) -> list[dead_letters.DeadLetter]:
        async with self.db.reading() as tx:
            return await dead_letters.list_in_state(tx)


def record(key: str, value: bytes, offset: int = 0) -> Record:
    return Record("notices", key, value, 0, offset, (("content-type", b"application/cloudevents+json"),))


def records(*names: str) -> list[Record]:
    """`a1 a2 b1`: the first letter is the key, the number its place."""
    return [record(name[0], event(name[0], int(name[1:]), name).encode(), place) for place, name in enumerate(names)]


async def test_only_the_failing_record_and_later_ones_of_its_key_become_dead_letters(db: Database) -> None:
    recorder = RecordingHandler(db)
    recorder.bad = {"a2"}
    await handle_or_bisect(db, recorder.handlers, records("a1", "b1", "a2", "b2", "c1"))
    await handle_or_bisect(db, recorder.handlers, records("a3", "b3"))
    assert await recorder.handled() == {"a1", "b1", "b2", "c1", "b3"}
    first, behind = await recorder.dead_letters()
    assert (first.key, first.blocked, first.reason) == ("a", False, "a2 cannot be handled.")
    assert (behind.key, behind.blocked) == ("a", True)


async def test_a_copy_of_a_dead_letter_goes_to_the_dlq_topic(db: Database) -> None:
    recorder = RecordingHandler(db)
    await handle_or_bisect(db, recorder.handlers, [record("a", b"\x00\xff not an event")])
    async with db.reading() as tx:
        row = await tx.first(text("SELECT topic, key, body FROM outbox"))
    assert row is not None
    assert (row["topic"], row["key"], bytes(row["body"])) == ("notices.dlq", "a", b"\x00\xff not an event")


@pytest.mark.parametrize("value", [b"", b"\x00", b"\xff\xfe", b"null", b"[]", b"{" * 5000, b'{"specversion":"1.0"}'])
async def test_a_dead_letter_keeps_any_bytes_unchanged_and_blocks_no_other_key(db: Database, value: bytes) -> None:
    recorder = RecordingHandler(db)
    await handle_or_bisect(db, recorder.handlers, [record("p", value), *records("a1")])
    (letter,) = await recorder.dead_letters()
    assert letter.body == value
    assert await recorder.handled() == {"a1"}


async def test_an_event_of_an_unknown_newer_type_is_skipped(db: Database) -> None:
    recorder = RecordingHandler(db)
    newer = event("a", 2).encode().replace(b"suppressed.v1", b"suppressed.v9")
    await handle_or_bisect(db, recorder.handlers, [*records("a1"), record("a", newer), *records("a3")])
    assert await recorder.handled() == {"a1", "a3"}
    assert await recorder.dead_letters() == []


async def test_replaying_a_dead_letter_handles_it_and_those_it_blocks_in_order(db: Database) -> None:
    recorder = RecordingHandler(db)
    recorder.bad = {"a1"}
    await handle_or_bisect(db, recorder.handlers, records("a1", "a2", "a3", "b1"))
    assert await recorder.handled() == {"b1"}
    first, second, _ = await recorder.dead_letters()
    with pytest.raises(BadRequest, match="waits behind"):
        await replay(db, recorder.handlers, {}, second.id, "ops")
    with pytest.raises(BadRequest, match="failed again"):
        await replay(db, recorder.handlers, {}, first.id, "ops")
    recorder.bad = set()
    result = await replay(db, recorder.handlers, {}, first.id, "ops")
    assert result.startswith("3 handled")
    assert await recorder.handled() == {"a1", "a2", "a3", "b1"}
    assert await recorder.dead_letters() == []
    with pytest.raises(NotFound):
        await replay(db, recorder.handlers, {}, first.id, "ops")


async def test_dropping_a_dead_letter_unblocks_those_behind_it(db: Database) -> None:
    recorder = RecordingHandler(db)
    recorder.bad = {"a1"}
    await handle_or_bisect(db, recorder.handlers, records("a1", "a2"))
    first, _ = await recorder.dead_letters()
    await replay(db, recorder.handlers, {}, first.id, "ops", drop=True)
    assert await recorder.handled() == {"a2"}
    async with db.reading() as tx:
        letter: Any = await dead_letters.get(tx, first.id)
    assert (letter.state, letter.body) == ("dropped", first.body)


async def test_a_repeat_of_a_dead_letter_is_not_handled_twice_after_replay(db: Database) -> None:
    recorder = RecordingHandler(db)
    recorder.bad = {"a1"}
    await handle_or_bisect(db, recorder.handlers, records("a1", "a2"))
    await handle_or_bisect(db, recorder.handlers, records("a1", "a2"))
    recorder.bad = set()
    await replay(db, recorder.handlers, {}, (await recorder.dead_letters())[0].id, "ops")
    assert await recorder.handled() == {"a1", "a2"}
    assert await recorder.dead_letters() == []
