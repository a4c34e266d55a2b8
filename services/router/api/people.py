"""People, teams and lists over HTTP."""

import hashlib
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.responses import Response

from services.router.handlers import roster
from services.router.store import config_cache
from services.router.store import leads as lead_store
from services.router.store import lists as list_store
from services.router.store import people as people_store
from shared.base.credentials import Principal
from shared.base.errors import Conflict, NotFound
from shared.base.roster import Away, Rep
from shared.store.tx import Tx
from shared.web.http import allow, in_transaction, json_response, reading

router = APIRouter()
TxDep = Annotated[Tx, Depends(in_transaction("router"), scope="function")]
ReadDep = Annotated[Tx, Depends(reading("router"), scope="function")]
Manager = Annotated[Principal, Depends(allow("manager", "admin"))]
Reader = Annotated[Principal, Depends(allow("rep", "manager", "marketing", "executive", "ops"))]
FIELDS_OF_AGREEMENT = frozenset(("weight", "cap", "method", "members"))


class RosterUpdate(BaseModel):
    """People to insert or update; people who are not named stay unchanged."""

    model_config = ConfigDict(extra="forbid")
    reps: list[Rep] = Field(max_length=10_000)


class TimeOff(BaseModel):
    """Time off to add, or `here: true` to remove all of it."""

    model_config = ConfigDict(extra="forbid")
    start: AwareDatetime | None = None
    until: AwareDatetime | None = None
    why: str = ""
    here: bool = False


class ListEntries(BaseModel):
    """All entries of a list."""

    model_config = ConfigDict(extra="forbid")
    values: list[str] = Field(max_length=200_000)


@router.get("/v1/reps")
async def list_people(who: Reader, tx: ReadDep) -> Response:
    """Everybody in the roster, with their open leads."""
    people = (await config_cache.current(tx)).roster
    open_counts = await lead_store.open_counts(tx, people)
    rows = [
        {**rep.model_dump(), "open": open_counts.get(rep.id, 0), "away_now": rep.is_away(tx.now)}
        for rep in people.values()
    ]
    return json_response(sorted(rows, key=lambda row: row["id"]))


@router.post("/v1/reps")
async def import_people(who: Manager, tx: TxDep, update: RosterUpdate) -> Response:
    """Insert or update people (`baton roster import` sends a file here)."""
    return json_response(await roster.import_people(tx, update.reps, who.person or who.name))


@router.patch("/v1/reps/{rep_id}")
async def change_person(who: Manager, tx: TxDep, rep_id: str, fields: dict[str, Any]) -> Response:
    """Change some fields of a person; 409 for fields that belong to the agreement."""
    of_agreement = sorted(FIELDS_OF_AGREEMENT & set(fields))
    if of_agreement:
        raise Conflict(f"{', '.join(of_agreement)} belongs to the agreement; change it there, sign it and publish it.")
    unknown = sorted(set(fields) - set(Rep.model_fields) | (set(fields) & {"id"}))
    if unknown:
        raise Conflict(f"A person has no field {unknown[0]!r} to change.")
    return json_response((await roster.change_person(tx, rep_id, fields, who.person or who.name)).model_dump())


@router.post("/v1/reps/{rep_id}/availability")
async def set_availability(who: Manager, tx: TxDep, rep_id: str, off: TimeOff) -> Response:
    """Add time off from `start` (now if left out) until `until`; new leads and unaccepted ones go to others."""
    rep = await people_store.get(tx, rep_id)
    if rep is None:
        raise NotFound(f"There is nobody {rep_id!r} in the roster.")
    away: list[Away] = [] if off.here else list(rep.away)
    if not off.here:
        if off.until is None:
            raise Conflict("Say `until` when they are away, or `here: true` when they are back.")
        away.append(Away(start=off.start or tx.now, until=off.until, why=off.why))
    changed = await roster.change_person(tx, rep_id, {"away": away}, who.person or who.name)
    return json_response(changed.model_dump())


@router.get("/v1/teams")
async def list_teams(who: Reader, tx: ReadDep) -> Response:
    """The teams of the live agreement."""
    live = (await config_cache.current(tx)).live
    teams = live.compiled.teams if live else {}
    return json_response({name: team.model_dump() for name, team in teams.items()})


@router.put("/v1/lists/{name}")
async def put_list(who: Manager, tx: TxDep, name: str, new: ListEntries) -> Response:
    """Replace a list of `in list:NAME`; entries are compared case-folded."""
    entries = sorted({value.strip().casefold() for value in new.values if value.strip()})
    digest = "sha256:" + hashlib.sha256(orjson.dumps(entries)).hexdigest()
    await list_store.save(tx, name, entries, digest, who.person or who.name)
    await config_cache.invalidate(tx, "lists")
    return json_response({"name": name, "values": len(entries), "hash": digest})


@router.get("/v1/lists")
async def get_lists(who: Reader, tx: ReadDep) -> Response:
    """The lists, with the number of their entries."""
    config = await config_cache.current(tx)
    return json_response(
        [
            {"name": name, "values": len(entries), "hash": config.list_hashes[name]}
            for name, entries in config.lists.items()
        ]
    )
