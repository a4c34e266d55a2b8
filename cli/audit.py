"""`baton audit`: nothing lost? The sum, the oldest in flight, and everything that does not add up."""

import asyncio
from typing import Any

import orjson
import typer

from cli.client import BAD_NEWS, ask, live
from cli.keys import Json
from cli.verdict import Verdict, judge

PATIENCE = 10.0


def audit(as_json: Json = False) -> None:
    """Add everything up; exit 1 when anything does not.

    Example: baton audit
    """
    terms = asyncio.run(_terms())
    verdict = judge(terms)
    if as_json:
        rows = {line.what: line.count for line in verdict.lines}
        typer.echo(orjson.dumps({"sum": rows, "wrong": list(verdict.wrong), "terms": terms}, default=str).decode())
    else:
        show(verdict, terms)
    raise typer.Exit(BAD_NEWS if verdict.wrong else 0)


def show(verdict: Verdict, terms: dict[str, Any]) -> None:
    """Print a verdict for people."""
    for line in verdict.lines:
        typer.echo(f"  {line.count:8,}  {line.what}")
    oldest = terms["router"]["oldest_in_flight"]
    if oldest:
        typer.echo(f"  oldest in flight since {oldest}")
    for sentence in verdict.wrong:
        typer.secho(f"  wrong  {sentence}", fg="red")
    typer.echo("Everything adds up." if not verdict.wrong else f"{len(verdict.wrong)} things do not add up.")


async def _terms() -> dict[str, Any]:
    """The terms of all services. They answer one after another while leads go on, so what is wrong must be so twice."""
    async with live(whole=True) as client:
        waited, before = 0.0, None
        while True:
            terms: dict[str, Any] = await ask(client, "GET", "/v1/audit")
            wrong = judge(terms).wrong
            moving = any(found["backlog"]["outbox"] or found["backlog"]["lag"] for found in terms.values())
            if waited >= PATIENCE or (not moving and (not wrong or wrong == before)):
                return terms
            before = wrong
            await asyncio.sleep(0.25)
            waited += 0.25
