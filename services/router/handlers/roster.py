"""People: imported as a file, changed one by one; what a change means for their leads follows by due rows."""

import re
from collections import Counter
from datetime import timedelta
from typing import Any

from services.router.domain.lead import OWNED
from services.router.handlers.assignment import Wanted, place
from services.router.handlers.book import Book
from services.router.store import cached
from services.router.store import leads as lead_store
from services.router.store import people as store
from shared.access.admin import ROLES
from shared.agreement.time.calendar import parse_hours, zone_named
from shared.base.errors import BadRequest, NotFound
from shared.base.roster import Rep
from shared.events.agreement import RosterChanged
from shared.store.tx import Tx
from shared.work import schedule
from shared.work.schedule import ScheduledItem

_ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;]+")


async def replace(tx: Tx, reps: list[Rep], by: str) -> dict[str, Any]:
    """Write the people of a file; who is not in it stays as they are. Returns how many were new, changed and the same,
    and warnings. Raises TheirMistake for what cannot be right."""
    for rep in reps:
        _check(rep)
    twice = [rep_id for rep_id, count in Counter(rep.id for rep in reps).items() if count > 1]
    if twice:
        raise BadRequest(f"{twice[0]!r} is named twice; which of them is meant?")
    before = (await cached.known(tx)).roster
    new = [rep for rep in reps if rep.id not in before]
    changed = [rep for rep in reps if rep.id in before and before[rep.id] != rep]
    await _write(tx, [*new, *changed], by)
    everybody = {*before, *(rep.id for rep in reps)}
    warnings = [
        f"{rep.id}: there is nobody {person!r} in the roster, named as their {what}."
        for rep in reps
        for what, person in (("manager", rep.manager), ("backup", rep.backup))
        if person and person not in everybody
    ]
    same = len(reps) - len(new) - len(changed)
    return {"new": len(new), "changed": len(changed), "same": same, "warnings": warnings}


def _check(rep: Rep) -> None:
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


async def change(tx: Tx, rep_id: str, fields: dict[str, Any], by: str) -> Rep:
    """Change some fields of one person. Raises NotFound."""
    rep = await store.person(tx, rep_id, lock=True)
    if rep is None:
        raise NotFound(f"There is nobody {rep_id!r} in the roster.")
    try:
        rep = Rep.model_validate({**rep.model_dump(), **fields})
    except ValueError as error:
        raise BadRequest(f"{rep_id}: {error}") from error
    _check(rep)
    await _write(tx, [rep], by)
    return rep


async def _write(tx: Tx, reps: list[Rep], by: str) -> None:
    if not reps:
        return
    await store.save_people(tx, reps, by)
    await cached.changed(tx, "roster")
    rows = [ScheduledItem("waiting", "waiting", "waiting", tx.now)]
    for rep in reps:
        tx.emit(RosterChanged(rep=rep), subject=f"rep:{rep.id}")
        if not rep.active or rep.is_away(tx.now):
            rows.append(ScheduledItem(f"absent:{rep.id}", "absent", rep.id, tx.now))
        rows += [
            ScheduledItem(f"away:{rep.id}:{n}", "absent", rep.id, span.start)
            for n, span in enumerate(rep.away)
            if span.start > tx.now
        ]
        rows += [
            ScheduledItem(f"back:{rep.id}:{n}", "waiting", "waiting", span.until)
            for n, span in enumerate(rep.away)
            if span.until > tx.now
        ]
    await schedule.schedule(tx, rows)


async def absent(tx: Tx, rows: list[ScheduledItem]) -> None:
    """Somebody left or is away: an inactive person's open leads go to others, an absent one's only if not accepted yet."""
    roster = (await cached.known(tx)).roster
    book, wanted = Book(tx), []
    for rep_id in sorted({row.subject for row in rows}):
        rep = roster.get(rep_id)
        if rep is None or (rep.active and not rep.is_away(tx.now + timedelta(seconds=1))):
            continue
        states = sorted(OWNED) if not rep.active else ["assigned"]
        because = f"{rep.name} is not active any more" if not rep.active else f"{rep.name} is away"
        for lead in await lead_store.owned_by(tx, rep_id, states):
            # Who is gone for good keeps nothing: without somebody else it is nobody's, and that is said.
            wanted.append(Wanted(lead, because, again=rep.active))
    await book.load(item.lead for item in wanted)
    await place(book, [item for item in wanted if book.leads[item.lead].owner])
    await book.write()
