from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.report.search_space import Hyperparameter, RangeKind, Scale, search_space, unquoted


@pytest.mark.parametrize(
    ("minimum", "maximum", "scaling", "scale"),
    [
        (0.001, 0.1, "Auto", Scale.LOGARITHMIC),
        (0.001, 0.09, "Auto", Scale.LINEAR),
        (0.0, 0.1, "Auto", Scale.LINEAR),
        (-1.0, 100.0, "Auto", Scale.LINEAR),
        (0.1, 0.2, "Logarithmic", Scale.LOGARITHMIC),
        (1.0, 1000.0, "Linear", Scale.LINEAR),
        (0.9, 0.999, "ReverseLogarithmic", Scale.REVERSE_LOGARITHMIC),
        (0.9, 1.0, "ReverseLogarithmic", Scale.LINEAR),
    ],
)
def test_axis_of_a_range(minimum: float, maximum: float, scaling: str, scale: Scale) -> None:
    one = Hyperparameter(name="x", kind=RangeKind.CONTINUOUS, minimum=minimum, maximum=maximum, scaling=scaling)
    assert one.scale is scale


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (RangeKind.INTEGER, "7", 7),
        (RangeKind.INTEGER, "7.0", "7.0"),
        (RangeKind.INTEGER, "seven", "seven"),
        (RangeKind.INTEGER, "9007199254740993", 9007199254740993),
        (RangeKind.CONTINUOUS, "1e-3", 0.001),
        (RangeKind.CONTINUOUS, "", ""),
        (RangeKind.CATEGORICAL, "7", "7"),
        (RangeKind.CATEGORICAL, '"adam"', "adam"),
        (RangeKind.CATEGORICAL, '"', '"'),
        (RangeKind.CATEGORICAL, "<b>日本</b>", "<b>日本</b>"),
    ],
)
def test_value_is_read_as_the_range_means_it(kind: RangeKind, text: str, value: object) -> None:
    read = Hyperparameter(name="x", kind=kind).value(text)
    assert (read, type(read)) == (value, type(value))


@given(st.text())
def test_any_text_is_a_value(text: str) -> None:
    for kind in RangeKind:
        Hyperparameter(name="x", kind=kind).value(text)
    assert isinstance(unquoted(text), str)


def test_ranges_of_several_definitions_are_covered_by_one() -> None:
    def definition(**ranges: Any) -> dict[str, Any]:
        return {"HyperParameterRanges": ranges}

    space = search_space(
        [
            definition(IntegerParameterRanges=[{"Name": "depth", "MinValue": "1", "MaxValue": "5"}]),
            definition(
                IntegerParameterRanges=[{"Name": "depth", "MinValue": "3", "MaxValue": "9"}],
                CategoricalParameterRanges=[{"Name": "kind", "Values": ["a", "b"]}],
            ),
            definition(CategoricalParameterRanges=[{"Name": "kind", "Values": ["b", "c"]}]),
        ],
        {},
    )
    assert [(one.name, one.minimum, one.maximum, one.categories) for one in space] == [
        ("depth", 1.0, 9.0, ()),
        ("kind", None, None, ("a", "b", "c")),
    ]
