"""The parts of a signature check: the signatures in a header, the key, the string to sign and the digest."""

import hashlib
import hmac
import re
from base64 import b64decode, b64encode
from binascii import unhexlify

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from services.router.sources.errors import SignatureError
from services.router.sources.request import WebhookRequest
from services.router.sources.signature_schemes import SignatureScheme

MAX_HEADER_LENGTH = 8192
MAX_SIGNATURES = 32
_DIGITS = re.compile(r"[0-9]{9,15}")
_SIGNATURE_BYTES = {"hmac-sha256": 32, "sha256": 32, "ed25519": 64}
_HUBSPOT_DECODED = re.compile(r"%(3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE)


def parse_signature_header(scheme: SignatureScheme, header: str) -> list[bytes]:
    """The decoded signatures in a header, at least one. Raises SignatureError when it holds none."""
    if len(header) > MAX_HEADER_LENGTH or not header.isascii():
        raise SignatureError("signature malformed")
    texts = _signature_texts(scheme, header)[:MAX_SIGNATURES]
    signatures = [signature for text in texts if (signature := _decode_signature(scheme, text)) is not None]
    if not signatures:
        raise SignatureError("signature malformed")
    return signatures


def _signature_texts(scheme: SignatureScheme, header: str) -> list[str]:
    if scheme.header_format == "plain":
        return [header]
    pairs = [entry.partition(",") for entry in header.split(" ")]
    return [text for version, comma, text in pairs if comma and version == scheme.version]


def _decode_signature(scheme: SignatureScheme, text: str) -> bytes | None:
    # Only the canonical spelling counts: base64 has spare bits and hex two cases, so two texts could be one digest.
    try:
        if scheme.encoding == "hex":
            raw = unhexlify(text)
            canonical = raw.hex()
        else:
            raw = b64decode(text, validate=True)
            canonical = b64encode(raw).decode("ascii")
    except ValueError:
        return None
    return raw if canonical == text and len(raw) == _SIGNATURE_BYTES[scheme.algorithm] else None


def parse_timestamp(unit: str, text: str) -> float:
    """A signed time, in seconds or milliseconds by its unit, as unix seconds. Raises SignatureError."""
    if not _DIGITS.fullmatch(text):
        raise SignatureError("timestamp malformed")
    return int(text) / (1000 if unit == "ms" else 1)


def decode_key(scheme: SignatureScheme, secret: str) -> bytes | None:
    """The key bytes of a secret, or None when this secret cannot serve this scheme.

    A public key is never taken as a shared secret: everybody knows it.
    """
    if not secret.strip():
        return None
    if scheme.key == "utf8":
        return None if secret.startswith("whpk_") else secret.encode("utf-8", "surrogatepass")
    prefix = "whsec_" if scheme.key == "whsec-base64" else "whpk_"
    if not secret.startswith(prefix) and (scheme.key == "whpk-base64" or secret.startswith(("whpk_", "whsk_"))):
        return None
    try:
        key = b64decode(secret.removeprefix(prefix), validate=True)
    except ValueError:
        return None
    has_right_length = len(key) == 32 if scheme.key == "whpk-base64" else len(key) >= 16
    return key if has_right_length else None


def string_to_sign(scheme: SignatureScheme, request: WebhookRequest, key: bytes) -> bytes:
    """The bytes that the sender signed. Raises SignatureError when a signed header is missing or not ASCII."""
    return b"".join(_signed_part(part, request, key) for part in scheme.signed_parts)


def _signed_part(part: str, request: WebhookRequest, key: bytes) -> bytes:
    match part:
        case "body":
            return request.body
        case "secret":
            return key
        case "method":
            return request.method.upper().encode()
        case "url":
            return request.url.encode()
        case "url_hubspot_decoded":
            return hubspot_signed_url(request.url).encode()
    if part.startswith("header:"):
        value = request.headers.get(part.removeprefix("header:"), "")
        if not value or not value.isascii():
            raise SignatureError("header missing")
        return value.encode("ascii")
    return part.encode()


def hubspot_signed_url(url: str) -> str:
    """The URL as HubSpot signs it: twelve characters of the query decoded, no fragment. Not a general unquote."""
    base, question_mark, query = url.split("#", 1)[0].partition("?")
    return base + question_mark + _HUBSPOT_DECODED.sub(lambda escape: chr(int(escape[1], 16)), query)


def any_signature_matches(scheme: SignatureScheme, key: bytes, message: bytes, signatures: list[bytes]) -> bool:
    """Whether any of the signatures is that of the message. Digests are compared in constant time."""
    if scheme.algorithm == "ed25519":
        return any(_ed25519_matches(key, message, signature) for signature in signatures)
    is_keyed = scheme.algorithm == "hmac-sha256"
    digest = hmac.digest(key, message, "sha256") if is_keyed else hashlib.sha256(message).digest()
    return any(hmac.compare_digest(digest, signature) for signature in signatures)


def _ed25519_matches(key: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
