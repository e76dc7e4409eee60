"""The error of a declaration that breaks rules."""

from __future__ import annotations

from collections.abc import Sequence

from infra.handlers.rules import Finding


class ValidationError(ValueError):
    """A declaration breaks one or more rules; the message lists all of them at once.

    Attributes:
        path: path of the construct in the app, such as ``Tuning/Job``.
        problems: the broken rules: which prop, the rule and the value got.
    """

    def __init__(self, path: str, problems: Sequence[Finding | str]) -> None:
        self.path = path
        self.problems = tuple(problems)
        if len(problems) == 1:
            super().__init__(f"{path}: {problems[0]}")
        else:
            lines = "".join(f"\n  {problem}" for problem in problems)
            super().__init__(f"{path}: the declaration breaks {len(problems)} rules:{lines}")
