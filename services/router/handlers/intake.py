"""What came in becomes leads: read, recognise the person, judge, and give it to somebody."""

from datetime import timedelta
from typing import Any

from services.router.domain.enquiry import Meaning, meaning
from services.router.domain.lead import Lead
from services.router.domain.person import match
from services.router.domain.qualification import Verdict, judge
from services.router.handlers.assignment import Wanted, place
from services.router.handlers.book import Book
from services.router.handlers.reading import Reading, read
from services.router.store import intake as store
from services.router.store.cached import Known, known, pinned
from shared.agreement.model import Duplicates
from shared.events.base import Event
from shared.events.intake import IntakeReceived
from shared.events.leads import (
    LeadEnquiredAgain,
    LeadMerged,
    LeadNurtured,
    LeadParked,
    LeadQualified,
    LeadReceived,
    LeadRefused,
)
from shared.store.tx import Tx


async def receive(tx: Tx, events: list[Event[IntakeReceived]]) -> None:
    """Everything that came in with these records. One statement for each table, however many there are."""
    readings = [reading for event in events for reading in read(tx, event)]
    await finished(await taken_in(tx, readings))
    await store.counted(tx, _deliveries(tx, events, readings))


async def taken_in(tx: Tx, readings: list[Reading]) -> "Intake":
    """What these elements become; `finished` places and writes it."""
    taken = await store.claim_keys(tx, _keys(tx, readings))
    fresh = [reading for reading in readings if not reading.problem and not _repeated(reading, taken)]
    work = Intake(tx, await known(tx))
    await work.meet(fresh)
    for reading in readings:
        work.take(reading, taken.get((reading.intake.endpoint, reading.key)))
    return work


async def finished(work: "Intake") -> None:
    """Give what is wanted to somebody, and write everything."""
    await place(work.book, list(work.wanted.values()))
    await work.book.write()
    await store.write_elements(work.tx, work.elements)
    await store.point(work.tx, work.pointers)


def _keys(tx: Tx, readings: list[Reading]) -> dict[tuple[str, str], tuple[str, Any]]:
    wanted: dict[tuple[str, str], tuple[str, Any]] = {}
    for reading in readings:
        if reading.key:
            wanted.setdefault((reading.intake.endpoint, reading.key), (reading.lead, tx.wall + reading.known_for))
    return wanted


def _repeated(reading: Reading, taken: dict[tuple[str, str], str]) -> bool:
    return taken.get((reading.intake.endpoint, reading.key), reading.lead) != reading.lead


class Intake:
    """The elements of a batch, one after another, against the leads that are known."""

    def __init__(self, tx: Tx, facts: Known) -> None:
        self.tx = tx
        self.facts = facts
        self.book = Book(tx)
        self.elements: list[dict[str, Any]] = []
        self.pointers: dict[str, str] = {}
        self.identities: dict[str, str] = {}
        self.wanted: dict[str, Wanted] = {}
        self.seen: dict[tuple[str, str], str] = {}

    async def meet(self, readings: list[Reading]) -> None:
        """Lock the identities of everybody in the batch, then their leads."""
        self.identities = await store.lock_identities(self.tx, [key for item in readings for key in item.person.keys])
        await self.book.load(self.identities.values())
        await pinned(self.tx, [lead.pinned for lead in self.book.leads.values()])

    def take(self, reading: Reading, before: str | None) -> None:
        """One element: a repetition, unreadable, or an enquiry."""
        place = (reading.intake.endpoint, reading.key)
        first = self.seen.setdefault(place, before or reading.lead) if reading.key else reading.lead
        if first != reading.lead:
            self._element(reading, "duplicate", first)
        elif reading.problem:
            self._park(reading, reading.problem)
        else:
            self._enquiry(reading)

    def _element(self, reading: Reading, became: str, lead: str) -> None:
        self.elements.append(
            {
                "id": reading.lead,
                "intake": reading.event.subject,
                "number": reading.number,
                "became": became,
                "lead": lead,
                "unmapped": reading.unmapped or None,
                "note": reading.note,
            }
        )

    def _new(self, reading: Reading, **more: Any) -> Lead:
        return Lead(
            id=reading.lead,
            intake=reading.event.subject,
            element=reading.number,
            endpoint=reading.intake.endpoint,
            source=reading.intake.source,
            received_at=reading.received_at,
            enquired_at=self.tx.now,
            since=self.tx.now,
            form=reading.form,
            needs_fetch=reading.needs_fetch,
            card=reading.card,
            facts=reading.facts,
            **more,
        )

    def _park(self, reading: Reading, problem: str) -> None:
        lead = self.book.keep(self._new(reading), state="parked", why=problem)
        self._element(reading, "parked", lead.id)
        self.book.say(lead, LeadParked(intake=reading.event.subject, reason=problem), reading.event)

    def _enquiry(self, reading: Reading) -> None:
        live = self.facts.live
        verdict = judge(reading.facts, live.compiled, self.facts.lists) if live and not reading.needs_fetch else None
        keys = {key: self.identities[key] for key in reading.person.keys if key in self.identities}
        found = match(
            reading.person, {key: self.book.leads[lead] for key, lead in keys.items() if lead in self.book.leads}
        )
        old = self.book.leads.get(found.lead or "")
        if verdict and verdict.state == "refused":
            old = None
        rules = live.compiled.duplicates if live else Duplicates()
        within = timedelta(seconds=rules.within)
        said = meaning(old, found.why, form=reading.form, thin=reading.needs_fetch, now=self.tx.now, within=within)
        if old is None or said.kind == "new":
            self._first(reading, old, verdict, found.conflict or said.why)
        else:
            self._merge(reading, old, said)

    def _first(self, reading: Reading, old: Lead | None, verdict: Verdict | None, note: str) -> None:
        """A lead of its own; linked to the person's earlier one where there is one."""
        linked = {"linked_to": old.id, "previous_owner": old.owner, "previous_until": old.closed_at} if old else {}
        lead = self.book.keep(self._new(reading, **linked), state="received", why=note)
        self._element(reading, "lead", lead.id)
        self.book.say(
            lead,
            LeadReceived(
                lead=lead.shown(),
                intake=reading.event.subject,
                item=reading.number,
                endpoint=lead.endpoint,
                needs_fetch=lead.needs_fetch,
                waiting_for_agreement=self.facts.live is None,
            ),
            reading.event,
        )
        if verdict is None or verdict.state != "refused":
            for key in reading.person.keys:
                self.identities[key] = self.pointers[key] = lead.id
        if verdict:
            first = old.owner if old and old.state in ("won", "lost", "disqualified") else None
            self.judged(lead, verdict, "a new enquiry", reading.event, first)

    def _merge(self, reading: Reading, old: Lead, said: Meaning) -> None:
        """The person has a lead: this one points to it, and the old one learns what is new."""
        mine = self.book.keep(self._new(reading), state="merged", merged_into=old.id, why=said.why)
        self._element(reading, "merged", old.id)
        self.book.say(mine, LeadMerged(into=old.id, why=said.why), reading.event)
        facts, card = (
            _joined(old.facts, reading.facts),
            {**reading.card, **old.card, "activity": reading.card.get("activity") or old.card.get("activity") or []},
        )
        old = self.book.keep(old, facts=facts, card=card, enquired_at=self.tx.now, form=reading.form or old.form)
        for key in reading.person.keys:
            self.identities[key] = self.pointers[key] = old.id
        if said.kind == "again":
            self._again(reading, old)
        elif said.kind in ("rescore", "reopen") and self.facts.live:
            verdict = judge(old.facts, self.facts.live.compiled, self.facts.lists)
            keeps = old.owner if said.kind == "reopen" else None
            if said.kind == "reopen":
                old = self.book.keep(old, previous_owner=old.owner, previous_until=old.closed_at, had=(), declines=0)
            self.judged(old, verdict, said.why, reading.event, keeps)

    def _again(self, reading: Reading, old: Lead) -> None:
        old = self.book.keep(old, round=old.round + 1)
        live = self.facts.live.version if self.facts.live else 0
        fact = LeadEnquiredAgain(
            lead=old.shown(),
            owner=old.owner,
            epoch=old.epoch,
            enquiry_count=old.round,
            enquiry=reading.lead,
            routing_version=live,
            terms_version=old.pinned or live,
            tier=old.tier,
            team=old.team,
        )
        self.book.say(old, fact, reading.event)

    def judged(
        self, lead: Lead, verdict: Verdict, because: str, cause: Event[Any] | None, first: str | None = None
    ) -> None:
        """What a verdict makes of a lead; a qualified one is placed at the end of the batch."""
        live = self.facts.live
        assert live is not None
        worth = {"score": verdict.grade, "points": verdict.points, "tier": verdict.tier, "needs_met": verdict.needs_met}
        if verdict.state == "refused":
            lead = self.book.keep(lead, state="refused", agreement=live.version, why=verdict.why)
            self.book.say(lead, LeadRefused(reason=verdict.reason, terms_version=live.version), cause)
            return
        if verdict.state == "nurtured":
            told = lead.state == "nurtured"
            lead = self.book.keep(lead, state="nurtured", agreement=live.version, why=verdict.why, **worth)
            if not told:
                self.book.say(
                    lead, LeadNurtured(why=verdict.why, grade=verdict.grade, terms_version=live.version), cause
                )
            return
        lead = self.book.keep(
            lead, state="qualified", qualified_at=self.tx.now, pinned=live.version, why=verdict.why, **worth
        )
        fact = LeadQualified(
            lead=lead.shown(),
            tier=verdict.tier or "",
            grade=verdict.grade,
            needs_met=verdict.needs_met,
            needs_of=verdict.needs_of,
            terms_version=live.version,
        )
        self.book.say(lead, fact, cause)
        self.wanted[lead.id] = Wanted(lead.id, because, cause, first)


def _joined(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """The facts of both: what is new wins, what was done adds up."""
    done = list(dict.fromkeys([*(old.get("activity") or ()), *(new.get("activity") or ())]))
    joined = {**old, **new}
    if "mql" in old and new.get("mql") is None:
        joined["mql"] = old["mql"]
    return {**joined, "activity": done} if done else joined


def _deliveries(tx: Tx, events: list[Event[IntakeReceived]], readings: list[Reading]) -> list[dict[str, Any]]:
    import base64
    import binascii

    counts = {event.subject: 0 for event in events}
    for reading in readings:
        counts[reading.event.subject] += 1
    rows = []
    for event in {event.subject: event for event in events}.values():
        data = event.data
        try:
            body = base64.b64decode(data.body, validate=True)
        except binascii.Error:
            body = data.body.encode()
        rows.append(
            {
                "id": event.subject,
                "endpoint": data.endpoint,
                "dedupe_key": event.subject,
                "known_until": tx.wall,
                "source": data.source,
                "received_at": data.received_at,
                "method": data.method,
                "query": data.query,
                "content_type": data.content_type,
                "headers": data.headers,
                "body": body,
                "answer_status": 0,
                "answer_headers": {},
                "answer_body": b"",
                "elements": counts[event.subject],
            }
        )
    return rows
