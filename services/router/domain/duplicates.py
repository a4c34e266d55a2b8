"""Duplicates: what an enquiry of a known person does to the lead that this person already has."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.router.domain.lead import OPEN, Lead

SAME_FORM_WINDOW = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class DuplicateOutcome:
    """What to do with an enquiry, and why.

    `kind` is one of: `new` (a lead of its own, linked to the earlier one if there is one), `merge` (merged silently),
    `enquired_again` (merged, the owner is notified and a new first-touch clock starts), `rescore` (merged into a nurtured
    lead, which is qualified again), `reopen` (merged into a recycled lead, which is qualified again).
    """

    kind: str
    why: str = ""


def resolve_duplicate(
    known: Lead | None, why: str, *, form_fingerprint: str, needs_fetch: bool, now: datetime, within: timedelta
) -> DuplicateOutcome:
    """Decide what an enquiry does to the person's lead, if there is one.

    `why` says how the person was recognised, `within` is how long a closed lead is remembered, and `needs_fetch` marks an
    enquiry that holds ids only.
    """
    if known is None:
        return DuplicateOutcome("new")
    if known.state in OPEN:
        if known.state == "nurtured" and not needs_fetch:
            return DuplicateOutcome("rescore", f"{why}; the nurtured lead is scored again")
        if needs_fetch or known.state == "received" or _same_form(known, form_fingerprint, now):
            return DuplicateOutcome("merge", f"{why}; the lead is open")
        return DuplicateOutcome("enquired_again", f"{why}; the lead is open and the person came back")
    if known.closed_at is None or now - known.closed_at > within:
        return DuplicateOutcome("new", f"{why}, too long ago")
    if known.state == "recycled" and not needs_fetch:
        return DuplicateOutcome("reopen", f"{why}; the recycled lead opens again")
    return DuplicateOutcome("new", f"{why}; the earlier lead is {known.state}")


def _same_form(known: Lead, form_fingerprint: str, now: datetime) -> bool:
    return known.form_fingerprint == form_fingerprint and now - known.enquired_at < SAME_FORM_WINDOW
