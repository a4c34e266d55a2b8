"""The live feed of the demo: one line for each event, from the stream that the live board reads."""

import asyncio
from collections import Counter
from datetime import datetime
from zoneinfo import ZoneInfo

import httpx
import orjson
import typer

COLORS = {"late": "red", "warn": "yellow", "calm": "green"}
COUNTED_EVENTS = {
    "lead.assigned": "assigned",
    "lead.accepted": "accepted",
    "sla.warned": "warned",
    "sla.breached": "breached",
    "sla.escalated": "escalated",
}
PREVIOUS_OWNER = " (before: "
"""The words before the previous owner in a sentence of the console."""
HQ_ZONE = ZoneInfo("America/New_York")


async def follow(client: httpx.AsyncClient, counts: Counter[str], stop: asyncio.Event, *, quiet: bool) -> None:
    """Print every item of the feed until the stream ends, and count the events that the summary shows."""
    try:
        async with client.stream("GET", "/board/stream?after=0", timeout=None) as stream:
            name = ""
            async for line in stream.aiter_lines():
                if line.startswith("event: "):
                    name = line[7:]
                elif line.startswith("data: ") and name == "feed":
                    _handle_item(orjson.loads(line[6:]), counts, quiet)
    except (httpx.HTTPError, asyncio.CancelledError):
        return


def _handle_item(item: dict[str, str], counts: Counter[str], quiet: bool) -> None:
    event_type = item["type"].removeprefix("baton.").removesuffix(".v1")
    reassigned = event_type == "lead.assigned" and PREVIOUS_OWNER in item["text"]
    if event_type in COUNTED_EVENTS:
        counts["reassigned" if reassigned else COUNTED_EVENTS[event_type]] += 1
    if quiet:
        return
    at = datetime.fromtimestamp(float(item["at"]), HQ_ZONE)
    typer.secho(f"{at:%a %H:%M:%S}  ", nl=False, dim=True)
    typer.secho(f"{item['who'][:24]:24}  ", nl=False, bold=True)
    typer.secho(item["text"], fg=COLORS.get(item["color"]))
