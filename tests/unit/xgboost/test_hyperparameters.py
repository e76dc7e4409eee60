from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from constructs_lib import ObjectiveType, ValueType, XGBoost
from infra.container import ClientError
from infra.handlers.algorithms.facts import HyperParameter
from infra.xgboost.hyperparameters import ALIASES, RULES, HyperParameters
from infra.xgboost.metric_lines import DOCUMENTED, MAXIMIZED, MINIMIZED


def parsed(**given: str) -> HyperParameters:
    return HyperParameters.parse({"num_round": "10", **given})


def test_strings_get_their_types() -> None:
    found = parsed(eta="0.3", max_depth="6", booster="dart", one_drop="1", updater="prune, refresh")
    assert found.values == {
        "num_round": 10,
        "eta": 0.3,
        "max_depth": 6,
        "booster": "dart",
        "one_drop": "1",
        "updater": "prune,refresh",
    }
    assert "num_round" not in found.for_library()


@pytest.mark.parametrize(("alias", "name"), ALIASES.items())
def test_aliases(alias: str, name: str) -> None:
    assert parsed(**{alias: "0.5"}).values[name] == 0.5


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"max_dept": "3"}, "unknown hyperparameter 'max_dept': did you mean 'max_depth'?"),
        ({"max_depth": "3.5"}, "hyperparameter max_depth must be an integer of at least 0, but got '3.5'"),
        ({"max_depth": "-1"}, "hyperparameter max_depth must be an integer of at least 0, but got '-1'"),
        ({"eta": "1.5"}, "hyperparameter eta must be a number of at least 0 and of at most 1, but got '1.5'"),
        ({"eta": ""}, "hyperparameter eta must be a number of at least 0 and of at most 1, but got ''"),
        ({"eta": "nan"}, "hyperparameter eta must be a number of at least 0 and of at most 1, but got 'nan'"),
        ({"subsample": "0"}, "hyperparameter subsample must be a number of at most 1 and above 0, but got '0'"),
        (
            {"tweedie_variance_power": "2"},
            "hyperparameter tweedie_variance_power must be a number above 1 and below 2, but got '2'",
        ),
        ({"booster": "tree"}, "hyperparameter booster must be one of gbtree, gblinear, dart, but got 'tree'"),
        ({"csv_weights": "true"}, "hyperparameter csv_weights must be one of 0, 1, but got 'true'"),
        (
            {"learning_rate": "2"},
            "hyperparameter learning_rate must be a number of at least 0 and of at most 1, but got '2'",
        ),
        ({"learning_rate": "1", "eta": "1"}, "hyperparameters eta and learning_rate are the same: give one of them"),
        (
            {"eta": "2", "gamma": "x"},
            "hyperparameter eta must be a number of at least 0 and of at most 1, but got '2'; "
            "hyperparameter gamma must be a number of at least 0, but got 'x'",
        ),
        ({"objective": "multi:softmax"}, "hyperparameter num_class is missing: objective multi:softmax needs it"),
        (
            {"num_class": "3", "objective": "binary:logistic"},
            "hyperparameter num_class is for multi-class objectives only, but got binary:logistic",
        ),
        ({"eval_metric": "auc"}, "metric auc needs a binary or ranking objective, but got reg:squarederror"),
        (
            {"eval_metric": "f1_binary", "objective": "multi:softmax", "num_class": "3"},
            "metric f1_binary needs a binary objective, but got multi:softmax",
        ),
        ({"eval_metric": "accuracy"}, "metric accuracy needs a classification objective, but got reg:squarederror"),
        ({"monotone_constraints": "(1,0)"}, "monotone_constraints needs tree_method exact or hist, but got auto"),
        (
            {"monotone_constraints": "(2,0)", "tree_method": "hist"},
            "hyperparameter monotone_constraints must be a tuple with -1, 0 or 1 for each feature, as (1,0,-1), "
            "but got '(2,0)'",
        ),
        (
            {"interaction_constraints": "__import__('os')", "tree_method": "hist"},
            "hyperparameter interaction_constraints must be a list of lists of feature numbers, as [[0,1],[2,3,4]], "
            "but got \"__import__('os')\"",
        ),
        (
            {"updater": "shotgun"},
            "hyperparameter updater must have at most one of distcol, grow_colmaker, grow_histmaker, "
            "grow_quantile_histmaker, grow_skmaker and no linear one with booster gbtree, but got 'shotgun'",
        ),
        (
            {"updater": "prune", "booster": "gblinear"},
            "hyperparameter updater must be one of coord_descent, shotgun with booster gblinear, but got 'prune'",
        ),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, dict) else "",
)
def test_bad_hyperparameters(given: dict[str, str], message: str) -> None:
    with pytest.raises(ClientError) as caught:
        parsed(**given)
    assert str(caught.value) == message


def test_num_round_is_required() -> None:
    with pytest.raises(ClientError, match=r"^hyperparameter num_round is missing: give the number of rounds$"):
        HyperParameters.parse({"eta": "0.1"})


@pytest.mark.parametrize("metric", ["nope", "auc@0.5", "error@x", "error@", "", "auc,,error"])
def test_bad_metrics(metric: str) -> None:
    with pytest.raises(ClientError, match=r"^hyperparameter eval_metric must be some of accuracy, aft-nloglik, "):
        parsed(eval_metric=metric, objective="binary:logistic")


def test_metrics_are_those_asked_for_and_the_tuning_jobs() -> None:
    found = parsed(eval_metric="logloss, error@0.7", objective="binary:logistic")
    assert found.metrics == ["error@0.7", "logloss"]
    tuned = parsed(eval_metric="logloss", objective="binary:logistic", _tuning_objective_metric="validation:f1")
    assert tuned.metrics == ["f1", "logloss"]
    assert parsed().metrics == []


def test_an_objective_that_the_algorithm_has_not() -> None:
    with pytest.raises(ClientError, match=r"^the tuning job's objective must be one of validation:.*, but got 'loss'$"):
        parsed(_tuning_objective_metric="loss")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, None),
        ({"early_stopping_rounds": "3"}, None),
        ({"early_stopping_rounds": "3", "eval_metric": "mae,rmse"}, (3, "rmse", False)),
        ({"early_stopping_rounds": "3", "eval_metric": "ndcg@5", "objective": "rank:ndcg"}, (3, "ndcg@5", True)),
        (
            {"early_stopping_rounds": "3", "eval_metric": "rmse", "_tuning_objective_metric": "validation:mae"},
            (3, "mae", False),
        ),
    ],
)
def test_what_early_stopping_watches(given: dict[str, str], expected: Any) -> None:
    assert parsed(**given).early_stopping == expected


# -- against the construct, which says what the documentation says

# Where AWS's container, whose source is open, takes less or more than the documentation says.
CONTAINER_TAKES_LESS = {
    "base_score": {"-1"},
    "alpha": {"-1"},
    "lambda": {"-1"},
    "colsample_bylevel": {"0"},
    "colsample_bytree": {"0"},
    "max_bin": {"1"},
    "num_class": {"1"},
    "scale_pos_weight": {"-1", "0"},
    "sketch_eps": {"0", "1"},
    "subsample": {"0"},
}
CONTAINER_TAKES_MORE = {"max_delta_step": {"0.5", "1.5"}}
NUMBERS = ("-1", "0", "0.5", "1", "1.5", "2", "7", "x", "", "nan", "true")


def candidates(parameter: HyperParameter) -> Iterator[str]:
    yield from parameter.values
    yield from NUMBERS


@pytest.mark.parametrize("parameter", XGBoost.hyper_parameters().values(), ids=lambda parameter: parameter.name)
def test_agrees_with_the_construct(parameter: HyperParameter) -> None:
    rule = RULES[parameter.name]
    if parameter.type is ValueType.STRING and not parameter.values:
        return  # the documentation says nothing about its form
    less = CONTAINER_TAKES_LESS.get(parameter.name, set())
    more = CONTAINER_TAKES_MORE.get(parameter.name, set())
    for text in candidates(parameter):
        documented = parameter.problem(text) is None
        try:
            rule.parse(text)
            taken = True
        except ValueError:
            taken = False
        assert taken == ((documented and text not in less) or text in more), text


def test_the_construct_requires_what_the_program_requires() -> None:
    assert [name for name, parameter in XGBoost.hyper_parameters().items() if parameter.required] == ["num_round"]


def test_the_constructs_metrics() -> None:
    assert set(XGBoost.metrics) == {f"validation:{metric}" for metric in DOCUMENTED}
    for name, direction in XGBoost.metrics.items():
        metrics = MAXIMIZED if direction is ObjectiveType.MAXIMIZE else MINIMIZED
        assert name.partition(":")[2] in metrics
