"""What a page shows of the floor, of one lead, and of what is new since a place."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.console.domain.board import board_row, clock_view, display_name
from services.console.domain.clock import RUNNING
from services.console.domain.counters import DAY, counters
from services.console.store import leads, reference, timeline
from shared.store.tx import Tx

FEED_LENGTH = 40
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class BoardDelta:
    """What is to be told of a floor: rows and feed with the newest last, leads that left it, and the counters."""

    rows: list[Json]
    removed: list[str]
    feed: list[Json]
    counters: Json


async def board(tx: Tx, limit: int) -> BoardDelta:
    """The whole floor."""
    found = await leads.last_changed(tx, limit)
    told = await timeline.newest_in_feed(tx, FEED_LENGTH)
    return BoardDelta(
        await _board_rows(tx, found[::-1]), [], await _feed_entries(tx, told[::-1]), await board_counters(tx)
    )


async def board_delta(tx: Tx, entries: Sequence[Mapping[str, Any]]) -> BoardDelta:
    """What these lines changed on the floor."""
    found = (await leads.find(tx, {line["lead"] for line in entries})).values()
    shown = sorted((lead for lead in found if lead["state"] not in leads.HIDDEN), key=lambda lead: lead["moved"])
    gone = sorted(lead["id"] for lead in found if lead["state"] == "merged")
    feed = await _feed_entries(tx, [line for line in entries if line["loud"]])
    return BoardDelta(await _board_rows(tx, shown), gone, feed, await board_counters(tx))


async def lead_detail(tx: Tx, lead_id: str) -> Json | None:
    """One lead with everything about it; None when nobody told of it."""
    found = (await leads.find(tx, [lead_id])).get(lead_id)
    if found is None:
        return None
    names = await reference.names_of_people(tx)
    clocks = (await leads.clocks_by_lead(tx, [lead_id])).get(lead_id, [])
    return {
        "lead": found,
        "row": board_row(found, clocks, names, tx.now),
        "clocks": [
            {
                **clock,
                "face": clock_view(clock, tx.now),
                "runs": clock["state"] in RUNNING,
                "who": names.get(clock["owner"], clock["owner"]),
            }
            for clock in clocks
        ],
        "story": await timeline.of_lead(tx, lead_id),
        "notices": await leads.notices_of(tx, lead_id),
        "names": names,
    }


async def board_counters(tx: Tx) -> Json:
    """The counters, and `live`: the version of the agreement that is live, None when none is."""
    live = await reference.live_agreement(tx)
    found = counters(
        await leads.count_by_state(tx),
        await leads.count_breached_clocks(tx),
        await leads.count_received(tx, tx.now - DAY),
    )
    return {**found, "live": live["version"] if live else None}


async def _board_rows(tx: Tx, found: Iterable[Mapping[str, Any]]) -> list[Json]:
    these = list(found)
    clocks = await leads.clocks_by_lead(tx, [lead["id"] for lead in these])
    names = await reference.names_of_people(tx)
    return [board_row(lead, clocks.get(lead["id"], []), names, tx.now) for lead in these]


async def _feed_entries(tx: Tx, told: Sequence[Mapping[str, Any]]) -> list[Json]:
    whose = await leads.find(tx, {line["lead"] for line in told})
    return [
        {
            "lead": line["lead"],
            "at": line["at"].timestamp(),
            "text": line["text"],
            "color": line["color"],
            "type": line["type"],
            "who": display_name(line["lead"], whose[line["lead"]]["card"] if line["lead"] in whose else {}),
        }
        for line in told
    ]
