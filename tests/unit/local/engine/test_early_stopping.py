from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.engine.early_stopping import should_stop


def stops_at(values: list[float], earlier: list[list[float]], *, maximize: bool = False) -> int | None:
    """The epoch after which a job with these values is stopped."""
    epochs = range(1, len(values) + 1)
    return next((n for n in epochs if should_stop(values[:n], earlier, maximize=maximize)), None)


@pytest.mark.parametrize(
    ("earlier", "values", "stopped"),
    [
        ([[10, 1, 1]] * 3, [3, 3, 3], None),  # compared with running averages, not with values
        ([[5, 5, 5]] * 3, [1, 9], 2),  # the current value counts, not the best
        ([[5, 5, 5]] * 2, [9, 9], None),  # too few earlier jobs
        ([[5], [5], [5, 5, 5]], [4, 9], None),  # too few with two epochs
        ([[1, 1], [5, 5], [9, 9]], [5, 5], None),  # as good as the median is good enough
        ([[1, 1], [5, 5], [9, 9]], [5, 6], 2),
    ],
)
def test_vectors(earlier: list[list[float]], values: list[float], stopped: int | None) -> None:
    assert stops_at(values, earlier) == stopped


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=4),
    st.lists(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=4), max_size=6),
)
def test_maximizing_mirrors_minimizing(values: list[float], earlier: list[list[float]]) -> None:
    mirrored = [[-v for v in job] for job in earlier]
    assert should_stop(values, earlier, maximize=True) == should_stop([-v for v in values], mirrored, maximize=False)
