"""`baton up --agreement FILE`: upload the file as a draft when the process is ready, unless it is uploaded already."""

import asyncio
import logging
from pathlib import Path

from services.router.handlers import agreement
from services.router.store import agreements
from shared.agreement.language.signing import agreement_hash
from shared.base.errors import BadRequest
from shared.runtime.process import Process
from shared.store.database import Database
from shared.store.tx import Tx

log = logging.getLogger(__name__)


class DraftOnStart:
    """A callback for `serve` that uploads an agreement file in the background and logs the outcome."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text
        self._task: asyncio.Task[None] | None = None

    def __call__(self, state: Process, url: str) -> None:
        """Start the upload."""
        self._task = asyncio.create_task(self._upload(state.resources.databases["router"]))

    async def _upload(self, db: Database) -> None:
        try:
            outcome = await db.run(self._upload_once)
        except BadRequest as error:
            outcome = f"is refused. {error.sentence}"
        log.info("The agreement file %s %s", self.file, outcome)

    async def _upload_once(self, tx: Tx) -> str:
        for row in await agreements.history(tx):
            if row["hash"] == agreement_hash(self.text) and row["state"] != "superseded":
                return f"is already version {row['version']} ({row['state']})."
        draft = await agreement.upload(tx, self.text, "baton up --agreement")
        return f"is now draft version {draft['version']}; sign it with: baton agreement sign {draft['version']}"


def read_text(file: str) -> str:
    """The text of the file. Raises OSError, or BadRequest when it is not UTF-8."""
    try:
        return Path(file).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadRequest(f"{file} is not UTF-8 text; save it as UTF-8.") from error
