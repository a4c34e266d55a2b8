"""The words of each kind of notice: a subject and a few lines that are read in ten seconds on a phone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.notifier.domain.lead import Lead
from services.notifier.domain.message import Message
from services.notifier.domain.reader import Reader

PROMISES = {"accept": "accept or decline", "first_touch": "the first touch"}
DONE = {"accept": "accepted", "decline": "declined", "contacted": "contacted", "attempt": "tried to reach"}
"""Actions as they read in "you have ... somebody"."""
FACTS = (("Name", "name"), ("Company", "company"), ("Title", "title"), ("Email", "email"), ("Phone", "phone"))


@dataclass(frozen=True, slots=True)
class About:
    """What a message speaks of: the lead, who reads, the names of people, and when the answer is due."""

    lead: Lead
    reader: Reader
    names: Mapping[str, str]
    due: datetime | None
    data: Mapping[str, Any]

    def name(self, person: Any) -> str:
        """A person's name."""
        return self.names.get(str(person), str(person)) if person else "nobody"

    @property
    def promise(self) -> str:
        """The promise in words."""
        name = str(self.data.get("promise"))
        return PROMISES.get(name, name.replace("_", " "))

    @property
    def until(self) -> str:
        """Until when an answer is due, in the reader's time."""
        if self.due is None:
            return ""
        if self.due <= self.reader.now:
            return f"It was due {self.reader.at(self.due)}."
        return f"Please answer by {self.reader.at(self.due)} ({self.reader.until(self.due)} from now)."

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """What a person must know to act."""
        card = self.lead.card
        rows = [(label, str(card[name])) for label, name in FACTS if card.get(name)]
        rows += [("Did", self.lead.activity)] if self.lead.activity else []
        rows += [("Country", str(card["country"]))] if card.get("country") else []
        return (*rows, ("Tier", self.lead.tier or "-"))


def wording(kind: str, about: About) -> Message:
    """The message of a notice. Raises KeyError for a kind that has no words."""
    return WORDS[kind](about)


def _assigned(about: About) -> Message:
    who, data = about.lead.who, about.data
    lines = [about.until] if about.until else []
    if data.get("previous"):
        lines.append(f"{about.name(data['previous'])} had it before: {data.get('why')}.")
    if "manager" in (data.get("marks") or ()):
        lines.append("Everybody of the team had it, so it comes to you as their manager.")
    elif data.get("rule"):
        lines.append(f"Why you: rule “{data['rule']}”.")
    hot = about.lead.tier == "hot"
    return Message(
        f"{'Hot lead' if hot else 'New lead'}: {who}", f"{who} is yours", tuple(lines), about.facts, urgent=hot
    )


def _again(about: About) -> Message:
    who = about.lead.who
    line = "It is yours already. Get in touch again."
    return Message(f"Came back: {who}", f"{who} came back", (line,), about.facts)


def _warned(about: About) -> Message:
    who = about.lead.who
    lines = (f"{about.promise.capitalize()} is due soon. {about.until}".strip(),)
    return Message(f"Due soon: {who}", f"{who} is waiting", lines, about.facts, urgent=True)


def _breached(about: About) -> Message:
    who, owner = about.lead.who, about.name(about.data.get("owner"))
    mine = about.data.get("owner") == about.reader.id
    was = (
        f"{about.promise} was due {about.reader.at(about.due)}, {about.reader.until(about.due)} ago"
        if about.due
        else ""
    )
    lines = [f"{'You have' if mine else f'{owner} has'} not kept: {was or about.promise}."]
    lines += [_next(str(word)) for word in about.data.get("also") or ()]
    if not about.data.get("also"):
        lines.append("Answer now." if mine else f"Call {owner}, or give the lead to somebody else.")
    lines += [f"Passed over: {reason}." for reason in about.data.get("skipped") or ()]
    return Message(f"Late: {who} ({owner})", f"{who} is waiting too long", tuple(lines), about.facts, urgent=True)


def _next(word: str) -> str:
    if word == "reassign":
        return "It goes to somebody else now."
    if word.startswith(("return", "recycle")):
        return "It goes back to marketing now."
    return f"The agreement's next step: {word}."


def _unrouted(about: About) -> Message:
    who = about.lead.who
    why = str(about.data.get("why") or "no rule matches").rstrip(".")
    lines = (f"No rule found anybody for {who}: {why}.", "Assign it by hand, or mend the routing.")
    return Message(f"Nobody has {who}", f"Nobody has {who}", lines, about.facts, urgent=True)


def _recycled(about: About) -> Message:
    who = about.lead.who
    reason = about.data.get("reason") or "no reason given"
    return Message(
        f"Back to marketing: {who}", f"{who} comes back", (f"It comes back to marketing: {reason}.",), about.facts
    )


def _withdrawn(about: About) -> Message:
    data, owner = about.data, about.data.get("owner")
    stamp = about.reader.at(datetime.fromisoformat(str(data["answered_at"])))
    had = "You had" if owner == about.reader.id else f"{about.name(owner)} had"
    keeps = "You keep" if data.get("present") == about.reader.id else f"{about.name(data.get('present'))} keeps"
    lines = (
        f"{had} answered in time ({stamp}), but it reached us after the lead had moved on.",
        f"It counts as kept. {keeps} the lead." if data.get("present") else "It counts as kept.",
    )
    return Message(f"Breach withdrawn: {about.lead.who}", "A breach is withdrawn", lines)


def _confirmed(about: About) -> Message:
    who, data = about.lead.who, about.data
    word = DONE.get(str(data["action"]), str(data["action"]))
    if data["outcome"] == "applied":
        title = f"Confirmed: you have {word} {who}"
        return Message(title, title, (f"Your answer of {about.reader.at(_stamp(data))} counts.",), about.facts)
    lines = (f"Your answer of {about.reader.at(_stamp(data))} was not applied: {data['said']}",)
    return Message("Your answer was not applied", "Your answer was not applied", lines)


def _stamp(data: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(str(data["answered_at"]))


WORDS: dict[str, Callable[[About], Message]] = {
    "assigned": _assigned,
    "again": _again,
    "warned": _warned,
    "breached": _breached,
    "unrouted": _unrouted,
    "recycled": _recycled,
    "withdrawn": _withdrawn,
    "confirmed": _confirmed,
}
