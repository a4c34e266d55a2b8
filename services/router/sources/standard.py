"""Standard Webhooks (and Svix): one lead in our own contract, named by its signed `webhook-id`."""

from collections.abc import Mapping

from services.router.sources import body, mapping
from services.router.sources.canonical import Delivery, Element, Setup
from services.router.sources.generic import read_lead
from services.router.sources.keys import named
from services.router.sources.received import one_family
from services.router.sources.unreadable import Unreadable

KEY_HEADER = "webhook-id"


def elements(delivery: Delivery, setup: Setup | None = None) -> list[Element]:
    """The one lead of the message. Raises Unreadable when the message holds none."""
    parsed = body.read_json_body(delivery.content_type, delivery.body)
    if not isinstance(parsed.value, Mapping):
        raise Unreadable("The message is JSON but not an object.")
    mapped = read_lead(parsed.value, setup or Setup())
    name = named(one_family(delivery.headers), KEY_HEADER)
    fields = mapped.fields.model_copy(update={"event_id": name})
    problem = mapping.contact_problem(fields)
    if problem == mapping.CONTACT:
        raise Unreadable("The message names no lead: it has no email, no phone and no id.")
    return [Element(0, name, fields, mapped.unmapped, " ".join((*parsed.notes, *mapped.notes)), problem)]
