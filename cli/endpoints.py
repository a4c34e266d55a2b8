"""`baton endpoints`: webhook endpoints for senders, and a dry run of recorded requests."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from cli.client import BAD_NEWS, fail, get, post
from cli.tables import Json, print_rows
from services.router.sources.dry_run import try_request
from services.router.sources.endpoint_config import EndpointConfig
from services.router.sources.verify import REASONS
from shared.base.errors import BadRequest

group = typer.Typer(help="Webhook endpoints for senders: create, list, rotate, revoke, try.", no_args_is_help=True)


@group.command()
def create(
    source: Annotated[str, typer.Argument(help="hubspot, hubspot_workflow, standard or generic.")],
    name: Annotated[str, typer.Option(help="A name for people; default: the source.")] = "",
    scheme: Annotated[str, typer.Option(help="How requests are authenticated: v1, v2, v3, v1a, bearer, path.")] = "",
    url: Annotated[
        str, typer.Option(help="The URL that the sender signs; default: the public URL plus the path.")
    ] = "",
    secret: Annotated[str, typer.Option(help="The secret, if the sender chooses it; default: a generated one.")] = "",
    mapping: Annotated[Path | None, typer.Option(help="A JSON file that maps lead fields to payload fields.")] = None,
) -> None:
    """Create an endpoint and print its URL and secret. The secret is shown only once.

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
    endpoint = asyncio.run(post("/v1/endpoints", body))
    typer.echo(f"Endpoint  {endpoint['id']}\nRegister  {endpoint['register']}\nSecret    {endpoint['secret']}")
    typer.echo("The secret is not shown again.", err=True)


@group.command("list")
def list_endpoints(as_json: Json = False) -> None:
    """List all endpoints without their secrets.

    Example: baton endpoints list
    """
    rows = asyncio.run(get("/v1/endpoints"))
    print_rows(
        rows,
        ["id", "name", "source", "scheme", "url", "secrets", "revoked"],
        as_json=as_json,
        empty="There are no endpoints yet.",
    )


@group.command()
def rotate(
    endpoint_id: str,
    secret: Annotated[
        str, typer.Option(help="The new secret, if the sender chooses it; default: a generated one.")
    ] = "",
    keep: Annotated[int, typer.Option(min=0, max=8760, help="Hours for which the old secret still works.")] = 24,
) -> None:
    """Give an endpoint a new secret; the old one works for some more hours.

    Example: baton endpoints rotate 5x0k... --keep 48
    """
    until = (datetime.now(UTC) + timedelta(hours=keep)).isoformat()
    endpoint = asyncio.run(post(f"/v1/endpoints/{endpoint_id}/rotate", {"secret": secret or None, "until": until}))
    typer.echo(f"Register  {endpoint['register']}\nSecret    {endpoint['secret']}")
    typer.echo("The secret is not shown again.", err=True)


@group.command()
def revoke(endpoint_id: str) -> None:
    """Revoke an endpoint. Its URL then answers 200 and stores nothing, because some senders give up a URL that fails.

    Example: baton endpoints revoke 5x0k...
    """
    asyncio.run(post(f"/v1/endpoints/{endpoint_id}/revoke"))
    typer.echo(f"Endpoint {endpoint_id} is revoked.")


@group.command("try")
def try_(
    files: Annotated[list[Path], typer.Argument(help="Files of recorded requests: method, url, headers, body_raw.")],
    source: Annotated[str, typer.Option(help="The source, instead of the one in the file.")] = "",
    scheme: Annotated[str, typer.Option(help="The scheme, instead of the one in the file.")] = "",
    secret: Annotated[str, typer.Option(help="The secret, instead of the one in the file.")] = "",
    now: Annotated[
        str, typer.Option(help="The time of arrival, instead of the one in the file: Unix seconds or RFC 3339.")
    ] = "",
    mapping: Annotated[Path | None, typer.Option(help="A JSON file that maps lead fields to payload fields.")] = None,
    as_json: Json = False,
) -> None:
    """Show how recorded requests would be authenticated, answered and read as leads. Nothing is stored; exit 1 if one fails.

    Example: baton endpoints try request.json --source hubspot --scheme v3 --secret s3cret
    """
    config = EndpointConfig(mapping=_json_file(mapping)) if mapping else None
    failed = False
    for file in files:
        document = _json_file(file)
        for request in _cases(file, document):
            arrival = _timestamp(now) if now else request.get("now", datetime.now(UTC).timestamp())
            kind = source or request.get("source") or document.get("source", "")
            try:
                outcome = try_request(request, kind, scheme or None, secret or None, arrival, config)
            except BadRequest as error:
                fail(f"{file}: {error.sentence}")
            case = {"case": request.get("name")} if "cases" in document else {}
            result = {"file": str(file), **case, **outcome}
            failed = failed or not outcome["leads"] or outcome["answer"]["status"] >= 400
            typer.echo(orjson.dumps(result).decode() if as_json else _describe(result))
    raise typer.Exit(BAD_NEWS if failed else 0)


def _cases(file: Path, document: dict[str, Any]) -> list[dict[str, Any]]:
    """The requests of a file: the file itself, or each of its `cases`."""
    cases = document.get("cases", [document])
    if not isinstance(cases, list) or not all(isinstance(case, dict) for case in cases):
        fail(f"{file}: `cases` must be a list of JSON objects.")
    return cases


def _timestamp(text: str) -> float:
    try:
        return float(text) if text[:1].isdigit() and "-" not in text else datetime.fromisoformat(text).timestamp()
    except ValueError:
        fail(f"--now {text!r} is neither Unix seconds nor a time such as 2026-12-01T14:03:07Z.")


def _describe(result: dict[str, Any]) -> str:
    verified = "verified" if result["verified"] else f"not verified ({result['reason']})"
    why = "" if result["verified"] else f"\n  why: {REASONS[result['reason']]}"
    parked = f", parked: {result['parked']}" if result["parked"] else ""
    leads = "".join(
        "\n  lead: " + ", ".join(f"{name} {value}" for name, value in lead.items() if value is not None)
        for lead in result["leads"]
    )
    name = f"{result['file']} {result['case']}" if "case" in result else result["file"]
    return f"{name}: {verified}; the answer is {result['answer']['status']}{parked}{why}{leads}"


def _json_file(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        fail(f"{path} cannot be read as JSON: {error}.")
    if not isinstance(value, dict):
        fail(f"{path} must hold one JSON object.")
    return value
