"""The xgboost package, imported in a third of the time: without its interface for scikit-learn, which is not used."""

from __future__ import annotations

import sys


def _without_scikit_learn() -> None:
    if "sklearn" in sys.modules:
        import xgboost
    else:
        sys.modules["sklearn"] = None  # type: ignore[assignment]  # to an import statement: not installed
        try:
            import xgboost  # noqa: F401
        finally:
            del sys.modules["sklearn"]


_without_scikit_learn()

import xgboost as xgb  # noqa: E402

__all__ = ["xgb"]
