"""`tuning demo-personalize`: from nothing to tuned recommendations, by the steps that a user would take."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import typer

from infra.cli.demo_steps import DemoSteps, run_demo
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
    run_demo("make demo-personalize", Path(APP), lambda home, console: PersonalizeDemo(home, console, events, seed))


@dataclass(frozen=True)
class PersonalizeDemo(DemoSteps):
    """The steps of the recommender's demo."""

    events: int
    seed: int

    app: ClassVar[str] = APP

    def run(self) -> None:
        """Take all steps."""
        state = self.up()
        self.deploy(state, DATA_STACK)
        upload(self.console, self.outputs(DATA_STACK)["InteractionsBucketName"], self.home, self.events, self.seed)
        self.deploy(state, SOLUTIONS_STACK)
        outputs = self.outputs(SOLUTIONS_STACK)
        show_search(self.home, self.console, outputs["HrnnVersionArn"])
        compare_solutions(self.console, outputs["HrnnVersionArn"], outputs["PopularityVersionArn"])
        self.console.print("\nThe local AWS goes on running; `make demo-down` removes it and all that is in it.")


def compare_solutions(console: Console, tuned: str, popular: str) -> None:
    """Set the tuned version beside the popular items, and show what the search has chosen.

    Raises:
        UserError: A version is not there yet, or the tuned one is not the better one.
    """
    hrnn, popularity = _version(tuned), _version(popular)
    compare(console, {"HRNN, tuned": hrnn["metrics"], "Popularity-Count": popularity["metrics"]})
    shown = {"solutionVersionArn": hrnn["solutionVersionArn"], "status": hrnn["status"]}
    console.print("\nDescribeSolutionVersion", style="bold")
    console.print_json(data={"solutionVersion": {**shown, "tunedHPOParams": hrnn["tunedHPOParams"]}})
    if hrnn["metrics"][NDCG] <= popularity["metrics"][NDCG]:
        raise UserError(f"HRNN is not better than Popularity-Count by {NDCG}, as it should be on these interactions")


def upload(console: Console, bucket: str, home: Home, events: int, seed: int) -> None:
    """Generate the interactions and put them into the bucket."""
    from infra.cli.session import client
    from infra.recommender.generator import Settings, generate, write_csv

    path = home.path / "demo" / "interactions.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    console.print("\nGenerate and upload interactions", style="bold")
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
    console.print("\nSearch of HRNN's hyperparameters", style="bold")
    console.print(table)


def compare(console: Console, metrics: dict[str, dict[str, float]]) -> None:
    """Offline metrics of the versions side by side."""
    from rich.table import Table

    table = Table("recipe", *SHOWN_METRICS.values(), box=None, pad_edge=False)
    for name, values in metrics.items():
        table.add_row(name, *(f"{values[metric]:.4f}" for metric in SHOWN_METRICS))
    console.print("\nOffline metrics of test users", style="bold")
    console.print(table)


def _version(arn: str) -> dict[str, Any]:
    """A trained version with its metrics."""
    from infra.cli.session import client

    personalize: Any = client("personalize", local=True)
    version: dict[str, Any] = personalize.describe_solution_version(solutionVersionArn=arn)["solutionVersion"]
    if version["status"] != "ACTIVE":
        raise UserError(f"{arn} is in status {version['status']}: {version.get('failureReason', 'it trains on')}")
    return {**version, "metrics": personalize.get_solution_metrics(solutionVersionArn=arn)["metrics"]}
