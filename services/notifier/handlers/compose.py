"""Composes the messages of notices, with the present lead, people and deadline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from services.notifier.domain.lead import Lead
from services.notifier.domain.links import PURPOSE, Link, pack
from services.notifier.domain.locale import LocalTime
from services.notifier.domain.message import OutgoingMessage
from services.notifier.domain.notice import ACTIONABLE, Notice
from services.notifier.domain.page import BUTTON_LABELS, BUTTONS
from services.notifier.domain.wording import MessageContext, wording
from services.notifier.store import leads as store
from shared.base.roster import Rep
from shared.reference import cache
from shared.store.tx import Tx

LINK_LIFETIME = timedelta(days=14)
PAYLOAD_FIELDS = ("promise", "step", "reason", "why", "owner", "answered_at")
"""Fields of a notice's data that go into the payload of a webhook."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The data for the messages of a batch; `due_times` is keyed by lead, promise and epoch."""

    tx: Tx
    leads: Mapping[str, Lead]
    due_times: Mapping[tuple[str, str, int], datetime]
    people: Mapping[str, Rep]


async def compose(tx: Tx, claimed: Sequence[Notice], leads: Mapping[str, Lead]) -> list[OutgoingMessage]:
    """Compose the messages of claimed notices, with their links."""
    if not claimed:
        return []
    batch = Batch(tx, leads, await store.due_times(tx, leads), await cache.roster(tx))
    return [_outgoing(batch, notice) for notice in claimed]


def _outgoing(batch: Batch, notice: Notice) -> OutgoingMessage:
    lead, rep = batch.leads[notice.lead], batch.people.get(notice.person)
    local = LocalTime(rep.timezone if rep else None, batch.tx.now)
    due_at = _due_at(notice, batch.due_times)
    names = {person.id: person.name for person in batch.people.values()}
    message = wording(notice.kind, MessageContext(lead, notice.person, local, names, due_at, notice.data))
    message = replace(message, actions=_actions(batch.tx, notice, lead), footer=_footer(notice))
    address = (rep.email if rep else notice.person if "@" in notice.person else "") or ""
    return OutgoingMessage(notice, message, address, rep.name if rep else notice.person, _payload(notice, lead, due_at))


def _actions(tx: Tx, notice: Notice, lead: Lead) -> tuple[tuple[str, str], ...]:
    """Action links for the present owner; for all other recipients a link to the lead's page, which needs a sign-in."""
    owns_it = notice.role == "owner" and notice.person == lead.owner and notice.epoch == lead.epoch
    actions = BUTTONS.get(lead.state, ()) if owns_it and notice.kind in ACTIONABLE else ()
    if actions:
        url = f"{tx.context.public_url}/a/{link_token(tx, notice)}"
        return tuple((BUTTON_LABELS[action], f"{url}?do={action}") for action in actions)
    if notice.kind in ("withdrawn", "confirmed"):
        return ()
    return (("See the lead", f"{tx.context.public_url}/leads/{notice.lead}"),)


def link_token(tx: Tx, notice: Notice) -> str:
    """Sign the token of a notice's links: bound to its lead, person and epoch, valid for LINK_LIFETIME."""
    expires = (notice.created_at + LINK_LIFETIME).replace(microsecond=0)
    link = Link(notice.id, notice.lead, notice.person, notice.epoch, expires)
    return pack(link, tx.context.keys.sign(PURPOSE, link.body()))


def _due_at(notice: Notice, due_times: Mapping[tuple[str, str, int], datetime]) -> datetime | None:
    if notice.data.get("due_at"):
        return datetime.fromisoformat(str(notice.data["due_at"]))
    return due_times.get((notice.lead, "accept", notice.epoch)) if notice.kind == "assigned" else None


def _footer(notice: Notice) -> str:
    absent = notice.data.get("instead_of")
    reason = f"You get this because {absent} cannot be reached now. " if absent else ""
    return f"{reason}Sent by Baton for the agreement between marketing and sales. Lead {notice.lead}."


def _payload(notice: Notice, lead: Lead, due_at: datetime | None) -> dict[str, Any]:
    """The payload of a webhook: ids, roles and reasons, without personal data of the person who enquired."""
    return {
        "type": f"baton.notice.{notice.kind}",
        "timestamp": notice.created_at.isoformat(),
        "data": {
            "notice": notice.id,
            "lead": notice.lead,
            "epoch": notice.epoch,
            "role": notice.role,
            "owner": lead.owner,
            "team": lead.team,
            "tier": lead.tier,
            "state": lead.state,
            "due_at": due_at.isoformat() if due_at else None,
            **{name: notice.data[name] for name in PAYLOAD_FIELDS if notice.data.get(name)},
        },
    }
