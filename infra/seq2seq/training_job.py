"""A training job from start to end: the container's files in, the model out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import numpy as np
import torch

from infra.container import ClientError, Container, StopRequest

from . import artifact
from .dataset import Corpus, Limits, block_windows, read_pairs
from .hyperparameters import HyperParameters
from .memory import bounded_memory, check_memory, peak_bytes
from .pair_block import PairBlock
from .precision import Precision
from .processes import Processes
from .trainer import Data, Trainer
from .vocabulary import SOURCE_FILE, TARGET_FILE, Vocabulary

#: Environment variable with the seed of initial weights, dropout and the order of the data.
SEED_VARIABLE = "SEQ2SEQ_SEED"
_DEFAULT_SEED = 1


def run(container: Container, settings: HyperParameters, log: Callable[[str], None]) -> None:
    """Trains and leaves the model in the container's model folder.

    Raises:
        ClientError: Something in the channels or the hyperparameters keeps the job from training.
    """
    stop = StopRequest()
    seed, precision = _seed(), Precision.from_environment(os.environ)
    set_up_torch()
    processes = Processes.join(lambda: stop.received)
    data = load_data(container, settings, seed, processes)
    say = log if processes.rank == 0 else lambda _: None
    say(
        f"Vocabulary: {len(data.source)} source and {len(data.target)} target words. "
        f"Validation data: {len(data.validation)} pairs"
    )
    say(
        f"Computing on {processes.device.type} in {processes.count} process{'es' if processes.count > 1 else ''}, "
        f"precision {precision}"
    )
    check_memory(settings, len(data.source), len(data.target), processes.device)
    with bounded_memory(settings, processes.device):
        trainer = Trainer(
            settings,
            data,
            seed=seed,
            log=say,
            checkpoints=container.checkpoints,
            processes=processes,
            precision=precision,
        )
        trained = trainer.fit()
    if processes.rank == 0:
        artifact.save(container.model, trained.parameters, settings, (data.source, data.target), trained.metrics)
        say(f"Model saved to {container.model}. {_peak_memory(processes.device)}")
    processes.leave()


def set_up_torch() -> None:
    """How torch computes in this process; to be called before it makes a tensor."""
    # As many threads as the job was given: threads of parallel jobs fight for the same cores.
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    torch.set_flush_denormal(True)
    # Large tensors on huge pages, where the system has them: with fewer pages to find, their products go faster.
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")


def _peak_memory(device: torch.device) -> str:
    used = f"Peak memory: {peak_bytes() / 2**20:.0f} MiB"
    if device.type == "cuda":
        used += f", GPU: {torch.cuda.max_memory_allocated() / 2**20:.0f} MiB"
    return used


def load_data(container: Container, settings: HyperParameters, seed: int, processes: Processes | None = None) -> Data:
    """Opens the channels; the validation data and the vocabularies are read."""
    processes = Processes() if processes is None else processes
    source, target = (_vocabulary(container, name) for name in (SOURCE_FILE, TARGET_FILE))
    limits = Limits(len(source), len(target), settings.max_seq_len_source, settings.max_seq_len_target)
    train = _reader(container, "train", limits, seed)
    validation = block_windows(_reader(container, "validation", limits, seed)(0), max_words=1 << 62)
    stores = list(processes.first_reads(validation))
    if not stores:
        raise ClientError("channel 'validation' has no sentence pair with words on both sides; check the files in it")
    return Data(Corpus(train, "train", share=processes.first_reads), stores[0], source, target)


def _vocabulary(container: Container, name: str) -> Vocabulary:
    """The vocabulary of that file name, wherever in its channel the file is."""
    found = [path for path in container.channel_files("vocab") if path.name == name]
    return Vocabulary.load(found[0] if found else container.channel("vocab") / name)


def _reader(container: Container, channel: str, limits: Limits, seed: int) -> Callable[[int], Iterator[PairBlock]]:
    """Reads an epoch of a channel: its files in an order of the epoch's own, or the next named pipe."""
    if container.input_mode(channel) == "Pipe":
        pipes = count()
        stem = container.channel(channel)
        return lambda _epoch: read_pairs([Path(f"{stem}_{next(pipes)}")], limits)
    files = container.channel_files(channel)

    def read(epoch: int) -> Iterator[PairBlock]:
        order = np.random.default_rng((seed, epoch)).permutation(len(files))
        return read_pairs([files[index] for index in order], limits)

    return read


def _seed() -> int:
    text = os.environ.get(SEED_VARIABLE, str(_DEFAULT_SEED))
    if not text.isdecimal():
        raise ClientError(f"environment variable {SEED_VARIABLE} must be a whole number, but got {text!r}")
    return int(text)
