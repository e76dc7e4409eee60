"""Errors that pass, waited for within a bound: each attempt is logged once."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from . import clock
from .errors import HandlerError, is_passing, said
from .logs import log

_T = TypeVar("_T")

# Between attempts within one invocation: doubled each time, to at most this.
_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 15.0


def patiently(work: Callable[[], _T], *, seconds: float) -> _T:
    """The result of ``work``, attempted again after errors that pass, for at most ``seconds``.

    Raises:
        HandlerError: naming the error and the bound, if it did not pass.
    """
    deadline, pause = clock.now() + seconds, _FIRST_PAUSE
    while True:
        try:
            return work()
        except (ClientError, BotoCoreError) as error:
            if not is_passing(error):
                raise
            if clock.now() + pause > deadline:
                raise HandlerError(f"{said(error)} (tried for {seconds:g} s)") from error
            log("the call failed and is tried again", logging.WARNING, reason=said(error), pause=pause)
        clock.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)


def unless_passing(work: Callable[[], bool], *, deadline: float, bound: float) -> bool:
    """Whether ``work`` is complete; it is not yet when it meets an error that passes and the deadline is to come.

    Raises:
        HandlerError: naming the error and the ``bound`` in seconds, if the deadline is over.
    """
    try:
        return work()
    except (ClientError, BotoCoreError) as error:
        if not is_passing(error):
            raise
        if clock.now() >= deadline:
            raise HandlerError(f"{said(error)} (tried for {bound:g} s)") from error
        log("the call failed and is tried at the next look", logging.WARNING, reason=said(error))
        return False
