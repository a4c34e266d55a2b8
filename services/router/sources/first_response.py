"""The first response to a verified delivery, which is stored and returned again when the delivery is repeated."""

from services.router.sources import responses
from services.router.sources.canonical import Item
from services.router.sources.delivery import Delivery
from services.router.sources.endpoint_config import EndpointConfig
from services.router.sources.errors import UnreadableBody
from services.router.sources.responses import WebhookResponse
from services.router.sources.source import Source
from shared.base.ids import stable_id

NO_USABLE_LEAD = "The request holds no usable lead; correct the items listed in `problems` and send it again."


def first_response(source: Source, intake: str, delivery: Delivery, config: EndpointConfig) -> WebhookResponse:
    """Accepted, or 400 when the source is parsed before the commit and the delivery holds no usable lead.

    `intake` is the id of the delivery; the lead ids in the response derive from it.
    """
    if not source.parse_before_commit:
        return responses.accepted(source.response_policy, intake, [stable_id(intake, 0)])
    return parsed_response(source, intake, delivery, config)[0]


def parsed_response(
    source: Source, intake: str, delivery: Delivery, config: EndpointConfig
) -> tuple[WebhookResponse, list[Item]]:
    """The response to a delivery that is parsed before the commit, and its usable items."""
    try:
        items = source.read_items(delivery, config)
    except UnreadableBody as error:
        return responses.bad_request(error.reason), []
    usable = [item for item in items if item.problem is None]
    problems = [responses.item_problem(item.index, item.problem) for item in items if item.problem is not None]
    if not usable:
        return responses.bad_request(NO_USABLE_LEAD, problems), []
    leads = [stable_id(intake, item.index) for item in usable]
    return responses.accepted(source.response_policy, intake, leads, problems), usable
