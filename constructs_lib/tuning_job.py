"""The tuning job as a construct."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from aws_cdk import Annotations, Duration, IResolvable
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from constructs_lib._declaration import Declaration
from constructs_lib._fields import PropTypeError
from constructs_lib._job import IHyperParameterTuningJob, ImportedTuningJob, TuningJobBase
from constructs_lib._name import JobName, check_prefix
from constructs_lib._render import envelope_of, render, template_properties
from constructs_lib._shared import SharedByJobs
from constructs_lib._tokens import check_names, plain_json, without_tokens
from constructs_lib.algorithms.deferred import algorithms_to_check
from constructs_lib.algorithms.metric_source import check_metric_source
from constructs_lib.definition import TrainingJobDefinition
from constructs_lib.errors import ValidationError
from constructs_lib.life_cycle import DeletionBehavior, LifeCycle, WaitFor, longest_run
from constructs_lib.limits import ResourceLimits, TuningJobCompletionCriteria
from constructs_lib.objective import Objective, ObjectiveType
from constructs_lib.ranges import ParameterRange, ParameterRanges
from constructs_lib.strategy import EarlyStoppingType, Strategy, StrategyConfig, WarmStartConfig
from constructs_lib.training_needs import TrainingNeeds, declare_needs, training_needs
from infra.handlers.contract import DEPLOYMENT_WARNINGS, OWNER_TAGS, TAGS, TUNING_JOB_ARN, TUNING_JOB_NAME
from infra.handlers.job_names import default_prefix
from infra.handlers.rules import UNRESOLVED, Finding, Job, Severity, check_job, differences, errors, warning
from infra.handlers.rules.view import mapping

if TYPE_CHECKING:
    from constructs_lib.result import ITuningJobResult, TuningJobResult


class HyperParameterTuningJob(TuningJobBase):
    """A SageMaker hyperparameter tuning job.

    Deploying starts it and waits for nothing that takes long. A changed declaration is a new job, which shows in
    ``cdk diff`` as a new name; the same declaration deployed again starts nothing; destroying stops it.

    Example::

        HyperParameterTuningJob(
            self,
            "Translation",
            objective=Objective.minimize("validation:perplexity"),
            ranges=[
                Seq2Seq.learning_rate.between(1e-4, 1e-2, scaling=Scaling.LOGARITHMIC),
                Seq2Seq.optimizer_type.one_of("adam", "sgd"),
            ],
            resource_limits=ResourceLimits(max_parallel_training_jobs=2, max_number_of_training_jobs=20),
            training_job_definition=TrainingJobDefinition(
                algorithm=Seq2Seq(image),
                role=role,
                channels={
                    "train": Channel.from_bucket(channels.train, "en-de"),
                    "validation": Channel.from_bucket(channels.validation, "en-de"),
                    "vocab": Channel.from_bucket(channels.vocab, "en-de"),
                },
                output_data_config=OutputDataConfig.to_bucket(channels.output),
                instance_type=InstanceType.ML_G4DN_XLARGE,
                instance_count=1,
                volume_size=Size.gibibytes(50),
                max_runtime=Duration.hours(2),
            ),
        )
    """

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002
        *,
        resource_limits: ResourceLimits,
        strategy: Strategy | IResolvable = Strategy.BAYESIAN,
        objective: Objective | None = None,
        ranges: Sequence[ParameterRange] | ParameterRanges | None = None,
        training_job_definition: TrainingJobDefinition | None = None,
        training_job_definitions: Sequence[TrainingJobDefinition] | None = None,
        strategy_config: StrategyConfig | None = None,
        training_job_early_stopping_type: EarlyStoppingType | IResolvable | None = None,
        tuning_job_completion_criteria: TuningJobCompletionCriteria | None = None,
        random_seed: float | None = None,
        warm_start_config: WarmStartConfig | None = None,
        autotune: bool | None = None,
        tags: Mapping[str, str] | None = None,
        job_name_prefix: str | None = None,
        revision: str | None = None,
        deletion_behavior: DeletionBehavior = DeletionBehavior.STOP,
        wait_for: WaitFor | None = None,
    ) -> None:
        """Declares a tuning job.

        Args:
            scope: parent of the construct.
            id: id in the parent.
            resource_limits: how many training jobs, and how long.
            strategy: how the next configuration is chosen. Default: ``Strategy.BAYESIAN``.
            objective: the metric to optimise, with a single definition. Default: None.
            ranges: where to search, with a single definition: a list of ranges, or `ParameterRanges`. Default: None.
            training_job_definition: how each training job runs; exactly one of this and the list. Default: None.
            training_job_definitions: 1-10 definitions, each with its name, objective and ranges. Default: None.
            strategy_config: settings of the strategy. Default: None.
            training_job_early_stopping_type: whether training jobs that do worse than earlier ones are stopped.
                Default: None, the service's choice: off.
            tuning_job_completion_criteria: what ends the job before its limits. Default: None.
            random_seed: seed of the search, 0 to 2,147,483,647; the same seed repeats the draws. Default: None.
            warm_start_config: earlier jobs to learn from. Default: None.
            autotune: whether the service finds ranges and limits that are not given. Default: None, it does not.
            tags: tags of the job, which its training jobs get too; a changed tag starts no new job. Default: None.
            job_name_prefix: first part of the job's name, at most 21 characters. Default: None, the construct's id.
            revision: any text; another one is a new job though nothing else changed. Default: None.
            deletion_behavior: what becomes of the job when it leaves the stack or is replaced. Default:
                ``DeletionBehavior.STOP``.
            wait_for: what a deployment waits for beyond the job's start, for short jobs. Default: None, nothing.

        Raises:
            ValidationError: listing every rule that the declaration breaks.
        """
        super().__init__(scope, id)
        declaration = Declaration(
            strategy=strategy,
            resource_limits=resource_limits,
            objective=objective,
            ranges=ranges,
            training_job_definition=training_job_definition,
            training_job_definitions=training_job_definitions,
            strategy_config=strategy_config,
            training_job_early_stopping_type=training_job_early_stopping_type,
            tuning_job_completion_criteria=tuning_job_completion_criteria,
            random_seed=random_seed,
            warm_start_config=warm_start_config,
            autotune=autotune,
            tags=tags,
        )
        life_cycle = LifeCycle(deletion_behavior=deletion_behavior, wait_for=wait_for, revision=revision)
        prefix = default_prefix(id) if job_name_prefix is None else job_name_prefix
        self._declare(scope, id, declaration, prefix, life_cycle)

    def _declare(
        self,
        scope: Construct,
        child: str,
        declaration: Declaration,
        prefix: str,
        life_cycle: LifeCycle,
    ) -> None:
        try:
            request = declaration.request()
        except PropTypeError as error:
            raise ValidationError(self.node.path, [Finding("M", error.prop, error.problem)]) from error
        plain = plain_json(request)
        known = without_tokens(request) if plain is None else request
        self._known: dict[str, Any] = {**known, TUNING_JOB_NAME: UNRESOLVED}
        job = Job(self._known, declaration.algorithms())
        names = check_names(request) if plain is None else ()
        of_life_cycle = life_cycle.findings(self._known)
        _validate(self, [*check_prefix(prefix), *_findings(declaration, job), *names, *of_life_cycle])

        self._is_waited_for = life_cycle.wait_for is not None
        # Asked of the parent, which hundreds of jobs may share: each question is a call into another process.
        shared = SharedByJobs.of(scope)
        self._objectives = declaration.objectives()
        declare_needs(self, self._known)
        self._result: TuningJobResult | None = None
        properties = {**template_properties(request), **life_cycle.properties()}
        self._resource = render(
            self,
            name=JobName(scope, prefix, shared.stack, child=child),
            envelope=envelope_of(
                shared.service_token,
                life_cycle.service_timeout(shared.provider.SERVICE_TIMEOUT),
                algorithms_to_check(job) if plain is None else None,
            ),
            properties=properties,
            is_plain=plain is not None,
            references=shared.references,
        )
        shared.limits.add(properties, plain)
        roles = declaration.roles()
        for role in roles:
            shared.allow_pass_role(role)
        # The roles' policies too must be there before the service tries what a role may.
        policies = [bucket.policy for bucket in declaration.buckets()]
        before = [each for each in [*roles, *policies] if each is not None and not isinstance(each, str)]
        if before:
            self._resource.node.add_dependency(*before)

    @classmethod
    def from_tuning_job_name(cls, scope: Construct, id: str, tuning_job_name: str) -> IHyperParameterTuningJob:  # noqa: A002
        """A tuning job that exists, by its name, in the stack's account and region."""
        return ImportedTuningJob(scope, id, name=tuning_job_name)

    @classmethod
    def from_result_parameter(cls, scope: Construct, id: str, parameter_name: str) -> ITuningJobResult:  # noqa: A002
        """The result of a job that another stack publishes, by its parameter's name."""
        from constructs_lib.result import TuningJobResult

        return TuningJobResult.from_result_parameter(scope, id, parameter_name)

    @classmethod
    def from_request(
        cls,
        scope: Construct,
        id: str,  # noqa: A002
        request: Mapping[str, Any],
        *,
        role: iam.IRole | None = None,
        job_name_prefix: str | None = None,
        revision: str | None = None,
        deletion_behavior: DeletionBehavior = DeletionBehavior.STOP,
        wait_for: WaitFor | None = None,
    ) -> HyperParameterTuningJob:
        """Declares the job that a CreateHyperParameterTuningJob request, as boto3 takes it, would start.

        Nothing of the request is dropped or changed but its name, which becomes the new name's prefix, and the tags by
        which a deployment knows its own jobs.

        Args:
            scope: parent of the construct.
            id: id in the parent.
            request: the request, with or without ``HyperParameterTuningJobName``.
            role: role of the training jobs. Default: None, the request's.
            job_name_prefix: first part of the job's name. Default: None, the request's name or else the id.
            revision: any text; another one is a new job though nothing else changed. Default: None.
            deletion_behavior: what becomes of the job when it leaves the stack. Default: ``DeletionBehavior.STOP``.
            wait_for: what a deployment waits for beyond the job's start. Default: None, nothing.

        Raises:
            ValidationError: listing every rule that the request breaks.
        """
        own_name = request.get(TUNING_JOB_NAME, id)
        given = {name: value for name, value in request.items() if name != TUNING_JOB_NAME}
        if isinstance(given.get(TAGS), list):
            given[TAGS] = [tag for tag in given[TAGS] if mapping(tag).get("Key") not in OWNER_TAGS]
        if role is not None:
            given = _with_role(given, role.role_arn)
        checked_name = UNRESOLVED if isinstance(own_name, str) else own_name
        problems = errors(without_tokens({**given, TUNING_JOB_NAME: checked_name}))
        if problems:
            raise ValidationError("/".join(filter(None, [scope.node.path, id])), problems)
        declaration = Declaration.from_request(given)
        if role is not None:
            declaration = declaration.with_role(role)
        props = {field.name: getattr(declaration, field.name) for field in fields(declaration)}
        prefix = default_prefix(own_name) if job_name_prefix is None else job_name_prefix
        return cls(
            scope,
            id,
            **props,
            job_name_prefix=prefix,
            revision=revision,
            deletion_behavior=deletion_behavior,
            wait_for=wait_for,
        )

    def publish_result(
        self,
        *,
        parameter_name: str | None = None,
        topic: sns.ITopic | None = None,
        reconcile_every: Duration | None = None,
    ) -> TuningJobResult:
        """Publishes the job's result when it ends, to an SSM parameter and a topic.

        Args:
            parameter_name: name of the parameter. Default: None, ``/tuning/<stack>/<path of the job in the stack>``.
            topic: topic that gets the same JSON at the job's end. Default: None.
            reconcile_every: how often to look in case that an event was missed. Default: None, an hour.

        Raises:
            ValidationError: if the name or the interval cannot be used, or the result is published already.
        """
        from constructs_lib.result import TuningJobResult

        if self._result is not None:
            raise ValidationError(self.node.path, ["publish_result must be called once, the result is published"])
        self._result = TuningJobResult(
            self,
            "Result",
            tuning_job_name=self.tuning_job_name,
            tuning_job_arn=self.tuning_job_arn,
            parameter_name=parameter_name,
            topic=topic,
            reconcile_every=reconcile_every,
            longest_run=longest_run(self._known),
        )
        return self._result

    @property
    def training_needs(self) -> TrainingNeeds:
        """Instances that the job needs at the same time, by type and use; None where known at deployment only."""
        return training_needs(self._known)

    @property
    def best_training_job_parameter(self) -> ssm.IStringParameter:
        """The parameter with the job's result, also for other stacks.

        Raises:
            ValidationError: if the result is not published.
        """
        if self._result is None:
            text = "best_training_job_parameter needs a published result: call publish_result() first"
            raise ValidationError(self.node.path, [text])
        return self._result.best_training_job_parameter

    @property
    def tuning_job_name(self) -> str:
        """The job's name, as a reference to the deployed job."""
        return self._resource.get_att(TUNING_JOB_NAME).to_string()

    @property
    def tuning_job_arn(self) -> str:
        """The job's ARN."""
        return self._resource.get_att(TUNING_JOB_ARN).to_string()

    @property
    def deployment_warnings(self) -> str:
        """What the rules warn of once the deployment knows every value, for an output; ``none`` if there is nothing.

        At most 1,000 bytes; the handler's log has the whole. What synthesis found in the request stands there too.
        """
        return self._resource.get_att(DEPLOYMENT_WARNINGS).to_string()

    def metric_objective(
        self, *, period: Duration | None = None, label: str | None = None
    ) -> cloudwatch.MathExpression:
        """The best value of the objective among the training jobs that report at a time, for dashboards.

        Args:
            period: length of a period. Default: None, 5 minutes.
            label: what the legend shows. Default: None, the metric's name.

        Raises:
            ValidationError: if there is no objective, or the definitions have different ones.
        """
        found = {each for each in self._objectives if each is not None}
        if len(found) != 1:
            got = ", ".join(sorted(each.metric_name for each in found)) if found else "none"
            text = f'metric_objective needs one objective, got {got}: name a metric, as in metric("validation:bleu")'
            raise ValidationError(self.node.path, [text])
        (objective,) = found
        best, statistic = ("MIN", "Minimum") if objective.type is ObjectiveType.MINIMIZE else ("MAX", "Maximum")
        shown = objective.metric_name if label is None else label
        return self._expression(f"{best}({self._search(objective.metric_name, statistic)})", period, shown)


def _with_role(request: Mapping[str, Any], role_arn: str) -> dict[str, Any]:
    """The request with the role in each definition."""
    result = dict(request)
    if "TrainingJobDefinition" in result:
        result["TrainingJobDefinition"] = {**result["TrainingJobDefinition"], "RoleArn": role_arn}
    if "TrainingJobDefinitions" in result:
        result["TrainingJobDefinitions"] = [{**d, "RoleArn": role_arn} for d in result["TrainingJobDefinitions"]]
    return result


def _findings(declaration: Declaration, job: Job) -> Iterator[Finding]:
    yield from check_job(job)
    for declared, definition in zip(declaration.definitions(), job.definitions, strict=False):
        yield from check_metric_source(declared.algorithm, definition)
    for parent in declaration.parents():
        if isinstance(parent, HyperParameterTuningJob):
            yield from differences(job.request, parent.node.path, parent._known)
            if not parent._is_waited_for:
                text = (
                    f"{parent.node.path} must have ended before this job starts: give it wait_for=WaitFor.COMPLETED, "
                    "or deploy this job once it has"
                )
                yield warning("W1", "warm_start_config.parents", text)


def _validate(construct: Construct, findings: Sequence[Finding]) -> None:
    broken = [finding for finding in findings if finding.severity is Severity.ERROR]
    if broken:
        raise ValidationError(construct.node.path, broken)
    for finding in findings:
        Annotations.of(construct).add_warning_v2(f"cdk-tuning:{finding.rule}", f"{finding.prop}: {finding.text}")
