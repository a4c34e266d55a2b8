"""A recorded request tried without storing anything: verified? which answer? which leads? parked why?"""

import base64
import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from services.router.sources import registry, responses
from services.router.sources.canonical import Delivery, EndpointConfig, Item
from services.router.sources.errors import UnreadableBody
from services.router.sources.request import WebhookRequest, lower_case_headers, signed_url
from services.router.sources.responses import WebhookResponse
from services.router.sources.signature_schemes import Secret
from services.router.sources.verify import NOT_CONFIGURED
from shared.base.errors import BadRequest
from shared.base.ids import stable_id

NIL_INTAKE_ID = "00000000-0000-0000-0000-000000000000"
_MAX_GENERATED_BYTES = 64 * 1024 * 1024


def try_request(
    case: Mapping[str, Any],
    source: str | None = None,
    scheme: str | None = None,
    secret: str | Sequence[str] | None = None,
    now: float | None = None,
    config: EndpointConfig | None = None,
) -> dict[str, Any]:
    """Try a request shaped like a case of the vectors; what is given beside it wins over what the case says.

    `now` is in unix seconds. Ids in the answer are those of the nil intake, for nothing is stored. Raises TheirMistake
    when the case is no request.
    """
    sender = registry.source_named(str(source or case.get("source") or ""))
    body = case_body(case)
    headers = lower_case_headers(_case_headers(case))
    url, _, query = str(case.get("url") or "").partition("?")
    method, shown = str(case.get("method") or "POST"), case.get("path_secret") or _path_secret(url)
    request = WebhookRequest(method, signed_url(url, query), headers, body, shown)
    moment = now if now is not None else case.get("now")
    if moment is not None and not (isinstance(moment, (int, float)) and math.isfinite(moment)):
        raise BadRequest("`now` must be a number of unix seconds.")
    schemes = [name] if (name := scheme or case.get("scheme")) else []
    verification = sender.verify(
        schemes, request, _secrets(secret if secret is not None else case.get("secret")), moment or 0
    )
    refused = sender.early_refusal(request.method, headers, len(body))
    if refused is None and not verification.ok:
        missing = verification.reason == NOT_CONFIGURED
        refused = responses.not_configured(sender.response_policy) if missing else responses.unauthorized()
    refused = refused or sender.unsupported_content(headers)
    outcome: dict[str, Any] = {"verified": verification.ok, "reason": verification.reason or None}
    if refused is not None:
        return outcome | _outcome(refused)
    delivery = Delivery(body, headers.get("content-type", ""), registry.stored_headers(headers), request.method, query)
    return outcome | _read(sender, delivery, config or EndpointConfig())


def _read(kind: registry.Source, delivery: Delivery, setup: EndpointConfig) -> dict[str, Any]:
    first = responses.accepted(kind.response_policy, NIL_INTAKE_ID, [stable_id(NIL_INTAKE_ID, 0)])
    try:
        found = kind.read_items(delivery, setup)
    except UnreadableBody as unreadable:
        if kind.parse_before_commit:
            return _outcome(responses.bad_request(unreadable.reason))
        return _outcome(first, parked=unreadable.reason)
    good = [element for element in found if element.problem is None]
    bad = [element for element in found if element.problem is not None]
    if not kind.parse_before_commit:
        return _outcome(first, good, "; ".join(_describe_problem(element) for element in bad) or None)
    problems = [responses.item_problem(element.index, element.problem or "") for element in bad]
    if not good:
        return _outcome(responses.bad_request("No lead of the request is of use.", problems))
    ids = [stable_id(NIL_INTAKE_ID, element.index) for element in good]
    return _outcome(responses.accepted(kind.response_policy, NIL_INTAKE_ID, ids, problems), good)


def _describe_problem(element: Item) -> str:
    return f"element {element.index}: {element.problem}"


def _outcome(answer: WebhookResponse, leads: Sequence[Item] = (), parked: str | None = None) -> dict[str, Any]:
    return {
        "answer": {"status": answer.status, "headers": dict(answer.headers), "body": answer.body.decode()},
        "leads": [element.fields.public() for element in leads],
        "parked": parked,
    }


def _case_headers(case: Mapping[str, Any]) -> list[tuple[str, str]]:
    headers = case.get("headers") or {}
    if not isinstance(headers, Mapping):
        raise BadRequest("`headers` must be an object of names and values.")
    return [
        (str(name), str(one))
        for name, value in headers.items()
        for one in (value if isinstance(value, list) else [value])
    ]


def _path_secret(url: str) -> str | None:
    found = re.search(r"/webhooks/[^/]+/([^/]+)$", url)
    return found[1] if found else None


def _secrets(given: Any) -> list[Secret]:
    values = [given] if isinstance(given, str) else given or []
    return [Secret(str(value), str(place)) for place, value in enumerate(values)]


def case_body(case: Mapping[str, Any]) -> bytes:
    """The body of a case: its text (`body_raw`), its bytes (`body_base64`), or made where the case only describes it
    (`generate`). Raises TheirMistake."""
    plan = case.get("generate")
    if "body_base64" in case:
        try:
            return base64.b64decode(str(case["body_base64"]), validate=True)
        except ValueError as error:
            raise BadRequest("`body_base64` is not base64.") from error
    if plan is None:
        raw = case.get("body_raw", "")
        return (raw if isinstance(raw, str) else json.dumps(raw)).encode("utf-8", "surrogatepass")
    try:
        if "nest" in plan:
            count = int(plan["depth"])
            closing = "]" if plan["nest"] == "[" else "}"
            body = str(plan["nest"]) * min(count, _MAX_GENERATED_BYTES) + closing * min(count, _MAX_GENERATED_BYTES)
        else:
            body = str(plan.get("wrap", "%s")).replace(
                "%s", str(plan["repeat"]) * min(int(plan["bytes"]), _MAX_GENERATED_BYTES)
            )
    except (KeyError, TypeError, ValueError) as error:
        raise BadRequest("`generate` needs `nest` and `depth`, or `repeat`, `bytes` and `wrap`.") from error
    return body.encode()
