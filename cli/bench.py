"""`baton bench`: says where the measurements are; they need the tests' parts (a broker, a database, a mail server)."""

import typer


def bench() -> None:
    """Say how to measure: the measurements are in the repository, with the parts that they run against.

    Example: baton bench
    """
    typer.echo(
        "The measurements start a broker, a database and a mail server of their own, which only the repository has:"
        " clone it and run `make bench`, or `make bench ARGS=--short` for two minutes; docs/bench.md says what they print."
    )
