"""Clocks over HTTP, and every interval that was counted or skipped for one."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.responses import Response

from services.timer import store
from services.timer.domain.clock import Clock
from services.timer.domain.followed import Followed, again, follow
from services.timer.domain.promise import basis, reckon
from shared.agreement.time.business_time import Interval
from shared.base.credentials import Principal
from shared.base.errors import BadRequest, NotFound
from shared.base.rfc3339 import rfc3339
from shared.reference.cache import agreement_versions, roster
from shared.store.tx import Tx
from shared.web.http import allow, json_response, reading

doors = APIRouter()
ReadDep = Annotated[Tx, Depends(reading("timer"), scope="function")]
Reader = Annotated[Principal, Depends(allow("rep", "manager", "marketing", "executive", "ops"))]


@doors.get("/v1/clocks")
async def clocks(
    who: Reader, tx: ReadDep, lead: str | None = None, cursor: str | None = None, limit: int = 200
) -> Response:
    """The clocks of a lead; without one, those that run, the earliest due first. `cursor` is the `next` of the page
    before; there is none on the last page."""
    most = max(1, min(limit, 1000))
    rows = await store.shown(tx, lead, after=_place(cursor) if cursor else None, limit=most)
    following = f"{rfc3339(rows[-1]['due_at'])}_{rows[-1]['id']}" if len(rows) == most else None
    return json_response({"now": tx.now, "clocks": rows, "next": following})


@doors.get("/v1/clocks/{clock_id}/explain")
async def explain(who: Reader, tx: ReadDep, clock_id: str) -> Response:
    """Every interval that was counted and skipped between the start of a clock and its due instant, in words too."""
    clock = await store.clock_named(tx, clock_id)
    if clock is None:
        raise NotFound(f"There is no clock {clock_id}.")
    followed, intervals = await _reckoned(tx, clock)
    seconds = sum((item.end - item.start).total_seconds() for item in intervals if item.counted)
    found: dict[str, Any] = {
        "clock": clock.id,
        "promise": clock.promise,
        "start": clock.started_at,
        "due": clock.due_at,
        "seconds": int(seconds) if seconds == int(seconds) else seconds,
        "within": clock.within,
        "calendar": followed.calendar.zone.key,
        "intervals": [
            {"from": rfc3339(item.start), "to": rfc3339(item.end), "counted": item.counted, "why": item.why}
            for item in intervals
        ],
        "in_words": clock.in_words,
    }
    return json_response(found)


async def _reckoned(tx: Tx, clock: Clock) -> tuple[Followed, tuple[Interval, ...]]:
    """The calendar that the clock followed when it began, and the intervals, reckoned once more."""
    versions = await agreement_versions(tx, [clock.agreement, clock.routed])
    pinned = versions[clock.agreement]
    kept = await store.reckoning_of(tx, clock.id)
    if kept:
        followed = again(pinned, kept["calendar"], kept["hours"], kept["timezone"])
    else:
        people = await roster(tx)
        followed = follow(pinned, versions.get(clock.routed), clock.team, people.get(clock.owner or ""))
    promise = pinned.promises[clock.promise]
    left = kept["taken_over"] if kept else None
    explained = reckon(promise, clock.tier, clock.started_at, basis(promise, followed), pinned.clock, left)
    return followed, explained.intervals


def _place(cursor: str) -> tuple[datetime, str]:
    due_at, _, clock_id = cursor.partition("_")
    try:
        place = datetime.fromisoformat(due_at)
    except ValueError:
        place = None
    if place is None or place.tzinfo is None:
        raise BadRequest("`cursor` is not a place in this list; give the `next` of the page before.")
    return place, clock_id
