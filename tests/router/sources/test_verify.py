"""Our verifier agrees with the libraries of the schemes, and keeps to the rules that each vendor prints."""

import base64
import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from standardwebhooks import Webhook

from services.router.sources.received import Received, lower, one_family, signed_url
from services.router.sources.recipes import Secret
from services.router.sources.registry import SOURCES, source
from services.router.sources.trial import body_of, try_request
from services.router.sources.verify import Verified
from tests.router.sources.senders import (
    CLIENT_SECRET,
    NOW,
    SENDERS,
    URL,
    WHSEC,
    good,
    good_body,
    hubspot_v1,
    hubspot_v3,
)
from tests.router.sources.senders import standard as standard_case

KEYS = st.binary(min_size=24, max_size=64).map(lambda raw: "whsec_" + base64.b64encode(raw).decode())
NAMES = st.from_regex(r"msg_[A-Za-z0-9]{1,30}", fullmatch=True)
BODIES = st.dictionaries(st.text(max_size=8), st.text(max_size=20) | st.integers(), max_size=5).map(
    lambda said: json.dumps(said, ensure_ascii=False)
)


def verdict(headers: dict[str, str], body: bytes, secret: str, scheme: str, now: float) -> Verified:
    return SOURCES["standard"].verify([scheme], Received("POST", URL, headers, body), [Secret(secret, "k1")], now)


def theirs(headers: dict[str, str], body: str, secret: str) -> bool:
    """What the library says; it raises many things besides its own error for a hostile header."""
    try:
        Webhook(secret).verify(body, headers)
    except Exception:
        return False
    return True


@given(KEYS, NAMES, BODIES)
def test_what_the_standard_webhooks_library_signs_is_authentic(secret: str, name: str, body: str) -> None:
    now = datetime.now(UTC)
    headers = {
        "webhook-id": name,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(name, now, body),
    }
    assert theirs(headers, body, secret)
    assert verdict(headers, body.encode(), secret, "v1", now.timestamp()) == Verified(True, "", "k1", "v1")


@given(
    secret=KEYS,
    body=BODIES,
    name=st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature", "body"]),
    place=st.integers(min_value=0),
    mark=st.characters(min_codepoint=33, max_codepoint=126),
)
def test_we_refuse_whatever_the_library_refuses(secret: str, body: str, name: str, place: int, mark: str) -> None:
    now = datetime.now(UTC)
    sent = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg_1", now, body),
        "body": body,
    }
    text = sent[name]
    where = place % len(text)
    sent[name] = text[:where] + mark + text[where + 1 :]
    changed = sent.pop("body")
    ours = verdict(sent, changed.encode(), secret, "v1", now.timestamp()).ok
    # We are the stricter: base64 that is not spelt canonically is refused too.
    assert not ours or theirs(sent, changed, secret)
    if (sent.get(name) or changed) == text:
        assert ours


@given(st.binary(min_size=32, max_size=32), NAMES, st.binary(max_size=100), st.integers(min_value=0, max_value=511))
@settings(max_examples=200)
def test_ed25519_agrees_with_cryptography(seed: bytes, name: str, body: bytes, bit: int) -> None:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    message = f"{name}.{NOW}.".encode() + body
    signature = private.sign(message)
    public = "whpk_" + base64.b64encode(private.public_key().public_bytes_raw()).decode()

    def ours(presented: bytes, sent: bytes) -> bool:
        text = "v1a," + base64.b64encode(presented).decode()
        headers = {"webhook-id": name, "webhook-timestamp": str(NOW), "webhook-signature": text}
        return verdict(headers, sent, public, "v1a", NOW).ok

    assert ours(signature, body)
    flipped = bytes(byte ^ (1 << bit % 8 if place == bit // 8 else 0) for place, byte in enumerate(signature))
    with pytest.raises(InvalidSignature):
        private.public_key().verify(flipped, message)
    assert not ours(flipped, body)
    assert not ours(signature, body + b" ")
    assert not ours(bytes(64), body)


def test_a_public_key_never_serves_as_a_shared_secret() -> None:
    request = good("standard ed25519")
    public = request["secret"]
    key = base64.b64decode(public.removeprefix("whpk_"))
    for scheme in ("v1", "v1_utf8"):
        for shared in (key, public.encode()):
            forged = standard_case(good_body("standard"))
            signature = Webhook(shared).sign("msg_1", datetime.fromtimestamp(NOW, UTC), good_body("standard").decode())
            forged["headers"]["webhook-signature"] = signature
            assert not try_request({**forged, "secret": public, "scheme": scheme})["verified"]


def test_the_text_of_a_secret_is_the_key_only_where_the_endpoint_says_so() -> None:
    body = good_body("standard")
    request = standard_case(body)
    request["headers"]["webhook-signature"] = Webhook(b"polar_secret").sign(
        "msg_1", datetime.fromtimestamp(NOW, UTC), body.decode()
    )
    assert try_request({**request, "secret": "polar_secret", "scheme": "v1_utf8"})["verified"]
    assert not try_request({**request, "secret": "polar_secret", "scheme": "v1"})["verified"]


def test_svix_names_are_an_alias_and_are_never_mixed_with_the_others() -> None:
    body = good_body("standard")
    assert try_request(standard_case(body, family="svix"))["leads"][0]["event_id"] == "msg_1"
    signed, other = standard_case(body, family="svix"), standard_case(body, name="msg_2")
    mixed = {**other["headers"], "svix-id": "msg_1", "svix-timestamp": str(NOW)}
    assert try_request({**other, "headers": mixed})["leads"][0]["event_id"] == "msg_2"
    halves = {"svix-id": "msg_1", "svix-timestamp": str(NOW), "webhook-signature": signed["headers"]["svix-signature"]}
    assert not try_request({**signed, "headers": halves})["verified"]


def test_an_unsigned_id_beside_a_signed_one_names_nothing() -> None:
    kind = source("standard")
    request = standard_case(good_body("standard"), family="svix")
    headers = lower({**request["headers"], "webhook-id": "chosen by a forger"}.items())
    assert kind.delivery_key(headers, b"x") == ("id:msg_1", True)
    assert one_family(headers)["webhook-id"] == "msg_1"


def allowed(schemes: list[str], request: dict[str, Any], now: float = NOW) -> Verified:
    received = Received("POST", request["url"], lower(request["headers"].items()), body_of(request))
    return SOURCES["hubspot"].verify(schemes, received, [Secret(CLIENT_SECRET, "k1")], now)


def test_where_v3_is_present_only_v3_counts() -> None:
    body = good_body("hubspot v1")
    old, new = hubspot_v1(body), hubspot_v3(body)
    both = {**old, "headers": {**old["headers"], **new["headers"]}}
    assert allowed(["v3", "v1"], old).scheme == "v1"
    assert allowed(["v3", "v1"], both).scheme == "v3"
    for broken in ("", "x", "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y="):
        spoilt = {**both, "headers": {**both["headers"], "X-HubSpot-Signature-v3": broken}}
        assert not allowed(["v3", "v1"], spoilt).ok
        assert not allowed(["v1", "v3"], spoilt).ok
    assert not allowed(["v3", "v1"], both, NOW + 301).ok


def test_the_endpoint_decides_the_scheme_and_never_the_request() -> None:
    old = hubspot_v1(good_body("hubspot v1"))
    for scheme in ("v2", "v3"):
        headers = {**old["headers"], "X-HubSpot-Signature-Version": "v1"}
        assert not allowed([scheme], {**old, "headers": headers}).ok
    assert not allowed([], old).ok, "the default of HubSpot webhooks is v3"


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
            (f"a={kept}", f"a={kept}")
            for kept in ("b+c", "b%20c", "b%26c", "b%25c", "b%253Ac", "%C3%A9", "%", "%3", "a?b")
        ),
    ],
)
def test_hubspot_signs_a_query_with_twelve_marks_decoded_and_no_more(query: str, signed: str) -> None:
    request = hubspot_v3(good_body("hubspot v3"), url=f"{URL}?{query}", signed_url=f"{URL}?{signed}")
    assert try_request(request)["verified"]
    if signed != query:
        unlike = hubspot_v3(good_body("hubspot v3"), url=f"{URL}?{query}", signed_url=f"{URL}?{query}")
        assert not try_request(unlike)["verified"]


def test_the_path_of_a_registered_url_is_signed_as_it_is_registered() -> None:
    url = "https://leads.example.com/a%3Ab"
    assert try_request(hubspot_v3(good_body("hubspot v3"), url=url, signed_url=url))["verified"]


def test_the_signed_url_is_the_registered_one_with_the_query_that_came() -> None:
    assert signed_url("https://a.example/w/1", "x=%3A") == "https://a.example/w/1?x=%3A"
    assert signed_url("https://a.example/w/1?old=1#part", b"x=\xe9") == "https://a.example/w/1?x=é"
    assert signed_url("https://a.example/w/1?old=1", "") == "https://a.example/w/1"


def test_while_secrets_are_rotated_both_count_and_the_one_that_matched_is_named() -> None:
    request = good("standard")
    new = "whsec_" + base64.b64encode(bytes(32)).decode()
    headers, body = lower(request["headers"].items()), good_body("standard")

    def at(now: float, *secrets: Secret) -> Verified:
        stamped = Webhook(WHSEC).sign("msg_1", datetime.fromtimestamp(NOW, UTC), body.decode())
        received = Received("POST", URL, {**headers, "webhook-signature": stamped}, body)
        return SOURCES["standard"].verify(["v1"], received, secrets, now)

    old = Secret(WHSEC, "old", not_after=NOW + 100)
    assert at(NOW, Secret(new, "new"), old).matched_key == "old"
    assert at(NOW + 99.9, Secret(new, "new"), old).ok
    assert at(NOW + 100, Secret(new, "new"), old).reason == "signature does not match"
    assert at(NOW + 100, old).reason == "not configured"
    assert at(NOW, Secret(WHSEC, "early", not_before=NOW + 1)).reason == "not configured"
    assert at(NOW + 1, Secret(WHSEC, "early", not_before=NOW + 1)).ok


def test_a_signature_counts_in_one_spelling_only() -> None:
    request = good("standard")
    signature = request["headers"]["webhook-signature"]
    body = signature.removeprefix("v1,")
    spare = body[:-2] + chr(ord(body[-2]) + 1) + "="
    assert base64.b64decode(spare) == base64.b64decode(body)
    for spelt in (spare, body.rstrip("="), body.replace("+", "-").replace("/", "_") + " ", "\t" + body, body + "\n"):
        changed = {**request["headers"], "webhook-signature": f"v1,{spelt}"}
        assert try_request({**request, "headers": changed})["verified"] is (spelt.strip(" ") == body)


def test_a_header_of_very_many_signatures_costs_little() -> None:
    request = good("standard ed25519")
    many = " ".join(["v1a," + base64.b64encode(bytes(64)).decode()] * 10_000)
    started = time.perf_counter()
    assert not try_request({**request, "headers": {**request["headers"], "webhook-signature": many}})["verified"]
    assert time.perf_counter() - started < 0.5


def test_a_header_that_stands_twice_hides_nothing() -> None:
    request = good("hubspot v3")
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
def test_a_shown_secret_counts_where_the_scheme_says(scheme: str, headers: dict[str, str], url: str, ok: bool) -> None:
    request = {**good("generic"), "scheme": scheme, "url": url}
    outcome = try_request({**request, "headers": {"Content-Type": "application/json", **headers}})
    assert outcome["verified"] is ok
    assert len(outcome["leads"]) == int(ok)


@pytest.mark.parametrize("sender", SENDERS)
def test_an_answer_repeats_nothing_of_what_was_sent(sender: str) -> None:
    marker = "kmx7q"
    body = json.dumps([{"email": marker, marker: marker, "objectId": None}]).encode()
    answer = try_request(SENDERS[sender](body))["answer"]
    assert marker not in answer["body"] + json.dumps(answer["headers"])
