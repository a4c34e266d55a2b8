"""Verification follows the rules that the vendors publish, and fails closed."""

import base64
import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from standardwebhooks import Webhook

from services.router.sources.dry_run import case_body, try_request
from services.router.sources.registry import SOURCES
from services.router.sources.request import WebhookRequest, lower_case_headers, signed_url
from services.router.sources.verify import Verification
from shared.base.credentials import EndpointSecret
from tests.router.sources.senders import (
    CLIENT_SECRET,
    NOW,
    SENDERS,
    URL,
    WHSEC,
    authentic_body,
    authentic_request,
    hubspot_v1,
    hubspot_v3,
)


def verify_hubspot(schemes: list[str], request: dict[str, Any], now: float = NOW) -> Verification:
    received = WebhookRequest(
        "POST", request["url"], lower_case_headers(request["headers"].items()), case_body(request)
    )
    return SOURCES["hubspot"].verify(schemes, received, [EndpointSecret("k1", CLIENT_SECRET)], now)


def test_when_hubspot_v3_is_present_v1_does_not_count() -> None:
    body = authentic_body("hubspot v1")
    old, new = hubspot_v1(body), hubspot_v3(body)
    both = {**old, "headers": {**old["headers"], **new["headers"]}}
    assert verify_hubspot(["v3", "v1"], old).scheme == "v1"
    assert verify_hubspot(["v3", "v1"], both).scheme == "v3"
    for broken in ("", "x", "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y="):
        spoilt = {**both, "headers": {**both["headers"], "X-HubSpot-Signature-v3": broken}}
        assert not verify_hubspot(["v3", "v1"], spoilt).ok
        assert not verify_hubspot(["v1", "v3"], spoilt).ok
    assert not verify_hubspot(["v3", "v1"], both, NOW + 301).ok


def test_the_endpoint_decides_the_signature_scheme_not_the_request() -> None:
    old = hubspot_v1(authentic_body("hubspot v1"))
    for scheme in ("v2", "v3"):
        headers = {**old["headers"], "X-HubSpot-Signature-Version": "v1"}
        assert not verify_hubspot([scheme], {**old, "headers": headers}).ok
    assert not verify_hubspot([], old).ok, "the default of HubSpot webhooks is v3"


_LISTED = {
    "%3A": ":", "%2F": "/", "%3F": "?", "%40": "@", "%21": "!", "%24": "$", "%27": "'", "%28": "(", "%29": ")",
    "%2A": "*", "%2C": ",", "%3B": ";",
}  # fmt: skip


@pytest.mark.parametrize(
    ("query", "signed"),
    [
        *(("a=" + code + "z", "a=" + mark + "z") for code, mark in _LISTED.items()),
        *(("a=" + code.lower() + "z", "a=" + mark + "z") for code, mark in _LISTED.items()),
        *(
            (f"a={unchanged}", f"a={unchanged}")
            for unchanged in ("b+c", "b%20c", "b%26c", "b%25c", "b%253Ac", "%C3%A9", "%", "%3", "a?b")
        ),
    ],
)
def test_hubspot_v3_signs_a_query_with_twelve_characters_decoded(query: str, signed: str) -> None:
    request = hubspot_v3(authentic_body("hubspot v3"), url=f"{URL}?{query}", signed_url=f"{URL}?{signed}")
    assert try_request(request)["verified"]
    if signed != query:
        unlike = hubspot_v3(authentic_body("hubspot v3"), url=f"{URL}?{query}", signed_url=f"{URL}?{query}")
        assert not try_request(unlike)["verified"]


def test_hubspot_v3_signs_the_path_of_the_url_as_registered() -> None:
    url = "https://leads.example.com/a%3Ab"
    assert try_request(hubspot_v3(authentic_body("hubspot v3"), url=url, signed_url=url))["verified"]


def test_the_signed_url_is_the_registered_url_with_the_received_query() -> None:
    assert signed_url("https://a.example/w/1", "x=%3A") == "https://a.example/w/1?x=%3A"
    assert signed_url("https://a.example/w/1?old=1#part", b"x=\xe9") == "https://a.example/w/1?x=é"
    assert signed_url("https://a.example/w/1?old=1", "") == "https://a.example/w/1"


def test_during_a_rotation_both_secrets_count_and_the_matching_one_is_named() -> None:
    request = authentic_request("standard")
    new = "whsec_" + base64.b64encode(bytes(32)).decode()
    headers, body = lower_case_headers(request["headers"].items()), authentic_body("standard")

    def moment(seconds: float) -> datetime:
        return datetime.fromtimestamp(seconds, UTC)

    def at(now: float, *secrets: EndpointSecret) -> Verification:
        stamped = Webhook(WHSEC).sign("msg_1", datetime.fromtimestamp(NOW, UTC), body.decode())
        received = WebhookRequest("POST", URL, {**headers, "webhook-signature": stamped}, body)
        return SOURCES["standard"].verify(["v1"], received, secrets, now)

    old = EndpointSecret("old", WHSEC, not_after=moment(NOW + 100))
    early = EndpointSecret("early", WHSEC, not_before=moment(NOW + 1))
    assert at(NOW, EndpointSecret("new", new), old).secret_id == "old"
    assert at(NOW + 99.9, EndpointSecret("new", new), old).ok
    assert at(NOW + 100, EndpointSecret("new", new), old).reason == "signature does not match"
    assert at(NOW + 100, old).reason == "not configured"
    assert at(NOW, early).reason == "not configured"
    assert at(NOW + 1, early).ok


def test_a_signature_counts_only_in_its_canonical_encoding() -> None:
    request = authentic_request("standard")
    signature = request["headers"]["webhook-signature"]
    body = signature.removeprefix("v1,")
    spare = body[:-2] + chr(ord(body[-2]) + 1) + "="
    assert base64.b64decode(spare) == base64.b64decode(body)
    for spelt in (spare, body.rstrip("="), body.replace("+", "-").replace("/", "_") + " ", "\t" + body, body + "\n"):
        changed = {**request["headers"], "webhook-signature": f"v1,{spelt}"}
        assert try_request({**request, "headers": changed})["verified"] is (spelt.strip(" ") == body)


def test_a_header_of_ten_thousand_signatures_is_refused_quickly() -> None:
    request = authentic_request("standard ed25519")
    many = " ".join(["v1a," + base64.b64encode(bytes(64)).decode()] * 10_000)
    started = time.perf_counter()
    assert not try_request({**request, "headers": {**request["headers"], "webhook-signature": many}})["verified"]
    assert time.perf_counter() - started < 0.5


def test_a_repeated_signature_header_is_refused() -> None:
    request = authentic_request("hubspot v3")
    digest = request["headers"]["X-HubSpot-Signature-v3"]
    for both in ([digest, "x"], ["x", digest], [digest, digest]):
        assert not try_request({**request, "headers": {**request["headers"], "X-HubSpot-Signature-v3": both}})[
            "verified"
        ]


@pytest.mark.parametrize(
    ("scheme", "headers", "url", "ok"),
    [
        ("bearer", {"Authorization": "bearer zp_11"}, URL, True),
        ("bearer", {"authorization": "BEARER   zp_11  "}, URL, True),
        ("bearer", {"Authorization": "zp_11"}, URL, False),
        ("bearer", {"Authorization": "Basic zp_11"}, URL, False),
        ("bearer", {"Authorization": "Bearer zp_1"}, URL, False),
        ("bearer", {"Authorization": "Bearer ZP_11"}, URL, False),
        ("basic", {"Authorization": "Basic " + base64.b64encode(b"zp_11").decode()}, URL, True),
        ("basic", {"Authorization": "Basic zp_11"}, URL, False),
        ("basic", {"Authorization": "Basic ====="}, URL, False),
        ("path", {}, f"{URL}/zp_11", True),
        ("path", {}, f"{URL}/zp_12", False),
        ("path", {}, URL, False),
        ("path", {"Authorization": "Bearer zp_11"}, URL, False),
    ],
)
def test_a_token_counts_only_where_the_scheme_expects_it(
    scheme: str, headers: dict[str, str], url: str, ok: bool
) -> None:
    request = {**authentic_request("generic"), "scheme": scheme, "url": url}
    outcome = try_request({**request, "headers": {"Content-Type": "application/json", **headers}})
    assert outcome["verified"] is ok
    assert len(outcome["leads"]) == int(ok)


@pytest.mark.parametrize("sender", SENDERS)
def test_a_response_repeats_nothing_of_the_request(sender: str) -> None:
    marker = "kmx7q"
    body = json.dumps([{"email": marker, marker: marker, "objectId": None}]).encode()
    answer = try_request(SENDERS[sender](body))["answer"]
    assert marker not in answer["body"] + json.dumps(answer["headers"])
