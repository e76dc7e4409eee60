from __future__ import annotations

import json
import math
import re
import struct
from html.parser import HTMLParser

import pytest

from infra.report.page import Report, read_report
from infra.report.snapshot import TuningJobSnapshot
from tests.unit.report.factory import (
    RANGES,
    add_reading,
    described_training_job,
    description,
    snapshot,
    stubbed,
    training_job,
)

EVIL = "</script><script>alert('日本')</script><img src=x onerror=alert(1)>"
LOADING = {"src", "href", "data", "poster", "action", "srcset", "background"}


class Page(HTMLParser):
    """The page as a browser takes it apart: elements with attributes, visible text, scripts."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.styles: list[str] = []
        self.text = ""
        self._inside = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside = tag
        if tag in ("script", "style"):
            (self.scripts if tag == "script" else self.styles).append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.scripts[-1] += data
        elif self._inside == "style":
            self.styles[-1] += data
        else:
            self.text += " " + " ".join(data.split())

    def ids(self) -> set[str | None]:
        return {attributes["id"] for _, attributes in self.elements if "id" in attributes}


def page(job: TuningJobSnapshot) -> Page:
    return Page(Report(snapshot=job, artifact="s3://models/best/output/model.tar.gz").html())


def test_the_page_loads_nothing() -> None:
    read = page(snapshot([training_job(1, 5.0), training_job(2, 4.0)]))
    assert not {"link", "img", "iframe", "object", "embed", "base"} & {tag for tag, _ in read.elements}
    assert not [attributes for _, attributes in read.elements if LOADING & attributes.keys()]
    assert not re.search(r"url\(|@import", "".join(read.styles))


def test_one_copy_of_the_script_serves_all_charts() -> None:
    read = page(snapshot([training_job(1, 5.0)]))
    library, own = read.scripts
    assert len(library) > 500_000
    assert len(own) < 60_000
    specs = json.loads(re.search(r"const specs = (.*);", own)[1])  # type: ignore[index]
    assert set(specs) == {"over-time", "against-0", "against-1", "against-2"}
    assert {f"chart-{key}" for key in specs} <= read.ids()
    datasets = json.loads(re.search(r"const datasets = (.*);", own)[1])  # type: ignore[index]
    assert [row["objective"] for row in datasets["jobs"]] == [5.0]


def test_the_summary_compares_the_best_with_the_worst() -> None:
    values = {"num_layers": "4", "learning_rate": "0.05", "optimizer_type": "sgd"}
    read = page(snapshot([training_job(1, 5.0), training_job(2, 3.25), training_job(3, 9.5, values=values)]))
    for text in (
        "seq2seq-3f9c2a-002-00000002",
        "s3://models/best/output/model.tar.gz",
        "Best: job 2",
        "Worst: job 3",
        "validation:perplexity 3.25 9.5",
        "optimizer_type adam sgd",
        "median 5, standard deviation 3.224",
        "learning_rate Continuous 0.0001 to 0.1 Logarithmic",
        "optimizer_type Categorical adam, sgd",
        "Parallel training jobs 2",
        "0.dkr.ecr.us-east-1.amazonaws.com/seq2seq:1",
        "beam_size 3 (static)",
    ):
        assert text in re.sub(r"\s+", " ", read.text), text


def test_html_in_the_answers_is_text() -> None:
    ranges = {**RANGES, "CategoricalParameterRanges": [{"Name": EVIL, "Values": [EVIL, "b"]}]}
    job = training_job(1, 5.0, values={EVIL: EVIL})
    read = page(snapshot([job, training_job(2, status="Failed", failure=EVIL)], ranges=ranges, failure=EVIL))
    assert len(read.scripts) == 2
    assert not [tag for tag, attributes in read.elements if tag == "img" or "onerror" in attributes]
    assert read.text.count("alert('日本')") >= 6


@pytest.mark.parametrize(
    ("job", "text"),
    [
        (snapshot(status="InProgress"), "No training job has finished with an objective yet."),
        (snapshot(status="InProgress", ranges={}), "No hyperparameter is tuned."),
        (snapshot([training_job(1, math.nan)]), "No training job finished with an objective."),
        (
            snapshot([training_job(1, status="Failed", failure="out of memory")], status="Failed"),
            "out of memory",
        ),
        (snapshot([training_job(1, 5.0)]), "reached 5 in 50s"),
    ],
    ids=["none", "no-space", "nan", "all-failed", "single"],
)
def test_unusual_tuning_jobs_have_a_page_and_a_picture(job: TuningJobSnapshot, text: str) -> None:
    assert text in re.sub(r"\s+", " ", page(job).text)
    assert png_size(Report(snapshot=job).png())[0] > 1400


def test_750_training_jobs() -> None:
    jobs = [training_job(number, 1000.0 / number) for number in range(1, 751)]
    report = Report(snapshot=snapshot(jobs))
    rows = [tag for tag, _ in Page(report.html()).elements if tag == "tr"]
    assert len(rows) > 750
    assert png_size(report.png())[0] > 1400


def test_png_has_a_row_for_every_pair_of_charts() -> None:
    one, three = RANGES["IntegerParameterRanges"], RANGES
    small = png_size(Report(snapshot=snapshot([training_job(1, 5.0)], ranges={"IntegerParameterRanges": one})).png())
    large = png_size(Report(snapshot=snapshot([training_job(1, 5.0)], ranges=three)).png())
    assert large[1] - small[1] > 2 * 260


def png_size(content: bytes) -> tuple[int, int]:
    """Read width and height from the header of a PNG."""
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    assert content[12:16] == b"IHDR"
    width, height = struct.unpack(">II", content[16:24])
    return width, height


def test_the_report_reads_where_the_best_model_is() -> None:
    with stubbed() as (client, stubber):
        add_reading(stubber, description(), [training_job(1, 5.0), training_job(2, 4.0)])
        name = "seq2seq-3f9c2a-002-00000002"
        stubber.add_response("describe_training_job", described_training_job(name), {"TrainingJobName": name})
        report = read_report(client, "seq2seq-3f9c2a")
    assert report.artifact == f"s3://models/{name}/output/model.tar.gz"
