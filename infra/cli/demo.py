"""`tuning demo`: from nothing to the best model of a finished tuning job, by the steps that a user would take.

Each step is announced as the command that does the same. Whatever goes wrong, or Ctrl-C, ends what was started.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infra.cli.demo_steps import DemoSteps, run_demo

if TYPE_CHECKING:
    from infra.report import TuningJobSnapshot

CORPUS = Path("examples/translate-en-de")
SAMPLES = 3
SAMPLE_LENGTHS = range(4, 9)
MIN_COUNT = 3


def demo(
    max_jobs: Annotated[
        int | None, typer.Option(min=2, help="Training jobs in all.", show_default="the app's own setting")
    ] = None,
) -> None:
    """Deploy this repository's app to a local AWS, run its tuning job and show the best model.

    Run again, it finds the finished tuning job and shows it: the same declaration starts nothing.
    """
    run_demo("make demo", CORPUS, lambda home, console: Demo(home, console, max_jobs))


@dataclass(frozen=True)
class Demo(DemoSteps):
    """The steps of the translator's demo."""

    max_jobs: int | None

    @property
    def _prepared(self) -> Path:
        return self.relative(self.home.path / "demo" / CORPUS.name)

    def run(self) -> None:
        """Take all steps."""
        settings = [] if self.max_jobs is None else ["-c", f"tuning:max_number_of_training_jobs={self.max_jobs}"]
        state = self.up()
        self.deploy(state, "seq2seq-data", *settings)
        self.prepare()
        self.fill()
        self.deploy(state, "seq2seq-tuning", *settings)
        snapshot = self.watch(self.outputs("seq2seq-tuning")["TuningJobName"])
        self.show_best(snapshot)
        self.translate(snapshot)
        self.report(snapshot)

    def prepare(self) -> None:
        """Make training files of the corpus."""
        from infra.cli.seq2seq import prepare

        source, target = CORPUS / "corpus.en", CORPUS / "corpus.de"
        self.announce(
            "Prepare the corpus", f"tuning seq2seq prepare {source} {target} {self._prepared} --min-count {MIN_COUNT}"
        )
        prepare(source, target, self._prepared, min_count=MIN_COUNT)

    def fill(self) -> None:
        """Upload the training files to the channels' buckets."""
        from infra.cli.channels import fill

        self.announce("Fill the channels", f"tuning channels fill {self._prepared} --local")
        fill(self._prepared, local=True)

    def translate(self, snapshot: TuningJobSnapshot) -> None:
        """Translate sentences that no training job has seen, by the best model."""
        from rich.table import Table

        from infra.seq2seq.translator import Translator

        model = self._download_model(snapshot)
        self.announce("Translate by the best model", f'tuning seq2seq translate --model {model} "open the file"')
        pairs = self._held_out_pairs()
        table = Table("English", "by the best model", "by a human", box=None, pad_edge=False, header_style="bold")
        for translation, reference in zip(
            Translator.load(model).translate([source for source, _ in pairs]),
            (target for _, target in pairs),
            strict=True,
        ):
            table.add_row(translation.source, translation.target, reference)
        self.console.print(table)

    def _download_model(self, snapshot: TuningJobSnapshot) -> Path:
        """The best training job's model.tar.gz, out of the local S3."""
        from urllib.parse import urlsplit

        from infra.cli.session import client

        best = snapshot.best
        assert best is not None  # noqa: S101  `watch` has ended the demo otherwise
        described = client("sagemaker", local=True).describe_training_job(TrainingJobName=best.name)
        address = urlsplit(described["ModelArtifacts"]["S3ModelArtifacts"])
        path = self._prepared.parent / "model.tar.gz"
        client("s3", local=True).download_file(address.netloc, address.path.lstrip("/"), str(path))
        return self.relative(path)

    def _held_out_pairs(self) -> list[tuple[str, str]]:
        """The first few short pairs of the validation data without unknown words: chosen before any model exists."""
        from itertools import islice

        from infra.seq2seq.recordio import read_file
        from infra.seq2seq.vocabulary import SOURCE_FILE, TARGET_FILE, UNK, Vocabulary

        source = Vocabulary.load(self._prepared / "vocab" / SOURCE_FILE)
        target = Vocabulary.load(self._prepared / "vocab" / TARGET_FILE)
        pairs = (pair for _, pair in read_file(self._prepared / "validation" / "val.rec"))
        known = (pair for pair in pairs if UNK not in (*pair.source, *pair.target))
        short = (pair for pair in known if len(pair.source) in SAMPLE_LENGTHS)
        return [
            (" ".join(source.decode(pair.source)), " ".join(target.decode(pair.target)))
            for pair in islice(short, SAMPLES)
        ]
