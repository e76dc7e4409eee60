"""Recurrent cells, split into what needs no recurrence and what does.

The part of a cell's input that is known for all steps beforehand (word embeddings, the layer below in the encoder) is
projected for all of them in one product; a step adds only what the recurrence brings.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import Function

from .initialization import Initializer
from .pooled import PooledLinear

#: What a cell carries from step to step, each (B, H); the first is its output.
State = tuple[Tensor, ...]
#: One step: the projected known inputs (B, gates * H), the other inputs (B, step_size) and the state before.
Step = Callable[[Tensor, Tensor | None, State], State]


class LstmCell(nn.Module):
    """Long short-term memory with a forget gate (Gers et al. 2000), whose bias starts at 1 (Jozefowicz et al. 2015).

    Args:
        known_size: Size of the inputs that :meth:`project` gets, for all steps at once; 0 for none.
        step_size: Size of the inputs that come step by step; 0 for none.
        hidden: Units H.
        init: Initial weights.
    """

    state_parts = 2

    def __init__(self, known_size: int, step_size: int, hidden: int, init: Initializer) -> None:
        super().__init__()
        self.hidden = hidden
        fan_in = known_size + step_size
        weight = init.values(fan_in, 4 * hidden, (fan_in, 4 * hidden))
        self.known = nn.Parameter(weight[:known_size]) if known_size else None
        self.recurrent = nn.Parameter(torch.cat([weight[known_size:], init.recurrent(hidden, 4)]))
        bias = torch.zeros(4 * hidden)
        bias[hidden : 2 * hidden] = 1.0
        self.bias = nn.Parameter(bias)

    def project(self, inputs: Tensor | None) -> Tensor:
        """The known inputs' share of the gates: (..., known_size) to (..., 4H); the bias alone without any."""
        return self.bias if inputs is None or self.known is None else inputs @ self.known + self.bias

    def begin(self) -> Step:
        """The step function for one sequence."""
        product = PooledLinear(self.recurrent)

        def step(projected: Tensor, inputs: Tensor | None, state: State) -> State:
            hidden, memory = state
            gates = product(hidden if inputs is None else torch.cat([inputs, hidden], dim=1), projected)
            new: State = _LstmGates.apply(gates, memory)
            return new

        return step


class _LstmGates(Function):
    """Input, forget, output gate and candidate from (B, 4H), in one step forward and back."""

    @staticmethod
    def forward(ctx: Any, gates: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        size = memory.size(1)
        opened, candidate = gates[:, : 3 * size].sigmoid(), gates[:, 3 * size :].tanh()
        i, f, o = opened.split(size, dim=1)
        new = torch.addcmul(f * memory, i, candidate)
        squashed = new.tanh()
        ctx.save_for_backward(opened, candidate, memory, squashed)
        return o * squashed, new

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor]:
        grad_hidden, grad_new = grads
        opened, candidate, memory, squashed = ctx.saved_tensors
        size = memory.size(1)
        i, f, o = opened.split(size, dim=1)
        slope = torch.addcmul(o, o * squashed, squashed, value=-1)  # o * (1 - tanh(c)^2)
        grad_new = torch.addcmul(grad_new, grad_hidden, slope)
        out = opened.new_empty(memory.size(0), 4 * size)
        torch.mul(grad_new, candidate, out=out[:, :size])
        torch.mul(grad_new, memory, out=out[:, size : 2 * size])
        torch.mul(grad_hidden, squashed, out=out[:, 2 * size : 3 * size])
        out[:, : 3 * size].mul_(torch.addcmul(opened, opened, opened, value=-1))  # s * (1 - s)
        i_grad = grad_new * i
        torch.addcmul(i_grad, i_grad * candidate, candidate, value=-1, out=out[:, 3 * size :])  # 1 - tanh^2
        return out, grad_new * f


class GruCell(nn.Module):
    """Gated recurrent unit (Cho et al. 2014), the reset gate applied after the product as in cuDNN; sizes as above."""

    state_parts = 1

    def __init__(self, known_size: int, step_size: int, hidden: int, init: Initializer) -> None:
        super().__init__()
        self.hidden = hidden
        fan_in = known_size + step_size
        weight = init.values(fan_in, 3 * hidden, (fan_in, 3 * hidden))
        self.known = nn.Parameter(weight[:known_size]) if known_size else None
        self.stepped = nn.Parameter(weight[known_size:]) if step_size else None
        self.recurrent = nn.Parameter(init.recurrent(hidden, 3))
        self.bias = nn.Parameter(torch.zeros(3 * hidden))
        self.recurrent_bias = nn.Parameter(torch.zeros(3 * hidden))

    def project(self, inputs: Tensor | None) -> Tensor:
        """The known inputs' share of the gates: (..., known_size) to (..., 3H); the bias alone without any."""
        return self.bias if inputs is None or self.known is None else inputs @ self.known + self.bias

    def begin(self) -> Step:
        """The step function for one sequence."""
        recurrent = PooledLinear(self.recurrent)
        stepped = None if self.stepped is None else PooledLinear(self.stepped)
        size = self.hidden

        def step(projected: Tensor, inputs: Tensor | None, state: State) -> State:
            (hidden,) = state
            given = projected if stepped is None or inputs is None else stepped(inputs, projected)
            carried = recurrent(hidden, self.recurrent_bias)
            opened = (given[..., : 2 * size] + carried[:, : 2 * size]).sigmoid()
            reset, update = opened.split(size, dim=1)
            candidate = torch.addcmul(given[..., 2 * size :], reset, carried[:, 2 * size :]).tanh()
            return (torch.lerp(candidate, hidden, update),)

        return step


Cell = LstmCell | GruCell


def make_cell(kind: str, known_size: int, step_size: int, hidden: int, init: Initializer) -> Cell:
    """The cell called ``lstm`` or ``gru``."""
    return (LstmCell if kind == "lstm" else GruCell)(known_size, step_size, hidden, init)


def zero_state(cell: Cell, like: Tensor) -> State:
    """The state before the first step for a batch as large as that of ``like``, (B, ...)."""
    return tuple(like.new_zeros(like.size(0), cell.hidden) for _ in range(cell.state_parts))
