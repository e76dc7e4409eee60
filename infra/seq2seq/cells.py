"""Recurrent cells, split into what needs no recurrence and what does.

The part of a cell's input that is known for all steps beforehand (word embeddings, the layer below in the encoder) is
projected for all of them in one product; a step adds only what the recurrence brings.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor, nn

from .initialization import Initializer
from .stepwise import StepProduct, tanh

#: What a cell carries from step to step, each (b, H), or (n, b, H) of n cells at once; the first is its output.
State = tuple[Tensor, ...]


class CellSteps(Protocol):
    """A cell at work on one sequence: forward step by step, then back in the opposite order (see ``stepwise``)."""

    def __call__(self, projected: Tensor, inputs: Tensor | None, state: State) -> State:
        """A step: projected known inputs (b, gates * H) or (gates * H,), other inputs (b, step_size), state before."""
        ...

    def back(self, grads: State) -> tuple[Tensor, State]:
        """Gradients of a step's new state to those of its other inputs, (b, step_size), and of the state before."""
        ...

    def gradients(self) -> tuple[Tensor, ...]:
        """Those of the projected inputs of all steps, (N, gates * H), and of the cell's ``step_weights``."""
        ...


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

    @property
    def step_weights(self) -> tuple[Tensor, ...]:
        """What steps use."""
        return (self.recurrent,)

    def begin(self, rows: int, weights: tuple[Tensor, ...] | None = None) -> CellSteps:
        """The steps of one sequence; rows: see ``stepwise``. With weights, stacked, those of several cells at once."""
        return _LstmSteps(self.step_weights if weights is None else weights, rows)


class _LstmSteps:
    """Gates in one product a step: i, f, o = s(...) and the candidate g = tanh(...), with s the logistic function.

    c' = f c + i g and h' = o tanh(c'). As tanh(x) = 2 s(2x) - 1, all four are s of something, and g = 2 q - 1.

    Back, with dh and dc the gradients of h' and c', dc first becomes dc + dh o (1 - tanh(c')^2); then di = dc g,
    df = dc c, do = dh tanh(c') and dq = 2 dc i, each times the slope s (1 - s), that of q twice for the 2 in s(2x); the
    gradient of c is dc f.
    """

    def __init__(self, weights: tuple[Tensor, ...], rows: int) -> None:
        (recurrent,) = weights
        self._product, self._size, self._rows = StepProduct(recurrent, rows), recurrent.size(-1) // 4, rows
        self._kept: list[tuple[Tensor, ...]] = []

    def __call__(self, projected: Tensor, inputs: Tensor | None, state: State) -> State:
        hidden, memory = state
        gates = self._product([hidden] if inputs is None else [inputs, hidden], projected)  # (..., b, 4H)
        gates[..., 3 * self._size :].mul_(2)
        i, f, o, q = gates.sigmoid_().chunk(4, dim=-1)
        candidate = torch.mul(q, 2).sub_(1)
        new = torch.mul(f, memory).addcmul_(i, candidate)
        squashed = tanh(new)
        if self._rows:
            self._kept.append((gates, candidate, memory, squashed))
        return o * squashed, new

    def back(self, grads: State) -> tuple[Tensor, State]:
        grad_output, grad_new = grads
        gates, candidate, memory, squashed = self._kept.pop()
        i, f, o, _ = gates.chunk(4, dim=-1)
        slope = torch.addcmul(o, o * squashed, squashed, value=-1)  # o * (1 - tanh(c)^2)
        grad_new = torch.addcmul(grad_new, grad_output, slope)
        rows = gates.size(-2)
        grad = self._product.gradient(rows)
        grad_i, grad_f, grad_o, grad_q = grad.chunk(4, dim=-1)
        torch.mul(grad_new, candidate, out=grad_i)
        torch.mul(grad_new, memory, out=grad_f)
        torch.mul(grad_output, squashed, out=grad_o)
        torch.mul(grad_new, i, out=grad_q).mul_(4)
        grad.mul_(torch.addcmul(gates, gates, gates, value=-1))  # s * (1 - s)
        grad_inputs = self._product.back(rows)
        return grad_inputs[..., : -self._size], (grad_inputs[..., -self._size :], grad_new.mul_(f))

    def gradients(self) -> tuple[Tensor, ...]:
        return self._product.gradients()


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

    @property
    def step_weights(self) -> tuple[Tensor, ...]:
        """What steps use."""
        return (self.recurrent, self.recurrent_bias, *(() if self.stepped is None else (self.stepped,)))

    def begin(self, rows: int, weights: tuple[Tensor, ...] | None = None) -> CellSteps:
        """The steps of one sequence; rows: see ``stepwise``. With weights, stacked, those of several cells at once."""
        return _GruSteps(self.step_weights if weights is None else weights, rows)


class _GruSteps:
    """Gates in two products a step, a of the other inputs and b of the state: r, z = s(a + b), n = tanh(a + r b).

    h' = (1 - z) n + z h. Back, with dh the gradient of h': dn = dh (1 - z) and dz = dh (h - n), each times the slope of
    its function; dr = dn b times the slope of s; the gradient of h is that by way of b, and dh z.
    """

    def __init__(self, weights: tuple[Tensor, ...], rows: int) -> None:
        recurrent, bias, *stepped = weights
        self._recurrent, self._bias = StepProduct(recurrent, rows), bias.unsqueeze(-2)  # (..., 1, 3H)
        self._stepped = StepProduct(stepped[0], rows) if stepped else None
        self._size, self._rows = recurrent.size(-1) // 3, rows
        self._kept: list[tuple[Tensor, ...]] = []
        self._grads: list[Tensor] = []

    def __call__(self, projected: Tensor, inputs: Tensor | None, state: State) -> State:
        (hidden,) = state
        size = self._size
        given = projected if self._stepped is None or inputs is None else self._stepped([inputs], projected)
        carried = self._recurrent([hidden], self._bias)  # (..., b, 3H), as what is given
        opened = (given[..., : 2 * size] + carried[..., : 2 * size]).sigmoid_()
        reset, update = opened.chunk(2, dim=-1)
        candidate = tanh(torch.addcmul(given[..., 2 * size :], reset, carried[..., 2 * size :]))
        if self._rows:
            self._kept.append((hidden, opened, carried[..., 2 * size :], candidate))
        return (torch.lerp(candidate, hidden, update),)

    def back(self, grads: State) -> tuple[Tensor, State]:
        (grad,) = grads
        hidden, opened, carried, candidate = self._kept.pop()
        size, rows = self._size, grad.size(-2)
        reset, update = opened.chunk(2, dim=-1)
        grad_candidate = grad * (1 - update) * (1 - candidate * candidate)
        grad_carried = self._recurrent.gradient(rows)
        torch.mul(grad_candidate, carried, out=grad_carried[..., :size])
        torch.mul(grad, hidden - candidate, out=grad_carried[..., size : 2 * size])
        torch.mul(grad_candidate, reset, out=grad_carried[..., 2 * size :])
        grad_opened = grad_carried[..., : 2 * size]
        grad_opened.mul_(torch.addcmul(opened, opened, opened, value=-1))  # s * (1 - s)
        grad_hidden = self._recurrent.back(rows).addcmul_(grad, update)
        if self._stepped is None:
            self._grads.append(torch.cat([grad_opened, grad_candidate], dim=-1))
            return grad[..., :0], (grad_hidden,)
        torch.cat([grad_opened, grad_candidate], dim=-1, out=self._stepped.gradient(rows))
        return self._stepped.back(rows), (grad_hidden,)

    def gradients(self) -> tuple[Tensor, ...]:
        grad_carried, grad_recurrent = self._recurrent.gradients()
        grad_bias = grad_carried.sum(dim=-2)
        if self._stepped is None:
            return torch.cat(self._grads[::-1], dim=-2), grad_recurrent, grad_bias
        grad_given, grad_stepped = self._stepped.gradients()
        return grad_given, grad_recurrent, grad_bias, grad_stepped


Cell = LstmCell | GruCell


def make_cell(kind: str, known_size: int, step_size: int, hidden: int, init: Initializer) -> Cell:
    """The cell called ``lstm`` or ``gru``."""
    return (LstmCell if kind == "lstm" else GruCell)(known_size, step_size, hidden, init)


def zero_state(cell: Cell, like: Tensor) -> State:
    """The state before the first step for a batch as large as that of ``like``, (..., b, gates * H)."""
    return tuple(like.new_zeros(*like.shape[:-1], cell.hidden) for _ in range(cell.state_parts))
