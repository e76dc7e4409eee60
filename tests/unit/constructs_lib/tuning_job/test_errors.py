"""A wrong declaration is refused at once, with everything that is wrong."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest

from constructs_lib import (
    CategoricalRange,
    Channel,
    ContinuousRange,
    CustomAlgorithm,
    HyperParameterTuningJob,
    InstanceType,
    IntegerRange,
    Objective,
    ResourceLimits,
    S3DataSource,
    Seq2Seq,
    ValidationError,
    WarmStartConfig,
    WarmStartType,
    XGBoost,
)
from tests.unit.constructs_lib.tuning_job.samples import definition, job_props
from tests.unit.handlers.requests import IMAGE, request

DEFINITION = "training_job_definition"
STATIC = f"{DEFINITION}.static_hyper_parameters"
ONE = ResourceLimits(max_parallel_training_jobs=1)

BROKEN: list[tuple[dict[str, Any], str]] = [
    ({"job_name_prefix": "a_b"},
     "N1 job_name_prefix: must have 1 to 21 letters, digits and inner hyphens (10 more characters are added to make "
     "the name unique), got 'a_b'"),
    ({"objective": Objective.minimize("validation:foo")},
     "O1 objective: must be a metric that the algorithm emits; it emits validation:accuracy, validation:bleu, "
     'validation:perplexity; got "validation:foo"'),
    ({"objective": Objective.maximize("validation:perplexity")},
     'O1 objective: validation:perplexity is to be minimized: use Objective.minimize("validation:perplexity"), '
     "got Maximize"),
    ({"training_job_definition": definition(algorithm=CustomAlgorithm(IMAGE))},
     "O1 objective: must be a metric that the algorithm emits; it has no metric_definitions: add one; "
     'got "validation:perplexity"'),
    ({"training_job_definition": definition(channels={"train": Channel(s3_data_source=S3DataSource(s3_uri="s3://train"))})},
     f"T2 {DEFINITION}.channels: Seq2Seq needs the channels train, validation, vocab; validation, vocab are missing"),
    ({"ranges": [IntegerRange("num_layer_encoder", min=1, max=20)]},
     'A1 ranges["num_layer_encoder"]: Seq2Seq documents no hyperparameter of this name, '
     "did you mean num_layers_encoder?"),
    ({"ranges": [IntegerRange("beam_size", min=1, max=20)]},
     'A2 ranges["beam_size"]: cannot be tuned: give it in static_hyper_parameters'),
    ({"ranges": [IntegerRange("batch_size", min=16, max=64)]},
     'A2 ranges["batch_size"]: is tuned over a set of values: use a categorical range, got one of kind integer'),
    ({"ranges": [CategoricalRange("optimizer_type", values=["adam", "adamw"])], "resource_limits": ONE},
     "A3 ranges[\"optimizer_type\"]: must be one of adam, sgd, rmsprop, got 'adamw'"),
    ({"training_job_definition": definition(static_hyper_parameters={"rnn_num_hidden": 33})},
     f"A3 {STATIC}[\"rnn_num_hidden\"]: must be even, got '33'"),
    ({"ranges": [Seq2Seq.momentum.between(0.5, 0.9)]},
     'A5 ranges["momentum"]: has no effect unless optimizer_type is sgd: every value would give the same result'),
    ({"ranges": [Seq2Seq.cnn_hidden_dropout.between(0, 0.5)]},
     'A5 ranges["cnn_hidden_dropout"]: has no effect unless encoder_type is cnn or decoder_type is cnn: every value '
     "would give the same result"),
    ({"ranges": [Seq2Seq.rnn_num_hidden.one_of(128, 256)], "resource_limits": ONE,
      "training_job_definition": definition(static_hyper_parameters={"encoder_type": "cnn", "decoder_type": "cnn"})},
     'A5 ranges["rnn_num_hidden"]: has no effect unless encoder_type is rnn or decoder_type is rnn: every value '
     "would give the same result"),
    ({"ranges": [Seq2Seq.fixed_rate_lr_half_life.between(10, 30)]},
     'A5 ranges["fixed_rate_lr_half_life"]: has no effect unless lr_scheduler_type is fixed_rate_inv_t or '
     "fixed_rate_inv_sqrt_t: every value would give the same result"),
    ({"ranges": [Seq2Seq.plateau_reduce_lr_factor.between(0.1, 0.5)],
      "training_job_definition": definition(static_hyper_parameters={"lr_scheduler_type": "fixed_rate_inv_t"})},
     'A5 ranges["plateau_reduce_lr_factor"]: has no effect unless lr_scheduler_type is plateau_reduce: every value '
     "would give the same result"),
    ({"ranges": [ContinuousRange("num_layers_encoder", min=1, max=4)]},
     'A2 ranges["num_layers_encoder"]: takes whole numbers: use an integer range, got a continuous one'),
    ({"ranges": [Seq2Seq.embed_dropout_source.between(0, 1.5)]},
     "A3 ranges[\"embed_dropout_source\"]: must be at most 1, got '1.5'"),
    ({"training_job_definition": definition(volume_key="alias/mine")},
     f"V1 {DEFINITION}.volume_key: is for instances without local disks, which their hardware encrypts: leave it out, "
     "got ml.g4dn.xlarge"),
    ({"training_job_definition": definition(instance_type=InstanceType.ML_M5_LARGE)},
     f"A6 {DEFINITION}.instance_type: Seq2Seq trains on GPU instances only (g and p families), got ml.m5.large"),
    ({"training_job_definition": definition(instance_count=2)},
     f"A6 {DEFINITION}.instance_count: Seq2Seq trains on a single instance, which may have several GPUs; got 2"),
    ({"training_job_definition": definition(algorithm=XGBoost("xgboost:1")), "ranges": [XGBoost.eta.between(0.1, 0.5)],
      "objective": Objective.maximize("validation:auc")},
     f'A8 {STATIC}["num_round"]: XGBoost needs it, static or tuned, got none'),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "message"), BROKEN, ids=[message.split(":")[0] for _, message in BROKEN])
def test_the_error_names_path_rule_and_value(
    stack: cdk.Stack, request: pytest.FixtureRequest, changes: dict[str, Any], message: str
) -> None:
    child = f"Job{abs(hash(request.node.name))}"

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


def test_warnings_can_be_acknowledged(stack: cdk.Stack) -> None:
    job = HyperParameterTuningJob(
        stack,
        "Warned",
        **job_props(
            objective=Objective.maximize("validation:bleu"),
            ranges=[Seq2Seq.weight_init_scale.between(1, 3)],
            training_job_definition=definition(static_hyper_parameters={"bem_size": 3, "momentum": 0.5}),
        ),
    )

    found = [entry.data for entry in job.node.metadata if entry.type == "aws:cdk:warning"]
    assert found == [
        "objective: the service knows the metrics of AWS's own image only: give Seq2Seq the image as a Seq2SeqImage, "
        "or metric_definitions=Seq2Seq.own_metric_definitions; got none [ack: cdk-tuning:O1]",
        f'{STATIC}["bem_size"]: Seq2Seq documents no hyperparameter of this name, did you mean beam_size? '
        "[ack: cdk-tuning:A1]",
        f'{STATIC}["momentum"]: has no effect unless optimizer_type is sgd [ack: cdk-tuning:A5]',
        'ranges["weight_init_scale"]: the documentation recommends 2 to 3, got 1 to 3 [ack: cdk-tuning:A4]',
        f'{STATIC}["optimized_metric"]: training watches perplexity while the tuning job optimises validation:bleu: '
        'give "bleu" [ack: cdk-tuning:A7]',
    ]


def test_the_recommended_scale_is_that_of_the_kind_of_initial_weights(stack: cdk.Stack) -> None:
    uniform = definition(static_hyper_parameters={"weight_init_type": "uniform"})
    ranges = [Seq2Seq.weight_init_scale.between(2, 3)]

    job = HyperParameterTuningJob(stack, "Uniform", **job_props(ranges=ranges, training_job_definition=uniform))

    found = [entry.data for entry in job.node.metadata if entry.type == "aws:cdk:warning"]
    text = 'ranges["weight_init_scale"]: the documentation recommends -1 to 1, got 2 to 3 [ack: cdk-tuning:A4]'
    assert text in found


PARENT: list[tuple[dict[str, Any], str]] = [
    ({"objective": Objective.maximize("validation:bleu")},
     "W1 warm_start_config.parents: the objective must be that of Tuning/Parent: validation:perplexity, got "
     "validation:bleu"),
    ({"ranges": [Seq2Seq.momentum.between(0.5, 0.9)]},
     'W1 warm_start_config.parents: the hyperparameters, static or tuned, must be those of Tuning/Parent: add '
     '"learning_rate"'),
    ({"ranges": [Seq2Seq.momentum.between(0.5, 0.9)]},
     'W1 warm_start_config.parents: the hyperparameters, static or tuned, must be those of Tuning/Parent: leave out '
     '"momentum"'),
    ({"ranges": [CategoricalRange("learning_rate", values=[0.1, 0.2])]},
     'W1 ranges["learning_rate"]: must have a range of the same kind as in Tuning/Parent: continuous, got '
     "categorical"),
]  # fmt: skip


@pytest.fixture(scope="module")
def parent(stack: cdk.Stack) -> HyperParameterTuningJob:
    return HyperParameterTuningJob(stack, "Parent", **job_props())


@pytest.mark.parametrize(("changes", "message"), PARENT)
def test_a_parent_of_the_same_app_is_compared(
    stack: cdk.Stack, parent: HyperParameterTuningJob, changes: dict[str, Any], message: str
) -> None:
    start = WarmStartConfig(parents=[parent], warm_start_type=WarmStartType.TRANSFER_LEARNING)

    with pytest.raises(ValidationError) as caught:
        HyperParameterTuningJob(stack, f"Child{abs(hash(message))}", **job_props(warm_start_config=start, **changes))

    assert message in [str(problem) for problem in caught.value.problems]


def test_a_child_may_change_bounds_and_tune_what_was_static(stack: cdk.Stack, parent: HyperParameterTuningJob) -> None:
    start = WarmStartConfig(parents=[parent, "elsewhere"], warm_start_type=WarmStartType.TRANSFER_LEARNING)

    child = definition(static_hyper_parameters={"learning_rate": 0.01})
    HyperParameterTuningJob(
        stack, "Fits", **job_props(warm_start_config=start, ranges=[Seq2Seq.learning_rate.between(1e-3, 0.1)])
    )
    HyperParameterTuningJob(
        stack, "Static", **job_props(warm_start_config=start, ranges=None, training_job_definition=child)
    )
