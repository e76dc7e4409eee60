"""Requests to start from, and a strategy that makes valid ones over every member of the model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from infra.handlers.keyed import KEYS
from infra.handlers.model import REQUEST, shapes

ROLE = "arn:aws:iam::123456789012:role/training"
IMAGE = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/seq2seq:1"


def channel(name: str) -> dict[str, Any]:
    """A channel of a bucket that is called like it."""
    return {"ChannelName": name, "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{name}"}}}


def definition(**changes: Any) -> dict[str, Any]:
    """A sequence-to-sequence training job definition."""
    return {
        "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        "RoleArn": ROLE,
        "InputDataConfig": [channel("train"), channel("validation"), channel("vocab")],
        "OutputDataConfig": {"S3OutputPath": "s3://output"},
        "ResourceConfig": {"InstanceType": "ml.g4dn.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 50},
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        **changes,
    }


def request(
    *, config: dict[str, Any] | None = None, ranges: dict[str, Any] | None = None, **changes: Any
) -> dict[str, Any]:
    """A tuning job over the learning rate; ``changes`` are members of the definition."""
    learning_rate = {"Name": "learning_rate", "MinValue": "0.0001", "MaxValue": "0.01"}
    return {
        "HyperParameterTuningJobName": "job-0123456789",
        "HyperParameterTuningJobConfig": {
            "Strategy": "Bayesian",
            "HyperParameterTuningJobObjective": {"MetricName": "validation:perplexity", "Type": "Minimize"},
            "ResourceLimits": {"MaxParallelTrainingJobs": 2, "MaxNumberOfTrainingJobs": 8},
            "ParameterRanges": {"ContinuousParameterRanges": [learning_rate]} if ranges is None else ranges,
            **({} if config is None else config),
        },
        "TrainingJobDefinition": definition(**changes),
    }


def in_key_order(value: Any, name: str = "") -> Any:
    """The same value with its named lists sorted, as they come back from the keyed form."""
    if isinstance(value, dict):
        return {key: in_key_order(item, key) for key, item in value.items()}
    if isinstance(value, list):
        items = [in_key_order(item) for item in value]
        return sorted(items, key=lambda item: item[KEYS[name]]) if name in KEYS else items
    return value


def as_strings(value: Any) -> Any:
    """What CloudFormation makes of every scalar."""
    if isinstance(value, dict):
        return {key: as_strings(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_strings(item) for item in value]
    return str(value).lower() if isinstance(value, bool) else repr(value) if isinstance(value, float) else str(value)


_TEXTS = {
    "S3Uri": st.sampled_from(["s3://bucket", "s3://bucket/a/b", "https://host/a"]),
    "RoleArn": st.just(ROLE),
    "KmsKeyId": st.sampled_from(["alias/key", "1234abcd-12ab-34cd-56ef-1234567890ab"]),
    "TrainingPlanArn": st.just("arn:aws:sagemaker:eu-central-1:123456789012:training-plan/plan"),
    "HubDataSetArn": st.just("arn:aws:sagemaker:eu-central-1:123456789012:hub-content/hub/DataSet/data/1.0.0"),
    "FileSystemId": st.just("fs-0123456789abcdef0"),
    "TrainingInstanceType": st.sampled_from(["ml.p3.2xlarge", "ml.m5.large", "ml.new.9xlarge"]),
    "MetricRegex": st.sampled_from(["loss=([0-9.]+)", "(.*)"]),
    "AlgorithmImage": st.sampled_from(["", "123456789012.dkr.ecr.eu-central-1.amazonaws.com/mine:1"]),
    "SecurityGroupId": st.just("sg-0123456789abcdef0"),
    "SubnetId": st.just("subnet-0123456789abcdef0"),
    "ArnOrName": st.just("my-algorithm"),
    "HyperParameterTrainingJobDefinitionName": st.from_regex(r"[a-z](-[a-z0-9]){0,3}", fullmatch=True),
}


def _optional(required: dict[str, Any], optional: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(required, optional=optional)


def from_shape(name: str) -> st.SearchStrategy[Any]:
    """Values that the model allows for one of its shapes, and that keep the rules."""
    if name in _SPECIAL:
        return _SPECIAL[name]()
    if name in _TEXTS:
        return _TEXTS[name]
    shape = shapes()[name]
    low, high = shape.get("min", 0), shape.get("max")
    match shape["type"]:
        case "structure":
            each = {member: from_shape(inner) for member, inner in shape["members"].items()}
            required = {member: each.pop(member) for member in shape["required"]}
            return _optional(required, each)
        case "list":
            return st.lists(from_shape(shape["member"]), min_size=low, max_size=min(3, high or 3))
        case "string" if "enum" in shape:
            return st.sampled_from(shape["enum"])
        case "string":
            return st.text("abcXYZ019", min_size=low, max_size=max(low, min(8, high or 8)))
        case "integer" | "long":
            return st.integers(low, min(high or 2**31 - 1, 2**31 - 1))
        case "float":
            return st.floats(-1e6, 1e6)
        case "boolean":
            return st.booleans()
    raise AssertionError(name)


def _names(prefix: str, most: int) -> st.SearchStrategy[list[str]]:
    return st.lists(st.integers(0, 99).map(lambda n: f"{prefix}{n}"), max_size=most, unique=True)


@st.composite
def _ranges(draw: Callable[[st.SearchStrategy[Any]], Any]) -> dict[str, Any]:
    names = draw(_names("t", 6))
    kinds: dict[str, Callable[[str], dict[str, Any]]] = {
        "IntegerParameterRanges": lambda name: {"Name": name, "MinValue": "1", "MaxValue": "20", **draw(_scaling)},
        "ContinuousParameterRanges": lambda name: {"Name": name, "MinValue": "0.10", "MaxValue": "5e-1"},
        "CategoricalParameterRanges": lambda name: {"Name": name, "Values": draw(_values)},
        "AutoParameters": lambda name: {"Name": name, "ValueHint": draw(st.sampled_from(["", "0.10"]))},
    }
    result: dict[str, Any] = {}
    for kind, make in kinds.items():
        if draw(st.booleans()):
            share = draw(st.integers(0, len(names)))
            result[kind] = [make(names.pop()) for _ in range(share)]
    return result


_scaling = _optional({}, {"ScalingType": st.sampled_from(["Auto", "Linear", "Logarithmic"])})
_values = st.lists(st.text("abc é0.", max_size=5), min_size=1, max_size=4, unique=True)


def _unique(name: str, key: str, inner: str, low: int = 0) -> st.SearchStrategy[Any]:
    return st.lists(from_shape(inner), min_size=low, max_size=3, unique_by=lambda entry: entry[key])


def _map(prefix: str) -> st.SearchStrategy[Any]:
    return st.dictionaries(st.integers(0, 9).map(lambda n: f"{prefix}{n}"), st.text("abc 0", max_size=6), max_size=3)


@st.composite
def _definition(draw: Callable[[st.SearchStrategy[Any]], Any]) -> dict[str, Any]:
    members = dict(shapes()["HyperParameterTrainingJobDefinition"]["members"])
    for member in ("DefinitionName", "TuningObjective", "HyperParameterRanges"):
        members.pop(member)
    resources = draw(st.sampled_from(["ResourceConfig", "HyperParameterTuningResourceConfig"]))
    members.pop({"ResourceConfig": "HyperParameterTuningResourceConfig"}.get(resources, "ResourceConfig"))
    required = {*shapes()["HyperParameterTrainingJobDefinition"]["required"], "InputDataConfig", resources}
    drawn: dict[str, Any] = draw(
        _optional(
            {member: from_shape(inner) for member, inner in members.items() if member in required},
            {member: from_shape(inner) for member, inner in members.items() if member not in required},
        )
    )
    if drawn.get("EnableManagedSpotTraining"):
        drawn["StoppingCondition"] = {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 60}
    else:
        drawn["StoppingCondition"].pop("MaxWaitTimeInSeconds", None)
    return drawn


def _one_source() -> st.SearchStrategy[Any]:
    members = shapes()["DataSource"]["members"]
    return st.one_of(*(_optional({member: from_shape(inner)}, {}) for member, inner in members.items()))


@st.composite
def _resource_config(draw: Callable[[st.SearchStrategy[Any]], Any]) -> dict[str, Any]:
    members = dict(shapes()["ResourceConfig"]["members"])
    kind = draw(st.sampled_from(["InstanceType", "InstanceGroups"]))
    members.pop("InstanceGroups" if kind == "InstanceType" else "InstanceType")
    first = from_shape(members.pop(kind))
    drawn: dict[str, Any] = draw(_optional({kind: first}, {m: from_shape(i) for m, i in members.items()}))
    return drawn


_SPECIAL: dict[str, Callable[[], st.SearchStrategy[Any]]] = {
    "ParameterRanges": _ranges,
    "HyperParameterTrainingJobDefinition": _definition,
    "DataSource": _one_source,
    "ResourceConfig": _resource_config,
    "HyperParameterTuningResourceConfig": lambda: _optional(
        {"InstanceConfigs": st.lists(from_shape("HyperParameterTuningInstanceConfig"), min_size=1, max_size=6)},
        {"AllocationStrategy": st.just("Prioritized"), "VolumeKmsKeyId": from_shape("KmsKeyId")},
    ),
    "MetricDefinitionList": lambda: _unique("MetricDefinitionList", "Name", "MetricDefinition"),
    "InputDataConfig": lambda: _unique("InputDataConfig", "ChannelName", "Channel", 1),
    "InstanceGroups": lambda: _unique("InstanceGroups", "InstanceGroupName", "InstanceGroup"),
    "TagList": lambda: _unique("TagList", "Key", "Tag"),
    "HyperParameters": lambda: _map("s"),
    "HyperParameterTrainingJobEnvironmentMap": lambda: _map("E"),
}


@st.composite
def valid_requests(draw: Callable[[st.SearchStrategy[Any]], Any]) -> dict[str, Any]:
    """Requests that the model and the rules accept, without a name; zeros, empty lists and False among them."""
    config_members = shapes()["HyperParameterTuningJobConfig"]["members"]
    open_members = ("StrategyConfig", "RandomSeed", "ParameterRanges", "HyperParameterTuningJobObjective")
    config = draw(
        _optional(
            {
                "Strategy": st.just("Random"),
                "ResourceLimits": _optional(
                    {"MaxParallelTrainingJobs": st.just(1)},
                    {"MaxNumberOfTrainingJobs": st.just(1), "MaxRuntimeInSeconds": st.integers(120, 15_768_000)},
                ),
            },
            {member: from_shape(config_members[member]) for member in open_members},
        )
    )
    several = draw(st.booleans())
    result: dict[str, Any] = {"HyperParameterTuningJobConfig": config}
    if "HyperParameterTuningJobObjective" in config and not several:
        for member in ("TuningJobCompletionCriteria", "TrainingJobEarlyStoppingType"):
            if draw(st.booleans()):
                config[member] = draw(from_shape(config_members[member]))
        if draw(st.booleans()):
            parents = draw(_names("parent", 5).filter(bool))
            result["WarmStartConfig"] = {
                "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": name} for name in parents],
                "WarmStartType": draw(st.sampled_from(["IdenticalDataAndAlgorithm", "TransferLearning"])),
            }
    if several:
        for member in ("ParameterRanges", "HyperParameterTuningJobObjective"):
            config.pop(member, None)
        names = draw(_names("d", 3).filter(bool))
        result["TrainingJobDefinitions"] = [
            {
                **draw(_definition()),
                "DefinitionName": name,
                "TuningObjective": draw(from_shape("HyperParameterTuningJobObjective")),
                "HyperParameterRanges": draw(_ranges()),
            }
            for name in names
        ]
    else:
        result["TrainingJobDefinition"] = draw(_definition())
    top = shapes()[REQUEST]["members"]
    for member in ("Tags", "Autotune"):
        if draw(st.booleans()):
            result[member] = draw(from_shape(top[member]))
    return result
