import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from infra.seq2seq.batching import Buckets, Part, epoch_batches, length_ratio, make_batch, shuffled_batches
from infra.seq2seq.dataset import Corpus
from infra.seq2seq.pair_block import PairBlock
from infra.seq2seq.recordio import Pair
from infra.seq2seq.vocabulary import BOS, EOS, PAD

from .tiny import store_of

_SENTENCE = st.lists(st.integers(4, 50), min_size=1, max_size=30)
_PAIRS = st.lists(st.builds(Pair, _SENTENCE, _SENTENCE), min_size=1, max_size=60)


@given(_PAIRS, st.integers(1, 9), st.integers(1, 12), st.booleans())
def test_every_pair_is_in_exactly_one_batch(pairs: list[Pair], size: int, width: int, bucketing: bool) -> None:
    store = store_of(pairs)
    buckets = Buckets.define(30, 30, width, length_ratio(store)) if bucketing else Buckets.single(30, 30)
    batches = shuffled_batches(store, buckets, size, np.random.default_rng(1))
    assert sorted(index for batch in batches for index in batch) == list(range(len(pairs)))
    assert sorted(map(len, batches))[1:] == [size] * (len(batches) - 1)
    assert len(batches) == -(-len(pairs) // size)


@given(_PAIRS, st.integers(1, 12))
def test_only_what_is_left_of_a_bucket_shares_a_batch_with_another(pairs: list[Pair], width: int) -> None:
    store = store_of(pairs)
    buckets = Buckets.define(30, 30, width, length_ratio(store))
    numbers = buckets.assign(store.lengths(0), store.lengths(1))
    batches = shuffled_batches(store, buckets, 4, np.random.default_rng(1))
    pure = [int(numbers[batch[0]]) for batch in batches if len(batch) == 4 and len(set(numbers[batch])) == 1]
    for number, count in zip(*np.unique(numbers, return_counts=True), strict=True):
        # at most three come from the buckets below, and at most three are left
        assert pure.count(number) >= (count - 3) // 4


def test_chance_decides_which_pairs_of_a_bucket_share_a_batch() -> None:
    store = store_of([Pair([4] * (1 + number % 10), [4] * (1 + number % 10)) for number in range(2000)])
    batches = shuffled_batches(store, Buckets.define(30, 30, 10, 1.0), 50, np.random.default_rng(1))
    means = [store.lengths(1)[batch].mean() for batch in batches]
    # lengths 1 to 10 have mean 5.5 and deviation 2.9: that of the mean of 50 is 0.41
    assert np.std(means) < 0.6
    assert abs(np.mean(means[:10]) - 5.5) < 0.5


def test_buckets_grow_in_steps_of_the_longer_side_and_in_proportion_on_the_shorter() -> None:
    buckets = Buckets.define(max_source=25, max_target=50, width=10, ratio=2.0)
    assert buckets.target.tolist() == [10, 20, 30, 40, 50]
    assert buckets.source.tolist() == [5, 10, 15, 20, 25]
    # a side that reaches its maximum stays there
    assert Buckets.define(12, 30, 10, 1.0).source.tolist() == [10, 12, 12]
    # two tokens at least
    assert Buckets.define(4, 4, 1, 1.0).target.tolist() == [2, 2, 3, 4]


@given(_PAIRS)
def test_a_batch_pads_to_its_longest_and_shifts_the_target(pairs: list[Pair]) -> None:
    batch = make_batch(store_of(pairs), np.arange(len(pairs)))
    assert batch.source.shape == (len(pairs), max(len(pair.source) for pair in pairs))
    longest_first = sorted(pairs, key=lambda pair: -len(pair.target))
    for row, (source, target) in enumerate(longest_first):
        words = len(source)
        assert batch.source[row].tolist()[:words] == source
        assert set(batch.source[row].tolist()[words:]) <= {PAD}
        length = int(batch.target_lengths[row])
        assert batch.target_in[row, :length].tolist() == [BOS, *target]
        assert batch.target_out[row, :length].tolist() == [*target, EOS]
    assert batch.tokens == sum(len(pair.target) + 1 for pair in pairs)


@given(_PAIRS, st.integers(1, 200), st.integers(0, 70))
def test_windows_lose_nothing_and_skipping_resumes_where_it_left(pairs: list[Pair], words: int, skip: int) -> None:
    corpus = Corpus(lambda _epoch: [PairBlock.of(pairs)], "train", max_words=words)

    def batches(first: int) -> list[torch.Tensor]:
        found = epoch_batches(corpus.windows(0), lambda _: Buckets.single(30, 30), 4, (1, 0), skip=first)
        return [part.batch.source for part in found]

    everything = batches(0)
    assert sum(len(batch) for batch in everything) == len(pairs)
    rest = batches(skip)
    assert len(rest) == max(0, len(everything) - skip)
    assert all(torch.equal(a, b) for a, b in zip(rest, everything[skip:], strict=True))


@given(_PAIRS, st.integers(1, 9), st.integers(2, 4))
def test_the_parts_of_all_processes_are_the_whole_batch(pairs: list[Pair], size: int, count: int) -> None:
    store = store_of(pairs)

    def parts(rank: int, of: int) -> list[Part]:
        return list(epoch_batches(iter([store]), lambda _: Buckets.single(30, 30), size, (1, 0), rank=rank, count=of))

    for whole, *shares in zip(parts(0, 1), *(parts(rank, count) for rank in range(count)), strict=True):
        assert (whole.pairs, whole.tokens, whole.weight) == (len(whole.batch.source), whole.batch.tokens, 1)
        assert {(share.pairs, share.tokens) for share in shares} == {(whole.pairs, whole.tokens)}
        assert sum(share.batch.tokens * share.weight for share in shares) == whole.tokens
