"""The HTTP server of a process: listens, serves the app, and stops on TERM or Ctrl-C."""

import asyncio
import logging
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from shared.base.errors import CannotStart, Unavailable
from shared.base.settings import Settings
from shared.base.waits import sleep_until
from shared.runtime.process import Process, running
from shared.runtime.resources import write_run_file
from shared.runtime.service import Service

log = logging.getLogger(__name__)


async def serve(
    services: tuple[Service, ...],
    settings: Settings,
    *,
    ready: Callable[[Process, str], Any] | None = None,
) -> None:
    """Run the services until TERM or Ctrl-C. Raises CannotStart when the port is taken."""
    with _bound(settings) as listening:
        await _serve(services, settings, listening, ready)


@contextmanager
def _bound(settings: Settings) -> Iterator[socket.socket]:
    """Bind the listening socket. This comes first, so that a taken port stops the start before anything is opened."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((settings.host, settings.port))
        except OSError as error:
            raise CannotStart(
                f"Nothing can listen on {settings.host} port {settings.port} ({error.strerror});"
                " choose another with --port and --host (BATON_PORT, BATON_HOST)."
            ) from error
        yield listening


async def _serve(
    services: tuple[Service, ...],
    settings: Settings,
    listening: socket.socket,
    ready: Callable[[Process, str], Any] | None,
) -> None:
    async with running(services, settings) as state:
        config = uvicorn.Config(
            state.app,
            host=settings.host,
            port=settings.port,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=5,
            timeout_keep_alive=30,
            h11_max_incomplete_event_size=65536,
        )
        server = _Server(config, state.stop)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started and not serving.done():
            await sleep_until(None, state.stop, 0.02)
        if serving.done():
            await serving
            return
        port = listening.getsockname()[1]
        url = f"http://{settings.host}:{port}"
        if settings.embedded:
            write_run_file(state.resources, url)
        log.info(
            "Baton %s is ready.",
            ", ".join(service.name for service in services),
            extra={"url": url},
        )
        if ready:
            ready(state, url)
        await serving
        if state.failed:
            raise Unavailable("A part of this process ended by itself, so the process stopped; the log says why.")


class _Server(uvicorn.Server):
    """A uvicorn server that stops with the same event as the loops, so that open streams end as well."""

    def __init__(self, config: uvicorn.Config, stop: asyncio.Event) -> None:
        super().__init__(config)
        self._stop = stop

    async def startup(self, sockets: Any = None) -> None:
        """Listen, and watch for the stop."""
        await super().startup(sockets)
        self._watch = asyncio.create_task(self._leave())

    async def _leave(self) -> None:
        await self._stop.wait()
        self.should_exit = True

    def handle_exit(self, sig: int, frame: Any) -> None:
        """Stop the server and the loops on TERM or Ctrl-C; a second Ctrl-C closes open connections at once.

        The method of uvicorn would raise the signal again after closing the socket and end the process before the
        loops have stopped."""
        self._stop.set()
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True
