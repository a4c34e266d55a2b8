"""Clocks over HTTP, and every interval that was counted or skipped for one."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.responses import Response

from services.timer import store
from services.timer.domain.clock import Clock
from services.timer.domain.clock_calendar import ClockCalendar, calendar_for, rebuild
from services.timer.domain.promise import calendar_of, deadline
from shared.agreement.time.business_time import Interval
from shared.base.credentials import Principal
from shared.base.errors import NotFound
from shared.base.rfc3339 import rfc3339
from shared.reference.cache import agreement_versions, roster
from shared.store.tx import Tx
from shared.web.cursors import decode_cursor, encode_cursor
from shared.web.http import allow, json_response, reading

routes = APIRouter()
ReadDep = Annotated[Tx, Depends(reading("timer"), scope="function")]
Reader = Annotated[Principal, Depends(allow("rep", "manager", "marketing", "executive", "ops"))]


@routes.get("/v1/clocks")
async def clocks(
    who: Reader, tx: ReadDep, lead: str | None = None, cursor: str | None = None, limit: int = 200
) -> Response:
    """The clocks of a lead; without one, all open clocks, the earliest due first. `cursor` is the `next` of the page
    before; the last page has none."""
    size = max(1, min(limit, 1000))
    rows = await store.clock_page(tx, lead, after=decode_cursor(cursor) if cursor else None, limit=size)
    following = encode_cursor(rows[-1]["due_at"], rows[-1]["id"]) if len(rows) == size else None
    return json_response({"now": tx.now, "clocks": rows, "next": following})


@routes.get("/v1/clocks/{clock_id}/explain")
async def explain(who: Reader, tx: ReadDep, clock_id: str) -> Response:
    """Every interval that was counted or skipped between the start of a clock and its due instant, in words too."""
    clock = await store.get_clock(tx, clock_id)
    if clock is None:
        raise NotFound(f"There is no clock {clock_id}.")
    clock_calendar, intervals = await _computed(tx, clock)
    seconds = sum((item.end - item.start).total_seconds() for item in intervals if item.counted)
    explanation: dict[str, Any] = {
        "clock": clock.id,
        "promise": clock.promise,
        "start": clock.started_at,
        "due": clock.due_at,
        "seconds": int(seconds) if seconds == int(seconds) else seconds,
        "within": clock.within,
        "calendar": clock_calendar.calendar.zone.key,
        "intervals": [
            {"from": rfc3339(item.start), "to": rfc3339(item.end), "counted": item.counted, "why": item.why}
            for item in intervals
        ],
        "in_words": clock.in_words,
    }
    return json_response(explanation)


async def _computed(tx: Tx, clock: Clock) -> tuple[ClockCalendar, tuple[Interval, ...]]:
    """The calendar that a clock was started with, and its intervals, computed again."""
    versions = await agreement_versions(tx, [clock.terms_version, clock.routing_version])
    terms = versions[clock.terms_version]
    saved = (await store.calendars_of(tx, [clock.id])).get(clock.id)
    if saved:
        clock_calendar = rebuild(terms, saved["calendar"], saved["hours"], saved["timezone"])
    else:
        rep = (await roster(tx)).get(clock.owner or "")
        clock_calendar = calendar_for(terms, versions.get(clock.routing_version), clock.team, rep)
    promise = terms.promises[clock.promise]
    calendar = calendar_of(promise, clock_calendar)
    inherited = saved["inherited_seconds"] if saved else None
    return clock_calendar, deadline(promise, clock.tier, clock.started_at, calendar, terms.clock, inherited).intervals
