"""Operations on solutions and solution versions."""

from __future__ import annotations

import secrets
from typing import Any

from . import training
from .context import Answer, Context, Request, described, listed, moment
from .datasets import delete_objects
from .errors import already_exists, in_use, invalid, too_many_active, too_many_pending
from .solution_rules import Plan, plan_of
from .store import Resource

MAX_SOLUTIONS = 10
"""Active solutions of a dataset group."""

MAX_PENDING_VERSIONS = 20

_SOLUTION_MEMBERS = ("name", "recipeArn", "datasetGroupArn", "eventType", "solutionConfig")
_VERSION_MEMBERS = ("performHPO", "performAutoML", "performIncrementalUpdate", "recipeArn", "eventType")


def create_solution(context: Context, request: Request) -> Answer:
    """CreateSolution: writes the configuration down and trains nothing."""
    group = context.store.get(request["datasetGroupArn"], "datasetGroup")
    plan_of(request)
    arn = context.arns.of("solution", request["name"])
    body: dict[str, Any] = {
        **{name: request[name] for name in _SOLUTION_MEMBERS if name in request},
        "performHPO": request.get("performHPO", False),
        "performAutoML": request.get("performAutoML", False),
        "performAutoTraining": request.get("performAutoTraining", True),
        "performIncrementalUpdate": request.get("performIncrementalUpdate", False),
        "status": "ACTIVE",
    }
    with context.store.lock:
        if len(context.store.all("solution", group.arn)) >= MAX_SOLUTIONS:
            raise too_many_active(MAX_SOLUTIONS)
        context.store.add("solution", arn, body, parent=group.arn, tags=request.get("tags", ()))
    return {"solutionArn": arn}


def describe_solution(context: Context, request: Request) -> Answer:
    """DescribeSolution, with AutoML's choice once there is one."""
    solution = context.store.get(request["solutionArn"], "solution")
    versions = context.store.all("solutionVersion", solution.arn)
    latest = None if not versions else _summary(context, versions[-1])
    chosen = None
    if solution.body["performAutoML"]:
        progress = [_progress(context, version) for version in reversed(versions)]
        recipe = next((p.tuned["recipe"] for p in progress if "recipe" in p.tuned), None)
        chosen = None if recipe is None else {"bestRecipeArn": f"arn:aws:personalize:::recipe/{recipe}"}
    return {"solution": described(solution, "solutionArn", latestSolutionVersion=latest, autoMLResult=chosen)}


def list_solutions(context: Context, request: Request) -> Answer:
    """ListSolutions, of one dataset group or of all."""
    entries = [described(r, "solutionArn") for r in context.store.all("solution", request.get("datasetGroupArn"))]
    return listed(request, "solutions", entries, "solutionArn")


def update_solution(context: Context, request: Request) -> Answer:
    """UpdateSolution: whether the service trains on its own. The local one never does, it keeps the setting."""
    solution = context.store.get(request["solutionArn"], "solution")
    given = ("performAutoTraining", "performIncrementalUpdate")
    changes: dict[str, Any] = {name: request[name] for name in given if name in request}
    if "solutionUpdateConfig" in request:
        changes["solutionConfig"] = {**solution.body.get("solutionConfig", {}), **request["solutionUpdateConfig"]}
    context.store.change(solution.arn, **changes)
    return {"solutionArn": solution.arn}


def delete_solution(context: Context, request: Request) -> Answer:
    """DeleteSolution with all its versions; none may be in training."""
    solution = context.store.get(request["solutionArn"], "solution")
    with context.store.lock:
        versions = context.store.all("solutionVersion", solution.arn)
        for version in versions:
            status = _progress(context, version).status
            if status in training.PENDING:
                raise in_use(f"The solution version {version.arn} is in status {status}. Stop it first.")
        for version in versions:
            context.store.delete(version.arn)
        context.store.delete(solution.arn)
    for version in versions:
        delete_objects(context, f"models/{version.body['_job']}/")
    return {}


def create_solution_version(context: Context, request: Request) -> Answer:
    """CreateSolutionVersion: trains, with optimization or AutoML as the solution says."""
    solution = context.store.get(request["solutionArn"], "solution")
    if request.get("trainingMode", "FULL") != "FULL":
        raise invalid(f"The local Personalize trains in mode FULL only, got {request['trainingMode']}.")
    data = _data(context, solution)
    identifier = secrets.token_hex(4)
    arn = context.arns.of("solution", f"{solution.body['name']}/{identifier}")
    body: dict[str, Any] = {
        **{name: solution.body[name] for name in _VERSION_MEMBERS if name in solution.body},
        **{name: request[name] for name in ("name",) if name in request},
        "solutionArn": solution.arn,
        "datasetGroupArn": solution.parent,
        "solutionConfig": solution.body.get("solutionConfig", {}),
        "trainingMode": "FULL",
        "trainingType": "MANUAL",
        "_job": f"personalize-{identifier}",
        "_data": data,
    }
    with context.store.lock:
        for other in context.store.all("solutionVersion", solution.arn):
            if "name" in request and other.body.get("name") == request["name"]:
                raise already_exists(other.arn)
        pending = [v for v in context.store.all("solutionVersion") if _progress(context, v).status in training.PENDING]
        if len(pending) >= MAX_PENDING_VERSIONS:
            raise too_many_pending(MAX_PENDING_VERSIONS)
        context.store.add("solutionVersion", arn, body, parent=solution.arn, tags=request.get("tags", ()))
    start_training(context, context.store.get(arn))
    return {"solutionVersionArn": arn}


def start_training(context: Context, version: Resource) -> None:
    """Hand a recorded version to the engine, which then has the record of its progress."""
    body = version.body
    static = {"event_type": body["eventType"]} if "eventType" in body else {}
    threshold = body["solutionConfig"].get("eventValueThreshold")
    plan: Plan = plan_of(body)
    if threshold is not None and not body["performAutoML"]:
        static["event_value_threshold"] = threshold
    training.start(
        context.engine,
        body["_job"],
        plan,
        data=body["_data"],
        output=f"s3://{context.bucket}/models/{body['_job']}",
        static=static,
    )


def _data(context: Context, solution: Resource) -> str:
    """The S3 prefix of the interactions as they are now; later imports do not change it."""
    for dataset in context.store.all("dataset", solution.parent):
        if dataset.body["datasetType"] == "INTERACTIONS" and "_data" in dataset.body:
            data: str = dataset.body["_data"]
            return data
    raise invalid(
        f"The dataset group {solution.parent} has no interactions: create a dataset of type INTERACTIONS and wait "
        "until a dataset import job is ACTIVE."
    )


def describe_solution_version(context: Context, request: Request) -> Answer:
    """DescribeSolutionVersion, with the hyperparameters that optimization chose."""
    version = context.store.get(request["solutionVersionArn"], "solutionVersion")
    progress = _progress(context, version)
    recipe = progress.tuned.get("recipe")
    tuned = {name: value for name, value in progress.tuned.items() if name != "recipe"}
    return {
        "solutionVersion": {
            **described(
                version,
                "solutionVersionArn",
                status=progress.status,
                failureReason=progress.failure_reason,
                trainingHours=progress.hours,
                recipeArn=version.body.get("recipeArn") if recipe is None else f"arn:aws:personalize:::recipe/{recipe}",
                tunedHPOParams={"algorithmHyperParameters": tuned} if tuned else None,
            ),
            "lastUpdatedDateTime": moment(progress.updated),
        }
    }


def list_solution_versions(context: Context, request: Request) -> Answer:
    """ListSolutionVersions, of one solution or of all."""
    solution = request.get("solutionArn")
    if solution is not None:
        context.store.get(solution, "solution")
    entries = [_summary(context, v) for v in context.store.all("solutionVersion", solution)]
    return listed(request, "solutionVersions", entries, "solutionVersionArn")


def stop_solution_version_creation(context: Context, request: Request) -> Answer:
    """StopSolutionVersionCreation."""
    version = context.store.get(request["solutionVersionArn"], "solutionVersion")
    status = _progress(context, version).status
    if status not in training.PENDING:
        raise invalid(f"The solution version {version.arn} is in status {status} and cannot be stopped.")
    training.stop(context.engine, version.body["_job"])
    return {}


def get_solution_metrics(context: Context, request: Request) -> Answer:
    """GetSolutionMetrics."""
    version = context.store.get(request["solutionVersionArn"], "solutionVersion")
    progress = _progress(context, version)
    if progress.status in training.PENDING:
        raise in_use(f"The solution version {version.arn} is in status {progress.status}. Wait until it is ACTIVE.")
    if progress.best is None:
        raise invalid(f"The solution version {version.arn} is in status {progress.status} and has no metrics.")
    return {"solutionVersionArn": version.arn, "metrics": training.metrics(context.engine, progress.best)}


def list_campaigns(_context: Context, _request: Request) -> Answer:
    """ListCampaigns: the local service has none, and whoever deletes a solution asks for them first."""
    return {"campaigns": []}


def _progress(context: Context, version: Resource) -> training.Progress:
    return training.progress(context.engine, version.body["_job"], created=version.created)


def _summary(context: Context, version: Resource) -> Answer:
    progress = _progress(context, version)
    entry = described(version, "solutionVersionArn", status=progress.status, failureReason=progress.failure_reason)
    return {**entry, "lastUpdatedDateTime": moment(progress.updated)}


OPERATIONS = {
    "CreateSolution": create_solution,
    "CreateSolutionVersion": create_solution_version,
    "DeleteSolution": delete_solution,
    "DescribeSolution": describe_solution,
    "DescribeSolutionVersion": describe_solution_version,
    "GetSolutionMetrics": get_solution_metrics,
    "ListCampaigns": list_campaigns,
    "ListSolutionVersions": list_solution_versions,
    "ListSolutions": list_solutions,
    "StopSolutionVersionCreation": stop_solution_version_creation,
    "UpdateSolution": update_solution,
}
