"""Each event as one sentence that a sales manager reads; loud ones go to the live feed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.events.base import Event

PROMISES = {"accept": "Accept", "first_touch": "First touch"}


@dataclass(frozen=True, slots=True)
class Sentence:
    """What happened, whether it belongs in the feed, and its colour: "", calm, warn or late."""

    text: str
    in_feed: bool = False
    color: str = ""


def describe(event: Event[Any], names: Mapping[str, str]) -> Sentence:
    """The sentence of an event. `names` maps ids of people to names."""
    kind = event.data.type.removeprefix("baton.").removesuffix(".v1")
    data = event.data

    def name(person: Any) -> str:
        return names.get(str(person), str(person)) if person else "nobody"

    if kind.startswith("lead.") or kind == "action.refused":
        return _lead(kind, data, name)
    if kind.startswith("clock."):
        return _clock(kind, data, name)
    if kind.startswith("sla."):
        return _sla(kind, data, name)
    return _notice(kind, data, name)


def _lead(kind: str, data: Any, name: Any) -> Sentence:
    match kind:
        case "lead.received":
            waits = " It waits: no agreement is live." if data.waiting_for_agreement else ""
            thin = " Only ids came; it must be fetched at the source." if data.needs_fetch else ""
            return Sentence(f"Received.{waits}{thin}", True)
        case "lead.parked":
            return Sentence(f"Parked: {data.reason}", True, "warn")
        case "lead.refused":
            return Sentence(f"Refused as {data.reason}.", True)
        case "lead.merged":
            return Sentence(f"Merged into {data.into[:8]}: {data.why}.")
        case "lead.enquired_again":
            return Sentence(
                f"They came back (enquiry {data.enquiry_count + 1}); {name(data.owner)} is told.", True, "warn"
            )
        case "lead.nurtured":
            return Sentence(f"Nurtured: {data.why}", True)
        case "lead.qualified":
            return Sentence(f"Qualified as {data.tier}{f', grade {data.grade}' if data.grade else ''}.")
        case "lead.held":
            return Sentence(f"Held: {data.why}", True, "warn")
        case "lead.unrouted":
            return Sentence(f"Nobody has it: {data.why}", True, "late")
        case "lead.assigned":
            why = data.why.replace(f" by {data.previous_owner}", "") if data.previous_owner else ""
            before = f" (before: {name(data.previous_owner)}, {why})" if data.previous_owner else ""
            marks = f", {', '.join(data.flags)}" if data.flags else ""
            team = f" of {data.team}" if data.team else ""
            return Sentence(f"Assigned to {name(data.owner)}{team} by rule “{data.rule}”{marks}{before}.", True)
        case "action.refused":
            has = f" {name(data.present_owner)} has it." if data.present_owner else ""
            return Sentence(f"{name(data.by)}: {data.action} was not applied. {data.why}{has}", True, "warn")
    return _outcome(kind.removeprefix("lead."), data, name)


def _outcome(word: str, data: Any, name: Any) -> Sentence:
    reason = getattr(data, "reason", "")
    by = name(data.by)
    texts = {
        "accepted": f"{by} accepted it.",
        "declined": f"{by} declined it: {reason}.",
        "attempted": f"{by} tried to reach them.",
        "contacted": f"{by} contacted them.",
        "advanced": f"{by} works on a deal (SQL).",
        "disqualified": f"{by} disqualified it: {reason or 'no reason'}.",
        "recycled": f"Back to marketing: {reason or 'no reason'}.",
        "won": f"{by} won it.",
        "lost": f"{by} lost it: {reason or 'no reason'}.",
    }
    color = {
        "accepted": "calm",
        "contacted": "calm",
        "advanced": "calm",
        "won": "calm",
        "declined": "warn",
        "recycled": "warn",
    }
    return Sentence(texts.get(word, f"{word.capitalize()}."), True, color.get(word, ""))


def _clock(kind: str, data: Any, name: Any) -> Sentence:
    promise = PROMISES.get(data.promise, data.promise)
    if kind == "clock.started":
        return Sentence(f"{promise}: the clock runs{f' for {name(data.owner)}' if data.owner else ''}.")
    if kind == "clock.stopped":
        verdicts = {"kept": "kept", "late": "answered late", "missed": "missed", "void": "no longer asked"}
        why = f" ({data.why})" if data.why else ""
        return Sentence(f"{promise}: {verdicts.get(data.verdict, data.verdict)}{why}.")
    return Sentence(f"{promise}: {kind.removeprefix('clock.')}.")


def _sla(kind: str, data: Any, name: Any) -> Sentence:
    promise = PROMISES.get(data.promise, data.promise)
    if kind == "sla.warned":
        return Sentence(
            f"{promise}: {name(data.owner)} is warned, {max(1, data.left_seconds // 60)} min left.", True, "warn"
        )
    if kind == "sla.breached":
        return Sentence(f"{promise} breached: {name(data.owner)} did not answer in time.", True, "late")
    if kind == "sla.escalated":
        skipped = f" Skipped: {'; '.join(data.skipped)}." if data.skipped else ""
        return Sentence(f"Escalated (step {data.step}): {', '.join(data.do)}.{skipped}", True, "late")
    applied = "the answer is applied" if data.applied else f"{name(data.present_owner)} keeps it"
    return Sentence(f"{promise}: breach withdrawn, the answer was in time; {applied}.", True, "calm")


def _notice(kind: str, data: Any, name: Any) -> Sentence:
    if kind == "action.taken":
        return Sentence(f"{name(data.by)} pressed {data.action}.")
    to = name(data.person) if data.person else data.channel or data.role
    if kind == "notice.sent":
        return Sentence(f"Told {to} ({data.role}, {data.channel}): {data.kind}.")
    if kind == "notice.failed":
        return Sentence(f"Could not tell {to} ({data.channel}): {data.why}.", True, "late")
    return Sentence(
        f"Not told {to}: {data.why}", "can be reached" in data.why, "warn" if "can be reached" in data.why else ""
    )
