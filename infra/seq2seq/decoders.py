"""Decoders: the target so far and the encoded source to one vector a position, from which the next word is predicted.

Training runs over whole sentences (:meth:`forward`); search begins once and then goes step by step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor, nn

from .attention import Encoded, make_attention
from .cells import State, make_cell
from .hyperparameters import HyperParameters
from .initialization import Initializer
from .layers import Convolution, Projection, Words

#: What a decoder carries from step to step: tensors with one row a hypothesis.
Carried = tuple[Tensor, ...]


class Decoding(Protocol):
    """A decoder at work on some sentences."""

    initial: Carried

    def step(self, embedded: Tensor, carried: Carried) -> tuple[Tensor, Tensor, Carried]:
        """The embedded word before, (B, E), to features (B, H), attention weights (B, S) and what to carry on."""
        ...


class RecurrentDecoder(nn.Module):
    """Recurrent layers, attention, and the attention vector fed back (Luong et al. 2015, sections 3.1 and 3.3).

    With attention in upper layers the first layer asks and the layers above it see the context too; else the last one
    asks.
    """

    def __init__(self, settings: HyperParameters, memory_size: int, init: Initializer) -> None:
        super().__init__()
        hidden, layers = settings.rnn_num_hidden, settings.num_layers_decoder
        deep = settings.rnn_attention_in_upper_layers
        self.size = hidden
        step_size = hidden + memory_size if deep else hidden
        cells = [make_cell(settings.rnn_cell_type, settings.num_embed_target, hidden, hidden, init)]
        cells += [make_cell(settings.rnn_cell_type, 0, step_size, hidden, init) for _ in range(layers - 1)]
        self.cells = nn.ModuleList(cells)
        self.asking_layer = 0 if deep else layers - 1
        # Numbered from 0; the lowest layer cannot be residual, its input is of another kind.
        self.first_residual = (
            max(1, settings.rnn_first_residual_layer - 1) if settings.rnn_residual_connections else layers
        )
        self.attention = make_attention(settings, memory_size, init)
        self.combine = Projection(hidden + memory_size, hidden, init)
        self.dropout = nn.Dropout(settings.rnn_decoder_hidden_dropout)
        self.state_init = settings.rnn_decoder_state_init
        parts = layers * cells[0].state_parts
        self.to_state = None if self.state_init == "zero" else Projection(memory_size, parts * hidden, init)

    def forward(self, encoded: Encoded, words: Words, running: Tensor) -> Tensor:
        """Target words before each position, (B, T, E), to features (N, H) where ``running`` (T, B) is true.

        Longer sentences come first, so that those that have ended can be left out of the steps that follow.
        """
        recurrence = _Recurrence(self, encoded)
        carried, features = recurrence.initial, []
        for inputs in words.steps(self.cells[0].project, running):  # type: ignore[arg-type]
            if len(inputs) < len(carried[0]):
                carried = tuple(part[: len(inputs)] for part in carried)
            output, _, carried = recurrence.advance(inputs, carried)
            features.append(output)
        return torch.cat(features)

    def begin(self, encoded: Encoded) -> Decoding:
        """Starts decoding these sentences."""
        return _Recurrence(self, encoded)

    def initial_states(self, encoded: Encoded) -> Carried:
        """States of all layers before the first step, each (B, H)."""
        if self.to_state is None:
            parts = len(self.cells) * self.cells[0].state_parts  # type: ignore[operator]
            return tuple(encoded.last.new_zeros(len(encoded.last), self.size) for _ in range(parts))
        summary = encoded.last
        if self.state_init == "avg":
            summary = encoded.keys.sum(dim=1) / encoded.mask.sum(dim=1, keepdim=True)
        return tuple(self.to_state(summary).tanh().split(self.size, dim=1))


class _Recurrence:
    """The decoder's steps on one batch; carried are the attention vector and the states of all layers."""

    def __init__(self, decoder: RecurrentDecoder, encoded: Encoded) -> None:
        self._decoder = decoder
        self._steps = [cell.begin() for cell in decoder.cells]  # type: ignore[operator]
        self._biases = [cell.project(None) for cell in decoder.cells]  # type: ignore[operator]
        self._attend = decoder.attention.begin(encoded)
        self._combine = decoder.combine.begin()
        states = decoder.initial_states(encoded)
        self._parts = len(states) // len(self._steps)
        self.initial: Carried = (torch.zeros_like(states[0]), *states)

    def step(self, embedded: Tensor, carried: Carried) -> tuple[Tensor, Tensor, Carried]:
        """See Decoding."""
        return self.advance(self._decoder.cells[0].project(embedded), carried)  # type: ignore[operator]

    def advance(self, projected: Tensor, carried: Carried) -> tuple[Tensor, Tensor, Carried]:
        """One step from the projected embedding (B, G)."""
        decoder = self._decoder
        fed, states = carried[0], carried[1:]
        new_states: list[Tensor] = []
        output, context, weights = fed, None, fed
        for layer, step in enumerate(self._steps):
            inputs = output if context is None else torch.cat([output, context], dim=1)
            before: State = states[layer * self._parts : (layer + 1) * self._parts]
            state = step(projected if layer == 0 else self._biases[layer], inputs, before)
            output = output + state[0] if layer >= decoder.first_residual else state[0]
            new_states += state
            if layer == decoder.asking_layer:
                context, weights = self._attend(output)
        assert context is not None  # noqa: S101  the asking layer is one of them
        vector = decoder.dropout(self._combine(torch.cat([output, context], dim=1)).tanh())
        return vector, weights, (vector, *new_states)


class ConvolutionalDecoder(nn.Module):
    """Causal convolutions, each followed by attention of its own (Gehring et al. 2017, sections 3.2 and 3.3)."""

    def __init__(self, settings: HyperParameters, memory_size: int, init: Initializer) -> None:
        super().__init__()
        self.size = hidden = settings.cnn_num_hidden
        self.project = Projection(settings.num_embed_target, hidden, init)
        layers = range(settings.num_layers_decoder)
        self.width = settings.cnn_kernel_width_decoder
        self.layers = nn.ModuleList(Convolution(hidden, self.width, settings.cnn_activation_type, init) for _ in layers)
        self.queries = nn.ModuleList(Projection(hidden, hidden, init) for _ in layers)
        self.keys = Projection(memory_size, hidden, init) if memory_size != hidden else nn.Identity()
        self.values = Projection(memory_size, hidden, init) if memory_size != hidden else nn.Identity()
        self.dropout = nn.Dropout(settings.cnn_hidden_dropout)

    def forward(self, encoded: Encoded, words: Words, running: Tensor) -> Tensor:
        """Target words before each position, positions embedded too, (B, T, E), to features (N, H).

        N counts the places where ``running`` (T, B) is true.
        """
        embedded = words.sentences()
        layers = len(self.layers)
        history = embedded.new_zeros(len(embedded), self.width - 1, self.size)
        attend = self.attending(encoded)
        features, _, _ = self.run(embedded, (history,) * layers, attend)
        return features.transpose(0, 1)[running]

    def begin(self, encoded: Encoded) -> Decoding:
        """Starts decoding these sentences."""
        return _Convolving(self, encoded)

    def attending(self, encoded: Encoded) -> Callable[[Tensor], tuple[Tensor, Tensor]]:
        """Attention over these sentences: queries (B, T, H) to contexts (B, T, H) and weights (B, T, S)."""
        keys, values = self.keys(encoded.keys).transpose(1, 2), self.values(encoded.values)
        padding = ~encoded.mask.unsqueeze(1)  # (B, 1, S)

        def attend(queries: Tensor) -> tuple[Tensor, Tensor]:
            weights = (queries @ keys).masked_fill(padding, -torch.inf).softmax(dim=2)
            return weights @ values, weights

        return attend

    def run(
        self, embedded: Tensor, history: Carried, attend: Callable[[Tensor], tuple[Tensor, Tensor]]
    ) -> tuple[Tensor, Tensor, Carried]:
        """All layers over some positions, given each layer's inputs at the width - 1 positions before."""
        bottom = output = self.project(embedded)
        weights, carried = output, []
        for layer, query, before in zip(self.layers, self.queries, history, strict=True):
            inputs = torch.cat([before, self.dropout(output)], dim=1)
            carried.append(inputs[:, inputs.size(1) - before.size(1) :])
            convolved = layer(inputs)
            context, weights = attend(query(convolved) + bottom)
            output = output + convolved + context
        return output, weights, tuple(carried)


class _Convolving:
    """The decoder's steps on one batch; carried are each layer's latest inputs."""

    def __init__(self, decoder: ConvolutionalDecoder, encoded: Encoded) -> None:
        self._decoder, self._attend = decoder, decoder.attending(encoded)
        empty = encoded.keys.new_zeros(len(encoded.keys), decoder.width - 1, decoder.size)
        self.initial: Carried = (empty,) * len(decoder.layers)

    def step(self, embedded: Tensor, carried: Carried) -> tuple[Tensor, Tensor, Carried]:
        """See Decoding."""
        features, weights, carried = self._decoder.run(embedded.unsqueeze(1), carried, self._attend)
        return features.squeeze(1), weights.squeeze(1), carried


Decoder = RecurrentDecoder | ConvolutionalDecoder


def make_decoder(settings: HyperParameters, memory_size: int, init: Initializer) -> Decoder:
    """The decoder that a job's hyperparameters describe, over memory of this size."""
    kind = RecurrentDecoder if settings.decoder_type == "rnn" else ConvolutionalDecoder
    return kind(settings, memory_size, init)
