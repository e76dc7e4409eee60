"""What the programs refuse."""

from __future__ import annotations


class InputError(Exception):
    """Data or hyperparameters are not usable; the text becomes the job's failure reason."""
