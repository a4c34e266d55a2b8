"""A timer that was down publishes no breach before it has read the answers that were published meanwhile."""

from pathlib import Path

from sqlalchemy import text

from services.timer.app import build
from services.timer.settings import Settings as TimerSettings
from shared.access.business_clock import set_clock
from shared.base.roster import Rep
from shared.base.settings import Settings
from shared.events import LeadAccepted, RosterChanged
from shared.events.base import Event
from shared.runtime.process import running
from shared.runtime.resources import Resources, open_resources
from shared.store.database import Database
from tests.parts.waiting import eventually
from tests.service_harness import TUESDAY
from tests.timer.clock_helpers import LEAD, MINUTE, answer, assigned, published

OTHERS = [f"{LEAD[:-4]}{number:04d}" for number in range(1000, 1800)]


async def _post(resources: Resources, *events: Event) -> None:  # type: ignore[type-arg]
    from shared.bus.port import Outgoing

    sent = await resources.bus.publish([Outgoing(e.topic, e.subject, e.encode(), e.id) for e in events])
    assert set(sent) == {None}


def _assigned(lead: str) -> Event:  # type: ignore[type-arg]
    return Event(assigned(), lead, "/test", TUESDAY).numbered(1)


async def _rows(db: Database, statement: str) -> list[str]:
    async with db.reading() as tx:
        return [str(row[0]) for row in (await tx.conn.execute(text(statement))).all()]


async def test_an_answer_in_time_published_while_the_timer_was_down_prevents_the_breach(tmp_path: Path) -> None:
    service = build(TimerSettings())
    settings = Settings(_env_file=None, data_dir=tmp_path, clock="row", secret_keys="k" * 32, settle="10ms")  # type: ignore[arg-type]
    silent = OTHERS[0]
    async with running((service,), settings) as first:
        await set_clock(first.resources.access, TUESDAY, 0, "test")
        news = Event(published(), "agreement:1", "/test", TUESDAY).numbered(1)
        dan = Event(RosterChanged(rep=Rep(id="dan", name="Dan")), "rep:dan", "/test", TUESDAY).numbered(1)
        await _post(first.resources, news, dan, _assigned(LEAD), _assigned(silent))
        db = first.resources.databases["timer"]

        async def begun() -> bool:
            return len(await _rows(db, "SELECT id FROM clocks WHERE promise = 'accept'")) == 2

        await eventually(begun, "no clock began")
    async with open_resources(settings, ["timer"]) as away:
        await away.access.load()
        await away.bus.start()
        await _post(away, *map(_assigned, OTHERS[1:]))  # long to read, and before the answer
        in_time = Event(answer(LeadAccepted, TUESDAY + 14 * MINUTE), LEAD, "/test", TUESDAY + 14 * MINUTE).numbered(2)
        await _post(away, in_time)
        await set_clock(away.access, TUESDAY + 16 * MINUTE, 0, "test")
        await away.bus.stop()
    async with running((service,), settings) as again:
        db = again.resources.databases["timer"]

        async def everybody() -> bool:
            return len(await _rows(db, "SELECT id FROM breaches WHERE type = 'baton.sla.breached.v1'")) == len(OTHERS)

        await eventually(everybody, "not everybody who is late was breached, or more")
        assert await _rows(db, f"SELECT type FROM breaches WHERE lead = '{LEAD}'") == []
        assert await _rows(db, f"SELECT state FROM clocks WHERE lead = '{LEAD}' AND promise = 'accept'") == ["kept"]
