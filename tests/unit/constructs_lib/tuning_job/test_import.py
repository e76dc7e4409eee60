"""What `tuning import` prints declares what `HyperParameterTuningJob.from_request` does, or is refused alike."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import aws_cdk as cdk
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from constructs_lib import HyperParameterTuningJob, Seq2Seq
from constructs_lib.errors import ValidationError
from infra.handlers.contract import TUNING_JOB_NAME
from infra.review.declaration import declare
from tests.unit.handlers.requests import request, valid_requests

REGISTRY = "dkr.ecr.eu-central-1.amazonaws.com"
METRICS = [{"Name": name, "Regex": regex} for name, regex in Seq2Seq.own_metric_definitions.items()]
AWS_SEQ2SEQ = f"{min(Seq2Seq.publishers)}.{REGISTRY}/seq2seq:1"


def read(given_request: dict[str, Any]) -> dict[str, Any]:
    """The template of a request that is read at synth; empty if it is refused."""
    stack = cdk.Stack(cdk.App(), "Imported")
    return outcome(stack, lambda: HyperParameterTuningJob.from_request(stack, "TuningJob", given_request))


def printed(given_request: dict[str, Any]) -> dict[str, Any]:
    """The template of the code that is printed for a request; empty if it is refused."""
    names: dict[str, Any] = {"__name__": "declared"}
    exec(compile(declare(given_request), "declared.py", "exec"), names)
    (kind,) = (value for name, value in names.items() if name.endswith("Stack") and name != "Stack")
    app = cdk.App()
    return outcome(app, lambda: kind(app, "Imported"))


def outcome(scope: Any, declare_job: Callable[[], Any]) -> dict[str, Any]:
    try:
        declare_job()
    except ValidationError:
        return {}
    template: dict[str, Any] = scope.node.root.synth().get_stack_by_name("Imported").template
    return template


@settings(max_examples=8, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(valid_requests(), st.sampled_from([None, "my--job", "a-name-of-more-than-21-letters", "-a_b", "Stack", "2"]))
def test_printed_code_declares_what_the_request_does(given_request: dict[str, Any], name: str | None) -> None:
    named = given_request if name is None else {**given_request, TUNING_JOB_NAME: name}

    assert printed(named) == read(named)


@pytest.mark.parametrize(
    ("image", "metrics", "kind", "is_checked_as_seq2seq"),
    [
        (AWS_SEQ2SEQ, None, "Seq2Seq", True),
        (f"123456789012.{REGISTRY}/seq2seq@sha256:{'0' * 64}", METRICS, "Seq2Seq", True),
        (f"123456789012.{REGISTRY}/seq2seq:1", None, "Algorithm", False),
        (f"123456789012.{REGISTRY}/seq2seq:1", METRICS[-1:], "CustomAlgorithm", False),
        (f"123456789012.{REGISTRY}/team/xgboost:1", None, "Algorithm", False),
        (f"123456789012.{REGISTRY}/team/xgboost:1", METRICS, "CustomAlgorithm", False),
    ],
    ids=["of AWS", "ours", "somebody's", "somebody's with metrics", "another", "another with metrics"],
)
def test_an_image_proves_an_algorithm_in_both_or_in_none(
    image: str, metrics: list[dict[str, str]] | None, kind: str, is_checked_as_seq2seq: bool
) -> None:
    specification: dict[str, Any] = {"TrainingImage": image, "TrainingInputMode": "File"}
    if metrics is not None:
        specification["MetricDefinitions"] = metrics
    documented = request(AlgorithmSpecification=specification)
    own = {"ContinuousParameterRanges": [{"Name": "my_own", "MinValue": "1", "MaxValue": "3"}]}
    undocumented = request(ranges=own, AlgorithmSpecification=specification)

    assert re.findall(r"algorithm=(\w+)\(", declare(documented)) == [kind]
    assert read(documented) == printed(documented) != {}
    assert read(undocumented) == printed(undocumented)
    assert (read(undocumented) == {}) is is_checked_as_seq2seq


def test_tags_of_a_deployment_are_left_out_by_both() -> None:
    tags = [{"Key": "tuning-as-code:stack-id", "Value": "a"}, {"Key": "team", "Value": "b"}]
    found = read({**request(), "Tags": tags})

    assert found == printed({**request(), "Tags": tags}) == read({**request(), "Tags": tags[1:]})
    assert read({**request(), "Tags": tags[:1]}) == printed({**request(), "Tags": tags[:1]})


def test_a_name_that_is_no_text_is_refused() -> None:
    stack = cdk.Stack(cdk.App(), "Imported")
    with pytest.raises(ValidationError, match=r"^Imported/Named: N1 job_name_prefix: must be a string, got 5$"):
        HyperParameterTuningJob.from_request(stack, "Named", {**request(), TUNING_JOB_NAME: 5})
