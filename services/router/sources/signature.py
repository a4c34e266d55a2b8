"""The pieces of a signature check: the presented value, the key, the signed bytes, the digest. Nothing here answers."""

import hashlib
import hmac
import re
from base64 import b64decode, b64encode
from binascii import unhexlify
from datetime import UTC
from email.utils import parsedate_to_datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from services.router.sources.request import WebhookRequest
from services.router.sources.signature_schemes import SignatureScheme

MAX_HEADER_LENGTH = 8192
MAX_SIGNATURES = 32
_DIGITS = re.compile(r"[0-9]{9,15}")
_LENGTH = {"hmac-sha256": 32, "hmac-sha1": 20, "sha256": 32, "ed25519": 64}
_HUBSPOT = re.compile(r"%(3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE)


class SignatureError(Exception):
    """The request does not prove what it must; the message is the reason code."""


def parse_signature_header(recipe: SignatureScheme, header: str) -> tuple[list[bytes], str | None]:
    """The signatures that a header carries, decoded, and the time text of a csvkv header. Raises Unsigned."""
    if len(header) > MAX_HEADER_LENGTH or not header.isascii():
        raise SignatureError("signature malformed")
    texts, time_text = _texts(recipe, header)
    decoded = [value for text in texts[:MAX_SIGNATURES] if (value := _decoded(recipe, text)) is not None]
    if not decoded:
        raise SignatureError("signature malformed")
    return decoded, time_text


def _texts(recipe: SignatureScheme, header: str) -> tuple[list[str], str | None]:
    if recipe.sig_format == "space_list":
        pairs = [item.partition(",") for item in header.split(" ")]
        return [value for version, comma, value in pairs if comma and version == recipe.fields[0]], None
    if recipe.sig_format == "csvkv":
        fields = [item.partition("=") for item in header.split(",")]
        times = [value for name, _, value in fields if name.strip() == recipe.fields[0]]
        if len(times) != 1:
            raise SignatureError("signature malformed")
        return [value for name, _, value in fields if name.strip() == recipe.fields[1]], times[0]
    if not header.startswith(recipe.prefix):
        raise SignatureError("signature malformed")
    return [header[len(recipe.prefix) :]], None


def _decoded(recipe: SignatureScheme, text: str) -> bytes | None:
    # Only the canonical spelling counts: base64 has spare bits and hex two cases, so two texts could be one digest.
    try:
        if recipe.encoding == "hex":
            raw = unhexlify(text)
            spelt = raw.hex()
        else:
            raw = b64decode(text, validate=True)
            spelt = b64encode(raw).decode("ascii")
    except ValueError:
        return None
    return raw if spelt == text and len(raw) == _LENGTH[recipe.alg] else None


def parse_timestamp(unit: str, text: str) -> float:
    """A signed time as unix seconds. Raises Unsigned when the text is not exactly of its unit."""
    if unit == "imf":
        try:
            found = parsedate_to_datetime(text)
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
        except (ValueError, TypeError, OverflowError) as error:
            raise SignatureError("timestamp malformed") from error
    if not _DIGITS.fullmatch(text):
        raise SignatureError("timestamp malformed")
    return int(text) / (1000 if unit == "ms" else 1)


def decode_key(recipe: SignatureScheme, value: str) -> bytes | None:
    """The key bytes of a secret, or None when this secret cannot serve this recipe.

    A public key is never taken as a shared secret: everybody knows it.
    """
    if not value.strip():
        return None
    if recipe.key == "utf8":
        return None if value.startswith("whpk_") else value.encode("utf-8", "surrogatepass")
    lead = "whsec_" if recipe.key == "whsec-base64" else "whpk_"
    if not value.startswith(lead) and (recipe.key == "whpk-base64" or value.startswith(("whpk_", "whsk_"))):
        return None
    try:
        key = b64decode(value.removeprefix(lead), validate=True)
    except ValueError:
        return None
    fits = len(key) == 32 if recipe.key == "whpk-base64" else len(key) >= 16
    return key if fits else None


def string_to_sign(recipe: SignatureScheme, request: WebhookRequest, key: bytes, time_text: str | None) -> bytes:
    """The string to sign, as bytes. Raises Unsigned when a header that belongs in it is missing or not ASCII."""
    return b"".join(_part(part, request, key, time_text) for part in recipe.parts)


def _part(part: str, request: WebhookRequest, key: bytes, time_text: str | None) -> bytes:
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
        case "ts":
            return (time_text or "").encode("ascii")
    if part.startswith("header:"):
        value = request.headers.get(part.removeprefix("header:").lower(), "")
        if not value or not value.isascii():
            raise SignatureError("header missing")
        return value.encode("ascii")
    return part.encode()


def hubspot_signed_url(url: str) -> str:
    """The URL as HubSpot signs it: twelve characters of the query decoded, no fragment. Not a general unquote."""
    base, mark, query = url.split("#", 1)[0].partition("?")
    return base + mark + _HUBSPOT.sub(lambda found: chr(int(found[1], 16)), query)


def any_signature_matches(recipe: SignatureScheme, key: bytes, message: bytes, signatures: list[bytes]) -> bool:
    """Whether any of the signatures is that of the message; every one is compared, in constant time."""
    if recipe.alg == "ed25519":
        return any(_ed25519(key, message, signature) for signature in signatures)
    if recipe.alg == "sha256":
        digest = hashlib.sha256(message).digest()
    else:
        digest = hmac.digest(key, message, recipe.alg.removeprefix("hmac-"))
    return any(hmac.compare_digest(digest, signature) for signature in signatures)


def _ed25519(key: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
