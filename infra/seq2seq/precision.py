"""How precise large products are: mixed precision (Micikevicius et al. 2018, section 3) with bfloat16.

Within :meth:`Precision.products`, products over all words of a batch take bfloat16 operands: projections, convolutions,
the keys of attention, the output layer. Parameters, recurrent steps, softmax, losses, sums and the optimiser stay in
float32, and gradients come back to it. bfloat16 has the range of float32, so the loss needs no scale.

The switch is ``torch.autocast``, which knows the products that autograd records. Those that are written by hand,
forward and back, ask :func:`product_type`; recurrences switch it off by :func:`full`.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from enum import StrEnum
from typing import Self

import torch
from torch import Tensor

from infra.container import ClientError

#: Environment variable with a training's precision.
PRECISION_VARIABLE = "SEQ2SEQ_PRECISION"


class Precision(StrEnum):
    """The type of large products' operands."""

    #: On a GPU, tensor cores round them to TF32, with 10 bits of mantissa.
    FLOAT32 = "float32"
    #: 7 bits of mantissa, half of the memory; for GPUs and processors with instructions for it.
    BFLOAT16 = "bfloat16"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """What SEQ2SEQ_PRECISION asks for; float32 where it is not set.

        Raises:
            ClientError: Its value is none of the precisions.
        """
        text = environment.get(PRECISION_VARIABLE, cls.FLOAT32.value)
        if text not in list(cls):
            valid = ", ".join(cls)
            raise ClientError(f"environment variable {PRECISION_VARIABLE} must be one of {valid}, but got {text!r}")
        return cls(text)

    def products(self, device: torch.device) -> AbstractContextManager[object]:
        """Computes features and loss on a device so; the way back goes outside and is the same."""
        if self is Precision.FLOAT32:
            return nullcontext()
        return torch.autocast(device.type, dtype=torch.bfloat16)


def product_type(x: Tensor) -> torch.dtype:
    """The type that a large product of ``x`` takes its operands in here."""
    kind = x.device.type
    return torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else x.dtype


def full(x: Tensor) -> AbstractContextManager[object]:
    """Computes with the operands as they are, on the device of ``x``."""
    return torch.autocast(x.device.type, enabled=False)
