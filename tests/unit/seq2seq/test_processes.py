"""Several processes train one model: what they find is what one alone would."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from infra.seq2seq.processes import Processes, StopRequestedError

from .tiny import write_job

_SETTINGS = {
    "learning_rate": "0.02",
    "batch_size": "9",  # 273 pairs: the last batch has one process without a pair in some epochs
    "checkpoint_frequency_num_batches": "10",
    "max_num_batches": "40",
    "bleu_sample_size": "20",
    "optimizer_type": "sgd",
    "clip_gradient": "0.1",
}


def _train(base: Path, processes: int, **variables: str) -> subprocess.Popen[str]:
    launcher = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    command = [sys.executable, *(launcher if processes > 1 else []), "-m", "infra.seq2seq", "train"]
    environment = {**os.environ, "SAGEMAKER_BASE_DIR": str(base), "OMP_NUM_THREADS": "1", **variables}
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=Path.cwd()
    )


def _log(base: Path, processes: int) -> list[str]:
    with _train(base, processes) as process:
        out, err = process.communicate(timeout=200)
    assert process.returncode == 0, err
    return [line for line in out.splitlines() if "Checkpoint" in line and "Updates=" not in line]


@pytest.mark.integration
def test_two_processes_train_the_model_that_one_trains_and_resume(tmp_path: Path) -> None:
    alone, together = write_job(tmp_path / "alone", _SETTINGS), write_job(tmp_path / "together", _SETTINGS)
    expected = _log(alone, 1)
    (together / "checkpoints").mkdir()
    with _train(together, 2) as process:
        assert process.stdout is not None
        while "Checkpoint [2]" not in process.stdout.readline():
            pass
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=200)
    assert "Stopped on request after" in out
    resumed = _log(together, 2)

    def metrics(lines: list[str]) -> list[float]:
        words = [word for line in lines if "Validation" in line for word in line.split()]
        return [float(word.split("=")[1]) for word in words if "=" in word]

    assert metrics(resumed) == pytest.approx(metrics(expected)[-len(metrics(resumed)) :], rel=1e-3)
    models = [load_file(base / "model" / "model.safetensors") for base in (alone, together)]
    for name, value in models[0].items():
        torch.testing.assert_close(models[1][name], value, rtol=1e-3, atol=1e-4)


@pytest.mark.integration
def test_two_processes_train_in_bfloat16(tmp_path: Path) -> None:
    changes = {"optimizer_type": "adam", "clip_gradient": "1", "bleu_sample_size": "0", "max_num_batches": "20"}
    base = write_job(tmp_path, _SETTINGS | changes)
    with _train(base, 2, SEQ2SEQ_PRECISION="bfloat16") as process:
        out, err = process.communicate(timeout=200)
    assert process.returncode == 0, err
    assert "Computing on cpu in 2 processes, precision bfloat16\n" in out
    perplexities = [float(found) for found in re.findall(r"Validation-perplexity=(\S+)", out)]
    assert len(perplexities) >= 2
    assert perplexities[-1] < perplexities[0]
    dtypes = {value.dtype for value in load_file(base / "model" / "model.safetensors").values()}
    assert dtypes == {torch.float32}


def test_one_process_maps_in_order_until_it_is_asked_to_stop() -> None:
    assert Processes().map(lambda number: number * 2, [1, 2, 3]) == [2, 4, 6]
    answers = iter([False, True])
    done: list[int] = []
    with pytest.raises(StopRequestedError):
        Processes(stop_requested=lambda: next(answers)).map(done.append, [1, 2, 3])
    assert done == [1]
