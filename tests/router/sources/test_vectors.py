"""Each published and each composed request of these sources is verified, answered and read as the vectors say."""

import json
from typing import Any

import pytest

from services.router.sources import registry
from services.router.sources.dry_run import try_request
from services.router.sources.responses import JSON_TYPE, PROBLEM_TYPE
from tests.router.sources.vector_cases import FILES, cases
from tests.vectors_at import COPIES, vectors


def authentic(case: dict[str, Any]) -> bool:
    """Whether a case is authentic: by its signature, or by its secret where nothing is signed."""
    return bool(case["auth_valid"] if case["signature_valid"] is None else case["signature_valid"])


def check(case: dict[str, Any]) -> None:
    """Check one case against every expectation of its vector."""
    outcome = try_request(case)
    assert outcome["verified"] is authentic(case), outcome["reason"]
    assert (outcome["reason"] is None) is authentic(case)
    answer, policy = outcome["answer"], registry.source_named(case["source"]).response_policy
    assert answer["status"] == case.get("respond", policy.accepted if authentic(case) else 401)
    assert answer["headers"]["content-type"] == (JSON_TYPE if answer["status"] < 300 else PROBLEM_TYPE)
    for name, value in case.get("respond_headers", {}).items():
        assert answer["headers"][name.lower()] == value
    if "respond_body" in case:
        assert answer["body"] == case["respond_body"]
    expected = case["expected"] or []
    assert len(outcome["leads"]) == len(expected)
    for lead, expected_lead in zip(outcome["leads"], expected, strict=True):
        assert list(lead) == list(expected_lead)
        for name, value in expected_lead.items():
            assert (name, type(lead[name]), lead[name]) == (name, type(value), value)
    # A stored request without a lead is parked with a reason.
    assert (outcome["parked"] is not None) is (answer["status"] < 300 and not expected)
    if case.get("parse_ok") is False:
        assert outcome["parked"]


@pytest.mark.parametrize("file", FILES)
def test_every_case_of_a_vector_file_has_the_expected_outcome(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    ran = 0
    for _, case in cases(file):
        try:
            check(case)
        except AssertionError as failure:
            raise AssertionError(f"{file}: {case['name']}: {failure}") from failure
        ran += 1
    with capsys.disabled():
        print(f"\n{file}: {ran} cases ran")
    assert ran == FILES[file]


REFUSED = [pytest.param(case, id=f"{file}-{case['name']}") for file, case in cases() if not authentic(case)]


@pytest.mark.parametrize("case", REFUSED)
def test_a_401_does_not_say_why(case: dict[str, Any]) -> None:
    answer = try_request(case)["answer"]
    assert answer["status"] == 401
    assert json.loads(answer["body"])["detail"] == "The request could not be verified."
    assert case["reason"] not in answer["body"]


@pytest.mark.parametrize("file", FILES)
def test_the_copies_of_the_vectors_are_identical_to_the_originals(file: str) -> None:
    name = f"webhooks/{file}.json"
    assert (COPIES / name).read_bytes() == vectors(name).read_bytes()


def test_a_hubspot_retry_has_the_event_ids_of_the_first_attempt() -> None:
    first, again = (
        [lead["event_id"] for lead in try_request(case)["leads"]]
        for _, case in cases("hubspot_webhooks")
        if case["name"] in ("v3-mql-batch-of-three", "v3-attempt-3-same-events")
    )
    assert len(set(first)) == 3
    assert first == again
