"""All 22 tunable hyperparameters searched at once on real sentences, set beside the defaults.

``python -m tests.benchmarks.seq2seq.search OUT [--jobs 30]`` deploys `search_app` to a local AWS in OUT, waits for its
tuning job, trains the defaults and the best configuration with three seeds each as training jobs of the same AWS,
measures all of them on pairs that no training and no choice has seen, and writes ``table.md``, ``report.html``,
``report.png`` and a smaller picture ``search.png`` there. Begun again, it finds what is done.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tarfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median, stdev
from typing import Any, ClassVar
from urllib.parse import urlsplit

import vl_convert

from infra.cli.channels import fill
from infra.cli.demo_steps import DemoSteps
from infra.cli.report import report
from infra.cli.session import client
from infra.local.home import Home
from infra.local.up import down
from infra.report import TuningJobSnapshot, charts
from infra.report.console import console
from infra.report.page import read_report
from infra.seq2seq.dataset import block_windows
from infra.seq2seq.evaluation import bleu, next_word_metrics
from infra.seq2seq.pair_block import PairBlock
from infra.seq2seq.prepare import Options, prepare
from infra.seq2seq.recordio import Pair
from infra.seq2seq.translator import Translator

EXAMPLE = Path("examples/translate-en-de")
#: Pairs of the validation data and of the test data each.
HELD_OUT = 500
SEEDS = (1, 2, 3)
PARALLEL = 2

#: The budget of every training job here; the rest is the documented default. Sizes of 1,024 units take minutes where
#: the search's largest ones take one, so the defaults are trained at both.
DEFAULTS: Mapping[str, Mapping[str, str]] = {
    "defaults, 256 units": {"rnn_num_hidden": "256"},
    "defaults, 256 units, cnn encoder": {"encoder_type": "cnn", "rnn_num_hidden": "256", "cnn_num_hidden": "256"},
    "defaults": {},
}
BUDGET = ("max_seq_len_source", "max_seq_len_target", "max_num_epochs", "checkpoint_frequency_num_batches")


@dataclass(frozen=True)
class Search(DemoSteps):
    """The benchmark's steps."""

    jobs: int
    pairs: int
    without: frozenset[str]

    app: ClassVar[str] = "tests/benchmarks/seq2seq/search_app.py"

    @property
    def out(self) -> Path:
        """Where results go."""
        return self.home.path.parent

    def run(self) -> None:
        """Take all steps."""
        state = self.up()
        settings = ("-c", f"jobs={self.jobs}")
        self.deploy(state, "search-data", *settings)
        test = self.prepare()
        fill(self.out / "data", stack="search-data", local=True)
        self.deploy(state, "search-tuning", *settings)
        snapshot = self.watch(self.outputs("search-tuning")["TuningJobName"])
        report(snapshot.name, output=self.out / "report.html", png=self.out / "report.png", local=True)
        (self.out / "search.png").write_bytes(picture(snapshot.name))
        rows = {name: self.measure(members, test) for name, members in self.compared(snapshot)}
        table = "\n".join(lines(snapshot, rows))
        (self.out / "table.md").write_text(f"{table}\n")
        self.console.print(table, markup=False, soft_wrap=True)

    def prepare(self) -> list[tuple[str, str]]:
        """Write the channels' files; the pairs that are kept from them."""
        sides = [(EXAMPLE / f"corpus.{side}").read_text().splitlines() for side in ("en", "de")]
        pairs = list(zip(*sides, strict=True))
        random.Random(17).shuffle(pairs)
        parts = {"test": pairs[:HELD_OUT], "validation": pairs[HELD_OUT : 2 * HELD_OUT]}
        parts["train"] = pairs[2 * HELD_OUT : 2 * HELD_OUT + self.pairs]
        files = {}
        for part, chosen in parts.items():
            files[part] = (self.out / f"{part}.en", self.out / f"{part}.de")
            for file, lines_of in zip(files[part], zip(*chosen, strict=True), strict=True):
                file.write_text("".join(f"{line}\n" for line in lines_of))
        prepare(files["train"], self.out / "data", validation=files["validation"], options=Options(min_count=3))
        return parts["test"]

    def compared(self, snapshot: TuningJobSnapshot) -> Iterator[tuple[str, list[Path]]]:
        """What is set side by side: its name and the models of all seeds, trained as jobs of the same AWS."""
        assert snapshot.best is not None
        sagemaker = client("sagemaker", local=True)
        best = sagemaker.describe_training_job(TrainingJobName=snapshot.best.name)
        values = {name: value for name, value in best["HyperParameters"].items() if not name.startswith("_")}
        budget = {name: values[name] for name in BUDGET}
        configurations = {"best of the search": values}
        configurations |= {name: {**budget, **given} for name, given in DEFAULTS.items() if name not in self.without}
        for name, configuration in configurations.items():
            self.announce(f"Train: {name}")
            requests = [self.request(best, name, configuration, seed) for seed in SEEDS]
            yield name, list(self.train(requests))

    def request(self, like: Any, name: str, configuration: Mapping[str, str], seed: int) -> dict[str, Any]:
        """The request of a training job like another one."""
        same = ("AlgorithmSpecification", "RoleArn", "InputDataConfig", "OutputDataConfig", "ResourceConfig")
        return {
            "TrainingJobName": f"{like['TrainingJobName'][:30]}-{''.join(filter(str.isalnum, name))}-{seed}",
            "HyperParameters": dict(configuration),
            "Environment": {"SEQ2SEQ_SEED": str(seed), "OMP_NUM_THREADS": "1"},
            "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
            **{member: like[member] for member in same},
        }

    def train(self, requests: list[dict[str, Any]]) -> Iterator[Path]:
        """Run training jobs, two at a time; their models."""
        sagemaker, s3 = client("sagemaker", local=True), client("s3", local=True)
        there = {one["TrainingJobName"] for one in sagemaker.list_training_jobs(MaxResults=100)["TrainingJobSummaries"]}
        for first in range(0, len(requests), PARALLEL):
            some = requests[first : first + PARALLEL]
            for one in some:
                if one["TrainingJobName"] not in there:
                    sagemaker.create_training_job(**one)
            for one in some:
                name = one["TrainingJobName"]
                while (job := sagemaker.describe_training_job(TrainingJobName=name))["TrainingJobStatus"] in (
                    "InProgress",
                    "Stopping",
                ):
                    time.sleep(2)
                if job["TrainingJobStatus"] != "Completed":
                    raise RuntimeError(f"{name} is {job['TrainingJobStatus']}: {job.get('FailureReason')}")
                address = urlsplit(job["ModelArtifacts"]["S3ModelArtifacts"])
                archive = self.out / f"{name}.tar.gz"
                s3.download_file(address.netloc, address.path.lstrip("/"), str(archive))
                yield archive

    @staticmethod
    def measure(models: list[Path], test: list[tuple[str, str]]) -> list[dict[str, float]]:
        """Validation perplexity as the job reported it, and perplexity and BLEU on the unseen pairs, by seed."""
        return [measure_one(model, test) for model in models]


def picture(name: str) -> bytes:
    """The charts of the whole search, without those of single hyperparameters, as a small PNG."""
    content = read_report(client("sagemaker", local=True), name, logs_client=client("logs", local=True))
    drawn = [chart for chart in content.charts() if not chart.key.startswith("against")]
    spec = charts.overview(content.snapshot, drawn, content.datasets())
    return bytes(vl_convert.vegalite_to_png(json.dumps(spec), scale=1.0))


def measure_one(archive: Path, test: list[tuple[str, str]]) -> dict[str, float]:
    """One model's metrics."""
    from infra.seq2seq import artifact

    with tarfile.open(archive) as file:
        size = sum(member.size for member in file.getmembers() if member.name.endswith(".safetensors"))
    model = artifact.load(archive)
    pairs = [Pair(model.source.encode(source.split()), model.target.encode(target.split())) for source, target in test]
    (store,) = block_windows([PairBlock.of(pairs)])
    translator = Translator(model)
    translated = translator.translate([source for source, _ in test])
    score = bleu([one.target.split() for one in translated], [target.split() for _, target in test])
    return {
        "validation": model.metrics["perplexity"],
        "perplexity": next_word_metrics(model.model, store, 64)["perplexity"],
        "bleu": 100 * score,
        "parameters": size / 4e6,
    }


def lines(snapshot: TuningJobSnapshot, rows: Mapping[str, list[dict[str, float]]]) -> Iterator[str]:
    """The table, in Markdown."""
    counted = sorted(job.objective for job in snapshot.jobs if job.counts and job.objective is not None)
    status = {name: sum(job.status == name for job in snapshot.jobs) for name in ("Completed", "Stopped", "Failed")}
    yield (
        f"{len(snapshot.jobs)} training jobs: {status['Completed']} completed, {status['Stopped']} stopped early, "
        f"{status['Failed']} failed; validation perplexity {counted[0]:.1f} at best, {median(counted):.1f} in the "
        f"median; load {os.getloadavg()[0]:.0f} at the end."
    )
    yield ""
    yield "| 3 seeds | parameters, million | validation perplexity | test perplexity | test BLEU |"
    yield "|---|---|---|---|---|"
    for name, results in rows.items():
        cells = [f"{mean(r[key] for r in results):.1f} ± {stdev(r[key] for r in results):.1f}" for key in _SHOWN]
        yield f"| {name} | {results[0]['parameters']:.1f} | {' | '.join(cells)} |"


_SHOWN = ("validation", "perplexity", "bleu")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--jobs", type=int, default=30)
    parser.add_argument("--pairs", type=int, default=8000, help="of the training data")
    parser.add_argument("--without", action="append", default=[], choices=list(DEFAULTS), help="defaults to leave out")
    options = parser.parse_args()
    home = Home(options.out.absolute() / "home")
    home.path.mkdir(parents=True, exist_ok=True)
    os.environ["TUNING_HOME"] = str(home.path)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # by way of `finally`
    try:
        Search(home, console(), options.jobs, options.pairs, frozenset(options.without)).run()
    finally:
        down(home)


if __name__ == "__main__":
    main()
