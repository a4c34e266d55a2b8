"""Queries of leads as the timer needs them, and of pending actions."""

from collections.abc import Iterable

from sqlalchemy import select

from services.timer.domain import pending_action
from services.timer.domain.lead import FIELDS, Lead
from services.timer.domain.pending_action import PendingAction
from services.timer.store.tables import leads, pending_actions
from shared.store.chunks import key_chunks
from shared.store.tx import Tx
from shared.store.write import upsert


async def leads_of(tx: Tx, lead_ids: Iterable[str]) -> dict[str, Lead]:
    """These leads, by id; one that was never assigned is left out."""
    by_id: dict[str, Lead] = {}
    for ids in key_chunks(lead_ids):
        rows = await tx.rows(select(leads).where(leads.c.id.in_(ids)))
        by_id |= {row["id"]: Lead(**{name: row[name] for name in FIELDS}) for row in rows}
    return by_id


async def save_leads(tx: Tx, changed: Iterable[Lead]) -> None:
    """Insert or replace leads."""
    rows = [{name: getattr(lead, name) for name in FIELDS} for lead in changed]
    await upsert(tx, leads, rows, ["id"], list(FIELDS[1:]))


async def pending_actions_of(tx: Tx, lead_ids: Iterable[str]) -> dict[str, list[PendingAction]]:
    """The pending actions of these leads, by lead."""
    by_lead: dict[str, list[PendingAction]] = {}
    for ids in key_chunks(lead_ids):
        for row in await tx.rows(select(pending_actions).where(pending_actions.c.lead.in_(ids))):
            action = PendingAction(**{name: row[name] for name in pending_action.FIELDS})
            by_lead.setdefault(action.lead, []).append(action)
    return by_lead


async def insert_pending_actions(tx: Tx, actions: Iterable[PendingAction]) -> None:
    """Insert pending actions."""
    rows = [{name: getattr(action, name) for name in pending_action.FIELDS} for action in actions]
    await upsert(tx, pending_actions, rows, ["action_id"])


async def delete_pending_actions(tx: Tx, action_ids: Iterable[str]) -> None:
    """Delete pending actions that were applied or refused, or never will be."""
    for ids in key_chunks(action_ids):
        await tx.execute(pending_actions.delete().where(pending_actions.c.action_id.in_(ids)))
