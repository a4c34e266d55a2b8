"""Concurrency: one verdict for each notice, each mail once while no process dies, nothing lost between topics."""

import asyncio
import random
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from services.notifier.channels import Channels
from services.notifier.channels.email import SmtpServer
from services.notifier.handlers.delivery_loop import DeliveryLoop
from shared.events import LeadAccepted, SlaEscalated
from shared.events.base import Event
from shared.work.dispatch import dispatch
from tests.notifier.harness import CARD, LEAD, NotifierHarness, assigned, clock, sla
from tests.notifier.sinks import eventually
from tests.service_harness import TUESDAY

LEADS = [f"{LEAD[:-3]}{number:03d}" for number in range(40)]


async def consume(notifier: NotifierHarness, *events: Event[Any]) -> None:
    """Handle events as a consumer does: in one transaction, retried when the database asks for it."""
    async with notifier.consumers:
        await notifier.service.db.run(lambda tx: dispatch(tx, notifier.service.service.on_event, list(events)))


def event_about(fact: Any, lead: str) -> Event[Any]:
    if hasattr(fact, "lead"):
        fact = fact.model_copy(
            update={"lead": lead if isinstance(fact.lead, str) else CARD.model_copy(update={"id": lead})}
        )
    return Event(fact, lead, "/test", TUESDAY)


async def test_a_step_and_its_assignment_that_arrive_concurrently_always_meet(notifier: NotifierHarness) -> None:
    tasks = []
    for lead in LEADS:
        tasks += [
            consume(notifier, event_about(assigned(), lead)),
            consume(notifier, event_about(sla(SlaEscalated, do=("notify manager",)), lead)),
        ]
    random.Random(7).shuffle(tasks)
    await asyncio.gather(*tasks)
    kinds = Counter([(row["lead"], row["kind"]) for row in await notifier.notices()])
    assert kinds == Counter([(lead, kind) for lead in LEADS for kind in ("assigned", "breached")])
    assert await notifier.service.sql("SELECT * FROM early_events") == []


async def test_two_delivery_loops_share_the_notices_and_no_mail_goes_twice(notifier: NotifierHarness) -> None:
    stop = asyncio.Event()
    channels = Channels(SmtpServer("127.0.0.1", notifier.mailbox.port))
    other = asyncio.create_task(
        DeliveryLoop(channels, notifier.service.db, notifier.service.resources.access, stop).run()
    )
    await consume(notifier, *(event_about(clock(TUESDAY), lead) for lead in LEADS))
    await asyncio.gather(*(consume(notifier, event_about(assigned(), lead)) for lead in LEADS))
    mails = await notifier.mails(len(LEADS))
    assert len({mail["Message-ID"] for mail in mails}) == len(LEADS)
    assert {event.data.attempts for event in await notifier.emitted("notice.sent")} == {1}
    stop.set()
    await asyncio.wait_for(other, 10)


@pytest.mark.parametrize("seed", range(3))
async def test_each_notice_has_one_verdict_however_answers_failures_and_retries_interleave(
    notifier: NotifierHarness, seed: int
) -> None:
    dice = random.Random(seed)
    notifier.mailbox.replies += [dice.choice(("451 busy", "250 taken")) for _ in range(60)]
    due = TUESDAY + timedelta(minutes=15)

    async def life(lead: str) -> None:
        events = [event_about(assigned(), lead), event_about(clock(due), lead)]
        dice.shuffle(events)
        for event in events:
            await consume(notifier, event)
        if dice.random() < 0.7:
            await consume(
                notifier, event_about(LeadAccepted(owner="dan", epoch=1, by="dan", answered_at=TUESDAY), lead)
            )

    async def wakings() -> None:
        for _ in range(6):
            await notifier.expire_waits(idle_first=False)

    await asyncio.gather(wakings(), *map(life, LEADS))

    async def settled() -> bool:
        await notifier.expire_waits(idle_first=False)
        return not [row for row in await notifier.notices() if row["state"] in ("waiting", "ready", "sending")]

    await eventually(settled, 30)
    names = ("notice.sent", "notice.suppressed", "notice.failed")
    verdicts = Counter([event.data.notice for name in names for event in await notifier.emitted(name)])
    assert verdicts == Counter([row["id"] for row in await notifier.notices()])
    assert len(verdicts) == len(LEADS)
    assert await notifier.service.sql("SELECT * FROM scheduled_items") == []
