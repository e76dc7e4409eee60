"""The handler is told the algorithm where synthesis left something of it to check, and nothing else changes by that."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest

from constructs_lib import (
    Algorithm,
    CustomAlgorithm,
    HyperParameterTuningJob,
    Objective,
    ResourceLimits,
    Seq2Seq,
    Strategy,
    XGBoost,
)
from constructs_lib._declaration import Declaration
from constructs_lib._tokens import without_tokens
from constructs_lib.algorithms import AlgorithmFacts
from constructs_lib.algorithms.deferred import algorithms_to_check
from infra.handlers.declaration import request_of
from infra.handlers.errors import HandlerError
from infra.handlers.rules import Job
from infra.review.assembly import TemplateResource
from infra.review.changes import change_of
from infra.review.request import request_of as request_in_review
from tests.unit.constructs_lib.tuning_job.samples import definition, job_props
from tests.unit.handlers.requests import IMAGE, as_strings

MARK = "KnownAlgorithm"


def several(*algorithms: Any) -> dict[str, Any]:
    """Props with a definition for each algorithm, and something to compute in the first."""
    most = cdk.Token.as_number({"Ref": "Most"})
    return job_props(
        objective=None,
        ranges=None,
        strategy=Strategy.RANDOM,
        training_job_definition=None,
        training_job_definitions=[
            definition(
                definition_name=f"d{index}",
                algorithm=algorithm,
                objective=Objective.minimize("validation:perplexity"),
                ranges=[Seq2Seq.learning_rate.between(0.1, 0.2)],
                static_hyper_parameters={"beam_size": most if index == 0 else 1},
            )
            for index, algorithm in enumerate(algorithms)
        ],
    )


@pytest.fixture(scope="module")
def jobs(provider: Any) -> dict[str, dict[str, Any]]:
    """Properties of each job of one synthesis."""
    app = cdk.App()
    stack = cdk.Stack(app, "Tuning")
    most = cdk.CfnParameter(stack, "Most", type="Number").value_as_number
    role = cdk.Fn.import_value("role")
    static = {"beam_size": most}
    HyperParameterTuningJob(stack, "Known", **job_props(training_job_definition=definition(role=role)))
    HyperParameterTuningJob(
        stack, "Open", **job_props(training_job_definition=definition(static_hyper_parameters=static))
    )
    HyperParameterTuningJob(
        stack,
        "Custom",
        **job_props(
            objective=Objective.minimize(cdk.Fn.import_value("metric")),
            training_job_definition=definition(algorithm=CustomAlgorithm(IMAGE, metric_definitions={"a": "(.*)"})),
        ),
    )
    limits = ResourceLimits(max_parallel_training_jobs=1, max_number_of_training_jobs=most)
    HyperParameterTuningJob(stack, "Limits", **job_props(resource_limits=limits))
    HyperParameterTuningJob(stack, "Several", **several(Seq2Seq(IMAGE), Seq2Seq(IMAGE)))
    resources = app.synth().get_stack_by_name("Tuning").template["Resources"]
    return {name[:-8]: value["Properties"] for name, value in resources.items() if "Tuning" in value["Type"]}


def resolved(value: Any, most: int) -> Any:
    """What CloudFormation hands to the handler."""
    if value == {"Ref": "Most"}:
        return str(most)
    if isinstance(value, dict):
        return {key: resolved(item, most) for key, item in value.items()}
    return [resolved(item, most) for item in value] if isinstance(value, list) else value


def test_only_what_is_left_to_check_is_marked(jobs: dict[str, dict[str, Any]]) -> None:
    marks = {name.removesuffix("Resource"): properties.get(MARK) for name, properties in jobs.items()}

    assert marks == {
        "Known": None,
        "Open": "Seq2Seq",
        "Custom": "CustomAlgorithm",
        "Limits": None,
        "Several": {"d0": "Seq2Seq"},
    }


def test_the_handler_checks_what_was_left(jobs: dict[str, dict[str, Any]]) -> None:
    [open_] = [properties for name, properties in jobs.items() if name.startswith("Open")]

    assert request_of(as_strings(resolved(open_, 3)))["TrainingJobDefinition"]["StaticHyperParameters"] == {
        "beam_size": "3"
    }
    with pytest.raises(HandlerError) as caught:
        request_of(as_strings(resolved(open_, 0)))
    assert str(caught.value) == (
        'the declaration breaks rules: A3 training_job_definition.static_hyper_parameters["beam_size"]: must be above '
        "0, got '0'"
    )


def test_of_several_definitions_each_is_checked_by_its_own(jobs: dict[str, dict[str, Any]]) -> None:
    [found] = [properties for name, properties in jobs.items() if name.startswith("Several")]

    with pytest.raises(HandlerError, match=r'A3 training_job_definitions\["d0"\]\.static_hyper_parameters'):
        request_of(as_strings(resolved(found, -1)))


def test_neither_the_request_nor_the_review_knows_of_it(jobs: dict[str, dict[str, Any]]) -> None:
    [open_] = [properties for name, properties in jobs.items() if name.startswith("Open")]
    unmarked = {name: value for name, value in open_.items() if name != MARK}

    assert request_in_review(open_) == request_in_review(unmarked)
    new, old = (resource(properties) for properties in (open_, unmarked))
    assert str(change_of(new, old).action) == "unchanged"


def resource(properties: dict[str, Any]) -> TemplateResource:
    return TemplateResource(
        path="Tuning/Open", stack="Tuning", environment="aws://1/eu-west-1", logical_id="Open", properties=properties
    )


def test_a_subclass_is_checked_as_what_it_is_and_an_algorithm_of_somebodys_own_not_at_all() -> None:
    class Mine(XGBoost):
        """The same program in an image of one's own."""

    class Other(Algorithm):
        facts = AlgorithmFacts("Other")

    assert marked(Mine(IMAGE)) == "XGBoost"
    assert marked(Other(IMAGE)) is None


def marked(algorithm: Algorithm) -> str | dict[str, str] | None:
    """What is marked of a declaration whose objective is known at deployment only."""
    metric = cdk.Fn.import_value("metric")
    declared = Declaration(
        strategy=Strategy.RANDOM,
        **job_props(objective=Objective.minimize(metric), training_job_definition=definition(algorithm=algorithm)),
    )
    return algorithms_to_check(Job(without_tokens(declared.request()), declared.algorithms()))
