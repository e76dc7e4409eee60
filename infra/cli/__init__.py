"""The `tuning` command: one file per group of commands, none of which imports its engine before it is called."""

from __future__ import annotations

import importlib
from typing import Any

import typer
from typer.core import TyperGroup

from infra.cli.errors import UserError

__all__ = ["app"]

# Command: module, its attribute (a Typer application or a function), summary. The module is imported when its command
# runs, so that `tuning --help` stays quick whatever the commands need.
_COMMANDS = {
    "channels": ("infra.cli.channels", "app", "Fill the channels of a training job."),
    "demo": ("infra.cli.demo", "demo", "Deploy the app to a local AWS, run its tuning job, show the best model."),
    "demo-personalize": (
        "infra.cli.demo_personalize",
        "demo_personalize",
        "Deploy recommenders to a local AWS, search HRNN's hyperparameters, compare it with popularity.",
    ),
    "import": ("infra.cli.importing", "import_request", "Print the Python declaration of an existing request."),
    "demo-xgboost": (
        "infra.cli.demo_xgboost",
        "demo_xgboost",
        "Tune XGBoost on a real table in a local AWS, show the best model.",
    ),
    "local": ("infra.cli.local", "app", "The local AWS: start and end it, look at it, run the CDK CLI on it."),
    "plan": ("infra.cli.plan", "plan", "Say what declared tuning jobs search, use at most, and change."),
    "report": ("infra.cli.report", "report", "Write the report page of a tuning job."),
    "request": ("infra.cli.request", "request", "Print the requests that declared tuning jobs will send."),
    "seq2seq": ("infra.cli.seq2seq", "app", "Data for the sequence-to-sequence algorithm."),
    "watch": ("infra.cli.watch", "watch", "Follow a tuning job in a live table."),
}


class CommandGroup(TyperGroup):
    """Swaps a command's line of the table for the command itself, and ends errors of the user in one line."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The command to run, imported."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, _load(name) if name in _COMMANDS else command, rest

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except UserError as error:
            typer.secho(str(error), err=True, fg=typer.colors.RED)
            raise typer.Exit(1) from error


def _load(name: str) -> Any:
    module, attribute, summary = _COMMANDS[name]
    command = getattr(importlib.import_module(module), attribute)
    if not isinstance(command, typer.Typer):
        single = typer.Typer(add_completion=False)
        single.command(name)(command)
        return typer.main.get_command(single)
    command.info.name, command.info.help = name, summary
    return typer.main.get_group(command)


app = typer.Typer(cls=CommandGroup, no_args_is_help=True, help="Hyperparameter tuning jobs, on AWS or on this machine.")

for _name, (_, _, _summary) in _COMMANDS.items():
    app.command(_name, help=_summary)(lambda: None)
