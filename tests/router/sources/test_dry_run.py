"""`baton endpoints try` prints verification, answer, leads and parking of a recorded request, and stores nothing."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.endpoints import group as endpoints_group
from tests.router.sources.senders import NOW, URL, authentic_request
from tests.router.sources.vector_cases import FILES, case
from tests.vectors_at import vectors

KEYS = ["file", "verified", "reason", "answer", "leads", "parked"]


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Write a request to a file in an empty folder, which is the current one, and return its name."""
    monkeypatch.chdir(tmp_path)

    def write(request: Any, name: str = "request.json") -> str:
        (tmp_path / name).write_text(request if isinstance(request, str) else json.dumps(request))
        return name

    return write


def run(*options: str) -> Result:
    return CliRunner().invoke(endpoints_group, ["try", *options])


def test_a_dry_run_prints_one_line_of_json_for_each_file_with_the_keys_of_the_contract(
    record: Any, tmp_path: Path
) -> None:
    authentic, tampered = (
        case("hubspot_webhooks", "v3-mql-batch-of-three"),
        case("hubspot_webhooks", "v3-tampered-body"),
    )
    result = run(record(authentic, "a.json"), record(tampered, "b.json"), "--json")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [list(line) for line in lines] == [KEYS, KEYS]
    assert lines[0]["verified"] is True
    assert lines[0]["leads"] == authentic["expected"]
    assert list(lines[0]["answer"]) == ["status", "headers", "body"]
    assert (lines[1]["verified"], lines[1]["leads"], lines[1]["answer"]["status"]) == (False, [], 401)
    assert result.exit_code == 1
    assert run("a.json").exit_code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "b.json"], "something was stored"


@pytest.mark.parametrize("file", FILES)
def test_a_dry_run_takes_a_whole_file_of_cases(file: str) -> None:
    result = run(str(vectors(f"webhooks/{file}.json")), "--json")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(lines) == FILES[file]
    assert len({line["case"] for line in lines}) == FILES[file]


def test_the_options_of_a_dry_run_win_over_the_file(record: Any) -> None:
    request = authentic_request("standard")
    bare = {name: request[name] for name in ("method", "url", "headers", "body_base64")}
    name = record({**bare, "source": "generic", "scheme": "bearer", "secret": "wrong", "now": 0})
    options = ("--source", "standard_webhooks", "--scheme", "v1", "--secret", request["secret"])
    assert run(name).exit_code == 1
    assert run(name, *options, "--now", str(NOW)).exit_code == 0
    assert run(name, *options, "--now", "2026-09-21T14:13:20Z").exit_code == 0
    late = run(name, *options, "--now", str(NOW + 301), "--json")
    assert (late.exit_code, json.loads(late.stdout)["reason"]) == (1, "timestamp too old")


def test_a_dry_run_without_a_time_takes_the_request_to_arrive_now(record: Any) -> None:
    request = {name: value for name, value in authentic_request("standard").items() if name != "now"}
    assert "too old" in run(record(request)).stdout or "in the future" in run("request.json").stdout


def test_a_dry_run_uses_the_field_mapping_of_the_option(record: Any) -> None:
    body = json.dumps({"who": {"mail": "ana@northwind.example"}})
    request = {
        "source": "generic",
        "secret": "x",
        "headers": {"Authorization": "Bearer x"},
        "body_raw": body,
        "url": URL,
    }
    name, mapping = record(request), record({"email": "who.mail"}, "mapping.json")
    assert run(name).exit_code == 1
    result = run(name, "--mapping", mapping, "--json")
    assert json.loads(result.stdout)["leads"][0]["email"] == "ana@northwind.example"
    assert result.exit_code == 0


def test_a_dry_run_prints_the_verification_the_answer_the_lead_and_the_reason_for_parking(record: Any) -> None:
    result = run(record(case("zapier_generic", "messy-array")))
    assert "request.json: verified; the answer is 202" in result.stdout
    assert "email Omar.Haddad@humongous.example" in result.stdout
    parked = run(record(case("hubspot_webhooks", "v1-python-client")))
    assert "verified; the answer is 200, parked: The body is not JSON at line 1, column 2;" in parked.stdout
    assert parked.exit_code == 1
    refused = run(record(case("hubspot_webhooks", "v3-tampered-body"))).stdout
    assert "not verified (signature does not match); the answer is 401\n  why: The signature does not match;" in refused


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("nothing", (), "cannot be read as JSON"),
        ("[1]", (), "must hold one JSON object"),
        ("[" * 60_000, (), "cannot be read as JSON"),
        ("{}", (), "source '' is unknown"),
        ('{"source":"hubspot"}', ("--scheme", "v9"), "has no scheme 'v9'; choose one of v3, v2, v1"),
        ('{"source":"hubspot","headers":[1]}', (), "`headers` must be an object"),
        ('{"source":"hubspot","now":"soon"}', (), "`now` must be a number"),
        ('{"source":"hubspot","now":NaN}', (), "`now` must be a number"),
        ('{"source":"hubspot"}', ("--now", "soon"), "neither Unix seconds nor a time"),
        ('{"source":"hubspot","body_base64":"?"}', (), "is not base64"),
        ('{"source":"hubspot","generate":{"nest":1}}', (), "`generate` needs"),
        ('{"source":"hubspot","generate":3}', (), "`generate` needs"),
        ('{"cases":[1]}', (), "`cases` must be a list"),
        ('{"cases":3}', (), "`cases` must be a list"),
    ],
)
def test_wrong_use_of_a_dry_run_ends_with_one_sentence_and_exit_code_2(
    content: str, options: tuple[str, ...], message: str, record: Any
) -> None:
    result = run(record(content), *options)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1


def test_a_dry_run_of_a_missing_file_is_wrong_use(record: Any) -> None:
    record("{}")
    result = run("none.json")
    assert (result.exit_code, "none.json cannot be read" in result.stderr) == (2, True)
