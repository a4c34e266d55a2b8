"""The page of an action link, as values: what it says and which buttons it has."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.notifier.domain.lead import OWNED, Lead
from services.notifier.domain.links import Link
from services.notifier.domain.reader import Reader
from services.notifier.domain.wording import DONE
from shared.agreement.model import ExecutableAgreement

LABELS = {"accept": "Accept", "decline": "Decline", "contacted": "I have contacted them"}
ACTIONS = ("accept", "decline", "contacted", "attempt")
QUESTIONS = {"accept": "take", "decline": "take", "contacted": "touch", "attempt": "touch"}
"""Each link answers a question once: will you take it, did you reach them."""
OFFERS = {"assigned": ("accept", "contacted", "decline"), "accepted": ("contacted",)}
RESTS = {
    "recycled": "is back with marketing",
    "held": "waits for opening hours",
    "unrouted": "waits for somebody to take it",
    "merged": "belongs to another enquiry of the same person",
}
SOON = 300


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


@dataclass(frozen=True, slots=True)
class Shown:
    """What a link speaks of, as it is now; `names` says who is who."""

    link: Link
    lead: Lead
    agreement: ExecutableAgreement | None
    reader: Reader
    names: Mapping[str, str]
    due: datetime | None
    open: Mapping[str, Any] | None = None
    """An answer that was given by this link and is not confirmed yet."""

    @property
    def stale(self) -> bool:
        """Whether the lead has moved on since the link was made."""
        return self.lead.epoch != self.link.epoch or self.lead.owner != self.link.rep or self.lead.state not in OWNED

    @property
    def reasons(self) -> tuple[str, ...]:
        """The agreed reasons to decline."""
        return (*self.agreement.decline.ours, *self.agreement.decline.theirs) if self.agreement else ()


def invalid() -> Page:
    """For whatever is no link of ours; it says nothing else."""
    return Page("This link is not valid.", status=404)


def expired() -> Page:
    """For a link that is too old."""
    return Page("This link has expired.", ("Open Baton to see the lead, or ask your manager.",), status=410)


def foreign() -> Page:
    """For an answer that another site's page sent."""
    return Page("This answer came from another site.", ("Open the link of the mail and answer there.",), status=403)


def stale(shown: Shown) -> Page:
    """For a link of an old assignment: who has the lead now and since when; nothing of the lead itself."""
    lead, nothing = shown.lead, ("There is nothing for you to do.",)
    if lead.state in OWNED and lead.owner:
        since = shown.reader.at(lead.assigned_at or lead.since)
        if lead.owner == shown.link.rep:
            return Page(f"This lead is with you again since {since}.", ("Please use the link of the newer mail.",))
        return Page(f"This lead is now with {shown.names.get(lead.owner, lead.owner)} since {since}.", nothing)
    return Page(f"This lead {RESTS.get(lead.state, f'is {lead.state}')} since {shown.reader.at(lead.since)}.", nothing)


def offer(shown: Shown, chosen: str = "") -> Page:
    """For whoever has the link: who it is, until when, and what they can say."""
    if shown.stale:
        return stale(shown)
    if shown.open:
        return recorded(shown, shown.open, 200)
    lead = shown.lead
    actions = sorted(OFFERS.get(lead.state, ()), key=lambda action: action != chosen)
    lines = () if lead.state == "assigned" else (f"You have {lead.state} it.",)
    offers = tuple((action, LABELS[action]) for action in actions)
    if not offers:
        return Page(lead.who, lines, _facts(lead))
    return Page(lead.who, lines, _facts(lead), offers, due=_due(shown), reasons=shown.reasons, chosen=chosen)


def unfinished(shown: Shown, action: str) -> Page:
    """For an answer that lacks its reason, or is none."""
    page = offer(shown, "decline" if action == "decline" else "")
    word = "Please choose why you decline." if action == "decline" else "Please choose what you do."
    return Page(page.title, (word, *page.lines), page.facts, page.offers, 422, page.due, page.reasons, page.chosen)


def recorded(shown: Shown, answer: Mapping[str, Any], status: int = 202) -> Page:
    """For an answer whose outcome is not here yet."""
    lines = (
        f"Your answer ({LABELS.get(answer['action'], answer['action'])}) is stamped {_stamp(shown, answer)} and counts from then.",
        "You get a mail when it is confirmed, and can close this page.",
    )
    return Page("Recorded, being confirmed.", lines, status=status)


def after_answer(shown: Shown, answer: Mapping[str, Any], asked: str) -> Page:
    """What became of an answer: applied, refused with who has it now, or recorded and not confirmed yet. Where another
    one was `asked` for by a link that was used before, its first answer stands."""
    lead, done = shown.lead, DONE.get(answer["action"], answer["action"])
    if answer["outcome"] == "applied" and QUESTIONS[asked] == answer["question"] and asked != answer["action"]:
        lines = (
            f"That was at {_stamp(shown, answer)}; {LABELS.get(asked, asked)!r} by the same link changes nothing.",
        )
        return Page(f"You have {done} it already.", lines, status=409)
    if answer["outcome"] == "applied":
        if shown.stale or answer["action"] == "decline":
            return Page(f"Done: you have {done} it.", ("You can close this page.",))
        more = offer(shown)
        lines = ("You can close this page.",)
        return Page(f"Done: you have {done} {lead.who}.", lines, _facts(lead), more.offers, due=more.due)
    if answer["outcome"] == "refused":
        if shown.stale:
            return Page(
                stale(shown).title, (f"Your answer came at {_stamp(shown, answer)}; by then the lead had moved on.",)
            )
        return Page(str(answer["said"]), (f"{lead.who} is yours, {lead.state}.",), _facts(lead))
    return recorded(shown, answer)


def _stamp(shown: Shown, answer: Mapping[str, Any]) -> str:
    return shown.reader.at(answer["answered_at"])


def _facts(lead: Lead) -> tuple[tuple[str, str], ...]:
    labels = ("Title", "Phone", "Email", "Country", "Campaign")
    rows = [(label, str(lead.card[label.lower()])) for label in labels if lead.card.get(label.lower())]
    return (*rows, *((("Did", lead.activity),) if lead.activity else ()), ("Tier", lead.tier or "-"))


def _due(shown: Shown) -> Due | None:
    due, reader = shown.due, shown.reader
    if due is None:
        return None
    if due < reader.now:
        return Due(f"Late: due {reader.at(due)}, {reader.until(due)} ago", "late")
    soon = (due - reader.now).total_seconds() < SOON
    what = "Answer" if shown.lead.state == "assigned" else "Reach them"
    return Due(f"{what} by {reader.at(due)}, {reader.until(due)} from now", "warn" if soon else "calm")
