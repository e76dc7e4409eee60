"""`tuning report NAME`: a page, or a picture, of a tuning job."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from infra.cli.errors import UserError


def report(
    name: Annotated[str, typer.Argument(help="Name of the tuning job.")],
    output: Annotated[
        Path | None, typer.Option(help="HTML file to write.", show_default="tuning-report-NAME.html")
    ] = None,
    png: Annotated[Path | None, typer.Option(help="Write the charts to this PNG file as well.")] = None,
    local: Annotated[bool, typer.Option("--local", help="Take the running local AWS.")] = False,
    open_page: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
) -> None:
    """Write a report of a tuning job: one HTML file that needs nothing else, not even a network.

    It has the best and the worst training job, the objective over time and against each hyperparameter, and all
    training jobs with their failures. Works while the tuning job runs as well.
    """
    from infra.cli.session import aws_errors, client
    from infra.report import TuningJobNotFoundError
    from infra.report.page import read_report

    try:
        with aws_errors():
            logs = client("logs", local=local)
            content = read_report(client("sagemaker", local=local), name, logs_client=logs)
    except TuningJobNotFoundError as error:
        raise UserError(str(error)) from error
    page = output if output is not None else Path(f"tuning-report-{name}.html")
    _write(page, content.html().encode())
    if png is not None:
        _write(png, content.png())
    if open_page:
        typer.launch(page.absolute().as_uri())


def _write(path: Path, content: bytes) -> None:
    """Write a file whole, so that an earlier report is not lost to an interruption, and say where it is."""
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}") from error
    finally:
        with suppress(OSError):
            part.unlink()
    typer.echo(f"wrote {path}")
