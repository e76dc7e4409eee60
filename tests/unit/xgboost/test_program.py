"""The program in a process of its own, as the engine starts it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xgboost as xgb
from numpy.typing import NDArray

ROOT = Path(__file__).parents[3]
CLASSES = {"objective": "binary:logistic", "eval_metric": "auc"}


class Job:
    """A job folder and the program on it."""

    def __init__(self, base: Path) -> None:
        self.base = base

    def prepare(self, *, content_type: str | None = "text/csv", mode: str = "File", **hyperparameters: str) -> Job:
        config = self.base / "input" / "config"
        config.mkdir(parents=True, exist_ok=True)
        channel = {"TrainingInputMode": mode, **({} if content_type is None else {"ContentType": content_type})}
        (config / "inputdataconfig.json").write_text(json.dumps({"train": channel, "validation": channel}))
        (config / "hyperparameters.json").write_text(json.dumps({"num_round": "5", **hyperparameters}))
        return self

    def channel(self, name: str, content: str, file: str = "part/data.csv") -> Job:
        path = self.base / "input" / "data" / name / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        return self

    def start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "infra.xgboost", "train"],
            cwd=self.base,
            env={**os.environ, "SAGEMAKER_BASE_DIR": str(self.base), "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self) -> tuple[int, str]:
        program = self.start()
        output, _ = program.communicate(timeout=120)
        return program.returncode, output

    @property
    def model(self) -> xgb.Booster:
        return xgb.Booster(model_file=bytearray((self.base / "model" / "xgboost-model").read_bytes()))

    @property
    def failure(self) -> str:
        return (self.base / "output" / "failure").read_text()


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(tmp_path)


def examples(count: int, seed: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    features = np.random.default_rng(seed).normal(size=(count, 4)).astype(np.float32).round(3)
    return features, (features[:, 0] + features[:, 1] * features[:, 2] > 0).astype(np.float32)


def csv_of(count: int, seed: int) -> str:
    features, labels = examples(count, seed)
    rows = zip(labels, features, strict=True)
    return "".join(f"{int(label)},{','.join(f'{value:g}' for value in row)}\n" for label, row in rows)


def values(output: str, metric: str) -> list[float]:
    return [float(text) for text in re.findall(rf"\t{metric}:(\S+)", output)]


def test_csv_to_a_model_that_the_library_reads(job: Job) -> None:
    job.prepare(**CLASSES, eta="0.5", rate_drop="0.3", tweedie_variance_power="1.4")
    code, output = job.channel("train", csv_of(200, 1)).channel("validation", csv_of(100, 2)).run()
    assert code == 0, output
    assert "Channel train: 200 examples with 4 features" in output
    # Without booster dart and objective reg:tweedie, these two do nothing, as on AWS.
    assert 'WARNING: Parameters: { "rate_drop", "tweedie_variance_power" } are not used.' in output
    assert [line.split("\t")[0] for line in output.splitlines() if line.startswith("[")] == [f"[{n}]" for n in range(5)]
    features, labels = examples(200, 1)
    expected: dict[str, Any] = {}
    data = xgb.DMatrix(features, labels)
    model = xgb.train(
        {**CLASSES, "eta": 0.5}, data, 5, evals=[(data, "train")], evals_result=expected, verbose_eval=False
    )
    assert values(output, "train-auc") == pytest.approx(expected["train"]["auc"], abs=1e-5)
    np.testing.assert_allclose(job.model.predict(data), model.predict(data), rtol=1e-5)
    assert values(output, "validation-auc")[-1] > 0.8


@pytest.mark.parametrize("content_type", ["text/libsvm", None], ids=["libsvm", "none"])
def test_libsvm_with_fewer_columns_in_the_validation_data(job: Job, content_type: str | None) -> None:
    features, labels = examples(100, 1)
    lines = [
        " ".join([f"{y:g}", *(f"{i}:{v:g}" for i, v in enumerate(x))]) for x, y in zip(features, labels, strict=True)
    ]
    job.prepare(content_type=content_type, eval_metric="mse,accuracy", objective="binary:logistic")
    job.channel("train", "\n".join(lines)).channel("validation", "1 0:1\n0 1:-1\n")
    code, output = job.run()
    assert code == 0, output
    assert job.model.num_features() == 4
    assert len(values(output, "train-accuracy")) == len(values(output, "validation-mse")) == 5
    assert "logloss" not in output  # the objective's own metric, which nobody asked for


def test_weights_count(job: Job) -> None:
    # Two examples that contradict each other: the heavier one wins.
    job.prepare(csv_weights="1", num_round="20", min_child_weight="0", objective="binary:logistic")
    assert job.channel("train", "1,9,5\n0,1,5\n").run()[0] == 0
    assert job.model.predict(xgb.DMatrix(np.array([[5.0]])))[0] > 0.7


def test_multi_class_metrics_of_the_tuning_job(job: Job) -> None:
    features, _ = examples(150, 3)
    rows = "".join(f"{np.argmax(x[:3])},{','.join(map(str, x))}\n" for x in features)
    job.prepare(
        objective="multi:softprob", num_class="3", num_round="10", _tuning_objective_metric="validation:f1_macro"
    )
    code, output = job.channel("train", rows).channel("validation", rows).run()
    assert code == 0, output
    assert values(output, "validation-f1_macro")[-1] > 0.9


def test_early_stopping_keeps_the_best_round(job: Job) -> None:
    job.prepare(objective="binary:logistic", eval_metric="logloss", num_round="300", early_stopping_rounds="4", eta="1")
    code, output = job.channel("train", csv_of(60, 1)).channel("validation", csv_of(60, 2)).run()
    assert code == 0, output
    losses = values(output, "validation-logloss")
    assert len(losses) < 300
    assert job.model.num_boosted_rounds() == int(np.argmin(losses)) + 1 == len(losses) - 4


def test_goes_on_from_a_checkpoint(job: Job) -> None:
    job.channel("train", csv_of(200, 1)).channel("validation", csv_of(100, 2))
    assert job.prepare(**CLASSES, num_round="6").run()[0] == 0
    straight = job.model
    checkpoints = job.base / "checkpoints"
    checkpoints.mkdir()
    (checkpoints / "xgboost-checkpoint.3").write_bytes(straight[:4].save_raw("ubj"))
    (checkpoints / "xgboost-checkpoint.10").write_bytes(b"damaged")
    code, output = job.run()
    assert code == 0, output
    assert "Checkpoint xgboost-checkpoint.10 cannot be read and is left out" in output
    assert [line[:3] for line in output.splitlines() if line.startswith("[")] == ["[4]", "[5]"]
    data = xgb.DMatrix(examples(100, 2)[0])
    np.testing.assert_allclose(job.model.predict(data), straight.predict(data), rtol=1e-4)


def test_a_checkpoint_of_all_rounds_is_the_model(job: Job) -> None:
    job.channel("train", csv_of(100, 1)).channel("validation", csv_of(100, 2))
    job.prepare(objective="binary:logistic", eval_metric="auc,accuracy")
    first = job.run()[1]
    (job.base / "checkpoints").mkdir()
    (job.base / "model" / "xgboost-model").rename(job.base / "checkpoints" / "xgboost-checkpoint.4")
    code, output = job.run()
    assert code == 0, output
    for metric in ("validation-auc", "validation-accuracy"):
        assert values(output, metric) == pytest.approx(values(first, metric)[-1:], abs=1e-5)
    assert job.model.num_boosted_rounds() == 5


def test_sigterm_saves_the_model_so_far(job: Job) -> None:
    job.prepare(**CLASSES, num_round="1000000")
    program = job.channel("train", csv_of(200, 1)).channel("validation", csv_of(100, 2)).start()
    assert program.stdout is not None
    for line in program.stdout:
        if line.startswith("[20]"):
            program.send_signal(signal.SIGTERM)
            break
    rest = program.stdout.read()
    program.stdout.close()
    assert program.wait(60) == 0, rest
    rounds = job.model.num_boosted_rounds()
    assert f"Model of {rounds} rounds saved" in rest
    assert rounds > 20
    assert [path.name for path in (job.base / "checkpoints").iterdir()] == [f"xgboost-checkpoint.{rounds - 1}"]


Change = Callable[[Job], Job]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda job: job.prepare(max_dept="3"),
            "ClientError: unknown hyperparameter 'max_dept': did you mean 'max_depth'?",
        ),
        (
            lambda job: job.prepare(content_type="application/x-parquet"),
            "ClientError: channel 'train': content type application/x-parquet is read on AWS only; "
            "use text/csv or text/libsvm",
        ),
        (
            lambda job: job.prepare(content_type="text/html"),
            "ClientError: channel 'train': content type must be one of csv, text/csv, libsvm, text/libsvm, "
            "text/x-libsvm, but got 'text/html'",
        ),
        (
            lambda job: job.prepare(content_type="text/csv; label_size=2"),
            "ClientError: channel 'train': label_size must be 1, but got 'text/csv; label_size=2'",
        ),
        (
            lambda job: job.prepare(mode="Pipe"),
            "ClientError: channel 'train': input mode Pipe is not supported, use File or FastFile",
        ),
        (
            lambda job: job.prepare().channel("validation", "1,2\n"),
            "ClientError: the channels must have the same number of features, but got {'train': 2, 'validation': 1}",
        ),
        (
            lambda job: job.prepare(_tuning_objective_metric="validation:rmse"),
            "ClientError: channel 'validation' is missing: the tuning job's objective validation:rmse "
            "is computed on it",
        ),
        (
            lambda job: job.prepare().channel("train", ""),
            "ClientError: channel 'train' has no data: put its files under the channel's S3Uri",
        ),
        (
            lambda job: job.prepare(objective="binary:logistic").channel("train", "7,1,2\n"),
            "ClientError: XGBoost: Check failed: is_valid: base_score must be in (0,1) for the logistic loss.",
        ),
    ],
    ids=["unknown", "parquet", "type", "label-size", "pipe", "widths", "no-validation", "empty", "labels"],
)
def test_what_fails(job: Job, change: Change, message: str) -> None:
    code, output = change(job.channel("train", "1,2,3\n0,2,4\n")).run()
    assert code == 1, output
    assert job.failure.startswith(message)
    assert job.failure in output
    assert "Traceback" not in output
    assert "Stack trace" not in job.failure
