"""A wrong declaration is refused at once, with everything that is wrong."""

from __future__ import annotations

import zlib
from typing import Any

import aws_cdk as cdk
import pytest

from constructs_lib import (
    HyperParameterTuningJob,
    Objective,
    Seq2Seq,
    ValidationError,
    WarmStartConfig,
    WarmStartType,
)
from tests.unit.constructs_lib.tuning_job.examples import (
    CHANGEABLE,
    ERRORS,
    PARENT,
    RUNNING_PARENT,
    WARNINGS,
    with_token_names,
)
from tests.unit.constructs_lib.tuning_job.samples import definition, job_props
from tests.unit.handlers.requests import request


@pytest.mark.parametrize(("changes", "message"), ERRORS, ids=[message.split(":")[0] for _, message in ERRORS])
def test_the_error_names_path_rule_and_value(
    stack: cdk.Stack, request: pytest.FixtureRequest, changes: dict[str, Any], message: str
) -> None:
    child = f"Job{zlib.crc32(request.node.name.encode())}"

    with pytest.raises(ValidationError) as caught:
        HyperParameterTuningJob(stack, child, **job_props(**changes))

    assert str(caught.value) == f"Tuning/{child}: {message}"


def test_all_broken_rules_come_at_once(stack: cdk.Stack) -> None:
    with pytest.raises(ValidationError) as caught:
        HyperParameterTuningJob(
            stack, "All", **job_props(objective=Objective.minimize("x"), ranges=[Seq2Seq.learning_rate.between(2, 1)])
        )

    assert str(caught.value).splitlines() == [
        "Tuning/All: the declaration breaks 2 rules:",
        '  R1 ranges["learning_rate"]: min must be less than max, got min 2 and max 1',
        "  O1 objective: must be a metric that the algorithm emits; it emits validation:accuracy, validation:bleu, "
        'validation:perplexity; got "x"',
    ]


def test_a_wrong_request_is_refused_with_its_place(stack: cdk.Stack) -> None:
    wrong = request(config={"Strategy": "Bayes"})

    with pytest.raises(ValidationError) as caught:
        HyperParameterTuningJob.from_request(stack, "Old", wrong)

    assert str(caught.value) == (
        "Tuning/Old: M strategy: must be one of Bayesian, Random, Hyperband, Grid, got 'Bayes'"
    )


@pytest.mark.parametrize(("changes", "message"), WARNINGS, ids=[message.split(":")[0] for _, message in WARNINGS])
def test_a_warning_can_be_acknowledged_by_its_rule(
    stack: cdk.Stack, request: pytest.FixtureRequest, changes: dict[str, Any], message: str
) -> None:
    job = HyperParameterTuningJob(stack, f"Job{zlib.crc32(request.node.name.encode())}", **job_props(**changes))

    rule, text = message.split(" ", 1)
    found = [entry.data for entry in job.node.metadata if entry.type == "aws:cdk:warning"]
    assert f"{text} [ack: cdk-tuning:{rule}]" in found


def test_names_cannot_be_tokens(stack: cdk.Stack) -> None:
    changes, messages = with_token_names(stack)

    with pytest.raises(ValidationError) as caught:
        HyperParameterTuningJob(stack, "Named", **job_props(**changes))

    assert [str(each) for each in caught.value.problems if str(each).startswith("K ")] == messages


@pytest.fixture(scope="module")
def parent(stack: cdk.Stack) -> HyperParameterTuningJob:
    static = definition(static_hyper_parameters=dict.fromkeys(CHANGEABLE, 1))
    return HyperParameterTuningJob(stack, "Parent", **job_props(training_job_definition=static))


@pytest.mark.parametrize(("changes", "message"), PARENT)
def test_a_parent_of_the_same_app_is_compared(
    stack: cdk.Stack, parent: HyperParameterTuningJob, changes: dict[str, Any], message: str
) -> None:
    same = {"training_job_definition": definition(static_hyper_parameters=dict.fromkeys(CHANGEABLE, 1))}
    start = WarmStartConfig(parents=[parent], warm_start_type=WarmStartType.TRANSFER_LEARNING)

    with pytest.raises(ValidationError) as caught:
        HyperParameterTuningJob(
            stack, f"Child{zlib.crc32(message.encode())}", **job_props(warm_start_config=start, **{**same, **changes})
        )

    assert message in [str(problem) for problem in caught.value.problems]


def test_a_child_may_change_bounds_and_tune_what_was_static(stack: cdk.Stack, parent: HyperParameterTuningJob) -> None:
    start = WarmStartConfig(parents=[parent, "elsewhere"], warm_start_type=WarmStartType.TRANSFER_LEARNING)

    same = dict.fromkeys(CHANGEABLE, 1)
    child = definition(static_hyper_parameters={**same, "learning_rate": 0.01})
    tuned = definition(static_hyper_parameters=same)
    ranges = [Seq2Seq.learning_rate.between(1e-3, 0.1)]
    fits = HyperParameterTuningJob(
        stack, "Fits", **job_props(warm_start_config=start, ranges=ranges, training_job_definition=tuned)
    )
    rule, text = RUNNING_PARENT.split(" ", 1)
    assert f"{text} [ack: cdk-tuning:{rule}]" in [entry.data for entry in fits.node.metadata]
    HyperParameterTuningJob(
        stack, "Static", **job_props(warm_start_config=start, ranges=None, training_job_definition=child)
    )
