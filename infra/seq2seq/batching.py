"""Batches of pairs of like length: the less padding, the less work that nobody sees.

Buckets follow Sockeye: the longer side grows in steps of the bucket width, the shorter one in proportion to the mean
length ratio. Within a bucket chance alone decides who shares a batch, and batches come in random order: batches of one
length each would save more padding, but their gradients pull the model to one length after the other, and it learns
less from each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from .dataset import PairStore
from .vocabulary import BOS, EOS, PAD

Indices = npt.NDArray[np.int64]


class Batch(NamedTuple):
    """B padded pairs; the decoder reads the target from <s> on and is to write it up to </s>."""

    source: Tensor  # (B, S) word ids
    source_lengths: Tensor  # (B,)
    target_in: Tensor  # (B, T): <s> and the words
    target_out: Tensor  # (B, T): the words and </s>
    target_lengths: Tensor  # (B,), </s> counted; falling

    @property
    def tokens(self) -> int:
        """Target tokens to predict, </s> counted."""
        return int(self.target_lengths.sum())

    def to(self, device: torch.device) -> Batch:
        """The batch on a device."""
        return Batch(*(tensor.to(device, non_blocking=True) for tensor in self))


class Part(NamedTuple):
    """What one of several processes does of a batch, and what all do together."""

    batch: Batch
    weight: float  # 0 where the batch has no pair for this process, which then computes in vain
    pairs: int  # of the whole batch
    tokens: int  # of the whole batch


class Buckets(NamedTuple):
    """Upper bounds of the buckets' lengths, ascending on both sides; the last pair holds whatever is longer."""

    source: Indices
    target: Indices

    @classmethod
    def define(cls, max_source: int, max_target: int, width: int, ratio: float) -> Buckets:
        """Buckets up to the maximum lengths, for targets ``ratio`` times as long as their sources."""
        steps = (max(1, int(width / ratio)), width) if ratio >= 1 else (width, max(1, int(width * ratio)))
        count = max(-(-max_source // steps[0]), -(-max_target // steps[1]))
        numbers = np.arange(1, count + 1)
        source = np.clip(numbers * steps[0], 2, max(2, max_source))
        target = np.clip(numbers * steps[1], 2, max(2, max_target))
        return cls(source, target)

    @classmethod
    def single(cls, max_source: int, max_target: int) -> Buckets:
        """One bucket for all lengths."""
        return cls(np.array([max_source]), np.array([max_target]))

    def assign(self, source_lengths: Indices, target_lengths: Indices) -> Indices:
        """Number of the smallest bucket that holds each pair."""
        fits = np.maximum(np.searchsorted(self.source, source_lengths), np.searchsorted(self.target, target_lengths))
        return np.minimum(fits, len(self.source) - 1)


def length_ratio(store: PairStore) -> float:
    """Mean ratio of target to source length."""
    return float(np.mean(store.lengths(1) / store.lengths(0)))


def shuffled_batches(store: PairStore, buckets: Buckets, size: int, generator: np.random.Generator) -> list[Indices]:
    """Each pair of a window in exactly one batch, in random order; all batches but one are full.

    What is left of a bucket joins the next larger one, where it fits too.
    """
    order = generator.permutation(len(store))
    numbers = buckets.assign(store.lengths(0), store.lengths(1))[order]
    batches: list[Indices] = []
    rest = order[:0]
    for number in np.unique(numbers):
        members = np.concatenate([rest, order[numbers == number]])
        full = len(members) - len(members) % size
        batches += np.split(members[:full], range(size, full, size)) if full else []
        rest = members[full:]
    batches += [rest] if len(rest) else []
    return [batches[index] for index in generator.permutation(len(batches))]


def sorted_batches(store: PairStore, size: int) -> list[Indices]:
    """Each pair in exactly one batch, shortest first: for evaluation."""
    order = np.lexsort((store.lengths(0), store.lengths(1)))
    return [order[start : start + size] for start in range(0, len(order), size)]


def make_batch(store: PairStore, indices: Indices) -> Batch:
    """Pads these pairs to the longest of them; longer targets come first, as the decoder wants them."""
    indices = indices[np.argsort(-store.lengths(1, indices), kind="stable")]
    source_lengths, target_lengths = (store.lengths(side, indices) for side in (0, 1))
    words = store.padded(1, indices, PAD)  # (B, T - 1)
    target_in, target_out = (np.full((len(indices), words.shape[1] + 1), PAD) for _ in range(2))  # (B, T)
    target_in[:, 0], target_in[:, 1:] = BOS, words
    target_out[:, :-1] = words
    target_out[np.arange(len(indices)), target_lengths] = EOS
    arrays = store.padded(0, indices, PAD), source_lengths, target_in, target_out, target_lengths + 1
    return Batch(*map(torch.from_numpy, arrays))


def pad(sentences: list[npt.NDArray[np.int32]]) -> Tensor:
    """One row a sentence, filled up with <pad>: (B, longest)."""
    rows = [torch.from_numpy(words.astype(np.int64)) for words in sentences]
    return nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=PAD)


def epoch_batches(
    windows: Iterator[PairStore],
    buckets: Callable[[PairStore], Buckets],
    size: int,
    seed: tuple[int, int],
    *,
    skip: int = 0,
    rank: int = 0,
    count: int = 1,
) -> Iterator[Part]:
    """One epoch's batches, the first ``skip`` left out; seed and epoch number alone decide their order.

    Process ``rank`` of ``count`` gets its part of each.
    """
    for number, store in enumerate(windows):
        order = shuffled_batches(store, buckets(store), size, np.random.default_rng((*seed, number)))
        for indices in order[skip:]:
            part = indices[rank::count]
            tokens = int(store.lengths(1, indices).sum()) + len(indices)  # </s> counted
            batch = make_batch(store, part if len(part) else indices[:1])
            yield Part(batch, float(len(part) > 0), len(indices), tokens)
        skip = max(0, skip - len(order))
