"""Training, evaluation and search on a device with memory of its own: none of them mixes it with the CPU's."""

import copy

import numpy as np
import pytest
import torch
from torch import Tensor

from infra.seq2seq.artifact import Artifact
from infra.seq2seq.batching import make_batch
from infra.seq2seq.dataset import Corpus
from infra.seq2seq.loss import cross_entropy
from infra.seq2seq.model import Seq2Seq
from infra.seq2seq.pair_block import PairBlock
from infra.seq2seq.processes import Processes
from infra.seq2seq.trainer import Data, Trained, Trainer
from infra.seq2seq.translator import Translator

from .own_memory import DEVICE, own_memory
from .tiny import DROPOUT, KINDS, PAIRS, SHAPES, WORDS, settings, store_of


def _gradients(model: Seq2Seq, device: torch.device) -> dict[str, Tensor]:
    batch = make_batch(store_of(PAIRS), np.arange(5)).to(device)
    torch.manual_seed(2)  # the same dropout
    cross_entropy(model, model(batch)).mean.backward()
    return {name: value.grad.cpu() for name, value in model.named_parameters() if value.grad is not None}


@pytest.mark.parametrize("changes", [*KINDS, *SHAPES, {"rnn_cell_type": "gru", **DROPOUT}], ids=str)
def test_every_network_stays_on_its_device(changes: dict[str, str]) -> None:
    torch.manual_seed(1)
    model = Seq2Seq(settings(**changes), len(WORDS), len(WORDS))
    expected = _gradients(copy.deepcopy(model), torch.device("cpu"))
    with own_memory() as device:
        found = _gradients(model.to(device), device)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert torch.equal(found[name], value), name


def _trained(device: torch.device, **changes: str) -> Trained:
    # The fused steps of the other optimizers are for devices that PyTorch knows.
    given = {"max_num_batches": "2", "checkpoint_frequency_num_batches": "1", "optimizer_type": "rmsprop", **changes}
    data = Data(Corpus(lambda _epoch: [PairBlock.of(PAIRS)], "train"), store_of(PAIRS[:4]), WORDS, WORDS)
    options = settings(**given, optimized_metric="bleu", bleu_sample_size="1", batch_size="5")
    return Trainer(options, data, seed=1, log=lambda _: None, processes=Processes(device)).fit()


@pytest.mark.parametrize("changes", [KINDS[0], KINDS[-1]], ids=str)
def test_a_training_with_its_evaluation_and_the_translator_stay_on_their_device(changes: dict[str, str]) -> None:
    expected = _trained(torch.device("cpu"), **changes)
    with own_memory() as device:
        found = _trained(device, **changes)
        parameters = {name: value.cpu() for name, value in found.parameters.items()}
    assert {value.device for value in found.parameters.values()} == {DEVICE}
    assert found.metrics == expected.metrics
    for name, value in expected.parameters.items():
        assert torch.equal(parameters[name], value), name
    options = settings(**changes)
    model = Seq2Seq(options, len(WORDS), len(WORDS))
    model.load_state_dict(parameters)
    translator = Translator(Artifact(model.eval(), options, WORDS, WORDS, {}))
    wanted = [translation.target for translation in translator.translate(["a b", "d"])]
    with own_memory() as device:
        found_there = translator.to(device).translate(["a b", "d"])
    assert [translation.target for translation in found_there] == wanted


def test_the_device_refuses_tensors_of_the_cpu() -> None:
    with own_memory() as device, pytest.raises(RuntimeError, match="add of tensors of meta and the CPU"):
        torch.ones(2, device=device) + torch.ones(2)
