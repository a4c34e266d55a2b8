"""The one verifier: is this request authentic under this recipe, with these secrets, at this moment?"""

import hmac
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from services.router.sources.request import WebhookRequest, normalise_svix
from services.router.sources.signature import (
    SignatureError,
    any_signature_matches,
    decode_key,
    parse_signature_header,
    parse_timestamp,
    string_to_sign,
)
from services.router.sources.signature_schemes import Secret, SignatureScheme

NOT_CONFIGURED = "not configured"


@dataclass(frozen=True, slots=True)
class Verification:
    """The verdict: `reason` is a short code ("" when ok), `matched_key` the id of the secret that matched."""

    ok: bool
    reason: str = ""
    secret_id: str | None = None
    scheme: str | None = None


def verify(scheme: SignatureScheme, request: WebhookRequest, secrets: Sequence[Secret], now: float) -> Verification:
    """Check one request at `now` (unix seconds). Never raises: whatever cannot be read is not authentic.

    Without a usable secret in force it fails closed with the reason "not configured".
    """
    keys = [
        (secret.id, key)
        for secret in secrets
        if secret.in_force(now) and (key := decode_key(scheme, secret.value)) is not None
    ]
    if not keys:
        return Verification(False, NOT_CONFIGURED, scheme=scheme.name)
    try:
        request = replace(request, headers=normalise_svix(request.headers))
        matched = _match_signature(scheme, request, keys, now) if scheme.signed else _match_token(scheme, request, keys)
    except SignatureError as refusal:
        return Verification(False, str(refusal), scheme=scheme.name)
    except Exception:  # a hostile request must be a 401, never a 500
        return Verification(False, "signature malformed", scheme=scheme.name)
    if not matched:
        return Verification(False, "signature does not match" if scheme.signed else "wrong secret", scheme=scheme.name)
    return Verification(True, "", matched[0], scheme.name)


def verify_any(
    schemes: Sequence[SignatureScheme], request: WebhookRequest, secrets: Sequence[Secret], now: float
) -> Verification:
    """Check a request at an endpoint that allows several schemes; the first that holds wins, in the given order.

    A scheme whose header is present puts the ones that it supersedes out of the running.
    """
    present = [recipe for recipe in schemes if recipe.header in request.headers]
    beaten = frozenset[str]().union(*(recipe.supersedes for recipe in present))
    verdict = Verification(False, NOT_CONFIGURED)
    for recipe in schemes:
        if recipe.name in beaten:
            continue
        found = verify(recipe, request, secrets, now)
        if found.ok:
            return found
        # Of several refusals the most telling is kept: one whose header was there, else the first that has a secret.
        if verdict.reason == NOT_CONFIGURED or (recipe in present and found.reason != NOT_CONFIGURED):
            verdict = found
    return verdict


def _match_signature(
    recipe: SignatureScheme, request: WebhookRequest, keys: list[tuple[str, bytes]], now: float
) -> list[str]:
    header = request.headers.get(recipe.header or "")
    if not header:
        raise SignatureError("signature missing")
    signatures, time_text = parse_signature_header(recipe, header)
    _check_timestamp(recipe, request, time_text, now)
    # Every key is tried, so that the time taken does not tell which one is in use.
    return [
        name
        for name, key in keys
        if any_signature_matches(recipe, key, string_to_sign(recipe, request, key, time_text), signatures)
    ]


def _check_timestamp(recipe: SignatureScheme, request: WebhookRequest, time_text: str | None, now: float) -> None:
    rule = recipe.timestamp
    if rule is None:
        return
    text = request.headers.get(rule.header) if rule.header else time_text
    if not text:
        raise SignatureError("timestamp missing")
    age = now - parse_timestamp(rule.unit, text)
    if abs(age) <= rule.tolerance:
        return
    raise SignatureError("timestamp in the future" if age < 0 else "timestamp too old")


def _match_token(recipe: SignatureScheme, request: WebhookRequest, keys: list[tuple[str, bytes]]) -> list[str]:
    token = _presented_token(recipe, request)
    if not token:
        raise SignatureError("secret missing")
    # Hashed first: compare_digest tells apart different lengths by its time.
    digest = sha256(token).digest()
    return [name for name, key in keys if hmac.compare_digest(digest, sha256(key).digest())]


def _presented_token(recipe: SignatureScheme, request: WebhookRequest) -> bytes:
    if recipe.token == "path":
        return (request.path_secret or "").encode()
    header = request.headers.get(recipe.header or "", "")
    if recipe.token == "header":
        return header.encode()
    word, _, rest = header.partition(" ")
    if word.lower() != recipe.token:
        raise SignatureError("secret missing")
    return b64decode(rest.strip(), validate=True) if recipe.token == "basic" else rest.strip().encode()
