"""Action links: opens a link, records and emits each answer once, and records the router's outcome."""

from typing import Any

from services.notifier.domain.lead import Lead
from services.notifier.domain.links import PURPOSE, Link, unpack
from services.notifier.domain.locale import LocalTime
from services.notifier.domain.notice_rules import NoticeSpec
from services.notifier.domain.page import ANSWER_GROUP, LinkContext, Page, expired_page, invalid_page
from services.notifier.handlers.plan_notices import PlannedNotice
from services.notifier.store import answers
from services.notifier.store.leads import due_times, load_leads
from shared.base.ids import new_id
from shared.events import ActionRefused, ActionTaken
from shared.events.base import Event
from shared.events.outcomes import Outcome
from shared.reference import cache
from shared.store.tx import Tx

CONFIRMING = (Outcome, ActionRefused)
"""Events that report the outcome of an answer."""


async def open_link(tx: Tx, token: str) -> LinkContext | Page:
    """Load the lead and the answer of a link, or return the page for an invalid or expired link.

    Invalid: a malformed token, a wrong signature, an unknown lead, or a rep who is unknown or inactive. Expired: `now` is
    after `expires`. A link of an old epoch is stale (`LinkContext.is_stale`), but neither invalid nor expired."""
    unpacked = unpack(token)
    if unpacked is None or not tx.context.keys.verify(PURPOSE, unpacked[0].body(), unpacked[1]):
        return invalid_page()
    link = unpacked[0]
    lead = (await load_leads(tx, [link.lead])).get(link.lead)
    if lead is None:
        return invalid_page()
    if tx.now > link.expires:
        return expired_page()
    people = await cache.roster(tx)
    rep = people.get(link.rep)
    if rep is None or not rep.active:
        return invalid_page()
    versions = await cache.agreement_versions(tx, [lead.terms_version])
    promise = "accept" if lead.state == "assigned" else "first_touch"
    return LinkContext(
        link,
        lead,
        versions.get(lead.terms_version),
        LocalTime(rep.timezone, tx.now),
        {person.id: person.name for person in people.values()},
        (await due_times(tx, [link.lead])).get((link.lead, promise, link.epoch)),
        await answers.pending(tx, link.notice),
    )


async def record_answer(tx: Tx, link: Link, action: str, reason: str | None) -> dict[str, Any]:
    """Record an answer and emit `action.taken`; when its group was answered before, return that first answer instead."""
    row = {
        "id": new_id(),
        "notice": link.notice,
        "answer_group": ANSWER_GROUP[action],
        "lead": link.lead,
        "epoch": link.epoch,
        "by": link.rep,
        "action": action,
        "reason": reason,
        "answered_at": tx.now,
        "action_id": None,
        "outcome": "",
        "explanation": "",
        "unconfirmed": False,
    }
    answer, is_first = await answers.insert_once(tx, row)
    if is_first:
        taken = ActionTaken(
            lead=link.lead,
            epoch=link.epoch,
            action=action,
            by=link.rep,
            reason=reason,
            answered_at=tx.now,
            notice=link.notice,
        )
        await answers.set_event(tx, answer["id"], tx.emit(taken, subject=link.lead).id)
    return answer


async def confirm_answers(tx: Tx, events: list[Event[Any]], leads: dict[str, Lead]) -> list[PlannedNotice]:
    """Record the router's outcomes; return a notice for each answer whose page did not wait for its outcome."""
    by_action = {event.data.action_id: event for event in events if event.data.action_id}
    outcomes = [(action_id, *_outcome(event)) for action_id, event in by_action.items()]
    planned = []
    for answer in await answers.record_outcomes(tx, outcomes):
        event = by_action[answer["action_id"]]
        details = {name: answer[name] for name in ("action", "outcome", "explanation")}
        details["answered_at"] = answer["answered_at"].isoformat()
        spec = NoticeSpec("confirmed", "owner", details, answer["by"])
        planned.append(PlannedNotice(event, leads[event.subject], spec))
    return planned


def _outcome(event: Event[Any]) -> tuple[str, str]:
    """("applied" or "refused", the reason of a refusal)."""
    return ("refused", event.data.why) if isinstance(event.data, ActionRefused) else ("applied", "")
