"""Verification recipes as data: what is signed, with which key, and where the signature is found."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

ALGORITHMS = ("hmac-sha256", "hmac-sha1", "sha256", "ed25519", "none")
KEYS = ("utf8", "whsec-base64", "whpk-base64")
ENCODINGS = ("hex", "base64")
UNITS = ("s", "ms", "imf")
FORMATS = ("plain", "csvkv", "space_list")
TOKENS = ("bearer", "basic", "header", "path")


@dataclass(frozen=True, slots=True)
class Timestamp:
    """Where the signed time stands (`header`, or `field` of a csvkv header), its unit, and the tolerance in seconds."""

    unit: str
    tolerance: float
    header: str | None = None
    field: str | None = None


@dataclass(frozen=True, slots=True)
class SignatureScheme:
    """How one scheme proves that a request is authentic.

    `parts` is the string to sign, piece by piece: body, method, url, url_hubspot_decoded, secret, ts, header:NAME,
    anything else literally. `token` says where the secret itself stands when nothing is signed (alg none).
    `supersedes` names schemes that do not count once this one's header is present: no downgrade.
    """

    name: str
    alg: str
    key: str = "utf8"
    encoding: str = "hex"
    header: str | None = None
    prefix: str = ""
    sig_format: str = "plain"
    fields: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    timestamp: Timestamp | None = None
    token: str | None = None
    supersedes: frozenset[str] = frozenset()

    @property
    def signed(self) -> bool:
        """Whether the sender signs, rather than shows a secret."""
        return self.alg != "none"

    def instead_of(self, *names: str) -> "SignatureScheme":
        """The same recipe, which leaves the named schemes without effect when its own header is present."""
        return replace(self, supersedes=frozenset(names))


@dataclass(frozen=True, slots=True)
class Secret:
    """One secret of an endpoint; `not_before` and `not_after` are unix seconds, None is without limit."""

    value: str
    id: str = ""
    not_before: float | None = None
    not_after: float | None = None

    def in_force(self, now: float) -> bool:
        """Whether it counts at `now` (unix seconds); the end itself no longer counts."""
        after_start = self.not_before is None or now >= self.not_before
        return after_start and (self.not_after is None or now < self.not_after)


def recipe(name: str, data: Mapping[str, Any]) -> SignatureScheme:
    """A recipe from its data. Raises ValueError with a sentence when a word of it is unknown."""
    header = str(data["header"]).lower() if data.get("header") else None
    sig_format, _, fields = str(data.get("sig_format", "plain")).partition(":")
    made = SignatureScheme(
        name=name,
        alg=_known("alg", data.get("alg"), ALGORITHMS),
        key=_known("key", data.get("key", "utf8"), KEYS),
        encoding=_known("encoding", data.get("encoding", "hex"), ENCODINGS),
        header=header,
        prefix=str(data.get("prefix", "")),
        sig_format=_known("sig_format", sig_format, FORMATS),
        fields=tuple(fields.split(",")) if fields else (),
        parts=tuple(str(part) for part in data.get("string_to_sign", ())),
        timestamp=_timestamp(data.get("timestamp")),
        token=_token(data, header) if data.get("alg") == "none" else None,
    )
    if made.signed and (made.header is None or not made.parts):
        raise ValueError(f"The recipe {name!r} signs, so it needs a header and a string_to_sign.")
    if made.sig_format != "plain" and len(made.fields) != (2 if made.sig_format == "csvkv" else 1):
        raise ValueError(f"The recipe {name!r} does not name the fields of its {made.sig_format} header.")
    return made


def _timestamp(data: Mapping[str, Any] | None) -> Timestamp | None:
    if data is None:
        return None
    header = str(data["header"]).lower() if data.get("header") else None
    return Timestamp(_known("unit", data.get("unit"), UNITS), float(data["tolerance_s"]), header, data.get("field"))


def _token(data: Mapping[str, Any], header: str | None) -> str:
    if "token" in data:
        return _known("token", data["token"], TOKENS)
    return "path" if header is None else "bearer" if header == "authorization" else "header"


def _known(field: str, word: object, words: tuple[str, ...]) -> str:
    if word not in words:
        raise ValueError(f"The recipe's {field} is {word!r}; it must be one of {', '.join(words)}.")
    return str(word)
