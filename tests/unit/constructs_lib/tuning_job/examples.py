"""What breaks the rules that a construct knows more about than its request: declarations, and what is said of each."""

from __future__ import annotations

from typing import Any

from aws_cdk import CfnParameter, Stack

from constructs_lib import (
    CategoricalRange,
    Channel,
    ContinuousRange,
    CustomAlgorithm,
    InstanceGroup,
    InstanceType,
    IntegerRange,
    Objective,
    ResourceLimits,
    S3DataSource,
    Seq2Seq,
    WarmStartConfig,
    WarmStartType,
    XGBoost,
)
from tests.unit.constructs_lib.tuning_job.samples import definition
from tests.unit.handlers.requests import IMAGE

DEFINITION = "training_job_definition"
STATIC = f"{DEFINITION}.static_hyper_parameters"
ONE = ResourceLimits(max_parallel_training_jobs=1)
# Static hyperparameters of the parent, in the order of their names.
CHANGEABLE = (
    "beam_size",
    "bleu_sample_size",
    "bucket_width",
    "checkpoint_frequency_num_batches",
    "checkpoint_threshold",
    "cnn_kernel_width_decoder",
    "cnn_kernel_width_encoder",
    "max_num_batches",
    "max_num_epochs",
    "max_seq_len_source",
    "max_seq_len_target",
)

ERRORS: list[tuple[dict[str, Any], str]] = [
    ({"objective": "validation:bleu"}, "M objective: must be Objective, got 'validation:bleu'"),
    ({"training_job_definition": definition(max_runtime=3600)},
     f"M {DEFINITION}.max_runtime: must be Duration, got 3600"),
    ({"training_job_definition": definition(volume_size=50)}, f"M {DEFINITION}.volume_size: must be Size, got 50"),
    ({"training_job_definition": definition(role=None)}, f"M {DEFINITION}.role: must be given, got none"),
    ({"training_job_definition": definition(channels={"train": "s3://corpora"})},
     f"M {DEFINITION}.channels: must be Mapping[str, Channel], got {{'train': 's3://corpora'}}"),
    ({"ranges": [Seq2Seq.learning_rate]},
     "M ranges: must hold ranges, such as Seq2Seq.learning_rate.between(1e-4, 1e-2), got 'learning_rate' without one"),
    ({"ranges": [CategoricalRange("optimizer_type", values="adam")]},
     "M ranges.categorical.values: must be Sequence[str or float], got 'adam'"),
    ({"warm_start_config": WarmStartConfig(parents="before", warm_start_type=WarmStartType.TRANSFER_LEARNING)},
     "M warm_start_config.parents: must be Sequence[IHyperParameterTuningJob or str], got 'before'"),
    ({"autotune": "yes"}, "M autotune: must be bool, got 'yes'"),
    ({"training_job_definition": definition(instance_type="g5.xlarge")},
     f"T4 {DEFINITION}.instance_type: must be one of SageMaker's instance types, such as ml.g5.xlarge, got "
     "'g5.xlarge'"),
    ({"resource_limits": {"MaxParallelTrainingJobs": 1}},
     "M resource_limits: must be ResourceLimits, got {'MaxParallelTrainingJobs': 1}"),
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
    ({"ranges": [ContinuousRange("learning_rate", min=float("-inf"), max=0.2)]},
     "R7 ranges[\"learning_rate\"]: min must be a finite number, got '-inf'"),
    ({"ranges": [IntegerRange("num_layer_encoder", min=1, max=20)]},
     'A1 ranges["num_layer_encoder"]: Seq2Seq documents no hyperparameter of this name, '
     "did you mean num_layers_encoder?"),
    ({"ranges": [IntegerRange("depth", min=1, max=20)]},
     'A1 ranges["depth"]: Seq2Seq documents no hyperparameter of this name, Seq2Seq.hyper_parameters() lists all'),
    ({"ranges": [IntegerRange("beam_size", min=1, max=20)]},
     'A2 ranges["beam_size"]: cannot be tuned: give it in static_hyper_parameters'),
    ({"ranges": [IntegerRange("batch_size", min=16, max=64)]},
     'A2 ranges["batch_size"]: is tuned over a set of values: use a categorical range, got one of kind integer'),
    ({"ranges": [CategoricalRange("optimizer_type", values=["adam", "adamw"])], "resource_limits": ONE},
     "A3 ranges[\"optimizer_type\"]: must be one of adam, sgd, rmsprop, got 'adamw'"),
    ({"training_job_definition": definition(static_hyper_parameters={"rnn_num_hidden": 33})},
     f"A3 {STATIC}[\"rnn_num_hidden\"]: must be even, got '33'"),
    ({"ranges": [Seq2Seq.momentum.between(0.5, 0.9)]},
     'A5 ranges["momentum"]: has no effect unless optimizer_type is sgd, every value would give the same result: '
     "leave it out"),
    ({"ranges": [Seq2Seq.cnn_hidden_dropout.between(0, 0.5)]},
     'A5 ranges["cnn_hidden_dropout"]: has no effect unless encoder_type is cnn or decoder_type is cnn, every value '
     "would give the same result: leave it out"),
    ({"ranges": [Seq2Seq.rnn_num_hidden.one_of(128, 256)], "resource_limits": ONE,
      "training_job_definition": definition(static_hyper_parameters={"encoder_type": "cnn", "decoder_type": "cnn"})},
     'A5 ranges["rnn_num_hidden"]: has no effect unless encoder_type is rnn or decoder_type is rnn, every value '
     "would give the same result: leave it out"),
    ({"ranges": [Seq2Seq.fixed_rate_lr_half_life.between(10, 30)]},
     'A5 ranges["fixed_rate_lr_half_life"]: has no effect unless lr_scheduler_type is fixed_rate_inv_t or '
     "fixed_rate_inv_sqrt_t, every value would give the same result: leave it out"),
    ({"ranges": [Seq2Seq.plateau_reduce_lr_factor.between(0.1, 0.5)],
      "training_job_definition": definition(static_hyper_parameters={"lr_scheduler_type": "fixed_rate_inv_t"})},
     'A5 ranges["plateau_reduce_lr_factor"]: has no effect unless lr_scheduler_type is plateau_reduce, every value '
     "would give the same result: leave it out"),
    ({"ranges": [ContinuousRange("num_layers_encoder", min=1, max=4)]},
     'A2 ranges["num_layers_encoder"]: takes whole numbers: use an integer range, got a continuous one'),
    ({"ranges": [Seq2Seq.embed_dropout_source.between(0, 1.5)]},
     "A3 ranges[\"embed_dropout_source\"]: must be at most 1, got '1.5'"),
    ({"training_job_definition": definition(volume_key="alias/mine")},
     f"V1 {DEFINITION}.volume_key: is for instances without local disks, which their hardware encrypts: leave it out, "
     "got ml.g4dn.xlarge"),
    ({"training_job_definition": definition(instance_type=InstanceType.ML_M5_LARGE)},
     f"A6 {DEFINITION}.instance_type: Seq2Seq trains on GPU instances only (g and p families), got ml.m5.large"),
    ({"training_job_definition": definition(instance_type=None, instance_count=None, instance_groups=[
        InstanceGroup(instance_type=InstanceType.ML_M5_LARGE, instance_count=1, instance_group_name="a")])},
     f"A6 {DEFINITION}.instance_groups[0].instance_type: Seq2Seq trains on GPU instances only (g and p families), got "
     "ml.m5.large"),
    ({"training_job_definition": definition(instance_count=2)},
     f"A6 {DEFINITION}.instance_count: Seq2Seq trains on a single instance, which may have several GPUs: give 1, "
     "got 2"),
    ({"training_job_definition": definition(algorithm=XGBoost("xgboost:1")), "ranges": [XGBoost.eta.between(0.1, 0.5)],
      "objective": Objective.maximize("validation:auc")},
     f'A8 {STATIC}["num_round"]: XGBoost needs it, static or tuned, got none'),
]  # fmt: skip

_BLEU = Objective.maximize("validation:bleu")
_OPTIMIZED = {"optimized_metric": "bleu"}

WARNINGS: list[tuple[dict[str, Any], str]] = [
    ({"objective": _BLEU, "training_job_definition": definition(
        algorithm=Seq2Seq(IMAGE, metric_definitions=None), static_hyper_parameters=_OPTIMIZED)},
     "O1 objective: the service knows the metrics of AWS's own image only: give the algorithm metric_definitions that "
     "find validation:bleu in the log, such as Seq2Seq.own_metric_definitions; got none"),
    ({"objective": Objective.maximize("validation:auc"), "ranges": [XGBoost.eta.between(0.1, 0.5)],
      "training_job_definition": definition(
          algorithm=XGBoost(IMAGE), static_hyper_parameters={"num_round": 9, "eval_metric": "auc"})},
     "O1 objective: the service knows the metrics of AWS's own image only: give the algorithm metric_definitions that "
     "find validation:auc in the log; got none"),
    ({"training_job_definition": definition(static_hyper_parameters={"bem_size": 3})},
     f'A1 {STATIC}["bem_size"]: Seq2Seq documents no hyperparameter of this name, did you mean beam_size?'),
    ({"ranges": [Seq2Seq.weight_init_scale.between(1, 3)]},
     'A4 ranges["weight_init_scale"]: the documentation recommends 2 to 3, got 1 to 3'),
    ({"ranges": [Seq2Seq.weight_init_scale.between(2, 3)],
      "training_job_definition": definition(static_hyper_parameters={"weight_init_type": "uniform"})},
     'A4 ranges["weight_init_scale"]: the documentation recommends -1 to 1, got 2 to 3'),
    ({"training_job_definition": definition(static_hyper_parameters={"momentum": 0.5})},
     f'A5 {STATIC}["momentum"]: has no effect unless optimizer_type is sgd: leave it out'),
    ({"objective": _BLEU},
     f'A7 {STATIC}["optimized_metric"]: training watches perplexity while the tuning job optimises validation:bleu: '
     'give "bleu"'),
]  # fmt: skip

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
    ({"training_job_definition": definition(static_hyper_parameters=dict.fromkeys(CHANGEABLE, 2))},
     "W1 warm_start_config.parents: at most 10 hyperparameters may change against Tuning/Parent between tuned and "
     "static, or in their static value, a categorical one counting once for each of its values: keep more of them as "
     'they are there, got 11: "beam_size", "bleu_sample_size", "bucket_width", "checkpoint_frequency_num_batches", '
     '"checkpoint_threshold", "cnn_kernel_width_decoder", "cnn_kernel_width_encoder", "max_num_batches", '
     '"max_num_epochs", "max_seq_len_source", "max_seq_len_target"'),
    ({"ranges": None, "training_job_definition": definition(
        static_hyper_parameters={**dict.fromkeys(CHANGEABLE, 1), "learning_rate": 0.1, "batch_size": 64})},
     "W1 warm_start_config.parents: the hyperparameters, static or tuned, must be those of Tuning/Parent: leave out "
     '"batch_size"'),
]  # fmt: skip


RUNNING_PARENT = (
    "W1 warm_start_config.parents: Tuning/Parent must have ended before this job starts: give it "
    "wait_for=WaitFor.COMPLETED, or deploy this job once it has"
)


def with_token_names(stack: Stack) -> tuple[dict[str, Any], list[str]]:
    """A declaration whose names are known at deployment only, and what is said of each."""
    name = CfnParameter(stack, "Name").value_as_string
    rule = "names must be known at synthesis, since they are keys in the template; got a token: give the name itself"
    declared = {
        "ranges": [IntegerRange(name, min=1, max=9)],
        "training_job_definition": definition(static_hyper_parameters={name: 1}),
    }
    return declared, [f"K ranges: {rule}", f"K {STATIC}: {rule}"]
