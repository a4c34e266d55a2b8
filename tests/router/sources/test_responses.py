"""Each source gets the response that keeps its leads; sources, schemes and secrets are checked when configured."""

import json
import subprocess
import sys
from typing import Any

import pytest

from services.router.sources import responses
from services.router.sources.registry import SOURCE_ALIASES, SOURCES, source_named
from services.router.sources.signature_schemes import SignatureScheme, SignedTimestamp
from shared.base.errors import BadRequest


@pytest.mark.parametrize(
    ("name", "status", "leads"),
    [("hubspot", 200, False), ("hubspot_workflow", 200, False), ("standard", 202, True), ("generic", 202, True)],
)
def test_a_stored_request_is_answered_as_its_source_needs(name: str, status: int, leads: bool) -> None:
    response = responses.accepted(SOURCES[name].response_policy, "0193", ["a", "b"])
    content = json.loads(response.body)
    assert (response.status, content["status"], content["id"]) == (status, "accepted", "0193")
    assert content.get("leads") == (["a", "b"] if leads else None)
    assert response == responses.accepted(SOURCES[name].response_policy, "0193", ["a", "b"])


@pytest.mark.parametrize(
    ("name", "retry_after"), [("hubspot", "5"), ("hubspot_workflow", "5000"), ("standard", "5"), ("generic", "5")]
)
def test_retry_after_is_in_the_unit_of_the_source(name: str, retry_after: str) -> None:
    policy = SOURCES[name].response_policy
    for response in (responses.unavailable(policy, 5), responses.not_configured(policy, 5)):
        assert response.headers["retry-after"] == retry_after
        assert response.status == 503


@pytest.mark.parametrize(
    ("response", "status", "extra_headers"),
    [
        (responses.unauthorized(), 401, {}),
        (responses.bad_request("The body is empty.", [responses.item_problem(3, "It is empty.")]), 400, {}),
        (responses.too_large(10), 413, {}),
        (responses.unsupported_media_type("Send JSON."), 415, {}),
        (responses.method_not_allowed(("POST", "GET")), 405, {"allow": "POST, GET"}),
        (responses.unknown_endpoint(), 404, {}),
    ],
)
def test_a_refusal_is_a_problem_with_one_sentence(
    response: responses.WebhookResponse, status: int, extra_headers: dict[str, str]
) -> None:
    content = json.loads(response.body)
    assert (response.status, content["status"]) == (status, status)
    assert response.headers == {"content-type": "application/problem+json", **extra_headers}
    assert content["type"].startswith("/problems/")
    assert content["detail"].endswith(".")
    assert [item["index"] for item in content.get("problems", [])] in ([], [3])


def test_a_revoked_endpoint_answers_200() -> None:
    assert responses.tombstone().status == 200


def test_a_source_is_found_by_its_aliases() -> None:
    assert {source_named(alias).name for alias in SOURCE_ALIASES} == {"hubspot", "standard", "generic"}
    assert source_named("zapier_generic") is SOURCES["generic"]
    with pytest.raises(BadRequest, match="choose one of hubspot, hubspot_workflow, standard, generic"):
        source_named("hubspott")
    with pytest.raises(BadRequest, match="choose one of v3, v2, v1"):
        SOURCES["hubspot"].allowed_schemes(["v4"])


@pytest.mark.parametrize(
    ("name", "scheme", "secret", "fits"),
    [
        ("hubspot", "v3", "any text", True),
        ("hubspot", "v3", "  ", False),
        ("standard", "v1", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", True),
        ("standard", "v1", "whsec_c2hvcnQ=", False),
        ("standard", "v1", "not base64!", False),
        ("standard", "v1a", "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=", True),
        ("standard", "v1a", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", False),
        ("standard", "v1", "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=", False),
        ("generic", "bearer", "zp_11", True),
    ],
)
def test_a_secret_that_does_not_fit_its_scheme_is_reported(name: str, scheme: str, secret: str, fits: bool) -> None:
    problem = SOURCES[name].secret_problem([scheme], secret)
    assert (problem is None) is fits
    assert problem is None or problem.endswith(".")


USABLE: dict[str, Any] = {"algorithm": "hmac-sha256", "header": "x-sign", "signed_parts": ("body",)}


@pytest.mark.parametrize(
    "wrong",
    [
        {"algorithm": "md5"},
        {"algorithm": None},
        {"key": "hex"},
        {"encoding": "base32"},
        {"header_format": "xml"},
        {"header_format": "csvkv"},
        {"header_format": "space_list"},
        {"header": None},
        {"signed_parts": ()},
        {"timestamp": SignedTimestamp("x-time", unit="h", tolerance=1)},
        {"algorithm": "none", "token": "cookie"},
    ],
)
def test_a_signature_scheme_with_an_unknown_value_is_refused_with_a_sentence(wrong: dict[str, Any]) -> None:
    assert SignatureScheme("x", **USABLE).signs
    with pytest.raises(ValueError, match=r"signature scheme.*\.$"):
        SignatureScheme("x", **{**USABLE, **wrong})


def test_the_sources_import_no_database_no_web_server_and_no_other_part_of_the_router() -> None:
    program = (
        "import sys, services.router.sources.dry_run, services.router.sources.facts\nprint('\\n'.join(sys.modules))"
    )
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    own = {name for name in loaded if name.startswith("services.")}
    assert own <= {"services.router", *(name for name in own if name.startswith("services.router.sources"))}
    assert not {"sqlalchemy", "fastapi", "starlette", "aiokafka", "uvicorn", "httpx"} & set(loaded)
