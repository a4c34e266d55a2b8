"""Queries of people and of their round robin turns. Every assignment locks the rows in one order: teams, then reps."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select

from services.router.domain.rep_pool import TurnCount
from services.router.store.tables import people, turns
from shared.base.roster import Rep
from shared.store.tx import Tx
from shared.store.write import upsert

NOT_SEEDED = -1
"""`turns` of a row that exists only to be locked."""


async def load_turns(
    tx: Tx, teams: Iterable[str], members: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], TurnCount]:
    """The turns of these teams by (team, rep), locked; missing rows are inserted first, so that there is one to lock."""
    team_ids = sorted(set(teams))
    if not team_ids:
        return {}
    statement = select(turns).where(turns.c.team.in_(team_ids)).order_by(turns.c.team, turns.c.rep).with_for_update()
    stored = {(row["team"], row["rep"]): row for row in await tx.rows(statement)}
    missing = [key for key in sorted(set(members)) if key not in stored]
    if missing:
        rows = [{"team": team, "rep": rep, "turns": NOT_SEEDED, "weight": 1, "last_at": None} for team, rep in missing]
        await upsert(tx, turns, rows, ["team", "rep"])
        stored = {(row["team"], row["rep"]): row for row in await tx.rows(statement)}
    return {
        key: TurnCount(int(row["turns"]), int(row["weight"]), row["last_at"])
        for key, row in stored.items()
        if row["turns"] >= 0
    }


async def save_turns(tx: Tx, changed: dict[tuple[str, str], TurnCount]) -> None:
    """Insert or update turns by (team, rep)."""
    rows = [
        {"team": team, "rep": rep, "turns": turn.turns, "weight": turn.weight, "last_at": turn.last_at}
        for (team, rep), turn in changed.items()
    ]
    await upsert(tx, turns, rows, ["team", "rep"], ["turns", "weight", "last_at"])


async def return_turn(tx: Tx, team: str, rep: str) -> None:
    """Give a rep back one turn of a team."""
    where = (turns.c.team == team, turns.c.rep == rep, turns.c.turns > 0)
    await tx.execute(turns.update().where(*where).values(turns=turns.c.turns - 1))


async def lock_people(tx: Tx, ids: Iterable[str]) -> None:
    """Lock these people's rows, so that one writer at a time counts their open leads."""
    rep_ids = sorted(set(ids))
    if rep_ids and tx.dialect == "postgresql":
        await tx.rows(select(people.c.id).where(people.c.id.in_(rep_ids)).order_by(people.c.id).with_for_update())


async def get(tx: Tx, rep_id: str, *, lock: bool = False) -> Rep | None:
    """One person of the roster, or None."""
    statement = select(people.c.doc).where(people.c.id == rep_id)
    row = await tx.first(statement.with_for_update() if lock else statement)
    return Rep.model_validate(row["doc"]) if row else None


async def save_people(tx: Tx, reps: list[Rep], by: str) -> None:
    """Insert or update people; `by` is who changes them."""
    rows: list[dict[str, Any]] = [
        {"id": rep.id, "doc": rep.model_dump(mode="json"), "changed_at": tx.now, "changed_by": by} for rep in reps
    ]
    await upsert(tx, people, rows, ["id"], ["doc", "changed_at", "changed_by"])
