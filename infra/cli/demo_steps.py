"""What the demos have in common: a local AWS, stacks deployed by the real CDK CLI, a tuning job, its report.

Each step is announced as the command that does the same. Whatever goes wrong, or Ctrl-C, ends what was started.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import typer

from infra.cli.errors import UserError

if TYPE_CHECKING:
    from rich.console import Console

    from infra.local.home import Home
    from infra.local.state import LocalState
    from infra.report import TuningJobSnapshot

APP = "app.py"
INTERRUPTED = 130


def run_demo(command: str, needs: Path, steps: Callable[[Home, Console], DemoSteps]) -> None:
    """Take a demo's steps; end all that it started if one fails.

    Args:
        command: How the user goes on after an interruption.
        needs: A file or folder of the project that the demo is about.
        steps: Makes the demo.
    """
    from infra.local.errors import LocalError
    from infra.local.home import Home
    from infra.local.up import down
    from infra.report.console import console

    if not needs.exists() or not Path("cdk.json").is_file():
        raise UserError("the demo deploys this project's own app: run it in the project's folder")
    home = Home.default()
    try:
        steps(home, console()).run()
    except BaseException as error:
        down(home)
        if isinstance(error, KeyboardInterrupt):
            typer.echo(f"interrupted; everything that the demo started has ended, `{command}` goes on from here")
            raise typer.Exit(INTERRUPTED) from None
        if isinstance(error, LocalError):
            raise UserError(str(error)) from error
        raise


@dataclass(frozen=True)
class DemoSteps:
    """The steps that every demo takes; `run` has their order."""

    home: Home
    console: Console

    app: ClassVar[str] = APP
    """The app to deploy."""

    def run(self) -> None:
        """Take all steps."""
        raise NotImplementedError

    def up(self) -> LocalState:
        """Start the local AWS."""
        from infra.local.up import up

        self.announce("Start a local AWS", "tuning local up")
        state, _ = up(self.home)
        self.console.print(f"CloudFormation, S3, IAM, Lambda, ... on {state.ministack_url}")
        self.console.print(f"SageMaker, Service Quotas and Personalize on {state.endpoint_url}")
        return state

    def deploy(self, state: LocalState, stack: str, *settings: str) -> None:
        """Deploy a stack of the app by the real CDK CLI, with further arguments for it."""
        from infra.local.cdk_cli import run_cdk

        command = ["deploy", stack, "--exclusively", "--require-approval", "never", *settings]
        shown = " ".join(command) if self.app == APP else f'{" ".join(command)} --app "python {self.app}"'
        self.announce(f"Deploy {stack} by the CDK CLI", f"tuning local cdk -- {shown}")
        # By this interpreter, whether or not the virtual environment is active.
        code = run_cdk(self.home, state, [*command, "--app", f"{sys.executable} {self.app}"])
        if code in (INTERRUPTED, -2):
            raise KeyboardInterrupt
        if code != 0:
            raise UserError(f"the CDK CLI could not deploy {stack} (exit code {code}); its message stands above")

    def outputs(self, stack: str) -> dict[str, str]:
        """The outputs of a deployed stack."""
        from infra.cli.session import client

        described = client("cloudformation", local=True).describe_stacks(StackName=stack)["Stacks"][0]
        return {one["OutputKey"]: one["OutputValue"] for one in described["Outputs"]}

    def watch(self, name: str) -> TuningJobSnapshot:
        """Show the training jobs until the tuning job ends."""
        from infra.cli.session import client
        from infra.cli.watch import LOCAL_INTERVAL
        from infra.report import TuningJobSnapshot
        from infra.report.following import follow

        self.announce("Watch the tuning job", f"tuning watch {name} --local")
        sagemaker = client("sagemaker", local=True)
        snapshot = follow(lambda: TuningJobSnapshot.read(sagemaker, name), self.console, interval=LOCAL_INTERVAL)
        if snapshot.best is None:
            raise UserError(f"tuning job {name} ended {snapshot.status} without a model: {snapshot.failure_reason}")
        return snapshot

    def show_best(self, snapshot: TuningJobSnapshot) -> None:
        """Set the best training job beside the worst."""
        from infra.report.comparison import best_and_worst

        self.announce("Best and worst of the search")
        self.console.print(best_and_worst(snapshot))

    def report(self, snapshot: TuningJobSnapshot) -> None:
        """Write the report page."""
        from infra.cli.report import report

        self.announce("Write the report", f"tuning report {snapshot.name} --local")
        report(snapshot.name, local=True)
        self.console.print("\nThe local AWS goes on running; `make demo-down` removes it and all that is in it.")

    def announce(self, what: str, command: str | None = None) -> None:
        """Say what comes, and the command that does it."""
        from rich.text import Text

        line = Text(f"\n{what}", style="bold")
        if command is not None:
            line.append(f"  $ {command}", style="not bold dim")
        self.console.print(line, soft_wrap=True)

    @staticmethod
    def relative(path: Path) -> Path:
        """A path below the current folder without that."""
        return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
