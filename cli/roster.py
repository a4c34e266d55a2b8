"""`baton roster`: import people from a CSV file, and export them to one."""

import asyncio
import csv
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, TextIO
from zoneinfo import ZoneInfo

import typer

from cli.client import fail, get, post

group = typer.Typer(help="People who own and manage leads: import, export.", no_args_is_help=True)
COLUMNS = (
    *("id", "name", "email", "phone", "slack", "teams", "roles", "manager", "backup"),
    *("timezone", "hours", "skills", "active", "away_from", "away_until"),
)
LISTS = ("teams", "roles", "skills")
YES = frozenset(("yes", "true", "1", "y"))
NO = frozenset(("no", "false", "0", "n"))


@group.command("import")
def import_(file: Annotated[Path, typer.Argument(help=f"CSV with the columns {', '.join(COLUMNS)}.")]) -> None:
    """Add and change people from a CSV file. People who are not in the file stay unchanged.

    Example: baton roster import people.csv
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reps = read_reps(lines)
    except (OSError, UnicodeDecodeError, ValueError) as error:
        fail(f"{file}: {error}")
    result = asyncio.run(post("/v1/reps", {"reps": reps}))
    for warning in result["warnings"]:
        typer.secho(warning, fg="yellow", err=True)
    typer.echo(f"{result['new']} new, {result['changed']} changed, {result['same']} unchanged.")


def read_reps(lines: TextIO) -> list[dict[str, Any]]:
    """The people of a CSV file, as `POST /v1/reps` accepts them. Raises ValueError with the line and its mistake."""
    rows = csv.DictReader(lines)
    unknown = [name for name in rows.fieldnames or () if name not in COLUMNS]
    if unknown or "id" not in (rows.fieldnames or ()):
        raise ValueError(f"line 1: {unknown[0]!r} is not a column." if unknown else "line 1: the column id is missing.")
    reps: list[dict[str, Any]] = []
    first_lines: dict[str, int] = {}
    for row in rows:
        rep_id = (row.get("id") or "").strip()
        if None in row or not rep_id:
            raise ValueError(f"line {rows.line_num}: the id is missing, or there are more values than columns.")
        if rep_id in first_lines:
            raise ValueError(f"line {rows.line_num}: {rep_id!r} is already in line {first_lines[rep_id]}.")
        first_lines[rep_id] = rows.line_num
        reps.append(_rep({name: (value or "").strip() for name, value in row.items()}, rows.line_num))
    return reps


def _rep(row: dict[str, str], line: int) -> dict[str, Any]:
    rep: dict[str, Any] = {"id": row["id"], "name": row.get("name") or row["id"]}
    rep |= {name: row[name] for name in COLUMNS[2:12] if row.get(name) and name not in LISTS}
    rep |= {
        name: [item.strip() for item in row[name].split(";" if ";" in row[name] else ",")]
        for name in LISTS
        if row.get(name)
    }
    active = row.get("active", "").casefold()
    if active and active not in YES | NO:
        raise ValueError(f"line {line}: active must be yes or no, not {row['active']!r}.")
    rep["active"] = active not in NO
    if row.get("away_from") and not row.get("away_until"):
        raise ValueError(f"line {line}: away_from needs away_until; for a person who has left, set active to no.")
    if row.get("away_until"):
        zone = row.get("timezone") or "UTC"
        start = _to_utc(row.get("away_from") or datetime.now(UTC).isoformat(), zone, line)
        rep["away"] = [{"start": start, "until": _to_utc(row["away_until"], zone, line)}]
    return rep


def _to_utc(text: str, zone: str, line: int) -> str:
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC).isoformat()
    except (ValueError, KeyError) as error:
        raise ValueError(f"line {line}: {text!r} is not a time such as 2026-12-24 or 2026-12-24T09:00.") from error


@group.command()
def export(
    out: Annotated[Path | None, typer.Argument(help="The CSV file to write; default: print it.")] = None,
) -> None:
    """Write all people as CSV, in the format that `baton roster import` reads.

    Example: baton roster export people.csv
    """
    rows = asyncio.run(get("/v1/reps"))
    if out is None:
        write_reps(rows, sys.stdout)
        return
    with out.open("w", encoding="utf-8", newline="") as lines:
        write_reps(rows, lines)
    typer.echo(f"Wrote {len(rows)} people to {out}.")


def write_reps(rows: list[dict[str, Any]], lines: TextIO) -> None:
    """Write people as CSV. A cell that a spreadsheet would execute as a formula gets a leading apostrophe."""
    writer = csv.DictWriter(lines, COLUMNS)
    writer.writeheader()
    for row in rows:
        cells = {name: row.get(name) for name in COLUMNS[:12]}
        cells |= {name: ";".join(row.get(name) or ()) for name in LISTS}
        away = (row.get("away") or [{}])[-1]
        cells |= {"active": "yes" if row.get("active") else "no"}
        cells |= {"away_from": away.get("start"), "away_until": away.get("until")}
        writer.writerow({name: _escape_formula(value) for name, value in cells.items()})


def _escape_formula(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "-", "@") else value
