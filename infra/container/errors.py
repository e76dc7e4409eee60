"""The one error that is the user's to mend."""

from __future__ import annotations


class ClientError(Exception):
    """A mistake in the request, the hyperparameters or the data; the message names the thing and says what to do.

    Ends the job with exit code 1 and becomes its FailureReason.
    """
