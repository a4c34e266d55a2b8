"""Every source the door knows, as data: how it is verified, read and answered, and how long its keys are kept."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from services.router.sources import answers, generic, hubspot_webhooks, hubspot_workflow, standard
from services.router.sources.answers import Answer, Policy
from services.router.sources.body import CAP, FORM, media_type
from services.router.sources.canonical import Delivery, Element, Setup
from services.router.sources.keys import named
from services.router.sources.received import Received, one_family
from services.router.sources.recipes import Recipe, Secret
from services.router.sources.schemes import BASIC, BEARER, HUBSPOT, PATH, STANDARD
from services.router.sources.signature import key_of
from services.router.sources.verify import Verified, verify_any
from shared.base.errors import BadRequest

LONG, SHORT = timedelta(days=30), timedelta(minutes=10)
KEPT_HEADERS = frozenset(
    ("content-type", "user-agent", "idempotency-key", "webhook-id", "webhook-timestamp", "x-hubspot-request-timestamp")
)
CLIENT_SECRET = "the client secret of your HubSpot app"
_JSON = frozenset(("application/json", "text/json", "text/plain", ""))


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of sender. The first scheme is the default; `kinds` empty means that every content type is stored."""

    name: str
    title: str
    schemes: Mapping[str, Recipe]
    elements: Callable[[Delivery, Setup | None], list[Element]]
    policy: Policy
    parse_before_commit: bool = False
    delivery_header: str | None = None
    methods: tuple[str, ...] = ("POST",)
    kinds: frozenset[str] = frozenset()
    cap: int = CAP
    signs_with: str = ""
    """A secret that only the sender can name."""

    def recipes(self, names: Sequence[str] = ()) -> list[Recipe]:
        """The recipes that an endpoint allows, its default when it names none. Raises TheirMistake."""
        unknown = [name for name in names if name not in self.schemes]
        if unknown:
            known = ", ".join(self.schemes)
            raise BadRequest(f"The source {self.name} has no scheme {unknown[0]!r}; choose one of {known}.")
        return [self.schemes[name] for name in (names or [next(iter(self.schemes))])]

    def verify(self, names: Sequence[str], request: Received, secrets: Sequence[Secret], now: float) -> Verified:
        """Whether the request is authentic at an endpoint that allows these schemes; `now` in unix seconds."""
        return verify_any(self.recipes(names), request, secrets, now)

    def secret_problem(self, names: Sequence[str], value: str) -> str | None:
        """Why a secret cannot serve any of these schemes, in a sentence; None when it can."""
        recipes = self.recipes(names)
        if any(key_of(recipe, value) is not None for recipe in recipes):
            return None
        shapes = {"utf8": "any text", "whsec-base64": "whsec_ and base64 of at least 16 bytes"}
        wanted = " or ".join(sorted({shapes.get(recipe.key, "whpk_ and base64 of 32 bytes") for recipe in recipes}))
        return f"The secret does not fit the scheme; it must be {wanted}."

    def needs_secret(self, scheme: str) -> str | None:
        """Why we cannot make up the secret ourselves, in a sentence; None when we can."""
        if self.signs_with and self.schemes[scheme].signed:
            return f"{self.title} are signed with {self.signs_with}: give it as the secret."
        return "The scheme v1a needs the sender's public key as its secret (whpk_...)." if scheme == "v1a" else None

    def refusal(self, method: str, headers: Mapping[str, str], length: int | None) -> Answer | None:
        """The answer that needs no look at the body: 405, 413, or None to go on. `length` is what is known of it."""
        if method.upper() not in self.methods:
            return answers.wrong_method(self.methods)
        return answers.too_large(self.cap) if length is not None and length > self.cap else None

    def unfit(self, headers: Mapping[str, str]) -> Answer | None:
        """415 for a verified request whose encoding, or whose type where we are the ones to say, cannot be read."""
        if headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
            return answers.unsupported("Send the body without a content encoding.")
        if self.kinds and media_type(headers.get("content-type", ""))[0] not in self.kinds:
            return answers.unsupported("Send application/json or application/x-www-form-urlencoded.")
        return None

    def delivery_key(self, headers: Mapping[str, str], body: bytes, query: str = "") -> tuple[str, bool]:
        """The key of a delivery at its endpoint, and whether the sender named it; else it is the digest of the body."""
        name = named(one_family(headers), self.delivery_header) if self.delivery_header else None
        if name:
            return f"id:{name}", True
        return f"sha256:{sha256(body if body else query.encode()).hexdigest()}", False

    def window(self, scheme: str | None, by_name: bool) -> timedelta:
        """How long a key is kept: 30 days where deliveries are signed or named, else 10 minutes."""
        signed = scheme in self.schemes and self.schemes[scheme or ""].signed
        return LONG if signed or by_name else SHORT


SOURCES: Mapping[str, Source] = {
    source.name: source
    for source in (
        Source(
            name="hubspot",
            title="HubSpot webhooks",
            schemes=HUBSPOT,
            elements=hubspot_webhooks.elements,
            policy=Policy(),
            signs_with=CLIENT_SECRET,
        ),
        Source(
            name="hubspot_workflow",
            title="HubSpot workflows",
            signs_with=CLIENT_SECRET,
            schemes={"v2": HUBSPOT["v2"], "path": PATH},
            elements=hubspot_workflow.elements,
            policy=Policy(retry_after="ms"),
            methods=("POST", "GET"),
        ),
        Source(
            name="standard",
            title="Standard Webhooks",
            schemes=STANDARD,
            elements=standard.elements,
            policy=Policy(accepted=202, names_leads=True),
            delivery_header=standard.KEY_HEADER,
        ),
        Source(
            name="generic",
            title="Generic JSON or form",
            schemes={"bearer": BEARER, "basic": BASIC, "path": PATH},
            elements=generic.elements,
            policy=Policy(accepted=202, names_leads=True),
            parse_before_commit=True,
            delivery_header=generic.KEY_HEADER,
            kinds=_JSON | {FORM},
        ),
    )
}
ALIASES = {"hubspot_webhooks": "hubspot", "standard_webhooks": "standard", "svix": "standard"} | dict.fromkeys(
    ("zapier", "zapier_generic"), "generic"
)


def source(name: str) -> Source:
    """The source of that name. Raises TheirMistake with a sentence that lists them when there is none."""
    found = SOURCES.get(ALIASES.get(name, name))
    if found is None:
        raise BadRequest(f"The source {name!r} is unknown; choose one of {', '.join(SOURCES)}.")
    return found


def kept(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that are stored with a request; never a signature, a cookie or a token."""
    return {name: value for name, value in one_family(headers).items() if name in KEPT_HEADERS}
