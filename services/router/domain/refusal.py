"""Why an action on a lead is refused: an old epoch, a state that does not allow it, or a reason that was not agreed."""

from collections.abc import Sequence

from services.router.domain.lead import OWNED, Lead
from services.router.domain.lifecycle import ACTIONS, Refused, next_state
from shared.agreement.model import ExecutableAgreement


def refusal(lead: Lead, action: str, epoch: int, reason: str | None, agreement: ExecutableAgreement | None) -> str:
    """The sentence that says why an action under this epoch does not apply; "" if it does.

    `agreement` is the version whose terms hold for the lead, if it has any.
    """
    if lead.state == "merged":
        return f"It was merged into lead {lead.merged_into}."
    if action in ACTIONS and (epoch != lead.epoch or lead.state not in OWNED):
        if lead.state in OWNED:
            return "The lead has a new owner since."
        if epoch != lead.epoch:
            return f"The lead is {lead.state} since."
    following = next_state(lead.state, action)
    if isinstance(following, Refused):
        return following.why
    if action == "decline" and agreement:
        return _not_agreed(reason, (*agreement.decline.ours, *agreement.decline.theirs), "decline")
    if action == "disqualify" and agreement:
        return _not_agreed(reason, agreement.disqualify, "disqualify")
    return ""


def _not_agreed(reason: str | None, agreed: Sequence[str], action: str) -> str:
    if not agreed or (reason and reason.casefold() in {item.casefold() for item in agreed}):
        return ""
    return f"To {action} needs one of the agreed reasons: {', '.join(agreed)}."
