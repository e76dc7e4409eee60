"""Algorithms that are known by their documentation: a file of facts each.

`constructs_lib.algorithms` makes typed ranges of them, `rules` checks declarations against them on both sides.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .facts import AlgorithmFacts
from .seq2seq import SEQ2SEQ
from .xgboost import XGBOOST

__all__ = ["CUSTOM", "KNOWN", "SEQ2SEQ", "XGBOOST", "AlgorithmFacts"]

CUSTOM: Final = AlgorithmFacts("CustomAlgorithm", needs_metric_definitions=True)
"""A program of somebody's own, which emits what the declaration defines."""

KNOWN: Final[Mapping[str, AlgorithmFacts]] = {facts.name: facts for facts in (CUSTOM, SEQ2SEQ, XGBOOST)}
"""By name, as the constructs write it into the template."""
