"""The queries behind the pages: the live board, what changed on it since a cursor, and one lead."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.console.domain.board import board_row, clock_view, display_name
from services.console.domain.clock import RUNNING
from services.console.domain.counters import DAY, count_leads
from services.console.store import leads, reference, timeline
from shared.store.tx import Tx

FEED_LENGTH = 40
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class BoardDelta:
    """Changes of the live board: rows and feed entries with the newest last, ids of removed leads, and all counters."""

    rows: list[Json]
    removed: list[str]
    feed: list[Json]
    counters: Json


async def board(tx: Tx, limit: int) -> BoardDelta:
    """The whole board: the `limit` leads that changed last and the newest feed entries."""
    lead_rows = await leads.last_changed(tx, limit)
    entries = await timeline.newest_in_feed(tx, FEED_LENGTH)
    return BoardDelta(
        await _board_rows(tx, lead_rows[::-1]), [], await _feed_entries(tx, entries[::-1]), await board_counters(tx)
    )


async def board_delta(tx: Tx, entries: Sequence[Mapping[str, Any]]) -> BoardDelta:
    """The changes that these timeline entries made to the board."""
    lead_rows = (await leads.find(tx, {entry["lead"] for entry in entries})).values()
    visible = [row for row in lead_rows if row["state"] not in leads.HIDDEN_STATES]
    removed = sorted(row["id"] for row in lead_rows if row["state"] == "merged")
    rows = await _board_rows(tx, sorted(visible, key=lambda row: row["newest_entry"]))
    feed = await _feed_entries(tx, [entry for entry in entries if entry["in_feed"]])
    return BoardDelta(rows, removed, feed, await board_counters(tx))


async def lead_detail(tx: Tx, lead_id: str) -> Json | None:
    """A lead with its clocks, timeline and notices, as values for the page's template; None for an unknown lead."""
    lead = (await leads.find(tx, [lead_id])).get(lead_id)
    if lead is None:
        return None
    names = await reference.names_of_people(tx)
    clocks = (await leads.clocks_by_lead(tx, [lead_id])).get(lead_id, [])
    return {
        "lead": lead,
        "row": board_row(lead, clocks, names, tx.now),
        "clocks": [
            {
                **clock,
                "view": clock_view(clock, tx.now),
                "is_running": clock["state"] in RUNNING,
                "owner_name": names.get(clock["owner"], clock["owner"]),
            }
            for clock in clocks
        ],
        "timeline": await timeline.of_lead(tx, lead_id),
        "notices": await leads.notices_of(tx, lead_id),
        "names": names,
    }


async def board_counters(tx: Tx) -> Json:
    """The counters, and `live_version`: the version of the live agreement, None when none is live."""
    agreement = await reference.live_agreement(tx)
    return {**await lead_counters(tx), "live_version": agreement["version"] if agreement else None}


async def lead_counters(tx: Tx) -> dict[str, int]:
    """The counters over all leads, see `domain.counters`."""
    breached = await leads.count_breached_clocks(tx)
    received = await leads.count_received(tx, tx.now - DAY)
    return count_leads(await leads.count_by_state(tx), breached, received)


async def _board_rows(tx: Tx, lead_rows: Iterable[Mapping[str, Any]]) -> list[Json]:
    lead_rows = list(lead_rows)
    clocks = await leads.clocks_by_lead(tx, [lead["id"] for lead in lead_rows])
    names = await reference.names_of_people(tx)
    return [board_row(lead, clocks.get(lead["id"], []), names, tx.now) for lead in lead_rows]


async def _feed_entries(tx: Tx, entries: Sequence[Mapping[str, Any]]) -> list[Json]:
    lead_rows = await leads.find(tx, {entry["lead"] for entry in entries})
    return [
        {
            "lead": entry["lead"],
            "at": entry["at"].timestamp(),
            "text": entry["text"],
            "color": entry["color"],
            "type": entry["type"],
            "who": display_name(entry["lead"], lead_rows[entry["lead"]]["card"] if entry["lead"] in lead_rows else {}),
        }
        for entry in entries
    ]
