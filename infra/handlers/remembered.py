"""Answers about values that many declarations have in common, found once: hundreds of jobs may share a search space."""

from __future__ import annotations

import marshal
from collections.abc import Callable, Hashable
from functools import wraps
from typing import Any, Final, TypeVar

_MOST: Final = 1024  # answers of a function

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


def exactly(value: Any) -> bytes | None:
    """What tells a plain value from every other, such as 1 from 1.0 and True; None if it holds more than plain values.

    A tenth of the time of its JSON, which does not tell these apart either. Never read back.
    """
    try:
        return marshal.dumps(value, 2)  # later formats depend on which parts of the value are the same object
    except ValueError:
        return None


def remembered(
    key: Callable[[Any], Hashable | None],
) -> Callable[[Callable[[Asked], Answer]], Callable[[Asked], Answer]]:
    """Makes a function remember its answers by a key of its argument; what has the key None is asked each time.

    The function depends on nothing but what is in the key, and nobody changes its answers.
    """

    def remember(function: Callable[[Asked], Answer]) -> Callable[[Asked], Answer]:
        answers: dict[Hashable, Answer] = {}

        @wraps(function)
        def ask(asked: Asked) -> Answer:
            known = key(asked)
            if known is None:
                return function(asked)
            if known not in answers:
                if len(answers) >= _MOST:
                    answers.clear()
                answers[known] = function(asked)
            return answers[known]

        return ask

    return remember
