"""Events of `baton.agreement`: a version of the agreement went live; a person of the roster changed."""

from datetime import datetime
from typing import Any

from shared.base.roster import Rep
from shared.events.base import AGREEMENT, EventData, event_type


@event_type
class AgreementPublished(EventData):
    """A version of the agreement went live. Subject `agreement:VERSION`.

    `compiled` is the whole agreement, a `shared.agreement.model.ExecutableAgreement` in its JSON form, with the holidays
    of last year and the next ten.
    """

    topic = AGREEMENT
    type = "baton.agreement.published.v1"

    version: int
    hash: str
    published_at: datetime
    compiled: dict[str, Any]


@event_type
class RosterChanged(EventData):
    """A person of the roster changed; `rep` holds all fields of that person. Subject `rep:ID`."""

    topic = AGREEMENT
    type = "baton.roster.changed.v1"

    rep: Rep
