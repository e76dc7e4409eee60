"""`tuning demo`: from nothing to the best model of a finished tuning job, by the steps that a user would take.

Each step is announced as the command that does the same. Whatever goes wrong, or Ctrl-C, ends what was started.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infra.cli.errors import UserError

if TYPE_CHECKING:
    from rich.console import Console

    from infra.local.home import Home
    from infra.local.state import LocalState
    from infra.report import TuningJobSnapshot

CORPUS = Path("examples/translate-en-de")
INTERRUPTED = 130
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
    from infra.local.errors import LocalError
    from infra.local.home import Home
    from infra.local.up import down
    from infra.report.console import console as terminal

    if not CORPUS.is_dir() or not Path("cdk.json").is_file():
        raise UserError("the demo deploys this project's own app: run it in the project's folder")
    home = Home.default()
    try:
        Demo(home, terminal(), max_jobs).run()
    except BaseException as error:
        down(home)
        if isinstance(error, KeyboardInterrupt):
            typer.echo("interrupted; everything that the demo started has ended, `make demo` goes on from here")
            raise typer.Exit(INTERRUPTED) from None
        if isinstance(error, LocalError):
            raise UserError(str(error)) from error
        raise


@dataclass(frozen=True)
class Demo:
    """The steps, in the order in which `run` takes them."""

    home: Home
    console: Console
    max_jobs: int | None

    @property
    def _prepared(self) -> Path:
        return self._relative(self.home.path / "demo" / CORPUS.name)

    def run(self) -> None:
        """Take all steps."""
        state = self.up()
        self.deploy(state, "seq2seq-data")
        self.prepare()
        self.fill()
        self.deploy(state, "seq2seq-tuning")
        snapshot = self.watch(self.tuning_job_name())
        self.show_best(snapshot)
        self.translate(snapshot)
        self.report(snapshot)

    def up(self) -> LocalState:
        """Start the local AWS."""
        from infra.local.up import up

        self._announce("Start a local AWS", "tuning local up")
        state, _ = up(self.home)
        self.console.print(f"CloudFormation, S3, IAM, Lambda, ... on {state.ministack_url}")
        self.console.print(f"SageMaker, Service Quotas and Personalize on {state.endpoint_url}")
        return state

    def deploy(self, state: LocalState, stack: str, app: str = "app.py") -> None:
        """Deploy a stack of an app by the real CDK CLI."""
        from infra.local.cdk_cli import run_cdk

        settings = [] if self.max_jobs is None else ["-c", f"tuning:max_number_of_training_jobs={self.max_jobs}"]
        command = ["deploy", stack, "--exclusively", "--require-approval", "never", *settings]
        self._announce(f"Deploy {stack} by the CDK CLI", "tuning local cdk -- " + " ".join(command))
        # By this interpreter, whether or not the virtual environment is active.
        code = run_cdk(self.home, state, [*command, "--app", f"{sys.executable} {app}"])
        if code in (INTERRUPTED, -2):
            raise KeyboardInterrupt
        if code != 0:
            raise UserError(f"the CDK CLI could not deploy {stack} (exit code {code}); its message stands above")

    def prepare(self) -> None:
        """Make training files of the corpus."""
        from infra.cli.seq2seq import prepare

        source, target = CORPUS / "corpus.en", CORPUS / "corpus.de"
        self._announce(
            "Prepare the corpus", f"tuning seq2seq prepare {source} {target} {self._prepared} --min-count {MIN_COUNT}"
        )
        prepare(source, target, self._prepared, min_count=MIN_COUNT)

    def fill(self) -> None:
        """Upload the training files to the channels' buckets."""
        from infra.cli.channels import fill

        self._announce("Fill the channels", f"tuning channels fill {self._prepared} --local")
        fill(self._prepared, local=True)

    def tuning_job_name(self) -> str:
        """Find the name of the deployed tuning job in its stack's outputs."""
        from infra.cli.session import client

        stack = client("cloudformation", local=True).describe_stacks(StackName="seq2seq-tuning")["Stacks"][0]
        return next(one["OutputValue"] for one in stack["Outputs"] if one["OutputKey"] == "TuningJobName")

    def watch(self, name: str) -> TuningJobSnapshot:
        """Show the training jobs until the tuning job ends."""
        from infra.cli.session import client
        from infra.cli.watch import LOCAL_INTERVAL
        from infra.report import TuningJobSnapshot
        from infra.report.following import follow

        self._announce("Watch the tuning job", f"tuning watch {name} --local")
        sagemaker = client("sagemaker", local=True)
        snapshot = follow(lambda: TuningJobSnapshot.read(sagemaker, name), self.console, interval=LOCAL_INTERVAL)
        if snapshot.best is None:
            raise UserError(f"tuning job {name} ended {snapshot.status} without a model: {snapshot.failure_reason}")
        return snapshot

    def show_best(self, snapshot: TuningJobSnapshot) -> None:
        """Set the best training job beside the worst."""
        from infra.report.comparison import best_and_worst

        self._announce("Best and worst of the search")
        self.console.print(best_and_worst(snapshot))

    def translate(self, snapshot: TuningJobSnapshot) -> None:
        """Translate sentences that no training job has seen, by the best model."""
        from rich.table import Table

        from infra.seq2seq.translator import Translator

        model = self._download_model(snapshot)
        self._announce("Translate by the best model", f'tuning seq2seq translate --model {model} "open the file"')
        pairs = self._held_out_pairs()
        table = Table("English", "by the best model", "by a human", box=None, pad_edge=False, header_style="bold")
        for translation, reference in zip(
            Translator.load(model).translate([source for source, _ in pairs]),
            (target for _, target in pairs),
            strict=True,
        ):
            table.add_row(translation.source, translation.target, reference)
        self.console.print(table)

    def report(self, snapshot: TuningJobSnapshot) -> None:
        """Write the report page."""
        from infra.cli.report import report

        self._announce("Write the report", f"tuning report {snapshot.name} --local")
        report(snapshot.name, local=True)
        self.console.print("\nThe local AWS goes on running; `make demo-down` removes it and all that is in it.")

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
        return self._relative(path)

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

    def _announce(self, what: str, command: str | None = None) -> None:
        from rich.text import Text

        line = Text(f"\n{what}", style="bold")
        if command is not None:
            line.append(f"  $ {command}", style="not bold dim")
        self.console.print(line, soft_wrap=True)

    @staticmethod
    def _relative(path: Path) -> Path:
        return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
