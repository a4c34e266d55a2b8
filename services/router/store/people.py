"""People and whose turn it is: rows locked in one order (teams, then reps) by whoever assigns."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select

from services.router.domain.floor import Turn
from services.router.store.tables import people, turns
from shared.base.roster import Rep
from shared.store.tx import Tx
from shared.store.write import upsert


async def turns_of(tx: Tx, teams: Iterable[str], members: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Turn]:
    """The turns of these teams, locked; rows that are missing are made first, so that there is something to lock."""
    wanted = sorted(set(teams))
    if not wanted:
        return {}
    statement = select(turns).where(turns.c.team.in_(wanted)).order_by(turns.c.team, turns.c.rep).with_for_update()
    found = {(row["team"], row["rep"]): row for row in await tx.rows(statement)}
    missing = [key for key in sorted(set(members)) if key not in found]
    if missing:
        rows = [{"team": team, "rep": rep, "turns": -1, "weight": 1, "last_at": None} for team, rep in missing]
        await upsert(tx, turns, rows, ["team", "rep"])
        found = {(row["team"], row["rep"]): row for row in await tx.rows(statement)}
    return {
        key: Turn(int(row["turns"]), int(row["weight"]), row["last_at"])
        for key, row in found.items()
        if row["turns"] >= 0
    }


async def lock_people(tx: Tx, ids: Iterable[str]) -> None:
    """Lock these people's rows, so that their open leads are counted by one writer at a time."""
    wanted = sorted(set(ids))
    if wanted and tx.dialect == "postgresql":
        await tx.rows(select(people.c.id).where(people.c.id.in_(wanted)).order_by(people.c.id).with_for_update())


async def save_turns(tx: Tx, changed: dict[tuple[str, str], Turn]) -> None:
    """Write turns."""
    rows = [
        {"team": team, "rep": rep, "turns": turn.turns, "weight": turn.weight, "last_at": turn.last_at}
        for (team, rep), turn in changed.items()
    ]
    await upsert(tx, turns, rows, ["team", "rep"], ["turns", "weight", "last_at"])


async def give_back(tx: Tx, team: str, rep: str) -> None:
    """A turn that does not count after all."""
    where = (turns.c.team == team, turns.c.rep == rep, turns.c.turns > 0)
    await tx.execute(turns.update().where(*where).values(turns=turns.c.turns - 1))


async def person(tx: Tx, rep_id: str, *, lock: bool = False) -> Rep | None:
    """One person of the roster."""
    statement = select(people.c.doc).where(people.c.id == rep_id)
    row = await tx.first(statement.with_for_update() if lock else statement)
    return Rep.model_validate(row["doc"]) if row else None


async def save_people(tx: Tx, reps: list[Rep], by: str) -> None:
    """Write people."""
    rows: list[dict[str, Any]] = [
        {"id": rep.id, "doc": rep.model_dump(mode="json"), "changed_at": tx.now, "changed_by": by} for rep in reps
    ]
    await upsert(tx, people, rows, ["id"], ["doc", "changed_at", "changed_by"])
