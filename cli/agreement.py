"""`baton agreement`: begin one, check it, print it, sign it, publish it, see its history."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from cli.client import ask, fail, live
from cli.keys import Json, _get
from cli.tables import table
from shared.agreement.language.parse import Agreement, ParseResult, parse_agreement
from shared.agreement.language.render import render_agreement, starter_agreement
from shared.agreement.language.signing import agreement_hash

group = typer.Typer(
    help="The service level agreement: new, check, print, sign, publish, history.", no_args_is_help=True
)
File = Annotated[Path, typer.Argument(help="The agreement file (YAML).")]


@group.command()
def new(file: Annotated[Path, typer.Argument(help="Where to write it.")] = Path("agreement.yaml")) -> None:
    """Write a one-page start to fill in.

    Example: baton agreement new agreement.yaml
    """
    if file.exists():
        fail(f"{file} exists already; name another file.")
    file.write_text(starter_agreement(), encoding="utf-8")
    typer.echo(f"{file} is written; fill it in, then run: baton agreement check {file}")


@group.command()
def check(file: File, as_json: Json = False) -> None:
    """Say what is wrong with a file, with line and column; exit 1 when it cannot be executed.

    Example: baton agreement check agreement.yaml
    """
    parsed = parse_agreement(text_of(file))
    for problem in parsed.problems:
        if as_json:
            place = {"file": str(file), "line": problem.line, "column": problem.column, "path": problem.path}
            typer.echo(orjson.dumps({**place, "severity": problem.severity, "message": problem.message}).decode())
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
    out: Annotated[Path | None, typer.Option(help="The HTML file to write; without it, it goes to the screen.")] = None,
) -> None:
    """Render a file as a document, ready to print; its first page is the agreement in sentences.

    Example: baton agreement print agreement.yaml --out agreement.html
    """
    text = text_of(file)
    page = render_agreement(_good(file, parse_agreement(text)), version=None, hash=agreement_hash(text), signatures=[])
    if out is None:
        typer.echo(page)
    else:
        out.write_text(page, encoding="utf-8")
        typer.echo(f"{out} is written.")


@group.command()
def sign(
    what: Annotated[str, typer.Argument(help="The file, or the number of a version that was uploaded.")],
    key: Annotated[str, typer.Option(help="Your own API key.", envvar="BATON_ADMIN_KEY")] = "",
) -> None:
    """Sign as the person of your own key; a file that is not uploaded yet is, as the next version.

    Example: baton agreement sign agreement.yaml --key "$MY_KEY"
    """
    said = asyncio.run(_sign(what, key))
    missing = f"; still missing: {', '.join(said['missing'])}" if said["missing"] else "; both sides have signed"
    typer.echo(f"Version {said['version']} ({said['hash']}) is signed for {said['side']}{missing}.")


async def _sign(what: str, key: str) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    async with live() as client:
        number = await _version_of(client, what)
        said: dict[str, Any] = await ask(client, "POST", f"/v1/agreements/{number}/sign", headers=headers)
    return said


async def _version_of(client: Any, what: str) -> int:
    """The version of a file: one that was uploaded with these very bytes and is not superseded, else a new one."""
    if what.isdecimal():
        return int(what)
    text = text_of(Path(what))
    for row in await ask(client, "GET", "/v1/agreements"):
        if row["hash"] == agreement_hash(text) and row["state"] != "superseded":
            return int(row["version"])
    made = await ask(client, "POST", "/v1/agreements", content=text.encode())
    typer.echo(f"{what} is version {made['version']}.", err=True)
    return int(made["version"])


@group.command()
def publish(what: Annotated[str, typer.Argument(help="The file, or the number of its version.")]) -> None:
    """Make a version live, once one person of each side has signed it.

    Example: baton agreement publish 1
    """
    said = asyncio.run(_publish(what))
    when = "is live" if said["state"] == "live" else f"goes live at {said['live_at']}"
    typer.echo(f"Version {said['version']} {when}.")


async def _publish(what: str) -> dict[str, Any]:
    async with live() as client:
        number = await _version_of(client, what)
        said: dict[str, Any] = await ask(client, "POST", f"/v1/agreements/{number}/publish")
    return said


@group.command()
def history(as_json: Json = False) -> None:
    """List every version with its state and who signed it.

    Example: baton agreement history
    """
    rows = asyncio.run(_get("/v1/agreements"))
    for row in rows:
        row["signed by"] = [f"{item['person']} ({item['side']})" for item in row["signatures"]]
    columns = ["version", "state", "name", "hash", "uploaded_at", "live_at", "signed by"]
    table(rows, columns, as_json=as_json, empty="No agreement yet; begin with: baton agreement new")


def text_of(file: Path) -> str:
    """The text of an agreement file; one that cannot be read ends the command."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{file} cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8 text'}.")


def _good(file: Path, parsed: ParseResult) -> Agreement:
    if parsed.agreement is None:
        first = next(problem for problem in parsed.problems if problem.severity == "error")
        fail(f"{file}:{first.line}:{first.column}: {first.message}", 1)
    return parsed.agreement
