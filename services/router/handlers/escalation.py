"""The timer's word: reassign a lead, or give it back to marketing, if the epoch and the state still match."""

from services.router.domain.lead import Lead
from services.router.handlers.actions import Answer, recycle, refuse
from services.router.handlers.assignment import Wanted, place
from services.router.handlers.book import Book
from services.router.handlers.release import try_waiting
from shared.events.base import Event
from shared.events.breaches import SlaEscalated
from shared.store.tx import Tx


async def escalated(tx: Tx, events: list[Event[SlaEscalated]]) -> None:
    """Do what the rungs say that is the router's to do."""
    meant = [event for event in events if any(_ours(step) for step in event.data.do)]
    if not meant:
        return
    book = Book(tx)
    await book.load(event.data.lead for event in meant)
    wanted: dict[str, tuple[Wanted, Event[SlaEscalated]]] = {}
    for event in meant:
        lead = book.leads.get(event.data.lead)
        if lead is None or not _matches(lead, event.data):
            continue
        because = f"{event.data.promise} breached at {event.data.due_at:%Y-%m-%d %H:%M} UTC"
        back = next((step for step in event.data.do if step.startswith(("return", "recycle"))), None)
        if back:
            recycle(book, lead, _reason(back, event.data.promise), tx.now, "timer", event)
        elif "reassign" in event.data.do:
            wanted[lead.id] = (Wanted(lead.id, because, event, again=True), event)
    choices = await place(book, [item for item, _ in wanted.values()])
    for lead_id, choice in choices.items():
        if choice.kind != "assigned":
            _stays(book, book.leads[lead_id], wanted[lead_id][1], choice.why)
    await try_waiting(book)
    await book.write()


def _ours(step: str) -> bool:
    return step == "reassign" or step.startswith(("return", "recycle"))


def _matches(lead: Lead, said: SlaEscalated) -> bool:
    if lead.epoch != said.epoch:
        return False
    if said.promise == "accept":
        return lead.state == "assigned"
    if said.promise == "first_touch":
        return lead.state in ("assigned", "accepted") and lead.contacted_at is None
    return lead.state in ("accepted", "contacted", "advanced")


def _reason(step: str, promise: str) -> str:
    return step.removeprefix("recycle as ").strip() if step.startswith("recycle as ") else f"{promise} breached"


def _stays(book: Book, lead: Lead, event: Event[SlaEscalated], why: str) -> None:
    """Nobody else can take it: it stays where it is, and that is said."""
    answer = Answer(lead.id, lead.epoch, "reassign", "timer", book.tx.now, cause=event)
    refuse(book, lead, answer, f"It stays with {lead.owner}: {why}")
