"""The log lines with metrics, and the metric definitions whose regular expressions match them; standard library only.

The lines follow Sockeye's log, on which the algorithm is based. The engine that runs the jobs takes
``METRIC_DEFINITIONS`` as the built-in definitions of the algorithm's image, and the constructs declare them for images
that are not AWS's own.
"""

from __future__ import annotations

from collections.abc import Mapping

_NUMBER = r"([0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?)"

#: (name, regular expression with one group) of each metric that the algorithm emits.
METRIC_DEFINITIONS: tuple[tuple[str, str], ...] = (
    ("train:accuracy", rf"Train-accuracy={_NUMBER}"),
    ("train:perplexity", rf"Train-perplexity={_NUMBER}"),
    ("train:tokens_per_second", rf"Train-tokens_per_second={_NUMBER}"),
    ("validation:accuracy", rf"Validation-accuracy={_NUMBER}"),
    ("validation:bleu", rf"Validation-bleu={_NUMBER}"),
    ("validation:perplexity", rf"Validation-perplexity={_NUMBER}"),
)


def metric_line(checkpoint: int, source: str, metrics: Mapping[str, float]) -> str:
    """One checkpoint's metrics of ``source``, "Train" or "Validation", six significant digits each."""
    fields = " ".join(f"{source}-{name}={value:.6g}" for name, value in metrics.items())
    return f"Checkpoint [{checkpoint}]\t{fields}"


def checkpoint_line(checkpoint: int, *, updates: int, epoch: int, samples: int, seconds: float, rate: float) -> str:
    """How far training is at a checkpoint; seconds and updates a second since the last one, evaluation excluded."""
    done = f"Updates={updates} Epoch={epoch} Samples={samples}"
    return f"Checkpoint [{checkpoint}]\t{done} Time-cost={seconds:.1f} Updates/sec={rate:.1f}"


def speed_line(epoch: int, batch: int, *, samples: float, tokens: float, updates: float) -> str:
    """Speed since the last checkpoint: samples, target tokens and updates a second."""
    speed = f"{samples:.1f} samples/sec {tokens:.1f} tokens/sec {updates:.2f} updates/sec"
    return f"Epoch[{epoch}] Batch [{batch}]\tSpeed: {speed}"
