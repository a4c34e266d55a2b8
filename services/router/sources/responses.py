"""What each source is answered, as data: the wrong answer loses leads, so the right one differs by source."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

JSON_TYPE = "application/json"
PROBLEM_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class WebhookResponse:
    """An HTTP answer, ready to be sent and to be kept for the repetition of the request."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class ResponsePolicy:
    """How one source wants its answers: the status for what is stored, whether leads are named, Retry-After's unit."""

    accepted: int = 200
    names_leads: bool = False
    retry_after: str = "s"


def accepted(
    policy: ResponsePolicy, intake: str, leads: Sequence[str] = (), problems: Sequence[Mapping[str, Any]] = ()
) -> WebhookResponse:
    """Stored. A repetition gets these very bytes again; `problems` are the items of our own contract that are of no use."""
    said: dict[str, Any] = {"status": "accepted", "id": intake}
    if policy.names_leads:
        said["leads"] = list(leads)
    if problems:
        said["problems"] = [dict(problem) for problem in problems]
    return _json(policy.accepted, JSON_TYPE, said)


def problem(status: int, kind: str, title: str, detail: str, **extra: Any) -> WebhookResponse:
    """An RFC 9457 problem: `detail` is one sentence."""
    said = {"type": f"/problems/{kind}", "title": title, "status": status, "detail": detail, **extra}
    return _json(status, PROBLEM_TYPE, said)


def unauthorized() -> WebhookResponse:
    """401 without a detail: whoever forges learns nothing."""
    return problem(401, "unauthentic", "Unauthorized", "The request could not be verified.")


def bad_request(detail: str, problems: Sequence[Mapping[str, Any]] = ()) -> WebhookResponse:
    """400 of our own contract: nothing was stored."""
    extra = {"problems": [dict(item) for item in problems]} if problems else {}
    return problem(400, "unreadable", "Bad Request", detail, **extra)


def item_problem(index: int, detail: str) -> dict[str, Any]:
    """One item of an array that is of no use, as a problem."""
    return {"type": "/problems/unreadable", "title": "Bad Request", "status": 400, "detail": detail, "index": index}


def too_large(cap: int) -> WebhookResponse:
    """413: the body is larger than `cap` bytes."""
    return problem(413, "too-large", "Content Too Large", f"A body may have at most {cap} bytes.")


def unsupported_media_type(detail: str) -> WebhookResponse:
    """415: a content type or an encoding that this source does not send."""
    return problem(415, "unsupported", "Unsupported Media Type", detail)


def method_not_allowed(allowed: Sequence[str]) -> WebhookResponse:
    """405 with the methods that this door knows."""
    made = problem(405, "wrong-method", "Method Not Allowed", "This door does not know the method.")
    return WebhookResponse(made.status, {**made.headers, "allow": ", ".join(allowed)}, made.body)


def unknown_endpoint() -> WebhookResponse:
    """404: there is no such endpoint, and never was."""
    return problem(404, "not-found", "Not Found", "There is no such endpoint.")


def tombstone() -> WebhookResponse:
    """200 for an endpoint that once was: some senders switch themselves off at a 404 or a 410."""
    return _json(200, JSON_TYPE, {"status": "ignored"})


def not_configured(policy: ResponsePolicy, seconds: int = 300) -> WebhookResponse:
    """503: the endpoint has no secret in force; nothing is let in unverified."""
    return _later(
        policy, seconds, 503, "not-configured", "The endpoint has no usable secret; ask its owner to set one."
    )


def unavailable(policy: ResponsePolicy, seconds: int = 5) -> WebhookResponse:
    """503: it could not be stored; never a false 2xx."""
    return _later(policy, seconds, 503, "unavailable", "The request could not be stored; send it again.")


def slow_down(policy: ResponsePolicy, seconds: int) -> WebhookResponse:
    """429: over the rate of this endpoint; `seconds` until it may try again."""
    return _later(policy, seconds, 429, "too-many", "Too many requests; send it again later.")


def _later(policy: ResponsePolicy, seconds: int, status: int, kind: str, detail: str) -> WebhookResponse:
    made = problem(status, kind, "Service Unavailable" if status == 503 else "Too Many Requests", detail)
    wait = seconds * 1000 if policy.retry_after == "ms" else seconds
    return WebhookResponse(status, {**made.headers, "retry-after": str(wait)}, made.body)


def _json(status: int, kind: str, said: Mapping[str, Any]) -> WebhookResponse:
    return WebhookResponse(status, {"content-type": kind}, json.dumps(said, separators=(",", ":")).encode())
