"""The words of each notice: a subject and a few lines that are read in ten seconds on a phone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shared.agreement.time_words import say_duration

PROMISES = {"accept": "accept or decline", "first_touch": "the first touch"}


@dataclass(frozen=True, slots=True)
class Message:
    """What a channel sends: `lines` are sentences, `facts` are label and value, `actions` are label and URL."""

    subject: str
    title: str
    lines: tuple[str, ...]
    facts: tuple[tuple[str, str], ...] = ()
    actions: tuple[tuple[str, str], ...] = ()
    urgent: bool = False
    footer: str = ""
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Composed:
    """A notice, the message that it says, the address that it goes to ("" for a webhook), and a webhook's payload."""

    notice: dict[str, Any]
    message: Message
    address: str
    name: str
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: their id, name and zone."""

    id: str
    name: str
    timezone: str | None = None

    @property
    def zone(self) -> ZoneInfo:
        """Their time zone, UTC when it is unknown."""
        try:
            return ZoneInfo(self.timezone or "UTC")
        except ZoneInfoNotFoundError:
            return ZoneInfo("UTC")

    def at(self, moment: datetime) -> str:
        """A moment in their local time: "Tue 10:15"."""
        local = moment.astimezone(self.zone)
        return f"{local:%a %H:%M}"


def short(seconds: float) -> str:
    """A length of time as people say it: "15 minutes", "3 hours 20 minutes", "2 days"."""
    from datetime import timedelta

    whole = max(0, int(seconds))
    if whole >= 2 * 86_400:
        return f"{whole // 86_400} days"
    whole = whole - whole % 60 if whole >= 60 else whole
    return say_duration(timedelta(seconds=whole)) if whole else "a moment"


def wording(
    kind: str,
    data: Mapping[str, Any],
    lead: Mapping[str, Any],
    reader: Reader,
    names: Mapping[str, str],
    now: datetime,
    due: datetime | None,
) -> Message:
    """The message of a notice. `names` maps ids of people to names, `due` is when the answer is due."""
    card = lead["card"]
    who = str(card.get("name") or card.get("email") or card.get("phone") or "A lead")
    firm = f", {card['company']}" if card.get("company") else ""
    return WORDS[kind](_Context(data, lead, f"{who}{firm}", reader, names, now, due))


@dataclass(frozen=True, slots=True)
class _Context:
    data: Mapping[str, Any]
    lead: Mapping[str, Any]
    who: str
    reader: Reader
    names: Mapping[str, str]
    now: datetime
    due: datetime | None

    def name(self, person: Any) -> str:
        return self.names.get(str(person), str(person)) if person else "nobody"

    @property
    def until(self) -> str:
        if self.due is None:
            return ""
        if self.due <= self.now:
            return f"It was due {self.reader.at(self.due)}."
        left = short((self.due - self.now).total_seconds())
        return f"Please answer by {self.reader.at(self.due)} ({left} from now)."

    @property
    def about(self) -> tuple[tuple[str, str], ...]:
        card = self.lead["card"]
        shown = (("Name", "name"), ("Company", "company"), ("Title", "title"), ("Email", "email"), ("Phone", "phone"))
        rows = [(label, str(card[name])) for label, name in shown if card.get(name)]
        activity = ", ".join(str(item).replace("_", " ") for item in card.get("activity") or ())
        rows += [("Did", activity)] if activity else []
        rows += [("Country", str(card["country"]))] if card.get("country") else []
        return (*rows, ("Tier", str(self.lead.get("tier") or "-")))


def _assigned(ctx: _Context) -> Message:
    lines = [f"{ctx.who} is yours. {ctx.until}".strip()]
    if ctx.data.get("previous"):
        lines.append(f"{ctx.name(ctx.data['previous'])} had it before: {ctx.data.get('why')}.")
    if "manager" in (ctx.data.get("marks") or ()):
        lines.append("Everybody of the team had it, so it comes to you as their manager.")
    elif ctx.data.get("rule"):
        lines.append(f"Why you: rule “{ctx.data['rule']}”.")
    hot = ctx.lead.get("tier") == "hot"
    subject = f"{'Hot lead' if hot else 'New lead'}: {ctx.who}"
    return Message(subject, f"{ctx.who} is yours", tuple(lines), ctx.about, urgent=hot)


def _again(ctx: _Context) -> Message:
    line = f"{ctx.who} came back, and is yours already. Get in touch again."
    return Message(f"Came back: {ctx.who}", f"{ctx.who} came back", (line,), ctx.about)


def _warned(ctx: _Context) -> Message:
    promise = PROMISES.get(str(ctx.data["promise"]), str(ctx.data["promise"]))
    lines = (f"{promise.capitalize()} is due soon. {ctx.until}", "After that your manager is told.")
    return Message(f"Due soon: {ctx.who}", f"{ctx.who} is waiting", lines, ctx.about, urgent=True)


def _breached(ctx: _Context) -> Message:
    promise = PROMISES.get(str(ctx.data["promise"]), str(ctx.data["promise"]))
    late = short((ctx.now - ctx.due).total_seconds()) if ctx.due else "some time"
    owner = ctx.name(ctx.data.get("owner"))
    mine = ctx.data.get("owner") == ctx.reader.id
    whose = "You have" if mine else f"{owner} has"
    lines = [f"{whose} not kept: {promise} was due {ctx.reader.at(ctx.due) if ctx.due else 'before'}, {late} ago."]
    also = ctx.data.get("also") or ()
    if "reassign" in also:
        lines.append("It goes to somebody else now.")
    if any(str(word).startswith(("return", "recycle")) for word in also):
        lines.append("It goes back to marketing now.")
    if not also:
        lines.append(
            "Answer now, before it goes to somebody else." if mine else f"Call {owner}, or give it to somebody else."
        )
    lines += [f"Skipped: {reason}." for reason in ctx.data.get("skipped") or ()]
    return Message(f"Late: {ctx.who} ({owner})", f"{ctx.who} is waiting too long", tuple(lines), ctx.about, urgent=True)


def _unrouted(ctx: _Context) -> Message:
    lines = (f"No rule found anybody for {ctx.who}: {ctx.data.get('why')}", "Assign it by hand, or mend the routing.")
    return Message(f"Nobody has {ctx.who}", f"Nobody has {ctx.who}", lines, ctx.about, urgent=True)


def _recycled(ctx: _Context) -> Message:
    lines = (f"{ctx.who} comes back to marketing: {ctx.data.get('reason') or 'no reason given'}.",)
    return Message(f"Back to marketing: {ctx.who}", f"{ctx.who} comes back", lines, ctx.about)


def _withdrawn(ctx: _Context) -> Message:
    present = ctx.name(ctx.data.get("present"))
    stamp = datetime.fromisoformat(str(ctx.data["answered_at"]))
    owner = ctx.name(ctx.data.get("owner"))
    lines = (
        f"{owner} had answered in time ({ctx.reader.at(stamp)}), but it reached us after the lead had moved on.",
        f"It counts as kept. {present} keeps the lead.",
    )
    return Message(f"Breach withdrawn: {ctx.who}", "A breach is withdrawn", lines, ctx.about)


WORDS = {
    "assigned": _assigned,
    "again": _again,
    "warned": _warned,
    "breached": _breached,
    "unrouted": _unrouted,
    "recycled": _recycled,
    "withdrawn": _withdrawn,
}
