"""Mixed precision: large products in bfloat16, everything else and what is left of it in float32."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from infra.container import ClientError
from infra.seq2seq.batching import Batch, make_batch
from infra.seq2seq.dataset import Corpus
from infra.seq2seq.evaluation import next_word_metrics, translation_bleu
from infra.seq2seq.loss import cross_entropy
from infra.seq2seq.model import Seq2Seq
from infra.seq2seq.pair_block import PairBlock
from infra.seq2seq.precision import Precision
from infra.seq2seq.processes import Processes
from infra.seq2seq.trainer import Data, Trained, Trainer

from .tiny import DROPOUT, KINDS, PAIRS, SHAPES, WORDS, settings, store_of

_CPU = torch.device("cpu")


def _batch() -> Batch:
    return make_batch(store_of(PAIRS), np.arange(16))


def _model(changes: dict[str, str]) -> Seq2Seq:
    torch.manual_seed(1)
    return Seq2Seq(settings(**changes), len(WORDS), len(WORDS))


def _train(
    precision: Precision, changes: dict[str, str], checkpoints: Path | None = None, stop_after: int = -1
) -> Trained:
    given = {"max_num_batches": "24", "learning_rate": "0.02", "batch_size": "16", **changes}
    data = Data(Corpus(lambda _epoch: [PairBlock.of(PAIRS)], "train"), store_of(PAIRS[:32]), WORDS, WORDS)
    processes = Processes(stop_requested=lambda: trainer is not None and trainer.progress.updates == stop_after)
    trainer: Trainer | None = None
    trainer = Trainer(
        settings(**given),
        data,
        seed=1,
        log=lambda _: None,
        checkpoints=checkpoints,
        processes=processes,
        precision=precision,
    )
    return trainer.fit()


class _Products(TorchDispatchMode):
    """Notes which matrices were multiplied from the right, by the type of the operands."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.shapes: dict[torch.dtype, set[tuple[int, ...]]] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.overloadpacket.__name__
        if name in ("mm", "bmm", "addmm", "addmm_", "baddbmm"):
            left, right = args[-2:]
            assert left.dtype == right.dtype
            self.shapes.setdefault(right.dtype, set()).add(tuple(right.shape))
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("value", [None, *Precision])
def test_the_environment_says_the_precision(value: str | None) -> None:
    environment = {} if value is None else {"SEQ2SEQ_PRECISION": value}
    assert Precision.from_environment(environment) == ("float32" if value is None else value)


@pytest.mark.parametrize("value", ["", "float16", "BFLOAT16", " bfloat16", "16"])
def test_other_values_are_the_clients_mistake(value: str) -> None:
    with pytest.raises(ClientError) as error:
        Precision.from_environment({"SEQ2SEQ_PRECISION": value})
    reason = f"environment variable SEQ2SEQ_PRECISION must be one of float32, bfloat16, but got {value!r}"
    assert str(error.value) == reason


@pytest.mark.parametrize("changes", [*KINDS, *SHAPES, DROPOUT], ids=str)
def test_every_network_learns_as_in_float32_with_all_that_is_kept_in_float32(
    changes: dict[str, str], tmp_path: Path
) -> None:
    untrained = next_word_metrics(_model(changes), store_of(PAIRS[:32]), 16)["perplexity"]
    expected = _train(Precision.FLOAT32, changes)
    found = _train(Precision.BFLOAT16, changes, tmp_path)
    got, wanted = (math.log(untrained / trained.metrics["perplexity"]) for trained in (found, expected))
    assert got != wanted
    assert got > 1  # nats a token
    assert got == pytest.approx(wanted, rel=0.15)
    state = torch.load(tmp_path / "training-state.pt", weights_only=True)
    assert {value.dtype for value in (*found.parameters.values(), *state["model"].values())} == {torch.float32}
    kept = [value for each in state["optimizer"]["state"].values() for value in each.values()]
    assert {value.dtype for value in kept} == {torch.float32}


def _gradients(model: Seq2Seq, precision: Precision) -> dict[str, Tensor]:
    torch.manual_seed(2)  # the same dropout
    with precision.products(_CPU):
        loss = cross_entropy(model, model(_batch()))
    model.zero_grad()
    loss.mean.backward()
    assert loss.total.dtype == torch.float32
    return {name: value.grad for name, value in model.named_parameters() if value.grad is not None}


@pytest.mark.parametrize("changes", [*KINDS, *SHAPES, DROPOUT], ids=str)
def test_gradients_are_those_of_float32_but_for_rounding(
    changes: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.seq2seq.loss._SLICE_SCORES", 240)  # slices of 20 of the 68 positions
    model = _model(changes)
    expected, got = (_gradients(model, precision) for precision in Precision)
    assert expected.keys() == got.keys()
    for name, value in expected.items():
        assert got[name].dtype == torch.float32
        error = float((got[name] - value).norm() / value.norm())
        assert 0 < error < 0.05, name


@pytest.mark.parametrize(
    ("changes", "narrow"),
    [
        (
            {"rnn_attention_num_hidden": "7", "num_layers_encoder": "2"},
            # two directions' inputs, the second layer's, states, keys, the decoder's inputs, output layer
            {(12, 32), (16, 64), (16, 32), (16, 7), (10, 64), (16, 12)},
        ),
        (
            {"rnn_cell_type": "gru", "rnn_attention_type": "bilinear"},
            {(12, 24), (16, 16), (10, 48), (16, 12)},
        ),
        (
            {"encoder_type": "cnn", "decoder_type": "cnn", "cnn_num_hidden": "8"},
            # embeddings, convolutions of widths 3 and 5, queries, keys (B, H, S), values (B, S, H), output layer
            {(12, 8), (24, 16), (10, 8), (40, 16), (8, 8), (16, 8, 6), (16, 6, 8), (8, 12)},
        ),
    ],
    ids=["lstm", "gru", "cnn"],
)
def test_large_products_are_of_bfloat16_and_steps_are_not(
    changes: dict[str, str], narrow: set[tuple[int, ...]]
) -> None:
    model, batch = _model(changes), _batch()
    with torch.no_grad(), _Products() as plain:
        cross_entropy(model, model(batch))
    assert plain.shapes.keys() == {torch.float32}
    with torch.no_grad(), _Products() as mixed, Precision.BFLOAT16.products(_CPU):
        cross_entropy(model, model(batch))
    assert mixed.shapes[torch.bfloat16] == narrow
    with Precision.BFLOAT16.products(_CPU):
        loss = cross_entropy(model, model(batch))
    with _Products() as back:
        loss.mean.backward()
    assert mixed.shapes.keys() == back.shapes.keys()


def test_checkpoints_are_measured_in_float32() -> None:
    changes = {"bleu_sample_size": "-1", "optimized_metric": "bleu"}
    trained = _train(Precision.BFLOAT16, changes)
    model, store = _model(changes), store_of(PAIRS[:32])
    model.load_state_dict(trained.parameters)
    with _Products() as measured:
        metrics = next_word_metrics(model, store, 16)
        metrics["bleu"] = translation_bleu(model, store, np.arange(32), WORDS.decode, beam_size=2, max_length=12)
    assert measured.shapes.keys() == {torch.float32}
    assert trained.metrics == metrics


@pytest.mark.parametrize("changes", [{"embed_dropout_source": "0.1"}, KINDS[-1]], ids=["rnn", "cnn"])
def test_a_training_stopped_and_resumed_makes_the_same_model(changes: dict[str, str], tmp_path: Path) -> None:
    whole = _train(Precision.BFLOAT16, changes)
    _train(Precision.BFLOAT16, changes, tmp_path, stop_after=11)
    assert torch.load(tmp_path / "training-state.pt", weights_only=True)["progress"]["updates"] == 11
    resumed = _train(Precision.BFLOAT16, changes, tmp_path)
    assert all(torch.equal(value, resumed.parameters[name]) for name, value in whole.parameters.items())


@pytest.mark.parametrize(("first", "then"), [tuple(Precision), tuple(Precision)[::-1]])
def test_a_training_does_not_go_on_in_another_precision(first: Precision, then: Precision, tmp_path: Path) -> None:
    _train(first, {}, tmp_path, stop_after=2)
    with pytest.raises(ClientError) as error:
        _train(then, {}, tmp_path)
    assert str(error.value) == (
        f"the checkpoint {tmp_path / 'training-state.pt'} belongs to a training that differs in precision; "
        "use another checkpoint location for this one"
    )
