"""All the tools of the `baton` command, one file for each group."""

import typer

from cli import agreement, audit, bench, deadline, destinations, dlq, endpoints, keys, lists, ops, roster


def add(app: typer.Typer) -> None:
    """Add every tool to the command."""
    app.add_typer(agreement.group, name="agreement")
    app.add_typer(roster.group, name="roster")
    app.add_typer(lists.group, name="lists")
    app.add_typer(keys.keys, name="keys")
    app.add_typer(endpoints.endpoints, name="endpoints")
    app.add_typer(destinations.targets, name="targets")
    app.add_typer(dlq.dlq, name="dlq")
    app.command("deadline")(deadline.deadline)
    app.command("audit")(audit.audit)
    app.command("bench")(bench.bench)
    app.command("migrate")(ops.migrate)
    app.command("doctor")(ops.doctor)
    app.command("openapi")(ops.openapi)
    _add_demo(app)


def _add_demo(app: typer.Typer) -> None:
    from cli.demo.command import demo

    app.command("demo")(demo)
