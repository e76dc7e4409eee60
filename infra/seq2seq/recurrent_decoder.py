"""The recurrent decoder, with attention and input feeding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.autograd.function import Function

from .attention import make_attention
from .cells import Cell, State, make_cell
from .decoding import Carried, Decoding
from .encoded import Encoded
from .hyperparameters import HyperParameters
from .initialization import Initializer
from .layers import Projection, Words
from .packing import Packing
from .precision import full
from .stepwise import StepProduct, tanh, with_rows


class RecurrentDecoder(nn.Module):
    """Recurrent layers, attention and input feeding (Luong et al. 2015, sections 3.1 and 3.3).

    The attentional vector, tanh(W [output, context]), is the feature of a step and an input of the next. With attention
    in upper layers the first layer's output is the query and the layers above it see the context too (as in Wu et al.
    2016, section 3); else the last layer's output is the query.
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
        self.query_layer = 0 if deep else layers - 1
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

    @property
    def layers(self) -> list[Cell]:
        """The cells, from words to features."""
        return [cast("Cell", cell) for cell in self.cells]

    def forward(self, encoded: Encoded, words: Words, packing: Packing) -> Tensor:
        """Target words before each position, (B, T, E), longer sentences first, to packed features (N, H)."""
        projected = words.packed(self.layers[0].project, packing).to(encoded.values.dtype)
        recurrence = _Recurrence(self, encoded, rows=len(projected) if torch.is_grad_enabled() else 0)
        with full(projected):
            features: Tensor = _Recur.apply(recurrence, packing.sizes, projected, *recurrence.tensors)
        return features

    def begin(self, encoded: Encoded) -> Decoding:
        """Starts decoding these sentences."""
        return _Recurrence(self, encoded, rows=0)

    def initial_states(self, encoded: Encoded) -> Carried:
        """States of all layers before the first step, each (B, H)."""
        if self.to_state is None:
            parts = len(self.cells) * self.layers[0].state_parts
            return tuple(encoded.last.new_zeros(len(encoded.last), self.size) for _ in range(parts))
        summary = encoded.last
        if self.state_init == "avg":
            summary = encoded.keys.sum(dim=1) / encoded.mask.sum(dim=1, keepdim=True)
        return tuple(self.to_state(summary).tanh().split(self.size, dim=1))


class _Recur(Function):
    """All steps of a recurrence, and all steps back, as one operation."""

    @staticmethod
    def forward(ctx: Any, recurrence: _Recurrence, sizes: list[int], projected: Tensor, *_tensors: Tensor) -> Tensor:
        ctx.recurrence, ctx.sizes = recurrence, sizes
        carried, features = recurrence.initial, []
        for inputs in projected.split(sizes):
            vector, _, carried = recurrence.advance(inputs, with_rows(carried, len(inputs)))
            features.append(vector)
        return torch.cat(features)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        (grad,) = grads
        recurrence = ctx.recurrence
        carried: Carried = tuple(grad[:0] for _ in recurrence.initial)  # of no sentence: see ``with_rows``
        for part in reversed(grad.split(ctx.sizes)):
            vector, *states = with_rows(carried, len(part))
            carried = recurrence.back(vector + part, states)
        return None, None, *recurrence.gradients(carried)


class _Recurrence:
    """The decoder's steps on one batch; carried are the attentional vector and the states of all layers."""

    def __init__(self, decoder: RecurrentDecoder, encoded: Encoded, rows: int) -> None:
        layers = decoder.layers
        self._decoder = decoder
        self._cells = [cell.begin(rows) for cell in layers]
        self._biases = [cell.bias for cell in layers]
        self._attend = decoder.attention.begin(encoded, rows)
        self._combine = _Combine(decoder.combine, decoder.dropout, rows)
        states = decoder.initial_states(encoded)
        self._parts = layers[0].state_parts
        self.initial: Carried = (torch.zeros_like(states[0]), *states)
        cell_weights = [weight for cell in layers for weight in cell.step_weights]
        #: What :meth:`gradients` gives gradients to, after the projected embeddings.
        self.tensors = (*states, *self._attend.tensors, *self._biases[1:], *cell_weights, *self._combine.tensors)

    def step(self, embedded: Tensor, carried: Carried) -> tuple[Tensor, Tensor, Carried]:
        """See Decoding."""
        return self.advance(self._decoder.layers[0].project(embedded), carried)

    def advance(self, projected: Tensor, carried: Carried) -> tuple[Tensor, Tensor, Carried]:
        """One step forward from the projected embedding (b, G)."""
        decoder = self._decoder
        fed, states = carried[0], carried[1:]
        new_states: list[Tensor] = []
        output, context, weights = fed, None, fed
        for layer, cell in enumerate(self._cells):
            inputs = output if context is None else torch.cat([output, context], dim=1)
            before: State = states[layer * self._parts : (layer + 1) * self._parts]
            state = cell(projected if layer == 0 else self._biases[layer], inputs, before)
            output = output + state[0] if layer >= decoder.first_residual else state[0]
            new_states += state
            if layer == decoder.query_layer:
                context, weights = self._attend(output)
        assert context is not None  # noqa: S101  the query's layer is one of them
        vector = self._combine(output, context)
        return vector, weights, (vector, *new_states)

    def back(self, grad_vector: Tensor, grad_states: Sequence[Tensor]) -> Carried:
        """One step back: gradients of the new vector and states to those of what was carried into the step."""
        decoder = self._decoder
        before: list[Tensor] = []
        grad, grad_context = self._combine.back(grad_vector)
        for layer in reversed(range(len(self._cells))):
            if layer == decoder.query_layer:
                grad_query = self._attend.back(grad_context)
                grad = grad if grad_query is None else grad + grad_query
            output, *others = grad_states[layer * self._parts : (layer + 1) * self._parts]
            grad_inputs, state = self._cells[layer].back((output + grad, *others))
            before = [*state, *before]
            below = grad_inputs[:, : decoder.size]
            grad = grad + below if layer >= decoder.first_residual else below
            if layer > decoder.query_layer:
                grad_context = grad_context + grad_inputs[:, decoder.size :]
        return grad, *before

    def gradients(self, carried: Carried) -> tuple[Tensor, ...]:
        """Those of the projected embeddings (N, G) and of the tensors, from those of what was carried at first."""
        projected, weights = [], []
        for cell in self._cells:
            grad, *others = cell.gradients()
            projected.append(grad)
            weights += others
        biases = [grad.sum(dim=0) for grad in projected[1:]]
        return projected[0], *carried[1:], *self._attend.gradients(), *biases, *weights, *self._combine.gradients()


class _Combine:
    """The attentional vector, dropout(tanh(W [output, context] + b)): equation 5 of Luong et al. (2015)."""

    def __init__(self, projection: Projection, dropout: nn.Dropout, rows: int) -> None:
        self.tensors = (projection.weight, projection.bias)
        self._product, self._bias, self._rows = StepProduct(projection.weight, rows), projection.bias, rows
        self._rate = dropout.p if dropout.training else 0.0
        self._kept: list[tuple[Tensor, Tensor | None]] = []

    def __call__(self, output: Tensor, context: Tensor) -> Tensor:
        vector = tanh(self._product([output, context], self._bias))  # (b, H)
        mask = nn.functional.dropout(torch.ones_like(vector), self._rate) if self._rate > 0 else None
        if self._rows:
            self._kept.append((vector, mask))
        return vector if mask is None else vector * mask

    def back(self, grad: Tensor) -> tuple[Tensor, Tensor]:
        vector, mask = self._kept.pop()
        grad = grad if mask is None else grad * mask
        torch.addcmul(grad, grad * vector, vector, value=-1, out=self._product.gradient(len(grad)))  # 1 - tanh^2
        grad = self._product.back(len(grad))
        size = vector.size(1)
        return grad[:, :size], grad[:, size:]

    def gradients(self) -> tuple[Tensor, Tensor]:
        grads, weight = self._product.gradients()
        return weight, grads.sum(dim=0)
