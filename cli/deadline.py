"""`baton deadline`: the due instant, and every interval counted and skipped."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import orjson
import typer

from cli.agreement import text_of
from cli.client import fail
from cli.keys import Json, _get
from shared.agreement.language.parse import parse_agreement
from shared.agreement.time.preview import preview


def deadline(
    agreement: Annotated[Path | None, typer.Option(help="The agreement file.")] = None,
    calendar: Annotated[str, typer.Option(help="A calendar of the agreement.")] = "",
    lead: Annotated[str, typer.Option(help="Instead: the running clocks of a lead.")] = "",
    start: Annotated[
        str, typer.Option("--from", help="When it begins; without an offset, in the calendar's zone.")
    ] = "",
    within: Annotated[str, typer.Option(help="How long: 15 minutes, 8 hours, 1 day.")] = "",
    end: Annotated[str, typer.Option(help="Instead of --within: until when, to count the business time between.")] = "",
    as_json: Json = False,
) -> None:
    """Say when something is due and how that was reckoned.

    Example: baton deadline --agreement agreement.yaml --calendar hq --from 2026-12-04T16:50 --within "2 hours"
    """
    if lead:
        _of_lead(lead, as_json)
        return
    if agreement is None or not calendar or not start or bool(within) == bool(end):
        fail("Say --agreement, --calendar, --from, and --within or --end (one of both); or --lead.")
    parsed = parse_agreement(text_of(agreement))
    if parsed.agreement is None:
        fail(f"{agreement} cannot be read; run: baton agreement check {agreement}", 1)
    calendars = _calendars(parsed.agreement)
    request = {"calendar": calendar, "start": start, **({"within": within} if within else {"end": end})}
    try:
        said = preview(request, calendars)
    except ValueError as error:
        fail(str(error))
    zone = calendars[calendar].timezone if calendar in calendars else "UTC"
    _say({"calendar": zone, **said}, as_json)


def _calendars(agreement: Any) -> dict[str, Any]:
    from datetime import UTC, datetime

    from shared.agreement.language.compile import compile_agreement

    return dict(compile_agreement(agreement, years=1, from_year=datetime.now(UTC).year).calendars)


def _of_lead(lead: str, as_json: bool) -> None:
    clocks = asyncio.run(_get(f"/v1/clocks?lead={lead}"))
    found = clocks["clocks"] if isinstance(clocks, dict) else clocks
    if not found:
        fail(f"There are no clocks of lead {lead}.", 1)
    for clock in found:
        said = asyncio.run(_get(f"/v1/clocks/{clock['id']}/explain"))
        typer.secho(f"{clock['promise']} ({clock['state']})", bold=True)
        _say(said, as_json)


def _say(said: dict[str, Any], as_json: bool) -> None:
    if as_json:
        typer.echo(orjson.dumps(said, default=str).decode())
        return
    zone = ZoneInfo(said["calendar"])
    for interval in said["intervals"]:
        mark = "counted" if interval["counted"] else "skipped"
        typer.echo(f"  {_local(interval['from'], zone)}  {_local(interval['to'], zone)}  {mark:8} {interval['why']}")
    typer.echo(said["in_words"])


def _local(moment: str, zone: ZoneInfo) -> str:
    return f"{datetime.fromisoformat(moment).astimezone(zone):%a %Y-%m-%d %H:%M:%S %z}"
