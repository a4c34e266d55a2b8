"""Stores answers given by action links, and their outcomes from the router."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, update

from services.notifier.store.tables import answers
from shared.store.tx import Tx
from shared.store.write import insert_new


async def insert_once(tx: Tx, row: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """Insert the first answer of a notice and group. Returns the first answer, and whether `row` is that answer."""
    if await insert_new(tx, answers, [row], ["notice", "answer_group"]):
        return row, True
    same = (answers.c.notice == row["notice"], answers.c.answer_group == row["answer_group"])
    existing = await tx.first(select(answers).where(*same))
    assert existing is not None
    return dict(existing), False


async def set_event(tx: Tx, answer_id: str, action_id: str) -> None:
    """Record the id of the `action.taken` that announced an answer."""
    await tx.execute(update(answers).where(answers.c.id == answer_id).values(action_id=action_id))


async def get(tx: Tx, answer_id: str) -> dict[str, Any] | None:
    """One answer, None when there is none with this id."""
    row = await tx.first(select(answers).where(answers.c.id == answer_id))
    return dict(row) if row else None


async def pending(tx: Tx, notice_id: str) -> dict[str, Any] | None:
    """An answer to a notice that the router has not confirmed yet."""
    row = await tx.first(select(answers).where(answers.c.notice == notice_id, answers.c.outcome == ""))
    return dict(row) if row else None


async def record_outcomes(tx: Tx, outcomes: Sequence[tuple[str, str, str]]) -> list[dict[str, Any]]:
    """Record outcomes (id of the `action.taken`, outcome, explanation). Returns the answers whose page did not wait."""
    unconfirmed = []
    for action_id, outcome, explanation in outcomes:
        statement = update(answers).where(answers.c.action_id == action_id, answers.c.outcome == "")
        rows = await tx.rows(statement.values(outcome=outcome, explanation=explanation).returning(*answers.c))
        unconfirmed += [dict(row) for row in rows if row["unconfirmed"]]
    return unconfirmed


async def mark_unconfirmed(tx: Tx, answer_id: str) -> bool:
    """Mark an answer whose page stopped waiting, so that a notice confirms it; False when the outcome has arrived."""
    statement = update(answers).where(answers.c.id == answer_id, answers.c.outcome == "").values(unconfirmed=True)
    return bool(await tx.rows(statement.returning(answers.c.id)))
