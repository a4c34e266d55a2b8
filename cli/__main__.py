"""The `baton` command: up | router | timer | notifier | console | tools."""

import asyncio
import os
import sys
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import typer

from shared.base.errors import BatonError, CannotStart

app = typer.Typer(
    help="Baton: the relay between marketing and sales.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _settings(**given: Any) -> Any:
    from cli.services import NAMES
    from cli.services import settings_of as settings_of_service
    from shared.base.settings import Settings, load, refuse_unknown

    refuse_unknown(Settings, *(settings_of_service(name) for name in NAMES))
    return load(Settings, **{name: value for name, value in given.items() if value is not None})


def _serve(names: tuple[str, ...], **given: Any) -> None:
    from cli.services import one_service
    from shared.base.telemetry import start_logging
    from shared.runtime.server import serve

    settings = _settings(**given)
    begin = None
    if settings.agreement and "router" in names:
        from cli.draft_on_start import Begin, text_of

        begin = Begin(settings.agreement, text_of(settings.agreement))
    start_logging(settings.log_format, settings.log_level)
    asyncio.run(serve(tuple(one_service(name) for name in names), settings, ready=begin))


@app.command()
def up(
    data: Annotated[Path | None, typer.Option(help="Where the files are kept.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    agreement: Annotated[Path | None, typer.Option(help="An agreement file to begin with, as a draft.")] = None,
) -> None:
    """Everything in one process, SQLite files, embedded log.

    Example: baton up --data ./baton-data --port 8080
    """
    from cli.services import NAMES

    _serve(NAMES, data_dir=data, port=port, host=host, agreement=str(agreement) if agreement else None)


def _one(name: str, what: str) -> None:
    def start(
        port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
        host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    ) -> None:
        _serve((name,), port=port, host=host)

    start.__doc__ = f"{what}\n\nExample: baton {name} --host 0.0.0.0"
    app.command(name)(start)


_one("router", "Owns leads: who they are, what they are worth, whose they are.")
_one("timer", "Owns promises: what is due, to whom, by when.")
_one("notifier", "Owns messages: who was told, how, and what they answered.")
_one("console", "Owns nothing: shows everything, asks owners to act.")


@cache
def whole() -> typer.Typer:
    """The command with all its tools."""
    from cli import commands

    commands.add(app)
    return app


def main() -> None:
    """Run the command; whatever is not a fault of this program ends it with one sentence."""
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    try:
        if len(sys.argv) > 1 and "--help" not in sys.argv:
            _settings()
        whole()()
    except Exception as error:
        sentence, code = _ended(error)
        if not sentence:
            raise
        typer.secho(sentence, fg="red", err=True)
        sys.exit(code)


def _ended(error: Exception) -> tuple[str, int]:
    """What to say of a failure, and the exit code: 2 for a wrong use, 1 for bad news; no sentence for a fault of ours."""
    from shared.store.failures import is_infrastructure_error

    if isinstance(error, CannotStart):
        return error.sentence, 2
    if isinstance(error, BatonError):
        return error.sentence, 1
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename} cannot be used: {error.strerror}.", 2
    if is_infrastructure_error(error):
        said = str(error).splitlines()[0] if str(error) else "no answer"
        return (
            f"The database or the brokers cannot be reached ({type(error).__name__}: {said}); `baton doctor` says which.",
            1,
        )
    return "", 1


if __name__ == "__main__":
    main()
