"""Answers of links: kept and said once, and confirmed when the router has said what it made of them."""

from typing import Any

from services.notifier.domain.lead import Lead
from services.notifier.domain.links import Link
from services.notifier.domain.meaning import Meant
from services.notifier.domain.page import QUESTIONS
from services.notifier.handlers.telling import Wanted
from services.notifier.store import answers
from shared.base.ids import new_id
from shared.events import ActionRefused, ActionTaken
from shared.events.base import Event
from shared.events.outcomes import Outcome
from shared.store.tx import Tx

CONFIRMS = (Outcome, ActionRefused)


async def take(tx: Tx, link: Link, action: str, reason: str | None) -> dict[str, Any]:
    """Keep an answer and say it; a question that was answered before keeps its first answer."""
    row = {
        "id": new_id(),
        "notice": link.notice,
        "question": QUESTIONS[action],
        "lead": link.lead,
        "epoch": link.epoch,
        "by": link.rep,
        "action": action,
        "reason": reason,
        "answered_at": tx.now,
        "event": None,
        "outcome": "",
        "said": "",
        "unconfirmed": False,
    }
    kept, first = await answers.first(tx, row)
    if first:
        fact = ActionTaken(
            lead=link.lead,
            epoch=link.epoch,
            action=action,
            by=link.rep,
            reason=reason,
            answered_at=tx.now,
            notice=link.notice,
        )
        await answers.said(tx, kept["id"], tx.emit(fact, subject=link.lead).id)
    return kept


async def confirmations(tx: Tx, events: list[Event[Any]], leads: dict[str, Lead]) -> list[Wanted]:
    """Note the router's outcomes; whoever's page could not wait for theirs is told by a notice."""
    outcomes = []
    for event in events:
        refused = isinstance(event.data, ActionRefused)
        if event.data.action_id:
            said = event.data.why if isinstance(event.data, ActionRefused) else ""
            outcomes.append((event.data.action_id, "refused" if refused else "applied", said))
    caused = {event.data.action_id: event for event in events}
    wanted = []
    for answer in await answers.settle(tx, outcomes):
        event = caused[answer["event"]]
        about = {"action": answer["action"], "outcome": answer["outcome"], "said": answer["said"]}
        about["answered_at"] = answer["answered_at"].isoformat()
        wanted.append(Wanted(event, leads[event.subject], Meant("confirmed", "owner", about, answer["by"])))
    return wanted
