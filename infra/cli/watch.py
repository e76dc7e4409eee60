"""`tuning watch NAME`: a tuning job's training jobs, live until it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from infra.cli.errors import UserError

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient
    from rich.console import Console

    from infra.report import TuningJobSnapshot

LOCAL_INTERVAL = 1.5
AWS_INTERVAL = 20.0
INTERRUPTED = 130
"""The exit code of a program that Ctrl-C ended, by the shells' convention."""


def watch(
    name: Annotated[str, typer.Argument(help="Name of the tuning job.")],
    local: Annotated[bool, typer.Option("--local", help="Take the running local AWS.")] = False,
    follow: Annotated[bool, typer.Option(help="Go on until the tuning job ends.")] = True,
    interval: Annotated[
        float | None,
        typer.Option(
            min=0.1, help="Seconds between two readings.", show_default=f"{AWS_INTERVAL:g}, {LOCAL_INTERVAL:g} locally"
        ),
    ] = None,
) -> None:
    """Show the training jobs of a tuning job until it ends.

    Ctrl-C ends the watching only: the tuning job goes on. The exit code is 0 for a tuning job that completed (or goes
    on, with --no-follow) and 1 for one that failed or was stopped.
    """
    from infra.cli.session import aws_errors, client
    from infra.report import TuningJobNotFoundError
    from infra.report.console import console as terminal

    console = terminal()
    seconds = interval if interval is not None else LOCAL_INTERVAL if local else AWS_INTERVAL
    try:
        with aws_errors():
            snapshot = _show(client("sagemaker", local=local), name, console, seconds if follow else None)
    except TuningJobNotFoundError as error:
        raise UserError(str(error)) from error
    except KeyboardInterrupt:
        console.print(f"stopped watching; tuning job {name} goes on", highlight=False)
        raise typer.Exit(INTERRUPTED) from None
    if snapshot.status in ("Failed", "Stopped", "DeleteFailed"):
        raise typer.Exit(1)


def _show(client: SageMakerClient, name: str, console: Console, interval: float | None) -> TuningJobSnapshot:
    """Show the tuning job once, or with an interval until it ends."""
    from infra.report import TuningJobSnapshot
    from infra.report.following import follow
    from infra.report.table import view

    def read() -> TuningJobSnapshot:
        return TuningJobSnapshot.read(client, name)

    if interval is not None:
        return follow(read, console, interval=interval)
    snapshot = read()
    console.print(view(snapshot, width=console.width))
    return snapshot
