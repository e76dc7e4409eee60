"""The hyperparameters that SageMaker's XGBoost takes: names, types and valid values, here and nowhere else.

Those of the SageMaker developer guide, "XGBoost Hyperparameters", and those that the open source of AWS's container
takes besides, with its bounds where these are narrower. A job's hyperparameters arrive as strings;
:meth:`HyperParameters.parse` gives them their types or says what is wrong with each of them, before any data is read.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from infra.container import ClientError
from infra.container.rules import BooleanRule, ChoiceRule, IntegerRule, NumberRule, Rule

from .metric_lines import MAXIMIZED
from .rules import METRICS, EvalMetrics, InteractionConstraints, MonotoneConstraints, Updaters, classification_problem

#: What a tuning job adds to the hyperparameters of its training jobs: the name of the objective metric.
TUNING_OBJECTIVE = "_tuning_objective_metric"

TUNING_OBJECTIVES = frozenset(f"validation:{metric}" for metric in METRICS)

ALIASES = {"learning_rate": "eta", "min_split_loss": "gamma", "reg_alpha": "alpha", "reg_lambda": "lambda"}
"""Other names of a hyperparameter."""

OBJECTIVES = (
    "binary:hinge",
    "binary:logistic",
    "binary:logitraw",
    "count:poisson",
    "multi:softmax",
    "multi:softprob",
    "rank:map",
    "rank:ndcg",
    "rank:pairwise",
    "reg:absoluteerror",
    "reg:gamma",
    "reg:linear",
    "reg:logistic",
    "reg:pseudohubererror",
    "reg:squarederror",
    "reg:squaredlogerror",
    "reg:tweedie",
    "survival:aft",
    "survival:cox",
)

DEFAULT_OBJECTIVE = "reg:squarederror"

_FLAG = ChoiceRule(("0", "1"))
_SHARE = NumberRule(minimum=0, maximum=1)
_SAMPLE = NumberRule(above=0, maximum=1)
_AT_LEAST_0 = NumberRule(minimum=0)

#: For SageMaker's program, not for the library.
_OWN: dict[str, Rule] = {
    "csv_weights": _FLAG,
    "early_stopping_rounds": IntegerRule(1),
    "eval_metric": EvalMetrics(),
    "num_round": IntegerRule(1),
    "save_model_on_termination": BooleanRule(),
    "use_dask_gpu_training": BooleanRule(),
}

RULES: dict[str, Rule] = {
    **_OWN,
    "aft_loss_distribution": ChoiceRule(("normal", "logistic", "extreme")),
    "aft_loss_distribution_scale": _AT_LEAST_0,
    "alpha": _AT_LEAST_0,
    "base_score": _AT_LEAST_0,
    "booster": ChoiceRule(("gbtree", "gblinear", "dart")),
    "colsample_bylevel": _SAMPLE,
    "colsample_bynode": _SAMPLE,
    "colsample_bytree": _SAMPLE,
    "deterministic_histogram": BooleanRule(),
    "dsplit": ChoiceRule(("row", "col")),
    "eta": _SHARE,
    "gamma": _AT_LEAST_0,
    "grow_policy": ChoiceRule(("depthwise", "lossguide")),
    "interaction_constraints": InteractionConstraints(),
    "lambda": _AT_LEAST_0,
    "lambda_bias": _SHARE,
    "max_bin": IntegerRule(2),
    "max_delta_step": _AT_LEAST_0,
    "max_depth": IntegerRule(0),
    "max_leaves": IntegerRule(0),
    "min_child_weight": _AT_LEAST_0,
    "monotone_constraints": MonotoneConstraints(),
    "normalize_type": ChoiceRule(("tree", "forest")),
    "nthread": IntegerRule(1),
    "num_class": IntegerRule(2),
    "num_parallel_tree": IntegerRule(1),
    "objective": ChoiceRule(OBJECTIVES),
    "one_drop": _FLAG,
    "predictor": ChoiceRule(("auto", "cpu_predictor", "gpu_predictor")),
    "prob_buffer_row": NumberRule(above=1),
    "process_type": ChoiceRule(("default", "update")),
    "rate_drop": _SHARE,
    "refresh_leaf": _FLAG,
    "sample_type": ChoiceRule(("uniform", "weighted")),
    "sampling_method": ChoiceRule(("uniform", "gradient_based")),
    "scale_pos_weight": NumberRule(above=0),
    "seed": IntegerRule(-(2**31) + 1),
    "single_precision_histogram": BooleanRule(),
    "sketch_eps": NumberRule(above=0, below=1),
    "skip_drop": _SHARE,
    "subsample": _SAMPLE,
    "tree_method": ChoiceRule(("auto", "exact", "approx", "hist", "gpu_hist")),
    "tweedie_variance_power": NumberRule(above=1, below=2),
    "updater": Updaters(),
    "verbosity": ChoiceRule(("0", "1", "2", "3")),
}

NAMES = tuple(sorted(RULES))


@dataclass(frozen=True)
class HyperParameters:
    """One job's hyperparameters with their types; those that are not given are left to the library's defaults."""

    values: Mapping[str, Any]
    tuning_objective: str | None = None
    """The objective of the tuning job that started this training job, such as "validation:auc"; None outside of one."""

    @classmethod
    def parse(cls, raw: Mapping[str, str]) -> Self:
        """Types and checks a job's hyperparameters.

        Raises:
            ClientError: Names every missing, unknown, mistyped or out-of-range one, its valid values and the value
                got; or those that do not go together.
        """
        given = dict(raw)
        tuning_objective = given.pop(TUNING_OBJECTIVE, None)
        values: dict[str, Any] = {}
        problems = [] if "num_round" in given else ["hyperparameter num_round is missing: give the number of rounds"]
        for name, text in sorted(given.items()):
            known = ALIASES.get(name, name)
            if known not in RULES:
                problems.append(_unknown(name))
            elif known != name and known in given:
                problems.append(f"hyperparameters {known} and {name} are the same: give one of them")
            else:
                try:
                    values[known] = RULES[known].parse(text)
                except ValueError:
                    problems.append(f"hyperparameter {name} must be {RULES[known]}, but got {text!r}")
        parsed = cls(values, tuning_objective)
        problems = problems or list(parsed._conflicts())
        if problems:
            raise ClientError("; ".join(problems))
        return parsed

    @property
    def objective(self) -> str:
        """The learning objective."""
        objective: str = self.values.get("objective", DEFAULT_OBJECTIVE)
        return objective

    @property
    def metrics(self) -> list[str]:
        """The metrics to log, sorted: those of eval_metric and the tuning job's; empty: the objective's own."""
        asked: list[str] = self.values.get("eval_metric", [])
        return sorted({*asked, *self._tuned})

    @property
    def early_stopping(self) -> tuple[int, str, bool] | None:
        """Rounds without improvement, the metric to improve and whether more is better; None: train all rounds.

        The metric is the tuning job's, else the last of eval_metric; without one there is no early stopping.
        """
        rounds: int | None = self.values.get("early_stopping_rounds")
        watched = [*self.values.get("eval_metric", []), *self._tuned]
        if rounds is None or not watched:
            return None
        return rounds, watched[-1], watched[-1].split("@")[0] in MAXIMIZED

    def for_library(self) -> dict[str, Any]:
        """What the library is given; it warns of those that have no effect."""
        values = {name: value for name, value in self.values.items() if name not in _OWN}
        if values.get("tree_method") == "gpu_hist":
            values["tree_method"] = "hist"  # the same algorithm, on the processor
        return values

    @property
    def _tuned(self) -> list[str]:
        return [] if self.tuning_objective is None else [self.tuning_objective.partition(":")[2]]

    def _conflicts(self) -> list[str]:
        problems = [classification_problem(metric, self.objective) for metric in self.metrics]
        if self.tuning_objective is not None and self.tuning_objective not in TUNING_OBJECTIVES:
            valid = ", ".join(sorted(TUNING_OBJECTIVES))
            problems.append(f"the tuning job's objective must be one of {valid}, but got {self.tuning_objective!r}")
        multi = self.objective.startswith("multi:")
        if multi and "num_class" not in self.values:
            problems.append(f"hyperparameter num_class is missing: objective {self.objective} needs it")
        if not multi and "num_class" in self.values:
            problems.append(f"hyperparameter num_class is for multi-class objectives only, but got {self.objective}")
        method = self.values.get("tree_method", "auto")
        for name, methods in (
            ("monotone_constraints", ("exact", "hist")),
            ("interaction_constraints", ("exact", "hist", "approx")),
        ):
            if name in self.values and method not in methods:
                problems.append(f"{name} needs tree_method {' or '.join(methods)}, but got {method}")
        booster, process = self.values.get("booster", "gbtree"), self.values.get("process_type", "default")
        if "updater" in self.values:
            problems.append(Updaters.problem(self.values["updater"], booster, process))
        return [problem for problem in problems if problem]


def _unknown(name: str) -> str:
    close = difflib.get_close_matches(name, [*NAMES, *ALIASES], n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"the valid ones are {', '.join(NAMES)}"
    return f"unknown hyperparameter {name!r}: {hint}"
