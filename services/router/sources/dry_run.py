"""Dry run of a recorded webhook request: verification, response, leads and reason for parking, without storing it."""

import base64
import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from services.router.sources import registry
from services.router.sources.canonical import Item
from services.router.sources.delivery import Delivery
from services.router.sources.endpoint_config import EndpointConfig
from services.router.sources.errors import UnreadableBody
from services.router.sources.first_response import first_response, parsed_response
from services.router.sources.request import WebhookRequest, lower_case_headers, signed_url
from services.router.sources.responses import WebhookResponse
from services.router.sources.source import Source
from shared.base.credentials import EndpointSecret
from shared.base.errors import BadRequest

NIL_INTAKE_ID = "00000000-0000-0000-0000-000000000000"
_MAX_GENERATED_LENGTH = 64 * 1024 * 1024


def try_request(
    case: Mapping[str, Any],
    source: str | None = None,
    scheme: str | None = None,
    secret: str | Sequence[str] | None = None,
    now: float | None = None,
    config: EndpointConfig | None = None,
) -> dict[str, Any]:
    """Try a request shaped like a case of the webhook vectors; the arguments win over what the case states.

    Returns `verified`, `reason`, `answer`, `leads` and `parked`. `now` is in unix seconds. The ids in the answer derive
    from the nil intake id, because nothing is stored. Raises BadRequest when the case is not a request.
    """
    kind = registry.source_named(str(source or case.get("source") or ""))
    query, request = _request_of(case)
    at = now if now is not None else case.get("now")
    if at is not None and not (isinstance(at, (int, float)) and math.isfinite(at)):
        raise BadRequest("`now` must be a number of unix seconds.")
    schemes = [name] if (name := scheme or case.get("scheme")) else []
    secrets = _secrets(secret if secret is not None else case.get("secret"))
    verification = kind.verify(schemes, request, secrets, at or 0)
    refusal = kind.early_refusal(request.method, len(request.body))
    if refusal is None and not verification.ok:
        refusal = kind.verification_refusal(verification)
    refusal = refusal or kind.unsupported_content(request.headers)
    verified = {"verified": verification.ok, "reason": verification.reason or None}
    if refusal is not None:
        return verified | _outcome(refusal)
    content_type, headers = request.headers.get("content-type", ""), registry.stored_headers(request.headers)
    delivery = Delivery(request.body, content_type, headers, request.method, query)
    return verified | _parsed_outcome(kind, delivery, config or EndpointConfig())


def _request_of(case: Mapping[str, Any]) -> tuple[str, WebhookRequest]:
    body = case_body(case)
    headers = lower_case_headers(_case_headers(case))
    url, _, query = str(case.get("url") or "").partition("?")
    method, path_secret = str(case.get("method") or "POST"), case.get("path_secret") or _path_secret(url)
    return query, WebhookRequest(method, signed_url(url, query), headers, body, path_secret)


def _parsed_outcome(source: Source, delivery: Delivery, config: EndpointConfig) -> dict[str, Any]:
    if source.parse_before_commit:
        return _outcome(*parsed_response(source, NIL_INTAKE_ID, delivery, config))
    response = first_response(source, NIL_INTAKE_ID, delivery, config)
    try:
        items = source.read_items(delivery, config)
    except UnreadableBody as error:
        return _outcome(response, parked=error.reason)
    usable = [item for item in items if item.problem is None]
    problems = [f"Item {item.index}: {item.problem}" for item in items if item.problem is not None]
    return _outcome(response, usable, " ".join(problems) or None)


def _outcome(response: WebhookResponse, items: Sequence[Item] = (), parked: str | None = None) -> dict[str, Any]:
    return {
        "answer": {"status": response.status, "headers": dict(response.headers), "body": response.body.decode()},
        "leads": [item.fields.public() for item in items],
        "parked": parked,
    }


def _case_headers(case: Mapping[str, Any]) -> list[tuple[str, str]]:
    headers = case.get("headers") or {}
    if not isinstance(headers, Mapping):
        raise BadRequest("`headers` must be an object of names and values.")
    return [
        (str(name), str(text))
        for name, value in headers.items()
        for text in (value if isinstance(value, list) else [value])
    ]


def _path_secret(url: str) -> str | None:
    match = re.search(r"/webhooks/[^/]+/([^/]+)$", url)
    return match[1] if match else None


def _secrets(secret: Any) -> list[EndpointSecret]:
    values = [secret] if isinstance(secret, str) else secret or []
    return [EndpointSecret(str(index), str(value)) for index, value in enumerate(values)]


def case_body(case: Mapping[str, Any]) -> bytes:
    """The body of a case: its text (`body_raw`), its bytes (`body_base64`) or generated as described (`generate`).

    Raises BadRequest when the description is unusable.
    """
    if "body_base64" in case:
        try:
            return base64.b64decode(str(case["body_base64"]), validate=True)
        except ValueError as error:
            raise BadRequest("`body_base64` is not base64.") from error
    if case.get("generate") is None:
        raw = case.get("body_raw", "")
        return (raw if isinstance(raw, str) else json.dumps(raw)).encode("utf-8", "surrogatepass")
    try:
        return _generated_body(case["generate"]).encode()
    except (KeyError, TypeError, ValueError) as error:
        raise BadRequest("`generate` needs `nest` and `depth`, or `repeat`, `bytes` and `wrap`.") from error


def _generated_body(plan: Mapping[str, Any]) -> str:
    if "nest" in plan:
        depth = min(int(plan["depth"]), _MAX_GENERATED_LENGTH)
        return str(plan["nest"]) * depth + ("]" if plan["nest"] == "[" else "}") * depth
    filler = str(plan["repeat"]) * min(int(plan["bytes"]), _MAX_GENERATED_LENGTH)
    return str(plan.get("wrap", "%s")).replace("%s", filler)
