"""The recurrent encoder."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import Function

from .cells import Cell, State, make_cell, zero_state
from .encoded import Encoded
from .hyperparameters import HyperParameters
from .initialization import Initializer
from .layers import Words
from .packing import Packing
from .precision import full
from .stepwise import with_rows


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

        The backward direction reads each sentence from its own end, so that between the layers stand words alone.
        """
        packing = Packing(lengths)
        output = self._both_directions(words, packing)
        for layer, cell in enumerate(self.upper):
            above = unroll(cell, cell.project(output), packing.sizes)  # type: ignore[arg-type, operator]  # ModuleList forgets types
            output = output + above if layer >= self.first_residual else above
        memory = packing.unpack(output)  # (B, S, H)
        mask = torch.arange(memory.size(1), device=lengths.device) < lengths.unsqueeze(1)  # (B, S)
        last = memory[torch.arange(len(lengths), device=lengths.device), lengths - 1]  # (B, H)
        if not self.upper:  # each direction ends elsewhere
            half = self.size // 2
            last = torch.cat([last[:, :half], memory[:, 0, half:]], dim=1)
        return Encoded(memory, memory, mask, last)

    def _both_directions(self, words: Words, packing: Packing) -> Tensor:
        """The first layer, (N, H): its two directions are unrolled at once, as one has too little to do in a step."""
        mirror, places = packing.mirror(), packing.pack(words.places)  # (N,) each
        vectors = torch.cat([self.forwards.project(words.vectors), self.backwards.project(words.vectors)])
        mirrored = places[mirror] + len(words.vectors)
        projected = nn.functional.embedding(torch.stack([places, mirrored]), vectors)  # (2, N, gates * H / 2)
        weights = tuple(map(torch.stack, zip(self.forwards.step_weights, self.backwards.step_weights, strict=True)))
        ahead, back = unroll(self.forwards, projected, packing.sizes, weights)  # (N, H / 2) each
        return torch.cat([ahead, back[mirror]], dim=1)


def unroll(cell: Cell, projected: Tensor, sizes: list[int], weights: tuple[Tensor, ...] | None = None) -> Tensor:
    """A cell over packed projected inputs, (N, gates * H), from a zero state: outputs (N, H).

    With the stacked weights of n cells like it, these at once: (n, N, gates * H) to (n, N, H).
    """
    projected = projected.to(cell.bias.dtype)  # from a product that may have been less precise
    given = cell.step_weights if weights is None else weights
    with full(projected):
        output: Tensor = _Unroll.apply(cell, torch.is_grad_enabled(), sizes, projected, *given)
    return output


class _Unroll(Function):
    """All steps of a cell, and all steps back, as one operation."""

    @staticmethod
    def forward(ctx: Any, cell: Cell, keep: bool, sizes: list[int], projected: Tensor, *weights: Tensor) -> Tensor:
        steps = cell.begin(projected.size(-2) if keep else 0, weights)
        ctx.steps, ctx.sizes, ctx.state_parts = steps, sizes, cell.state_parts
        parts = projected.split(sizes, dim=-2)
        state, outputs = zero_state(cell, parts[0]), []
        for part, rows in zip(parts, sizes, strict=True):
            state = steps(part, None, with_rows(state, rows))
            outputs.append(state[0])
        return torch.cat(outputs, dim=-2)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        (grad,) = grads
        # Of no sentence: after its last word nothing depends on a state.
        state: State = (grad[..., :0, :],) * ctx.state_parts
        for part, rows in zip(reversed(grad.split(ctx.sizes, dim=-2)), reversed(ctx.sizes), strict=True):
            output, *others = with_rows(state, rows)
            _, state = ctx.steps.back((output + part, *others))
        return None, None, None, *ctx.steps.gradients()
