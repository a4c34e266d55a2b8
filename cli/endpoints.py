"""`baton endpoints`: webhook doors, and trying a recorded request without storing anything."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from cli.client import BAD_NEWS, fail
from cli.keys import Json, _get, _post
from cli.tables import table
from services.router.sources.dry_run import try_request
from services.router.sources.endpoint_config import EndpointConfig
from services.router.sources.verify import REASONS
from shared.base.errors import BadRequest

endpoints = typer.Typer(help="Webhook doors: source, registered URL, secrets, mapping.", no_args_is_help=True)


@endpoints.command()
def create(
    source: Annotated[str, typer.Argument(help="hubspot, hubspot_workflow, standard or generic.")],
    name: Annotated[str, typer.Option(help="What you call it.")] = "",
    scheme: Annotated[str, typer.Option(help="How it proves itself: v1, v2, v3, v1a, bearer, path.")] = "",
    url: Annotated[
        str, typer.Option(help="The URL as it is registered at the sender, if not ours plus the path.")
    ] = "",
    secret: Annotated[str, typer.Option(help="The sender's secret, when it makes one; else we make it.")] = "",
    mapping: Annotated[Path | None, typer.Option(help="A JSON file: canonical field to field of the payload.")] = None,
) -> None:
    """Open a door; prints the URL to register and the secret, this once.

    Example: baton endpoints create hubspot --scheme v3 --secret "$CLIENT_SECRET"
    """
    body: dict[str, Any] = {
        "source": source,
        "scheme": scheme,
        "name": name or source,
        "url": url or None,
        "secret": secret or None,
    }
    if mapping:
        body["mapping"] = _json_file(mapping)
    made = asyncio.run(_post("/v1/endpoints", body))
    typer.echo(f"Endpoint  {made['id']}\nRegister  {made['register']}\nSecret    {made['secret']}")
    typer.echo("The secret is not shown again.", err=True)


@endpoints.command("list")
def listed(as_json: Json = False) -> None:
    """List the doors.

    Example: baton endpoints list
    """
    rows = asyncio.run(_get("/v1/endpoints"))
    table(
        rows,
        ["id", "name", "source", "scheme", "url", "secrets", "revoked"],
        as_json=as_json,
        empty="No endpoints yet.",
    )


@endpoints.command()
def rotate(
    endpoint_id: str,
    secret: Annotated[str, typer.Option(help="The sender's new secret; else we make one.")] = "",
    keep: Annotated[int, typer.Option(min=0, max=8760, help="For how many hours the old one still counts.")] = 24,
) -> None:
    """Add a new secret; the old one counts for a while.

    Example: baton endpoints rotate 5x0k... --keep 48
    """
    until = (datetime.now(UTC) + timedelta(hours=keep)).isoformat()
    made = asyncio.run(_post(f"/v1/endpoints/{endpoint_id}/rotate", {"secret": secret or None, "until": until}))
    typer.echo(f"Register  {made['register']}\nSecret    {made['secret']}")
    typer.echo("The secret is not shown again.", err=True)


@endpoints.command()
def revoke(endpoint_id: str) -> None:
    """Close a door; its path goes on answering as a tombstone.

    Example: baton endpoints revoke 5x0k...
    """
    asyncio.run(_post(f"/v1/endpoints/{endpoint_id}/revoke"))
    typer.echo(f"Endpoint {endpoint_id} is closed.")


@endpoints.command("try")
def try_(
    files: Annotated[list[Path], typer.Argument(help="Recorded requests: method, url, headers, body_raw.")],
    source: Annotated[str, typer.Option(help="The source; it wins over what the file says.")] = "",
    scheme: Annotated[str, typer.Option(help="The scheme; it wins over what the file says.")] = "",
    secret: Annotated[str, typer.Option(help="The secret; it wins over what the file says.")] = "",
    now: Annotated[str, typer.Option(help="When it arrives: unix seconds or RFC 3339; else as the file says.")] = "",
    mapping: Annotated[Path | None, typer.Option(help="A JSON file: canonical field to field of the payload.")] = None,
    as_json: Json = False,
) -> None:
    """Say what a recorded request would meet: verified? which answer? which leads? parked why? Nothing is stored.

    Example: baton endpoints try request.json --source hubspot --scheme v3 --secret s3cret
    """
    setup = EndpointConfig(mapping=_json_file(mapping)) if mapping else None
    bad = False
    for file in files:
        case = _json_file(file)
        for one in _cases(file, case):
            moment = _moment(now) if now else one.get("now", datetime.now(UTC).timestamp())
            chosen = source or one.get("source") or case.get("source", "")
            try:
                outcome = try_request(one, chosen, scheme or None, secret or None, moment, setup)
            except BadRequest as mistake:
                fail(f"{file}: {mistake.sentence}")
            line = {"file": str(file), **({"case": one.get("name")} if "cases" in case else {}), **outcome}
            bad = bad or not outcome["leads"] or outcome["answer"]["status"] >= 400
            typer.echo(orjson.dumps(line).decode() if as_json else _in_words(line))
    raise typer.Exit(BAD_NEWS if bad else 0)


def _cases(file: Path, case: dict[str, Any]) -> list[dict[str, Any]]:
    """The requests of a file: itself, or each of its `cases`."""
    found = case.get("cases", [case])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        fail(f"{file}: `cases` must be a list of JSON objects.")
    return found


def _moment(text: str) -> float:
    try:
        return float(text) if text[:1].isdigit() and "-" not in text else datetime.fromisoformat(text).timestamp()
    except ValueError:
        fail(f"--now {text!r} is neither unix seconds nor a time such as 2026-12-01T14:03:07Z.")


def _in_words(line: dict[str, Any]) -> str:
    verified = "verified" if line["verified"] else f"not verified ({line['reason']})"
    why = "" if line["verified"] else f"\n  why: {REASONS[line['reason']]}"
    parked = f", parked: {line['parked']}" if line["parked"] else ""
    leads = "".join(
        "\n  lead: " + ", ".join(f"{name} {value}" for name, value in lead.items() if value is not None)
        for lead in line["leads"]
    )
    name = f"{line['file']} {line['case']}" if "case" in line else line["file"]
    return f"{name}: {verified}; the answer is {line['answer']['status']}{parked}{why}{leads}"


def _json_file(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        fail(f"{path} cannot be read as JSON: {error}.")
    if not isinstance(found, dict):
        fail(f"{path} must hold one JSON object.")
    return found
