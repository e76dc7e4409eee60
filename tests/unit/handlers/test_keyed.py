"""The keyed form of a request and back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from infra.handlers.coerce import coerce
from infra.handlers.keyed import KeyedFormError, keyed, unkeyed
from tests.unit.handlers.requests import as_strings, in_key_order, request, valid_requests


@settings(max_examples=60, deadline=None)
@given(valid_requests())
def test_a_handler_gets_the_same_request_back_from_the_strings_of_the_keyed_form(declared: dict[str, Any]) -> None:
    assert coerce(unkeyed(as_strings(keyed(declared)))) == in_key_order(declared)


def test_names_become_keys() -> None:
    form = keyed(request()["HyperParameterTuningJobConfig"]["ParameterRanges"])

    assert form == {"ContinuousParameterRanges": {"learning_rate": {"MinValue": "0.0001", "MaxValue": "0.01"}}}


def test_order_of_entries_does_not_matter() -> None:
    tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]

    assert keyed({"Tags": tags}) == keyed({"Tags": tags[::-1]})


def test_a_users_key_that_is_called_like_a_list_stays() -> None:
    declared = {
        "StaticHyperParameters": {"Tags": "x", "InputDataConfig": "y"},
        "InputDataConfig": [{"ChannelName": "Tags", "ContentType": "text/csv"}],
    }

    assert unkeyed(keyed(declared)) == declared


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"Tags": [{"Key": "a"}, {"Key": "a"}]}, "Tags must have each Key once, got 'a' twice"),
        ({"Tags": [{"Value": "a"}]}, "Tags[0] must have a Key, got {'Value': 'a'}"),
    ],
)
def test_what_cannot_be_keyed(declared: dict[str, Any], message: str) -> None:
    with pytest.raises(KeyedFormError) as caught:
        keyed(declared)

    assert str(caught.value) == message
