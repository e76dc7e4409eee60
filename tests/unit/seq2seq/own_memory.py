"""A device with memory of its own, for machines without a GPU: what would fail there for mixing devices fails here.

Its tensors call themselves ones of the device "meta", as PyTorch's CPU build knows no "cuda" to call them; behind each
is one of the CPU, which computes. As on a GPU, an operation on tensors of both raises, unless one of them is a scalar.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any
from unittest import mock

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

DEVICE = torch.device("meta")


@contextmanager
def own_memory() -> Iterator[torch.device]:
    """The device, for as long as the context lasts."""
    # Mixed precision is off here, but cannot be asked about an unknown device; inference mode wants views to be tensors
    # of PyTorch's own; a tensor of given values is not dispatched.
    replaced: dict[str, Any] = {
        "autocast": lambda *_, **__: nullcontext(),
        "is_autocast_enabled": lambda *_: False,
        "tensor": _given,
    }
    inference = mock.patch.multiple(torch.inference_mode, __enter__=_enter_no_grad, __exit__=_leave_no_grad)
    with mock.patch.multiple(torch, **replaced), inference, _Dispatch():  # type: ignore[no-untyped-call]
        yield DEVICE


def _given(values: Any, *, device: torch.device | None = None, dtype: torch.dtype | None = None) -> Tensor:
    return torch.as_tensor(values, dtype=dtype).to(torch.device("cpu") if device is None else device)


def _enter_no_grad(mode: Any) -> None:
    mode.no_grad = torch.no_grad()
    mode.no_grad.__enter__()


def _leave_no_grad(mode: Any, *error: Any) -> None:
    mode.no_grad.__exit__(*error)


class _OwnTensor(Tensor):
    """A tensor of the device."""

    behind: Tensor

    @staticmethod
    def __new__(cls, behind: Tensor) -> _OwnTensor:
        tensor: _OwnTensor = Tensor._make_wrapper_subclass(
            cls,
            behind.size(),
            strides=behind.stride(),
            storage_offset=behind.storage_offset(),
            dtype=behind.dtype,
            device=DEVICE,
            requires_grad=behind.requires_grad,
        )
        tensor.behind = behind
        return tensor

    def tolist(self) -> Any:
        return self.behind.tolist()

    def numpy(self, *, force: bool = False) -> Any:
        raise TypeError(f"a tensor of {DEVICE} has no numpy array: copy it to the CPU first")

    @classmethod
    def __torch_dispatch__(cls, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:  # type: ignore[override]  # torch's stub has it as no class method
        return _computed(function, args, kwargs or {})


class _Dispatch(TorchDispatchMode):
    """Sees what makes new tensors on the device as well."""

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _computed(function, args, kwargs or {})


def _computed(function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    name = function.overloadpacket.__name__
    tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
    own = {id(tensor.behind): tensor for tensor in tensors if isinstance(tensor, _OwnTensor)}
    asked = kwargs.get("device")
    makes_own = bool(own) if asked is None else torch.device(asked).type == DEVICE.type
    if name not in ("_to_copy", "copy_"):  # from device to device
        others = [tensor for tensor in tensors if not isinstance(tensor, _OwnTensor) and tensor.dim() > 0]
        if own and others and not (name.startswith("index") and isinstance(args[0], _OwnTensor)):
            raise RuntimeError(
                f"{name} of tensors of {DEVICE} and the CPU, of sizes {[tuple(t.size()) for t in others]}"
            )
    if asked is not None:
        kwargs = {**kwargs, "device": torch.device("cpu")}
    result = function(*tree_map(_behind, args), **tree_map(_behind, kwargs))

    def seen(value: Any) -> Any:
        if not isinstance(value, Tensor) or not makes_own:
            return value
        return own[id(value)] if id(value) in own else _OwnTensor(value)

    return args[0] if name == "copy_" else tree_map(seen, result)


def _behind(value: Any) -> Any:
    return value.behind if isinstance(value, _OwnTensor) else value
