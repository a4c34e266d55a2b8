"""Changes of the roster: import people or change one of them, and schedule the follow-up for their leads."""

import re
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from services.router.domain.lead import OWNED
from services.router.handlers.assignment import place
from services.router.handlers.lead_batch import LeadBatch
from services.router.handlers.placement import PlacementRequest
from services.router.store import config_cache
from services.router.store import leads as lead_store
from services.router.store import people as store
from shared.access.keys import ROLES
from shared.agreement.time.calendar import parse_hours, zone_named
from shared.base.errors import BadRequest, NotFound
from shared.base.roster import Rep
from shared.events.agreement import RosterChanged
from shared.store.tx import Tx
from shared.work import schedule
from shared.work.schedule import ScheduledItem

_ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;]+")


async def import_people(tx: Tx, reps: list[Rep], by: str) -> dict[str, Any]:
    """Insert or update the people of a file; people who are not in the file stay unchanged.

    Returns how many are new, changed and the same, and warnings. Raises BadRequest for an invalid person.
    """
    for rep in reps:
        _validate(rep)
    twice = [rep_id for rep_id, count in Counter(rep.id for rep in reps).items() if count > 1]
    if twice:
        raise BadRequest(f"{twice[0]!r} is named twice; which of them is meant?")
    before = (await config_cache.current(tx)).roster
    new = [rep for rep in reps if rep.id not in before]
    changed = [rep for rep in reps if rep.id in before and before[rep.id] != rep]
    await _write(tx, [*new, *changed], by)
    known = {*before, *(rep.id for rep in reps)}
    warnings = [
        f"{rep.id}: there is nobody {person!r} in the roster, named as their {what}."
        for rep in reps
        for what, person in (("manager", rep.manager), ("backup", rep.backup))
        if person and person not in known
    ]
    same = len(reps) - len(new) - len(changed)
    return {"new": len(new), "changed": len(changed), "same": same, "warnings": warnings}


def _validate(rep: Rep) -> None:
    try:
        if rep.timezone:
            zone_named(rep.timezone)
        if rep.hours:
            parse_hours(rep.hours)
    except ValueError as error:
        raise BadRequest(f"{rep.id}: {error}") from error
    if not rep.id or rep.id != rep.id.strip():
        raise BadRequest(f"{rep.id!r} is no id; it must not be empty, and not begin or end with a space.")
    if rep.email and not _ADDRESS.fullmatch(rep.email):
        raise BadRequest(f"{rep.id}: {rep.email!r} is no email address.")
    if unknown := [role for role in rep.roles if role not in ROLES]:
        raise BadRequest(f"{rep.id}: {unknown[0]!r} is not a role; use some of {', '.join(ROLES)}.")
    if wrong := [span for span in rep.away if span.until <= span.start]:
        raise BadRequest(f"{rep.id}: time off must end after it begins, at {wrong[0].start.isoformat()}.")


async def change_person(tx: Tx, rep_id: str, fields: dict[str, Any], by: str) -> Rep:
    """Change some fields of one person. Raises NotFound."""
    rep = await store.get(tx, rep_id, lock=True)
    if rep is None:
        raise NotFound(f"There is nobody {rep_id!r} in the roster.")
    try:
        rep = Rep.model_validate({**rep.model_dump(), **fields})
    except ValueError as error:
        raise BadRequest(f"{rep_id}: {error}") from error
    _validate(rep)
    await _write(tx, [rep], by)
    return rep


async def _write(tx: Tx, reps: list[Rep], by: str) -> None:
    if not reps:
        return
    await store.save_people(tx, reps, by)
    await config_cache.invalidate(tx, "roster")
    items = [ScheduledItem("waiting", "waiting", "waiting", tx.now)]
    for rep in reps:
        tx.emit(RosterChanged(rep=rep), subject=f"rep:{rep.id}")
        items += _absences(rep, tx.now)
    await schedule.schedule(tx, items)


def _absences(rep: Rep, now: datetime) -> list[ScheduledItem]:
    """The scheduled items for the beginning and the end of a person's time off."""
    items = []
    if not rep.active or rep.is_away(now):
        items.append(ScheduledItem(f"absent:{rep.id}", "absent", rep.id, now))
    for number, span in enumerate(rep.away):
        if span.start > now:
            items.append(ScheduledItem(f"away:{rep.id}:{number}", "absent", rep.id, span.start))
        if span.until > now:
            items.append(ScheduledItem(f"back:{rep.id}:{number}", "waiting", "waiting", span.until))
    return items


async def reassign_leads_of_absent(tx: Tx, rows: list[ScheduledItem]) -> None:
    """Reassign all open leads of people who became inactive, and the unaccepted ones of people who are away.

    A lead of an inactive person becomes unrouted if nobody else can take it; a person who is away keeps theirs.
    """
    roster = (await config_cache.current(tx)).roster
    batch = LeadBatch(tx)
    requests: list[PlacementRequest] = []
    for rep_id in sorted({row.subject for row in rows}):
        rep = roster.get(rep_id)
        if rep is None or (rep.active and not rep.is_away(tx.now + timedelta(seconds=1))):
            continue
        states = ["assigned"] if rep.active else sorted(OWNED)
        reason = f"{rep.name} is away" if rep.active else f"{rep.name} is not active any more"
        for lead in await lead_store.ids_owned_by(tx, rep_id, states):
            requests.append(PlacementRequest(lead, reason, keep_owner=rep.active))
    await batch.load(request.lead for request in requests)
    await place(batch, [request for request in requests if batch.leads[request.lead].owner])
    await batch.save()
