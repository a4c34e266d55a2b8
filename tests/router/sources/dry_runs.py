"""Dry runs of requests that were changed, with checks that hold for every outcome."""

import base64
from typing import Any

from services.router.sources.dry_run import try_request
from services.router.sources.verify import REASONS

PROVING_HEADERS = frozenset(
    (
        *("x-hubspot-signature", "x-hubspot-signature-v3", "x-hubspot-request-timestamp", "authorization"),
        *("webhook-id", "webhook-timestamp", "webhook-signature"),
    )
)
"""Headers that prove that a request is authentic."""


def dry_run(request: dict[str, Any], **options: Any) -> dict[str, Any]:
    """Dry-run a request, and check what holds for every outcome."""
    outcome = try_request(request, **options)
    status = outcome["answer"]["status"]
    assert status in (200, 202, 400, 401, 405, 413, 415, 503)
    if not outcome["verified"]:
        assert status in (401, 405, 413, 503)
        assert REASONS[outcome["reason"]].endswith(".")
    if status >= 300:
        assert outcome["leads"] == []
    return outcome


def with_header(request: dict[str, Any], name: str, value: str | None) -> dict[str, Any]:
    """The request with another value of one header; None drops it."""
    headers = {key: text for key, text in request["headers"].items() if key != name}
    return {**request, "headers": headers if value is None else {**headers, name: value}}


def with_body(request: dict[str, Any], body: bytes) -> dict[str, Any]:
    """The request with another body, its headers as they were."""
    bare = {name: value for name, value in request.items() if name not in ("body_raw", "body_base64", "generate")}
    return {**bare, "body_base64": base64.b64encode(body).decode()}
