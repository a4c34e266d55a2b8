"""What a page shows of the floor, of one lead, and of what is new since a place."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.console.domain.clock import RUNNING
from services.console.domain.counters import DAY, counters
from services.console.domain.rows import face, row, title
from services.console.store import known, leads, lines
from shared.store.tx import Tx

FEED = 40
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class News:
    """What is to be told of a floor: rows and feed with the newest last, leads that left it, and the counters."""

    rows: list[Json]
    gone: list[str]
    feed: list[Json]
    counts: Json


async def floor(tx: Tx, limit: int) -> News:
    """The whole floor."""
    found = await leads.floor(tx, limit)
    told = await lines.last(tx, FEED)
    return News(await _rows(tx, found[::-1]), [], await _feed(tx, told[::-1]), await counts(tx))


async def news(tx: Tx, fresh: Sequence[Mapping[str, Any]]) -> News:
    """What these lines changed on the floor."""
    found = (await leads.leads_of(tx, {line["lead"] for line in fresh})).values()
    shown = sorted((lead for lead in found if lead["state"] not in leads.HIDDEN), key=lambda lead: lead["moved"])
    gone = sorted(lead["id"] for lead in found if lead["state"] == "merged")
    feed = await _feed(tx, [line for line in fresh if line["loud"]])
    return News(await _rows(tx, shown), gone, feed, await counts(tx))


async def lead(tx: Tx, id_: str) -> Json | None:
    """One lead with everything about it; None when nobody told of it."""
    found = (await leads.leads_of(tx, [id_])).get(id_)
    if found is None:
        return None
    names = await known.names(tx)
    clocks = (await leads.clocks_of(tx, [id_])).get(id_, [])
    return {
        "lead": found,
        "row": row(found, clocks, names, tx.now),
        "clocks": [
            {
                **clock,
                "face": face(clock, tx.now),
                "runs": clock["state"] in RUNNING,
                "who": names.get(clock["owner"], clock["owner"]),
            }
            for clock in clocks
        ],
        "story": await lines.story(tx, id_),
        "notices": await leads.notices_of(tx, id_),
        "names": names,
    }


async def counts(tx: Tx) -> Json:
    """The counters, and `live`: the version of the agreement that is live, None when none is."""
    live = await known.live(tx)
    found = counters(await leads.states(tx), await leads.late(tx), await leads.received(tx, tx.now - DAY))
    return {**found, "live": live["version"] if live else None}


async def _rows(tx: Tx, found: Iterable[Mapping[str, Any]]) -> list[Json]:
    these = list(found)
    clocks = await leads.clocks_of(tx, [lead["id"] for lead in these])
    names = await known.names(tx)
    return [row(lead, clocks.get(lead["id"], []), names, tx.now) for lead in these]


async def _feed(tx: Tx, told: Sequence[Mapping[str, Any]]) -> list[Json]:
    whose = await leads.leads_of(tx, {line["lead"] for line in told})
    return [
        {
            "lead": line["lead"],
            "at": line["at"].timestamp(),
            "text": line["text"],
            "color": line["color"],
            "type": line["type"],
            "who": title(line["lead"], whose[line["lead"]]["card"] if line["lead"] in whose else {}),
        }
        for line in told
    ]
