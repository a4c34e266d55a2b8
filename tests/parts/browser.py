"""Finds an installed Chromium for playwright; none is downloaded."""

import os
import shutil
from pathlib import Path

from tests.parts import Missing

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATHS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
MISSING_MESSAGE = "no browser here (on Debian: apt-get install chromium; or name one in BATON_TEST_CHROMIUM)"


def chromium() -> str:
    """The path of the executable. Raises Missing."""
    if named := os.environ.get("BATON_TEST_CHROMIUM"):
        return named
    for name in NAMES:
        if executable := shutil.which(name):
            return executable
    for path in PATHS:
        if Path(path).exists():
            return path
    raise Missing(MISSING_MESSAGE)
