from __future__ import annotations

import pytest

from infra.local.engine.training.images import BUILT_IN
from infra.local.engine.training.metrics import MetricMatcher
from infra.xgboost.metric_lines import DOCUMENTED, METRIC_DEFINITIONS, metric_line


@pytest.mark.parametrize("metric", [name for name, _ in METRIC_DEFINITIONS])
def test_each_metric_is_read_from_its_line_alone(metric: str) -> None:
    channel, _, name = metric.partition(":")
    line = metric_line(12, [("train", "other", 1.0), (channel, name, 0.123456), ("validation", "another", 2.0)])
    assert list(MetricMatcher(dict(METRIC_DEFINITIONS)).values(line)) == [(metric, 0.12346)]


def test_the_line_as_in_the_services_log_is_read_too() -> None:
    matcher = MetricMatcher(dict(METRIC_DEFINITIONS))
    assert list(matcher.values("[3]#011train-auc:0.5#011validation-auc:1e-05")) == [
        ("train:auc", 0.5),
        ("validation:auc", 1e-05),
    ]


def test_what_the_service_takes() -> None:
    assert {f"validation:{name}" for name in DOCUMENTED} <= {name for name, _ in METRIC_DEFINITIONS}
    assert len(METRIC_DEFINITIONS) == len(dict(METRIC_DEFINITIONS)) <= 40


def test_both_images_have_them() -> None:
    for image in ("xgboost", "sagemaker-xgboost"):
        assert BUILT_IN[image].metric_definitions == dict(METRIC_DEFINITIONS)
