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
        mirror = packing.mirror()
        ahead = unroll(self.forwards, words.packed(self.forwards.project, packing), packing.sizes)
        back = unroll(self.backwards, words.packed(self.backwards.project, packing)[mirror], packing.sizes)
        output = torch.cat([ahead, back[mirror]], dim=1)  # two of (N, H / 2) to (N, H)
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


def unroll(cell: Cell, projected: Tensor, sizes: list[int]) -> Tensor:
    """A cell over packed projected inputs, (N, gates * H), from a zero state: outputs (N, H)."""
    projected = projected.to(cell.bias.dtype)  # from a product that may have been less precise
    with full(projected):
        output: Tensor = _Unroll.apply(cell, torch.is_grad_enabled(), sizes, projected, *cell.step_weights)
    return output


class _Unroll(Function):
    """All steps of a cell, and all steps back, as one operation."""

    @staticmethod
    def forward(ctx: Any, cell: Cell, keep: bool, sizes: list[int], projected: Tensor, *_weights: Tensor) -> Tensor:
        steps = cell.begin(len(projected) if keep else 0)
        ctx.steps, ctx.sizes, ctx.state_parts = steps, sizes, cell.state_parts
        parts = projected.split(sizes)
        state, outputs = zero_state(cell, parts[0]), []
        for part in parts:
            state = steps(part, None, with_rows(state, len(part)))
            outputs.append(state[0])
        return torch.cat(outputs)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        (grad,) = grads
        state: State = (grad[:0],) * ctx.state_parts  # of no sentence: after its last word nothing depends on a state
        for part in reversed(grad.split(ctx.sizes)):
            output, *others = with_rows(state, len(part))
            _, state = ctx.steps.back((output + part, *others))
        return None, None, None, *ctx.steps.gradients()
