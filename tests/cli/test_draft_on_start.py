"""`baton up --agreement FILE` stores the file as a draft, once."""

import asyncio
from pathlib import Path

import httpx

from cli.draft_on_start import DraftOnStart
from services.router.app import build
from services.router.settings import Settings
from shared.runtime.app import build_app
from shared.runtime.process import Process
from shared.runtime.resources import Resources
from tests.cli.test_error_sentences import EXAMPLE
from tests.service_harness import service_harness


async def _start_with(resources: Resources, text: str) -> None:
    draft_on_start = DraftOnStart("agreement.yaml", text)
    draft_on_start(
        Process(build_app((), resources, asyncio.Event()), resources, (), asyncio.Event()), "http://localhost"
    )
    assert draft_on_start._task
    await draft_on_start._task


async def test_the_agreement_file_is_stored_as_one_draft_over_several_starts(tmp_path: Path) -> None:
    async with service_harness(build(Settings()), tmp_path) as router:
        app = build_app((router.service,), router.resources, asyncio.Event())
        for _ in range(2):
            await _start_with(router.resources, EXAMPLE.read_text())
        await _start_with(router.resources, "agreement: 7\nnonsense: yes\n")
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            rows = (await client.get("/v1/agreements")).json()
        assert [(row["version"], row["state"]) for row in rows] == [(1, "draft")]
