"""The report page in a real browser that has no network: charts are drawn, the table sorts, nothing complains."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.report.page import Report
from tests.support.browser import NAMES, Browser, find_chromium
from tests.unit.report.factory import snapshot, training_job

CHROMIUM = find_chromium()

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(CHROMIUM is None, reason=f"no browser is installed: none of {', '.join(NAMES)} is on PATH"),
]


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    assert CHROMIUM is not None
    with Browser(CHROMIUM, tmp_path / "profile") as found:
        yield found


def column(browser: Browser, number: int) -> list[str]:
    """The texts of a column of the table of training jobs, from the top."""
    rows = 'document.querySelector("table.sortable").tBodies[0].rows'
    texts: list[str] = browser.evaluate(f"[...{rows}].map((row) => row.cells[{number}].textContent.trim())")
    return texts


def sort_by(browser: Browser, number: int) -> None:
    browser.evaluate(f'document.querySelectorAll("table.sortable button.sort")[{number}].click()')


def test_charts_are_drawn_and_the_table_sorts(browser: Browser, tmp_path: Path) -> None:
    values = {"num_layers": "4", "learning_rate": "0.05", "optimizer_type": "sgd"}
    jobs = [
        *(training_job(number, objective) for number, objective in enumerate((5.0, 12.0, 4.5, 7.0), start=1)),
        training_job(5, 30.0, values=values, status="Stopped"),
        training_job(6, status="Failed", failure="out of <memory>"),
    ]
    page = tmp_path / "report.html"
    page.write_text(Report(snapshot=snapshot(jobs)).html(), encoding="utf-8")
    browser.open(page)

    # Every chart has a place, is drawn by marks with an extent, and none says that it could not be drawn.
    keys = browser.evaluate('[...document.querySelectorAll(".chart")].map((chart) => chart.id)')
    assert len(keys) >= 4
    drawn = (
        '(chart) => chart.querySelector("svg") && chart.querySelector("svg [role=graphics-symbol], svg .mark-group")'
    )
    browser.wait(f'[...document.querySelectorAll(".chart")].every({drawn})')
    for key in keys:
        box = f'document.querySelector("#{key} svg").getBoundingClientRect()'
        width, height = browser.evaluate(f"[{box}.width, {box}.height]")
        assert width > 100, key
        assert height > 50, key
    points = browser.evaluate('document.querySelectorAll("#chart-over-time svg .mark-symbol path").length')
    assert points >= 5  # one for each job with an objective
    assert "could not be drawn" not in browser.evaluate("document.body.innerText")

    # By number, not by text: 12 comes after 5; the job without an objective is last both ways.
    sort_by(browser, 2)
    assert [text.split()[-1] for text in column(browser, 0)] == ["3", "1", "4", "2", "5", "6"]
    sort_by(browser, 2)
    assert [text.split()[-1] for text in column(browser, 0)] == ["5", "2", "4", "1", "3", "6"]
    sort_by(browser, 1)
    assert column(browser, 1) == ["Completed"] * 4 + ["Failed", "Stopped"]

    assert browser.problems == []


def test_markup_in_a_failure_is_text_to_the_browser(browser: Browser, tmp_path: Path) -> None:
    evil = "</script><script>window.ran = true</script><img src=x onerror='window.ran = true'>"
    page = tmp_path / "report.html"
    page.write_text(
        Report(snapshot=snapshot([training_job(1, 5.0), training_job(2, status="Failed", failure=evil)])).html(),
        encoding="utf-8",
    )
    browser.open(page)
    assert browser.evaluate("window.ran") is None
    assert evil in browser.evaluate("document.body.innerText")
    assert browser.problems == []
