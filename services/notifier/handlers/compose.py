"""Composing: a notice's row becomes a message with the lead, the people and the due instant as they are now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from services.notifier.domain.lead import Lead
from services.notifier.domain.links import PURPOSE, Link, pack
from services.notifier.domain.message import Composed, Message
from services.notifier.domain.notice import Notice
from services.notifier.domain.page import LABELS, OFFERS
from services.notifier.domain.reader import Reader
from services.notifier.domain.wording import About, wording
from services.notifier.store.leads import dues_of
from shared.base.roster import Rep
from shared.reference import cache
from shared.store.tx import Tx

VALID = timedelta(days=14)
ASKS = frozenset(("assigned", "again", "warned", "breached"))


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything that the messages of a batch need."""

    tx: Tx
    leads: Mapping[str, Lead]
    dues: Mapping[tuple[str, str, int], datetime]
    people: Mapping[str, Rep]


async def compose(tx: Tx, claimed: Sequence[Notice], leads: Mapping[str, Lead]) -> list[Composed]:
    """The messages of claimed notices, with their links."""
    if not claimed:
        return []
    desk = Desk(tx, leads, await dues_of(tx, leads), await cache.roster(tx))
    return [_composed(desk, notice) for notice in claimed]


def _composed(desk: Desk, notice: Notice) -> Composed:
    lead, rep = desk.leads[notice.lead], desk.people.get(notice.person)
    reader = Reader(notice.person, rep.name if rep else notice.person, rep.timezone if rep else None, desk.tx.now)
    due = _due(notice, desk.dues)
    names = {person.id: person.name for person in desk.people.values()}
    message = wording(notice.kind, About(lead, reader, names, due, notice.data))
    message = replace(message, actions=_actions(desk.tx, notice, lead), footer=_footer(notice))
    address = (rep.email if rep else notice.person if "@" in notice.person else "") or ""
    return Composed(notice, message, address, reader.name, _payload(notice, lead, message, due))


def _actions(tx: Tx, notice: Notice, lead: Lead) -> tuple[tuple[str, str], ...]:
    """Links to act for whoever owns it now; everybody else may look at it, where they can sign in."""
    mine = notice.role == "owner" and notice.person == lead.owner and notice.epoch == lead.epoch
    offers = OFFERS.get(lead.state, ()) if mine and notice.kind in ASKS else ()
    if offers:
        url = f"{tx.context.public_url}/a/{token(tx, notice)}"
        return tuple((LABELS[action], f"{url}?do={action}") for action in offers)
    if notice.kind in ("withdrawn", "confirmed"):
        return ()
    return (("See the lead", f"{tx.context.public_url}/leads/{notice.lead}"),)


def token(tx: Tx, notice: Notice) -> str:
    """The signed token of a notice's links: for its lead, person and epoch, for as long as links are valid."""
    expires = (notice.created_at + VALID).replace(microsecond=0)
    link = Link(notice.id, notice.lead, notice.person, notice.epoch, expires)
    return pack(link, tx.context.keys.sign(PURPOSE, link.body()))


def _due(notice: Notice, dues: Mapping[tuple[str, str, int], datetime]) -> datetime | None:
    if notice.data.get("due_at"):
        return datetime.fromisoformat(str(notice.data["due_at"]))
    return dues.get((notice.lead, "accept", notice.epoch)) if notice.kind == "assigned" else None


def _footer(notice: Notice) -> str:
    instead = notice.data.get("instead_of")
    reason = f"You get this because {instead} cannot be reached now. " if instead else ""
    return f"{reason}Baton keeps the agreement between marketing and sales. Lead {notice.lead}."


def _payload(notice: Notice, lead: Lead, message: Message, due: datetime | None) -> dict[str, Any]:
    """What a webhook carries: ids, who is concerned and why; nothing of the person who enquired."""
    said = ("promise", "rung", "reason", "why", "owner", "answered_at")
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
            "due_at": due.isoformat() if due else None,
            **{name: notice.data[name] for name in said if notice.data.get(name)},
        },
    }
