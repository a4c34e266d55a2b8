"""What people pressed on their links, and what the router made of it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, update

from services.notifier.store.tables import answers
from shared.store.tx import Tx
from shared.store.write import insert_new


async def first(tx: Tx, row: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """Keep an answer to a question, once: (the answer that counts, whether it is this one)."""
    if await insert_new(tx, answers, [row], ["notice", "question"]):
        return row, True
    same = (answers.c.notice == row["notice"], answers.c.question == row["question"])
    found = await tx.first(select(answers).where(*same))
    assert found is not None
    return dict(found), False


async def said(tx: Tx, answer: str, event: str) -> None:
    """Name the event that said an answer."""
    await tx.execute(update(answers).where(answers.c.id == answer).values(event=event))


async def answer(tx: Tx, answer_id: str) -> dict[str, Any] | None:
    """One answer."""
    row = await tx.first(select(answers).where(answers.c.id == answer_id))
    return dict(row) if row else None


async def open_of(tx: Tx, notice: str) -> dict[str, Any] | None:
    """An answer to a notice that the router has not said anything about yet."""
    row = await tx.first(select(answers).where(answers.c.notice == notice, answers.c.outcome == ""))
    return dict(row) if row else None


async def settle(tx: Tx, outcomes: Sequence[tuple[str, str, str]]) -> list[dict[str, Any]]:
    """Write what the router made of answers: (action.taken, outcome, in words). Returns those whose page did not wait."""
    late = []
    for event, outcome, words in outcomes:
        statement = update(answers).where(answers.c.event == event, answers.c.outcome == "")
        settled = await tx.rows(statement.values(outcome=outcome, said=words).returning(*answers.c))
        late += [dict(row) for row in settled if row["unconfirmed"]]
    return late


async def give_up(tx: Tx, answer_id: str) -> bool:
    """The page cannot wait any longer, so the outcome is told by notice; False when the outcome is here after all."""
    statement = update(answers).where(answers.c.id == answer_id, answers.c.outcome == "").values(unconfirmed=True)
    return bool(await tx.rows(statement.returning(answers.c.id)))
