"""`baton deadline`: when something is due in business time, with every interval that counts or is skipped."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import orjson
import typer

from cli.agreement import read_agreement
from cli.client import fail, get
from cli.tables import Json
from shared.agreement.language.parse import parse_agreement
from shared.agreement.time.preview import preview


def deadline(
    agreement: Annotated[Path | None, typer.Option(help="The agreement file.")] = None,
    calendar: Annotated[str, typer.Option(help="A calendar of the agreement.")] = "",
    lead: Annotated[str, typer.Option(help="Show the running clocks of this lead instead.")] = "",
    start: Annotated[
        str, typer.Option("--from", help="The start; a time without an offset is in the zone of the calendar.")
    ] = "",
    within: Annotated[str, typer.Option(help="The duration: 15 minutes, 8 hours, 1 day.")] = "",
    end: Annotated[str, typer.Option(help="Instead of --within: count the business time until this end.")] = "",
    as_json: Json = False,
) -> None:
    """Show when something is due and how that was computed.

    Example: baton deadline --agreement agreement.yaml --calendar hq --from 2026-12-04T16:50 --within "2 hours"
    """
    if lead:
        _print_lead_clocks(lead, as_json)
        return
    if agreement is None or not calendar or not start or bool(within) == bool(end):
        fail("Give --agreement, --calendar, --from and exactly one of --within and --end; or only --lead.")
    parsed = parse_agreement(read_agreement(agreement))
    if parsed.agreement is None:
        fail(f"{agreement} cannot be read; run: baton agreement check {agreement}", 1)
    calendars = _calendars(parsed.agreement)
    request = {"calendar": calendar, "start": start, **({"within": within} if within else {"end": end})}
    try:
        result = preview(request, calendars)
    except ValueError as error:
        fail(str(error))
    zone = calendars[calendar].timezone if calendar in calendars else "UTC"
    _print_explanation({"calendar": zone, **result}, as_json)


def _calendars(agreement: Any) -> dict[str, Any]:
    from datetime import UTC, datetime

    from shared.agreement.language.compile import compile_agreement

    return dict(compile_agreement(agreement, years=1, from_year=datetime.now(UTC).year).calendars)


def _print_lead_clocks(lead: str, as_json: bool) -> None:
    clocks = asyncio.run(get(f"/v1/clocks?lead={lead}"))
    rows = clocks["clocks"] if isinstance(clocks, dict) else clocks
    if not rows:
        fail(f"Lead {lead} has no clocks.", 1)
    for clock in rows:
        explanation = asyncio.run(get(f"/v1/clocks/{clock['id']}/explain"))
        typer.secho(f"{clock['promise']} ({clock['state']})", bold=True)
        _print_explanation(explanation, as_json)


def _print_explanation(explanation: dict[str, Any], as_json: bool) -> None:
    if as_json:
        typer.echo(orjson.dumps(explanation, default=str).decode())
        return
    zone = ZoneInfo(explanation["calendar"])
    for interval in explanation["intervals"]:
        label = "counted" if interval["counted"] else "skipped"
        typer.echo(
            f"  {_local_time(interval['from'], zone)}  {_local_time(interval['to'], zone)}  {label:8} {interval['why']}"
        )
    typer.echo(explanation["in_words"])


def _local_time(timestamp: str, zone: ZoneInfo) -> str:
    return f"{datetime.fromisoformat(timestamp).astimezone(zone):%a %Y-%m-%d %H:%M:%S %z}"
