"""Each part of the measurements runs, does its work and says so; no number is judged here."""

from collections.abc import Callable

import pytest

from tests.bench import intake, lead, memory, timer
from tests.bench.report import Report
from tests.bench.sizes import TINY, Size


@pytest.mark.wide
@pytest.mark.parametrize(
    ("part", "says"),
    [
        pytest.param(intake.run, ["bare FastAPI handler", "door on SQLite", "door on PostgreSQL"], id="intake"),
        pytest.param(timer.run, ["50 pending", "100 pending", "flatness"], id="timer"),
    ],
)
def test_a_part_on_the_database_does_all_of_its_work(
    part: Callable[[Size, Report], None], says: list[str], postgres_server: str
) -> None:
    report = Report(quiet=True)
    part(TINY, report)
    assert report.errors == []
    for words in says:
        assert any(words in line for line in report.lines), report.lines


def test_the_embedded_form_is_measured_from_the_intended_send_to_the_alert(monkeypatch: pytest.MonkeyPatch) -> None:
    report = Report(quiet=True)
    monkeypatch.setattr(lead, "kafka", no_broker)
    lead.run(TINY, report)
    assert report.errors == []
    assert any("embedded: answered" in line and "alerted" in line for line in report.lines), report.lines


def test_the_memory_of_the_embedded_form_is_read_before_and_after(monkeypatch: pytest.MonkeyPatch) -> None:
    report = Report(quiet=True)
    monkeypatch.setattr(lead, "kafka", no_broker)
    memory.run(TINY, report)
    assert report.errors == []
    assert any("after 10 leads: up" in line for line in report.lines), report.lines


def test_work_that_was_not_done_is_an_error_of_the_run() -> None:
    report = Report(quiet=True)
    report.check("rows", 1, 2)
    assert report.errors == ["rows: 1, not 2"]


def no_broker() -> object:
    """No broker, so that the test takes seconds; the stories run the wide form."""
    raise lead.Missing("no broker in this test")
