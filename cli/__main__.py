"""The `baton` command: runs all services (`up`) or one of them, and loads every other command only when called."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.lazy import LazyGroup
from shared.base.errors import BatonError, CannotStart

app = typer.Typer(
    cls=LazyGroup,
    help="Baton: the lead relay between marketing and sales.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _load_settings(**options: Any) -> Any:
    from cli.services import SERVICE_NAMES
    from cli.services import settings_class as settings_of_service
    from shared.base.settings import Settings, load, refuse_unknown

    refuse_unknown(Settings, *(settings_of_service(name) for name in SERVICE_NAMES))
    return load(Settings, **{name: value for name, value in options.items() if value is not None})


def _serve(names: tuple[str, ...], **options: Any) -> None:
    from cli.services import build_service
    from shared.base.telemetry import start_logging
    from shared.runtime.server import serve

    settings = _load_settings(**options)
    on_ready = None
    if settings.agreement and "router" in names:
        from cli.draft_on_start import DraftOnStart, read_text

        on_ready = DraftOnStart(settings.agreement, read_text(settings.agreement))
    start_logging(settings.log_format, settings.log_level)
    asyncio.run(serve(tuple(build_service(name) for name in names), settings, ready=on_ready))


@app.command()
def up(
    data: Annotated[Path | None, typer.Option(help="The folder of the database files.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    agreement: Annotated[Path | None, typer.Option(help="An agreement file to upload as a draft.")] = None,
) -> None:
    """Run all services in one process, with SQLite files and an embedded event log.

    Example: baton up --data ./baton-data --port 8080
    """
    from cli.services import SERVICE_NAMES

    _serve(SERVICE_NAMES, data_dir=data, port=port, host=host, agreement=str(agreement) if agreement else None)


def _add_service_command(name: str, description: str) -> None:
    def start(
        port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
        host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    ) -> None:
        _serve((name,), port=port, host=host)

    start.__doc__ = f"{description}\n\nExample: baton {name} --host 0.0.0.0"
    app.command(name)(start)


_add_service_command("router", "Run the router: it receives leads, qualifies them and assigns them to reps.")
_add_service_command("timer", "Run the timer: it tracks every SLA clock, and warns, breaches and escalates.")
_add_service_command("notifier", "Run the notifier: it sends notices, and records what people answer.")
_add_service_command("console", "Run the console: it shows all leads and promises, and forwards what people decide.")


def main() -> None:
    """Run the command. An expected error ends the process with one sentence and an exit code, without a traceback."""
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    try:
        if len(sys.argv) > 1 and "--help" not in sys.argv:
            _load_settings()
        app()
    except Exception as error:
        sentence, code = _error_sentence(error)
        if not sentence:
            raise
        typer.secho(sentence, fg="red", err=True)
        sys.exit(code)


def _error_sentence(error: Exception) -> tuple[str, int]:
    """The sentence to print for an error and the exit code: 2 for wrong use, 1 for a failure in the answer.

    The sentence is empty when the error is a defect of this program, which then shows its traceback.
    """
    from shared.store.failures import is_infrastructure_error

    if isinstance(error, CannotStart):
        return error.sentence, 2
    if isinstance(error, BatonError):
        return error.sentence, 1
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename} cannot be used: {error.strerror}.", 2
    if is_infrastructure_error(error):
        reason = str(error).splitlines()[0] if str(error) else "no answer"
        return (
            f"The database or the brokers cannot be reached ({type(error).__name__}: {reason}); `baton doctor` says which.",
            1,
        )
    return "", 1


if __name__ == "__main__":
    main()
