"""The one verifier: is this request authentic under this recipe, with these secrets, at this moment?"""

import hmac
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from services.router.sources.received import Received, one_family
from services.router.sources.recipes import Recipe, Secret
from services.router.sources.signature import Unsigned, key_of, matches, presented, seconds, signed_bytes

NOT_CONFIGURED = "not configured"


@dataclass(frozen=True, slots=True)
class Verified:
    """The verdict: `reason` is a short code ("" when ok), `matched_key` the id of the secret that matched."""

    ok: bool
    reason: str = ""
    matched_key: str | None = None
    scheme: str | None = None


def verify(recipe: Recipe, request: Received, secrets: Sequence[Secret], now: float) -> Verified:
    """Check one request at `now` (unix seconds). Never raises: whatever cannot be read is not authentic.

    Without a usable secret in force it fails closed with the reason "not configured".
    """
    keys = [
        (secret.id, key)
        for secret in secrets
        if secret.in_force(now) and (key := key_of(recipe, secret.value)) is not None
    ]
    if not keys:
        return Verified(False, NOT_CONFIGURED, scheme=recipe.name)
    try:
        request = replace(request, headers=one_family(request.headers))
        matched = _signed(recipe, request, keys, now) if recipe.signed else _shown(recipe, request, keys)
    except Unsigned as refusal:
        return Verified(False, str(refusal), scheme=recipe.name)
    except Exception:  # a hostile request must be a 401, never a 500
        return Verified(False, "signature malformed", scheme=recipe.name)
    if not matched:
        return Verified(False, "signature does not match" if recipe.signed else "wrong secret", scheme=recipe.name)
    return Verified(True, "", matched[0], recipe.name)


def verify_any(recipes: Sequence[Recipe], request: Received, secrets: Sequence[Secret], now: float) -> Verified:
    """Check a request at an endpoint that allows several schemes; the first that holds wins, in the given order.

    A scheme whose header is present puts the ones that it supersedes out of the running.
    """
    present = [recipe for recipe in recipes if recipe.header in request.headers]
    beaten = frozenset[str]().union(*(recipe.supersedes for recipe in present))
    verdict = Verified(False, NOT_CONFIGURED)
    for recipe in recipes:
        if recipe.name in beaten:
            continue
        found = verify(recipe, request, secrets, now)
        if found.ok:
            return found
        # Of several refusals the most telling is kept: one whose header was there, else the first that has a secret.
        if verdict.reason == NOT_CONFIGURED or (recipe in present and found.reason != NOT_CONFIGURED):
            verdict = found
    return verdict


def _signed(recipe: Recipe, request: Received, keys: list[tuple[str, bytes]], now: float) -> list[str]:
    header = request.headers.get(recipe.header or "")
    if not header:
        raise Unsigned("signature missing")
    signatures, time_text = presented(recipe, header)
    _timely(recipe, request, time_text, now)
    # Every key is tried, so that the time taken does not tell which one is in use.
    return [
        name for name, key in keys if matches(recipe, key, signed_bytes(recipe, request, key, time_text), signatures)
    ]


def _timely(recipe: Recipe, request: Received, time_text: str | None, now: float) -> None:
    rule = recipe.timestamp
    if rule is None:
        return
    text = request.headers.get(rule.header) if rule.header else time_text
    if not text:
        raise Unsigned("timestamp missing")
    age = now - seconds(rule.unit, text)
    if abs(age) <= rule.tolerance:
        return
    raise Unsigned("timestamp in the future" if age < 0 else "timestamp too old")


def _shown(recipe: Recipe, request: Received, keys: list[tuple[str, bytes]]) -> list[str]:
    token = _token(recipe, request)
    if not token:
        raise Unsigned("secret missing")
    # Hashed first: compare_digest tells apart different lengths by its time.
    digest = sha256(token).digest()
    return [name for name, key in keys if hmac.compare_digest(digest, sha256(key).digest())]


def _token(recipe: Recipe, request: Received) -> bytes:
    if recipe.token == "path":
        return (request.path_secret or "").encode()
    header = request.headers.get(recipe.header or "", "")
    if recipe.token == "header":
        return header.encode()
    word, _, rest = header.partition(" ")
    if word.lower() != recipe.token:
        raise Unsigned("secret missing")
    return b64decode(rest.strip(), validate=True) if recipe.token == "basic" else rest.strip().encode()
