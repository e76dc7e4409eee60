"""Memory: a training that needs more than there is ends with a reason, and nothing else is killed for its sake.

Some searched sizes do not fit into any machine. Left to itself, such a training takes all memory, and the system ends
whichever process it thinks best, without a word.
"""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import torch

from infra.container import ClientError

from .hyperparameters import HyperParameters
from .model import Seq2Seq

#: Copies of the parameters that a training holds: themselves, their gradients, the best ones, and the optimiser's.
_COPIES = {"adam": 5, "sgd": 3, "rmsprop": 4}
_FLOAT_BYTES = 4
#: Hyperparameters that memory grows with, by the kind of network that they are for.
_SIZES = {
    "rnn": ("rnn_num_hidden",),
    "cnn": ("cnn_num_hidden",),
    "any": ("num_layers_encoder", "num_layers_decoder", "num_embed_source", "num_embed_target", "batch_size"),
}


def check_memory(settings: HyperParameters, source_words: int, target_words: int, device: torch.device) -> None:
    """Refuses a model that cannot be trained in the memory that is free, before any of it is taken.

    Raises:
        ClientError: Names the need, what is free, and the hyperparameters that it comes from.
    """
    free = free_bytes(device)
    if free is None or required_bytes(settings, most_parameters(settings, source_words, target_words)) <= free:
        return
    parameters = count_parameters(settings, source_words, target_words)
    needed = required_bytes(settings, parameters)
    if needed > free:
        raise ClientError(
            f"out of memory: {parameters / 1e6:,.1f} million parameters need {_gib(needed)} to train with "
            f"{settings.optimizer_type}, but {_gib(free)} are free; {advice(settings)}"
        )


def count_parameters(settings: HyperParameters, source_words: int, target_words: int) -> int:
    """Parameters of the model, which is not made for that. Takes torch two seconds when first called."""
    with torch.device("meta"):
        model = Seq2Seq(settings, source_words, target_words)
    return sum(parameter.numel() for parameter in model.parameters())


def most_parameters(settings: HyperParameters, source_words: int, target_words: int) -> int:
    """A bound of the parameters in no time: every layer as large as the largest."""
    embeddings = settings.num_embed_source, settings.num_embed_target
    widest = max(*embeddings, settings.rnn_num_hidden, settings.cnn_num_hidden, settings.attention_size)
    kernel = max(settings.cnn_kernel_width_encoder, settings.cnn_kernel_width_decoder)
    # A cell has four gates with up to four inputs; a decoder's layer begins from a state made of the encoder's, asks
    # and is asked.
    layers = (settings.num_layers_encoder + settings.num_layers_decoder) * (24 + 2 * kernel) + 10
    rows = source_words + 2 * target_words + settings.max_seq_len_source + settings.max_seq_len_target + 2
    return layers * widest * (widest + 1) + rows * (widest + 1)


def required_bytes(settings: HyperParameters, parameters: int) -> int:
    """The least memory that a training takes: what it keeps for each parameter."""
    copies = _COPIES[settings.optimizer_type]
    if settings.optimizer_type == "sgd" and settings.momentum is not None:
        copies += 1
    return copies * _FLOAT_BYTES * parameters


def advice(settings: HyperParameters) -> str:
    """Which hyperparameters to lower, with their values."""
    kinds = {settings.encoder_type, settings.decoder_type}
    names = [name for kind in ("rnn", "cnn") if kind in kinds for name in _SIZES[kind]] + list(_SIZES["any"])
    return f"lower {', '.join(f'{name} ({getattr(settings, name)})' for name in names)}, or take a larger machine"


def go_first() -> None:
    """Makes this process the first to be ended if the system runs out of memory, before the user's other ones."""
    with suppress(OSError):  # not on Linux
        Path("/proc/self/oom_score_adj").write_text("500")


@contextmanager
def bounded_memory(settings: HyperParameters, device: torch.device) -> Iterator[None]:
    """Lets allocations fail beyond what is free now, and says so where one does.

    Raises:
        ClientError: An allocation has failed.
    """
    with _limited(device):
        try:
            yield
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            raise ClientError(
                f"out of memory: a training step needs more than the memory that is free; {advice(settings)}"
            ) from error


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error of Python or torch is a failed allocation."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return "can't allocate memory" in str(error) or "not enough memory" in str(error)  # torch has no class for it


@contextmanager
def _limited(device: torch.device) -> Iterator[None]:
    """On the CPU this process's data may grow by what is free now. GPUs' drivers map more than they ever take."""
    free, held = free_bytes(device), _field(Path("/proc/self/status"), "VmData")
    if device.type != "cpu" or free is None or held is None:
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_DATA)
    limit = held + free if before[1] == resource.RLIM_INFINITY else min(held + free, before[1])
    resource.setrlimit(resource.RLIMIT_DATA, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


def free_bytes(device: torch.device) -> int | None:
    """Memory that this process can still take on a device; None where the system does not say."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    known = [_field(Path("/proc/meminfo"), "MemAvailable"), _control_group_free(Path("/sys/fs/cgroup"))]
    return min((value for value in known if value is not None), default=None)


def peak_bytes() -> int:
    """Most memory that this process has held."""
    # The other figure that systems have, ru_maxrss, starts on Linux with that of the process that started this one.
    peak = _field(Path("/proc/self/status"), "VmHWM")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 if peak is None else peak


def _control_group_free(root: Path) -> int | None:
    """What a container's limit leaves, where there is one."""
    try:
        limit, used = ((root / name).read_text().strip() for name in ("memory.max", "memory.current"))
    except OSError:
        return None
    return max(0, int(limit) - int(used)) if limit.isdecimal() else None


def _field(file: Path, name: str) -> int | None:
    """A line such as ``MemAvailable:  123 kB`` in bytes."""
    if not file.exists():
        return None
    for line in file.read_text().splitlines():
        key, _, value = line.partition(":")
        if key == name:
            return int(value.split()[0]) * 1024
    return None


def _gib(size: int) -> str:
    return f"{size / 2**30:.1f} GiB"
