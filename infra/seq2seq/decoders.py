"""The decoder of a job, recurrent or convolutional."""

from __future__ import annotations

from .convolutional_decoder import ConvolutionalDecoder
from .hyperparameters import HyperParameters
from .initialization import Initializer
from .recurrent_decoder import RecurrentDecoder

Decoder = RecurrentDecoder | ConvolutionalDecoder


def make_decoder(settings: HyperParameters, memory_size: int, init: Initializer) -> Decoder:
    """The decoder that a job's hyperparameters describe, over memory of this size."""
    kind = RecurrentDecoder if settings.decoder_type == "rnn" else ConvolutionalDecoder
    return kind(settings, memory_size, init)
