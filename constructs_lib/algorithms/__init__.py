"""Algorithms that know themselves: a file each."""

from constructs_lib.algorithms.algorithm import Algorithm, CustomAlgorithm, TrainingImage
from constructs_lib.algorithms.hyper_parameters import (
    CategoricalHyperParameter,
    ContinuousHyperParameter,
    HyperParameter,
    IntegerHyperParameter,
    ValueType,
)
from constructs_lib.algorithms.seq2seq import Seq2Seq
from constructs_lib.algorithms.xgboost import XGBoost

__all__ = [
    "Algorithm",
    "CategoricalHyperParameter",
    "ContinuousHyperParameter",
    "CustomAlgorithm",
    "HyperParameter",
    "IntegerHyperParameter",
    "Seq2Seq",
    "TrainingImage",
    "ValueType",
    "XGBoost",
]
