"""Standard Webhooks (and Svix): one lead in the generic format, identified by its signed `webhook-id`."""

from collections.abc import Mapping

from services.router.sources import body
from services.router.sources.canonical import Item
from services.router.sources.contact import NO_CONTACT, contact_problem
from services.router.sources.dedupe import delivery_id
from services.router.sources.delivery import Delivery
from services.router.sources.endpoint_config import EndpointConfig
from services.router.sources.errors import UnreadableBody
from services.router.sources.generic import read_lead
from services.router.sources.request import normalise_svix

DELIVERY_ID_HEADER = "webhook-id"


def read_items(delivery: Delivery, config: EndpointConfig | None = None) -> list[Item]:
    """The one lead of the message. Raises UnreadableBody when the message holds none."""
    parsed = body.parse_json_body(delivery.content_type, delivery.body)
    if not isinstance(parsed.value, Mapping):
        raise UnreadableBody("The message is JSON but not an object; send one lead as an object.")
    mapped = read_lead(parsed.value, config or EndpointConfig())
    message_id = delivery_id(normalise_svix(delivery.headers), DELIVERY_ID_HEADER)
    fields = mapped.fields.model_copy(update={"event_id": message_id})
    problem = contact_problem(fields)
    if problem == NO_CONTACT:
        raise UnreadableBody(
            "The message names no lead: it has no email, no phone and no id; send at least one of them."
        )
    return [Item(0, message_id, fields, mapped.unmapped, " ".join((*parsed.notes, *mapped.notes)), problem)]
