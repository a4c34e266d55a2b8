"""Finds the shared test vectors: the originals beside the repository if they exist, else the copies in tests/vectors."""

from pathlib import Path

TESTS = Path(__file__).resolve().parent
COPIES = TESTS / "vectors"
ORIGINALS = TESTS.parent.parent / "shared" / "vectors"


def vectors(name: str) -> Path:
    """The path of a vector file such as "business_time.json" or "webhooks/marketo.json"."""
    original = ORIGINALS / name
    return original if original.exists() else COPIES / name
