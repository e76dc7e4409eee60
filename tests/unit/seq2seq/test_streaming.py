"""Channels larger than memory, and named pipes that can be read once: only a window of the data is ever held."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from infra.seq2seq.recordio import Pair, encode

from .tiny import write_job


def _run(base: Path) -> tuple[int, str, str]:
    environment = {**os.environ, "SAGEMAKER_BASE_DIR": str(base), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "infra.seq2seq", "train"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200, check=False)
    return done.returncode, done.stdout, done.stderr


def _feed(pipe: Path, data: bytes) -> threading.Thread:
    """Writes into a named pipe as soon as it is opened, as the service does."""
    os.mkfifo(pipe)
    thread = threading.Thread(target=lambda: pipe.write_bytes(data), daemon=True)
    thread.start()
    return thread


@pytest.mark.integration
def test_pipe_mode_reads_a_named_pipe_and_learns_the_same(tmp_path: Path) -> None:
    settings = {"max_num_batches": "30", "checkpoint_frequency_num_batches": "10", "batch_size": "32"}  # three epochs
    file, pipe = write_job(tmp_path / "file", settings), write_job(tmp_path / "pipe", settings)
    data = pipe / "input" / "data"
    threads = []
    for channel in ("train", "validation"):
        (records,) = (data / channel).iterdir()
        threads.append(_feed(data / f"{channel}_0", records.read_bytes()))
        records.unlink()
        (data / channel).rmdir()
    modes = {channel: {"TrainingInputMode": "Pipe"} for channel in ("train", "validation")}
    (pipe / "input" / "config" / "inputdataconfig.json").write_text(json.dumps(modes))
    code, out, err = _run(pipe)
    assert code == 0, err
    for thread in threads:
        thread.join(timeout=10)

    def metrics(log: str) -> list[str]:
        return [line for line in log.splitlines() if "Validation-" in line]

    assert metrics(out) == metrics(_run(file)[1])
    assert len(metrics(out)) >= 3


_MEASURE = """
import resource, sys
from pathlib import Path
from infra.seq2seq import dataset
from infra.seq2seq.batching import Buckets, epoch_batches
from infra.seq2seq.dataset import Corpus, Limits, read_pairs
files, limits = [Path(name) for name in sys.argv[1:]], Limits(1000, 1000, 60, 60)
corpus = Corpus(lambda _: read_pairs(files, limits), "train", max_words=1 << 20)
pairs = 0
for part in epoch_batches(corpus.windows(0), lambda _: Buckets.define(60, 60, 10, 1.0), 512, (1, 0)):
    pairs += part.pairs
print(pairs, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


@pytest.mark.integration
def test_memory_depends_on_the_window_and_not_on_the_channel(tmp_path: Path) -> None:
    sentence = [4 + number % 900 for number in range(50)]
    block = encode(Pair(sentence, sentence)) * 5_000  # a little over 1 MiB
    path = tmp_path / "train.rec"
    path.write_bytes(block)

    def read(copies: int) -> tuple[int, int]:
        command = [sys.executable, "-c", _MEASURE, *[str(path)] * copies]
        pairs, mib = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        return int(pairs), int(mib)

    (few, small), (many, large) = read(10), read(40)  # five windows of a million words, and twenty
    assert (few, many) == (50_000, 200_000)
    assert large - small < 8  # MiB; the forty files have 34 MiB more than the ten
