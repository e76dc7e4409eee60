"""Declarations and requests are inverse, to the last leaf."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from botocore.session import get_session
from botocore.validate import ParamValidator
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from constructs_lib._declaration import Declaration
from constructs_lib._fields import members
from infra.handlers.model import REQUEST, shapes
from infra.handlers.rules import errors, prop_of
from tests.unit.handlers.requests import valid_requests

NAME = "HyperParameterTuningJobName"


@cache
def input_shape() -> Any:
    return get_session().get_service_model("sagemaker").operation_model("CreateHyperParameterTuningJob").input_shape


@settings(max_examples=60, deadline=None, phases=[Phase.generate])
@given(valid_requests())
def test_a_valid_request_comes_out_as_it_went_in(request_: dict[str, Any]) -> None:
    assert Declaration.from_request(request_).request() == request_


@settings(max_examples=60, deadline=None, phases=[Phase.generate])
@given(valid_requests())
def test_what_keeps_the_rules_is_accepted_by_botocore(request_: dict[str, Any]) -> None:
    named = {**request_, NAME: "job"}

    assert errors(named) == []
    assert not ParamValidator().validate(named, input_shape()).has_errors()


def leaves(shape_name: str, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The paths of members without members of their own."""
    shape = shapes()[shape_name]
    if shape["type"] == "list":
        yield from leaves(shape["member"], path)
    elif shape["type"] != "structure":
        yield path
    else:
        for name, inner in shape["members"].items():
            yield from leaves(inner, (*path, name))


def declared(kind: type[Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The paths of all fields of a value class."""
    for _, own, codec in members(kind):
        if codec.part is None:
            yield (*path, *own)
        else:
            yield from declared(codec.part, (*path, *own))


# Lists that are declared as mappings, and structures of a single choice: their members have no field of their own.
WITHOUT_FIELD = {
    (NAME,),
    ("Tags", "Key"),
    ("Tags", "Value"),
    ("Autotune", "Mode"),
    ("WarmStartConfig", "ParentHyperParameterTuningJobs", NAME),
    *(
        (definition, *rest)
        for definition in ("TrainingJobDefinition", "TrainingJobDefinitions")
        for rest in [
            ("InputDataConfig", "ChannelName"),
            ("AlgorithmSpecification", "TrainingImage"),
            ("AlgorithmSpecification", "TrainingInputMode"),
            ("AlgorithmSpecification", "AlgorithmName"),
            ("AlgorithmSpecification", "MetricDefinitions", "Name"),
            ("AlgorithmSpecification", "MetricDefinitions", "Regex"),
        ]
    ),
}


def test_every_leaf_of_the_request_has_a_prop() -> None:
    without = set(leaves(REQUEST)) - set(declared(Declaration))

    # The round trip above covers these; anything else is new in the model and needs a prop.
    assert without == WITHOUT_FIELD


def fields_with_paths(kind: type[Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name, own, codec in members(kind):
        yield name, own
        if codec.part is not None:
            yield from fields_with_paths(codec.part)


def test_messages_name_props_as_they_are_declared() -> None:
    by_kind = {"integer", "continuous", "categorical", "auto"}  # messages name the range itself
    flattened = {"accept_eula", "hub_content_arn"}

    wrong = {
        (name, path)
        for name, path in fields_with_paths(Declaration)
        if prop_of(path[-1]) != name and name not in by_kind | flattened
    }

    assert wrong == set()


_WRONG: list[Any] = ["", -1, 2**40, [], {}, "x" * 3000, None, True, 0.5, "a b"]


@settings(max_examples=60, deadline=None, phases=[Phase.generate])
@given(valid_requests(), st.data())
def test_what_botocore_refuses_breaks_a_rule(request_: dict[str, Any], data: st.DataObject) -> None:
    named = {**request_, NAME: "job"}
    paths = list(places(named))
    path = data.draw(st.sampled_from(paths))
    wrong = replaced(named, path, data.draw(st.sampled_from(_WRONG)))

    # botocore leaves some of the model to the service, such as patterns; what it refuses, the rules refuse too.
    if ParamValidator().validate(wrong, input_shape()).has_errors():
        assert errors(wrong) != []


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of each member and entry."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inside:
        yield (*path, key)
        yield from places(item, (*path, key))


def replaced(value: Any, path: tuple[Any, ...], by: Any) -> Any:
    """The same value with another one at a path."""
    if not path:
        return by
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(copy[path[0]], path[1:], by)
    return copy
