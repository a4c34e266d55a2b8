"""The demo's live feed: what happens, a line each, from the same stream that the live board reads."""

import asyncio
from collections import Counter
from datetime import datetime
from zoneinfo import ZoneInfo

import httpx
import orjson
import typer

COLORS = {"late": "red", "warn": "yellow", "calm": "green"}
COUNTED = {
    "lead.assigned": "assigned",
    "lead.accepted": "accepted",
    "sla.warned": "warned",
    "sla.breached": "breached",
    "sla.escalated": "escalated",
}
FROM = " (before: "
"""How the console's sentence names the owner before."""
ZONE = ZoneInfo("America/New_York")


async def follow(client: httpx.AsyncClient, counts: Counter[str], stop: asyncio.Event, *, quiet: bool) -> None:
    """Print every loud line until the stream ends, and count what the summary tells."""
    try:
        async with client.stream("GET", "/board/stream?after=0", timeout=None) as stream:
            name = ""
            async for line in stream.aiter_lines():
                if line.startswith("event: "):
                    name = line[7:]
                elif line.startswith("data: ") and name == "feed":
                    _line(orjson.loads(line[6:]), counts, quiet)
    except (httpx.HTTPError, asyncio.CancelledError):
        return


def _line(item: dict[str, str], counts: Counter[str], quiet: bool) -> None:
    kind = item["type"].removeprefix("baton.").removesuffix(".v1")
    again = kind == "lead.assigned" and FROM in item["text"]
    if kind in COUNTED:
        counts["reassigned" if again else COUNTED[kind]] += 1
    if quiet:
        return
    at = datetime.fromtimestamp(float(item["at"]), ZONE)
    typer.secho(f"{at:%a %H:%M:%S}  ", nl=False, dim=True)
    typer.secho(f"{item['who'][:24]:24}  ", nl=False, bold=True)
    typer.secho(item["text"], fg=COLORS.get(item["color"]))
