"""The device that a training computes on, and how the processes of one training, one a GPU, work together.

``torchrun`` starts the processes and tells each its number in RANK, LOCAL_RANK and WORLD_SIZE. All hold the same model,
take the same batches and work on a part of each; the sums over the parts are what one process alone would compute.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Self, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
#: How long a process waits for another, such as the first one, which reads the data.
_PATIENCE = timedelta(hours=2)


class StopRequestedError(Exception):
    """The training was asked to stop in the midst of something that can be done again."""


class Processes:
    """This process among those of its training; a training of one process needs no communication.

    Args:
        device: Where this process computes.
        rank: Its number, from 0 on.
        count: How many there are.
        stop_requested: Whether this process was asked to stop.
    """

    def __init__(
        self,
        device: torch.device | str = "cpu",
        rank: int = 0,
        count: int = 1,
        stop_requested: Callable[[], bool] = lambda: False,
    ) -> None:
        self.device, self.rank, self.count = torch.device(device), rank, count
        self._stop_requested = stop_requested

    @classmethod
    def join(cls, stop_requested: Callable[[], bool]) -> Self:
        """Takes the place that torchrun gave this process, or works alone; on a GPU if there is one."""
        rank, count = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
        device = torch.device("cpu")
        if torch.cuda.is_available():
            device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
            torch.cuda.set_device(device)
            # Products on tensor cores with 10 bits of mantissa, sums and parameters in full: no loss scaling needed.
            torch.set_float32_matmul_precision("high")
            # Where products of bfloat16 are asked for, all of their sums are in float32 too.
            torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction = False
        if count > 1:
            backend = "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo"
            dist.init_process_group(backend, timeout=_PATIENCE)
        return cls(device, rank, count, stop_requested)

    def leave(self) -> None:
        """Ends the communication."""
        if self.count > 1:
            dist.destroy_process_group()

    def stop_requested(self) -> bool:
        """Whether any process was asked to stop; all get the same answer, so all must ask."""
        return self.sum([float(self._stop_requested())])[0] > 0

    def sum(self, values: list[float]) -> list[float]:
        """The sums over all processes; the same everywhere."""
        if self.count == 1:
            return values
        sums = torch.tensor(values, dtype=torch.float64)
        dist.all_reduce(sums)
        result: list[float] = sums.tolist()
        return result

    def gather(self, value: _Item) -> list[_Item]:
        """All processes' values by rank."""
        if self.count == 1:
            return [value]
        values: list[_Item] = [value] * self.count
        dist.all_gather_object(values, value)
        return values

    def first_reads(self, items: Iterator[_Item]) -> Iterator[_Item]:
        """The first process takes items and hands each to the others: a named pipe can be read by one only."""
        if self.count == 1:
            yield from items
            return
        while True:
            box = [next(items, None) if self.rank == 0 else None]
            dist.broadcast_object_list(box, src=0)
            if box[0] is None:
                return
            yield box[0]

    def map(self, function: Callable[[_Item], _Result], items: Sequence[_Item]) -> list[_Result]:
        """Results in the order of the items, each computed by one of the processes.

        Raises:
            StopRequestedError: A process was asked to stop meanwhile.
        """
        results = []
        for start in range(0, len(items), self.count):
            if self.stop_requested():
                raise StopRequestedError
            if start + self.rank < len(items):
                results.append(function(items[start + self.rank]))
        gathered = self.gather(results)
        return [gathered[index % self.count][index // self.count] for index in range(len(items))]

    def parallel(self, model: nn.Module) -> nn.Module:
        """The model, with the mean of all processes' gradients as its gradient."""
        if self.count == 1:
            return model
        return nn.parallel.DistributedDataParallel(model, gradient_as_bucket_view=True)

    def random_state(self) -> Tensor:
        """State of the generator that dropout draws from."""
        return torch.cuda.get_rng_state() if self.device.type == "cuda" else torch.get_rng_state()

    def set_random_state(self, state: Tensor) -> None:
        """Goes back to a state."""
        if self.device.type == "cuda":
            torch.cuda.set_rng_state(state)
        else:
            torch.set_rng_state(state)


def take_all_gpus() -> None:
    """On a machine with several GPUs, becomes torchrun with one process for each; else and within one, does nothing."""
    gpus = torch.cuda.device_count()
    if gpus > 1 and "RANK" not in os.environ:
        launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={gpus}"]
        os.execv(sys.executable, [*launcher, "-m", "infra.seq2seq", "train"])  # noqa: S606  no shell is wanted
