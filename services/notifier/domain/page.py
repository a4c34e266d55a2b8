"""The content of an action link's page: sentences, facts and buttons."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.notifier.domain.lead import OWNED, Lead
from services.notifier.domain.links import Link
from services.notifier.domain.locale import LocalTime
from services.notifier.domain.wording import PAST_TENSE
from shared.agreement.model import ExecutableAgreement

BUTTON_LABELS = {
    "accept": "Accept",
    "decline": "Decline",
    "contacted": "I contacted them",
    "attempt": "I tried to reach them",
}
ACTIONS = ("accept", "decline", "contacted", "attempt")
ANSWER_GROUP = {"accept": "acceptance", "decline": "acceptance", "contacted": "contact", "attempt": "contact"}
"""The group of each action. A link takes one answer per group, since the actions of a group exclude each other."""
BUTTONS = {"assigned": ("accept", "contacted", "decline"), "accepted": ("contacted",)}
"""The actions that the owner is offered in each state of the lead."""
STATE_TEXT = {
    "recycled": "back with marketing",
    "held": "waiting for opening hours",
    "unrouted": "waiting for an owner",
    "merged": "part of another enquiry by the same person",
}
"""Words for states in "This lead has been ... since 16:00"; other states are shown by their name."""
SOON_SECONDS = 300


@dataclass(frozen=True, slots=True)
class DeadlineText:
    """When the lead is due, as a sentence and as a colour class."""

    text: str
    color: str


@dataclass(frozen=True, slots=True)
class Page:
    """A page: `facts` are pairs of label and value, `buttons` pairs of action and label, `preselected` an action."""

    title: str
    lines: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    buttons: tuple[tuple[str, str], ...] = ()
    status: int = 200
    deadline: DeadlineText | None = None
    decline_reasons: tuple[str, ...] = ()
    preselected: str = ""


@dataclass(frozen=True, slots=True)
class LinkContext:
    """A valid link with the present lead, deadline and answer; `names` maps person ids to names."""

    link: Link
    lead: Lead
    agreement: ExecutableAgreement | None
    local: LocalTime
    names: Mapping[str, str]
    due_at: datetime | None
    pending_answer: Mapping[str, Any] | None = None
    """An answer by this link that the router has not confirmed yet."""

    @property
    def is_stale(self) -> bool:
        """Whether the lead has a new owner or epoch, or no owner, since the link was made."""
        return self.lead.epoch != self.link.epoch or self.lead.owner != self.link.rep or self.lead.state not in OWNED

    @property
    def lead_name(self) -> str:
        """The lead's name inside a sentence; the page of a stale link does not name the person."""
        return "the lead" if self.is_stale else self.lead.name

    @property
    def decline_reasons(self) -> tuple[str, ...]:
        """The agreed reasons to decline."""
        return (*self.agreement.decline.ours, *self.agreement.decline.theirs) if self.agreement else ()


def invalid_page() -> Page:
    """The page for a token that is not valid, or whose lead or rep is unknown; the text does not reveal the reason."""
    return Page("This link is not valid.", ("Open the newest link from your mail, or ask your manager.",), status=404)


def expired_page() -> Page:
    """The page for an expired link."""
    return Page("This link has expired.", ("Open Baton to see the lead, or ask your manager.",), status=410)


def cross_site_page() -> Page:
    """The page for an answer that another site's page sent."""
    return Page("This answer came from another site.", ("Open the link from your mail and answer there.",), status=403)


def stale_page(context: LinkContext) -> Page:
    """The page for a link of an old assignment: the present owner and since when, without data of the lead."""
    lead, local, nothing = context.lead, context.local, ("There is nothing for you to do.",)
    if lead.state not in OWNED or not lead.owner:
        text = STATE_TEXT.get(lead.state, lead.state)
        return Page(f"This lead has been {text} since {local.at(lead.since)}.", nothing)
    since = local.at(lead.assigned_at or lead.since)
    if lead.owner == context.link.rep:
        return Page(f"This lead has been with you again since {since}.", ("Please use the link in the newer mail.",))
    return Page(f"This lead is now with {context.names.get(lead.owner, lead.owner)} since {since}.", nothing)


def action_page(context: LinkContext, preselected: str = "") -> Page:
    """The page for an opened link: the lead, the deadline, and the buttons to answer."""
    if context.is_stale:
        return stale_page(context)
    if context.pending_answer:
        return pending_page(context, context.pending_answer, 200)
    lead = context.lead
    actions = sorted(BUTTONS.get(lead.state, ()), key=lambda action: action != preselected)
    lines = () if lead.state == "assigned" else (f"You {lead.state} {lead.name}.",)
    page = Page(lead.display_name, lines, _facts(lead))
    if not actions:
        return page
    return replace(
        page,
        buttons=tuple((action, BUTTON_LABELS[action]) for action in actions),
        deadline=_deadline(context),
        decline_reasons=context.decline_reasons,
        preselected=preselected,
    )


def incomplete_page(context: LinkContext, action: str) -> Page:
    """The page for a form without a known action, or for a decline without an agreed reason (422)."""
    declining = action == "decline"
    page = action_page(context, "decline" if declining else "")
    sentence = "Please choose why you decline." if declining else "Please choose one of the answers."
    return replace(page, lines=(sentence, *page.lines), status=422)


def pending_page(context: LinkContext, answer: Mapping[str, Any], status: int = 202) -> Page:
    """The page for an answer that the router has not confirmed yet."""
    lines = (
        f"You {_verb(answer)} {context.lead_name} at {_answered_at(context, answer)}, and your answer counts from then.",
        "You get a mail when it is confirmed. You can close this page.",
    )
    return Page("Recorded, being confirmed.", lines, status=status)


def outcome_page(context: LinkContext, answer: Mapping[str, Any], pressed: str) -> Page:
    """The page for an answer: applied, refused with the present owner, or recorded and not confirmed yet.

    The first answer of a group counts; when another action of the group was `pressed` later, the page says so (409)."""
    if answer["outcome"] == "applied":
        if ANSWER_GROUP[pressed] == answer["answer_group"] and pressed != answer["action"]:
            return _already_answered(context, answer, pressed)
        return _applied(context, answer)
    if answer["outcome"] == "refused":
        return _refused(context, answer)
    return pending_page(context, answer)


def _already_answered(context: LinkContext, answer: Mapping[str, Any], pressed: str) -> Page:
    label = BUTTON_LABELS.get(pressed, pressed)
    lines = (f"That was at {_answered_at(context, answer)}. The answer “{label}” to the same mail changes nothing.",)
    return Page(f"You already {_verb(answer)} {context.lead_name}.", lines, status=409)


def _applied(context: LinkContext, answer: Mapping[str, Any]) -> Page:
    lead, lines = context.lead, ("You can close this page.",)
    if context.is_stale or answer["action"] == "decline":
        return Page(f"You {_verb(answer)} the lead.", lines)
    page = action_page(context)
    title = f"You {_verb(answer)} {lead.name}."
    return Page(title, lines, _facts(lead), page.buttons, deadline=page.deadline)


def _refused(context: LinkContext, answer: Mapping[str, Any]) -> Page:
    if context.is_stale:
        at = _answered_at(context, answer)
        return Page(stale_page(context).title, (f"Your answer came at {at}; by then the lead had moved on.",))
    lead = context.lead
    return Page(str(answer["explanation"]), (f"You still have {lead.display_name} ({lead.state}).",), _facts(lead))


def _verb(answer: Mapping[str, Any]) -> str:
    action = str(answer["action"])
    return PAST_TENSE.get(action, action)


def _answered_at(context: LinkContext, answer: Mapping[str, Any]) -> str:
    return context.local.at(answer["answered_at"])


def _facts(lead: Lead) -> tuple[tuple[str, str], ...]:
    labels = ("Title", "Phone", "Email", "Country", "Campaign")
    rows = [(label, str(lead.card[label.lower()])) for label in labels if lead.card.get(label.lower())]
    return (*rows, *((("Activity", lead.activity),) if lead.activity else ()), ("Tier", lead.tier or "-"))


def _deadline(context: LinkContext) -> DeadlineText | None:
    due_at, local = context.due_at, context.local
    if due_at is None:
        return None
    if due_at < local.now:
        return DeadlineText(f"Late: due {local.at(due_at)} ({local.until(due_at)} ago)", "late")
    soon = (due_at - local.now).total_seconds() < SOON_SECONDS
    verb = "Answer" if context.lead.state == "assigned" else "Get in touch"
    return DeadlineText(f"{verb} by {local.at(due_at)} (in {local.until(due_at)})", "warn" if soon else "calm")
