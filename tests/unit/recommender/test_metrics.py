"""The offline metrics, beside TREC's own evaluation program and the guide's worked examples."""

from __future__ import annotations

import numpy as np
import pytest
import pytrec_eval
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.recommender.metrics import offline_metrics

TREC = {
    "recip_rank": "mean_reciprocal_rank_at_25",
    "ndcg_cut_5": "normalized_discounted_cumulative_gain_at_5",
    "ndcg_cut_10": "normalized_discounted_cumulative_gain_at_10",
    "ndcg_cut_25": "normalized_discounted_cumulative_gain_at_25",
    "P_5": "precision_at_5",
    "P_10": "precision_at_10",
    "P_25": "precision_at_25",
}


@st.composite
def lists(draw: st.DrawFn) -> tuple[np.ndarray, list[np.ndarray], int]:
    items = draw(st.integers(1, 60))
    users = draw(st.integers(1, 5))
    depth = min(25, items)
    recommended = [draw(st.permutations(range(items)))[:depth] for _ in range(users)]
    relevant = [draw(st.sets(st.integers(0, items - 1), min_size=1, max_size=40)) for _ in range(users)]
    return np.array(recommended), [np.array(sorted(r)) for r in relevant], items


@given(lists())
@settings(max_examples=60, deadline=None)
def test_metrics_are_those_of_trec_eval(drawn: tuple[np.ndarray, list[np.ndarray], int]) -> None:
    recommended, relevant, items = drawn
    truth = {str(u): {str(i): 1 for i in wanted} for u, wanted in enumerate(relevant)}
    run = {str(u): {str(i): float(-rank) for rank, i in enumerate(row)} for u, row in enumerate(recommended)}
    measured = pytrec_eval.RelevanceEvaluator(truth, {"recip_rank", "ndcg_cut.5,10,25", "P.5,10,25"}).evaluate(run)
    ours = offline_metrics(recommended, relevant, items=items)
    for theirs, name in TREC.items():
        expected = np.mean([measured[user][theirs] for user in truth])
        assert ours[name] == pytest.approx(expected, abs=1e-9), name
    assert ours["coverage"] == pytest.approx(len(np.unique(recommended)) / items)


def test_the_guides_examples() -> None:
    """Three users with their first relevant items at ranks 4, 2 and 6; three of ten recommendations taken."""
    row = np.arange(25)
    relevant = [np.array([3, 9]), np.array([1, 3, 11]), np.array([5])]
    metrics = offline_metrics(np.stack([row] * 3), relevant, items=100)
    assert metrics["mean_reciprocal_rank_at_25"] == pytest.approx((1 / 4 + 1 / 2 + 1 / 6) / 3)
    assert metrics["coverage"] == 0.25
    three_of_ten = offline_metrics(row[None, :], [np.array([0, 4, 8])], items=100)
    assert three_of_ten["precision_at_10"] == pytest.approx(0.3)
