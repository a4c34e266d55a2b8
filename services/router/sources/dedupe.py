"""Keys that tell a repetition: short enough to index, the same for the same delivery."""

from collections.abc import Mapping
from hashlib import sha256

_MAX_KEY_LENGTH = 200


def bounded_key(text: str) -> str:
    """The text itself, or its digest when it is too long for a key or not plain ASCII."""
    if len(text) <= _MAX_KEY_LENGTH and text.isascii() and text.isprintable():
        return text
    return f"sha256:{sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"


def delivery_id(headers: Mapping[str, str], header: str) -> str | None:
    """The delivery's own name in a header, None when it has none."""
    value = headers.get(header, "").strip()
    return bounded_key(value) if value else None
