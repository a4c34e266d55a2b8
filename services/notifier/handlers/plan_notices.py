"""Plans notices: inserts one row for each person and channel before anything is sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from services.notifier.domain.lead import Lead
from services.notifier.domain.notice import Notice
from services.notifier.domain.notice_rules import NoticeSpec
from services.notifier.domain.recipients import OrgChart, Recipient, channels_for
from services.notifier.store import leads as store
from services.notifier.store import notices
from shared.agreement.model import Channel, ExecutableAgreement
from shared.base.ids import new_id
from shared.events import NoticeSuppressed
from shared.events.base import Event
from shared.events.breaches import SlaEvent
from shared.reference import cache
from shared.store.tx import Tx
from shared.work import schedule
from shared.work.schedule import ScheduledItem

CLOCK_GRACE = timedelta(seconds=2)
"""Real time that an assignment notice waits for its accept clock, to name the deadline. The clock usually starts within
50 ms."""


@dataclass(frozen=True, slots=True)
class PlannedNotice:
    """A notice to plan, the event that causes it, and its lead."""

    event: Event[Any]
    lead: Lead
    spec: NoticeSpec


async def plan_notices(tx: Tx, planned: Sequence[PlannedNotice]) -> None:
    """Choose recipients and channels, insert the notices, and wake the delivery loop."""
    if not planned:
        return
    live_version = await cache.live_version(tx)
    versions = await cache.agreement_versions(tx, [live_version, *(item.lead.terms_version for item in planned)])
    due_times = await store.due_times(tx, [item.lead.id for item in planned if item.spec.kind == "assigned"])
    org = OrgChart(await cache.roster(tx), versions.get(live_version), tx.now)
    rows: list[Notice] = []
    for item in planned:
        rows += _notices(tx, item, org, awaits_clock=_awaits_clock(item, versions, due_times))
    inserted = await notices.insert(tx, rows)
    new = [notice for notice in rows if notice.id in inserted]
    await schedule.schedule(tx, [_scheduled(tx, notice) for notice in new if notice.state == "waiting"])
    if any(notice.state == "ready" for notice in new):
        tx.wakeups.add("notices")


def _awaits_clock(
    item: PlannedNotice,
    versions: Mapping[int, ExecutableAgreement],
    due_times: Mapping[tuple[str, str, int], datetime],
) -> bool:
    """Whether the item is an assignment whose agreement promises an accept clock that has not started yet."""
    lead = item.lead
    if item.spec.kind != "assigned" or (lead.id, "accept", lead.epoch) in due_times:
        return False
    agreement = versions.get(lead.terms_version)
    promise = agreement.promises.get("accept") if agreement else None
    return promise is not None and promise.target(lead.tier) is not None


def _lead_of_event(item: PlannedNotice) -> Lead:
    """The lead with the owner and epoch of the SLA event, which an escalation step may have replaced already."""
    data = item.event.data
    if not isinstance(data, SlaEvent):
        return item.lead
    return replace(item.lead, owner=data.owner or item.lead.owner, team=data.team or item.lead.team, epoch=data.epoch)


def _notices(tx: Tx, item: PlannedNotice, org: OrgChart, *, awaits_clock: bool) -> list[Notice]:
    """One notice for each channel and recipient; a destination (webhook:NAME) gets one notice for all recipients."""
    spec, lead = item.spec, _lead_of_event(item)
    channels, unavailable = channels_for(org.agreement, spec.role)
    for name in unavailable:
        _emit_suppressed(tx, item, name, f"The channel {name} is not available yet; the notice goes by email.")
    recipients = org.recipients(spec.role, lead, spec.person)
    rows = []
    for channel in channels:
        addressees: Sequence[Recipient | None] = [None] if channel.channel.startswith("webhook:") else recipients
        rows += [_notice(tx, item, lead, channel, recipient, awaits_clock) for recipient in addressees]
    if not rows:
        reason = f"Nobody with the role {spec.role} can be reached; give somebody that role and an address."
        _emit_suppressed(tx, item, "", reason)
    return rows


def _notice(
    tx: Tx, item: PlannedNotice, lead: Lead, channel: Channel, recipient: Recipient | None, awaits_clock: bool
) -> Notice:
    spec, notice_id = item.spec, new_id()
    instead_of = recipient.instead_of if recipient else None
    return Notice(
        id=notice_id,
        lead=lead.id,
        epoch=lead.epoch,
        kind=spec.kind,
        role=recipient.role if recipient else spec.role,
        person=recipient.rep.id if recipient else "",
        channel=channel.channel,
        cause=item.event.id,
        state="waiting" if channel.after > 0 or awaits_clock else "ready",
        message_id=f"<{notice_id}@{urlsplit(tx.context.public_url).hostname or 'baton.invalid'}>",
        created_at=tx.now,
        data={**spec.data, "instead_of": instead_of} if instead_of else spec.data,
        not_before=tx.now + timedelta(seconds=channel.after) if channel.after else None,
    )


def _scheduled(tx: Tx, notice: Notice) -> ScheduledItem:
    data = {"notice": notice.id}
    if notice.not_before:
        return ScheduledItem(f"send:{notice.id}", "send", notice.lead, notice.not_before, "now", data)
    return ScheduledItem(f"send:{notice.id}", "send", notice.lead, tx.wall + CLOCK_GRACE, "wall", data)


def _emit_suppressed(tx: Tx, item: PlannedNotice, channel: str, reason: str) -> None:
    event = NoticeSuppressed(
        notice=new_id(),
        lead=item.lead.id,
        role=item.spec.role,
        channel=channel,
        kind=item.spec.kind,
        epoch=item.lead.epoch,
        cause=item.event.id,
        at=tx.now,
        why=reason,
    )
    tx.emit(event, subject=item.lead.id, cause=item.event)
