"""The encoder of a job, recurrent or convolutional: embedded source sentences to one vector a position."""

from __future__ import annotations

from .convolutional_encoder import ConvolutionalEncoder
from .hyperparameters import HyperParameters
from .initialization import Initializer
from .recurrent_encoder import RecurrentEncoder

Encoder = RecurrentEncoder | ConvolutionalEncoder


def make_encoder(settings: HyperParameters, init: Initializer) -> Encoder:
    """The encoder that a job's hyperparameters describe."""
    return RecurrentEncoder(settings, init) if settings.encoder_type == "rnn" else ConvolutionalEncoder(settings, init)
