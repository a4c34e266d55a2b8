"""The decision record: why a lead was assigned, held or unrouted, with all that a later replay of the decision needs."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from services.router.domain.rep_pool import Candidate
from services.router.domain.routing import RoutingDecision


def decision_record(
    decision: RoutingDecision,
    *,
    epoch: int,
    facts: dict[str, Any],
    version: int,
    agreement_hash: str,
    lists: dict[str, str],
    now: datetime,
    reason: str,
) -> dict[str, Any]:
    """Everything that led to a decision, as JSON.

    `lists` maps list names to the hash of their entries, `reason` says why the lead was placed now.
    """
    return {
        "kind": decision.kind,
        "reason": reason,
        "at": now.isoformat(),
        "epoch": epoch,
        "routing_version": version,
        "hash": agreement_hash,
        "facts": facts,
        "lists": lists,
        "rules": [asdict(trace) for trace in decision.traces],
        "candidates": [_candidate_json(candidate) for candidate in decision.candidates],
        "chosen": _chosen_rep(decision),
        "team": decision.chosen.team if decision.chosen else None,
        "rule": decision.rule,
        "flags": list(decision.flags),
        "until": decision.until.isoformat() if decision.until else None,
        "counters": _counters(decision),
        "why": decision.why,
        "in_words": in_words(decision),
    }


def _candidate_json(candidate: Candidate) -> dict[str, Any]:
    row = asdict(candidate)
    for name in ("last_at", "opens_at"):
        row[name] = row[name].isoformat() if row[name] else None
    return row


def _counters(decision: RoutingDecision) -> dict[str, Any]:
    if decision.chosen is None:
        return {}
    turns, open_leads = decision.chosen.turns, decision.chosen.open_leads
    return {
        "before": {"turns": turns, "open": open_leads},
        "after": {"turns": turns + int(decision.uses_turn), "open": open_leads + 1},
    }


def in_words(decision: RoutingDecision) -> str:
    """The decision in a few sentences for a sales manager."""
    sentences = [decision.why, _turn_sentence(decision), _passed_over(decision), _waits_until(decision)]
    failed = [f"{trace.rule} ({trace.why})" for trace in decision.traces if not trace.matched]
    if failed:
        sentences.append(f"Rules before it that did not match: {'; '.join(failed)}.")
    return " ".join(sentence for sentence in sentences if sentence)


def _turn_sentence(decision: RoutingDecision) -> str:
    pick = decision.chosen
    if pick is None:
        return ""
    if not decision.uses_turn:
        return f"It goes to {pick.name}."
    others = [item for item in decision.candidates if not item.reason and item.rep != pick.rep]
    turns = f"{pick.turns} turn{'' if pick.turns == 1 else 's'}"
    weight = f", weight {pick.weight}" if pick.weight != 1 else ""
    among = f" of {len(others) + 1} who could take it" if others else ""
    return f"It was {pick.name}'s turn{among} ({turns} so far{weight})."


def _passed_over(decision: RoutingDecision) -> str:
    chosen = _chosen_rep(decision)
    passed = [f"{item.name} ({item.reason})" for item in decision.candidates if item.reason and item.rep != chosen]
    if not passed or decision.kind != "assigned":
        return ""
    return f"Passed over: {', '.join(dict.fromkeys(passed))}."


def _waits_until(decision: RoutingDecision) -> str:
    if decision.kind != "held":
        return ""
    return f"It waits until {decision.until:%Y-%m-%d %H:%M} UTC." if decision.until else "It waits for a free place."


def _chosen_rep(decision: RoutingDecision) -> str | None:
    return decision.chosen.rep if decision.chosen else None


def replay_choice(record: dict[str, Any]) -> str | None:
    """Choose again among the candidates of a stored record: its `chosen`, as long as the rules of the code are the same.

    Where a tier does not wait and somebody over the cap or off shift was chosen, their reason is ignored, as the record's
    `flags` say.
    """
    rows = record["candidates"]
    if record["kind"] != "assigned":
        return None
    eligible = [_candidate(row) for row in rows if not row["reason"]]
    if eligible and record["flags"] in ([], ["outside working hours"]):
        return min(eligible, key=lambda candidate: candidate.order).rep
    full = [_candidate(row) for row in rows if row["kind"] == "cap"]
    if full and "over the cap" in record["flags"]:
        return min(full, key=lambda candidate: (candidate.open_leads, candidate.order)).rep
    closed = [_candidate(row) for row in rows if row["kind"] == "hours" and row["opens_at"]]
    return min(closed, key=lambda candidate: (str(candidate.opens_at), candidate.order)).rep if closed else None


def _candidate(row: dict[str, Any]) -> Candidate:
    times = {name: datetime.fromisoformat(row[name]) if row[name] else None for name in ("last_at", "opens_at")}
    return Candidate(**{**row, **times})
