"""`tuning request`: the requests that the tuning jobs and solutions of a synthesised app will send."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from infra.cli.assemblies import CDK_OUT, Folder, assembly_in
from infra.cli.errors import UserError

if TYPE_CHECKING:
    from infra.review import Assembly


def request(
    folder: Folder = CDK_OUT,
    path: Annotated[str | None, typer.Argument(help="Construct path of one job.", show_default="all jobs")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object, keyed by construct path.")] = False,
) -> None:
    """Print the CreateHyperParameterTuningJob and Personalize CreateSolution requests that a deployment will send.

    Values that are known at deployment only stand as CloudFormation's intrinsics. The deployment adds tags by which it
    knows its own jobs again.
    """
    import json

    from infra.review.outline import outline

    found = _requests(assembly_in(folder), path)
    if as_json:
        typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    if not found:
        typer.echo(f"no tuning jobs or solutions in {folder}")
    for index, (place, one) in enumerate(found.items()):
        if index:
            typer.echo()
        typer.secho(place, bold=True)
        typer.echo("\n".join(f"  {line}" for line in outline(one).splitlines()))


def _requests(assembly: Assembly, path: str | None) -> dict[str, dict[str, Any]]:
    from infra.review import RequestError, request_of

    jobs = [job for job in assembly.jobs if path is None or job.path == path]
    if path is not None and not jobs:
        there = ", ".join(job.path for job in assembly.jobs)
        raise UserError(f"no tuning job or solution at {path}; there is {there or 'none in this assembly'}")
    found = {}
    for job in jobs:
        try:
            found[job.path] = request_of(job.properties, job.type)
        except RequestError as error:
            raise UserError(f"{job.path}: {error}") from error
    return found
