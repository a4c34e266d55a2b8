"""Whatever meets whatever: one verdict for each notice, each mail once while nobody dies, nothing lost between topics."""

import asyncio
import random
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from services.notifier.channels.post import Post
from services.notifier.handlers.sender import Sender
from services.notifier.settings import Settings
from shared.events import LeadAccepted, SlaEscalated
from shared.events.base import Event
from shared.work.dispatch import dispatch
from tests.notifier.house import CARD, LEAD, House, assigned, clock, sla
from tests.notifier.post_office import eventually
from tests.service_harness import TUESDAY

LEADS = [f"{LEAD[:-3]}{number:03d}" for number in range(40)]


async def heard(here: House, *events: Event[Any]) -> None:
    """As a consumer hands events over: in one transaction, tried again when the database asks for it."""
    async with here.consumers:
        await here.room.db.run(lambda tx: dispatch(tx, here.room.service.on_event, list(events)))


def about(fact: Any, lead: str) -> Event[Any]:
    if hasattr(fact, "lead"):
        fact = fact.model_copy(
            update={"lead": lead if isinstance(fact.lead, str) else CARD.model_copy(update={"id": lead})}
        )
    return Event(fact, lead, "/test", TUESDAY)


async def test_a_rung_and_its_assignment_that_come_at_once_always_find_each_other(here: House) -> None:
    tasks = []
    for lead in LEADS:
        tasks += [
            heard(here, about(assigned(), lead)),
            heard(here, about(sla(SlaEscalated, do=("notify manager",)), lead)),
        ]
    random.Random(7).shuffle(tasks)
    await asyncio.gather(*tasks)
    kinds = Counter([(row["lead"], row["kind"]) for row in await here.notices()])
    assert kinds == Counter([(lead, kind) for lead in LEADS for kind in ("assigned", "breached")])
    assert await here.room.sql("SELECT * FROM early") == []


async def test_two_senders_share_the_work_and_no_mail_goes_twice(here: House) -> None:
    stop = asyncio.Event()
    post = Post(Settings(smtp_host="127.0.0.1", smtp_port=here.box.port))
    other = asyncio.create_task(Sender(post, here.room.db, here.room.resources.access, stop).run())
    await heard(here, *(about(clock(TUESDAY), lead) for lead in LEADS))
    await asyncio.gather(*(heard(here, about(assigned(), lead)) for lead in LEADS))
    mails = await here.mails(len(LEADS))
    assert len({mail["Message-ID"] for mail in mails}) == len(LEADS)
    assert {event.data.attempts for event in await here.said("notice.sent")} == {1}
    stop.set()
    await asyncio.wait_for(other, 10)


@pytest.mark.parametrize("seed", range(3))
async def test_however_answers_failures_and_wakings_meet_each_notice_has_one_verdict(here: House, seed: int) -> None:
    dice = random.Random(seed)
    here.box.say += [dice.choice(("451 busy", "250 taken")) for _ in range(60)]
    due = TUESDAY + timedelta(minutes=15)

    async def life(lead: str) -> None:
        events = [about(assigned(), lead), about(clock(due), lead)]
        dice.shuffle(events)
        for event in events:
            await heard(here, event)
        if dice.random() < 0.7:
            await heard(here, about(LeadAccepted(owner="dan", epoch=1, by="dan", answered_at=TUESDAY), lead))

    async def wakings() -> None:
        for _ in range(6):
            await here.soon(rested=False)

    await asyncio.gather(wakings(), *map(life, LEADS))

    async def settled() -> bool:
        await here.soon(rested=False)
        return not [row for row in await here.notices() if row["state"] in ("waiting", "ready", "sending")]

    await eventually(settled, 30)
    names = ("notice.sent", "notice.suppressed", "notice.failed")
    verdicts = Counter([event.data.notice for name in names for event in await here.said(name)])
    assert verdicts == Counter([row["id"] for row in await here.notices()])
    assert len(verdicts) == len(LEADS)
    assert await here.room.sql("SELECT * FROM scheduled_items") == []
