"""Handlers of lead and SLA events: update each lead, suppress outdated notices, and plan new notices."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from services.notifier.domain.lead import STATES, Lead, apply_event
from services.notifier.domain.notice import SUPPRESSING, Notice, is_suppressed_by
from services.notifier.domain.notice_rules import notices_for, outdated_reason
from services.notifier.handlers.action_links import CONFIRMING, confirm_answers
from services.notifier.handlers.plan_notices import PlannedNotice, plan_notices
from services.notifier.store import leads as store
from services.notifier.store import notices
from shared.events import (
    ActionRefused,
    LeadAssigned,
    LeadAttempted,
    LeadEnquiredAgain,
    NoticeSuppressed,
    SlaEscalated,
    SlaWarned,
    SlaWithdrawn,
)
from shared.events.base import Event
from shared.reference import cache
from shared.store.tx import Tx
from shared.work import deferred, schedule
from shared.work.schedule import ScheduledItem

RECHECK_AFTER = timedelta(seconds=15)
"""Real time after which deferred events are checked again (see `recheck_deferred`)."""


async def on_lead_event(tx: Tx, events: list[Event[Any]]) -> None:
    """Handle events of `baton.leads`, at most one for each lead.

    An assignment is deferred until the agreement versions and the owner that the assignment names have arrived."""
    if isinstance(events[0].data, SUPPRESSING):
        await schedule.lock(tx, [event.subject for event in events])
    leads = await store.load_leads(tx, [event.subject for event in events], lock=True)
    ready = await _defer_unready(tx, events)
    await _suppress_outdated(tx, [event for event in ready if isinstance(event.data, SUPPRESSING)])
    for event in ready:
        leads[event.subject] = apply_event(leads.get(event.subject) or Lead(event.subject, event.time), event)
    await store.save_leads(tx, [leads[event.subject] for event in ready])
    planned = [PlannedNotice(event, leads[event.subject], spec) for event in ready for spec in notices_for(event)]
    planned += await confirm_answers(tx, [event for event in ready if isinstance(event.data, CONFIRMING)], leads)
    await plan_notices(tx, planned)
    await deliver_early(tx, [event.subject for event in ready if isinstance(event.data, LeadAssigned)])


async def on_sla_event(tx: Tx, events: list[Event[Any]]) -> None:
    """Handle warnings, escalation steps and withdrawals, at most one for each lead.

    An event of the timer may arrive before the assignment; the event is then stored until the assignment arrives."""
    leads = await _leads_or_placeholders(tx, [event.subject for event in events])
    early = [event for event in events if leads[event.subject].epoch < event.data.epoch]
    await store.insert_early_events(tx, early)
    planned = []
    for event in events:
        lead = leads[event.subject]
        if lead.epoch < event.data.epoch:
            continue
        reason = outdated_reason(lead, event)
        if reason:
            _emit_suppressed(tx, event, reason)
        else:
            planned += [PlannedNotice(event, lead, spec) for spec in notices_for(event)]
    await plan_notices(tx, planned)


async def recheck_deferred(tx: Tx, items: list[ScheduledItem]) -> None:
    """Handle deferred events whose missing version or person has arrived.

    Another process may have stored the version or person in a transaction that was not yet visible when the event was
    deferred."""
    await deferred.resume(tx, on_lead_event, await deferred.missing(tx))


async def suppress(tx: Tx, outdated: list[tuple[Notice, Event[Any]]]) -> None:
    """Suppress pending notices and emit `notice.suppressed`, each caused by the event that outdated the notice."""
    if not outdated:
        return
    await notices.set_state(tx, [notice.id for notice, _ in outdated], "suppressed")
    await schedule.cancel(tx, [f"send:{notice.id}" for notice, _ in outdated])
    for notice, event in outdated:
        reason = f"It no longer matters: {event.data.type.split('.')[2].replace('_', ' ')}."
        suppressed = NoticeSuppressed(**notice.event_fields(), at=tx.now, why=reason)
        tx.emit(suppressed, subject=notice.lead, cause=event)


async def deliver_early(tx: Tx, lead_ids: list[str]) -> None:
    """Handle the SLA events that arrived before these leads were assigned, in order for each lead."""
    queues = await store.take_early_events(tx, lead_ids) if lead_ids else {}
    for position in range(max((len(queue) for queue in queues.values()), default=0)):
        await on_sla_event(tx, [queue[position] for queue in queues.values() if len(queue) > position])


async def _leads_or_placeholders(tx: Tx, lead_ids: list[str]) -> dict[str, Lead]:
    """These leads, locked. An unknown lead gets an empty row, so that the assignment's transaction waits for this
    one."""
    leads = await store.load_leads(tx, lead_ids, lock=True)
    unknown = set(lead_ids) - set(leads)
    if unknown:
        await store.insert_placeholders(tx, unknown)
        leads |= await store.load_leads(tx, unknown, lock=True)
    return leads


async def _defer_unready(tx: Tx, events: list[Event[Any]]) -> list[Event[Any]]:
    people = await cache.roster(tx)
    assigned = [event.data for event in events if isinstance(event.data, LeadAssigned)]
    versions = await cache.agreement_versions(
        tx, {number for data in assigned for number in (data.routing_version, data.terms_version)}
    )

    def missing_of(event: Event[Any]) -> str:
        data = event.data
        if not isinstance(data, LeadAssigned):
            return ""
        missing = [number for number in (data.routing_version, data.terms_version) if number not in versions]
        if missing:
            return f"agreement:{missing[0]}"
        return "" if data.owner in people else f"rep:{data.owner}"

    ready = await deferred.defer_unready(tx, events, missing_of)
    if len(ready) < len(events):
        recheck = ScheduledItem("recheck", "recheck", "recheck", tx.wall + RECHECK_AFTER, "wall")
        await schedule.schedule(tx, [recheck])
    return ready


async def _suppress_outdated(tx: Tx, events: list[Event[Any]]) -> None:
    """Suppress pending notices that ask for an answer already given, or that address a former owner."""
    by_lead = {event.subject: event for event in events}
    pending = await notices.pending(tx, by_lead)
    await suppress(
        tx,
        [(notice, by_lead[notice.lead]) for notice in pending if is_suppressed_by(notice, by_lead[notice.lead])],
    )


def _emit_suppressed(tx: Tx, event: Event[Any], reason: str) -> None:
    """Emit `notice.suppressed` for each notice that an event would cause."""
    for spec in notices_for(event):
        suppressed = NoticeSuppressed(
            notice=event.id,
            lead=event.subject,
            role=spec.role,
            channel="",
            kind=spec.kind,
            epoch=event.data.epoch,
            cause=event.id,
            at=tx.now,
            why=f"It no longer matters: {reason}.",
        )
        tx.emit(suppressed, subject=event.subject, cause=event)


ON_EVENT: dict[type[Any], Callable[..., Any]] = {
    **dict.fromkeys((*STATES, LeadEnquiredAgain, LeadAttempted, ActionRefused), on_lead_event),
    **dict.fromkeys((SlaWarned, SlaEscalated, SlaWithdrawn), on_sla_event),
}
