"""The demo's reps: they read the mails that were caught, open the link and press a button, each in their own manner."""

import asyncio
import random
from dataclasses import dataclass

import httpx

from cli.demo.mailbox import Mail, Mailbox
from services.notifier.domain.links import unpack


@dataclass(frozen=True, slots=True)
class Manner:
    """How a rep behaves: the chance that they answer at all, and after how many minutes of business time."""

    answers: float
    after: tuple[float, float]
    declines: float = 0.05


MANNERS = {
    "dan": Manner(0.2, (9, 14)),
    "eve": Manner(0.9, (1, 6)),
    "fay": Manner(0.75, (3, 20)),
    "anna": Manner(0.95, (1, 4)),
    "ben": Manner(0.3, (8, 25)),
    "carla": Manner(0.85, (2, 9), declines=0.15),
    "omar": Manner(0.8, (2, 8)),
    "ines": Manner(0.8, (2, 8)),
}


async def work(
    client: httpx.AsyncClient, mailbox: Mailbox, stop: asyncio.Event, chance: random.Random, speed: float
) -> None:
    """Read mail until stopped; each answer is a task of its own, so that one rep does not hold up another."""
    arrivals = mailbox.arrivals()
    tasks: set[asyncio.Task[None]] = set()
    cares: dict[tuple[str, str], bool] = {}
    """Whether a rep looks after a lead at all is drawn once: whoever ignores it ignores the warning too."""
    while not stop.is_set():
        try:
            mail = await asyncio.wait_for(arrivals.get(), 0.5)
        except TimeoutError:
            continue
        manner = MANNERS.get(mail.to.partition("@")[0])
        made = unpack(mail.link.rpartition("/")[2]) if mail.link else None
        if manner is None or made is None:
            continue
        if cares.setdefault((made[0].rep, made[0].lead), chance.random() < manner.answers):
            task = asyncio.create_task(_answer(client, mail, manner, stop, chance, speed))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks, return_exceptions=True)


async def _answer(
    client: httpx.AsyncClient, mail: Mail, manner: Manner, stop: asyncio.Event, chance: random.Random, speed: float
) -> None:
    if not await _minutes(chance.uniform(*manner.after), stop, speed):
        return
    assert mail.link is not None
    declines = chance.random() < manner.declines and 'value="decline"' in (await client.get(mail.link)).text
    form = (
        {"action": "decline", "reason": chance.choice(("not a fit", "overloaded"))}
        if declines
        else {"action": "accept"}
    )
    page = await client.post(mail.link, data=form)
    if "Done" not in page.text or declines or not await _minutes(chance.uniform(5, 50), stop, speed):
        return
    await client.post(mail.link, data={"action": "contacted"})


async def _minutes(minutes: float, stop: asyncio.Event, speed: float) -> bool:
    """Let business time pass; False when the demo ends before."""
    try:
        await asyncio.wait_for(stop.wait(), minutes * 60 / speed)
    except TimeoutError:
        return True
    return False
