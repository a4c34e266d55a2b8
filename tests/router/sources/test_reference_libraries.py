"""Our verifier agrees with the libraries of Standard Webhooks and of ed25519."""

import base64
import json
from datetime import UTC, datetime

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from standardwebhooks import Webhook

from services.router.sources.dry_run import try_request
from services.router.sources.registry import SOURCES, source_named
from services.router.sources.request import WebhookRequest, lower_case_headers, normalise_svix
from services.router.sources.verify import Verification
from shared.base.credentials import EndpointSecret
from tests.router.sources.senders import (
    NOW,
    URL,
    authentic_body,
    authentic_request,
)
from tests.router.sources.senders import standard as standard_case

KEYS = st.binary(min_size=24, max_size=64).map(lambda raw: "whsec_" + base64.b64encode(raw).decode())
NAMES = st.from_regex(r"msg_[A-Za-z0-9]{1,30}", fullmatch=True)
BODIES = st.dictionaries(st.text(max_size=8), st.text(max_size=20) | st.integers(), max_size=5).map(
    lambda payload: json.dumps(payload, ensure_ascii=False)
)


def verdict(headers: dict[str, str], body: bytes, secret: str, scheme: str, now: float) -> Verification:
    return SOURCES["standard"].verify(
        [scheme], WebhookRequest("POST", URL, headers, body), [EndpointSecret("k1", secret)], now
    )


def library_accepts(headers: dict[str, str], body: str, secret: str) -> bool:
    """Whether the library accepts it; for a hostile header it raises more than its own error."""
    try:
        Webhook(secret).verify(body, headers)
    except Exception:
        return False
    return True


@given(KEYS, NAMES, BODIES)
@settings(deadline=None)
def test_a_request_signed_by_the_standard_webhooks_library_is_verified(secret: str, name: str, body: str) -> None:
    now = datetime.now(UTC)
    headers = {
        "webhook-id": name,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(name, now, body),
    }
    assert library_accepts(headers, body, secret)
    assert verdict(headers, body.encode(), secret, "v1", now.timestamp()) == Verification(True, "", "k1", "v1")


@given(
    secret=KEYS,
    body=BODIES,
    name=st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature", "body"]),
    index=st.integers(min_value=0),
    character=st.characters(min_codepoint=33, max_codepoint=126),
)
@settings(deadline=None)
def test_a_request_that_the_standard_webhooks_library_refuses_is_refused(
    secret: str, body: str, name: str, index: int, character: str
) -> None:
    now = datetime.now(UTC)
    sent = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg_1", now, body),
        "body": body,
    }
    text = sent[name]
    position = index % len(text)
    sent[name] = text[:position] + character + text[position + 1 :]
    changed = sent.pop("body")
    ours = verdict(sent, changed.encode(), secret, "v1", now.timestamp()).ok
    # We are stricter: base64 that is not in its canonical encoding is refused as well.
    assert not ours or library_accepts(sent, changed, secret)
    if (sent.get(name) or changed) == text:
        assert ours


@given(st.binary(min_size=32, max_size=32), NAMES, st.binary(max_size=100), st.integers(min_value=0, max_value=511))
@settings(max_examples=200, deadline=None)
def test_ed25519_verification_agrees_with_cryptography(seed: bytes, name: str, body: bytes, bit: int) -> None:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    message = f"{name}.{NOW}.".encode() + body
    signature = private.sign(message)
    public = "whpk_" + base64.b64encode(private.public_key().public_bytes_raw()).decode()

    def ours(presented: bytes, sent: bytes) -> bool:
        text = "v1a," + base64.b64encode(presented).decode()
        headers = {"webhook-id": name, "webhook-timestamp": str(NOW), "webhook-signature": text}
        return verdict(headers, sent, public, "v1a", NOW).ok

    assert ours(signature, body)
    flipped = bytes(byte ^ (1 << bit % 8 if index == bit // 8 else 0) for index, byte in enumerate(signature))
    with pytest.raises(InvalidSignature):
        private.public_key().verify(flipped, message)
    assert not ours(flipped, body)
    assert not ours(signature, body + b" ")
    assert not ours(bytes(64), body)


def test_a_public_key_never_serves_as_a_shared_secret() -> None:
    request = authentic_request("standard ed25519")
    public = request["secret"]
    key = base64.b64decode(public.removeprefix("whpk_"))
    for scheme in ("v1", "v1_utf8"):
        for shared in (key, public.encode()):
            forged = standard_case(authentic_body("standard"))
            signature = Webhook(shared).sign(
                "msg_1", datetime.fromtimestamp(NOW, UTC), authentic_body("standard").decode()
            )
            forged["headers"]["webhook-signature"] = signature
            assert not try_request({**forged, "secret": public, "scheme": scheme})["verified"]


def test_the_text_of_a_secret_is_the_key_only_under_the_scheme_v1_utf8() -> None:
    body = authentic_body("standard")
    request = standard_case(body)
    request["headers"]["webhook-signature"] = Webhook(b"polar_secret").sign(
        "msg_1", datetime.fromtimestamp(NOW, UTC), body.decode()
    )
    assert try_request({**request, "secret": "polar_secret", "scheme": "v1_utf8"})["verified"]
    assert not try_request({**request, "secret": "polar_secret", "scheme": "v1"})["verified"]


def test_svix_headers_are_an_alias_and_are_never_mixed_with_webhook_headers() -> None:
    body = authentic_body("standard")
    assert try_request(standard_case(body, family="svix"))["leads"][0]["event_id"] == "msg_1"
    signed, other = standard_case(body, family="svix"), standard_case(body, name="msg_2")
    mixed = {**other["headers"], "svix-id": "msg_1", "svix-timestamp": str(NOW)}
    assert try_request({**other, "headers": mixed})["leads"][0]["event_id"] == "msg_2"
    halves = {"svix-id": "msg_1", "svix-timestamp": str(NOW), "webhook-signature": signed["headers"]["svix-signature"]}
    assert not try_request({**signed, "headers": halves})["verified"]


def test_an_unsigned_delivery_id_beside_a_signed_one_is_ignored() -> None:
    kind = source_named("standard")
    request = standard_case(authentic_body("standard"), family="svix")
    headers = lower_case_headers({**request["headers"], "webhook-id": "chosen by a forger"}.items())
    assert kind.delivery_key(headers, b"x") == ("id:msg_1", True)
    assert normalise_svix(headers)["webhook-id"] == "msg_1"
