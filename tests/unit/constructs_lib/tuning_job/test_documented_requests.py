"""Requests of the shapes that AWS's documentation shows: what goes in comes out, name aside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from constructs import Construct

from constructs_lib import HyperParameterTuningJob
from constructs_lib._declaration import Declaration
from constructs_lib._name import JobName
from infra.handlers.coerce import coerce
from infra.handlers.contract import ENVELOPE, TUNING_JOB_NAME
from infra.handlers.keyed import unkeyed
from tests.unit.handlers.requests import as_strings, in_key_order

FILES = sorted((Path(__file__).parent / "requests").glob("*.json"))


def read(file: Path) -> dict[str, Any]:
    request: dict[str, Any] = json.loads(file.read_text())
    return request


@pytest.fixture(scope="module")
def declared(provider: Any) -> dict[str, dict[str, Any]]:
    """The properties of each request's job, in one synthesis, by the request's name."""
    return synthesised()


def synthesised() -> dict[str, dict[str, Any]]:
    app = cdk.App()
    stack = cdk.Stack(app, "Documented")
    for file in FILES:
        HyperParameterTuningJob.from_request(stack, file.stem, read(file))
    resources = app.synth().get_stack_by_name("Documented").template["Resources"].values()
    properties = [each["Properties"] for each in resources if each["Type"] == "Custom::HyperParameterTuningJob"]
    return {each[TUNING_JOB_NAME].rsplit("-", 1)[0]: each for each in properties}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_handler_sends_what_was_given(declared: dict[str, dict[str, Any]], file: Path) -> None:
    request = read(file)

    properties = declared[request.pop(TUNING_JOB_NAME)]
    sent = {name: value for name, value in properties.items() if name not in ENVELOPE | {TUNING_JOB_NAME}}
    assert coerce(unkeyed(as_strings(sent))) == in_key_order(request)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_declaration_is_the_request(file: Path) -> None:
    request = read(file)
    del request[TUNING_JOB_NAME]

    assert Declaration.from_request(request).request() == request


def test_what_the_cdk_need_not_resolve_is_the_same_as_what_it_resolves(
    declared: dict[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("constructs_lib.tuning_job.plain_json", lambda request: None)
    assert synthesised() == declared

    monkeypatch.setattr("constructs_lib._own_references.OwnReferences.resolved", lambda self, properties: None)
    assert synthesised() == declared


@pytest.mark.parametrize("child", ["Job", "Team/Job", "Default"])
def test_a_name_follows_from_the_path_whether_or_not_the_construct_is_there(stack: cdk.Stack, child: str) -> None:
    parent = Construct(stack, f"Parent of {child.replace('/', ' ')}")

    expected = JobName(Construct(parent, child), "job").of({})

    assert JobName(parent, "job", child=child).of({}) == expected
    assert JobName(parent, "job", child="Another").of({}) != expected


def test_all_the_documented_shapes_are_here() -> None:
    assert [file.stem for file in FILES] == [
        "autotune",
        "file-systems",
        "grid",
        "hyperband",
        "linear-learner",
        "random-seed-zero",
        "several-definitions",
        "spot-checkpoints",
        "vpc",
        "warm-start",
        "xgboost",
    ]
