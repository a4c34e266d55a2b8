"""Where the shared vectors are: beside the repository where they are given, else the copies kept with the tests."""

from pathlib import Path

TESTS = Path(__file__).resolve().parent
COPIES = TESTS / "vectors"
ORIGINALS = TESTS.parent.parent / "shared" / "vectors"


def vectors(name: str) -> Path:
    """The path of a vector file such as "business_time.json" or "webhooks/marketo.json"."""
    given = ORIGINALS / name
    return given if given.exists() else COPIES / name
