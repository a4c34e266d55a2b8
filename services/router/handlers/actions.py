"""What people answer: applied under the epoch of their assignment, or refused politely, and either way recorded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.router.domain.lead import COUNTED, OWNED, Lead
from services.router.domain.life import ACTIONS, Refused, after, implied
from services.router.handlers.assignment import Wanted, place
from services.router.handlers.book import Book
from services.router.handlers.release import try_waiting
from services.router.store import people as people_store
from services.router.store.cached import known, pinned
from shared.agreement.model import Decline, ExecutableAgreement
from shared.events.base import Event
from shared.events.notices import ActionTaken
from shared.events.outcomes import (
    ActionRefused,
    LeadAccepted,
    LeadAdvanced,
    LeadAttempted,
    LeadContacted,
    LeadDeclined,
    LeadDisqualified,
    LeadLost,
    LeadRecycled,
    LeadWon,
    Outcome,
)
from shared.store.tx import Tx

SAYS: dict[str, type[Outcome]] = {
    "accept": LeadAccepted,
    "decline": LeadDeclined,
    "attempt": LeadAttempted,
    "contacted": LeadContacted,
    "advance": LeadAdvanced,
    "disqualify": LeadDisqualified,
    "recycle": LeadRecycled,
    "won": LeadWon,
    "lost": LeadLost,
}
STAMPS = {"accept": "accepted_at", "attempt": "attempted_at", "contacted": "contacted_at"}
CLOSES = frozenset(("disqualify", "recycle", "won", "lost"))


@dataclass(frozen=True, slots=True)
class Answer:
    """One action on one lead: by whom, under which epoch, stamped when (UTC); `action` is the id of the action.taken."""

    lead: str
    epoch: int
    name: str
    by: str | None
    answered_at: datetime
    reason: str | None = None
    action: str | None = None
    to: str | None = None
    cause: Event[Any] | None = None


async def answered(tx: Tx, events: list[Event[ActionTaken]]) -> None:
    """Answers that came by links."""
    await apply(
        tx,
        [
            Answer(
                event.data.lead,
                event.data.epoch,
                event.data.action,
                event.data.by,
                event.data.answered_at,
                event.data.reason,
                event.id,
                cause=event,
            )
            for event in events
        ],
    )


async def apply(tx: Tx, answers: Sequence[Answer]) -> dict[str, tuple[Lead | None, str]]:
    """Apply answers in their order; returns for each lead how it is now, and why it was refused ("" when it was not)."""
    book = Book(tx)
    await book.load(answer.lead for answer in answers)
    versions = await pinned(tx, [lead.pinned for lead in book.leads.values()])
    await people_store.lock_people(tx, [lead.owner for lead in book.leads.values() if lead.owner])
    outcomes: dict[str, tuple[Lead | None, str]] = {}
    wanted: list[Wanted] = []
    freed = False
    for answer in answers:
        lead = book.leads.get(answer.lead)
        if lead is None:
            outcomes[answer.lead] = (None, "There is no such lead.")
            continue
        agreement = versions.get(lead.pinned or 0)
        why = refusal(lead, answer, agreement)
        if why:
            refuse(book, lead, answer, why)
        else:
            wanted += await _apply(book, lead, answer, agreement)
        now = book.leads[lead.id]
        freed = freed or (lead.state in COUNTED and now.state not in COUNTED)
        outcomes[answer.lead] = (now, why)
    await place(book, wanted)
    if freed or wanted:
        await try_waiting(book)
    await book.write()
    return {lead: (book.leads.get(lead, now), why) for lead, (now, why) in outcomes.items()}


def refusal(lead: Lead, answer: Answer, agreement: ExecutableAgreement | None) -> str:
    """Why an answer does not apply; "" when it does."""
    if lead.state == "merged":
        return f"It was merged into lead {lead.merged_into}."
    if answer.name in ACTIONS and (answer.epoch != lead.epoch or lead.state not in OWNED):
        if lead.state in OWNED:
            return "The lead has a new owner since."
        if answer.epoch != lead.epoch:
            return f"The lead is {lead.state} since."
    following = after(lead.state, answer.name)
    if isinstance(following, Refused):
        return following.why
    if answer.name == "decline" and agreement:
        return _reason_missing(answer.reason, (*agreement.decline.ours, *agreement.decline.theirs), "decline")
    if answer.name == "disqualify" and agreement:
        return _reason_missing(answer.reason, agreement.disqualify, "disqualify")
    return ""


def _reason_missing(reason: str | None, agreed: Sequence[str], action: str) -> str:
    if not agreed or (reason and reason.casefold() in {item.casefold() for item in agreed}):
        return ""
    return f"To {action} needs one of the agreed reasons: {', '.join(agreed)}."


def refuse(book: Book, lead: Lead, answer: Answer, why: str) -> None:
    """Say that an answer was not applied, and who has the lead now."""
    fact = ActionRefused(
        action=answer.name,
        by=answer.by,
        epoch=answer.epoch,
        answered_at=answer.answered_at,
        action_id=answer.action,
        why=why,
        present_owner=lead.owner if lead.state in OWNED else None,
        present_epoch=lead.epoch,
        present_state=lead.state,
        since=lead.assigned_at if lead.state in OWNED else lead.since,
    )
    book.say(lead, fact, answer.cause)


async def _apply(book: Book, lead: Lead, answer: Answer, agreement: ExecutableAgreement | None) -> list[Wanted]:
    if answer.name in ("reassign", "assign", "claim"):
        again = lead.state in OWNED
        because = answer.reason or f"{answer.name} by {answer.by or 'hand'}"
        if not lead.pinned:
            facts = await known(book.tx)
            lead = book.keep(lead, pinned=facts.live.version if facts.live else None)
        return [Wanted(lead.id, because, answer.cause, again=again, to=answer.to, by=answer.by)]
    for name in (*implied(lead.state, answer.name), answer.name):
        lead = _step(book, lead, answer, name, agreement)
    if answer.name == "decline":
        return await _declined(book, lead, answer, agreement.decline if agreement else Decline())
    return []


def _step(book: Book, lead: Lead, answer: Answer, name: str, agreement: ExecutableAgreement | None) -> Lead:
    following = after(lead.state, name)
    assert isinstance(following, str)
    new: dict[str, Any] = {STAMPS[name]: answer.answered_at} if name in STAMPS else {}
    if name in CLOSES:
        new["closed_at"] = book.tx.now
        book.end(lead, name)
    if name == "advance" and lead.contacted_at is None:
        new["contacted_at"] = answer.answered_at
    lead = book.keep(lead, state=following, **new)
    book.say(lead, _fact(lead, answer, name, agreement), answer.cause)
    return lead


def _fact(lead: Lead, answer: Answer, name: str, agreement: ExecutableAgreement | None) -> Outcome:
    common: dict[str, Any] = {
        "owner": lead.owner,
        "epoch": lead.epoch,
        "by": answer.by,
        "answered_at": answer.answered_at,
        "action": answer.action,
    }
    if name == "decline":
        theirs = {item.casefold() for item in (agreement.decline.theirs if agreement else ())}
        side = "theirs" if (answer.reason or "").casefold() in theirs else "ours"
        return LeadDeclined(**common, reason=answer.reason or "", side=side)
    if name in ("disqualify", "lost"):
        return SAYS[name](**common, reason=answer.reason or "")
    if name == "recycle":
        return LeadRecycled(**common, reason=answer.reason or "", lead=lead.shown())
    return SAYS[name](**common)


async def _declined(book: Book, lead: Lead, answer: Answer, rules: Decline) -> list[Wanted]:
    """A declined lead goes to the next rep, or back to marketing when it was declined too often."""
    book.end(lead, f"declined: {answer.reason or 'no reason'}")
    theirs = (answer.reason or "").casefold() in {item.casefold() for item in rules.theirs}
    if theirs and lead.counted and lead.team and lead.owner:
        await people_store.give_back(book.tx, lead.team, lead.owner)
    lead = book.keep(lead, declines=lead.declines + 1)
    spent = rules.at_most is not None and lead.declines > rules.at_most
    if (rules.last if spent else rules.then) == "reassign":
        return [Wanted(lead.id, f"declined by {lead.owner}: {answer.reason or 'no reason'}", answer.cause)]
    recycle(book, lead, f"declined: {answer.reason}", answer.answered_at, answer.by, answer.cause)
    return []


def recycle(
    book: Book, lead: Lead, reason: str, at: datetime, by: str | None = None, cause: Event[Any] | None = None
) -> None:
    """Give a lead back to marketing."""
    if lead.state != "declined" and lead.owner:
        book.end(lead, f"recycled: {reason}")
    lead = book.keep(lead, state="recycled", closed_at=book.tx.now, why=f"Back to marketing: {reason}.")
    fact = LeadRecycled(owner=lead.owner, epoch=lead.epoch, by=by, answered_at=at, reason=reason, lead=lead.shown())
    book.say(lead, fact, cause)
