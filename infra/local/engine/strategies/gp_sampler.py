"""Optuna's Gaussian process sampler, quicker, and bolder with parallel jobs. Imports Optuna and torch."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import optuna
import torch
from optuna._gp.acqf import BaseAcquisitionFunc, LogEI, qLogEI


class QuickGPSampler(optuna.samplers.GPSampler):
    """GPSampler without what slows its many small computations down.

    It works under `torch.device("cpu")`, a context of the present thread that takes as much time as the computations
    themselves, in case somebody has chosen a GPU for new tensors. Nobody has here, so the acquisition function is
    optimised in a thread without that context. (Should Optuna rename the method, only the speed is lost.)

    With the package greenlet, Optuna runs its local searches side by side, in one computation for all.
    """

    def _optimize_acqf(self, acqf: BaseAcquisitionFunc, *arguments: Any, **options: Any) -> Any:
        with ThreadPoolExecutor(max_workers=1) as beside:
            return beside.submit(super()._optimize_acqf, believing(acqf), *arguments, **options).result()


def believing(acqf: BaseAcquisitionFunc) -> BaseAcquisitionFunc:
    """Expected improvement as if the running jobs had ended as the surrogate expects ("Kriging believer").

    Optuna averages over what they may come to, by samples: where an improvement is unlikely all samples say nothing,
    and that is nearly everywhere once the search has found a good region.
    """
    if not isinstance(acqf, qLogEI):
        return acqf
    surrogate, running = acqf._cond_gpr._gpr, acqf._cond_gpr._X_running
    expected, _ = surrogate.posterior(running)
    surrogate.append_running_data(running, expected)
    return LogEI(surrogate, acqf.search_space, acqf._threshold)


@contextmanager
def single_thread() -> Iterator[None]:
    """Let torch compute in one thread, as its own helpers would wait for each other most of the time.

    The number of threads has a part in the last bits of a result, so that this also makes choices independent of it.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
