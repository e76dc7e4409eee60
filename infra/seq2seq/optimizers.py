"""Optimisers by their documented names; weights decay, biases do not (as in MXNet)."""

from __future__ import annotations

import torch
from torch import nn

from .hyperparameters import HyperParameters


def make_optimizer(settings: HyperParameters, model: nn.Module) -> torch.optim.Optimizer:
    """The optimiser of a model's parameters that a job's hyperparameters describe.

    Weight decay adds weight_decay * weight to the gradient after clipping. rmsprop averages squares with 0.9 (Tieleman
    and Hinton 2012), as MXNet does.
    """
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.dim() >= 2], "weight_decay": settings.weight_decay},
        {"params": [p for p in parameters if p.dim() < 2], "weight_decay": 0.0},
    ]
    rate = settings.learning_rate
    match settings.optimizer_type:
        case "adam":
            return torch.optim.Adam(groups, lr=rate, fused=True)
        case "sgd":
            momentum = 0.0 if settings.momentum is None else settings.momentum
            return torch.optim.SGD(groups, lr=rate, momentum=momentum, fused=True)
        case _:
            return torch.optim.RMSprop(groups, lr=rate, alpha=0.9)


def clip_gradients(model: nn.Module, threshold: float) -> None:
    """Cuts each gradient component to (-threshold, threshold); a negative threshold: not at all."""
    if threshold >= 0:
        nn.utils.clip_grad_value_(model.parameters(), threshold)
