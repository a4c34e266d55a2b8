"""Signature schemes as data: what a sender signs, with which key, and which header carries the signature."""

from collections.abc import Mapping
from dataclasses import dataclass

ALGORITHMS = ("hmac-sha256", "sha256", "ed25519", "none")
KEY_FORMATS = ("utf8", "whsec-base64", "whpk-base64")
ENCODINGS = ("hex", "base64")
FORMATS = ("plain", "space_list")
TOKENS = ("bearer", "basic", "path")
UNITS = ("s", "ms")


@dataclass(frozen=True, slots=True)
class SignedTimestamp:
    """The header that holds the signed time, its unit (s or ms since 1970), and the tolerance in seconds."""

    header: str
    unit: str
    tolerance: float = 300


@dataclass(frozen=True, slots=True)
class SignatureScheme:
    """How a sender proves that a request is authentic. Header names are lower case. Raises ValueError when unusable.

    `signed_parts` lists the signed parts in order: body, method, url, url_hubspot_decoded, secret, header:NAME;
    anything else is literal text. In a `space_list` header only the signatures of `version` count. With the algorithm
    `none` nothing is signed: the secret itself is the `token`. When the header of this scheme is present, the schemes
    that it `supersedes` do not count, so that nobody can downgrade.
    """

    name: str
    algorithm: str
    header: str | None = None
    signed_parts: tuple[str, ...] = ()
    key: str = "utf8"
    encoding: str = "hex"
    header_format: str = "plain"
    version: str = ""
    timestamp: SignedTimestamp | None = None
    token: str | None = None
    supersedes: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self._check("algorithm", self.algorithm, ALGORITHMS)
        self._check("key", self.key, KEY_FORMATS)
        self._check("encoding", self.encoding, ENCODINGS)
        self._check("header_format", self.header_format, FORMATS)
        if self.timestamp is not None:
            self._check("timestamp unit", self.timestamp.unit, UNITS)
        if not self.signs:
            self._check("token", self.token, TOKENS)
        elif self.header is None or not self.signed_parts:
            raise ValueError(f"The signature scheme {self.name!r} signs, so it needs a header and a signed_parts.")
        if self.header_format == "space_list" and not self.version:
            raise ValueError(f"The signature scheme {self.name!r} reads a list of signatures, so it needs a version.")

    @property
    def signs(self) -> bool:
        """Whether the sender signs the request, rather than showing the secret itself."""
        return self.algorithm != "none"

    def _check(self, field: str, value: str | None, allowed: tuple[str, ...]) -> None:
        if value not in allowed:
            raise ValueError(
                f"The signature scheme {self.name!r} has the {field} {value!r}; use one of {', '.join(allowed)}."
            )


def _by_name(*schemes: SignatureScheme) -> Mapping[str, SignatureScheme]:
    return {scheme.name: scheme for scheme in schemes}


HUBSPOT_SCHEMES = _by_name(
    SignatureScheme(
        name="v3",
        algorithm="hmac-sha256",
        encoding="base64",
        header="x-hubspot-signature-v3",
        signed_parts=("method", "url_hubspot_decoded", "body", "header:x-hubspot-request-timestamp"),
        timestamp=SignedTimestamp("x-hubspot-request-timestamp", "ms"),
        supersedes=frozenset(("v1", "v2")),
    ),
    SignatureScheme("v2", "sha256", "x-hubspot-signature", ("secret", "method", "url", "body")),
    SignatureScheme("v1", "sha256", "x-hubspot-signature", ("secret", "body")),
)


def _standard_webhooks(name: str, algorithm: str, key: str, version: str) -> SignatureScheme:
    return SignatureScheme(
        name=name,
        algorithm=algorithm,
        key=key,
        encoding="base64",
        header="webhook-signature",
        header_format="space_list",
        version=version,
        signed_parts=("header:webhook-id", ".", "header:webhook-timestamp", ".", "body"),
        timestamp=SignedTimestamp("webhook-timestamp", "s"),
    )


STANDARD_WEBHOOKS_SCHEMES = _by_name(
    _standard_webhooks("v1", "hmac-sha256", "whsec-base64", version="v1"),
    _standard_webhooks("v1a", "ed25519", "whpk-base64", version="v1a"),
    # Some senders use the text of the secret itself as the key.
    _standard_webhooks("v1_utf8", "hmac-sha256", "utf8", version="v1"),
)

BEARER = SignatureScheme("bearer", "none", header="authorization", token="bearer")
BASIC = SignatureScheme("basic", "none", header="authorization", token="basic")
PATH = SignatureScheme("path", "none", token="path")
