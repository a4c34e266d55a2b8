"""`baton audit`: check that no lead is lost and that the counts of all services agree."""

import asyncio
from typing import Any

import orjson
import typer

from cli.client import BAD_NEWS, connect, request_json
from cli.reconciliation import Reconciliation, backlogged, reconcile
from cli.tables import Json

MAX_WAIT = 10.0
"""Seconds to wait for events that are still on their way between services."""


def audit(as_json: Json = False) -> None:
    """Check that no lead is lost and that all counts add up; exit 1 if one does not.

    Example: baton audit
    """
    counts = asyncio.run(_stable_counts())
    result = reconcile(counts)
    if as_json:
        totals = {total.name: total.count for total in result.totals}
        document = {"sum": totals, "problems": list(result.problems), "counts": counts}
        typer.echo(orjson.dumps(document, default=str).decode())
    else:
        print_result(result, counts)
    raise typer.Exit(BAD_NEWS if result.problems else 0)


def print_result(result: Reconciliation, counts: dict[str, Any]) -> None:
    """Print the totals, the age of the oldest item in flight and every problem."""
    for total in result.totals:
        typer.echo(f"  {total.count:8,}  {total.name}")
    oldest = counts["router"]["oldest_in_flight"]
    if oldest:
        typer.echo(f"  oldest in flight since {oldest}")
    for sentence in result.problems:
        typer.secho(f"  problem  {sentence}", fg="red")
    count = len(result.problems)
    typer.echo(f"{count} problem{'' if count == 1 else 's'} found." if count else "Everything adds up.")


async def _stable_counts() -> dict[str, Any]:
    """The audit counts of all services.

    Services answer one after another while leads move on, so a problem counts only when two readings in a row show it.
    """
    async with connect(all_services_needed=True) as client:
        waited, previous = 0.0, None
        while True:
            counts: dict[str, Any] = await request_json(client, "GET", "/v1/audit")
            problems = reconcile(counts).problems
            if waited >= MAX_WAIT or (not backlogged(counts) and (not problems or problems == previous)):
                return counts
            previous = problems
            await asyncio.sleep(0.25)
            waited += 0.25
