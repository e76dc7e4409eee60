"""The report of a tuning job: one HTML file that works offline, or a picture."""

from __future__ import annotations

import functools
import json
import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import altair as alt
import jinja2
import vl_convert
from botocore.exceptions import BotoCoreError, ClientError
from markupsafe import Markup

from infra.report import charts, curves, relations, wording
from infra.report.charts import Chart, Row
from infra.report.importance import importances
from infra.report.logs import JobLog, read_logs
from infra.report.search_space import Hyperparameter, Scale
from infra.report.snapshot import TuningJobSnapshot, training_definitions
from infra.report.table import objective_text, progress

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_sagemaker import SageMakerClient

PNG_SCALE = 2.0
"""Pixels of the PNG per pixel of the charts, for screens of high resolution and for print."""


def read_report(client: SageMakerClient, name: str, *, logs_client: CloudWatchLogsClient | None = None) -> Report:
    """Read all that a report shows of a tuning job.

    Args:
        client: SageMaker of the tuning job's account and region.
        name: of the tuning job.
        logs_client: CloudWatch Logs of the same, for learning curves and the last lines of logs. Without it, or
            without the right to read them, the report does without.

    Raises:
        TuningJobNotFoundError: there is no such tuning job.
    """
    snapshot = TuningJobSnapshot.read(client, name)
    best: Mapping[str, Any] = {}
    if snapshot.best is not None:
        best = client.describe_training_job(TrainingJobName=snapshot.best.name)
    artifact = best.get("ModelArtifacts", {}).get("S3ModelArtifacts")
    if logs_client is None:
        return Report(snapshot=snapshot, artifact=artifact)
    try:
        metrics = best.get("AlgorithmSpecification", {}).get("MetricDefinitions", [])
        return Report(snapshot=snapshot, artifact=artifact, logs=read_logs(logs_client, snapshot, metrics))
    except (BotoCoreError, ClientError) as error:
        return Report(snapshot=snapshot, artifact=artifact, logs_missing=str(error))


@dataclass(frozen=True, kw_only=True)
class Report:
    """A tuning job with what else a report shows of it.

    ``artifact`` is the S3 URI of the best training job's model, ``logs`` what the logs of training jobs say, by name,
    and ``logs_missing`` why they could not be read.
    """

    snapshot: TuningJobSnapshot
    artifact: str | None = None
    logs: Mapping[str, JobLog] = field(default_factory=dict)
    logs_missing: str | None = None

    def html(self) -> str:
        """Write the page: self-contained, with every text from the API escaped."""
        drawn, datasets = self.charts(), self.datasets()
        return _template().render(
            snapshot=self.snapshot,
            artifact=self.artifact,
            logs=self.logs,
            logs_missing=self.logs_missing,
            told=[job for job in self.snapshot.jobs if job.failure_reason is not None or job.name in self.logs],
            comparison=_comparison(self.snapshot),
            spread=_spread(self.snapshot),
            facts=_facts(self.snapshot),
            definitions=training_definitions(self.snapshot.description),
            charts=drawn,
            specs={one.key: one.chart.to_dict() for one in drawn},
            datasets=datasets,
            script=Markup(_script()),  # noqa: S704 - the libraries' own code, checked below not to end its element
            space=self.snapshot.hyperparameters,
        )

    def png(self) -> bytes:
        """Draw all charts as one PNG, without a browser."""
        spec = charts.overview(self.snapshot, self.charts(), self.datasets())
        version = ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])
        return bytes(vl_convert.vegalite_to_png(json.dumps(spec), vl_version=version, scale=PNG_SCALE))

    def charts(self) -> list[Chart]:
        """Draw the charts that there is data for."""
        snapshot = self.snapshot
        drawn = [charts.over_time(snapshot)]
        if self._has_curves:
            drawn.append(curves.learning_curves(snapshot))
        if self._has_parallel:
            drawn.append(relations.parallel(snapshot))
        if self.importances:
            drawn.append(relations.importance(self.importances))
        return [*drawn, *(charts.against(snapshot, index) for index in range(len(snapshot.hyperparameters)))]

    @functools.cached_property
    def importances(self) -> dict[str, float]:
        """The importance of each hyperparameter, empty with too few training jobs."""
        return importances(self.snapshot)

    @property
    def _has_curves(self) -> bool:
        return any(log.curve for log in self.logs.values())

    @property
    def _has_parallel(self) -> bool:
        return len(self.snapshot.compared) > 1 and len(self.snapshot.hyperparameters) > 1

    def datasets(self) -> dict[str, list[Row]]:
        """Collect the data that the charts refer to by name."""
        rows = {"jobs": charts.job_rows(self.snapshot)}
        if self._has_curves:
            rows["curves"] = curves.curve_rows(self.snapshot, self.logs)
        if self._has_parallel:
            rows["parallel"] = relations.parallel_rows(self.snapshot)
        if self.importances:
            rows["importance"] = relations.importance_rows(self.importances)
        return {name: [_plain(row) for row in given] for name, given in rows.items()}


def _plain(row: Row) -> Row:
    """Replace numbers that JSON has no word for."""
    return {key: None if isinstance(value, float) and value - value != 0 else value for key, value in row.items()}


def _comparison(snapshot: TuningJobSnapshot) -> list[dict[str, str]]:
    """Set the hyperparameters of the best and the worst training job side by side."""
    best, worst = snapshot.best, snapshot.worst
    if best is None:
        return []
    return [
        {
            "name": name,
            "best": wording.value(best.hyperparameters.get(name), 6),
            "worst": wording.value(worst.hyperparameters.get(name), 6) if worst is not None else wording.MISSING,
        }
        for name in best.hyperparameters
    ]


def _spread(snapshot: TuningJobSnapshot) -> str | None:
    """Say how far apart the objectives are."""
    values = [job.objective for job in snapshot.compared if job.objective is not None]
    if len(values) < 2:
        return None
    deviation = wording.number(statistics.stdev(values))
    return f"median {wording.number(statistics.median(values))}, standard deviation {deviation}"


def _facts(snapshot: TuningJobSnapshot) -> list[tuple[str, str]]:
    """List what was asked for: limits and ways of searching, in the words of the API."""
    config: Mapping[str, Any] = snapshot.description["HyperParameterTuningJobConfig"]
    limits, criteria = config["ResourceLimits"], config.get("TuningJobCompletionCriteria", {})
    warm_start = snapshot.description.get("WarmStartConfig", {})
    parents = [one["HyperParameterTuningJobName"] for one in warm_start.get("ParentHyperParameterTuningJobs", [])]
    not_improving = criteria.get("BestObjectiveNotImproving", {})
    facts = {
        "Training jobs": limits.get("MaxNumberOfTrainingJobs"),
        "Parallel training jobs": limits.get("MaxParallelTrainingJobs"),
        "Run time limit (s)": limits.get("MaxRuntimeInSeconds"),
        "Target objective": criteria.get("TargetObjectiveMetricValue"),
        "Training jobs without improvement": not_improving.get("MaxNumberOfTrainingJobsNotImproving"),
        "Early stopping": config.get("TrainingJobEarlyStoppingType"),
        "Random seed": config.get("RandomSeed"),
        "Warm start": f"{warm_start['WarmStartType']} from {', '.join(parents)}" if warm_start else None,
    }
    return [(name, wording.value(given)) for name, given in facts.items() if given is not None]


def _range_text(one: Hyperparameter) -> str:
    if one.scale is Scale.CATEGORIES:
        return ", ".join(wording.value(category) for category in one.categories)
    if one.minimum is None or one.maximum is None:
        return "chosen by the service"
    return f"{wording.number(one.minimum, 6)} to {wording.number(one.maximum, 6)}"


@functools.cache
def _script() -> str:
    """Bundle Vega, Vega-Lite and Vega-Embed, once for all charts of a page."""
    bundle = str(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))
    # A text that ends the element it stands in would break the page: such a text can only stand in a string there.
    return bundle.replace("</script", "<\\/script")


@functools.cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        number=wording.number, value=wording.value, duration=wording.duration, moment=wording.moment, range=_range_text
    )
    environment.globals.update(progress=progress, objective_text=objective_text, css=Markup(_css()))  # noqa: S704
    return environment.get_template("page.html")


def _css() -> str:
    return (Path(__file__).parent / "page.css").read_text(encoding="utf-8")
