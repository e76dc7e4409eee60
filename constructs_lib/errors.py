"""Errors of declarations."""

from __future__ import annotations

from collections.abc import Sequence


class ValidationError(ValueError):
    """A declaration breaks rules; the message has the construct's path and every broken rule."""

    def __init__(self, path: str, problems: Sequence[str]) -> None:
        super().__init__(f"{path}: {'; '.join(problems)}")
        self.path = path
        self.problems = list(problems)
