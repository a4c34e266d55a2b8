"""`baton.agreement`: a version went live; people and their availability changed."""

from datetime import datetime
from typing import Any

from shared.base.roster import Rep
from shared.events.base import AGREEMENT, EventData, event_type


@event_type
class AgreementPublished(EventData):
    """A version went live; carries the whole executable agreement with the holidays of last year and the next ten. Subject `agreement:VERSION`.

    `compiled` is a `shared.agreement.model.ExecutableAgreement` in its JSON form.
    """

    topic = AGREEMENT
    type = "baton.agreement.published.v1"

    version: int
    hash: str
    published_at: datetime
    compiled: dict[str, Any]


@event_type
class RosterChanged(EventData):
    """A person's full state. Subject `rep:ID`."""

    topic = AGREEMENT
    type = "baton.roster.changed.v1"

    rep: Rep
