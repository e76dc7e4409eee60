"""The plan of an assembly: what each job searches, what it can use at most, and what a deployment does to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra.handlers.contract import TUNING_JOB_RESOURCE_TYPE
from infra.handlers.personalize_contract import SOLUTION
from infra.review.amounts import Amount, Unknown, section, total
from infra.review.assembly import Assembly, TemplateResource
from infra.review.bounds import Bounds, bounds, definitions, limits_of, parallel_jobs, ranges_of
from infra.review.changes import SPENDING, Change, change_of, job_name
from infra.review.fleets import fleet_text, fleets, is_spot
from infra.review.prices import Prices
from infra.review.quotas import QuotaNeed, quota_needs
from infra.review.request import RequestError, request_with_intrinsics
from infra.review.solutions import (
    solution_bounds,
    solution_objective,
    solution_parallel,
    solution_space,
    solution_strategy,
)
from infra.review.space import SearchSpace, search_space


@dataclass(frozen=True, kw_only=True)
class DefinitionPlan:
    """How the training jobs of one definition run, and what they search.

    Attributes:
        name: the definition's name; None for a single one without a name.
        objective: direction and metric, such as ``minimize validation:loss``.
        space: the search space.
        instances: the instances of each training job.
        spot: whether they are spot capacity.
        max_runtime: seconds after which a training job is stopped; None if it is not declared.
    """

    name: str | None
    objective: str
    space: SearchSpace
    instances: str
    spot: bool | Unknown
    max_runtime: Any


@dataclass(frozen=True, kw_only=True)
class JobPlan:
    """The plan of one tuning job, or of one Personalize solution, whose training jobs the service keeps to itself.

    Attributes:
        path: construct path.
        stack: name of its stack.
        name: name of the job.
        strategy: how it searches.
        early_stopping: whether training jobs that fall behind are stopped; None if not declared.
        max_parallel: training jobs at the same time.
        max_runtime: seconds after which the tuning job ends; None if not declared.
        definitions: its training job definitions.
        bounds: the most that it can use.
        warnings: the warnings of its construct.
        change: what a deployment does to it; None without a base.
        type: CloudFormation's name of its type.
    """

    path: str
    stack: str
    name: str
    strategy: str
    early_stopping: Any
    max_parallel: Amount
    max_runtime: Any
    definitions: tuple[DefinitionPlan, ...]
    bounds: Bounds
    warnings: tuple[str, ...]
    change: Change | None = None
    type: str = TUNING_JOB_RESOURCE_TYPE

    @property
    def is_solution(self) -> bool:
        """Whether it is a Personalize solution."""
        return self.type == SOLUTION.resource_type

    @property
    def spends(self) -> bool:
        """Whether a deployment makes its training jobs run."""
        return self.change is None or self.change.action in SPENDING


@dataclass(frozen=True, kw_only=True)
class GoneJob:
    """A tuning job or solution that the base declares and the assembly does not."""

    path: str
    stack: str
    name: str
    change: Change
    type: str = TUNING_JOB_RESOURCE_TYPE

    @property
    def is_solution(self) -> bool:
        """Whether it was a Personalize solution."""
        return self.type == SOLUTION.resource_type


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The plan of all tuning jobs and solutions of an assembly.

    Attributes:
        jobs: the declared jobs.
        gone: jobs that only the base declares.
        quotas: the quotas that the declared jobs need.
        compared: whether there was a base.
    """

    jobs: tuple[JobPlan, ...]
    gone: tuple[GoneJob, ...]
    quotas: tuple[QuotaNeed, ...]
    compared: bool

    @property
    def total(self) -> Bounds:
        """The most that all jobs which a deployment starts can use together."""
        spending = [job.bounds for job in self.jobs if job.spends]
        return Bounds(
            training_jobs=total(one.training_jobs for one in spending),
            instance_hours=total(one.instance_hours for one in spending),
            cost=total(one.cost for one in spending),
        )


def make_plan(assembly: Assembly, prices: Prices, base: Assembly | None = None) -> Plan:
    """The plan of an assembly, compared with a base if there is one.

    Raises:
        RequestError: if the properties of a tuning job's resource are no request.
    """
    before = {} if base is None else {job.path: job for job in base.jobs}
    now = {job.path for job in assembly.jobs}
    requests = [(job, _request(job)) for job in assembly.jobs]
    gone = [old for path, old in before.items() if path not in now]
    return Plan(
        jobs=tuple(
            _plan_of(job, request, prices, None if base is None else change_of(job, before.get(job.path)))
            for job, request in requests
        ),
        gone=tuple(
            GoneJob(path=old.path, stack=old.stack, name=job_name(old), change=change_of(None, old), type=old.type)
            for old in gone
        ),
        quotas=tuple(quota_needs(requests, assembly.quotas)),
        compared=base is not None,
    )


def instance_types(assembly: Assembly) -> Iterator[tuple[str, str]]:
    """The pairs of instance type and region that prices are wanted for."""
    for job in assembly.jobs:
        for definition in definitions(_request(job)):
            for instances in (one for fleet in fleets(definition) for one in fleet):
                if isinstance(instances.instance_type, str) and job.region is not None:
                    yield instances.instance_type, job.region


def _request(job: TemplateResource) -> dict[str, Any]:
    try:
        return request_with_intrinsics(job.properties, job.type)
    except RequestError as error:
        raise RequestError(f"{job.path}: {error}") from error


def _plan_of(job: TemplateResource, request: Mapping[str, Any], prices: Prices, change: Change | None) -> JobPlan:
    if job.type == SOLUTION.resource_type:
        return _solution_plan(job, request, change)
    return _job_plan(job, request, prices, change)


def _solution_plan(job: TemplateResource, request: Mapping[str, Any], change: Change | None) -> JobPlan:
    definition = DefinitionPlan(
        name=None,
        objective=solution_objective(request),
        space=solution_space(request),
        instances="Personalize's own capacity",
        spot=False,
        max_runtime=Unknown("it has no limit"),
    )
    return JobPlan(
        path=job.path,
        stack=job.stack,
        name=job_name(job),
        strategy=solution_strategy(request),
        early_stopping=None,
        max_parallel=solution_parallel(request),
        max_runtime=None,
        definitions=(definition,),
        bounds=solution_bounds(request),
        warnings=job.warnings,
        change=change,
        type=job.type,
    )


def _job_plan(job: TemplateResource, request: Mapping[str, Any], prices: Prices, change: Change | None) -> JobPlan:
    config = section(request, "HyperParameterTuningJobConfig")
    return JobPlan(
        path=job.path,
        stack=job.stack,
        name=job_name(job),
        strategy=str(config.get("Strategy", "no strategy")),
        early_stopping=config.get("TrainingJobEarlyStoppingType"),
        max_parallel=parallel_jobs(request),
        max_runtime=limits_of(request).get("MaxRuntimeInSeconds"),
        definitions=tuple(_definition_plan(request, definition) for definition in definitions(request)),
        bounds=bounds(request, prices, job.region),
        warnings=job.warnings,
        change=change,
    )


def _definition_plan(request: Mapping[str, Any], definition: Mapping[str, Any]) -> DefinitionPlan:
    single = request.get("TrainingJobDefinition") is definition
    config = section(request, "HyperParameterTuningJobConfig")
    objective = config.get("HyperParameterTuningJobObjective") if single else definition.get("TuningObjective")
    name = definition.get("DefinitionName")
    return DefinitionPlan(
        name=None if name is None else str(name),
        objective=_objective(objective),
        space=search_space(ranges_of(request, definition)),
        instances=fleet_text(fleets(definition)),
        spot=is_spot(definition),
        max_runtime=section(definition, "StoppingCondition").get("MaxRuntimeInSeconds"),
    )


def _objective(objective: Any) -> str:
    if isinstance(objective, Mapping):
        return f"{str(objective.get('Type')).lower()} {objective.get('MetricName')}"
    return "no objective" if objective is None else str(objective)
