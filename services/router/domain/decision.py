"""The record of a decision: enough to say it in words today, and to come to the same answer in a year."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from services.router.domain.floor import Candidate
from services.router.domain.route import Choice


def record(
    choice: Choice,
    *,
    epoch: int,
    facts: dict[str, Any],
    version: int,
    agreement_hash: str,
    lists: dict[str, str],
    now: datetime,
    because: str,
) -> dict[str, Any]:
    """Everything that led to a choice, as JSON. `lists` maps list names to the hash of their entries."""
    return {
        "kind": choice.kind,
        "because": because,
        "at": now.isoformat(),
        "epoch": epoch,
        "agreement": version,
        "hash": agreement_hash,
        "facts": facts,
        "lists": lists,
        "rules": [asdict(tried) for tried in choice.tried],
        "candidates": [_row(candidate) for candidate in choice.candidates],
        "chosen": choice.chosen.rep if choice.chosen else None,
        "team": choice.chosen.team if choice.chosen else None,
        "rule": choice.rule,
        "marks": list(choice.marks),
        "until": choice.until.isoformat() if choice.until else None,
        "counters": _counters(choice),
        "why": choice.why,
        "in_words": in_words(choice),
    }


def _row(candidate: Candidate) -> dict[str, Any]:
    row = asdict(candidate)
    for name in ("last_at", "opens_at"):
        row[name] = row[name].isoformat() if row[name] else None
    return row


def _counters(choice: Choice) -> dict[str, Any]:
    if choice.chosen is None:
        return {}
    before = {"turns": choice.chosen.turns, "open": choice.chosen.open_leads}
    after = {"turns": choice.chosen.turns + int(choice.counts), "open": choice.chosen.open_leads + 1}
    return {"before": before, "after": after}


def in_words(choice: Choice) -> str:
    """The decision in a few sentences that a sales manager reads."""
    said = [choice.why]
    if choice.chosen:
        pick = choice.chosen
        others = [item for item in choice.candidates if not item.reason and item.rep != pick.rep]
        if choice.counts:
            turns = f"{pick.turns} turn{'' if pick.turns == 1 else 's'}"
            weight = f", weight {pick.weight}" if pick.weight != 1 else ""
            among = f" of {len(others) + 1} who could take it" if others else ""
            said.append(f"It was {pick.name}'s turn{among} ({turns} so far{weight}).")
        else:
            said.append(f"It goes to {pick.name}.")
    passed = [f"{item.name} ({item.reason})" for item in choice.candidates if item.reason and item.rep != _rep(choice)]
    if passed and choice.kind == "assigned":
        said.append(f"Passed over: {', '.join(dict.fromkeys(passed))}.")
    if choice.kind == "held":
        said.append(
            f"It waits until {choice.until:%Y-%m-%d %H:%M} UTC." if choice.until else "It waits for a free place."
        )
    failed = [f"{item.rule} ({item.why})" for item in choice.tried if not item.matched]
    if failed:
        said.append(f"Rules before it that did not match: {'; '.join(failed)}.")
    return " ".join(said)


def _rep(choice: Choice) -> str | None:
    return choice.chosen.rep if choice.chosen else None


def choose_again(kept: dict[str, Any]) -> str | None:
    """Whom the record's own candidates lead to: the same as `chosen`, as long as the core is the same core.

    A forced or preferred choice names one whose reason was set aside, and is read from its marks and rule."""
    rows = kept["candidates"]
    if kept["kind"] != "assigned":
        return None
    eligible = [_candidate(row) for row in rows if not row["reason"]]
    if eligible and kept["marks"] in ([], ["outside working hours"]):
        return min(eligible, key=lambda candidate: candidate.order).rep
    full = [_candidate(row) for row in rows if row["kind"] == "cap"]
    if full and "over the cap" in kept["marks"]:
        return min(full, key=lambda candidate: (candidate.open_leads, candidate.order)).rep
    closed = [_candidate(row) for row in rows if row["kind"] == "hours" and row["opens_at"]]
    return min(closed, key=lambda candidate: (str(candidate.opens_at), candidate.order)).rep if closed else None


def _candidate(row: dict[str, Any]) -> Candidate:
    moments = {name: datetime.fromisoformat(row[name]) if row[name] else None for name in ("last_at", "opens_at")}
    return Candidate(**{**row, **moments})
