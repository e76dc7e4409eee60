"""Algorithms that know themselves: a file each."""

from constructs_lib.algorithms.algorithm import Algorithm, CustomAlgorithm, TrainingImage
from constructs_lib.algorithms.hyper_parameters import (
    CategoricalHyperParameter,
    ContinuousHyperParameter,
    HyperParameter,
    IntegerHyperParameter,
)
from constructs_lib.algorithms.seq2seq import Seq2Seq
from constructs_lib.algorithms.xgboost import XGBoost
from infra.handlers.algorithms import AlgorithmFacts
from infra.handlers.algorithms.facts import ValueType

__all__ = [
    "Algorithm",
    "AlgorithmFacts",
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
