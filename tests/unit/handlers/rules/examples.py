"""What breaks each rule, and what is said of it then: requests, as the handler checks them."""

from __future__ import annotations

from typing import Any

from tests.unit.handlers.requests import channel, definition, request


def integer(name: str = "depth", low: str = "1", high: str = "4", **more: Any) -> dict[str, Any]:
    return {"IntegerParameterRanges": [{"Name": name, "MinValue": low, "MaxValue": high, **more}]}


def continuous(low: str, high: str, **more: Any) -> dict[str, Any]:
    return {"ContinuousParameterRanges": [{"Name": "rate", "MinValue": low, "MaxValue": high, **more}]}


def categorical(*values: str) -> dict[str, Any]:
    return {"CategoricalParameterRanges": [{"Name": "kind", "Values": list(values)}]}


def limits(**limits_: Any) -> dict[str, Any]:
    return {"ResourceLimits": {"MaxParallelTrainingJobs": 1, **limits_}}


def hyperband(**settings: Any) -> dict[str, Any]:
    return {"Strategy": "Hyperband", "StrategyConfig": {"HyperbandStrategyConfig": settings}}


def several(*definitions: dict[str, Any], **config: Any) -> dict[str, Any]:
    settings = {"Strategy": "Random", **limits(), **config}
    return {
        "HyperParameterTuningJobName": "job",
        "HyperParameterTuningJobConfig": settings,
        "TrainingJobDefinitions": list(definitions),
    }


def one_of_several(name: str = "a") -> dict[str, Any]:
    objective = {"MetricName": "validation:bleu", "Type": "Maximize"}
    return definition(DefinitionName=name, TuningObjective=objective, HyperParameterRanges=integer())


def metrics(*regexes: str) -> dict[str, Any]:
    entries = [{"Name": f"m{index}", "Regex": regex} for index, regex in enumerate(regexes)]
    return {"AlgorithmSpecification": {"TrainingInputMode": "File", "MetricDefinitions": entries}}


def with_member(name: str, value: Any) -> dict[str, Any]:
    return {**request(), name: value}


def without(member: str) -> dict[str, Any]:
    base = request()
    del base[member]
    return base


def without_objective() -> dict[str, Any]:
    base = request()
    del base["HyperParameterTuningJobConfig"]["HyperParameterTuningJobObjective"]
    return base


STOPPING = {"MaxRuntimeInSeconds": 60}
DEFINITION = "training_job_definition"
JOBS = "resource_limits.max_number_of_training_jobs"
BAND = "strategy_config.hyperband_strategy_config"

EXAMPLES: list[tuple[dict[str, Any], str]] = [
    (with_member("HyperParameterTuningJobName", "a_b"),
     "N1 job_name_prefix: must match [a-zA-Z0-9](-*[a-zA-Z0-9]){0,31}, got 'a_b'"),
    (request(ranges=integer(low="4"), config=limits()),
     'R1 ranges["depth"]: min must be less than max, got min 4 and max 4: a value that is not searched goes into '
     "static_hyper_parameters"),
    (request(ranges=continuous("0.2", "5e-05")),
     'R1 ranges["rate"]: min must be less than max, got min 0.2 and max 0.00005'),
    (request(ranges=continuous("0", "1", ScalingType="Logarithmic")),
     'R2 ranges["rate"]: logarithmic scaling needs min above 0, or use Scaling.LINEAR; got 0'),
    (request(ranges=continuous("0", "1", ScalingType="ReverseLogarithmic")),
     'R3 ranges["rate"]: reverse logarithmic scaling needs 0 <= min and max < 1, got min 0 and max 1'),
    (request(ranges=integer(ScalingType="ReverseLogarithmic"), config=limits()),
     'R3 ranges["depth"]: reverse logarithmic scaling is for continuous ranges: use another, got an integer range'),
    (request(ranges=categorical("a", "b", "a"), config=limits()),
     'R4 ranges["kind"]: values must be distinct, got "a" more than once'),
    (request(ranges=categorical(), config=limits()), 'R4 ranges["kind"].values: must have 1 to 30 entries, got 0'),
    (request(ranges=integer(low="1.5"), config=limits()),
     'R7 ranges["depth"]: min of an integer range must be a whole number, got 1.5'),
    (request(ranges=continuous("0", "inf")), "R7 ranges[\"rate\"]: max must be a finite number, got 'inf'"),
    (request(ranges=continuous("x", "1")), "R7 ranges[\"rate\"]: min must be a finite number, got 'x'"),
    (request(ranges=integer(), StaticHyperParameters={"depth": "1"}, config=limits()),
     'R6 ranges["depth"]: a hyperparameter is either tuned or static: remove it here or from '
     "static_hyper_parameters"),
    (request(ranges={**integer("rate"), **continuous("0", "1")}),
     'R6 ranges["rate"]: a hyperparameter must have one range, got integer and continuous'),
    (request(ranges={kind: [{"Name": f"{kind}{n}", "MinValue": "0", "MaxValue": "9"} for n in range(count)]
                     for kind, count in (("ContinuousParameterRanges", 30), ("IntegerParameterRanges", 1))}),
     "R5 ranges: at most 30 hyperparameters can be tuned: make some of them static, got 31"),
    (request(StaticHyperParameters={f"s{n}": "1" for n in range(99)}),
     f"R5 {DEFINITION}.static_hyper_parameters: static and tuned hyperparameters must be at most 100 together, "
     "counting _tuning_objective_metric, which the service adds; got 101"),
    (request(config=limits(MaxParallelTrainingJobs=9, MaxNumberOfTrainingJobs=8)),
     "L1 resource_limits.max_parallel_training_jobs: must not exceed max_number_of_training_jobs, got 9 and 8"),
    (request(config=limits(MaxParallelTrainingJobs=0)),
     "L1 resource_limits.max_parallel_training_jobs: must be at least 1, got 0"),
    (request(config=limits(MaxParallelTrainingJobs=11)),
     "L2 resource_limits.max_parallel_training_jobs: more than 10 is above a default quota of the service; "
     "ask for more if yours is not higher, got 11"),
    (request(config=limits(MaxNumberOfTrainingJobs=751)),
     f"L2 {JOBS}: more than 750 is above a default quota of the service; ask for more if yours is not higher, "
     "got 751"),
    (request(config=limits(MaxRuntimeInSeconds=119)),
     "L3 resource_limits.max_runtime: must be 120 to 15768000, got 119"),
    (request(StoppingCondition={"MaxRuntimeInSeconds": 432_001}),
     f"L3 {DEFINITION}.max_runtime: more than 5 days is above a default quota of the service; "
     "ask for more if yours is not higher, got 432001 seconds"),
    (request(ranges=integer(), config=limits(MaxNumberOfTrainingJobs=5)),
     f"L4 {JOBS}: must not exceed the 4 combinations that the ranges have, since none runs twice: lower it or widen "
     "the ranges, got 5"),
    (request(ranges=integer(), config={"Strategy": "Grid", **limits()}),
     'S1 ranges["depth"]: a grid search takes categorical ranges only: list the values, got a range of kind '
     "integer"),
    (request(ranges=categorical("a", "b"), config={"Strategy": "Grid", **limits(MaxNumberOfTrainingJobs=3)}),
     f"S1 {JOBS}: a grid search runs each of its 2 combinations once: give 2 or nothing, got 3"),
    (request(config={"Strategy": "Hyperband"}),
     f"S2 {BAND}.max_resource: must be given, or one of epochs, numepochs, n-epochs, n_epochs, num_epochs as a "
     "static hyperparameter of each definition, got neither"),
    (request(config=hyperband(MinResource=5, MaxResource=4)),
     f"S2 {BAND}.min_resource: must not exceed max_resource, got 5 and 4"),
    (request(config=hyperband(MaxResource=20_001)), f"S2 {BAND}.max_resource: must be at most 20000, got 20001"),
    (request(config={**hyperband(MaxResource=2), "TrainingJobEarlyStoppingType": "Auto"}),
     "S2 training_job_early_stopping_type: Hyperband stops training jobs itself: it must be "
     "EarlyStoppingType.OFF, got Auto"),
    (request(config={**hyperband(MaxResource=2), "Strategy": "Random"}),
     f"S3 {BAND}: is ignored unless strategy is Strategy.HYPERBAND: leave it out, got Random"),
    (request(config={"TuningJobCompletionCriteria": {"TargetObjectiveMetricValue": float("inf")}}),
     "C1 tuning_job_completion_criteria.target_objective_metric_value: must be a finite number, got inf"),
    (without("TrainingJobDefinition"),
     "T1 training_job_definition: exactly one of training_job_definition and training_job_definitions must be "
     "given, got neither"),
    (several(one_of_several(), one_of_several()),
     'T1 training_job_definitions: each definition_name must stand once, got "a" 2 times'),
    (without_objective(),
     "S4 objective: must be given for the strategy Bayesian, got none"),
    (several(one_of_several(), TrainingJobEarlyStoppingType="Auto"),
     "S4 training_job_early_stopping_type: early stopping is for a single training_job_definition, "
     "got training_job_definitions"),
    (request(InputDataConfig=[channel("train"), channel("train")]),
     f'T2 {DEFINITION}.channels: each channel name must stand once, got "train" 2 times'),
    (request(InputDataConfig=[{"ChannelName": "train", "DataSource": {}}]),
     f'T2 {DEFINITION}.channels["train"]: must have exactly one source, S3 or file system, got none'),
    (request(StoppingCondition={**STOPPING, "MaxWaitTimeInSeconds": 60}),
     f"T3 {DEFINITION}.max_wait_time: is for managed spot training only, got 60 seconds without it"),
    (request(EnableManagedSpotTraining=True, CheckpointConfig={"S3Uri": "s3://b"}),
     f"T3 {DEFINITION}.max_wait_time: must be given with managed spot training, got none"),
    (request(EnableManagedSpotTraining=True, CheckpointConfig={"S3Uri": "s3://b"},
             StoppingCondition={**STOPPING, "MaxWaitTimeInSeconds": 59}),
     f"T3 {DEFINITION}.max_wait_time: must be at least max_runtime, got 59 and 60 seconds"),
    (request(EnableManagedSpotTraining=True, StoppingCondition={**STOPPING, "MaxWaitTimeInSeconds": 60}),
     f"T3 {DEFINITION}.checkpoint_config: an interrupted spot training job starts again from nothing: say where it "
     "saves its state, got none"),
    (request(HyperParameterTuningResourceConfig={"InstanceType": "ml.p3.2xlarge", "InstanceCount": 1}),
     f"T4 {DEFINITION}.tuning_resource_config: must not be given together with instance_type and its companions, got "
     "both"),
    (request(ResourceConfig={}),
     f"T4 {DEFINITION}.instance_type: instance_type, instance_groups or tuning_resource_config must be given, "
     "got none"),
    (request(RetryStrategy={"MaximumRetryAttempts": 31}),
     f"T4 {DEFINITION}.maximum_retry_attempts: must be 1 to 30, got 31"),
    (request(Environment={"DB_PASSWORD": "hunter2"}),
     f'T5 {DEFINITION}.environment["DB_PASSWORD"]: must not hold a credential (value not shown): '
     "let the program read it from a secret store"),
    (request(StaticHyperParameters={"x": "AKIAIOSFODNN7EXAMPLE"}),
     f'T5 {DEFINITION}.static_hyper_parameters["x"]: must not hold a credential (value not shown): '
     "let the program read it from a secret store"),
    (request(**metrics("loss=(")),
     f"O2 {DEFINITION}.algorithm.metric_definitions[\"m0\"]: must be a regular expression (missing ), unterminated "
     "subpattern at position 5), got 'loss=('"),
    (request(**metrics("loss=.*")),
     f"O2 {DEFINITION}.algorithm.metric_definitions[\"m0\"]: must have exactly one capture group, which holds the "
     "value, got 0 in 'loss=.*'"),
    (request(**metrics(*["loss=(.*)"] * 21)),
     f"O2 {DEFINITION}.algorithm.metric_definitions: the documentation allows 20 metrics, the API 40: leave some out, "
     "got 21"),
    ({**several(one_of_several()), "WarmStartConfig": {
        "WarmStartType": "TransferLearning",
        "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "parent"}]}},
     "W1 warm_start_config: is for a single training_job_definition, got training_job_definitions"),
    (with_member("WarmStartConfig", {
        "WarmStartType": "TransferLearning",
        "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "JOB-0123456789"}]}),
     'W1 warm_start_config.parents: a job must not be its own parent, got "job-0123456789"'),
    (with_member("Tags", [{"Key": "aws:x", "Value": ""}]),
     'G1 tags["aws:x"]: keys that start with "aws:" are reserved, choose another'),
    (with_member("Tags", [{"Key": str(n), "Value": ""} for n in range(48)]),
     "G1 tags: at most 46 can be given, since 4 of 50 are added at deployment, got 48"),
    (request(ResourceConfig={"InstanceType": "ml.g5.xlarge", "InstanceCount": 1, "VolumeKmsKeyId": "alias/key"}),
     f"V1 {DEFINITION}.volume_key: is for instances without local disks, which their hardware encrypts: leave it "
     "out, got ml.g5.xlarge"),
    (request(ResourceConfig={"VolumeKmsKeyId": "alias/key", "InstanceGroups": [
        {"InstanceGroupName": "a", "InstanceType": "ml.p3.2xlarge", "InstanceCount": 1},
        {"InstanceGroupName": "b", "InstanceType": "ml.p4d.24xlarge", "InstanceCount": 1}]}),
     f"V1 {DEFINITION}.volume_key: is for instances without local disks, which their hardware encrypts: leave it "
     "out, got ml.p4d.24xlarge"),
    (request(EnableNetworkIsolation="yes"),
     f"M {DEFINITION}.enable_network_isolation: must be True or False, got 'yes'"),
    (with_member("Color", "red"), "M color: is not a member of the request, got 'red'"),
]  # fmt: skip
