"""Describes each event in one sentence for the timeline, and marks the sentences for the live feed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from shared.base.promises import promise_label
from shared.events.base import Event

NameOf = Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class Sentence:
    """The text, whether it belongs in the live feed, and its colour: "", calm, warn or late."""

    text: str
    in_feed: bool = False
    color: str = ""


def describe(event: Event[Any], names: Mapping[str, str]) -> Sentence:
    """The sentence of an event. `names` maps ids of people to names."""
    kind = event.data.type.removeprefix("baton.").removesuffix(".v1")

    def name_of(person: Any) -> str:
        return names.get(str(person), str(person)) if person else "nobody"

    if kind == "action.refused":
        return _action_refused(event.data, name_of)
    if kind == "action.taken":
        return Sentence(f"{name_of(event.data.by)} pressed {_words(event.data.action)}.")
    topic, _, verb = kind.partition(".")
    by_topic = {"lead": _lead, "clock": _clock, "sla": _sla, "notice": _notice}
    return by_topic[topic](verb, event.data, name_of)


def _lead(verb: str, data: Any, name_of: NameOf) -> Sentence:
    match verb:
        case "received":
            waits = " It waits: no agreement is live." if data.waiting_for_agreement else ""
            ids_only = " It has only ids; its details must be fetched from the source." if data.needs_fetch else ""
            return Sentence(f"Received.{waits}{ids_only}", True)
        case "parked":
            return Sentence(f"Parked: {data.reason}", True, "warn")
        case "refused":
            return Sentence(f"Refused as {data.reason}.", True)
        case "merged":
            return Sentence(f"Merged into {data.into[:8]}: {data.why}.")
        case "enquired_again":
            number = data.enquiry_count + 1
            return Sentence(f"Enquired again (enquiry {number}); {name_of(data.owner)} is notified.", True, "warn")
        case "nurtured":
            return Sentence(f"Nurtured: {data.why}", True)
        case "qualified":
            return Sentence(f"Qualified as {data.tier}{f', grade {data.grade}' if data.grade else ''}.")
        case "held":
            return Sentence(f"Held: {data.why}", True, "warn")
        case "unrouted":
            return Sentence(f"Unrouted: {data.why}", True, "late")
        case "assigned":
            return Sentence(_assigned(data, name_of), True)
    return _outcome(verb, data, name_of)


def _assigned(data: Any, name_of: NameOf) -> str:
    team = f" of {data.team}" if data.team else ""
    flags = f", {', '.join(data.flags)}" if data.flags else ""
    before = ""
    if data.previous_owner:
        why = (data.why or "").replace(f" by {data.previous_owner}", "")
        before = f" (before: {name_of(data.previous_owner)}, {why})"
    return f"Assigned to {name_of(data.owner)}{team} by rule “{data.rule}”{flags}{before}."


def _action_refused(data: Any, name_of: NameOf) -> Sentence:
    owner = f" The owner is {name_of(data.present_owner)}." if data.present_owner else ""
    action = f"{_words(data.action)} by {name_of(data.by)}"
    return Sentence(f"Refused: {action}. {data.why}{owner}", True, "warn")


OUTCOME_COLORS = {
    "accepted": "calm",
    "contacted": "calm",
    "advanced": "calm",
    "won": "calm",
    "declined": "warn",
    "recycled": "warn",
}


def _outcome(verb: str, data: Any, name_of: NameOf) -> Sentence:
    reason = getattr(data, "reason", "") or "no reason given"
    by = name_of(data.by)
    texts = {
        "accepted": f"{by} accepted the lead.",
        "declined": f"{by} declined the lead: {reason}.",
        "attempted": f"{by} tried to reach the lead.",
        "contacted": f"{by} contacted the lead.",
        "advanced": f"{by} works on a deal (SQL).",
        "disqualified": f"{by} disqualified the lead: {reason}.",
        "recycled": f"Returned to marketing: {reason}.",
        "won": f"{by} won the deal.",
        "lost": f"{by} lost the deal: {reason}.",
    }
    return Sentence(texts.get(verb, f"{verb.capitalize()}."), True, OUTCOME_COLORS.get(verb, ""))


VERDICTS = {"kept": "kept", "late": "answered late", "missed": "missed", "void": "ended before it was due"}


def _clock(verb: str, data: Any, name_of: NameOf) -> Sentence:
    promise = promise_label(data.promise).capitalize()
    if verb == "started":
        return Sentence(f"{promise}: clock started{f' for {name_of(data.owner)}' if data.owner else ''}.")
    if verb == "stopped":
        why = f" ({data.why})" if data.why else ""
        return Sentence(f"{promise}: {VERDICTS.get(data.verdict, data.verdict)}{why}.")
    return Sentence(f"{promise}: clock {verb}.")


def _sla(verb: str, data: Any, name_of: NameOf) -> Sentence:
    promise = promise_label(data.promise).capitalize()
    owner = name_of(data.owner)
    if verb == "warned":
        return Sentence(f"{promise}: {owner} is warned, {max(1, data.left_seconds // 60)} min left.", True, "warn")
    if verb == "breached":
        return Sentence(f"{promise} breached: {owner} did not answer in time.", True, "late")
    if verb == "escalated":
        skipped = f" Skipped: {'; '.join(data.skipped)}." if data.skipped else ""
        return Sentence(f"Escalated (step {data.step}): {', '.join(data.do)}.{skipped}", True, "late")
    applied = "the answer is applied" if data.applied else f"{name_of(data.present_owner)} keeps the lead"
    return Sentence(f"{promise}: breach withdrawn, the answer was in time; {applied}.", True, "calm")


def _notice(verb: str, data: Any, name_of: NameOf) -> Sentence:
    recipient = name_of(data.person) if data.person else data.channel or data.role
    kind = _words(data.kind)
    if verb == "sent":
        return Sentence(f"Notified {recipient} ({data.role}, {data.channel}): {kind}.")
    if verb == "failed":
        return Sentence(f"Could not notify {recipient} ({data.channel}): {data.why}.", True, "late")
    unreachable = "can be reached" in data.why
    return Sentence(f"Did not notify {recipient}: {data.why}", unreachable, "warn" if unreachable else "")


def _words(name: str) -> str:
    """An identifier in words: `move_close_date` becomes "move close date"."""
    return name.replace("_", " ")
