"""Every source the door knows, as data: how it is verified, read and answered, and how long its keys are kept."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from services.router.sources import generic, hubspot_webhooks, hubspot_workflow, responses, standard_webhooks
from services.router.sources.body import FORM_TYPE, MAX_BODY_BYTES, media_type
from services.router.sources.canonical import Delivery, EndpointConfig, Item
from services.router.sources.dedupe import delivery_id
from services.router.sources.request import WebhookRequest, normalise_svix
from services.router.sources.responses import ResponsePolicy, WebhookResponse
from services.router.sources.schemes import BASIC, BEARER, HUBSPOT, PATH, STANDARD
from services.router.sources.signature import decode_key
from services.router.sources.signature_schemes import Secret, SignatureScheme
from services.router.sources.verify import Verification, verify_any
from shared.base.errors import BadRequest

LONG_DEDUPE_WINDOW, SHORT_DEDUPE_WINDOW = timedelta(days=30), timedelta(minutes=10)
STORED_HEADERS = frozenset(
    ("content-type", "user-agent", "idempotency-key", "webhook-id", "webhook-timestamp", "x-hubspot-request-timestamp")
)
HUBSPOT_CLIENT_SECRET = "the client secret of your HubSpot app"
_JSON_TYPES = frozenset(("application/json", "text/json", "text/plain", ""))


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of sender. The first scheme is the default; `kinds` empty means that every content type is stored."""

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
    """A secret that only the sender can name."""

    def allowed_schemes(self, names: Sequence[str] = ()) -> list[SignatureScheme]:
        """The recipes that an endpoint allows, its default when it names none. Raises TheirMistake."""
        unknown = [name for name in names if name not in self.schemes]
        if unknown:
            known = ", ".join(self.schemes)
            raise BadRequest(f"The source {self.name} has no scheme {unknown[0]!r}; choose one of {known}.")
        return [self.schemes[name] for name in (names or [next(iter(self.schemes))])]

    def verify(
        self, schemes: Sequence[str], request: WebhookRequest, secrets: Sequence[Secret], now: float
    ) -> Verification:
        """Whether the request is authentic at an endpoint that allows these schemes; `now` in unix seconds."""
        return verify_any(self.allowed_schemes(schemes), request, secrets, now)

    def secret_problem(self, schemes: Sequence[str], value: str) -> str | None:
        """Why a secret cannot serve any of these schemes, in a sentence; None when it can."""
        recipes = self.allowed_schemes(schemes)
        if any(decode_key(recipe, value) is not None for recipe in recipes):
            return None
        shapes = {"utf8": "any text", "whsec-base64": "whsec_ and base64 of at least 16 bytes"}
        wanted = " or ".join(sorted({shapes.get(recipe.key, "whpk_ and base64 of 32 bytes") for recipe in recipes}))
        return f"The secret does not fit the scheme; it must be {wanted}."

    def secret_needed(self, scheme: str) -> str | None:
        """Why we cannot make up the secret ourselves, in a sentence; None when we can."""
        if self.secret_from_sender and self.schemes[scheme].signed:
            return f"{self.title} are signed with {self.secret_from_sender}: give it as the secret."
        return "The scheme v1a needs the sender's public key as its secret (whpk_...)." if scheme == "v1a" else None

    def early_refusal(self, method: str, headers: Mapping[str, str], length: int | None) -> WebhookResponse | None:
        """The answer that needs no look at the body: 405, 413, or None to go on. `length` is what is known of it."""
        if method.upper() not in self.methods:
            return responses.method_not_allowed(self.methods)
        return responses.too_large(self.max_body_bytes) if length is not None and length > self.max_body_bytes else None

    def unsupported_content(self, headers: Mapping[str, str]) -> WebhookResponse | None:
        """415 for a verified request whose encoding, or whose type where we are the ones to say, cannot be read."""
        if headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
            return responses.unsupported_media_type("Send the body without a content encoding.")
        if self.content_types and media_type(headers.get("content-type", ""))[0] not in self.content_types:
            return responses.unsupported_media_type("Send application/json or application/x-www-form-urlencoded.")
        return None

    def delivery_key(self, headers: Mapping[str, str], body: bytes, query: str = "") -> tuple[str, bool]:
        """The key of a delivery at its endpoint, and whether the sender named it; else it is the digest of the body."""
        name = delivery_id(normalise_svix(headers), self.delivery_id_header) if self.delivery_id_header else None
        if name:
            return f"id:{name}", True
        return f"sha256:{sha256(body if body else query.encode()).hexdigest()}", False

    def dedupe_window(self, scheme: str | None, has_id: bool) -> timedelta:
        """How long a key is kept: 30 days where deliveries are signed or named, else 10 minutes."""
        signed = scheme in self.schemes and self.schemes[scheme or ""].signed
        return LONG_DEDUPE_WINDOW if signed or has_id else SHORT_DEDUPE_WINDOW


SOURCES: Mapping[str, Source] = {
    source.name: source
    for source in (
        Source(
            name="hubspot",
            title="HubSpot webhooks",
            schemes=HUBSPOT,
            read_items=hubspot_webhooks.read_items,
            response_policy=ResponsePolicy(),
            secret_from_sender=HUBSPOT_CLIENT_SECRET,
        ),
        Source(
            name="hubspot_workflow",
            title="HubSpot workflows",
            secret_from_sender=HUBSPOT_CLIENT_SECRET,
            schemes={"v2": HUBSPOT["v2"], "path": PATH},
            read_items=hubspot_workflow.read_items,
            response_policy=ResponsePolicy(retry_after="ms"),
            methods=("POST", "GET"),
        ),
        Source(
            name="standard",
            title="Standard Webhooks",
            schemes=STANDARD,
            read_items=standard_webhooks.read_items,
            response_policy=ResponsePolicy(accepted=202, names_leads=True),
            delivery_id_header=standard_webhooks.DELIVERY_ID_HEADER,
        ),
        Source(
            name="generic",
            title="Generic JSON or form",
            schemes={"bearer": BEARER, "basic": BASIC, "path": PATH},
            read_items=generic.read_items,
            response_policy=ResponsePolicy(accepted=202, names_leads=True),
            parse_before_commit=True,
            delivery_id_header=generic.DELIVERY_ID_HEADER,
            content_types=_JSON_TYPES | {FORM_TYPE},
        ),
    )
}
SOURCE_ALIASES = {"hubspot_webhooks": "hubspot", "standard_webhooks": "standard", "svix": "standard"} | dict.fromkeys(
    ("zapier", "zapier_generic"), "generic"
)


def source_named(name: str) -> Source:
    """The source of that name. Raises TheirMistake with a sentence that lists them when there is none."""
    found = SOURCES.get(SOURCE_ALIASES.get(name, name))
    if found is None:
        raise BadRequest(f"The source {name!r} is unknown; choose one of {', '.join(SOURCES)}.")
    return found


def stored_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that are stored with a request; never a signature, a cookie or a token."""
    return {name: value for name, value in normalise_svix(headers).items() if name in STORED_HEADERS}
