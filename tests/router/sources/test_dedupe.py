"""Repeated deliveries and leads are recognised by keys that do not change between attempts."""

import base64
import binascii
import json
from datetime import timedelta
from typing import Any

import pytest

from services.router.sources.canonical import CanonicalLead, Item
from services.router.sources.dedupe import item_key
from services.router.sources.delivery import Delivery
from services.router.sources.endpoint_config import EndpointConfig
from services.router.sources.registry import SOURCES, source_named, stored_headers
from shared.events.intake import IntakeReceived
from tests.router.sources.senders import EVENT, LEAD
from tests.router.sources.vector_cases import case

MONTH, MINUTES = timedelta(days=30), timedelta(minutes=10)


def keys(name: str, payload: Any, headers: dict[str, str] | None = None, **more: Any) -> list[str]:
    body = json.dumps(payload).encode()
    items = SOURCES[name].read_items(Delivery(body, headers=headers or {}, **more), EndpointConfig())
    return [item_key(item, body) for item in items]


def test_a_retried_hubspot_event_has_the_same_key_in_any_place_of_the_batch() -> None:
    other = {**EVENT, "objectId": 2}
    retried = [{**other, "attemptNumber": 3}, {**EVENT, "attemptNumber": 3, "eventId": 99}]
    assert keys("hubspot", retried) == list(reversed(keys("hubspot", [EVENT, other])))


@pytest.mark.parametrize(
    "name", ["portalId", "subscriptionId", "objectId", "propertyName", "propertyValue", "occurredAt"]
)
def test_a_hubspot_event_that_differs_in_an_identity_field_has_another_key(name: str) -> None:
    assert keys("hubspot", [EVENT]) != keys("hubspot", [{**EVENT, name: 7}])


def test_a_hubspot_workflow_delivery_has_a_key_of_contact_stage_date_and_body() -> None:
    body = json.loads(case("hubspot_workflow", "v2-full-contact")["body_raw"])
    first = keys("hubspot_workflow", body)
    assert first == keys("hubspot_workflow", body)
    assert first[0].startswith("62515:9153674:marketingqualifiedlead:1789999999001:")
    body["properties"]["phone"]["value"] = "+1 202 555 0144"
    assert first != keys("hubspot_workflow", body)


def test_a_hubspot_workflow_delivery_without_a_stage_date_has_the_digest_of_its_body_as_key() -> None:
    assert keys("hubspot_workflow", LEAD)[0].startswith("sha256:")


def test_a_standard_webhooks_message_has_its_id_as_key() -> None:
    headers = {"webhook-id": "msg_1", "webhook-timestamp": "1", "webhook-signature": "v1,x"}
    assert keys("standard", LEAD, headers) == keys("standard", {**LEAD, "x": 1}, {**headers, "webhook-timestamp": "2"})
    assert keys("standard", LEAD, headers) == ["msg_1"]


def test_a_generic_lead_with_an_id_of_its_own_has_that_id_as_key() -> None:
    named = {**LEAD, "event_id": "e1"}
    assert keys("generic", named, {"idempotency-key": "k"}) == ["e1"]
    assert keys("generic", LEAD, {"idempotency-key": "k"}) == ["k:0"]
    assert keys("generic", [LEAD, LEAD], {"idempotency-key": "k"}) == ["k:0", "k:1"]
    assert keys("generic", {**LEAD, "zap_meta": {"id": "z1"}}) == ["z1"]


def test_a_lead_without_an_id_has_the_digest_of_the_body_and_its_index_as_key() -> None:
    first, second = keys("generic", [LEAD, LEAD])
    assert first != second
    assert keys("generic", [LEAD, LEAD]) == [first, second]
    assert keys("generic", [LEAD, LEAD, LEAD])[0] != first


@pytest.mark.parametrize("name", ["x" * 10_000, "münchen", "a\x00b", "a\r\nb", "\ud800"])
def test_a_dedupe_key_is_short_printable_ascii_whatever_id_the_sender_sends(name: str) -> None:
    item = Item(0, None, CanonicalLead())
    [key] = keys("generic", {**LEAD, "event_id": "e"}, {"idempotency-key": name})
    assert key == "e"
    [key] = keys("generic", LEAD, {"idempotency-key": name})
    assert len(key) <= 210
    assert key.isascii()
    assert key.isprintable()
    assert item_key(item, b"x") != item_key(item, b"y")


def test_a_repeated_delivery_is_recognised_by_its_delivery_id_else_by_its_body() -> None:
    assert SOURCES["standard"].delivery_key({"webhook-id": "msg_1"}, b"x") == ("id:msg_1", True)
    assert SOURCES["generic"].delivery_key({"idempotency-key": "k"}, b"x") == ("id:k", True)
    key, named = SOURCES["hubspot"].delivery_key({"idempotency-key": "k"}, b"x")
    assert (key[:7], named) == ("sha256:", False)
    assert SOURCES["hubspot"].delivery_key({}, b"x") == (key, False)
    assert SOURCES["hubspot"].delivery_key({}, b"y") != (key, False)
    assert SOURCES["hubspot_workflow"].delivery_key({}, b"", "a=1") != SOURCES["hubspot_workflow"].delivery_key(
        {}, b"", "a=2"
    )


@pytest.mark.parametrize(
    ("name", "scheme", "has_id", "window"),
    [
        ("hubspot", "v3", False, MONTH),
        ("hubspot", "v1", False, MONTH),
        ("hubspot_workflow", "v2", False, MONTH),
        ("hubspot_workflow", "path", False, MINUTES),
        ("standard", "v1", True, MONTH),
        ("generic", "bearer", True, MONTH),
        ("generic", "bearer", False, MINUTES),
        ("generic", "path", False, MINUTES),
        ("generic", None, False, MINUTES),
    ],
)
def test_dedupe_keys_are_kept_a_month_where_deliveries_are_signed_or_have_an_id(
    name: str, scheme: str | None, has_id: bool, window: timedelta
) -> None:
    assert SOURCES[name].dedupe_window(scheme, has_id) == window


def test_the_stored_headers_hold_no_secret_and_no_signature() -> None:
    names = [
        "authorization",
        "cookie",
        "x-hubspot-signature",
        "x-hubspot-signature-v3",
        "webhook-signature",
        "x-api-key",
    ]
    sent = {**dict.fromkeys(names, "s3cret"), "content-type": "application/json", "webhook-id": "msg_1"}
    assert stored_headers(sent) == {"content-type": "application/json", "webhook-id": "msg_1"}


def test_a_delivery_is_read_back_from_its_intake_event_unchanged() -> None:
    sent = case("zapier_generic", "messy-array")
    intake = IntakeReceived(
        endpoint="web",
        source="generic",
        received_at="2026-09-21T14:13:20Z",  # type: ignore[arg-type]
        method="POST",
        query="",
        content_type="application/json",
        headers={"Idempotency-Key": "b3c1"},
        body=base64.b64encode(sent["body_raw"].encode()).decode(),
    )
    [item] = source_named("zapier").read_items(Delivery.from_intake(intake), EndpointConfig())
    assert item.fields.public() == sent["expected"][0]
    with pytest.raises(binascii.Error):
        Delivery.from_intake(intake.model_copy(update={"body": "?"}))
