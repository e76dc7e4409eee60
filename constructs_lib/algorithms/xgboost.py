"""Amazon SageMaker's XGBoost algorithm: gradient boosted trees.

The facts are those of the SageMaker developer guide, chapters "XGBoost Hyperparameters" and "Tune an XGBoost Model".
"""

from __future__ import annotations

import re
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
)
from constructs_lib.errors import ValidationError
from infra.handlers.algorithms import XGBOOST, AlgorithmFacts

_VERSION = re.compile(r"\d+\.\d+-\d+")


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

    facts: ClassVar[AlgorithmFacts] = XGBOOST
    publishers: ClassVar[frozenset[str]] = frozenset(XGBOOST_ACCOUNTS.values())

    num_class = HyperParameter()
    num_round = IntegerHyperParameter()
    alpha = ContinuousHyperParameter()
    base_score = HyperParameter()
    booster = HyperParameter()
    colsample_bylevel = ContinuousHyperParameter()
    colsample_bynode = ContinuousHyperParameter()
    colsample_bytree = ContinuousHyperParameter()
    csv_weights = HyperParameter()
    deterministic_histogram = HyperParameter()
    early_stopping_rounds = HyperParameter()
    eta = ContinuousHyperParameter()
    eval_metric = HyperParameter()
    gamma = ContinuousHyperParameter()
    grow_policy = HyperParameter()
    interaction_constraints = HyperParameter()
    lambda_ = ContinuousHyperParameter()
    lambda_bias = HyperParameter()
    max_bin = HyperParameter()
    max_delta_step = IntegerHyperParameter()
    max_depth = IntegerHyperParameter()
    max_leaves = HyperParameter()
    min_child_weight = ContinuousHyperParameter()
    monotone_constraints = HyperParameter()
    normalize_type = HyperParameter()
    nthread = HyperParameter()
    objective = HyperParameter()
    one_drop = HyperParameter()
    process_type = HyperParameter()
    rate_drop = HyperParameter()
    refresh_leaf = HyperParameter()
    sample_type = HyperParameter()
    scale_pos_weight = HyperParameter()
    seed = HyperParameter()
    single_precision_histogram = HyperParameter()
    sketch_eps = HyperParameter()
    skip_drop = HyperParameter()
    subsample = ContinuousHyperParameter()
    tree_method = HyperParameter()
    tweedie_variance_power = HyperParameter()
    updater = HyperParameter()
    use_dask_gpu_training = HyperParameter()
    verbosity = HyperParameter()

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
