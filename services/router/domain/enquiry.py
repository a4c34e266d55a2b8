"""What an enquiry of a known person means for the lead that they have already."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.router.domain.lead import OPEN, Lead

SAME_FORM = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Meaning:
    """`kind`: new (a lead of its own, linked to the old one where there is one), merge, again (merged, the owner is told
    and a new round begins), rescore (merged into a nurtured lead, judged again), reopen (merged into a recycled one)."""

    kind: str
    why: str = ""


def meaning(known: Lead | None, why: str, *, form: str, thin: bool, now: datetime, within: timedelta) -> Meaning:
    """What it means; `why` says how the person was recognised, `within` is how long a closed lead is remembered."""
    if known is None:
        return Meaning("new")
    if known.state in OPEN:
        if known.state == "nurtured" and not thin:
            return Meaning("rescore", f"{why}; the nurtured lead is judged again")
        if thin or known.state == "received" or _same_form(known, form, now):
            return Meaning("merge", f"{why}; the lead is open")
        return Meaning("again", f"{why}; the lead is open and they came back")
    if known.closed_at is None or now - known.closed_at > within:
        return Meaning("new", f"{why}, too long ago")
    if known.state == "recycled" and not thin:
        return Meaning("reopen", f"{why}; the recycled lead opens again")
    return Meaning("new", f"{why}; the earlier lead is {known.state}")


def _same_form(known: Lead, form: str, now: datetime) -> bool:
    return known.form == form and now - known.enquired_at < SAME_FORM
