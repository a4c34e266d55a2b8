"""Agreement versions: uploaded as drafts, signed by one person of each side, published, and live at once or later."""

from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from services.router.store import agreements as store
from services.router.store import config_cache
from shared.agreement.language.compile import compile_agreement
from shared.agreement.language.parse import parse_agreement
from shared.agreement.language.signing import agreement_hash
from shared.agreement.model import ExecutableAgreement
from shared.base.credentials import Principal
from shared.base.errors import BadRequest, Conflict, NotAllowed, NotFound
from shared.events.agreement import AgreementPublished
from shared.store.tx import Tx
from shared.work import schedule
from shared.work.schedule import ScheduledItem

SIDES = ("marketing", "sales")
YEARS_OF_HOLIDAYS = 10


async def upload(tx: Tx, text: str, by: str) -> dict[str, Any]:
    """Store a file as the next draft. Raises BadRequest with every error, each with its line and column."""
    roster = (await config_cache.current(tx)).roster
    parsed = parse_agreement(text, roster_ids=frozenset(roster) or None)
    problems = [_problem_json(problem) for problem in parsed.problems]
    errors = [problem for problem in problems if problem["severity"] == "error"]
    if parsed.agreement is None or errors:
        first = errors[0] if errors else {"line": 1, "column": 1, "message": "it cannot be read"}
        sentence = f"Line {first['line']}, column {first['column']}: {first['message']}"
        raise BadRequest(sentence, problems=problems)
    compiled = compile_agreement(parsed.agreement, years=YEARS_OF_HOLIDAYS, from_year=tx.now.year)
    row = {
        "name": compiled.name,
        "hash": agreement_hash(text),
        "text": text,
        "compiled": compiled.model_dump(mode="json"),
        "warnings": problems,
        "state": "draft",
        "uploaded_at": tx.now,
        "uploaded_by": by,
    }
    number = await store.insert_draft(tx, row)
    return {
        "version": number,
        "hash": row["hash"],
        "state": "draft",
        "warnings": problems,
        "signed_by": compiled.signed_by,
    }


def _problem_json(problem: Any) -> dict[str, Any]:
    return {
        "line": problem.line,
        "column": problem.column,
        "severity": problem.severity,
        "message": problem.message,
        "path": problem.path,
    }


async def sign(tx: Tx, number: int, who: Principal) -> dict[str, Any]:
    """Sign a version with your own key, as the person that the agreement names for a side.

    Raises NotFound, Conflict if it is not a draft, and NotAllowed for anybody else.
    """
    row = await _locked(tx, number)
    if row["state"] not in ("draft", "signed"):
        raise Conflict(f"Version {number} is {row['state']}; only a draft can be signed.")
    side = await _side_of(tx, who, ExecutableAgreement.model_validate(row["compiled"]))
    signed = await store.signatures_of(tx, number)
    if side not in signed:
        signature = {"version": number, "side": side, "person": who.person, "key_name": who.name, "hash": row["hash"]}
        await store.insert_signature(tx, {**signature, "at": tx.now})
    missing = [other for other in SIDES if other not in signed and other != side]
    if not missing:
        await store.set_state(tx, number, "signed")
    return {"version": number, "side": side, "missing": missing, "hash": row["hash"]}


async def _side_of(tx: Tx, who: Principal, compiled: ExecutableAgreement) -> str:
    """The side that this person signs for. Raises NotAllowed."""
    if not who.person:
        raise NotAllowed("A signature needs your own key: one that was made with --person.")
    names = await _names(tx, who.person)
    side = next((side for side in SIDES if compiled.signed_by.get(side, "").casefold() in names), None)
    if side is None:
        named = ", ".join(f"{side}: {person}" for side, person in compiled.signed_by.items())
        raise NotAllowed(f"{who.person} does not sign this agreement; {named or 'it names nobody in signed_by'}.")
    return side


async def _names(tx: Tx, person: str) -> set[str]:
    """The names that a person may sign under, case-folded: their id and their address in the roster."""
    roster = (await config_cache.current(tx)).roster
    names = {person.casefold()}
    for rep in roster.values():
        if person.casefold() in (rep.id.casefold(), (rep.email or "").casefold()):
            names |= {rep.id.casefold(), (rep.email or rep.id).casefold()}
    return names


async def publish(tx: Tx, number: int) -> dict[str, Any]:
    """Make a signed version live, at once or on its effective day. Raises NotFound, or Conflict if it cannot go live."""
    row = await _locked(tx, number)
    if row["state"] in ("live", "published"):
        return {"version": number, "state": row["state"], "live_at": row["live_at"]}
    if row["state"] == "superseded":
        raise Conflict(f"Version {number} was live before; upload its file again as a new version.")
    signed = await store.signatures_of(tx, number)
    missing = [side for side in SIDES if side not in signed]
    if missing:
        raise Conflict(f"Version {number} still needs the signature of {' and '.join(missing)}.", missing=missing)
    at = max(tx.now, _effective(ExecutableAgreement.model_validate(row["compiled"]), tx.now))
    await store.set_state(tx, number, "published", published_at=tx.now, live_at=at)
    if at > tx.now:
        await schedule.schedule(tx, [ScheduledItem(f"live:{number}", "live", str(number), at)])
        return {"version": number, "state": "published", "live_at": at}
    await _go_live(tx, number)
    return {"version": number, "state": "live", "live_at": at}


def _effective(compiled: ExecutableAgreement, now: datetime) -> datetime:
    if compiled.effective is None:
        return now
    return datetime.combine(compiled.effective, time.min, ZoneInfo(compiled.timezone))


async def go_live(tx: Tx, rows: list[ScheduledItem]) -> None:
    """Make published versions live on their effective day."""
    for number in sorted(int(row.subject) for row in rows):
        await _go_live(tx, number)


async def _go_live(tx: Tx, number: int) -> None:
    row = await _locked(tx, number)
    if row["state"] != "published":
        return
    await store.set_state(tx, number, "live", live_at=tx.now)
    await config_cache.invalidate(tx, "agreement")
    event = AgreementPublished(version=number, hash=row["hash"], published_at=tx.now, compiled=row["compiled"])
    tx.emit(event, subject=f"agreement:{number}")
    await schedule.schedule(
        tx,
        [
            ScheduledItem("backlog", "backlog", "backlog", tx.now),
            ScheduledItem("waiting", "waiting", "waiting", tx.now),
        ],
    )


async def _locked(tx: Tx, number: int) -> Any:
    row = await store.get(tx, number, lock=True)
    if row is None:
        raise NotFound(f"There is no version {number} of the agreement; `baton agreement history` shows them.")
    return row
