"""People, teams and lists over HTTP."""

import hashlib
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.responses import Response

from services.router.handlers import roster
from services.router.store import cached, people
from services.router.store import leads as lead_store
from services.router.store.tables import lists
from shared.base.credentials import Principal
from shared.base.errors import Conflict, NotFound
from shared.base.roster import Away, Rep
from shared.store.tx import Tx
from shared.store.write import upsert
from shared.web.http import allow, in_transaction, json_response, reading

doors = APIRouter()
TxDep = Annotated[Tx, Depends(in_transaction("router"), scope="function")]
ReadDep = Annotated[Tx, Depends(reading("router"), scope="function")]
Manager = Annotated[Principal, Depends(allow("manager", "admin"))]
Reader = Annotated[Principal, Depends(allow("rep", "manager", "marketing", "executive", "ops"))]
OF_THE_AGREEMENT = frozenset(("weight", "cap", "method", "members"))


class Roster(BaseModel):
    """People to write; who is not named stays as they are."""

    model_config = ConfigDict(extra="forbid")
    reps: list[Rep] = Field(max_length=10_000)


class TimeOff(BaseModel):
    """Time off to add, or `here: true` to take all of it away."""

    model_config = ConfigDict(extra="forbid")
    start: AwareDatetime | None = None
    until: AwareDatetime | None = None
    why: str = ""
    here: bool = False


@doors.get("/v1/reps")
async def reps(who: Reader, tx: ReadDep) -> Response:
    """Everybody in the roster, with their open leads."""
    found = (await cached.known(tx)).roster
    loads = await lead_store.loads(tx, found)
    rows = [
        {**rep.model_dump(), "open": loads.get(rep.id, 0), "away_now": rep.is_away(tx.now)} for rep in found.values()
    ]
    return json_response(sorted(rows, key=lambda row: row["id"]))


@doors.post("/v1/reps")
async def write(who: Manager, tx: TxDep, new: Roster) -> Response:
    """Write people (`baton roster import` sends a file here)."""
    return json_response(await roster.replace(tx, new.reps, who.person or who.name))


@doors.patch("/v1/reps/{rep_id}")
async def change(who: Manager, tx: TxDep, rep_id: str, fields: dict[str, Any]) -> Response:
    """Change some fields of a person; what the agreement owns answers 409."""
    owned = sorted(OF_THE_AGREEMENT & set(fields))
    if owned:
        raise Conflict(f"{', '.join(owned)} belongs to the agreement; change it there, sign it and publish it.")
    unknown = sorted(set(fields) - set(Rep.model_fields) | (set(fields) & {"id"}))
    if unknown:
        raise Conflict(f"A person has no field {unknown[0]!r} to change.")
    return json_response((await roster.change(tx, rep_id, fields, who.person or who.name)).model_dump())


@doors.post("/v1/reps/{rep_id}/availability")
async def availability(who: Manager, tx: TxDep, rep_id: str, off: TimeOff) -> Response:
    """Time off from `start` (now when left out) until `until`; new leads pass by, unaccepted ones go to others."""
    rep = await people.person(tx, rep_id)
    if rep is None:
        raise NotFound(f"There is nobody {rep_id!r} in the roster.")
    away: list[Away] = [] if off.here else list(rep.away)
    if not off.here:
        if off.until is None:
            raise Conflict("Say `until` when they are away, or `here: true` when they are back.")
        away.append(Away(start=off.start or tx.now, until=off.until, why=off.why))
    changed = await roster.change(tx, rep_id, {"away": away}, who.person or who.name)
    return json_response(changed.model_dump())


@doors.get("/v1/teams")
async def teams(who: Reader, tx: ReadDep) -> Response:
    """The teams of the live agreement."""
    live = (await cached.known(tx)).live
    found = live.compiled.teams if live else {}
    return json_response({name: team.model_dump() for name, team in found.items()})


class Entries(BaseModel):
    """The whole list."""

    model_config = ConfigDict(extra="forbid")
    values: list[str] = Field(max_length=200_000)


@doors.put("/v1/lists/{name}")
async def write_list(who: Manager, tx: TxDep, name: str, new: Entries) -> Response:
    """Replace a list of `in list:NAME`; entries compare case-folded."""
    entries = sorted({value.strip().casefold() for value in new.values if value.strip()})
    digest = "sha256:" + hashlib.sha256(orjson.dumps(entries)).hexdigest()
    row = {"name": name, "entries": entries, "hash": digest, "changed_at": tx.now, "changed_by": who.person or who.name}
    await upsert(tx, lists, [row], ["name"], ["entries", "hash", "changed_at", "changed_by"])
    await cached.changed(tx, "lists")
    return json_response({"name": name, "values": len(entries), "hash": digest})


@doors.get("/v1/lists")
async def all_lists(who: Reader, tx: ReadDep) -> Response:
    """The lists and how long they are."""
    known = await cached.known(tx)
    return json_response(
        [{"name": name, "values": len(found), "hash": known.list_hashes[name]} for name, found in known.lists.items()]
    )
