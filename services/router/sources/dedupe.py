"""Keys that recognise a repeated delivery or a repeated lead in it; short enough to index."""

from collections.abc import Mapping
from hashlib import sha256

from services.router.sources.canonical import Item

_MAX_KEY_LENGTH = 200


def bounded_key(text: str) -> str:
    """The text itself, or its digest when it is too long for a key or not printable ASCII."""
    if len(text) <= _MAX_KEY_LENGTH and text.isascii() and text.isprintable():
        return text
    return f"sha256:{sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"


def delivery_id(headers: Mapping[str, str], header: str) -> str | None:
    """The sender's id of the delivery from a header, bounded; None when it has none."""
    value = headers.get(header, "").strip()
    return bounded_key(value) if value else None


def item_key(item: Item, body: bytes) -> str:
    """The key that recognises a repeated item: its own key, else the digest of the raw body and its index in it."""
    return item.key or f"sha256:{sha256(body).hexdigest()}:{item.index}"
