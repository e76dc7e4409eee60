"""`tuning local`: the local AWS."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infra.cli.errors import UserError

if TYPE_CHECKING:
    from infra.local.home import Home
    from infra.local.state import LocalState

app = typer.Typer(no_args_is_help=True)

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", help="State folder.", show_default="$TUNING_HOME, else .tuning", file_okay=False),
]


@contextlib.contextmanager
def user_errors() -> Iterator[None]:
    """What the local AWS finds wrong is the user's to mend."""
    from infra.local.errors import LocalError

    try:
        yield
    except LocalError as error:
        raise UserError(str(error)) from error


def _home(path: Path | None) -> Home:
    from infra.local.home import Home

    return Home.default() if path is None else Home(path.absolute())


@app.command()
def up(
    home: HomeOption = None,
    port: Annotated[int | None, typer.Option(help="Port of the AWS emulator.", show_default="the last one")] = None,
    endpoint_port: Annotated[int | None, typer.Option(help="Port of SageMaker.", show_default="the last one")] = None,
) -> None:
    """Start the local AWS; what it knew the last time is still there."""
    from infra.local.up import up as start

    with user_errors():
        state, started = start(_home(home), port=port, endpoint_port=endpoint_port)
    typer.echo(f"the local AWS {'is up' if started else 'was already up'}: {state.ministack_url}")
    typer.echo(f"SageMaker and Service Quotas: {state.endpoint_url}")
    typer.echo('point other programs at it: eval "$(tuning local env)"')


@app.command()
def down(home: HomeOption = None) -> None:
    """End the local AWS with everything that it started; its state stays."""
    from infra.local.up import down as end

    with user_errors():
        ran = end(_home(home))
    typer.echo("the local AWS is down" if ran else "no local AWS was running")


@app.command()
def reset(
    home: HomeOption = None, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False
) -> None:
    """End the local AWS and delete all its state: stacks, buckets, jobs, models."""
    from infra.local.up import reset as delete

    chosen = _home(home)
    if not yes and chosen.exists:
        typer.confirm(f"delete {chosen.path} with all stacks, buckets and jobs of this local AWS?", abort=True)
    with user_errors():
        existed = delete(chosen)
    typer.echo(f"{chosen.path} is deleted" if existed else f"{chosen.path} does not exist: nothing to delete")


@app.command()
def status(home: HomeOption = None) -> None:
    """Show what runs; the exit code is 0 where all of it does, else 1."""
    from rich.console import Console
    from rich.table import Table

    from infra.local.parts import answers, health_url, log_file
    from infra.local.state import PARTS, LocalState, read_state

    chosen = _home(home)
    with user_errors():
        state = read_state(chosen) or LocalState("")
    table = Table(title=f"local AWS in {chosen.path}", title_justify="left")
    for heading in ("part", "status", "port", "process", "log"):
        table.add_column(heading, overflow="fold")
    conditions = []
    for part, port in zip(PARTS, (state.ministack_port, state.endpoint_port), strict=True):
        process = state.process(part) if state.is_part_running(part) else None
        condition = "down" if process is None else "up" if answers(health_url(state, part)) else "not answering"
        conditions.append(condition)
        shown = ["" if value is None else str(value) for value in (port, process and process.pid)]
        table.add_row(part, condition, *shown, str(log_file(chosen, part)))
    healthy = set(conditions) == {"up"}
    console = Console()
    console.print(table)
    if healthy:
        console.print(f"tuning jobs: {_count_tuning_jobs(state)}")
    raise typer.Exit(0 if healthy else 1)


def _count_tuning_jobs(state: LocalState) -> str:
    from botocore.exceptions import BotoCoreError, ClientError

    from infra.local.clients import local_client

    pages = local_client(state, "sagemaker").get_paginator("list_hyper_parameter_tuning_jobs").paginate()
    try:
        return str(sum(len(page["HyperParameterTuningJobSummaries"]) for page in pages))
    except (BotoCoreError, ClientError) as error:
        return f"unknown ({error})"


@app.command()
def env(
    home: HomeOption = None, as_json: Annotated[bool, typer.Option("--json", help="As a JSON object.")] = False
) -> None:
    """Print the variables that point a program at the local AWS: eval "$(tuning local env)"."""
    from infra.local.environment import foreign_variables, local_environment
    from infra.local.home import VARIABLE
    from infra.local.state import running_state

    chosen = _home(home)
    with user_errors():
        variables = {**local_environment(running_state(chosen)), VARIABLE: str(chosen.path)}
    if as_json:
        typer.echo(json.dumps(variables, indent=2))
        return
    unset = [name for name in foreign_variables(os.environ) if name not in variables]
    typer.echo(f"unset {' '.join(unset)}")
    for name, value in variables.items():
        typer.echo(f"export {name}={shlex.quote(value)}")


@app.command()
def image(
    image: Annotated[
        str | None, typer.Argument(help="Image URI, or its repository name for all tags.", show_default="list all")
    ] = None,
    command: Annotated[list[str] | None, typer.Argument(help="After --: the program and its arguments.")] = None,
    docker: Annotated[
        str | None, typer.Option("--docker", metavar="IMAGE", help="Run it as a container of this Docker image.")
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Forget the image.")] = False,
    home: HomeOption = None,
) -> None:
    """Let a program play a training image, or name its Docker image: tuning local image my-model -- python train.py."""
    from infra.local.engine.training.images import register_container, register_image, remove_image

    chosen = _home(home)
    if docker is not None and (not docker or image is None or remove or command):
        raise UserError("--docker takes an image and nothing else: tuning local image IMAGE --docker DOCKER_IMAGE")
    if image is None:
        _list_images(chosen)
    elif remove:
        if not remove_image(chosen, image):
            raise UserError(f"image {image} is not registered: `tuning local image` lists those that are")
        typer.echo(f"image {image} is forgotten")
    elif docker:
        register_container(chosen.create(), image, docker)
        typer.echo(f"image {image} runs as a container of: {docker}")
    elif not command:
        raise UserError(f"the program for image {image} is missing: tuning local image {image} -- COMMAND")
    else:
        words = _absolute(command)
        register_image(chosen.create(), image, words)
        typer.echo(f"image {image} is played by: {shlex.join(words)}")


def _list_images(home: Home) -> None:
    from infra.local.engine.training.images import BUILT_IN, registered_images

    for name, program in sorted({**BUILT_IN, **registered_images(home)}.items()):
        typer.echo(f"{name}: {program.text}")


def _absolute(command: list[str]) -> list[str]:
    """The command as it works in any folder: a job runs in its own. Files that are here get their full path."""
    first, *others = command
    if os.sep in first:
        first = str(Path(first).absolute())
    return [first, *(str(Path(word).absolute()) if Path(word).is_file() else word for word in others)]


@app.command("file-system")
def file_system(
    file_system: Annotated[
        str | None, typer.Argument(help="Id of an EFS or FSx file system.", show_default="list all")
    ] = None,
    folder: Annotated[Path | None, typer.Argument(help="What is at its root.", file_okay=False, exists=True)] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Forget the file system; the folder stays.")] = False,
    home: HomeOption = None,
) -> None:
    """Let a folder play a file system that channels lie on: tuning local file-system fs-0123456789abcdef0 data."""
    from infra.local.engine.training import file_systems

    chosen = _home(home)
    if file_system is None:
        for name, place in sorted(file_systems.registered_file_systems(chosen).items()):
            typer.echo(f"{name}: {place}")
    elif remove:
        if not file_systems.remove_file_system(chosen, file_system):
            raise UserError(
                f"file system {file_system} is not registered: `tuning local file-system` lists those that are"
            )
        typer.echo(f"file system {file_system} is forgotten")
    elif re.fullmatch(r"fs-[0-9a-f]{8,}", file_system) is None:
        raise UserError(f"the id of a file system must look like fs-0123456789abcdef0, got {file_system}")
    elif folder is None:
        raise UserError(f"the folder for {file_system} is missing: tuning local file-system {file_system} FOLDER")
    else:
        file_systems.register_file_system(chosen.create(), file_system, folder.absolute())
        typer.echo(f"file system {file_system} is played by: {folder.absolute()}")


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})
def cdk(context: typer.Context) -> None:
    """Run the CDK CLI on the local AWS: tuning local cdk -- deploy --all --require-approval never."""
    from infra.local.cdk_cli import exit_code, run_cdk
    from infra.local.state import running_state

    chosen = _home(None)
    with user_errors():
        code = run_cdk(chosen, running_state(chosen), context.args)
    raise typer.Exit(exit_code(code))
