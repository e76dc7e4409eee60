"""Whole training jobs: real processes with the container's folders."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.torch import load_file

from infra.container import ClientError, Container
from infra.seq2seq.metric_lines import METRIC_DEFINITIONS
from infra.seq2seq.trainer import Trainer
from infra.seq2seq.training_job import load_data
from infra.seq2seq.translator import Translator
from infra.seq2seq.vocabulary import Vocabulary

from .tiny import settings, write_job

_LEARNING = {
    "learning_rate": "0.02",
    "batch_size": "16",
    "checkpoint_frequency_num_batches": "50",
    "max_num_batches": "200",
    "bleu_sample_size": "-1",
}


def _start(base: Path, **variables: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "SAGEMAKER_BASE_DIR": str(base), "OMP_NUM_THREADS": "1", **variables}
    command = [sys.executable, "-m", "infra.seq2seq", "train"]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=Path.cwd()
    )


def _run(base: Path, **variables: str) -> tuple[int, str, str]:
    with _start(base, **variables) as process:
        out, err = process.communicate(timeout=120)
        return process.returncode, out, err


def test_vocabularies_are_found_by_their_names_wherever_in_the_channel(tmp_path: Path) -> None:
    channel = write_job(tmp_path, {}) / "input" / "data" / "vocab"
    (channel / "words").mkdir()
    for name in ("vocab.src.json", "vocab.trg.json"):
        (channel / name).rename(channel / "words" / name)
    (channel / "a-note").mkdir()
    (channel / "a-note" / "made-by.txt").write_text("prepare")
    data = load_data(Container(tmp_path), settings(), seed=1)
    assert set("abcdef") <= set(data.source.words)
    assert set("ABCDEF") <= set(data.target.words)


def test_a_job_learns_reports_its_metrics_and_leaves_a_model_that_translates(tmp_path: Path) -> None:
    code, log, _ = _run(write_job(tmp_path, _LEARNING))
    assert code == 0
    found = {name: [float(value) for value in re.findall(regex, log)] for name, regex in METRIC_DEFINITIONS}
    assert found["validation:accuracy"][-1] > 0.95
    assert found["validation:bleu"][-1] > 0.9
    assert found["validation:perplexity"][-1] < 1.2
    assert len(found["validation:perplexity"]) >= 4
    assert found["validation:perplexity"][-1] == min(found["validation:perplexity"])  # of the model that is kept
    assert found["train:tokens_per_second"][-1] > 0
    assert not (tmp_path / "output" / "failure").exists()

    names = {path.name for path in (tmp_path / "model").iterdir()}
    assert names == {"config.json", "model.safetensors", "vocab.src.json", "vocab.trg.json"}
    config = json.loads((tmp_path / "model" / "config.json").read_text())
    assert config["hyperparameters"]["learning_rate"] == "0.02"
    translations = Translator.load(tmp_path / "model").translate(["a b c", "", "d unheard-of", "f e"])
    assert [translations[i].target for i in (0, 1, 3)] == ["A B C", "", "F E"]
    assert [len(row) for row in translations[0].attention] == [3, 3, 3]


def test_a_job_stopped_at_any_time_goes_on_to_the_same_model(tmp_path: Path) -> None:
    changes = {**_LEARNING, "embed_dropout_source": "0.1", "bleu_sample_size": "0", "max_num_batches": "120"}
    whole, stopped = write_job(tmp_path / "whole", changes), write_job(tmp_path / "stopped", changes)
    assert _run(whole)[0] == 0
    (stopped / "checkpoints").mkdir()
    with _start(stopped) as process:
        assert process.stdout is not None
        while "Batch [" not in process.stdout.readline():  # in the middle of things
            pass
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert "Stopped on request after" in out
    code, log, _ = _run(stopped)
    assert code == 0
    assert "Resuming after" in log
    expected, got = (load_file(base / "model" / "model.safetensors") for base in (whole, stopped))
    assert all((expected[name] == got[name]).all() for name in expected)


def test_a_job_stopped_before_it_has_begun_ends_well(tmp_path: Path) -> None:
    # GIVEN a job that is reading its hyperparameters
    config = tmp_path / "input" / "config"
    config.mkdir(parents=True)
    os.mkfifo(config / "hyperparameters.json")
    with _start(tmp_path) as process, (config / "hyperparameters.json").open("w"):
        # WHEN
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    # THEN
    assert (process.returncode, out, err) == (0, "", "")


def test_a_checkpoint_of_other_words_is_refused(tmp_path: Path) -> None:
    # GIVEN a training's checkpoint, and another training with as many words, but not the same
    base = write_job(tmp_path, {}, pairs=40)
    container, given = Container(base), settings(max_num_batches="1")
    container.checkpoints.mkdir()
    data = load_data(container, given, seed=1)
    others = data._replace(source=Vocabulary(["z" if word == "a" else word for word in data.source.words]))
    Trainer(given, data, seed=1, log=print, checkpoints=container.checkpoints).fit()
    # THEN
    with pytest.raises(ClientError) as error:
        Trainer(given, others, seed=1, log=print, checkpoints=container.checkpoints)
    assert str(error.value) == (
        f"the checkpoint {base}/checkpoints/training-state.pt belongs to a training that differs in source "
        "vocabulary; use another checkpoint location for this one"
    )


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (
            lambda base: (base / "input/data/vocab/vocab.trg.json").unlink(),
            "vocabulary file vocab.trg.json is missing in {base}/input/data/vocab: the channel 'vocab' must hold "
            "vocab.src.json and vocab.trg.json",
        ),
        (
            lambda base: (base / "input/data/train/train.rec").write_bytes(b""),
            "channel 'train' is empty: no data in {base}/input/data/train; put its files under the channel's S3Uri",
        ),
        (
            lambda base: (base / "input/data/validation").rename(base / "elsewhere"),
            "channel 'validation' is missing: {base}/input/data/validation does not exist; the algorithm needs the "
            "channels train, validation and vocab in InputDataConfig",
        ),
        (
            lambda base: os.truncate(base / "input/data/train/train.rec", 50),
            "{base}/input/data/train/train.rec is truncated: the record at byte 48 needs 8 bytes, but only 2 of "
            "them are there; upload the file again",
        ),
        (
            lambda base: (base / "input/data/vocab/vocab.src.json").write_text(
                '{"<pad>": 0, "<unk>": 1, "<s>": 2, "</s>": 3, "a": 4}'
            ),
            "{base}/input/data/validation/val.rec: the source of the record at byte 0 has the word id 8, but the "
            "vocabulary has the ids 0 to 4; prepare records and vocabularies together",
        ),
        (
            lambda base: (base / "input/config/hyperparameters.json").write_text('{"batch_size": "none"}'),
            "hyperparameter batch_size must be an integer of at least 1, but got 'none'",
        ),
    ],
)
def test_a_clients_mistake_is_in_the_failure_file_and_on_standard_error(
    tmp_path: Path, spoil: object, reason: str
) -> None:
    base = write_job(tmp_path, {}, pairs=40)
    assert callable(spoil)
    spoil(base)
    code, _, err = _run(base)
    expected = f"ClientError: {reason.format(base=base)}"
    assert (base / "output" / "failure").read_text() == expected
    assert err == f"{expected}\n"
    assert code == 1


@pytest.mark.parametrize(
    ("variable", "value", "valid"),
    [("SEQ2SEQ_SEED", "-1", "a whole number"), ("SEQ2SEQ_PRECISION", "float16", "one of float32, bfloat16")],
)
def test_a_wrong_variable_ends_the_job_before_any_data_is_read(
    tmp_path: Path, variable: str, value: str, valid: str
) -> None:
    base = write_job(tmp_path, {}, pairs=40)
    (base / "input/data/train/train.rec").write_bytes(b"")  # would be a mistake too
    code, log, _ = _run(base, **{variable: value})
    assert (code, log) == (1, "")
    reason = f"ClientError: environment variable {variable} must be {valid}, but got {value!r}"
    assert (base / "output" / "failure").read_text() == reason


def test_a_diverging_training_says_so(tmp_path: Path) -> None:
    wild = {"optimizer_type": "sgd", "learning_rate": "1e38", "clip_gradient": "-1", "max_num_batches": "50"}
    base = write_job(tmp_path, wild)
    code, _, _ = _run(base)
    assert code == 1
    reason = (base / "output" / "failure").read_text()
    assert re.fullmatch(
        r"ClientError: training diverged: the loss of batch \d+ is not finite; lower learning_rate \(1e\+38\), or set "
        r"clip_gradient if it is negative",
        reason,
    )


def test_a_training_that_diverges_with_its_last_update_is_no_success(tmp_path: Path) -> None:
    given = settings(learning_rate="1e38", max_num_batches="1")
    data = load_data(Container(write_job(tmp_path, {}, pairs=40)), given, seed=1)
    with pytest.raises(ClientError) as error:
        Trainer(given, data, seed=1, log=print).fit()
    assert str(error.value) == (
        "training diverged: the validation loss after batch 1 is not finite; lower learning_rate (1e+38), or set "
        "clip_gradient if it is negative"
    )
