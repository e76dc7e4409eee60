"""Amazon SageMaker's XGBoost algorithm: gradient boosted trees.

The facts are those of the SageMaker developer guide, chapters "XGBoost Hyperparameters" and "Tune an XGBoost Model".
"""

from __future__ import annotations

from typing import Final

from .facts import AlgorithmFacts, Continuous, HyperParameter, Integer, ValueType, by_name

_INT, _FLOAT, _BOOL = ValueType.INTEGER, ValueType.FLOAT, ValueType.BOOLEAN
_FLAG = ("0", "1")
_DART = {"booster": ("dart",)}
_TABLES = ("text/csv", "text/libsvm", "application/x-parquet", "application/x-recordio-protobuf")

_HYPER_PARAMETERS: Final = by_name(
    HyperParameter("num_class", type=_INT, above=0, applies_to={"objective": ("multi:softmax", "multi:softprob")}),
    Integer("num_round", above=0, recommended=(1, 4000), required=True),
    Continuous("alpha", default=0, recommended=(0, 1000)),
    HyperParameter("base_score", type=_FLOAT, default=0.5),
    HyperParameter("booster", values=("gbtree", "gblinear", "dart"), default="gbtree"),
    Continuous("colsample_bylevel", minimum=0, maximum=1, default=1, recommended=(0.1, 1)),
    Continuous("colsample_bynode", above=0, maximum=1, default=1, recommended=(0.1, 1)),
    Continuous("colsample_bytree", minimum=0, maximum=1, default=1, recommended=(0.5, 1)),
    HyperParameter("csv_weights", values=_FLAG, default="0"),
    HyperParameter("deterministic_histogram", type=_BOOL, default=True, applies_to={"tree_method": ("gpu_hist",)}),
    HyperParameter("early_stopping_rounds", type=_INT, above=0),
    Continuous("eta", minimum=0, maximum=1, default=0.3, recommended=(0.1, 0.5)),
    HyperParameter("eval_metric"),
    Continuous("gamma", minimum=0, default=0, recommended=(0, 5)),
    HyperParameter(
        "grow_policy", values=("depthwise", "lossguide"), default="depthwise", applies_to={"tree_method": ("hist",)}
    ),
    HyperParameter("interaction_constraints"),
    Continuous("lambda", default=1, recommended=(0, 1000)),
    HyperParameter("lambda_bias", type=_FLOAT, minimum=0, maximum=1, default=0, applies_to={"booster": ("gblinear",)}),
    HyperParameter("max_bin", type=_INT, above=0, default=256, applies_to={"tree_method": ("hist",)}),
    Integer("max_delta_step", minimum=0, default=0, recommended=(0, 10)),
    Integer("max_depth", minimum=0, default=6, recommended=(0, 10)),
    HyperParameter("max_leaves", type=_INT, minimum=0, default=0, applies_to={"grow_policy": ("lossguide",)}),
    Continuous("min_child_weight", minimum=0, default=1, recommended=(0, 120)),
    HyperParameter("monotone_constraints"),
    HyperParameter("normalize_type", values=("tree", "forest"), default="tree", applies_to=_DART),
    HyperParameter("nthread", type=_INT, above=0),
    HyperParameter("objective", default="reg:squarederror"),
    HyperParameter("one_drop", values=_FLAG, default="0", applies_to=_DART),
    HyperParameter("process_type", values=("default", "update"), default="default"),
    HyperParameter("rate_drop", type=_FLOAT, minimum=0, maximum=1, default=0.0, applies_to=_DART),
    HyperParameter("refresh_leaf", values=_FLAG, default="1"),
    HyperParameter("sample_type", values=("uniform", "weighted"), default="uniform", applies_to=_DART),
    HyperParameter("scale_pos_weight", type=_FLOAT, default=1),
    HyperParameter("seed", type=_INT, default=0),
    HyperParameter(
        "single_precision_histogram", type=_BOOL, default=False, applies_to={"tree_method": ("hist", "gpu_hist")}
    ),
    HyperParameter(
        "sketch_eps", type=_FLOAT, minimum=0, maximum=1, default=0.03, applies_to={"tree_method": ("approx",)}
    ),
    HyperParameter("skip_drop", type=_FLOAT, minimum=0, maximum=1, default=0.0, applies_to=_DART),
    Continuous("subsample", minimum=0, maximum=1, default=1, recommended=(0.5, 1)),
    HyperParameter("tree_method", values=("auto", "exact", "approx", "hist", "gpu_hist"), default="auto"),
    HyperParameter(
        "tweedie_variance_power",
        type=_FLOAT,
        above=1,
        below=2,
        default=1.5,
        applies_to={"objective": ("reg:tweedie",)},
    ),
    HyperParameter("updater"),
    HyperParameter("use_dask_gpu_training", type=_BOOL, default=False, applies_to={"tree_method": ("gpu_hist",)}),
    HyperParameter("verbosity", values=("0", "1", "2", "3"), default="1"),
)

XGBOOST: Final = AlgorithmFacts(
    "XGBoost",
    repositories=("xgboost", "sagemaker-xgboost"),
    metrics={
        "validation:accuracy": "Maximize",
        "validation:auc": "Maximize",
        "validation:error": "Minimize",
        "validation:f1": "Maximize",
        "validation:logloss": "Minimize",
        "validation:mae": "Minimize",
        "validation:map": "Maximize",
        "validation:merror": "Minimize",
        "validation:mlogloss": "Minimize",
        "validation:mse": "Minimize",
        "validation:ndcg": "Maximize",
        "validation:rmse": "Minimize",
    },
    channels={"train": _TABLES, "validation": _TABLES},
    # Training alone does without validation data, but every metric that can be tuned for is computed on it.
    required_channels=("train", "validation"),
    hyper_parameters=_HYPER_PARAMETERS,
    objective_parameter="eval_metric",
)
