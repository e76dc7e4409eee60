"""Encoders: embedded source sentences to one vector a position."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .attention import Encoded
from .cells import Cell, make_cell, zero_state
from .hyperparameters import HyperParameters
from .initialization import Initializer
from .layers import Convolution, Projection, Words, running_at


class RecurrentEncoder(nn.Module):
    """A bidirectional layer (Bahdanau et al. 2015, section 3.2), then layers from left to right on top of it."""

    def __init__(self, settings: HyperParameters, init: Initializer) -> None:
        super().__init__()
        self.size = settings.rnn_num_hidden
        kind, half, embed = settings.rnn_cell_type, settings.rnn_num_hidden // 2, settings.num_embed_source
        self.forwards = make_cell(kind, embed, 0, half, init)
        self.backwards = make_cell(kind, embed, 0, half, init)
        upper = range(settings.num_layers_encoder - 1)
        self.upper = nn.ModuleList(make_cell(kind, self.size, 0, self.size, init) for _ in upper)
        # The first upper layer is the second of all; the layer from words to states cannot be residual.
        self.first_residual = settings.rnn_first_residual_layer - 2 if settings.rnn_residual_connections else len(upper)

    def forward(self, words: Words, lengths: Tensor) -> Encoded:
        """Sentences (B, S, E) and their lengths (B,) to the encoded batch, D = rnn_num_hidden.

        Between the layers stand the N words alone, step by step and longer sentences first, without any padding.
        """
        order = lengths.argsort(descending=True, stable=True)
        running = running_at(lengths[order])  # (S, B)
        inputs = Words(words.vectors, words.places[order])
        ahead = unroll(self.forwards, inputs.steps(self.forwards.project, running))
        back = unroll(self.backwards, inputs.steps(self.backwards.project, running), reverse=True)
        output = torch.cat([ahead, back], dim=1)  # (N, H)
        sizes = running.sum(dim=1).tolist()
        for layer, cell in enumerate(self.upper):
            above = unroll(cell, cell.project(output).split(sizes))  # type: ignore[arg-type, operator]  # ModuleList forgets types
            output = output + above if layer >= self.first_residual else above
        step, row = running.nonzero(as_tuple=True)
        places = order[row] * len(running) + step  # (N,): where each word stands in (B, S)
        memory = output.new_zeros(running.numel(), self.size).index_copy(0, places, output)
        memory = memory.view(len(lengths), len(running), self.size)
        last = memory[torch.arange(len(lengths), device=lengths.device), lengths - 1]
        if not self.upper:  # each direction ends elsewhere
            half = self.size // 2
            last = torch.cat([last[:, :half], memory[:, 0, half:]], dim=1)
        return Encoded(memory, memory, running_at(lengths).t(), last)


def unroll(cell: Cell, inputs: Sequence[Tensor], *, reverse: bool = False) -> Tensor:
    """A cell over the projected inputs of each step, (b, gates * H), to (N, H).

    In a step with fewer rows than the one before sentences have ended; in one with more, others begin from zero.
    """
    step, state = cell.begin(), zero_state(cell, inputs[-1] if reverse else inputs[0])
    outputs = [state[0]] * len(inputs)
    for t in reversed(range(len(inputs))) if reverse else range(len(inputs)):
        change = len(inputs[t]) - len(state[0])
        if change:
            state = tuple(nn.functional.pad(part, (0, 0, 0, change)) for part in state)
        state = step(inputs[t], None, state)
        outputs[t] = state[0]
    return torch.cat(outputs)


class ConvolutionalEncoder(nn.Module):
    """Stacked convolutions over positions, with residual connections (Gehring et al. 2017, sections 3.1 and 3.2).

    Sums are not scaled by sqrt(0.5), here and in the decoder, as in Sockeye: the paper's weights start wide enough for
    that (section 3.5), the documented ones do not, and signals would fade from layer to layer.
    """

    def __init__(self, settings: HyperParameters, init: Initializer) -> None:
        super().__init__()
        self.size, self.width = settings.cnn_num_hidden, settings.cnn_kernel_width_encoder
        self.project = Projection(settings.num_embed_source, self.size, init)
        self.layers = nn.ModuleList(
            Convolution(self.size, self.width, settings.cnn_activation_type, init)
            for _ in range(settings.num_layers_encoder)
        )
        self.dropout = nn.Dropout(settings.cnn_hidden_dropout)

    def forward(self, sentences: Words, lengths: Tensor) -> Encoded:
        """Sentences (B, S, E), positions embedded too, and lengths (B,) to the encoded batch, D = cnn_num_hidden."""
        embedded = sentences.sentences()
        mask = torch.arange(embedded.size(1), device=lengths.device) < lengths.unsqueeze(1)  # (B, S)
        words = mask.unsqueeze(2).to(embedded.dtype)  # (B, S, 1)
        bottom = output = self.project(embedded) * words
        before = (self.width - 1) // 2
        for layer in self.layers:
            padded = nn.functional.pad(self.dropout(output), (0, 0, before, self.width - 1 - before))
            output = (output + layer(padded)) * words
        last = output[torch.arange(len(lengths), device=lengths.device), lengths - 1]
        return Encoded(output, output + bottom, mask, last)


Encoder = RecurrentEncoder | ConvolutionalEncoder


def make_encoder(settings: HyperParameters, init: Initializer) -> Encoder:
    """The encoder that a job's hyperparameters describe."""
    return RecurrentEncoder(settings, init) if settings.encoder_type == "rnn" else ConvolutionalEncoder(settings, init)
