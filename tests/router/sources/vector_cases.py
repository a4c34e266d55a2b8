"""The cases of the shared webhook vectors for the sources of the router."""

import json
from collections.abc import Iterator
from typing import Any

from tests.vectors_at import vectors

FILES = {"hubspot_webhooks": 10, "hubspot_workflow": 3, "standard_webhooks": 9, "zapier_generic": 4}
"""The files, and how many cases each holds."""


def cases(*files: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each case with its file."""
    for file in files or FILES:
        for case in json.loads(vectors(f"webhooks/{file}.json").read_text())["cases"]:
            yield file, case


def case(file: str, name: str) -> dict[str, Any]:
    """One case by its name, a copy."""
    return next(entry for _, entry in cases(file) if entry["name"] == name)
