"""Leads as the timer knows them, and the answers to them that are on their way."""

from collections.abc import Iterable

from sqlalchemy import select

from services.timer.domain.answer import FIELDS as ANSWER_FIELDS
from services.timer.domain.answer import Answer
from services.timer.domain.lead import FIELDS, Lead
from services.timer.store.parts import parts
from services.timer.store.tables import answers, leads
from shared.store.tx import Tx
from shared.store.write import upsert


async def leads_of(tx: Tx, ids: Iterable[str]) -> dict[str, Lead]:
    """These leads; one that was never assigned is left out."""
    found: dict[str, Lead] = {}
    for part in parts(ids):
        rows = await tx.rows(select(leads).where(leads.c.lead.in_(part)))
        found |= {row["lead"]: Lead(**{name: row[name] for name in FIELDS}) for row in rows}
    return found


async def keep_leads(tx: Tx, changed: Iterable[Lead]) -> None:
    """Write leads, new ones too."""
    rows = [{name: getattr(lead, name) for name in FIELDS} for lead in changed]
    await upsert(tx, leads, rows, ["lead"], list(FIELDS[1:]))


async def answers_of(tx: Tx, ids: Iterable[str]) -> dict[str, list[Answer]]:
    """The answers to these leads that are on their way."""
    found: dict[str, list[Answer]] = {}
    for part in parts(ids):
        for row in await tx.rows(select(answers).where(answers.c.lead.in_(part))):
            found.setdefault(row["lead"], []).append(Answer(**{name: row[name] for name in ANSWER_FIELDS}))
    return found


async def keep_answers(tx: Tx, new: Iterable[Answer]) -> None:
    """Write answers."""
    rows = [{name: getattr(answer, name) for name in ANSWER_FIELDS} for answer in new]
    await upsert(tx, answers, rows, ["action"])


async def forget_answers(tx: Tx, actions: Iterable[str]) -> None:
    """These answers have arrived, or never will."""
    for part in parts(actions):
        await tx.execute(answers.delete().where(answers.c.action.in_(part)))
