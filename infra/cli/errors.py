"""Errors that are the user's to mend: shown as one message, without a trace."""

from __future__ import annotations


class UserError(Exception):
    """Something that the user can put right; the message names the thing and says what to do.

    Library code of the run-time rooms (``infra.local``, ``infra.seq2seq``, ``infra.report``) raises errors of its own;
    a command turns those that a user can act on into this one.
    """
