"""What is meant becomes notices: a row for each person and channel, before anything is sent."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from services.notifier.domain.lead import Lead
from services.notifier.domain.meaning import Meant
from services.notifier.domain.notice import Notice
from services.notifier.domain.recipients import Office, Told
from services.notifier.domain.ways import ways
from services.notifier.store import notices
from services.notifier.store.leads import dues_of
from shared.agreement.model import Channel, ExecutableAgreement
from shared.base.ids import new_id
from shared.events import NoticeSuppressed
from shared.events.base import Event
from shared.events.breaches import SlaEvent
from shared.reference import cache
from shared.store.tx import Tx
from shared.work import schedule
from shared.work.schedule import ScheduledItem

GRACE = timedelta(seconds=2)
"""How long (real time) the mail about an assignment waits for the clock that says until when; it mostly comes in 50 ms."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A message that is meant, the event that causes it, and the lead that it speaks of."""

    event: Event[Any]
    lead: Lead
    message: Meant


async def tell(tx: Tx, wanted: Sequence[Wanted]) -> None:
    """Find who is told and how, keep their notices, and wake the sender."""
    if not wanted:
        return
    live = await cache.live_version(tx)
    versions = await cache.agreement_versions(tx, [live, *(item.lead.pinned for item in wanted)])
    dues = await dues_of(tx, [item.lead.id for item in wanted if item.message.kind == "assigned"])
    office = Office(await cache.roster(tx), versions.get(live), tx.now)
    meant: list[Notice] = []
    for item in wanted:
        lead = _as_said(item)
        clocked = (lead.id, "accept", lead.epoch) in dues or not _has_clock(versions.get(lead.pinned), lead)
        meant += _notices(tx, item, lead, office, clocked)
    made = await notices.add(tx, meant)
    new = [notice for notice in meant if notice.id in made]
    await schedule.schedule(tx, [_due(tx, notice) for notice in new if notice.state == "waiting"])
    if any(notice.state == "ready" for notice in new):
        tx.wakeups.add("notices")


def _as_said(item: Wanted) -> Lead:
    """The lead under the epoch that the timer speaks of, which a rung may have ended already."""
    data = item.event.data
    if not isinstance(data, SlaEvent):
        return item.lead
    return replace(item.lead, owner=data.owner or item.lead.owner, team=data.team or item.lead.team, epoch=data.epoch)


def _has_clock(agreement: ExecutableAgreement | None, lead: Lead) -> bool:
    promise = agreement.promises.get("accept") if agreement else None
    return promise is not None and promise.target(lead.tier) is not None


def _notices(tx: Tx, item: Wanted, lead: Lead, office: Office, clocked: bool) -> list[Notice]:
    """A notice by each way, to everybody of the role; a target (webhook:NAME) gets one, whoever has the role."""
    message = item.message
    found, unknown = ways(office.agreement, message.role)
    for channel in unknown:
        _unsent(tx, item, channel, f"The channel {channel} is not there yet; it goes by email.")
    told = office.who(message.role, lead, message.person)
    made = []
    for way in found:
        if way.channel.startswith("webhook:"):
            made.append(_notice(tx, item, lead, way, None, clocked))
        else:
            made += [_notice(tx, item, lead, way, one, clocked) for one in told]
    if not made:
        why = f"Nobody with the role {message.role} can be reached; give somebody that role and an address."
        _unsent(tx, item, "", why)
    return made


def _notice(tx: Tx, item: Wanted, lead: Lead, way: Channel, told: Told | None, clocked: bool) -> Notice:
    message, notice = item.message, new_id()
    data = {**message.data, "instead_of": told.instead_of} if told and told.instead_of else message.data
    waits = way.after > 0 or (message.kind == "assigned" and not clocked)
    return Notice(
        id=notice,
        lead=lead.id,
        epoch=lead.epoch,
        kind=message.kind,
        role=told.role if told else message.role,
        person=told.rep.id if told else "",
        channel=way.channel,
        cause=item.event.id,
        state="waiting" if waits else "ready",
        message_id=f"<{notice}@{urlsplit(tx.context.public_url).hostname or 'baton.invalid'}>",
        created_at=tx.now,
        data=data,
        not_before=tx.now + timedelta(seconds=way.after) if way.after else None,
    )


def _due(tx: Tx, notice: Notice) -> ScheduledItem:
    if notice.not_before:
        return ScheduledItem(f"send:{notice.id}", "send", notice.lead, notice.not_before, "now", {"notice": notice.id})
    return ScheduledItem(f"send:{notice.id}", "send", notice.lead, tx.wall + GRACE, "wall", {"notice": notice.id})


def _unsent(tx: Tx, item: Wanted, channel: str, why: str) -> None:
    fact = NoticeSuppressed(
        notice=new_id(),
        lead=item.lead.id,
        role=item.message.role,
        channel=channel,
        kind=item.message.kind,
        epoch=item.lead.epoch,
        cause=item.event.id,
        at=tx.now,
        why=why,
    )
    tx.emit(fact, subject=item.lead.id, cause=item.event)
