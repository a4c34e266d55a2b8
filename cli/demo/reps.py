"""The simulated reps of the demo: each rep opens links from mails and presses buttons, with an individual behaviour."""

import asyncio
import random
from dataclasses import dataclass

import httpx

from cli.demo.mailbox import Mail, Mailbox
from services.notifier.domain.links import unpack


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How a rep behaves: the probabilities of an answer and of a decline, and the range of minutes (business time)
    before an answer."""

    answer_rate: float
    minutes: tuple[float, float]
    decline_rate: float = 0.05


BEHAVIOURS = {
    "dan": Behaviour(0.2, (9, 14)),
    "eve": Behaviour(0.9, (1, 6)),
    "fay": Behaviour(0.75, (3, 20)),
    "anna": Behaviour(0.95, (1, 4)),
    "ben": Behaviour(0.3, (8, 25)),
    "carla": Behaviour(0.85, (2, 9), decline_rate=0.15),
    "omar": Behaviour(0.8, (2, 8)),
    "ines": Behaviour(0.8, (2, 8)),
}


async def answer_mails(
    client: httpx.AsyncClient, mailbox: Mailbox, stop: asyncio.Event, rng: random.Random, speed: float
) -> None:
    """Answer mails until stopped. Each answer runs in a separate task, so that reps do not wait for each other."""
    incoming = mailbox.subscribe()
    tasks: set[asyncio.Task[None]] = set()
    answers: dict[tuple[str, str], bool] = {}
    """Whether a rep answers, by rep and lead; drawn once, so that a rep who ignores a lead also ignores its warning."""
    while not stop.is_set():
        try:
            mail = await asyncio.wait_for(incoming.get(), 0.5)
        except TimeoutError:
            continue
        behaviour = BEHAVIOURS.get(mail.to.partition("@")[0])
        token = unpack(mail.action_link.rpartition("/")[2]) if mail.action_link else None
        if behaviour is None or token is None:
            continue
        if answers.setdefault((token[0].rep, token[0].lead), rng.random() < behaviour.answer_rate):
            task = asyncio.create_task(_answer(client, mail, behaviour, stop, rng, speed))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks, return_exceptions=True)


async def _answer(
    client: httpx.AsyncClient, mail: Mail, behaviour: Behaviour, stop: asyncio.Event, rng: random.Random, speed: float
) -> None:
    if not await _wait_minutes(rng.uniform(*behaviour.minutes), stop, speed):
        return
    assert mail.action_link is not None
    declines = rng.random() < behaviour.decline_rate and 'value="decline"' in (await client.get(mail.action_link)).text
    form = (
        {"action": "decline", "reason": rng.choice(("not a fit", "overloaded"))} if declines else {"action": "accept"}
    )
    page = await client.post(mail.action_link, data=form)
    if 'value="contacted"' not in page.text or declines or not await _wait_minutes(rng.uniform(5, 50), stop, speed):
        return
    await client.post(mail.action_link, data={"action": "contacted"})


async def _wait_minutes(minutes: float, stop: asyncio.Event, speed: float) -> bool:
    """Wait for minutes of business time. Returns False if the demo ends during the wait."""
    try:
        await asyncio.wait_for(stop.wait(), minutes * 60 / speed)
    except TimeoutError:
        return True
    return False
