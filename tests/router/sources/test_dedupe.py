"""Repetitions are recognised by what does not change between attempts, and kept for as long as that is safe."""

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
    found = SOURCES[name].read_items(Delivery(body, headers=headers or {}, **more), EndpointConfig())
    return [item_key(element, body) for element in found]


def test_a_hubspot_event_is_one_event_whatever_its_attempt_and_its_place() -> None:
    other = {**EVENT, "objectId": 2}
    retried = [{**other, "attemptNumber": 3}, {**EVENT, "attemptNumber": 3, "eventId": 99}]
    assert keys("hubspot", retried) == list(reversed(keys("hubspot", [EVENT, other])))


@pytest.mark.parametrize(
    "name", ["portalId", "subscriptionId", "objectId", "propertyName", "propertyValue", "occurredAt"]
)
def test_each_part_of_a_hubspot_event_makes_it_another(name: str) -> None:
    assert keys("hubspot", [EVENT]) != keys("hubspot", [{**EVENT, name: 7}])


def test_a_workflow_request_is_known_by_contact_stage_date_and_body() -> None:
    body = json.loads(case("hubspot_workflow", "v2-full-contact")["body_raw"])
    first = keys("hubspot_workflow", body)
    assert first == keys("hubspot_workflow", body)
    assert first[0].startswith("62515:9153674:marketingqualifiedlead:1789999999001:")
    body["properties"]["phone"]["value"] = "+1 202 555 0144"
    assert first != keys("hubspot_workflow", body)


def test_a_workflow_request_without_a_stage_date_is_known_by_its_body() -> None:
    assert keys("hubspot_workflow", LEAD)[0].startswith("sha256:")


def test_a_standard_message_is_known_by_its_id_alone() -> None:
    headers = {"webhook-id": "msg_1", "webhook-timestamp": "1", "webhook-signature": "v1,x"}
    assert keys("standard", LEAD, headers) == keys("standard", {**LEAD, "x": 1}, {**headers, "webhook-timestamp": "2"})
    assert keys("standard", LEAD, headers) == ["msg_1"]


def test_a_lead_that_names_itself_is_known_by_that_name() -> None:
    named = {**LEAD, "event_id": "e1"}
    assert keys("generic", named, {"idempotency-key": "k"}) == ["e1"]
    assert keys("generic", LEAD, {"idempotency-key": "k"}) == ["k:0"]
    assert keys("generic", [LEAD, LEAD], {"idempotency-key": "k"}) == ["k:0", "k:1"]
    assert keys("generic", {**LEAD, "zap_meta": {"id": "z1"}}) == ["z1"]


def test_a_lead_that_nothing_names_is_known_by_the_whole_body_and_its_place() -> None:
    first, second = keys("generic", [LEAD, LEAD])
    assert first != second
    assert keys("generic", [LEAD, LEAD]) == [first, second]
    assert keys("generic", [LEAD, LEAD, LEAD])[0] != first


@pytest.mark.parametrize("name", ["x" * 10_000, "münchen", "a\x00b", "a\r\nb", "\ud800"])
def test_a_key_is_short_and_plain_whatever_the_sender_calls_it(name: str) -> None:
    element = Item(0, None, CanonicalLead())
    [key] = keys("generic", {**LEAD, "event_id": "e"}, {"idempotency-key": name})
    assert key == "e"
    [key] = keys("generic", LEAD, {"idempotency-key": name})
    assert len(key) <= 210
    assert key.isascii()
    assert key.isprintable()
    assert item_key(element, b"x") != item_key(element, b"y")


def test_a_delivery_is_known_by_the_name_that_its_sender_gives_it_else_by_its_body() -> None:
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
    ("name", "scheme", "by_name", "window"),
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
def test_keys_are_kept_a_month_where_deliveries_are_signed_or_named(
    name: str, scheme: str | None, by_name: bool, window: timedelta
) -> None:
    assert SOURCES[name].dedupe_window(scheme, by_name) == window


def test_no_secret_and_no_signature_is_kept_with_a_request() -> None:
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


def test_a_delivery_survives_its_way_through_the_log() -> None:
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
    [element] = source_named("zapier").read_items(Delivery.from_intake(intake), EndpointConfig())
    assert element.fields.public() == sent["expected"][0]
    with pytest.raises(binascii.Error):
        Delivery.from_intake(intake.model_copy(update={"body": "?"}))
