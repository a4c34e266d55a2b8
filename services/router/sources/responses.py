"""HTTP responses to webhook requests. They differ by source, because a sender that gets the wrong one drops leads."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

JSON_TYPE = "application/json"
PROBLEM_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class WebhookResponse:
    """An HTTP response. It is stored with the request, and a repeated delivery gets the same bytes again."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class ResponsePolicy:
    """How one source is answered: status when stored, whether lead ids are listed, unit of Retry-After (s or ms)."""

    accepted: int = 200
    names_leads: bool = False
    retry_after: str = "s"


def accepted(
    policy: ResponsePolicy, intake: str, leads: Sequence[str] = (), problems: Sequence[Mapping[str, Any]] = ()
) -> WebhookResponse:
    """200 or 202: stored. `leads` are the lead ids, `problems` the unusable items of a generic array."""
    content: dict[str, Any] = {"status": "accepted", "id": intake}
    if policy.names_leads:
        content["leads"] = list(leads)
    if problems:
        content["problems"] = [dict(problem) for problem in problems]
    return _json(policy.accepted, JSON_TYPE, content)


def problem(status: int, kind: str, title: str, detail: str, **extra: Any) -> WebhookResponse:
    """An RFC 9457 problem of the type `/problems/KIND`; `detail` is one sentence."""
    content = {"type": f"/problems/{kind}", "title": title, "status": status, "detail": detail, **extra}
    return _json(status, PROBLEM_TYPE, content)


def unauthorized() -> WebhookResponse:
    """401. It does not say why, so that a forger learns nothing."""
    return problem(401, "unauthorized", "Unauthorized", "The request could not be verified.")


def bad_request(detail: str, problems: Sequence[Mapping[str, Any]] = ()) -> WebhookResponse:
    """400 for the generic source: the body or all of its items are unusable, and nothing was stored."""
    extra = {"problems": [dict(item) for item in problems]} if problems else {}
    return problem(400, "unreadable", "Bad Request", detail, **extra)


def item_problem(index: int, detail: str) -> dict[str, Any]:
    """One unusable item of an array, as a problem inside a response."""
    return {"type": "/problems/unreadable", "title": "Bad Request", "status": 400, "detail": detail, "index": index}


def too_large(max_bytes: int) -> WebhookResponse:
    """413: the body is larger than `max_bytes`."""
    return problem(413, "too-large", "Content Too Large", f"The body is too large; send at most {max_bytes} bytes.")


def unsupported_media_type(detail: str) -> WebhookResponse:
    """415: the content type or the content encoding is not accepted."""
    return problem(415, "unsupported-media-type", "Unsupported Media Type", detail)


def method_not_allowed(allowed: Sequence[str]) -> WebhookResponse:
    """405 with the methods that this endpoint accepts."""
    methods = ", ".join(allowed)
    detail = f"This endpoint does not accept the method; use {methods}."
    response = problem(405, "method-not-allowed", "Method Not Allowed", detail)
    return WebhookResponse(response.status, {**response.headers, "allow": methods}, response.body)


def unknown_endpoint() -> WebhookResponse:
    """404: no endpoint ever had this id."""
    return problem(404, "not-found", "Not Found", "There is no such endpoint; check the registered URL.")


def tombstone() -> WebhookResponse:
    """200 for a revoked endpoint, because some senders disable the webhook after a 404 or a 410."""
    return _json(200, JSON_TYPE, {"status": "ignored"})


def not_configured(policy: ResponsePolicy, seconds: int = 300) -> WebhookResponse:
    """503: the endpoint has no secret in force, and unverified requests are never accepted."""
    return _retry_later(
        policy, seconds, "not-configured", "The endpoint has no usable secret; ask its owner to set one."
    )


def unavailable(policy: ResponsePolicy, seconds: int = 5) -> WebhookResponse:
    """503: the request could not be stored, so the sender has to retry."""
    return _retry_later(policy, seconds, "unavailable", "The request could not be stored; send it again.")


def _retry_later(policy: ResponsePolicy, seconds: int, kind: str, detail: str) -> WebhookResponse:
    response = problem(503, kind, "Service Unavailable", detail)
    retry_after = seconds * 1000 if policy.retry_after == "ms" else seconds
    return WebhookResponse(response.status, {**response.headers, "retry-after": str(retry_after)}, response.body)


def _json(status: int, content_type: str, content: Mapping[str, Any]) -> WebhookResponse:
    return WebhookResponse(status, {"content-type": content_type}, json.dumps(content, separators=(",", ":")).encode())
