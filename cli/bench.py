"""`baton bench`: explain where the benchmarks are and how to run them."""

import typer


def bench() -> None:
    """Explain how to run the benchmarks. They are in the repository, with the servers that they need.

    Example: baton bench
    """
    typer.echo(
        "The benchmarks start a broker, a database and a mail server of their own, which only the repository contains:"
        " clone it and run `make bench`, or `make bench ARGS=--short` for two minutes; docs/bench.md explains the output."
    )
