"""An event that needs a version never waits for one that another process commits at the same moment (PostgreSQL)."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text

from services.timer import store
from services.timer.app import build
from services.timer.handlers import leads
from services.timer.settings import Settings as TimerSettings
from shared.base.roster import Rep
from shared.base.settings import Settings
from shared.events import RosterChanged
from shared.events.base import Event
from shared.reference.handlers import on_agreement_published, on_roster_changed
from shared.runtime.migrate import upgrade
from shared.runtime.resources import open_resources
from tests.service_harness import TUESDAY
from tests.timer.clock_helpers import LEAD, assigned, published


@pytest.mark.wide
async def test_an_event_is_handled_whose_version_and_person_another_process_commits_at_the_same_moment(
    postgres: str, tmp_path: Path
) -> None:
    settings = Settings(
        bus="kafka", database_url=postgres, kafka_bootstrap_servers="nowhere:1", secret_keys="k" * 32, data_dir=tmp_path
    )
    async with open_resources(settings, ["timer"]) as resources:
        await upgrade(resources, ["access", "timer"])
        db = resources.databases["timer"]
        service = build(TimerSettings())
        assert service.name == "timer"
        for turn in range(20):
            lead = f"{LEAD[:-2]}{turn:02d}"
            version, rep = turn + 1, f"dan-{turn}"
            event = Event(
                assigned(rep, terms_version=version).model_copy(update={"routing_version": version}),
                lead,
                "/test",
                TUESDAY,
            )
            news = Event(published(version=version), f"agreement:{version}", "/test", TUESDAY)
            person = Event(RosterChanged(rep=Rep(id=rep, name="Dan")), f"rep:{rep}", "/test", TUESDAY)
            await asyncio.gather(
                db.run(lambda tx, event=event: leads.on_lead_events(tx, [event])),
                db.run(lambda tx, news=news: on_agreement_published(leads.on_lead_events)(tx, [news])),
                db.run(lambda tx, person=person: on_roster_changed(leads.on_lead_events)(tx, [person])),
            )
            async with db.reading() as tx:
                deferred = (await tx.conn.execute(text("SELECT count(*) FROM deferred_events"))).scalar_one()
                clocks = await store.lock_clocks_of(tx, [lead])
            assert (deferred, len(clocks.get(lead, []))) == (0, 1)
