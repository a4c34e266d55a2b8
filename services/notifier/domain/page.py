"""The page of an action link, as values: what it says and which buttons it has."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.notifier.domain.wording import Reader, short
from shared.agreement.compiled import Compiled

OWNED = ("assigned", "accepted", "contacted", "advanced")
DONE = {"accept": "accepted", "decline": "declined", "contacted": "contacted", "attempt": "attempted"}
LABELS = {"accept": "Accept", "decline": "Decline", "contacted": "I have contacted them"}


@dataclass(frozen=True, slots=True)
class Due:
    """Until when, in words and as a colour class."""

    text: str
    color: str


@dataclass(frozen=True, slots=True)
class Page:
    """A page: `facts` are label and value, `offers` action and label."""

    title: str
    lines: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    offers: tuple[tuple[str, str], ...] = ()
    status: int = 200
    due: Due | None = None
    reasons: tuple[str, ...] = ()
    chosen: str = ""


def invalid() -> Page:
    """For whatever is no link of ours; it says nothing else."""
    return Page("This link is not valid.", status=404)


def expired() -> Page:
    """For a link that is too old."""
    return Page("This link has expired.", ("Open Baton to see the lead, or ask your manager.",), status=410)


def stale(lead: Mapping[str, Any], reader: Reader, names: Mapping[str, str]) -> Page:
    """For a link of an old assignment: who has the lead now and since when; nothing of the lead itself."""
    since = reader.at(lead["since"])
    if lead["state"] in OWNED and lead["owner"]:
        name = names.get(lead["owner"], lead["owner"])
        return Page(f"This lead is now with {name} since {since}.", ("There is nothing for you to do.",))
    return Page(f"This lead is {lead['state']} since {since}.", ("There is nothing for you to do.",))


def offer(
    lead: Mapping[str, Any],
    agreement: Compiled | None,
    reader: Reader,
    now: datetime,
    due: datetime | None,
    chosen: str = "",
) -> Page:
    """For the present owner: who it is, until when, and what they can say."""
    actions = {"assigned": ("accept", "contacted", "decline"), "accepted": ("contacted",)}.get(lead["state"], ())
    reasons = (*agreement.decline.ours, *agreement.decline.theirs) if agreement else ()
    state = "" if lead["state"] == "assigned" else f"You have {lead['state']} it."
    if not actions:
        return Page(_who(lead), (state or "There is nothing to do.",), _facts(lead))
    ordered = sorted(actions, key=lambda action: action != chosen)
    offers = tuple((action, LABELS[action]) for action in ordered)
    lines = (state,) if state else ()
    return Page(_who(lead), lines, _facts(lead), offers, due=_due(due, now, reader), reasons=reasons, chosen=chosen)


def after_answer(
    answer: Mapping[str, Any],
    lead: Mapping[str, Any],
    rep: str,
    reader: Reader,
    names: Mapping[str, str],
    agreement: Compiled | None,
    due: datetime | None,
    now: datetime,
) -> Page:
    """What became of an answer: applied, refused with who has it now, or recorded and not confirmed yet."""
    word = DONE.get(answer["action"], answer["action"])
    if answer["outcome"] == "applied":
        mine = lead["owner"] == rep and lead["state"] in ("assigned", "accepted")
        more = offer(lead, agreement, reader, now, due) if mine and answer["action"] == "accept" else Page("")
        facts = _facts(lead) if mine or answer["action"] != "decline" else ()
        offers = tuple(item for item in more.offers if item[0] != "accept" and item[0] != "decline")
        return Page(f"Done: you have {word} {_who(lead)}.", ("You can close this page.",), facts, offers, due=more.due)
    if answer["outcome"] == "refused":
        if lead["owner"] != rep or lead["state"] not in OWNED:
            page = stale(lead, reader, names)
            return Page(page.title, (f"Your answer came at {reader.at(answer['answered_at'])}.", str(answer["said"])))
        return Page(str(answer["said"]), (f"{_who(lead)} is yours, {lead['state']}.",), _facts(lead))
    return Page(
        "Recorded, being confirmed.",
        (
            f"Your answer ({word}) is stamped {reader.at(answer['answered_at'])} and counts from then. You can close this page.",
        ),
        status=202,
    )


def _who(lead: Mapping[str, Any]) -> str:
    card = lead["card"]
    name = str(card.get("name") or card.get("email") or card.get("phone") or "This lead")
    return f"{name}, {card['company']}" if card.get("company") else name


def _facts(lead: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    card = lead["card"]
    labels = (
        ("Title", "title"),
        ("Phone", "phone"),
        ("Email", "email"),
        ("Country", "country"),
        ("Campaign", "campaign"),
    )
    rows = [(label, str(card[name])) for label, name in labels if card.get(name)]
    activity = ", ".join(str(item).replace("_", " ") for item in card.get("activity") or ())
    return (*rows, *((("Did", activity),) if activity else ()), ("Tier", str(lead.get("tier") or "-")))


def _due(due: datetime | None, now: datetime, reader: Reader) -> Due | None:
    if due is None:
        return None
    if due < now:
        return Due(f"Late: it was due {reader.at(due)}, {short((now - due).total_seconds())} ago", "late")
    left = (due - now).total_seconds()
    return Due(f"Answer by {reader.at(due)}, {short(left)} from now", "warn" if left < 300 else "calm")
