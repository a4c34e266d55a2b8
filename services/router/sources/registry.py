"""The registry of webhook sources, as data."""

from collections.abc import Mapping

from services.router.sources import generic, hubspot_webhooks, hubspot_workflow, standard_webhooks
from services.router.sources.body import FORM_TYPE
from services.router.sources.request import normalise_svix
from services.router.sources.responses import ResponsePolicy
from services.router.sources.signature_schemes import (
    BASIC,
    BEARER,
    HUBSPOT_SCHEMES,
    PATH,
    STANDARD_WEBHOOKS_SCHEMES,
)
from services.router.sources.source import Source
from shared.base.errors import BadRequest

STORED_HEADERS = frozenset(
    ("content-type", "user-agent", "idempotency-key", "webhook-id", "webhook-timestamp", "x-hubspot-request-timestamp")
)
HUBSPOT_CLIENT_SECRET = "the client secret of your HubSpot app"
_JSON_TYPES = frozenset(("application/json", "text/json", "text/plain", ""))

SOURCES: Mapping[str, Source] = {
    source.name: source
    for source in (
        Source(
            name="hubspot",
            title="HubSpot webhooks",
            schemes=HUBSPOT_SCHEMES,
            read_items=hubspot_webhooks.read_items,
            response_policy=ResponsePolicy(),
            secret_from_sender=HUBSPOT_CLIENT_SECRET,
        ),
        Source(
            name="hubspot_workflow",
            title="HubSpot workflows",
            secret_from_sender=HUBSPOT_CLIENT_SECRET,
            schemes={"v2": HUBSPOT_SCHEMES["v2"], "path": PATH},
            read_items=hubspot_workflow.read_items,
            response_policy=ResponsePolicy(retry_after="ms"),
            methods=("POST", "GET"),
        ),
        Source(
            name="standard",
            title="Standard Webhooks",
            schemes=STANDARD_WEBHOOKS_SCHEMES,
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
    """The source of that name or alias. Raises BadRequest with the known names when there is none."""
    source = SOURCES.get(SOURCE_ALIASES.get(name, name))
    if source is None:
        raise BadRequest(f"The source {name!r} is unknown; choose one of {', '.join(SOURCES)}.")
    return source


def stored_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that are stored with a request: never a signature, a cookie or a token."""
    return {name: value for name, value in normalise_svix(headers).items() if name in STORED_HEADERS}
