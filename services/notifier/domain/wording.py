"""The wording of each kind of notice: a subject and a few lines, short enough for a phone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.notifier.domain.lead import Lead
from services.notifier.domain.locale import LocalTime
from services.notifier.domain.message import Message
from shared.base.promises import promise_noun

PAST_TENSE = {"accept": "accepted", "decline": "declined", "contacted": "contacted", "attempt": "tried to reach"}
"""Words for actions in "You ... Ada Byron"."""
FACTS = (("Name", "name"), ("Company", "company"), ("Title", "title"), ("Email", "email"), ("Phone", "phone"))


@dataclass(frozen=True, slots=True)
class MessageContext:
    """The data of a message: the lead, the reader's id and local time, names by person id, and the deadline."""

    lead: Lead
    reader: str
    local: LocalTime
    names: Mapping[str, str]
    due_at: datetime | None
    data: Mapping[str, Any]

    def person(self, person_id: Any) -> str:
        """A person's name."""
        return self.names.get(str(person_id), str(person_id)) if person_id else "nobody"

    @property
    def promise(self) -> str:
        """The promise in words."""
        return promise_noun(str(self.data.get("promise")))

    @property
    def deadline_sentence(self) -> str:
        """When the answer is due in the reader's time, "" when no clock runs."""
        if self.due_at is None:
            return ""
        if self.due_at <= self.local.now:
            return f"It was due {self.local.at(self.due_at)}."
        return f"Please answer by {self.local.at(self.due_at)} (in {self.local.until(self.due_at)})."

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """The lead's data that a person needs to act, as pairs of label and value."""
        card = self.lead.card
        rows = [(label, str(card[name])) for label, name in FACTS if card.get(name)]
        rows += [("Activity", self.lead.activity)] if self.lead.activity else []
        rows += [("Country", str(card["country"]))] if card.get("country") else []
        return (*rows, ("Tier", self.lead.tier or "-"))


def wording(kind: str, context: MessageContext) -> Message:
    """The message of a notice. Raises KeyError for an unknown kind."""
    return WORDING[kind](context)


def _assigned(context: MessageContext) -> Message:
    who, data = context.lead.display_name, context.data
    lines = [context.deadline_sentence] if context.deadline_sentence else []
    if data.get("previous_owner"):
        lines.append(f"{context.person(data['previous_owner'])} had this lead before: {data.get('why')}.")
    if "manager" in (data.get("flags") or ()):
        lines.append("Everybody in the team already had this lead, so it comes to you as their manager.")
    elif data.get("rule"):
        lines.append(f"Routing: {data['rule']}.")
    hot = context.lead.tier == "hot"
    return Message(
        f"{'Hot lead' if hot else 'New lead'}: {who}", f"{who} is yours", tuple(lines), context.facts, urgent=hot
    )


def _enquired_again(context: MessageContext) -> Message:
    who = context.lead.display_name
    lines = ("This lead is already yours. Please get in touch again.",)
    return Message(f"Asked again: {who}", f"{who} asked again", lines, context.facts)


def _warned(context: MessageContext) -> Message:
    who = context.lead.display_name
    lines = (f"{context.promise.capitalize()} is due soon. {context.deadline_sentence}".strip(),)
    return Message(f"Due soon: {who}", f"{who} is waiting", lines, context.facts, urgent=True)


def _breached(context: MessageContext) -> Message:
    who, owner = context.lead.display_name, context.person(context.data.get("owner"))
    owns_it = context.data.get("owner") == context.reader
    other_actions = context.data.get("other_actions") or ()
    lines = [_missed(context, "You" if owns_it else owner)]
    lines += [_action_sentence(str(action)) for action in other_actions]
    if not other_actions:
        lines.append("Please answer now." if owns_it else f"Call {owner}, or give the lead to somebody else.")
    lines += [f"Skipped: {reason}." for reason in context.data.get("skipped") or ()]
    return Message(f"Late: {who} ({owner})", f"{who} is waiting too long", tuple(lines), context.facts, urgent=True)


def _missed(context: MessageContext, subject: str) -> str:
    if context.due_at is None:
        return f"{subject} missed the deadline: {context.promise}."
    local = context.local
    return (
        f"{subject} missed the deadline: {context.promise} was due {local.at(context.due_at)}, "
        f"{local.until(context.due_at)} ago."
    )


def _action_sentence(action: str) -> str:
    if action == "reassign":
        return "The lead goes to somebody else now."
    if action.startswith(("return", "recycle")):
        return "The lead goes back to marketing now."
    return f"Next step of the agreement: {action}."


def _unrouted(context: MessageContext) -> Message:
    who = context.lead.display_name
    reason = str(context.data.get("why") or "no rule matches").rstrip(".")
    lines = (
        f"No rule found an owner for {who}: {reason}.",
        "Please assign the lead yourself, or fix the routing rules.",
    )
    return Message(f"No owner: {who}", f"{who} has no owner", lines, context.facts, urgent=True)


def _recycled(context: MessageContext) -> Message:
    who = context.lead.display_name
    reason = context.data.get("reason") or "no reason given"
    return Message(
        f"Back to marketing: {who}",
        f"{who} is back with marketing",
        (f"This lead is back with marketing: {reason}.",),
        context.facts,
    )


def _withdrawn(context: MessageContext) -> Message:
    data, owner = context.data, context.data.get("owner")
    subject = "You" if owner == context.reader else context.person(owner)
    lines = (
        f"{subject} answered in time ({context.local.at(_answered_at(data))}), "
        "but the answer reached us after the lead had moved on.",
        f"The promise counts as kept.{_keeper_sentence(context)}",
    )
    return Message(f"Breach withdrawn: {context.lead.display_name}", "A breach is withdrawn", lines)


def _keeper_sentence(context: MessageContext) -> str:
    keeper = context.data.get("present_owner")
    if not keeper:
        return ""
    return " You keep the lead." if keeper == context.reader else f" {context.person(keeper)} keeps the lead."


def _confirmed(context: MessageContext) -> Message:
    data, at = context.data, context.local.at(_answered_at(context.data))
    verb = PAST_TENSE.get(str(data["action"]), str(data["action"]))
    if data["outcome"] == "applied":
        title = f"Confirmed: you {verb} {context.lead.display_name}"
        return Message(title, title, (f"Your answer of {at} counts.",), context.facts)
    lines = (f"Your answer of {at} was not applied: {data['explanation']}",)
    return Message("Your answer was not applied", "Your answer was not applied", lines)


def _answered_at(data: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(str(data["answered_at"]))


WORDING: dict[str, Callable[[MessageContext], Message]] = {
    "assigned": _assigned,
    "enquired_again": _enquired_again,
    "warned": _warned,
    "breached": _breached,
    "unrouted": _unrouted,
    "recycled": _recycled,
    "withdrawn": _withdrawn,
    "confirmed": _confirmed,
}
