"""Trainings that need more memory than there is."""

import json
import re
import resource
import subprocess
import sys
from pathlib import Path

import hypothesis
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from infra.container import ClientError
from infra.seq2seq import memory
from infra.seq2seq.model import Seq2Seq

from .test_training_job import _run
from .tiny import settings, write_job

_CPU = torch.device("cpu")


_SIZE = st.integers(1, 40).map(str)
_EVEN = st.integers(1, 20).map(lambda half: str(2 * half))
_KIND = st.sampled_from(["rnn", "cnn"])
_SETTINGS = st.fixed_dictionaries(
    {
        "encoder_type": _KIND,
        "decoder_type": _KIND,
        "rnn_cell_type": st.sampled_from(["lstm", "gru"]),
        "rnn_attention_type": st.sampled_from(["dot", "fixed", "mlp", "bilinear"]),
        "rnn_attention_in_upper_layers": st.sampled_from(["true", "false"]),
        "rnn_num_hidden": _EVEN,
        "num_layers_encoder": st.integers(1, 4).map(str),
        "num_layers_decoder": st.integers(1, 4).map(str),
        **dict.fromkeys(["cnn_num_hidden", "num_embed_source", "num_embed_target", "rnn_attention_num_hidden"], _SIZE),
        **dict.fromkeys(["cnn_kernel_width_encoder", "cnn_kernel_width_decoder"], st.integers(1, 9).map(str)),
    }
)


@given(_SETTINGS, st.integers(5, 50), st.integers(5, 50))
@hypothesis.settings(max_examples=40, deadline=None)
def test_parameters_are_counted_without_a_model_and_are_not_more_than_the_bound(
    changes: dict[str, str], source_words: int, target_words: int
) -> None:
    given_ones = settings(**changes)
    made = sum(parameter.numel() for parameter in Seq2Seq(given_ones, source_words, target_words).parameters())
    assert memory.count_parameters(given_ones, source_words, target_words) == made
    assert memory.most_parameters(given_ones, source_words, target_words) >= made


@pytest.mark.parametrize(
    ("changes", "floats"),
    [
        ({"optimizer_type": "adam"}, 5),  # weights, gradients, best weights and two means
        ({"optimizer_type": "rmsprop"}, 4),
        ({"optimizer_type": "sgd"}, 3),
        ({"optimizer_type": "sgd", "momentum": "0.9"}, 4),
    ],
)
def test_a_training_keeps_some_floats_for_each_parameter(changes: dict[str, str], floats: int) -> None:
    given = settings(**changes)
    model = Seq2Seq(given, 20, 30)
    from infra.seq2seq.optimizers import make_optimizer

    optimizer = make_optimizer(given, model)
    sum(parameter.sum() for parameter in model.parameters()).backward()  # type: ignore[union-attr]
    optimizer.step()
    count = sum(parameter.numel() for parameter in model.parameters())
    states = [
        value
        for state in optimizer.state.values()
        for value in state.values()
        if isinstance(value, torch.Tensor) and value.numel() > 1
    ]
    kept = 3 * count + sum(value.numel() for value in states)
    assert memory.required_bytes(given, count) == 4 * floats * count
    assert kept == pytest.approx(floats * count, rel=0.01)


def test_a_model_that_does_not_fit_is_refused_before_any_of_it_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free_bytes", lambda _: 2**30)
    given = settings(rnn_num_hidden="2048", num_layers_encoder="4", num_layers_decoder="3", batch_size="32")
    with pytest.raises(ClientError) as error:
        memory.check_memory(given, 1000, 1000, _CPU)
    assert str(error.value) == (
        "out of memory: 287.5 million parameters need 5.4 GiB to train with adam, but 1.0 GiB are free; lower "
        "rnn_num_hidden (2048), num_layers_encoder (4), num_layers_decoder (3), num_embed_source (12), "
        "num_embed_target (10), batch_size (32), or take a larger machine"
    )
    memory.check_memory(settings(), 1000, 1000, _CPU)


def test_an_allocation_beyond_what_is_free_fails_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free_bytes", lambda _: 64 << 20)
    before = resource.getrlimit(resource.RLIMIT_DATA)
    with memory.bounded_memory(settings(), _CPU):
        assert len(torch.zeros(1 << 20)) == 1 << 20
    with pytest.raises(ClientError) as error, memory.bounded_memory(settings(), _CPU):
        torch.zeros(1 << 30)
    assert str(error.value).startswith(
        "out of memory: a training step needs more than the memory that is free; lower rnn_num_hidden (16), "
    )
    assert resource.getrlimit(resource.RLIMIT_DATA) == before


def test_other_errors_stay_what_they_are() -> None:
    with pytest.raises(RuntimeError, match="shapes differ"), memory.bounded_memory(settings(), _CPU):
        raise RuntimeError("shapes differ")


def test_a_container_s_limit_counts(tmp_path: Path) -> None:
    assert memory._control_group_free(tmp_path) is None
    (tmp_path / "memory.current").write_text("100\n")
    (tmp_path / "memory.max").write_text("max\n")
    assert memory._control_group_free(tmp_path) is None
    (tmp_path / "memory.max").write_text("1000\n")
    assert memory._control_group_free(tmp_path) == 900
    (tmp_path / "memory.stat").write_text("anon 30\nfile 70\ninactive_file 50\nactive_file 10\n")  # the rest is shared
    assert memory._control_group_free(tmp_path) == 960
    assert (memory.free_bytes(_CPU) or 0) > 0


def test_a_training_is_ended_before_its_user_s_other_programs() -> None:
    program = "from infra.seq2seq.memory import go_first; go_first(); print(open('/proc/self/oom_score_adj').read())"
    done = subprocess.run([sys.executable, "-c", program], check=True, stdout=subprocess.PIPE, text=True)
    assert done.stdout.strip() == "500"


def test_a_job_that_asks_for_too_much_says_so_in_its_failure_file(tmp_path: Path) -> None:
    code, _, err = _run(write_job(tmp_path, {"rnn_num_hidden": "131072"}))
    failure = (tmp_path / "output" / "failure").read_text()
    assert code == 1
    assert failure == err.strip()
    assert re.match(
        r"ClientError: out of memory: [\d,]+\.\d million parameters need [\d.]+ GiB to train with adam, but [\d.]+ GiB "
        r"are free; lower rnn_num_hidden \(131072\), num_layers_encoder \(1\)",
        failure,
    ), json.dumps(failure)
