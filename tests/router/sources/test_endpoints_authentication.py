"""Endpoints refuse requests with another secret, source, time or method, and random input is never an error."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.router.sources.registry import SOURCES
from tests.router.sources.dry_runs import PROVING_HEADERS, dry_run, with_body
from tests.router.sources.senders import (
    CLIENT_SECRET,
    NOW,
    SENDERS,
    TOKEN,
    WHPK,
    WHSEC,
    authentic_body,
    authentic_request,
)


@pytest.mark.parametrize("sender", SENDERS)
def test_a_request_with_another_secret_is_not_verified(sender: str) -> None:
    request = authentic_request(sender)
    own = request["secret"]
    others = [
        "",
        " ",
        own + " ",
        own[:-1],
        own.upper(),
        TOKEN,
        WHSEC,
        WHPK,
        CLIENT_SECRET,
        "whsec_",
        "whpk_",
        "é",
        "\ud800",
    ]
    for other in others:
        if other != own:
            assert not dry_run({**request, "secret": other})["verified"], other
    assert dry_run({**request, "secret": [*others, own]})["verified"]
    assert not dry_run({**request, "secret": None})["verified"]


@pytest.mark.parametrize("sender", SENDERS)
def test_an_endpoint_without_a_usable_secret_answers_503_not_configured(sender: str) -> None:
    for secret in (None, [], "", "   "):
        outcome = dry_run({**authentic_request(sender), "secret": secret})
        assert outcome["reason"] == "not configured"
        assert outcome["answer"]["status"] == 503
        assert outcome["answer"]["headers"]["retry-after"]


def test_a_request_of_one_source_is_not_verified_at_the_endpoint_of_another() -> None:
    tries = 0
    for sender in SENDERS:
        request = authentic_request(sender)
        for name, source in SOURCES.items():
            for scheme in source.schemes:
                if (name, scheme) == (request["source"], request["scheme"]):
                    continue
                # HubSpot itself signs its workflows with the v2 of its webhooks: there it is one sender.
                if request["scheme"] == scheme == "v2":
                    continue
                for secret in (CLIENT_SECRET, WHSEC, WHPK, TOKEN):
                    outcome = dry_run({**request, "source": name, "scheme": scheme, "secret": secret})
                    assert not outcome["verified"], (sender, name, scheme)
                    tries += 1
    assert tries > 100


TIMED = [sender for sender in SENDERS if sender in ("hubspot v3", "standard", "standard ed25519")]


@pytest.mark.parametrize("sender", TIMED)
def test_a_signed_timestamp_is_accepted_within_300_seconds_in_both_directions(sender: str) -> None:
    request = authentic_request(sender)
    ages = (-301, -300.001, -300, -299, 0, 299, 300, 300.001, 301)
    verdicts = {age: dry_run({**request, "now": NOW + age}) for age in ages}
    assert [age for age, outcome in verdicts.items() if outcome["verified"]] == [-300, -299, 0, 299, 300]
    assert verdicts[301]["reason"] == "timestamp too old"
    assert verdicts[-301]["reason"] == "timestamp in the future"


@pytest.mark.parametrize("sender", ["hubspot v1", "hubspot workflow", "generic"])
def test_a_scheme_without_a_timestamp_is_verified_at_any_time(sender: str) -> None:
    assert all(dry_run({**authentic_request(sender), "now": now})["verified"] for now in (0, NOW, NOW * 2))


@pytest.mark.parametrize(
    "written",
    [
        "nan",
        "1e9",
        "1_790_000_000",
        " 1790000000",
        "+1790000000",
        "١٧٩٠٠٠٠٠٠٠",
        "1790000000.0",
        "-1",
        "0x1",
        "",
        "9" * 40,
    ],
)
def test_a_signed_timestamp_that_is_not_plain_digits_is_refused(written: str) -> None:
    assert not dry_run(SENDERS["standard"](authentic_body("standard"), written))["verified"]  # type: ignore[call-arg]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "HEAD", "post ", "Pöst", ""])
@pytest.mark.parametrize("sender", SENDERS)
def test_a_signed_request_with_another_method_is_refused(sender: str, method: str) -> None:
    outcome = dry_run({**authentic_request(sender), "method": method})
    allowed = SOURCES[authentic_request(sender)["source"]].methods
    if method and method not in allowed:
        assert outcome["answer"]["status"] == 405
        assert outcome["answer"]["headers"]["allow"] == ", ".join(allowed)
    if sender == "hubspot workflow" and method:
        assert not outcome["verified"]


@given(
    st.sampled_from(sorted(SENDERS)),
    st.dictionaries(
        st.sampled_from([*sorted(PROVING_HEADERS), "content-type", "content-encoding", "svix-id"]),
        st.text(),
        max_size=5,
    ),
    st.binary(max_size=200),
)
@settings(deadline=None)
def test_random_headers_and_bodies_are_refused_without_an_error(
    sender: str, headers: dict[str, str], body: bytes
) -> None:
    assert not dry_run({**with_body(authentic_request(sender), body), "headers": headers})["verified"]


@given(st.sampled_from(sorted(SENDERS)), st.binary(max_size=300))
@settings(deadline=None)
def test_an_authentic_random_body_is_answered_without_an_error(sender: str, body: bytes) -> None:
    outcome = dry_run(SENDERS[sender](body))
    assert outcome["verified"]
    assert outcome["leads"] or outcome["parked"] or outcome["answer"]["status"] == 400
