"""Peak memory on a big channel: ``python -m tests.benchmarks.seq2seq.memory GIGABYTES``.

First the real program in File mode makes a few updates on it; then a process of its own reads and batches the whole
channel once, as an epoch does, without the updates. The channel is random words, a block of them many times over.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from infra.seq2seq.batching import Buckets, epoch_batches
from infra.seq2seq.dataset import Corpus, Limits, read_pairs
from infra.seq2seq.memory import peak_bytes
from infra.seq2seq.pair_block import PairBlock, Sentences
from infra.seq2seq.record_blocks import encode_block
from infra.seq2seq.vocabulary import SOURCE_FILE, TARGET_FILE, Vocabulary

_WORDS = 30_000
_BLOCK_PAIRS = 500_000
_SETTINGS = {
    "batch_size": "64",
    "max_num_batches": "20",
    "checkpoint_frequency_num_batches": "10",
    "rnn_num_hidden": "128",
    "num_embed_source": "128",
    "num_embed_target": "128",
    "optimized_metric": "perplexity",
    "max_seq_len_source": "60",
    "max_seq_len_target": "60",
}


def records(pairs: int, seed: int) -> bytes:
    """Pairs of 1 to 50 words a side."""
    generator = np.random.default_rng(seed)
    sides = []
    for _ in range(2):
        lengths = generator.integers(1, 51, pairs)
        sides.append(Sentences(generator.integers(4, _WORDS, lengths.sum(), dtype=np.int32), lengths))
    return encode_block(PairBlock(*sides)).tobytes()


def write_job(base: Path, size: int) -> Path:
    """A job's folder with a training channel of so many bytes; the channel's file."""
    data = base / "input" / "data"
    for name in ("train", "validation", "vocab"):
        (data / name).mkdir(parents=True)
    block, channel = records(_BLOCK_PAIRS, 1), data / "train" / "train.rec"
    with channel.open("wb") as file:
        while file.tell() < size:
            file.write(block)
    (data / "validation" / "val.rec").write_bytes(records(200, 2))
    for name in (SOURCE_FILE, TARGET_FILE):
        counts = {f"w{number}": _WORDS - number for number in range(_WORDS - 4)}
        Vocabulary.ranked(counts, max_words=_WORDS).save(data / "vocab" / name)
    (base / "input" / "config").mkdir()
    (base / "input" / "config" / "hyperparameters.json").write_text(json.dumps(_SETTINGS))
    return channel


def read(channel: Path) -> None:
    """An epoch's batches, with nothing done about them; prints the figures, and how far it is now and then."""
    limits, buckets, pairs = Limits(_WORDS, _WORDS, 60, 60), Buckets.define(60, 60, 10, 1.0), 0
    corpus = Corpus(lambda _: read_pairs([channel], limits), "train")
    start = time.process_time()
    for number, part in enumerate(epoch_batches(corpus.windows(0), lambda _: buckets, 64, (1, 0))):
        pairs += part.pairs
        if number % 25_000 == 24_999:
            print(f"so far: {_figures(pairs, start)}", flush=True)
    print(f"whole epoch read and batched: {_figures(pairs, start)}; load {os.getloadavg()[0]:.1f}")


def _figures(pairs: int, start: float) -> str:
    rate = pairs / (time.process_time() - start)
    return f"{pairs:,} pairs, {rate:,.0f} a CPU second, peak memory {peak_bytes() / 2**20:.0f} MiB"


def main(gigabytes: float) -> None:
    """Prints the figures of both processes."""
    with tempfile.TemporaryDirectory() as folder:
        channel = write_job(Path(folder), int(gigabytes * 1e9))
        print(f"channel of {channel.stat().st_size / 1e9:.2f} GB; load {os.getloadavg()[0]:.1f}", flush=True)
        environment = {**os.environ, "SAGEMAKER_BASE_DIR": folder, "OMP_NUM_THREADS": "1"}
        start = time.perf_counter()
        log = subprocess.run(
            [sys.executable, "-m", "infra.seq2seq", "train"],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout
        print(f"training ({time.perf_counter() - start:.0f} s):", log.splitlines()[-1], flush=True)
        subprocess.run([sys.executable, "-m", "tests.benchmarks.seq2seq.memory", "read", str(channel)], check=True)


if __name__ == "__main__":
    if sys.argv[1] == "read":
        read(Path(sys.argv[2]))
    else:
        main(float(sys.argv[1]))
