"""The placement of one lead: its request, and what the decision changes in lead, assignment, timeline and schedule."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.router.domain.decision import decision_record, in_words
from services.router.domain.lead import Lead
from services.router.domain.rep_pool import Candidate
from services.router.domain.routing import RoutingDecision, facts_of
from services.router.handlers.lead_batch import LeadBatch
from services.router.store.config_cache import Config, LiveAgreement
from shared.base.ids import new_id
from shared.events.base import Event
from shared.events.leads import LeadAssigned, LeadHeld, LeadUnrouted
from shared.work.schedule import ScheduledItem


@dataclass(frozen=True, slots=True)
class PlacementRequest:
    """A lead to place: why now (`reason`), which event caused it, and which rep is preferred.

    `keep_owner` means that its owner keeps the lead unless another rep can take it.
    """

    lead: str
    reason: str
    cause: Event[Any] | None = None
    prefer: str | None = None
    keep_owner: bool = False
    assign_to: str | None = None
    """The rep or team that a person named; then the routing rules are not used."""
    assigned_by: str | None = None

    @property
    def named(self) -> set[str]:
        """The reps and teams that the request names."""
        return {name for name in (self.prefer, self.assign_to) if name}


@dataclass(slots=True)
class Placement:
    """A lead with the decision about it, the request that led to the decision, and the configuration it was made under."""

    batch: LeadBatch
    lead: Lead
    request: PlacementRequest
    decision: RoutingDecision
    config: Config
    live: LiveAgreement

    def assign(self, pick: Candidate) -> None:
        """Give the lead to a person under a new epoch."""
        before = self.lead
        decision_id = self._record(before.epoch + 1)
        self._end_assignment()
        self._set_owner(pick)
        self._insert_assignment()
        self.batch.cancelled += [f"held:{before.id}", f"unrouted:{before.id}"]
        self.batch.emit(self.lead, self._assigned_event(decision_id, before.owner), self.request.cause)

    def _set_owner(self, pick: Candidate) -> None:
        now = self.batch.tx.now
        self.lead = self.batch.update(
            self.lead,
            state="assigned",
            since=now,
            epoch=self.lead.epoch + 1,
            owner=pick.rep,
            team=pick.team,
            rule=self.decision.rule,
            routing_version=self.live.version,
            assigned_at=now,
            accepted_at=None,
            attempted_at=None,
            contacted_at=None,
            closed_at=None,
            used_turn=self.decision.uses_turn,
            previous_owners=tuple(dict.fromkeys((*self.lead.previous_owners, pick.rep))),
            why=self.decision.why,
        )

    def _insert_assignment(self) -> None:
        lead = self.lead
        self.batch.assignments[lead.id, lead.epoch] = {
            "lead": lead.id,
            "epoch": lead.epoch,
            "owner": lead.owner,
            "team": lead.team,
            "at": lead.assigned_at,
            "ended_at": None,
            "ended_why": None,
        }

    def _assigned_event(self, decision_id: str, owner_before: str | None) -> LeadAssigned:
        lead, now = self.lead, self.batch.tx.now
        assert lead.owner is not None
        return LeadAssigned(
            lead=lead.to_card(),
            owner=lead.owner,
            team=lead.team,
            epoch=lead.epoch,
            tier=lead.tier or "",
            rule=self.decision.rule,
            routing_version=self.live.version,
            terms_version=lead.terms_version or self.live.version,
            decision=decision_id,
            assigned_at=now,
            previous_owner=owner_before if owner_before != lead.owner else None,
            why=self.request.reason,
            flags=self.decision.flags,
            in_words=in_words(self.decision),
        )

    def wait(self) -> None:
        """Leave the lead held or unrouted. The same outcome as before is neither recorded nor emitted again."""
        decision = self.decision
        self._end_assignment()
        repeated = self.lead.state == decision.kind and self.lead.why == decision.why
        decision_id = "" if repeated else self._record(self.lead.epoch)
        self.lead = self.batch.update(
            self.lead,
            state=decision.kind,
            owner=None,
            routing_version=self.live.version,
            rule=decision.rule,
            why=decision.why,
        )
        if decision.kind == "held" and decision.until:
            self._schedule("held", decision.until)
        if not repeated and decision.kind == "unrouted":
            after = timedelta(seconds=self.live.compiled.unrouted.after)
            self._schedule("unrouted", self.batch.tx.now + after)
        if not repeated:
            self.batch.emit(self.lead, self._waiting_event(decision_id), self.request.cause)

    def _waiting_event(self, decision_id: str) -> LeadHeld | LeadUnrouted:
        decision, tier, words = self.decision, self.lead.tier or "", in_words(self.decision)
        if decision.kind == "held":
            return LeadHeld(tier=tier, why=decision.why, until=decision.until, decision=decision_id, in_words=words)
        alert = self.live.compiled.unrouted.alert
        return LeadUnrouted(tier=tier, why=decision.why, decision=decision_id, in_words=words, alert=alert)

    def _schedule(self, kind: str, at: datetime) -> None:
        item_id = f"{kind}:{self.lead.id}"
        self.batch.scheduled.append(ScheduledItem(item_id, kind, self.lead.id, at))

    def _end_assignment(self) -> None:
        if self.lead.epoch and self.lead.owner:
            self.batch.end_assignment(self.lead, self.request.reason)

    def _record(self, epoch: int) -> str:
        """Add the decision record; returns its id."""
        decision_id, now = new_id(), self.batch.tx.now
        record = decision_record(
            self.decision,
            epoch=epoch,
            facts=facts_of(self.lead),
            version=self.live.version,
            agreement_hash=self.live.hash,
            lists=self.config.list_hashes,
            now=now,
            reason=self.request.reason,
        )
        row = {"id": decision_id, "lead": self.lead.id, "epoch": epoch, "at": now, "record": record}
        self.batch.decisions.append(row)
        return decision_id
