"""Solutions' declarations and requests are inverse, to the last leaf."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import aws_cdk as cdk
from botocore.session import get_session
from botocore.validate import ParamValidator
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from constructs_lib._fields import decode, encode, members
from constructs_lib._render import template_properties
from constructs_lib.personalize import PersonalizeDatasetGroup, PersonalizeSolution
from constructs_lib.personalize.config import SolutionDeclaration
from infra.handlers.personalize_contract import SOLUTION
from infra.handlers.personalize_request import request_of
from infra.handlers.personalize_rules import check_solution
from infra.handlers.rules import Severity
from infra.review import read_assembly
from infra.review import request_of as reviewed
from tests.support.personalize_requests import valid_solutions
from tests.unit.handlers.requests import as_strings, in_key_order

OWN = {"name": "s-1", "datasetGroupArn": "arn:aws:personalize:eu-west-1:123456789012:dataset-group/shop"}


@cache
def input_shape() -> Any:
    return get_session().get_service_model("personalize").operation_model("CreateSolution").input_shape


def without_empty(request: Any) -> Any:
    """A solution configuration without members is none."""
    return {name: value for name, value in request.items() if (name, value) != ("solutionConfig", {})}


@settings(max_examples=80, deadline=None, phases=[Phase.generate])
@given(valid_solutions())
def test_a_valid_request_comes_out_as_it_went_in(request_: dict[str, Any]) -> None:
    assert encode(decode(SolutionDeclaration, request_)) == without_empty(request_)


@settings(max_examples=80, deadline=None, phases=[Phase.generate])
@given(valid_solutions())
def test_what_keeps_the_rules_is_accepted_by_botocore(request_: dict[str, Any]) -> None:
    assert [finding for finding in check_solution(request_) if finding.severity is Severity.ERROR] == []
    assert not ParamValidator().validate({**OWN, **request_}, input_shape()).has_errors()


@settings(max_examples=80, deadline=None, phases=[Phase.generate])
@given(valid_solutions())
def test_the_handler_sends_what_was_declared(request_: dict[str, Any]) -> None:
    # CloudFormation hands every scalar to the handler as a string.
    properties = as_strings(template_properties({**OWN, **request_}))
    assert request_of(SOLUTION, properties) == in_key_order({**OWN, **request_})


@settings(max_examples=3, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(requests=st.lists(valid_solutions(), min_size=6, max_size=6))
def test_from_request_is_the_inverse_of_what_a_review_prints(
    requests: list[dict[str, Any]], tmp_path_factory: Any
) -> None:
    folder: Path = tmp_path_factory.mktemp("cdk.out")
    app = cdk.App(outdir=str(folder))
    stack = cdk.Stack(app, "S")
    group = PersonalizeDatasetGroup(stack, "Group")
    for number, request_ in enumerate(requests):
        PersonalizeSolution.from_request(
            stack, f"Solution{number}", json.loads(json.dumps(request_)), dataset_group=group
        )
    app.synth()
    printed = [reviewed(job.properties, job.type) for job in read_assembly(folder).jobs]
    for sent, request_ in zip(printed, requests, strict=True):
        assert {name: value for name, value in sent.items() if name not in OWN} == in_key_order(
            {"performAutoTraining": False, **without_empty(request_)}
        )


def test_every_member_of_the_request_has_a_prop() -> None:
    def top(shape: Any) -> set[str]:
        return set(shape.members)

    named = {path[0] for _, path, _ in members(SolutionDeclaration)}
    assert named == top(input_shape()) - {"name", "datasetGroupArn", "tags"}
    inside = {path[1] for _, path, _ in members(SolutionDeclaration) if len(path) > 1}
    assert inside == top(input_shape().members["solutionConfig"])
