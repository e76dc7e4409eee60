"""`tuning demo`: from nothing to the best model of a finished tuning job, by the steps that a user would take.

Each step is announced as the command that does the same. Whatever goes wrong, or Ctrl-C, ends what was started.
"""

from __future__ import annotations

from collections.abc import Callable
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
    def prepared(self) -> Path:
        """The files of the channels."""
        return self.home.path / "demo" / CORPUS.name

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
        self.console.print(f"CloudFormation, S3, IAM, Lambda, ... on {state.ministack_url}", highlight=False)
        self.console.print(f"SageMaker and Service Quotas on {state.endpoint_url}", highlight=False)
        return state

    def deploy(self, state: LocalState, stack: str) -> None:
        """Deploy a stack of the app by the real CDK CLI."""
        from infra.local.cdk_cli import run_cdk

        settings = [] if self.max_jobs is None else ["-c", f"tuning:max_number_of_training_jobs={self.max_jobs}"]
        command = ["deploy", stack, "--exclusively", "--require-approval", "never", *settings]
        self._announce(f"Deploy {stack} by the CDK CLI", "tuning local cdk -- " + " ".join(command))
        code = run_cdk(self.home, state, command)
        if code in (INTERRUPTED, -2):
            raise KeyboardInterrupt
        if code != 0:
            raise UserError(f"the CDK CLI could not deploy {stack} (exit code {code}); its message stands above")

    def prepare(self) -> None:
        """Make training files of the corpus."""
        from infra.seq2seq.prepare import prepare

        raise NotImplementedError

    def fill(self) -> None:
        """Upload the training files to the channels' buckets."""
        from infra.cli.channels import fill

        self._announce("Fill the channels", f"tuning channels fill {self._relative(self.prepared)} --local")
        fill(self.prepared, local=True)

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

        self.console.print(best_and_worst(snapshot))

    def translate(self, snapshot: TuningJobSnapshot) -> None:
        """Translate sentences that no training job has seen, by the best model."""

    def report(self, snapshot: TuningJobSnapshot) -> None:
        """Write the report page."""
        from infra.cli.report import report

        self._announce("Write the report", f"tuning report {snapshot.name} --local")
        report(snapshot.name, local=True)
        self.console.print("\nThe local AWS goes on running: `tuning --help` shows what to try. `make demo-down` removes it.")

    def _announce(self, what: str, command: str) -> None:
        self.console.print(f"\n[bold]{what}[/bold]  [dim]$ {command}[/dim]", highlight=False)

    def _relative(self, path: Path) -> Path:
        return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
