"""A process whose loop ends by itself stops: half a process that reports itself healthy is worse than none."""

from dataclasses import replace
from pathlib import Path

import pytest

from services.timer.app import build
from services.timer.settings import Settings as TimerSettings
from shared.base.errors import Unavailable
from shared.base.settings import Settings
from shared.base.waits import sleep_until
from shared.runtime.server import serve
from shared.runtime.service import TaskContext


async def _breaks(recorder: TaskContext) -> None:
    await sleep_until(None, recorder.stop, 0.05)
    raise RuntimeError("something that nobody thought of")


async def test_a_loop_that_fails_stops_the_process_and_the_log_names_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    service = replace(build(TimerSettings()), background=(_breaks,))
    settings = Settings(_env_file=None, data_dir=tmp_path, port=0, secret_keys="k" * 32)
    with pytest.raises(Unavailable, match="ended by itself"):
        await serve((service,), settings)
    assert "A loop of this process ended" in caplog.text
