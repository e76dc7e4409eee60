"""A solution and its version, as one construct."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from constructs import Construct

from constructs_lib._fields import decode, encode
from constructs_lib._tokens import is_unresolved, without_tokens
from constructs_lib.errors import ValidationError
from constructs_lib.limits import ResourceLimits
from constructs_lib.personalize._resource import attribute, resource
from constructs_lib.personalize.config import AutoMLConfig, HpoConfig, SolutionDeclaration
from constructs_lib.personalize.dataset import PersonalizeDatasetGroup, PersonalizeDatasetImport
from constructs_lib.personalize.recipe import PersonalizeRecipe
from constructs_lib.personalize.result import SolutionResult
from constructs_lib.ranges import CategoricalRange, Scaling
from constructs_lib.tuning_job import _validate
from infra.handlers.personalize_contract import (
    ARN,
    IMPORTS,
    METRICS,
    SOLUTION,
    SOLUTION_VERSION,
    STATUS,
    TUNED_HYPER_PARAMETERS,
)
from infra.handlers.personalize_rules import check_model, check_solution
from infra.handlers.rules import Finding


class PersonalizeSolution(Construct):
    """A solution of Amazon Personalize, and a version of it that is really trained.

    CloudFormation's own resource only writes a solution's configuration down, and leaves the service to train every
    seven days. This one trains when it is deployed, waits up to 40 minutes for the version (which goes on training
    after that), and trains on its own only if asked to. A changed declaration or another import is a new version;
    destroying stops what is in training and deletes the solution.

    Example::

        PersonalizeSolution(
            self,
            "Recommendations",
            dataset_group=group,
            dataset_imports=[interactions],
            recipe=PersonalizeRecipe.HRNN,
            perform_hpo=True,
            algorithm_hyper_parameters={"hidden_dimension": 55},
            hpo_config=HpoConfig(
                ranges=[
                    CategoricalRange("recency_mask", values=[True, False]),
                    IntegerRange("bptt", min=20, max=40),
                ],
                resource_limits=ResourceLimits(max_number_of_training_jobs=4, max_parallel_training_jobs=2),
            ),
        )
    """

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002
        *,
        dataset_group: PersonalizeDatasetGroup,
        dataset_imports: Sequence[PersonalizeDatasetImport] = (),
        recipe: PersonalizeRecipe | None = None,
        perform_hpo: bool | None = None,
        hpo_config: HpoConfig | None = None,
        perform_auto_ml: bool | None = None,
        auto_ml_config: AutoMLConfig | None = None,
        algorithm_hyper_parameters: Mapping[str, Any] | None = None,
        feature_transformation_parameters: Mapping[str, Any] | None = None,
        event_type: str | None = None,
        event_value_threshold: float | str | None = None,
        optimization_objective: Mapping[str, str] | None = None,
        events_config: Mapping[str, Any] | None = None,
        training_data_config: Mapping[str, Any] | None = None,
        perform_auto_training: bool = False,
        auto_training_config: Mapping[str, str] | None = None,
        perform_incremental_update: bool | None = None,
        tags: Mapping[str, str] | None = None,
        removal_policy: RemovalPolicy | None = None,
    ) -> None:
        """Declares a solution and its version.

        Args:
            scope: parent of the construct.
            id: id in the parent; the first part of the solution's name.
            dataset_group: what to train on.
            dataset_imports: imports that must be done before training; another one trains a new version. Default: ().
            recipe: what to train; required unless ``perform_auto_ml``. Default: None.
            perform_hpo: whether hyperparameters are optimized. Default: None, they are not.
            hpo_config: where and how much to search. Default: None, what the recipe tunes.
            perform_auto_ml: whether the service chooses the recipe. Default: None, it does not.
            auto_ml_config: what it chooses from. Default: None.
            algorithm_hyper_parameters: values in place of the recipe's defaults. Default: None.
            feature_transformation_parameters: the same for featurization. Default: None.
            event_type: the only type of event to learn from. Default: None, all.
            event_value_threshold: the least event value to learn from. Default: None, any.
            optimization_objective: as in the API. Default: None.
            events_config: as in the API. Default: None.
            training_data_config: as in the API. Default: None.
            perform_auto_training: whether the service trains, and bills, by schedule. Default: False.
            auto_training_config: that schedule, as in the API. Default: None.
            perform_incremental_update: as in the API. Default: None.
            tags: tags of the solution; a changed tag trains nothing. Default: None.
            removal_policy: what happens to the solution when it leaves the stack. Default: None, it is deleted.

        Raises:
            ValidationError: listing every rule that the declaration breaks.
        """
        super().__init__(scope, id)
        declaration = SolutionDeclaration(
            recipe=recipe,
            perform_hpo=perform_hpo,
            perform_auto_ml=perform_auto_ml,
            perform_auto_training=perform_auto_training,
            perform_incremental_update=perform_incremental_update,
            event_type=event_type,
            event_value_threshold=event_value_threshold,
            algorithm_hyper_parameters=algorithm_hyper_parameters,
            feature_transformation_parameters=feature_transformation_parameters,
            hpo_config=hpo_config,
            auto_ml_config=auto_ml_config,
            optimization_objective=optimization_objective,
            events_config=events_config,
            training_data_config=training_data_config,
            auto_training_config=auto_training_config,
        )
        request = encode(declaration)
        _validate(self, [*_inexpressible(hpo_config), *check_solution(without_tokens(request))])
        self._solution = resource(
            self,
            "Resource",
            SOLUTION,
            {"datasetGroupArn": dataset_group.dataset_group_arn, **request},
            tags=tags,
            removal_policy=removal_policy,
        )
        imports = [each.dataset_import_job_arn for each in dataset_imports]
        self._version = resource(
            self,
            "Version",
            SOLUTION_VERSION,
            {"solutionArn": self.solution_arn, "trainingMode": "FULL", IMPORTS: imports},
            removal_policy=removal_policy,
            named=False,
        )

    @classmethod
    def from_request(
        cls,
        scope: Construct,
        id: str,  # noqa: A002
        request: Mapping[str, Any],
        *,
        dataset_group: PersonalizeDatasetGroup,
        dataset_imports: Sequence[PersonalizeDatasetImport] = (),
        removal_policy: RemovalPolicy | None = None,
    ) -> PersonalizeSolution:
        """Declares the solution that a CreateSolution request, as boto3 takes it, would create.

        Name and dataset group are those of this app. ``performAutoTraining`` is off unless the request turns it on.

        Args:
            scope: parent of the construct.
            id: id in the parent.
            request: the request.
            dataset_group: what to train on.
            dataset_imports: imports that must be done before training. Default: ().
            removal_policy: what happens when it leaves the stack. Default: None, it is deleted.

        Raises:
            ValidationError: The request does not fit the service's model, breaks rules, or limits the number of
                training jobs and not how many run at a time.
        """
        own = {"name", "datasetGroupArn", "tags"}
        given = {name: value for name, value in request.items() if name not in own}
        path = "/".join(filter(None, [scope.node.path, id]))
        problems = [*check_model(without_tokens(dict(request))), *_undeclarable(given)]
        if problems:
            raise ValidationError(path, problems)
        declaration = decode(SolutionDeclaration, given)
        props = {field.name: getattr(declaration, field.name) for field in fields(declaration)}
        if props["perform_auto_training"] is None:
            props["perform_auto_training"] = False
        tags = {tag["tagKey"]: tag["tagValue"] for tag in request.get("tags", [])}
        return cls(
            scope,
            id,
            dataset_group=dataset_group,
            dataset_imports=dataset_imports,
            tags=tags if tags else None,
            removal_policy=removal_policy,
            **props,
        )

    def publish_result(
        self,
        *,
        parameter_name: str | None = None,
        topic: sns.ITopic | None = None,
        reconcile_every: Duration | None = None,
    ) -> SolutionResult:
        """Publishes the version's result when its training ends, to an SSM parameter and a topic.

        Args:
            parameter_name: name of the parameter. Default: None, ``/tuning/<stack>/<path in the stack>``.
            topic: topic that gets the same JSON at the end. Default: None.
            reconcile_every: how often to look, since the service tells no end. Default: None, 15 minutes.

        Raises:
            ValidationError: if the name or the interval cannot be used, or the result is published already.
        """
        if self.node.try_find_child("Result") is not None:
            raise ValidationError(self.node.path, ["publish_result must be called once, the result is published"])
        return SolutionResult(
            self,
            "Result",
            solution_version_arn=self.solution_version_arn,
            parameter_name=parameter_name,
            topic=topic,
            reconcile_every=reconcile_every,
        )

    @property
    def solution_arn(self) -> str:
        """The solution's ARN."""
        return attribute(self._solution, ARN)

    @property
    def solution_version_arn(self) -> str:
        """The trained version's ARN."""
        return attribute(self._version, ARN)

    @property
    def status(self) -> str:
        """The version's status when the deployment ended: ACTIVE, or CREATE IN_PROGRESS for one that trains on."""
        return attribute(self._version, STATUS)

    @property
    def tuned_hpo_params(self) -> str:
        """The hyperparameters that optimization chose, as a JSON object of strings; "{}" while it trains."""
        return attribute(self._version, TUNED_HYPER_PARAMETERS)

    @property
    def metrics(self) -> str:
        """The version's offline metrics, as a JSON object of numbers; "{}" while it trains."""
        return attribute(self._version, METRICS)

    def grant_read(self, grantee: iam.IGrantable) -> iam.Grant:
        """Lets a principal see the solution, its versions and their metrics."""
        return iam.Grant.add_to_principal(
            grantee=grantee,
            actions=[
                "personalize:DescribeSolution",
                "personalize:DescribeSolutionVersion",
                "personalize:GetSolutionMetrics",
                "personalize:ListSolutionVersions",
            ],
            resource_arns=[self.solution_arn, f"{self.solution_arn}/*"],
        )


def _inexpressible(hpo: HpoConfig | None) -> list[Finding]:
    """What a tuning job's ranges and limits can say and Personalize has no word for."""
    if hpo is None:
        return []
    found = []
    for each in () if hpo.ranges is None else hpo.ranges:
        if not isinstance(each, CategoricalRange) and each.scaling is not None:
            got = each.scaling.value if isinstance(each.scaling, Scaling) else "a token"
            text = f"must have no scaling, which Personalize chooses itself, got {got}"
            found.append(Finding("P10", f'hpo_config.ranges["{each.name}"]', text))
    limits: ResourceLimits | None = hpo.resource_limits
    if limits is not None and limits.max_runtime is not None:
        text = "must not be given: Personalize has no limit of time"
        found.append(Finding("P10", "hpo_config.resource_limits.max_runtime", text))
    return found


def _undeclarable(request: Mapping[str, Any]) -> list[Finding]:
    """What a request can say and the constructs' ranges and limits cannot."""
    config: Any = request
    for name in ("solutionConfig", "hpoConfig", "hpoResourceConfig"):
        config = config.get(name) if isinstance(config, Mapping) else None
    if not isinstance(config, Mapping):
        return []
    found = []
    for member, prop in _LIMITS.items():
        value = config.get(member)
        place = f"hpo_config.resource_limits.{prop}"
        if value is None and prop == "max_parallel_training_jobs":
            found.append(Finding("P9", place, "must be given"))
        elif isinstance(value, str) and not is_unresolved(value) and str(_whole(value)) != value:
            found.append(Finding("P9", place, f"must be a whole number, got {value!r}"))
    return found


_LIMITS = {
    "maxNumberOfTrainingJobs": "max_number_of_training_jobs",
    "maxParallelTrainingJobs": "max_parallel_training_jobs",
}


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() else None
