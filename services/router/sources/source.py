"""A webhook source: how one kind of sender is verified, parsed, answered and deduplicated."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from services.router.sources import responses
from services.router.sources.body import MAX_BODY_BYTES, media_type
from services.router.sources.canonical import Item
from services.router.sources.dedupe import delivery_id
from services.router.sources.delivery import Delivery
from services.router.sources.endpoint_config import EndpointConfig
from services.router.sources.request import WebhookRequest, normalise_svix
from services.router.sources.responses import ResponsePolicy, WebhookResponse
from services.router.sources.signature import decode_key
from services.router.sources.signature_schemes import SignatureScheme
from services.router.sources.verify import NOT_CONFIGURED, Verification, verify_any
from shared.base.credentials import EndpointSecret
from shared.base.errors import BadRequest

LONG_DEDUPE_WINDOW, SHORT_DEDUPE_WINDOW = timedelta(days=30), timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of sender, and how its requests are verified, parsed, answered and deduplicated.

    The first of `schemes` is the default. With `parse_before_commit` the body is parsed before it is stored, and an
    unusable one gets a 400. `delivery_id_header` names the delivery, empty `content_types` accept every type, and
    `secret_from_sender` says which secret of the sender signs, when we cannot generate one.
    """

    name: str
    title: str
    schemes: Mapping[str, SignatureScheme]
    read_items: Callable[[Delivery, EndpointConfig | None], list[Item]]
    response_policy: ResponsePolicy
    parse_before_commit: bool = False
    delivery_id_header: str | None = None
    methods: tuple[str, ...] = ("POST",)
    content_types: frozenset[str] = frozenset()
    max_body_bytes: int = MAX_BODY_BYTES
    secret_from_sender: str = ""

    def allowed_schemes(self, names: Sequence[str] = ()) -> list[SignatureScheme]:
        """The schemes of these names; the default one for no names. Raises BadRequest for an unknown name."""
        unknown = [name for name in names if name not in self.schemes]
        if unknown:
            known = ", ".join(self.schemes)
            raise BadRequest(f"The source {self.name} has no scheme {unknown[0]!r}; choose one of {known}.")
        return [self.schemes[name] for name in (names or [next(iter(self.schemes))])]

    def verify(
        self, schemes: Sequence[str], request: WebhookRequest, secrets: Sequence[EndpointSecret], now: float
    ) -> Verification:
        """Verify a request at an endpoint that allows these schemes; `now` in unix seconds."""
        return verify_any(self.allowed_schemes(schemes), request, secrets, now)

    def secret_problem(self, schemes: Sequence[str], value: str) -> str | None:
        """Why a secret cannot be used with any of these schemes, in one sentence; None when it can."""
        allowed = self.allowed_schemes(schemes)
        if any(decode_key(scheme, value) is not None for scheme in allowed):
            return None
        formats = {"utf8": "any text", "whsec-base64": "whsec_ and base64 of at least 16 bytes"}
        expected = " or ".join(sorted({formats.get(scheme.key, "whpk_ and base64 of 32 bytes") for scheme in allowed}))
        return f"The secret does not fit the scheme; it must be {expected}."

    def secret_needed(self, scheme: str) -> str | None:
        """Which secret the sender has to provide, in one sentence; None when we can generate one."""
        if self.secret_from_sender and self.schemes[scheme].signs:
            return f"{self.title} are signed with {self.secret_from_sender}; pass it as the secret."
        if self.schemes[scheme].key == "whpk-base64":
            return f"The scheme {scheme} needs the sender's public key; pass it as the secret (whpk_...)."
        return None

    def early_refusal(self, method: str, length: int | None) -> WebhookResponse | None:
        """405 or 413 before the body is read, else None; `length` is the announced size in bytes, None when unknown."""
        if method.upper() not in self.methods:
            return responses.method_not_allowed(self.methods)
        is_too_large = length is not None and length > self.max_body_bytes
        return responses.too_large(self.max_body_bytes) if is_too_large else None

    def verification_refusal(self, verification: Verification) -> WebhookResponse:
        """503 while the endpoint has no usable secret, else 401."""
        if verification.reason == NOT_CONFIGURED:
            return responses.not_configured(self.response_policy)
        return responses.unauthorized()

    def unsupported_content(self, headers: Mapping[str, str]) -> WebhookResponse | None:
        """415 for a verified request with a content encoding, or with a type that is not accepted; else None."""
        if headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
            return responses.unsupported_media_type("The body has a content encoding; send it uncompressed.")
        if self.content_types and media_type(headers.get("content-type", ""))[0] not in self.content_types:
            return responses.unsupported_media_type(
                "The content type is not accepted; send application/json or application/x-www-form-urlencoded."
            )
        return None

    def delivery_key(self, headers: Mapping[str, str], body: bytes, query: str = "") -> tuple[str, bool]:
        """The key that recognises a repeated delivery at its endpoint, and whether it is the sender's delivery id.

        Without a delivery id it is the digest of the raw body, or of the query when there is no body.
        """
        sender_id = delivery_id(normalise_svix(headers), self.delivery_id_header) if self.delivery_id_header else None
        if sender_id:
            return f"id:{sender_id}", True
        return f"sha256:{sha256(body if body else query.encode()).hexdigest()}", False

    def dedupe_window(self, scheme: str | None, has_id: bool) -> timedelta:
        """How long keys are remembered: 30 days where deliveries are signed or have an id, else 10 minutes."""
        is_signed = scheme in self.schemes and self.schemes[scheme or ""].signs
        return LONG_DEDUPE_WINDOW if is_signed or has_id else SHORT_DEDUPE_WINDOW
