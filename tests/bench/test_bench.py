"""Each part of the benchmarks runs, does all of its work and reports it; no figure is judged here."""

from collections.abc import Callable

import pytest

from tests.bench import intake, lead, memory, timer
from tests.bench.report import Report
from tests.bench.sizes import TINY, Size


@pytest.mark.wide
@pytest.mark.parametrize(
    ("part", "phrases"),
    [
        pytest.param(
            intake.run,
            ["bare FastAPI handler", "webhook endpoint on SQLite", "webhook endpoint on PostgreSQL"],
            id="intake",
        ),
        pytest.param(timer.run, ["50 pending", "100 pending", "flatness"], id="timer"),
    ],
)
def test_the_intake_and_timer_benchmarks_do_all_of_their_work(
    part: Callable[[Size, Report], None], phrases: list[str], postgres_server: str
) -> None:
    report = Report(quiet=True)
    part(TINY, report)
    assert report.errors == []
    for phrase in phrases:
        assert any(phrase in line for line in report.lines), report.lines


def test_the_lead_benchmark_measures_the_embedded_form_from_the_intended_send_to_the_alert(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    report = Report(quiet=True)
    monkeypatch.setattr(lead, "kafka", no_broker)
    lead.run(TINY, report)
    assert report.errors == []
    assert any("embedded: answered" in line and "alerted" in line for line in report.lines), report.lines


def test_the_memory_benchmark_reads_the_embedded_form_before_and_after_the_leads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    report = Report(quiet=True)
    monkeypatch.setattr(lead, "kafka", no_broker)
    memory.run(TINY, report)
    assert report.errors == []
    assert any("after 10 leads: up" in line for line in report.lines), report.lines


def test_a_benchmark_check_that_fails_is_an_error_of_the_run() -> None:
    report = Report(quiet=True)
    report.check("rows", 1, 2)
    assert report.errors == ["rows: 1, not 2"]


def no_broker() -> object:
    """Stands in for the Kafka broker and says there is none, so that only the embedded form runs and the test takes seconds."""
    raise lead.Missing("no broker in this test")
