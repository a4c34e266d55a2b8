"""The intake batch: each parsed item becomes a new lead, is merged into a known one, is a repetition, or is parked."""

from datetime import timedelta
from typing import Any

from services.router.domain.duplicates import DuplicateOutcome, resolve_duplicate
from services.router.domain.identity import resolve_identity
from services.router.domain.lead import Lead
from services.router.domain.merging import merge_cards, merge_facts
from services.router.domain.qualification import Verdict, qualify
from services.router.handlers.lead_batch import LeadBatch
from services.router.handlers.parse_intake import ParsedLead
from services.router.handlers.placement import PlacementRequest
from services.router.handlers.qualifying import apply_verdict
from services.router.store import intake as store
from services.router.store.config_cache import Config, compiled_versions
from shared.agreement.model import Duplicates
from shared.events.base import Event
from shared.events.leads import LeadEnquiredAgain, LeadMerged, LeadParked, LeadReceived
from shared.store.tx import Tx


class IntakeBatch:
    """The results of a batch of items before they are written: leads, item rows, identity pointers, leads to place."""

    def __init__(self, tx: Tx, config: Config) -> None:
        self.tx = tx
        self.config = config
        self.leads = LeadBatch(tx)
        self.items: list[dict[str, Any]] = []
        self.pointers: dict[str, str] = {}
        self.placements: dict[str, PlacementRequest] = {}
        self._identities: dict[str, str] = {}
        self._leads_by_key: dict[store.EndpointKey, str] = {}

    async def lock_identities(self, parsed: list[ParsedLead]) -> None:
        """Lock the identities of everybody in the batch, then load their leads."""
        self._identities = await store.lock_identities(self.tx, [key for item in parsed for key in item.person.keys])
        await self.leads.load(self._identities.values())
        await compiled_versions(self.tx, [lead.terms_version for lead in self.leads.leads.values()])

    def apply(self, parsed: ParsedLead, earlier: str | None) -> None:
        """Apply one item; `earlier` is the lead of an earlier item with the same key."""
        first = parsed.lead
        if parsed.key:
            first = self._leads_by_key.setdefault(parsed.endpoint_key, earlier or parsed.lead)
        if first != parsed.lead:
            self._add_item(parsed, "duplicate", first)
        elif parsed.problem:
            self._park(parsed, parsed.problem)
        else:
            self._apply_enquiry(parsed)

    def qualify(self, lead: Lead, reason: str, cause: Event[Any] | None = None, prefer: str | None = None) -> None:
        """Qualify a lead under the live agreement; a qualified one is placed at the end of the batch."""
        verdict = self._verdict(lead.facts)
        if verdict:
            self._apply_verdict(lead, verdict, reason, cause, prefer)

    def _verdict(self, facts: dict[str, Any]) -> Verdict | None:
        live = self.config.live
        return qualify(facts, live.compiled, self.config.lists) if live else None

    def _apply_verdict(
        self, lead: Lead, verdict: Verdict, reason: str, cause: Event[Any] | None, prefer: str | None
    ) -> None:
        assert self.config.live is not None
        request = apply_verdict(self.leads, lead, verdict, self.config.live.version, reason, cause, prefer)
        if request:
            self.placements[lead.id] = request

    def _add_item(self, parsed: ParsedLead, outcome: str, lead: str) -> None:
        self.items.append(
            {
                "id": parsed.lead,
                "intake": parsed.event.subject,
                "item": parsed.item,
                "outcome": outcome,
                "lead": lead,
                "unmapped": parsed.unmapped or None,
                "note": parsed.note,
            }
        )

    def _park(self, parsed: ParsedLead, problem: str) -> None:
        lead = self.leads.update(self._new_lead(parsed), state="parked", why=problem)
        self._add_item(parsed, "parked", lead.id)
        self.leads.emit(lead, LeadParked(intake=parsed.event.subject, reason=problem), parsed.event)

    def _new_lead(self, parsed: ParsedLead, **more: Any) -> Lead:
        return Lead(
            id=parsed.lead,
            intake=parsed.event.subject,
            item=parsed.item,
            endpoint=parsed.intake.endpoint,
            source=parsed.intake.source,
            received_at=parsed.received_at,
            enquired_at=self.tx.now,
            since=self.tx.now,
            form_fingerprint=parsed.form_fingerprint,
            needs_fetch=parsed.needs_fetch,
            card=parsed.card,
            facts=parsed.facts,
            **more,
        )

    def _apply_enquiry(self, parsed: ParsedLead) -> None:
        live = self.config.live
        verdict = None if parsed.needs_fetch else self._verdict(parsed.facts)
        match = resolve_identity(parsed.person, self._leads_of(parsed))
        known = self.leads.leads.get(match.lead or "")
        if verdict and verdict.state == "refused":
            known = None
        rules = live.compiled.duplicates if live else Duplicates()
        outcome = resolve_duplicate(
            known,
            match.why,
            form_fingerprint=parsed.form_fingerprint,
            needs_fetch=parsed.needs_fetch,
            now=self.tx.now,
            within=timedelta(seconds=rules.within),
        )
        if known is None or outcome.kind == "new":
            self._create(parsed, known, verdict, match.conflict or outcome.why)
        else:
            self._merge(parsed, known, outcome)

    def _leads_of(self, parsed: ParsedLead) -> dict[str, Lead]:
        """The loaded leads that the person's identities point at, by key."""
        pointers = {key: self._identities[key] for key in parsed.person.keys if key in self._identities}
        return {key: self.leads.leads[lead] for key, lead in pointers.items() if lead in self.leads.leads}

    def _point_identities(self, parsed: ParsedLead, lead: str) -> None:
        for key in parsed.person.keys:
            self._identities[key] = self.pointers[key] = lead

    def _create(self, parsed: ParsedLead, earlier: Lead | None, verdict: Verdict | None, note: str) -> None:
        """Create a lead, linked to the person's earlier one if there is one."""
        link: dict[str, Any] = {}
        if earlier:
            link = {"linked_to": earlier.id, "previous_owner": earlier.owner, "previous_until": earlier.closed_at}
        lead = self.leads.update(self._new_lead(parsed, **link), state="received", why=note)
        self._add_item(parsed, "lead", lead.id)
        event = LeadReceived(
            lead=lead.to_card(),
            intake=parsed.event.subject,
            item=parsed.item,
            endpoint=lead.endpoint,
            needs_fetch=lead.needs_fetch,
            waiting_for_agreement=self.config.live is None,
        )
        self.leads.emit(lead, event, parsed.event)
        if verdict is None or verdict.state != "refused":
            self._point_identities(parsed, lead.id)
        if verdict:
            closed_before = earlier is not None and earlier.state in ("won", "lost", "disqualified")
            prefer = earlier.owner if earlier and closed_before else None
            self._apply_verdict(lead, verdict, "a new enquiry", parsed.event, prefer)

    def _merge(self, parsed: ParsedLead, known: Lead, outcome: DuplicateOutcome) -> None:
        """Merge the enquiry into the person's lead, and add its facts and card to that lead."""
        merged = self.leads.update(self._new_lead(parsed), state="merged", merged_into=known.id, why=outcome.why)
        self._add_item(parsed, "merged", known.id)
        self.leads.emit(merged, LeadMerged(into=known.id, why=outcome.why), parsed.event)
        known = self.leads.update(
            known,
            facts=merge_facts(known.facts, parsed.facts),
            card=merge_cards(known.card, parsed.card),
            enquired_at=self.tx.now,
            form_fingerprint=parsed.form_fingerprint or known.form_fingerprint,
        )
        self._point_identities(parsed, known.id)
        if outcome.kind == "enquired_again":
            self._enquire_again(parsed, known)
        elif outcome.kind == "rescore":
            self.qualify(known, outcome.why, parsed.event)
        elif outcome.kind == "reopen" and self.config.live:
            self._reopen(parsed, known, outcome.why)

    def _reopen(self, parsed: ParsedLead, lead: Lead, why: str) -> None:
        owner = lead.owner
        lead = self.leads.update(
            lead, previous_owner=owner, previous_until=lead.closed_at, previous_owners=(), declines=0
        )
        self.qualify(lead, why, parsed.event, owner)

    def _enquire_again(self, parsed: ParsedLead, lead: Lead) -> None:
        lead = self.leads.update(lead, enquiry_count=lead.enquiry_count + 1)
        live = self.config.live.version if self.config.live else 0
        event = LeadEnquiredAgain(
            lead=lead.to_card(),
            owner=lead.owner,
            epoch=lead.epoch,
            enquiry_count=lead.enquiry_count,
            enquiry=parsed.lead,
            routing_version=live,
            terms_version=lead.terms_version or live,
            tier=lead.tier,
            team=lead.team,
        )
        self.leads.emit(lead, event, parsed.event)
