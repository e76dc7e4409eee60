"""`tuning demo-personalize`: from nothing to tuned recommendations, by the steps that a user would take."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from infra.cli.demo import INTERRUPTED, Demo
from infra.cli.errors import UserError

if TYPE_CHECKING:
    from rich.console import Console

    from infra.local.home import Home

APP = "examples/personalize/app.py"
DATA_STACK, SOLUTIONS_STACK = "recommender-data", "recommender-solutions"
KEY = "interactions/interactions.csv"
NDCG = "normalized_discounted_cumulative_gain_at_10"
SHOWN_METRICS = {
    NDCG: "NDCG@10",
    "mean_reciprocal_rank_at_25": "MRR@25",
    "precision_at_10": "precision@10",
    "coverage": "coverage",
}


def demo_personalize(
    events: Annotated[int, typer.Option(min=5000, help="Generated interactions.")] = 100_000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the generated interactions.")] = 7,
) -> None:
    """Import generated interactions, search HRNN's hyperparameters and compare it with Popularity-Count.

    The interactions are generated and say nothing about any real shop. Run again, it finds what is deployed.
    """
    from infra.local.errors import LocalError
    from infra.local.home import Home
    from infra.local.up import down
    from infra.report.console import console as terminal

    if not Path(APP).is_file():
        raise UserError("the demo deploys this project's own example: run it in the project's folder")
    home = Home.default()
    try:
        run(home, terminal(), events, seed)
    except BaseException as error:
        down(home)
        if isinstance(error, KeyboardInterrupt):
            typer.echo("interrupted; everything that the demo started has ended, `make demo-personalize` goes on")
            raise typer.Exit(INTERRUPTED) from None
        if isinstance(error, LocalError):
            raise UserError(str(error)) from error
        raise


def run(home: Home, console: Console, events: int, seed: int) -> None:
    """Take all steps."""
    from infra.cli.session import client

    steps = Demo(home, console, None)
    state = steps.up()
    steps.deploy(state, DATA_STACK, APP)
    upload(console, _output(DATA_STACK, "InteractionsBucketName"), home, events, seed)
    steps.deploy(state, SOLUTIONS_STACK, APP)
    show_search(home, console, _output(SOLUTIONS_STACK, "HrnnVersionArn"))
    personalize = client("personalize", local=True)
    hrnn = _version(personalize, "HrnnVersionArn")
    popularity = _version(personalize, "PopularityVersionArn")
    compare(console, {"HRNN, tuned": hrnn["metrics"], "Popularity-Count": popularity["metrics"]})
    shown = {"solutionVersionArn": hrnn["solutionVersionArn"], "status": hrnn["status"]}
    console.print("\n[bold]DescribeSolutionVersion[/bold]")
    console.print_json(data={"solutionVersion": {**shown, "tunedHPOParams": hrnn["tunedHPOParams"]}})
    if hrnn["metrics"][NDCG] <= popularity["metrics"][NDCG]:
        raise UserError(f"HRNN is not better than Popularity-Count by {NDCG}, as it should be on these interactions")
    console.print("\nThe local AWS goes on running; `make demo-down` removes it and all that is in it.")


def upload(console: Console, bucket: str, home: Home, events: int, seed: int) -> None:
    """Generate the interactions and put them into the bucket."""
    from infra.cli.session import client
    from infra.recommender.generator import Settings, generate, write_csv

    path = home.path / "demo" / "interactions.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    console.print("\n[bold]Generate and upload interactions[/bold]")
    made = generate(Settings(events=events, seed=seed))
    write_csv(made, path)
    client("s3", local=True).upload_file(str(path), bucket, KEY)
    console.print(f"{len(made)} interactions in s3://{bucket}/{KEY}")


def show_search(home: Home, console: Console, version: str) -> None:
    """The training jobs of the search, which the service itself does not list, from the local engine's record."""
    import json

    from rich.table import Table

    job = f"personalize-{version.rpartition('/')[2]}"
    record = (home.path / "personalize" / "engine.sqlite3").absolute().as_uri()
    with sqlite3.connect(f"{record}?mode=ro", uri=True) as db:
        rows = db.execute(
            "SELECT number, tuned, objective_value, status, ended - started FROM training_jobs "
            "WHERE tuning_job = ? ORDER BY number",
            (job,),
        ).fetchall()
    table = Table("job", "hyperparameters", "NDCG@10 of validation users", "status", "s", box=None, pad_edge=False)
    for number, tuned, objective, status, seconds in rows:
        values = ", ".join(f"{name}={value}" for name, value in sorted(json.loads(tuned).items()))
        table.add_row(str(number), values, "-" if objective is None else f"{objective:.4f}", status, f"{seconds:.0f}")
    console.print("\n[bold]Search of HRNN's hyperparameters[/bold]")
    console.print(table)


def compare(console: Console, metrics: dict[str, dict[str, float]]) -> None:
    """Offline metrics of the versions side by side."""
    from rich.table import Table

    table = Table("recipe", *SHOWN_METRICS.values(), box=None, pad_edge=False)
    for name, values in metrics.items():
        table.add_row(name, *(f"{values[metric]:.4f}" for metric in SHOWN_METRICS))
    console.print("\n[bold]Offline metrics of test users[/bold]")
    console.print(table)


def _output(stack: str, key: str) -> str:
    from infra.cli.session import client

    found = client("cloudformation", local=True).describe_stacks(StackName=stack)["Stacks"][0]
    return str(next(one["OutputValue"] for one in found["Outputs"] if one["OutputKey"] == key))


def _version(personalize: Any, output: str) -> dict[str, Any]:
    """A trained version with its metrics."""
    arn = _output(SOLUTIONS_STACK, output)
    version: dict[str, Any] = personalize.describe_solution_version(solutionVersionArn=arn)["solutionVersion"]
    if version["status"] != "ACTIVE":
        raise UserError(f"{arn} is in status {version['status']}: {version.get('failureReason', 'it trains on')}")
    return {**version, "metrics": personalize.get_solution_metrics(solutionVersionArn=arn)["metrics"]}
