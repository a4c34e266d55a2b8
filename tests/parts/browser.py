"""A Chromium that playwright can drive: the machine's own, since none is downloaded."""

import os
import shutil
from pathlib import Path

from tests.parts import Missing

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PLACES = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
MISSING_MESSAGE = "no browser here (on Debian: apt-get install chromium; or name one in BATON_TEST_CHROMIUM)"


def chromium() -> str:
    """The path of the executable. Raises Missing."""
    if named := os.environ.get("BATON_TEST_CHROMIUM"):
        return named
    for name in NAMES:
        if found := shutil.which(name):
            return found
    for place in PLACES:
        if Path(place).exists():
            return place
    raise Missing(MISSING_MESSAGE)
