import itertools

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from infra.seq2seq.attention import make_attention
from infra.seq2seq.batching import Batch, make_batch
from infra.seq2seq.cells import GruCell, LstmCell, State
from infra.seq2seq.encoded import Encoded
from infra.seq2seq.initialization import Initializer
from infra.seq2seq.loss import cross_entropy
from infra.seq2seq.model import Seq2Seq
from infra.seq2seq.packing import Packing
from infra.seq2seq.recordio import Pair
from infra.seq2seq.recurrent_encoder import unroll
from infra.seq2seq.search import beam_search
from infra.seq2seq.vocabulary import BOS, EOS, PAD

from .tiny import KINDS, SHAPES, settings, store_of

_INIT = Initializer("xavier", 2.34, "in")


def _batch(*pairs: tuple[list[int], list[int]]) -> Batch:
    return make_batch(store_of(Pair(*pair) for pair in pairs), np.arange(len(pairs)))


def _encoded(lengths: list[int], size: int) -> Encoded:
    values = torch.randn(len(lengths), max(lengths), size, dtype=torch.float64)
    mask = torch.arange(max(lengths)) < torch.tensor(lengths).unsqueeze(1)
    values = values * mask.unsqueeze(2)
    return Encoded(values, values, mask, values[:, 0])


@pytest.mark.parametrize("kind", ["mlp", "dot", "bilinear", "fixed"])
@torch.no_grad()
def test_attention_is_what_the_papers_say(kind: str) -> None:
    torch.manual_seed(1)
    attention = make_attention(settings(rnn_attention_type=kind, rnn_attention_num_hidden="5"), 6, _INIT).double()
    encoded, query = _encoded([4, 2], 6), torch.randn(2, 16, dtype=torch.float64)
    context, weights = attention.begin(encoded, rows=0)(query)
    parameters = {name: value.detach().numpy() for name, value in attention.named_parameters()}
    for row, length in enumerate((4, 2)):
        keys, q = encoded.keys[row, :length].numpy(), query[row].numpy()
        match kind:
            case "mlp":
                scores = np.tanh(keys @ parameters["key"] + q @ parameters["query"]) @ parameters["score"]
            case "dot":
                scores = (keys @ parameters["key"]) @ (q @ parameters["query"])
            case "bilinear":
                scores = keys @ (q @ parameters["query"])
        if kind == "fixed":
            assert weights[row].tolist() == [float(place == length - 1) for place in range(4)]
            continue
        expected = np.exp(scores) / np.exp(scores).sum()
        np.testing.assert_allclose(weights[row].detach().numpy(), [*expected, *[0] * (4 - length)], atol=1e-12)
        np.testing.assert_allclose(context[row].detach().numpy(), expected @ keys, atol=1e-12)


_RECURRENT = [
    {"num_layers_encoder": "2", "num_layers_decoder": "2"},
    {"rnn_decoder_hidden_dropout": "0.4"},
    *({"encoder_type": "rnn", "decoder_type": "rnn", **s} for s in SHAPES if "cnn_activation_type" not in s),
]


@pytest.mark.parametrize("changes", _RECURRENT, ids=str)
def test_gradients_are_those_of_finite_differences(changes: dict[str, str]) -> None:
    torch.manual_seed(2)
    small = {"rnn_num_hidden": "4", "num_embed_source": "3", "num_embed_target": "3"}
    model = Seq2Seq(settings(**small, **changes), 9, 8).double()
    # sentences that end at different steps, in another order on the source side
    batch = _batch(([4, 5], [4, 5, 6]), ([6, 7, 8, 4], [7]), ([5], [6, 4]))

    parts = torch.randn(9, 4, dtype=torch.float64)

    def value() -> Tensor:
        torch.manual_seed(3)  # the same dropout each time
        found: Tensor = (model(batch).hidden * parts).sum()
        return found

    learnt = [(n, p) for n, p in model.named_parameters() if not n.startswith("output_")]
    with torch.no_grad():
        for _, parameter in learnt:
            parameter.normal_(std=0.5)
    gradients = torch.autograd.grad(value(), [parameter for _, parameter in learnt], allow_unused=True)
    for (name, parameter), gradient in zip(learnt, gradients, strict=True):
        direction, ends = torch.randn_like(parameter), []
        with torch.no_grad():
            for step in (1e-5, -2e-5, 1e-5):
                parameter.add_(direction, alpha=step)
                ends.append(value())
        slope = torch.zeros(()) if gradient is None else (gradient * direction).sum()
        assert float(slope) == pytest.approx(float(ends[0] - ends[1]) / 2e-5, rel=1e-5, abs=1e-7), name


@pytest.mark.parametrize(("kind", "peer"), [(LstmCell, nn.LSTM), (GruCell, nn.GRU)])
def test_cells_compute_and_learn_what_torchs_do(kind: type[LstmCell | GruCell], peer: type[nn.LSTM | nn.GRU]) -> None:
    torch.manual_seed(3)
    cell, other = kind(4, 0, 5, _INIT).double(), peer(4, 5).double()
    assert cell.known is not None
    with torch.no_grad():
        # torch keeps the order of an LSTM's gates as input, forget, candidate, output, and those of a GRU as ours
        order = [0, 1, 3, 2] if kind is LstmCell else [0, 1, 2]

        def arranged(value: Tensor) -> Tensor:
            return torch.cat([value.split(5, dim=-1)[gate] for gate in order], dim=-1)

        weight = torch.nn.Parameter(arranged(cell.recurrent).t().contiguous())
        zero = torch.zeros_like(cell.bias)
        values = [arranged(cell.known).t().contiguous(), weight, arranged(cell.bias), zero]
        other.load_state_dict(dict(zip(other.state_dict(), values, strict=True)))
    inputs = torch.randn(6, 3, 4, dtype=torch.float64, requires_grad=True)
    ours = unroll(cell, cell.project(inputs).flatten(0, 1), [3] * 6).view(6, 3, 5)
    gradient, weight_gradient = torch.autograd.grad(ours.square().sum(), [inputs, cell.recurrent])
    theirs, _ = other(inputs)
    expected = torch.autograd.grad(theirs.square().sum(), [inputs, dict(other.named_parameters())["weight_hh_l0"]])
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(gradient, expected[0])
    torch.testing.assert_close(arranged(weight_gradient).t(), expected[1])


@pytest.mark.parametrize("kind", [LstmCell, GruCell])
def test_cells_unrolled_at_once_compute_and_learn_what_they_do_one_after_the_other(
    kind: type[LstmCell | GruCell],
) -> None:
    torch.manual_seed(3)
    cells = [kind(4, 0, 5, _INIT).double() for _ in range(2)]
    sizes = [3, 3, 2, 1]
    inputs = torch.randn(9, 4, dtype=torch.float64)
    parameters = [parameter for cell in cells for parameter in cell.parameters()]
    alone = torch.stack([unroll(cell, cell.project(inputs), sizes) for cell in cells])
    stacked = tuple(map(torch.stack, zip(*(cell.step_weights for cell in cells), strict=True)))
    together = unroll(cells[0], torch.stack([cell.project(inputs) for cell in cells]), sizes, stacked)
    torch.testing.assert_close(together, alone)
    expected, found = (torch.autograd.grad(output.square().sum(), parameters) for output in (alone, together))
    torch.testing.assert_close(found, expected)


def test_a_cell_takes_inputs_of_the_step_as_it_takes_known_ones() -> None:
    torch.manual_seed(4)
    for kind in (LstmCell, GruCell):
        known, stepped = kind(4, 0, 5, _INIT), kind(0, 4, 5, _INIT)
        assert known.known is not None
        with torch.no_grad():
            if isinstance(stepped, GruCell):
                stepped.stepped = nn.Parameter(known.known.clone())
                stepped.recurrent.copy_(known.recurrent)
            else:
                stepped.recurrent.copy_(torch.cat([known.known, known.recurrent]))
        x = torch.randn(3, 4)
        state: State = tuple(torch.randn(3, 5) for _ in range(known.state_parts))
        expected = known.begin(rows=0)(known.project(x), None, state)
        torch.testing.assert_close(stepped.begin(rows=0)(stepped.project(None), x, state), expected)


@pytest.mark.parametrize("changes", [*KINDS, *SHAPES], ids=str)
def test_padding_and_company_change_nothing(changes: dict[str, str]) -> None:
    torch.manual_seed(5)
    model = Seq2Seq(settings(**changes), 12, 11).eval()
    short, long = ([4, 5, 6], [7, 8]), ([4, 9, 10, 11, 5, 6], [5, 6, 7, 8, 9])
    batch = _batch(short, long)
    together = Packing(batch.target_lengths).unpack(model(batch).hidden)  # (B, T, H), longer ones first
    torch.testing.assert_close(together[0], model(_batch(long)).hidden, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(together[1, :3], model(_batch(short)).hidden, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("changes", [*KINDS, *SHAPES], ids=str)
@torch.no_grad()
def test_decoding_step_by_step_equals_the_whole_sentence_at_once(changes: dict[str, str]) -> None:
    torch.manual_seed(6)
    model = Seq2Seq(settings(**changes), 12, 11).eval()
    batch = _batch(([4, 5, 6], [7, 8, 9, 10]), ([9, 4], [4, 4, 5, 6]))
    decoding = model.decoder.begin(model.encode(batch.source, batch.source_lengths))
    carried, found = decoding.initial, []
    for step in range(batch.target_in.size(1)):
        embedded = model.target_embedding(batch.target_in[:, step : step + 1], start=step).squeeze(1)
        features, attention, carried = decoding.step(embedded, carried)
        torch.testing.assert_close(attention.sum(dim=1), torch.ones(2))
        found.append(features)
    torch.testing.assert_close(torch.cat(found), model(batch).hidden, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("changes", [*KINDS, *SHAPES], ids=str)
def test_every_parameter_learns(changes: dict[str, str]) -> None:
    torch.manual_seed(7)
    model = Seq2Seq(settings(**changes), 12, 11)
    batch = _batch(([4, 5, 6, 7, 8, 9, 10, 11], [4, 5, 6, 7, 8, 9, 10]), ([9, 4], [4, 4, 5, 6]))
    torch.autograd.backward(cross_entropy(model, model(batch)).mean)
    still = {name for name, value in model.named_parameters() if value.grad is None or not value.grad.abs().sum()}
    # nothing comes in from a zero state, and with fixed attention nothing is asked
    assert still == set()


def test_the_loss_is_the_mean_cross_entropy_with_its_gradients(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.seq2seq.loss._SLICE_SCORES", 33)  # slices of 3 of the 11 positions
    torch.manual_seed(8)
    model = Seq2Seq(settings(), 12, 11)
    batch = _batch(([4, 5, 6], [7, 8, 9, 10]), ([9, 4], [4, 4, 5, 6, 8]))
    features = model(batch)
    loss = cross_entropy(model, model(batch))
    scores = model.scores(features.hidden)
    expected = nn.functional.cross_entropy(scores, features.targets)
    torch.testing.assert_close(loss.mean, expected)
    assert int(loss.correct) == int((scores.argmax(dim=1) == features.targets).sum())
    assert loss.tokens == 11
    parameters = list(model.parameters())
    ours = torch.autograd.grad(loss.mean, parameters)
    theirs = torch.autograd.grad(expected, parameters)
    torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("changes", KINDS, ids=str)
def test_a_wide_beam_finds_the_best_of_all_translations(changes: dict[str, str]) -> None:
    torch.manual_seed(9)
    model = Seq2Seq(settings(weight_init_type="uniform", weight_init_scale="0.7", **changes), 9, 7).eval()
    sources = [np.array(words, dtype=np.int32) for words in ([4, 5, 6, 7], [8, 4])]
    longest = 3
    found = beam_search(model, sources, beam_size=400, max_length=longest)
    words = [word for word in range(7) if word not in (PAD, BOS, EOS)]
    targets = [list(t) for size in range(longest + 1) for t in itertools.product(words, repeat=size)]
    for source, hypothesis in zip(sources, found, strict=True):
        scores = {tuple(target): _score(model, source.tolist(), target) for target in targets}
        best = max(scores, key=scores.__getitem__)
        assert tuple(hypothesis.words) == best
        assert hypothesis.score == pytest.approx(scores[best], abs=1e-5)
        assert hypothesis.attention.shape == (len(best), len(source))


@torch.no_grad()
def _score(model: Seq2Seq, source: list[int], target: list[int]) -> float:
    features = model(_batch((source, target)))
    allowed = model.scores(features.hidden).log_softmax(dim=1)
    return float(allowed.gather(1, features.targets.unsqueeze(1)).mean())


@torch.no_grad()
def test_signals_do_not_fade_in_a_deep_convolutional_network() -> None:
    sizes = {"cnn_num_hidden": "64", "num_embed_source": "64", "num_embed_target": "64"}
    source = [list(range(4 + shift, 12 + shift)) for shift in range(8)]
    batch = _batch(*((words, words) for words in source))

    def signals(layers: str) -> list[float]:
        torch.manual_seed(8)
        kind = {"encoder_type": "cnn", "decoder_type": "cnn"}
        model = Seq2Seq(settings(num_layers_encoder=layers, num_layers_decoder=layers, **kind, **sizes), 20, 20).eval()
        encoded = model.encode(batch.source, batch.source_lengths)
        return [float(part.std()) for part in (encoded.keys, encoded.values, model(batch).hidden)]

    assert all(deep > shallow for deep, shallow in zip(signals("8"), signals("1"), strict=True))
