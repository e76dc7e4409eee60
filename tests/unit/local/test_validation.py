from __future__ import annotations

from typing import Any

import botocore.session
import pytest
from botocore.model import DenormalizedStructureBuilder, ServiceModel, Shape, StructureShape
from botocore.validate import ParamValidator
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.local.endpoint import ServiceError, protocol
from infra.local.endpoint.patterns import matches
from infra.local.endpoint.validation import validate

SAGEMAKER: ServiceModel = botocore.session.Session().get_service_model("sagemaker")
OPERATIONS = (
    "AddTags",
    "CreateHyperParameterTuningJob",
    "ListTrainingJobsForHyperParameterTuningJob",
    "StopTrainingJob",
)
NAME_PATTERN = SAGEMAKER.shape_for("HyperParameterTuningJobName").metadata["pattern"]
RESOURCES = {"MaxParallelTrainingJobs": 1}


def shape_of(operation: str) -> StructureShape:
    shape = SAGEMAKER.operation_model(operation).input_shape
    assert isinstance(shape, StructureShape)
    return shape


def refusal(operation: str, body: dict[str, Any]) -> str:
    shape = shape_of(operation)
    with pytest.raises(ServiceError) as caught:
        validate(shape, protocol.decode(shape, body))
    return str(caught.value)


@pytest.mark.parametrize(
    ("operation", "body", "text"),
    [
        (
            "StopTrainingJob",
            {},
            "1 validation error detected: Value null at 'trainingJobName' failed to satisfy constraint: "
            "Member must not be null",
        ),
        (
            "StopHyperParameterTuningJob",
            {"HyperParameterTuningJobName": "j" * 33},
            f"2 validation errors detected: Value '{'j' * 33}' at 'hyperParameterTuningJobName' failed to satisfy "
            "constraint: Member must have length less than or equal to 32; "
            f"Value '{'j' * 33}' at 'hyperParameterTuningJobName' failed to satisfy constraint: "
            f"Member must satisfy regular expression pattern: {NAME_PATTERN}",
        ),
        (
            "ListHyperParameterTuningJobs",
            {"MaxResults": 101, "SortBy": "Size"},
            "2 validation errors detected: Value '101' at 'maxResults' failed to satisfy constraint: Member must have "
            "value less than or equal to 100; Value 'Size' at 'sortBy' failed to satisfy constraint: "
            "Member must satisfy enum value set: [Name, Status, CreationTime]",
        ),
        (
            "CreateHyperParameterTuningJob",
            {
                "HyperParameterTuningJobName": "job",
                "HyperParameterTuningJobConfig": {"Strategy": "Bayesian", "ResourceLimits": {}},
            },
            "1 validation error detected: Value null at "
            "'hyperParameterTuningJobConfig.resourceLimits.maxParallelTrainingJobs' failed to satisfy constraint: "
            "Member must not be null",
        ),
        (
            "CreateHyperParameterTuningJob",
            {
                "HyperParameterTuningJobName": "job",
                "HyperParameterTuningJobConfig": {
                    "Strategy": "Bayesian",
                    "ResourceLimits": RESOURCES,
                    "ParameterRanges": {"IntegerParameterRanges": [{"Name": "n", "MinValue": "1"}]},
                },
            },
            "1 validation error detected: Value null at 'hyperParameterTuningJobConfig.parameterRanges."
            "integerParameterRanges.1.member.maxValue' failed to satisfy constraint: Member must not be null",
        ),
        (
            "AddTags",
            {"ResourceArn": "arn:aws:sagemaker:us-east-1:000000000000:x/y", "Tags": [None]},
            "1 validation error detected: Value null at 'tags.1.member' failed to satisfy constraint: "
            "Member must not be null",
        ),
    ],
)
def test_names_every_broken_constraint_as_aws_does(operation: str, body: dict[str, Any], text: str) -> None:
    assert refusal(operation, body) == f"ValidationException: {text}"


def test_elements_of_lists_and_maps_are_reported_with_their_container() -> None:
    structure = DenormalizedStructureBuilder().with_members(
        {
            "Names": {"type": "list", "member": {"type": "string", "max": 2}},
            "Sizes": {
                "type": "map",
                "key": {"type": "string", "pattern": "[a-z]+"},
                "value": {"type": "string", "min": 2},
            },
        }
    )
    shape = structure.build_model()
    with pytest.raises(ServiceError) as caught:
        validate(shape, {"Names": ["a", "abc"], "Sizes": {"B": "bb", "c": "d"}})
    assert caught.value.message == (
        "3 validation errors detected: Value '[a, abc]' at 'names' failed to satisfy constraint: Member must satisfy "
        "constraint: [Member must have length less than or equal to 2]; Value '{B=bb, c=d}' at 'sizes' failed to "
        "satisfy constraint: Map keys must satisfy constraint: [Member must satisfy regular expression pattern: "
        "[a-z]+]; Value '{B=bb, c=d}' at 'sizes' failed to satisfy constraint: Map value must satisfy constraint: "
        "[Member must have length greater than or equal to 2]"
    )


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"TrainingJobName": 7}, "expected a string at 'trainingJobName', but got the number 7"),
        ({"TrainingJobName": ["a"]}, "expected a string at 'trainingJobName', but got a list"),
        ({"TrainingJobName": True}, "expected a string at 'trainingJobName', but got a boolean"),
    ],
)
def test_values_of_another_type_are_not_read(body: dict[str, Any], text: str) -> None:
    assert refusal("StopTrainingJob", body) == f"SerializationException: {text}"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("2", "expected a whole number (integer) at 'maxResults', but got a string"),
        (2.5, "expected a whole number (integer) at 'maxResults', but got the number 2.5"),
        (True, "expected a whole number (integer) at 'maxResults', but got a boolean"),
        (2**31, "2147483648 at 'maxResults' is out of range for integer"),
    ],
)
def test_numbers_are_read_strictly(value: object, text: str) -> None:
    assert refusal("ListTrainingJobs", {"MaxResults": value}) == f"SerializationException: {text}"


def test_unknown_and_null_members_count_as_absent() -> None:
    shape = shape_of("ListTrainingJobs")
    request = protocol.decode(shape, {"MaxResults": 5, "NameContains": None, "Later": {"a": 1}})
    validate(shape, request)
    assert request == {"MaxResults": 5}


def every_pattern() -> list[str]:
    patterns = set()
    for service in ("sagemaker", "service-quotas", "personalize"):
        model = botocore.session.Session().get_service_model(service)
        patterns |= {model.shape_for(name).metadata.get("pattern") for name in model.shape_names}
    return sorted(pattern for pattern in patterns if pattern is not None)


def test_every_pattern_of_the_models_can_be_matched() -> None:
    for pattern in every_pattern():
        assert matches(pattern, "a") in (True, False)


@pytest.mark.parametrize(
    ("pattern", "value", "expected"),
    [
        (r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)", "Größe 3", True),
        (r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)", "a,b", False),
        (r"\d+", "٣", False),
        (r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\t]*", "a😀", True),
        (r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\t]*", "a\x00", False),
        ("[a-z]+", "abc1", False),
    ],
)
def test_patterns_match_whole_values_as_in_java(pattern: str, value: str, expected: bool) -> None:
    assert matches(pattern, value) is expected


def values(shape: Shape, depth: int = 0) -> st.SearchStrategy[Any]:
    """JSON that mostly has the shape's own types, now and then another."""
    good: st.SearchStrategy[Any]
    match shape.type_name:
        case "structure":
            good = st.fixed_dictionaries(
                {},
                optional={name: values(member, depth + 1) for name, member in shape.members.items()},  # type: ignore[attr-defined]
            )
        case "list":
            good = st.lists(values(shape.member, depth + 1), max_size=2)  # type: ignore[attr-defined]
        case "map":
            good = st.dictionaries(st.text(max_size=3), values(shape.value, depth + 1), max_size=2)  # type: ignore[attr-defined]
        case "integer" | "long":
            good = st.integers(-3, 200)
        case "float" | "double":
            good = st.floats(-2, 2)
        case "boolean":
            good = st.booleans()
        case "timestamp":
            good = st.floats(0, 2e9)
        case _:
            good = st.sampled_from(["", "a", "Bayesian", "s3://b/k", "x" * 40])
    wrong: st.SearchStrategy[Any] = st.sampled_from([None, [], {}, "s", 1, 0.5, True])
    return st.one_of(good, good, good, wrong) if depth else good


@pytest.mark.parametrize("operation", OPERATIONS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_what_botocore_refuses_is_refused(operation: str, data: st.DataObject) -> None:
    shape = shape_of(operation)
    body = data.draw(values(shape))
    # botocore reads timestamps from many texts, and nulls only the wire has: both are out of its check.
    if not ParamValidator().validate(_without_nulls(body), shape).has_errors():
        return
    with pytest.raises(ServiceError):
        validate(shape, protocol.decode(shape, body))


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value
