"""What a process is told to begin with: an agreement file, kept as the next draft."""

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


class Begin:
    """Called by `serve` when it is ready; keeps the file as a draft beside everything else."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text
        self._work: asyncio.Task[None] | None = None

    def __call__(self, state: Process, url: str) -> None:
        """Begin."""
        self._work = asyncio.create_task(self._draft(state.resources.databases["router"]))

    async def _draft(self, db: Database) -> None:
        try:
            said = await db.run(self._kept)
        except BadRequest as mistake:
            said = f"is not taken. {mistake.sentence}"
        log.info("The agreement file %s %s", self.file, said)

    async def _kept(self, tx: Tx) -> str:
        for row in await agreements.history(tx):
            if row["hash"] == agreement_hash(self.text) and row["state"] != "superseded":
                return f"is version {row['version']}, {row['state']} already."
        made = await agreement.upload(tx, self.text, "baton up --agreement")
        return f"is version {made['version']} now, a draft; sign it with: baton agreement sign {made['version']}"


def text_of(file: str) -> str:
    """The file's text. Raises OSError, or TheirMistake when it is not UTF-8."""
    try:
        return Path(file).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadRequest(f"{file} is not UTF-8 text.") from error
