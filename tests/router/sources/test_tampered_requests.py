"""A request that was changed anywhere on its way is refused and never becomes a lead."""

from collections.abc import Iterator
from typing import Any

import pytest

from services.router.sources.dry_run import case_body
from tests.router.sources.dry_runs import PROVING_HEADERS, dry_run, with_body, with_header
from tests.router.sources.senders import NOW, SENDERS, SIGNED, authentic_body, authentic_request
from tests.router.sources.vector_cases import cases

FLIPS = (0x01, 0x02, 0x10, 0x20, 0x80)


def flipped(text: str) -> Iterator[str]:
    for index, character in enumerate(text):
        for flip in FLIPS:
            yield text[:index] + chr(ord(character) ^ flip) + text[index + 1 :]


def authentic_vectors() -> list[Any]:
    cases_to_tamper = []
    for file, case in cases():
        if case["signature_valid"] or (case.get("auth_valid") and case["respond"] < 300):
            cases_to_tamper.append(pytest.param({**case, "now": case.get("now", NOW)}, id=f"{file}-{case['name']}"))
    return cases_to_tamper


ALL = [*authentic_vectors(), *(pytest.param(authentic_request(sender), id=sender) for sender in SENDERS)]


def test_the_requests_to_tamper_with_are_authentic_at_first() -> None:
    assert len(ALL) >= 16
    for sender in SENDERS:
        outcome = dry_run(authentic_request(sender))
        assert outcome["verified"], (sender, outcome)
        assert len(outcome["leads"]) == 1


@pytest.mark.parametrize("request_", ALL)
def test_a_request_with_a_flipped_byte_in_a_proving_header_is_refused(request_: dict[str, Any]) -> None:
    checked = 0
    for name, value in request_["headers"].items():
        for changed in flipped(value):
            outcome = dry_run(with_header(request_, name, changed))
            listed = value.count(" v") > 0 and name == "webhook-signature"
            word = name == "Authorization" and changed[:7].lower() == "bearer "
            unread = name.lower() == "x-hubspot-signature" and request_["scheme"] == "v3"
            # One of several signatures may break, the scheme's name has no case, and v1 does not count beside v3.
            if (
                name.lower() in PROVING_HEADERS
                and not listed
                and not unread
                and not (word and changed[7:] == value[7:])
            ):
                assert not outcome["verified"], (name, changed)
                checked += 1
    assert checked > 40 or "v1,Ceo5" in request_["headers"].get("webhook-signature", "")


@pytest.mark.parametrize("request_", ALL)
def test_a_request_without_a_proving_header_is_refused(request_: dict[str, Any]) -> None:
    dropped = 0
    for name in request_["headers"]:
        for value in (None, "", " ", "\x00", "é"):
            outcome = dry_run(with_header(request_, name, value))
            if name.lower() in PROVING_HEADERS and not (
                name.lower() == "x-hubspot-signature" and request_["scheme"] == "v3"
            ):
                assert not outcome["verified"], (name, value)
                dropped += 1
    assert dropped


@pytest.mark.parametrize("request_", ALL)
def test_a_body_that_was_cut_or_extended_is_refused(request_: dict[str, Any]) -> None:
    body = case_body(request_)
    changes = [body[:end] for end in range(0, len(body), max(1, len(body) // 200))]
    for changed in (*changes, body[1:], body + b" ", b" " + body, b"\xef\xbb\xbf" + body, body + b"\x00", body * 2):
        outcome = dry_run(with_body(request_, changed))
        if request_["scheme"] != "bearer":
            assert not outcome["verified"]


@pytest.mark.parametrize("sender", SIGNED)
def test_a_request_with_a_flipped_byte_in_a_signed_body_is_refused(sender: str) -> None:
    body = authentic_body(sender)
    for index in range(len(body)):
        changed = body[:index] + bytes([body[index] ^ 0x01]) + body[index + 1 :]
        assert not dry_run(with_body(authentic_request(sender), changed))["verified"]
