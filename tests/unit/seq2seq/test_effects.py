"""Each documented hyperparameter changes what it is documented to change: the model, the optimiser or the data."""

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from infra.container import Container
from infra.container.rules import ChoiceRule
from infra.seq2seq import evaluation, trainer
from infra.seq2seq.batching import Batch, make_batch
from infra.seq2seq.dataset import Corpus
from infra.seq2seq.hyperparameters import NAMES, RULES
from infra.seq2seq.model import Seq2Seq
from infra.seq2seq.optimizers import make_optimizer
from infra.seq2seq.pair_block import PairBlock
from infra.seq2seq.recordio import Pair
from infra.seq2seq.search import beam_search
from infra.seq2seq.trainer import Data, Trained, Trainer
from infra.seq2seq.training_job import load_data
from infra.seq2seq.vocabulary import SPECIAL_TOKENS, Vocabulary

from .tiny import settings, store_of, write_job

_WORDS = Vocabulary([*SPECIAL_TOKENS, *"abcdefgh"])
_CNN = {"encoder_type": "cnn", "decoder_type": "cnn"}
#: Sixteen short pairs and sixteen long ones.
_PAIRS = [Pair([4 + n % 8] * (2 if n % 2 else 11), [4 + n % 8] * (2 if n % 2 else 11)) for n in range(32)]


def _model(**changes: str) -> Seq2Seq:
    torch.manual_seed(1)
    return Seq2Seq(settings(**changes), len(_WORDS), len(_WORDS))


def _shape(name: str, **changes: str) -> tuple[int, ...]:
    return tuple(_model(**changes).get_parameter(name).shape)


def _features(source: list[int], target: list[int], changes: dict[str, str], *, training: bool = False) -> Tensor:
    model = _model(**changes).train(training)
    torch.manual_seed(2)
    hidden: Tensor = model(make_batch(store_of([Pair(source, target)]), np.arange(1))).hidden
    return hidden.detach()


def _differs(first: dict[str, str], second: dict[str, str]) -> bool:
    """Whether two models with the same parameters compute different things."""
    models = [_model(**changes) for changes in (first, second)]
    assert [p.shape for p in models[0].parameters()] == [p.shape for p in models[1].parameters()]
    return not torch.equal(_features([4, 5, 6, 7], [7, 8], first), _features([4, 5, 6, 7], [7, 8], second))


class _Run:
    """A training of a few updates, watched."""

    def __init__(self, patch: pytest.MonkeyPatch, **changes: str) -> None:
        self.log: list[str] = []
        self.batches: list[Batch] = []
        self.rates: list[float] = []
        self._watch(patch)
        given = {"max_num_batches": "1", "learning_rate": "0.001", "batch_size": "8"} | changes
        data = Data(Corpus(lambda _epoch: [PairBlock.of(_PAIRS)], "train"), store_of(_PAIRS), _WORDS, _WORDS)
        self.before = {name: value.detach().clone() for name, value in _model(**given).named_parameters()}
        self.trained: Trained = Trainer(settings(**given), data, seed=1, log=self.log.append).fit()

    def _watch(self, patch: pytest.MonkeyPatch) -> None:
        forward, make = Seq2Seq.forward, make_optimizer

        def watched_forward(model: Seq2Seq, batch: Batch) -> Any:
            if model.training:
                self.batches.append(batch)
            return forward(model, batch)

        def watched_optimizer(*arguments: Any) -> Any:
            optimizer = make(*arguments)
            optimizer.register_step_pre_hook(lambda *_: self.rates.append(optimizer.param_groups[0]["lr"]))
            return optimizer

        patch.setattr(Seq2Seq, "forward", watched_forward)
        patch.setattr(trainer, "make_optimizer", watched_optimizer)

    @property
    def steps(self) -> Tensor:
        """How far each component of the parameters has moved."""
        return torch.cat([(self.trained.parameters[name] - value).flatten() for name, value in self.before.items()])

    @property
    def checkpoints(self) -> int:
        return sum("Updates=" in line for line in self.log)

    @property
    def updates(self) -> int:
        return len(self.batches)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., _Run]:
    def start(**changes: str) -> _Run:
        with monkeypatch.context() as patch:
            return _Run(patch, **changes)

    return start


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Validation gets worse by perplexity and better by accuracy."""
    values = iter(range(1, 1000))

    def metrics(*_: Any, **__: Any) -> dict[str, float]:
        number = next(values)
        return {"perplexity": float(number), "accuracy": number / 1000}

    monkeypatch.setattr(trainer, "next_word_metrics", metrics)


_COVERED: set[str] = set()


def covers(*names: str) -> Callable[[Any], Any]:
    """Notes that a test shows the effect of these."""
    _COVERED.update(names)
    return lambda test: test


@covers("num_embed_source", "num_embed_target", "rnn_num_hidden", "cnn_num_hidden", "rnn_attention_num_hidden")
@covers("cnn_kernel_width_encoder", "cnn_kernel_width_decoder", "rnn_attention_in_upper_layers", "rnn_cell_type")
@pytest.mark.parametrize(
    ("parameter", "changes", "shape"),
    [
        ("source_embedding.words.weight", {"num_embed_source": "7"}, (12, 7)),
        ("target_embedding.words.weight", {"num_embed_target": "9"}, (12, 9)),
        ("output_weight", {"rnn_num_hidden": "20"}, (12, 20)),
        ("encoder.forwards.known", {"rnn_num_hidden": "20"}, (12, 4 * 10)),  # each direction has half of the units
        ("output_weight", {"cnn_num_hidden": "20", **_CNN}, (12, 20)),
        ("decoder.attention.query", {}, (16, 16)),  # as many as rnn_num_hidden
        ("decoder.attention.query", {"rnn_attention_num_hidden": "5"}, (16, 5)),
        ("encoder.layers.0.project.weight", {"cnn_kernel_width_encoder": "4", **_CNN}, (4 * 16, 2 * 16)),
        ("decoder.layers.0.project.weight", {"cnn_kernel_width_decoder": "2", **_CNN}, (2 * 16, 2 * 16)),
        # the second layer reads the first one's state, its own, and with attention there the context
        ("decoder.cells.1.recurrent", {"num_layers_decoder": "2"}, (3 * 16, 4 * 16)),
        (
            "decoder.cells.1.recurrent",
            {"num_layers_decoder": "2", "rnn_attention_in_upper_layers": "false"},
            (2 * 16, 4 * 16),
        ),
        ("encoder.forwards.recurrent", {"rnn_cell_type": "gru"}, (8, 3 * 8)),
        ("source_embedding.positions", {"max_seq_len_source": "9", **_CNN}, (9, 12)),
        ("target_embedding.positions", {"max_seq_len_target": "9", **_CNN}, (10, 10)),  # and one for <s>
    ],
)
def test_sizes_and_types_shape_the_parameters(parameter: str, changes: dict[str, str], shape: tuple[int, ...]) -> None:
    assert _shape(parameter, **changes) == shape


@covers("num_layers_encoder", "num_layers_decoder", "encoder_type", "decoder_type")
@pytest.mark.parametrize("kind", ["rnn", "cnn"])
def test_encoder_and_decoder_have_their_type_and_number_of_layers(kind: str) -> None:
    model = _model(encoder_type=kind, decoder_type=kind, num_layers_encoder="3", num_layers_decoder="2")
    assert type(model.encoder).__name__ == {"rnn": "RecurrentEncoder", "cnn": "ConvolutionalEncoder"}[kind]
    assert type(model.decoder).__name__ == {"rnn": "RecurrentDecoder", "cnn": "ConvolutionalDecoder"}[kind]
    names = {name.rsplit(".", 1)[0] for name, _ in model.named_parameters()}
    if kind == "rnn":
        assert {name for name in names if "encoder.upper" in name} == {"encoder.upper.0", "encoder.upper.1"}
        assert {name for name in names if "decoder.cells" in name} == {"decoder.cells.0", "decoder.cells.1"}
    else:
        assert {name[:16] for name in names if "encoder.layers" in name} == {f"encoder.layers.{n}" for n in range(3)}
        assert {name[:16] for name in names if "decoder.layers" in name} == {f"decoder.layers.{n}" for n in range(2)}


_RELU = {**_CNN, "cnn_activation_type": "relu"}
_DEEP = {"num_layers_encoder": "3", "num_layers_decoder": "3", "rnn_residual_connections": "true"}


@covers("rnn_residual_connections", "rnn_first_residual_layer", "cnn_activation_type")
@pytest.mark.parametrize(
    ("first", "second"),
    [
        (_DEEP, {**_DEEP, "rnn_residual_connections": "false"}),
        (_DEEP, {**_DEEP, "rnn_first_residual_layer": "3"}),
        *((_RELU, {**_CNN, "cnn_activation_type": other}) for other in ("tanh", "sigmoid", "softrelu")),
    ],
    ids=str,
)
def test_the_same_parameters_compute_something_else(first: dict[str, str], second: dict[str, str]) -> None:
    assert _differs(first, second)


def test_gated_linear_units_have_a_gate_for_each_unit() -> None:
    assert _shape("encoder.layers.0.project.weight", **_CNN) == (3 * 16, 2 * 16)
    assert _shape("encoder.layers.0.project.weight", cnn_activation_type="relu", **_CNN) == (3 * 16, 16)


def test_residual_connections_need_several_layers() -> None:
    assert not _differs({"rnn_residual_connections": "true"}, {"rnn_residual_connections": "false"})


@covers("rnn_attention_type", "rnn_decoder_state_init")
def test_attention_types_and_state_initialisations_are_told_apart() -> None:
    attention = {
        name: type(_model(rnn_attention_type=name).decoder.attention).__name__
        for name in _options("rnn_attention_type")
    }
    assert attention == {
        "dot": "DotAttention", "fixed": "FixedAttention", "mlp": "MlpAttention", "bilinear": "BilinearAttention"
    }  # fmt: skip
    assert _differs({"rnn_decoder_state_init": "last"}, {"rnn_decoder_state_init": "avg"})
    zero = dict(_model(rnn_decoder_state_init="zero").named_parameters())
    assert not [name for name in zero if "to_state" in name]


def _options(name: str) -> tuple[str, ...]:
    rule = RULES[name]
    assert isinstance(rule, ChoiceRule)
    return rule.options


@covers("embed_dropout_source", "embed_dropout_target", "rnn_decoder_hidden_dropout", "cnn_hidden_dropout")
def test_dropouts_hide_what_they_stand_behind_while_training_only() -> None:
    for everything, hidden in ((([4, 5], [6]), ([7, 8], [6])), (([4, 5], [6, 7]), ([4, 5], [8, 7]))):
        side = "embed_dropout_source" if everything[0] != hidden[0] else "embed_dropout_target"
        for training, share in ((True, "1"), (False, "1"), (True, "0")):
            seen = [_features(*pair, {side: share}, training=training) for pair in (everything, hidden)]
            assert torch.equal(*seen) == (training and share == "1")
    assert _features([4], [5], {"rnn_decoder_hidden_dropout": "1"}, training=True).abs().sum() == 0
    assert _features([4], [5], {"rnn_decoder_hidden_dropout": "1"}).abs().sum() > 0
    for training in (True, False):
        some, none = (_features([4], [5], {**_CNN, "cnn_hidden_dropout": p}, training=training) for p in ("0.5", "0"))
        assert torch.equal(some, none) == (not training)


@covers("weight_init_type", "weight_init_scale", "xavier_factor_type")
@pytest.mark.parametrize(
    ("changes", "half_width"),
    [
        ({}, math.sqrt(2.34 / 20)),
        ({"weight_init_scale": "3"}, math.sqrt(3 / 20)),
        ({"xavier_factor_type": "out"}, math.sqrt(2.34 / 16)),
        ({"xavier_factor_type": "avg"}, math.sqrt(2.34 / 18)),
        ({"weight_init_type": "uniform", "weight_init_scale": "0.25"}, 0.25),
    ],
)
def test_initial_weights_have_the_documented_range(changes: dict[str, str], half_width: float) -> None:
    weight = _model(rnn_num_hidden="20", rnn_attention_num_hidden="16", **changes).get_parameter(
        "decoder.attention.query"
    )
    assert weight.shape == (20, 16)
    assert half_width * 0.98 < float(weight.detach().abs().max()) <= half_width


@covers("optimizer_type", "learning_rate")
@pytest.mark.parametrize(("kind", "factor"), [("adam", 1.0), ("rmsprop", math.sqrt(10))])
def test_the_first_step_of_an_adaptive_optimizer_is_as_long_as_the_rate_says(
    run: Callable[..., _Run], kind: str, factor: float
) -> None:
    for rate in (0.001, 0.01):
        steps = run(optimizer_type=kind, learning_rate=str(rate)).steps
        assert float(steps.abs().max()) == pytest.approx(rate * factor, rel=0.01)


@covers("momentum", "weight_decay", "clip_gradient")
def test_sgd_steps_by_the_clipped_gradient_with_momentum_and_decay(run: Callable[..., _Run]) -> None:
    sgd = {"optimizer_type": "sgd", "learning_rate": "0.1"}
    plain = run(**sgd, clip_gradient="-1").steps
    assert torch.equal(run(**sgd, clip_gradient="1000").steps, plain)
    # the new parameter minus the old one is rounded to the parameter's precision
    clipped = run(**sgd, clip_gradient="0.001").steps
    torch.testing.assert_close(clipped, plain.clamp(-0.0001, 0.0001), rtol=0, atol=1e-7)
    decayed = run(**sgd, clip_gradient="-1", weight_decay="0.5")
    embedding, start = (values["output_weight"] for values in (decayed.trained.parameters, decayed.before))
    undecayed = run(**sgd, clip_gradient="-1").trained.parameters["output_weight"]
    torch.testing.assert_close(embedding, undecayed - 0.1 * 0.5 * start, rtol=0, atol=1e-6)
    twice = {"max_num_batches": "2", "clip_gradient": "-1"}
    assert float(run(**sgd, **twice, momentum="0.9").steps.norm()) > float(run(**sgd, **twice).steps.norm())


@covers("lr_scheduler_type", "fixed_rate_lr_half_life")
@pytest.mark.parametrize(
    ("kind", "rates"),
    [
        ("fixed_rate_inv_t", [1, 4 / 5, 4 / 6, 4 / 7, 4 / 8]),
        ("fixed_rate_inv_sqrt_t", [1, (4 / 7) ** 0.5, (4 / 10) ** 0.5, (4 / 13) ** 0.5, (4 / 16) ** 0.5]),
    ],
)
def test_fixed_schedules_reach_half_the_rate_after_their_half_life(
    run: Callable[..., _Run], kind: str, rates: list[float]
) -> None:
    common = {"lr_scheduler_type": kind, "learning_rate": "1e-4", "max_num_batches": "5"}
    found = run(**common, fixed_rate_lr_half_life="2", checkpoint_frequency_num_batches="2").rates
    assert found == pytest.approx([1e-4 * rate for rate in rates])


@covers("plateau_reduce_lr_factor", "plateau_reduce_lr_threshold")
@pytest.mark.usefixtures("scripted")
def test_a_plateau_reduces_the_rate_of_the_updates_after_it(run: Callable[..., _Run]) -> None:
    changes = {"plateau_reduce_lr_factor": "0.1", "plateau_reduce_lr_threshold": "2", "checkpoint_threshold": "9"}
    found = run(**changes, checkpoint_frequency_num_batches="1", max_num_batches="6", learning_rate="0.01").rates
    assert found == pytest.approx([0.01, 0.01, 0.01, 0.001, 0.001, 0.0001])


@covers("batch_size", "bucketing_enabled", "bucket_width")
def test_batches_have_the_size_and_mix_lengths_as_the_buckets_say(run: Callable[..., _Run]) -> None:
    assert [len(batch.source) for batch in run(batch_size="5", max_num_batches="2").batches] == [5, 5]

    def mixed(**changes: str) -> int:
        batches = run(max_num_batches="4", bleu_sample_size="0", **changes).batches
        return sum(len(set(batch.source_lengths.tolist())) > 1 for batch in batches)

    assert mixed(bucket_width="4") == 0
    assert mixed(bucket_width="12") > 0  # all fit into one bucket
    assert mixed(bucket_width="4", bucketing_enabled="false") > 0


@covers("max_seq_len_source", "max_seq_len_target")
def test_longer_sentences_are_truncated(tmp_path: Any) -> None:
    base = write_job(tmp_path, {}, pairs=60)
    data = load_data(Container(base), settings(max_seq_len_source="3", max_seq_len_target="2"), 1)
    assert data.validation.lengths(0).max() == 3
    assert data.validation.lengths(1).max() == 2


@covers("max_num_batches", "checkpoint_frequency_num_batches")
def test_checkpoints_come_as_often_as_asked_and_training_ends_at_the_last_batch(run: Callable[..., _Run]) -> None:
    found = run(max_num_batches="7", checkpoint_frequency_num_batches="3")
    assert (found.updates, found.checkpoints) == (7, 3)  # after 3, 6 and at the end


@covers("checkpoint_threshold", "min_num_epochs", "max_num_epochs")
@pytest.mark.usefixtures("scripted")
@pytest.mark.parametrize(
    ("changes", "updates"),
    [
        ({"checkpoint_threshold": "1"}, 2),  # the first checkpoint is the best
        ({"checkpoint_threshold": "3"}, 4),
        ({"checkpoint_threshold": "1", "min_num_epochs": "2"}, 8),  # of four batches each
        ({"checkpoint_threshold": "1", "max_num_epochs": "3"}, 12),
    ],
)
def test_training_ends_without_improvement_unless_epochs_say_otherwise(
    run: Callable[..., _Run], changes: dict[str, str], updates: int
) -> None:
    assert run(max_num_batches="-1", checkpoint_frequency_num_batches="1", **changes).updates == updates


@covers("optimized_metric")
@pytest.mark.usefixtures("scripted")
def test_the_optimized_metric_decides_which_checkpoint_is_kept(run: Callable[..., _Run]) -> None:
    common = {"checkpoint_frequency_num_batches": "1", "max_num_batches": "3"}
    first, last = {"perplexity": 1.0, "accuracy": 0.001}, {"perplexity": 6.0, "accuracy": 0.006}
    assert run(**common, optimized_metric="perplexity").trained.metrics == first
    assert run(**common, optimized_metric="accuracy").trained.metrics == last
    assert "bleu" in run(**common, optimized_metric="bleu").trained.metrics


@covers("training_metric", "loss_type")
def test_the_training_metric_is_in_the_log_and_is_right(run: Callable[..., _Run]) -> None:
    found = run()
    features = _model()(found.batches[0])
    scores = _model().scores(features.hidden).detach()
    loss = torch.nn.functional.cross_entropy(scores, features.targets)  # the one loss_type
    (perplexity,) = re.findall(r"Train-perplexity=([\d.]+)", "\n".join(found.log))
    assert float(perplexity) == pytest.approx(math.exp(loss), rel=1e-4)
    log = "\n".join(run(training_metric="accuracy").log)
    (accuracy,) = re.findall(r"Train-accuracy=([\d.]+)", log)
    right = (scores.argmax(dim=1) == features.targets).float().mean()
    assert float(accuracy) == pytest.approx(float(right), rel=1e-4)
    assert "Train-perplexity" not in log


@covers("beam_size", "bleu_sample_size")
def test_bleu_decodes_as_many_sentences_with_as_wide_a_beam_as_asked(
    run: Callable[..., _Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[tuple[int, int]] = []

    def watched(model: Seq2Seq, sources: list[Any], beam_size: int, max_length: int) -> Any:
        decoded.append((len(sources), beam_size))
        return beam_search(model, sources, beam_size, max_length)

    monkeypatch.setattr(evaluation, "beam_search", watched)
    for sample, beam, expected in (("0", "4", []), ("5", "4", [(5, 4)]), ("-1", "1", [(32, 1)])):
        decoded.clear()
        log = run(bleu_sample_size=sample, beam_size=beam).log
        assert decoded == expected
        assert any("Validation-bleu" in line for line in log) == bool(expected)


def test_no_hyperparameter_is_left_out() -> None:
    assert sorted(_COVERED) == sorted(NAMES)
