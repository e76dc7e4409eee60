"""Hand-edited templates, and requests that are none: one short answer, nothing started."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.handlers import best_training_job, clients, gpu_quota, result, tuning_job
from infra.handlers.events import PROGRESS
from tests.support.fake_aws import FakeParameters, FakeSageMaker, FakeServiceQuotas
from tests.support.fault_layer import DirectClient
from tests.support.tuning_resource import NAME, STACK, declaration, event

LOGS = " (log group /group, stream stream-1)"
UNFIT = "the declaration does not fit CreateHyperParameterTuningJob: "


def changed(path: str, value: Any) -> dict[str, Any]:
    """The declaration with another value at a path; without the member if the value is ``...``."""
    properties = copy.deepcopy(declaration())
    *parents, last = path.split(".")
    here = properties
    for parent in parents:
        here = here[parent]
    if value is ...:
        del here[last]
    else:
        here[last] = value
    return properties


DEFINITION = "TrainingJobDefinition"
CONFIG = "HyperParameterTuningJobConfig"


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        (
            changed("HyperParameterTuningJobName", ...),
            "HyperParameterTuningJobName must be 1 to 32 letters, digits and inner hyphens, got None",
        ),
        (
            changed("HyperParameterTuningJobName", "übersetzer"),
            "HyperParameterTuningJobName must be 1 to 32 letters, digits and inner hyphens, got 'übersetzer'",
        ),
        (
            changed("HyperParameterTuningJobName", ["a"]),
            "HyperParameterTuningJobName must be 1 to 32 letters, digits and inner hyphens, got ['a']",
        ),
        (changed("Colour", "red"), f"{UNFIT}Colour is not a member of the request"),
        (
            changed(f"{CONFIG}.ResourceLimits.MaxParallelTrainingJobs", "two"),
            f"{UNFIT}{CONFIG}.ResourceLimits.MaxParallelTrainingJobs must be a whole number, got 'two'",
        ),
        (changed(CONFIG, "Bayesian"), f"{UNFIT}{CONFIG} must be a structure, got 'Bayesian'"),
        (changed("Tags", {"team": "mt"}), f"{UNFIT}Tags['team'] must be a structure, got 'mt'"),
        (changed("Tags", "mt"), f"{UNFIT}Tags must be a map by Key, or a list, got 'mt'"),
        (changed("Autotoon", "x"), f"{UNFIT}Autotoon is not a member of the request; did you mean Autotune?"),
        (
            changed("HyperParameterTuningJobName", "\N{SNOWMAN}" * 300),
            "HyperParameterTuningJobName must be 1 to 32 letters, digits and inner hyphens, got '"
            + "\N{SNOWMAN}" * 119
            + "... (302 characters)",
        ),
        (
            changed(f"{DEFINITION}.InputDataConfig.train", []),
            f"{UNFIT}InputDataConfig['train'] must be a structure, got []",
        ),
    ],
    ids=lambda value: value[:60] if isinstance(value, str) else "",
)
def test_the_answer_names_the_property(sagemaker: FakeSageMaker, properties: dict[str, Any], message: str) -> None:
    with pytest.raises(RuntimeError) as raised:
        tuning_job.on_event(event("Create", properties), None)

    assert str(raised.value) == message + LOGS
    assert sagemaker.calls == []


@pytest.mark.parametrize(
    ("path", "named"),
    [
        (CONFIG, CONFIG),
        (f"{CONFIG}.ResourceLimits", f"{CONFIG}.ResourceLimits"),
        (f"{DEFINITION}.RoleArn", f"{DEFINITION}.RoleArn"),
        (
            f"{DEFINITION}.InputDataConfig.train.DataSource",
            f"{DEFINITION}.InputDataConfig['train'].DataSource",
        ),
        (
            f"{CONFIG}.ParameterRanges.ContinuousParameterRanges.learning_rate.MinValue",
            f"{CONFIG}.ParameterRanges.ContinuousParameterRanges['learning_rate'].MinValue",
        ),
    ],
)
def test_what_is_missing_is_named_as_in_the_template(sagemaker: FakeSageMaker, path: str, named: str) -> None:
    with pytest.raises(RuntimeError) as raised:
        tuning_job.on_event(event("Create", changed(path, ...)), None)

    assert str(raised.value) == f"{UNFIT}{named} must be given{LOGS}"
    assert sagemaker.calls == []


def test_the_function_of_another_resource_refuses_and_lets_the_roll_back_pass(sagemaker: FakeSageMaker) -> None:
    with pytest.raises(RuntimeError) as raised:
        gpu_quota.on_event(event("Create"), None)

    assert sagemaker.calls == []
    assert str(raised.value) == (
        "ServiceToken names the function for Custom::GpuTrainingQuota, and the resource is a "
        f"'Custom::HyperParameterTuningJob'{LOGS}"
    )
    assert gpu_quota.on_event(event("Delete", PhysicalResourceId="x"), None) == {"PhysicalResourceId": "x"}


@pytest.mark.parametrize(
    "path", ["Colour", "HyperParameterTuningJobName", f"{CONFIG}.Strategy", f"{DEFINITION}.RoleArn", "Tags"]
)
@pytest.mark.parametrize("character", ["x", "\N{SNOWMAN}", "\x00"])
def test_a_property_of_a_megabyte_gets_a_short_answer(sagemaker: FakeSageMaker, path: str, character: str) -> None:
    with pytest.raises(RuntimeError) as raised:
        tuning_job.on_event(event("Create", changed(path, character * 2**20)), None)

    assert len(str(raised.value).encode()) < 1700
    assert str(raised.value).endswith(LOGS)
    assert sagemaker.calls == []


def test_an_update_with_a_bad_declaration_leaves_the_job_alone(sagemaker: FakeSageMaker) -> None:
    bad = {**changed("Colour", "red"), "HyperParameterTuningJobName": "other-0123456789"}

    with pytest.raises(RuntimeError, match="Colour is not a member of the request"):
        tuning_job.on_event(event("Update", bad, OldResourceProperties=declaration(), PhysicalResourceId=NAME), None)
    assert sagemaker.calls == []


@pytest.mark.parametrize("properties", [changed("Colour", "red"), {}, changed("HyperParameterTuningJobName", ...)])
def test_a_delete_never_fails_for_a_bad_declaration(sagemaker: FakeSageMaker, properties: dict[str, Any]) -> None:
    request = event("Delete", properties, PhysicalResourceId=NAME)

    assert tuning_job.is_complete({**request, **tuning_job.on_event(request, None)}, None) == {"IsComplete": True}


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (
            {},
            "this is no request about a custom resource: it has no RequestType, RequestId, StackId, LogicalResourceId",
        ),
        ({**event("Create"), "RequestType": "Rename"}, "this is no request about a custom resource: RequestType"),
        ({**event("Create"), "StackId": 7}, "this is no request about a custom resource: StackId cannot be read"),
        (
            {**event("Create"), "ResourceProperties": []},
            "this is no request about a custom resource: ResourceProperties cannot be read",
        ),
    ],
)
def test_a_request_that_is_none(sagemaker: FakeSageMaker, request_: dict[str, Any], message: str) -> None:
    with pytest.raises(RuntimeError) as raised:
        tuning_job.on_event(request_, None)

    assert str(raised.value).startswith(message)
    assert str(raised.value).endswith(LOGS)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=20), inner, max_size=3)
)


def paths(value: Any, at: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if not isinstance(value, dict):
        return [at]
    return [at, *(path for key, item in value.items() for path in paths(item, (*at, key)))]


@st.composite
def requests(draw: Any) -> dict[str, Any]:
    """A request with up to three of its values replaced, removed or added."""
    request: dict[str, Any] = event(draw(st.sampled_from(["Create", "Update", "Delete"])))
    request |= {"PhysicalResourceId": draw(st.sampled_from([NAME, "invented", "x" * 900]))}
    request["OldResourceProperties"] = declaration(draw(st.sampled_from([NAME, "other-0123456789"])))
    # What a handler left for itself is not edited by hand.
    request[PROGRESS] = draw(st.sampled_from([{}, {"Start": NAME, "Since": 0}, {"Keep": NAME, "Since": 0}]))
    request = copy.deepcopy(request)
    del request["ResourceType"]  # each handler would refuse all but its own
    for _ in range(draw(st.integers(0, 3))):
        *parents, last = draw(st.sampled_from([path for path in paths(request) if path and path[0] != PROGRESS]))
        here = request
        for parent in parents:
            here = here[parent]
        if draw(st.booleans()):
            here[last] = draw(VALUES)
        else:
            here.pop(last)
            here[draw(st.text(max_size=10))] = draw(VALUES)
    return request


ENTRIES = (
    tuning_job.on_event,
    tuning_job.is_complete,
    gpu_quota.on_event,
    gpu_quota.is_complete,
    best_training_job.on_event,
    result.publish,
)


@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(request=requests(), owned=st.booleans())
def test_every_entry_answers_exactly_once_whatever_it_is_asked(
    sagemaker: FakeSageMaker, monkeypatch: pytest.MonkeyPatch, request: dict[str, Any], owned: bool
) -> None:
    del sagemaker
    fake = FakeSageMaker()
    if owned:
        tags = {"tuning-as-code:stack-id": STACK, "tuning-as-code:logical-id": "Job"}
        fake.add(NAME, "InProgress", tags)
    quotas, parameters = FakeServiceQuotas(), FakeParameters()
    quotas_client: Any = DirectClient(quotas.call)
    quotas_client.meta = type("Meta", (), {"region_name": "eu-west-1"})
    monkeypatch.setattr(clients, "sagemaker", lambda: DirectClient(fake.call))
    monkeypatch.setattr(clients, "service_quotas", lambda: quotas_client)
    monkeypatch.setattr(clients, "ssm", lambda: DirectClient(parameters.call))

    for entry in ENTRIES:
        try:
            answer = entry(copy.deepcopy(request), None)
        except RuntimeError as error:
            message = str(error)
            assert len(message.encode()) < 1700
            assert message.endswith(LOGS)
            assert "an error of its own" not in message, message
        else:
            assert isinstance(answer, dict)
    assert "Signature" not in str(fake.jobs)
    assert len(fake.jobs) <= 2
