"""Verifies webhook requests: whether one is authentic under a signature scheme, with these secrets, at this time."""

import hmac
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from services.router.sources.errors import SignatureError
from services.router.sources.request import WebhookRequest, normalise_svix
from services.router.sources.signature import (
    any_signature_matches,
    decode_key,
    parse_signature_header,
    parse_timestamp,
    string_to_sign,
)
from services.router.sources.signature_schemes import SignatureScheme
from shared.base.credentials import EndpointSecret

NOT_CONFIGURED = "not configured"
REASONS: Mapping[str, str] = {
    NOT_CONFIGURED: "No secret of this endpoint is in force for its scheme; add one with `baton endpoints rotate`.",
    "signature missing": "The signature header is missing; check that the sender signs, and by the endpoint's scheme.",
    "signature malformed": "The signature header cannot be decoded; check that the endpoint has the sender's scheme.",
    "signature does not match": "The signature does not match; compare the secret and the URL with the sender's.",
    "timestamp missing": "The header with the signed time is missing; check that the endpoint has the sender's scheme.",
    "timestamp malformed": "The signed time is not a unix time; check that the endpoint has the sender's scheme.",
    "timestamp too old": "The signed time is too old; check both clocks, or have the sender sign the request anew.",
    "timestamp in the future": "The signed time is in the future; check the clocks of the sender and of this server.",
    "header missing": "A signed header is missing or not ASCII; check that no proxy removes or changes headers.",
    "secret missing": "The request carries no secret where the scheme expects it; compare the sender's settings.",
    "wrong secret": "The secret in the request is not one of this endpoint; compare it with the sender's settings.",
}
"""What each reason code means and what to do about it, for the people who run the endpoint; never for the sender."""


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether a request is authentic: `reason` is a code of REASONS ("" when ok), `secret_id` the secret that matched."""

    ok: bool
    reason: str = ""
    secret_id: str | None = None
    scheme: str | None = None

    @property
    def explanation(self) -> str:
        """The reason in one sentence; "" when the request is authentic."""
        return REASONS.get(self.reason, "")


def verify(
    scheme: SignatureScheme, request: WebhookRequest, secrets: Sequence[EndpointSecret], now: float
) -> Verification:
    """Verify one request at `now` (unix seconds). Never raises: a request that cannot be checked is not authentic.

    Without a usable secret in force it fails closed, with the reason "not configured".
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
        matched = _match_signature(scheme, request, keys, now) if scheme.signs else _match_token(scheme, request, keys)
    except SignatureError as error:
        return Verification(False, str(error), scheme=scheme.name)
    except Exception:  # a hostile request must be a 401, never a 500
        return Verification(False, "signature malformed", scheme=scheme.name)
    if not matched:
        return Verification(False, "signature does not match" if scheme.signs else "wrong secret", scheme=scheme.name)
    return Verification(True, "", matched[0], scheme.name)


def verify_any(
    schemes: Sequence[SignatureScheme], request: WebhookRequest, secrets: Sequence[EndpointSecret], now: float
) -> Verification:
    """Verify a request at an endpoint that allows several schemes; the first that holds wins, in the given order.

    A scheme whose header is present rules out the schemes that it supersedes.
    """
    present = [scheme for scheme in schemes if scheme.header in request.headers]
    superseded = frozenset[str]().union(*(scheme.supersedes for scheme in present))
    refusal = Verification(False, NOT_CONFIGURED)
    for scheme in schemes:
        if scheme.name in superseded:
            continue
        verification = verify(scheme, request, secrets, now)
        if verification.ok:
            return verification
        # Report the most specific refusal: of a scheme whose header is present, else of the first that has a secret.
        if refusal.reason == NOT_CONFIGURED or (scheme in present and verification.reason != NOT_CONFIGURED):
            refusal = verification
    return refusal


def _match_signature(
    scheme: SignatureScheme, request: WebhookRequest, keys: list[tuple[str, bytes]], now: float
) -> list[str]:
    header = request.headers.get(scheme.header or "")
    if not header:
        raise SignatureError("signature missing")
    signatures = parse_signature_header(scheme, header)
    _check_timestamp(scheme, request, now)
    # Every key is tried, so that the time taken does not tell which one is in use.
    return [
        secret_id
        for secret_id, key in keys
        if any_signature_matches(scheme, key, string_to_sign(scheme, request, key), signatures)
    ]


def _check_timestamp(scheme: SignatureScheme, request: WebhookRequest, now: float) -> None:
    if scheme.timestamp is None:
        return
    text = request.headers.get(scheme.timestamp.header)
    if not text:
        raise SignatureError("timestamp missing")
    age = now - parse_timestamp(scheme.timestamp.unit, text)
    if abs(age) > scheme.timestamp.tolerance:
        raise SignatureError("timestamp in the future" if age < 0 else "timestamp too old")


def _match_token(scheme: SignatureScheme, request: WebhookRequest, keys: list[tuple[str, bytes]]) -> list[str]:
    token = _presented_token(scheme, request)
    if not token:
        raise SignatureError("secret missing")
    # Hashed first, because compare_digest takes a different time for different lengths.
    digest = sha256(token).digest()
    return [secret_id for secret_id, key in keys if hmac.compare_digest(digest, sha256(key).digest())]


def _presented_token(scheme: SignatureScheme, request: WebhookRequest) -> bytes:
    if scheme.token == "path":
        return (request.path_secret or "").encode()
    word, _, token = request.headers.get(scheme.header or "", "").partition(" ")
    if word.lower() != scheme.token:
        raise SignatureError("secret missing")
    return b64decode(token.strip(), validate=True) if scheme.token == "basic" else token.strip().encode()
