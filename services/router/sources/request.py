"""A webhook request as it arrived, with the URL that its sender signed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_STANDARD_WEBHOOKS_PARTS = ("id", "timestamp", "signature")


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """One request: `url` is the registered URL with the raw query received, header names are lower case."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    path_secret: str | None = None


def lower_case_headers(pairs: Iterable[tuple[bytes | str, bytes | str]]) -> dict[str, str]:
    """Headers by lower-case name; a repeated header is joined by ", ", so that no second value can hide."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in pairs:
        name = (raw_name.decode("latin-1") if isinstance(raw_name, bytes) else raw_name).lower()
        value = raw_value.decode("latin-1") if isinstance(raw_value, bytes) else raw_value
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def signed_url(registered: str, query: str | bytes = "") -> str:
    """The URL that the sender signed: the registered one, with the query exactly as it was received."""
    base = registered.split("#", 1)[0].split("?", 1)[0]
    text = query.decode("latin-1") if isinstance(query, bytes) else query
    return f"{base}?{text}" if text else base


def normalise_svix(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers with `svix-*` renamed to `webhook-*` where svix signed; the two families are never mixed.

    The family that carries the signature is used: an id added in the other family is not signed and is dropped.
    """
    if "webhook-signature" not in headers and "svix-signature" not in headers:
        return dict(headers)
    signer = "webhook" if "webhook-signature" in headers else "svix"
    both_families = {f"{family}-{part}" for family in ("webhook", "svix") for part in _STANDARD_WEBHOOKS_PARTS}
    normalised = {name: value for name, value in headers.items() if name not in both_families}
    for part in _STANDARD_WEBHOOKS_PARTS:
        if f"{signer}-{part}" in headers:
            normalised[f"webhook-{part}"] = headers[f"{signer}-{part}"]
    return normalised
