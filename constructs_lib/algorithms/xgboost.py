"""Amazon SageMaker's XGBoost algorithm: gradient boosted trees.

The facts are those of the SageMaker developer guide, chapters "XGBoost Hyperparameters" and "Tune an XGBoost Model".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from constructs import Construct

from constructs_lib._algorithm_accounts import XGBOOST_ACCOUNTS
from constructs_lib._built_in_image import BuiltInImage, built_in_image
from constructs_lib.algorithms.algorithm import Algorithm, known
from constructs_lib.algorithms.hyper_parameters import (
    ContinuousHyperParameter,
    HyperParameter,
    IntegerHyperParameter,
    ValueType,
)
from constructs_lib.errors import ValidationError
from constructs_lib.objective import ObjectiveType

_INT, _FLOAT = ValueType.INTEGER, ValueType.FLOAT
_VERSION = re.compile(r"\d+\.\d+-\d+")
_FLAG = ("0", "1")
_DART = {"booster": ("dart",)}
_TABLES = ("text/csv", "text/libsvm", "application/x-parquet", "application/x-recordio-protobuf")


@known
@dataclass(frozen=True)
class XGBoost(Algorithm):
    """The XGBoost algorithm, for regression, classification and ranking of tables.

    >>> XGBoost.max_depth.between(3, 10).name
    'max_depth'

    Attributes:
        image: the image, as a construct or its full name. Default: None, with ``algorithm_name`` instead.
        training_input_mode: how data reaches the program. Default: ``InputMode.FILE``.
        metric_definitions: regular expressions by metric name, for an image of your own; AWS's own image needs none.
            Default: None.
        algorithm_name: name or ARN of an algorithm resource. Default: None.
    """

    repositories: ClassVar[tuple[str, ...]] = ("xgboost", "sagemaker-xgboost")
    metrics: ClassVar[Mapping[str, ObjectiveType]] = {
        "validation:accuracy": ObjectiveType.MAXIMIZE,
        "validation:auc": ObjectiveType.MAXIMIZE,
        "validation:error": ObjectiveType.MINIMIZE,
        "validation:f1": ObjectiveType.MAXIMIZE,
        "validation:logloss": ObjectiveType.MINIMIZE,
        "validation:mae": ObjectiveType.MINIMIZE,
        "validation:map": ObjectiveType.MAXIMIZE,
        "validation:merror": ObjectiveType.MINIMIZE,
        "validation:mlogloss": ObjectiveType.MINIMIZE,
        "validation:mse": ObjectiveType.MINIMIZE,
        "validation:ndcg": ObjectiveType.MAXIMIZE,
        "validation:rmse": ObjectiveType.MINIMIZE,
    }
    # Training alone does without validation data, but every metric that can be tuned for is computed on it.
    required_channels: ClassVar[tuple[str, ...]] = ("train", "validation")
    channels: ClassVar[Mapping[str, tuple[str, ...]]] = {"train": _TABLES, "validation": _TABLES}
    objective_parameter: ClassVar[str | None] = "eval_metric"

    num_class = HyperParameter(type=_INT, above=0, applies_to={"objective": ("multi:softmax", "multi:softprob")})
    num_round = IntegerHyperParameter(above=0, recommended=(1, 4000), required=True)
    alpha = ContinuousHyperParameter(default=0, recommended=(0, 1000))
    base_score = HyperParameter(type=_FLOAT, default=0.5)
    booster = HyperParameter(values=("gbtree", "gblinear", "dart"), default="gbtree")
    colsample_bylevel = ContinuousHyperParameter(minimum=0, maximum=1, default=1, recommended=(0.1, 1))
    colsample_bynode = ContinuousHyperParameter(above=0, maximum=1, default=1, recommended=(0.1, 1))
    colsample_bytree = ContinuousHyperParameter(minimum=0, maximum=1, default=1, recommended=(0.5, 1))
    csv_weights = HyperParameter(values=_FLAG, default="0")
    deterministic_histogram = HyperParameter(
        type=ValueType.BOOLEAN, default=True, applies_to={"tree_method": ("gpu_hist",)}
    )
    early_stopping_rounds = HyperParameter(type=_INT, above=0)
    eta = ContinuousHyperParameter(minimum=0, maximum=1, default=0.3, recommended=(0.1, 0.5))
    eval_metric = HyperParameter()
    gamma = ContinuousHyperParameter(minimum=0, default=0, recommended=(0, 5))
    grow_policy = HyperParameter(
        values=("depthwise", "lossguide"), default="depthwise", applies_to={"tree_method": ("hist",)}
    )
    interaction_constraints = HyperParameter()
    lambda_ = ContinuousHyperParameter(name="lambda", default=1, recommended=(0, 1000))
    lambda_bias = HyperParameter(type=_FLOAT, minimum=0, maximum=1, default=0, applies_to={"booster": ("gblinear",)})
    max_bin = HyperParameter(type=_INT, above=0, default=256, applies_to={"tree_method": ("hist",)})
    max_delta_step = IntegerHyperParameter(minimum=0, default=0, recommended=(0, 10))
    max_depth = IntegerHyperParameter(minimum=0, default=6, recommended=(0, 10))
    max_leaves = HyperParameter(type=_INT, minimum=0, default=0, applies_to={"grow_policy": ("lossguide",)})
    min_child_weight = ContinuousHyperParameter(minimum=0, default=1, recommended=(0, 120))
    monotone_constraints = HyperParameter()
    normalize_type = HyperParameter(values=("tree", "forest"), default="tree", applies_to=_DART)
    nthread = HyperParameter(type=_INT, above=0)
    objective = HyperParameter(default="reg:squarederror")
    one_drop = HyperParameter(values=_FLAG, default="0", applies_to=_DART)
    process_type = HyperParameter(values=("default", "update"), default="default")
    rate_drop = HyperParameter(type=_FLOAT, minimum=0, maximum=1, default=0.0, applies_to=_DART)
    refresh_leaf = HyperParameter(values=_FLAG, default="1")
    sample_type = HyperParameter(values=("uniform", "weighted"), default="uniform", applies_to=_DART)
    scale_pos_weight = HyperParameter(type=_FLOAT, default=1)
    seed = HyperParameter(type=_INT, default=0)
    single_precision_histogram = HyperParameter(
        type=ValueType.BOOLEAN, default=False, applies_to={"tree_method": ("hist", "gpu_hist")}
    )
    sketch_eps = HyperParameter(
        type=_FLOAT, minimum=0, maximum=1, default=0.03, applies_to={"tree_method": ("approx",)}
    )
    skip_drop = HyperParameter(type=_FLOAT, minimum=0, maximum=1, default=0.0, applies_to=_DART)
    subsample = ContinuousHyperParameter(minimum=0, maximum=1, default=1, recommended=(0.5, 1))
    tree_method = HyperParameter(values=("auto", "exact", "approx", "hist", "gpu_hist"), default="auto")
    tweedie_variance_power = HyperParameter(
        type=_FLOAT, above=1, below=2, default=1.5, applies_to={"objective": ("reg:tweedie",)}
    )
    updater = HyperParameter()
    use_dask_gpu_training = HyperParameter(
        type=ValueType.BOOLEAN, default=False, applies_to={"tree_method": ("gpu_hist",)}
    )
    verbosity = HyperParameter(values=("0", "1", "2", "3"), default="1")

    @staticmethod
    def built_in_image(scope: Construct, *, version: str = "1.7-1") -> BuiltInImage:
        """AWS's own image ``sagemaker-xgboost`` in the region of ``scope``'s stack.

        A stack without a region looks the registry up at deploy, in a mapping that its template then has.

        Args:
            scope: where the image is used.
            version: version of the container, which begins with that of XGBoost. Default: ``1.7-1``.

        Raises:
            ValidationError: if AWS publishes no such image in the region, or the version has another form.
        """
        if not _VERSION.fullmatch(version):
            text = f"version must be a container's, such as '1.7-1', got {version!r}"
            raise ValidationError(scope.node.path, [text])
        return built_in_image(
            scope,
            repository="sagemaker-xgboost",
            tag=version,
            accounts=XGBOOST_ACCOUNTS,
            mapping="XGBoostImageAccounts",
            instead="use another region, or give XGBoost an image of your own",
        )
