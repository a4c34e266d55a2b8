"""`baton agreement`: write, check, print, sign and publish the service level agreement."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from cli.client import connect, fail, get, request_json
from cli.tables import Json, print_rows
from shared.agreement.language.parse import Agreement, ParseResult, parse_agreement
from shared.agreement.language.render import render_agreement, starter_agreement
from shared.agreement.language.signing import agreement_hash

group = typer.Typer(help="Service level agreements: new, check, print, sign, publish, history.", no_args_is_help=True)
File = Annotated[Path, typer.Argument(help="The agreement file (YAML).")]


@group.command()
def new(file: Annotated[Path, typer.Argument(help="The file to write.")] = Path("agreement.yaml")) -> None:
    """Write a one-page agreement to fill in.

    Example: baton agreement new agreement.yaml
    """
    if file.exists():
        fail(f"{file} already exists; name another file.")
    file.write_text(starter_agreement(), encoding="utf-8")
    typer.echo(f"Wrote {file}; fill it in, then run: baton agreement check {file}")


@group.command()
def check(file: File, as_json: Json = False) -> None:
    """List the mistakes in a file with line and column; exit 1 if the agreement cannot be executed.

    Example: baton agreement check agreement.yaml
    """
    parsed = parse_agreement(read_agreement(file))
    for problem in parsed.problems:
        if as_json:
            location = {"file": str(file), "line": problem.line, "column": problem.column, "path": problem.path}
            typer.echo(orjson.dumps({**location, "severity": problem.severity, "message": problem.message}).decode())
        else:
            color = "red" if problem.severity == "error" else "yellow"
            typer.secho(f"{file}:{problem.line}:{problem.column}: {problem.severity}: {problem.message}", fg=color)
    errors = sum(problem.severity == "error" for problem in parsed.problems)
    warnings = len(parsed.problems) - errors
    if not as_json:
        typer.echo(f"{errors} error{'' if errors == 1 else 's'}, {warnings} warning{'' if warnings == 1 else 's'}.")
    raise typer.Exit(1 if errors else 0)


@group.command("print")
def print_(
    file: File,
    out: Annotated[Path | None, typer.Option(help="The HTML file to write; default: print it.")] = None,
) -> None:
    """Render a file as a printable document. The first page states the agreement in sentences.

    Example: baton agreement print agreement.yaml --out agreement.html
    """
    text = read_agreement(file)
    document = render_agreement(
        _valid_agreement(file, parse_agreement(text)), version=None, hash=agreement_hash(text), signatures=[]
    )
    if out is None:
        typer.echo(document)
    else:
        out.write_text(document, encoding="utf-8")
        typer.echo(f"Wrote {out}.")


@group.command()
def sign(
    file_or_version: Annotated[str, typer.Argument(help="The agreement file, or the number of an uploaded version.")],
    key: Annotated[str, typer.Option(help="Your own API key.", envvar="BATON_ADMIN_KEY")] = "",
) -> None:
    """Sign a version as the person of your API key. A new file is uploaded first, as the next version.

    Example: baton agreement sign agreement.yaml --key "$MY_KEY"
    """
    response = asyncio.run(_sign(file_or_version, key))
    missing = (
        f"; still missing: {', '.join(response['missing'])}" if response["missing"] else "; both sides have signed"
    )
    typer.echo(f"Version {response['version']} ({response['hash']}) is signed for {response['side']}{missing}.")


async def _sign(file_or_version: str, key: str) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    async with connect() as client:
        number = await _find_or_upload(client, file_or_version)
        response: dict[str, Any] = await request_json(client, "POST", f"/v1/agreements/{number}/sign", headers=headers)
    return response


async def _find_or_upload(client: Any, file_or_version: str) -> int:
    """The version number of a file: that of an upload with the same bytes that is not superseded, else of a new upload."""
    if file_or_version.isdecimal():
        return int(file_or_version)
    text = read_agreement(Path(file_or_version))
    for row in await request_json(client, "GET", "/v1/agreements"):
        if row["hash"] == agreement_hash(text) and row["state"] != "superseded":
            return int(row["version"])
    draft = await request_json(client, "POST", "/v1/agreements", content=text.encode())
    typer.echo(f"{file_or_version} is now version {draft['version']}.", err=True)
    return int(draft["version"])


@group.command()
def publish(
    file_or_version: Annotated[str, typer.Argument(help="The agreement file, or the number of its version.")],
) -> None:
    """Make a version live, after one person of each side has signed it.

    Example: baton agreement publish 1
    """
    response = asyncio.run(_publish(file_or_version))
    when = "is live" if response["state"] == "live" else f"goes live at {response['live_at']}"
    typer.echo(f"Version {response['version']} {when}.")


async def _publish(file_or_version: str) -> dict[str, Any]:
    async with connect() as client:
        version = await _find_or_upload(client, file_or_version)
        response: dict[str, Any] = await request_json(client, "POST", f"/v1/agreements/{version}/publish")
    return response


@group.command()
def history(as_json: Json = False) -> None:
    """List all versions with their states and signatures.

    Example: baton agreement history
    """
    rows = asyncio.run(get("/v1/agreements"))
    for row in rows:
        row["signed by"] = [f"{item['person']} ({item['side']})" for item in row["signatures"]]
    columns = ["version", "state", "name", "hash", "uploaded_at", "live_at", "signed by"]
    print_rows(rows, columns, as_json=as_json, empty="There is no agreement yet; write one with: baton agreement new")


def read_agreement(file: Path) -> str:
    """The text of an agreement file; a file that cannot be read ends the command with a sentence."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{file} cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8 text'}.")


def _valid_agreement(file: Path, parsed: ParseResult) -> Agreement:
    if parsed.agreement is None:
        first = next(problem for problem in parsed.problems if problem.severity == "error")
        fail(f"{file}:{first.line}:{first.column}: {first.message}", 1)
    return parsed.agreement
