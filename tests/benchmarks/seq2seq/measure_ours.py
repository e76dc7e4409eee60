"""Measures this project's trainer: ``python -m tests.benchmarks.seq2seq.measure_ours CASE``, one JSON line."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

from infra.container import Container
from infra.seq2seq.evaluation import bleu, next_word_metrics
from infra.seq2seq.hyperparameters import HyperParameters
from infra.seq2seq.model import Seq2Seq
from infra.seq2seq.prepare import Options, prepare
from infra.seq2seq.processes import Processes
from infra.seq2seq.search import beam_search
from infra.seq2seq.trainer import Data, Trainer
from infra.seq2seq.training_job import load_data, set_up_torch

from .case import BATCH_SIZE, BEAM_SIZE, Case, peak_mib


def settings_of(case: Case, bucketing: bool) -> HyperParameters:
    """The defaults but for the sizes, what the case says and what the other system's network has not."""
    numbers = {
        "batch_size": BATCH_SIZE,
        "rnn_num_hidden": case.units,
        "num_embed_source": case.units,
        "num_embed_target": case.units,
        "num_layers_encoder": case.layers,
        "num_layers_decoder": case.layers,
        "max_seq_len_source": case.max_length,
        "max_seq_len_target": case.max_length,
        "encoder_type": case.kind,
        "decoder_type": case.kind,
        "cnn_num_hidden": case.units,
        "checkpoint_frequency_num_batches": 1_000_000 if case.checkpoint is None else case.checkpoint,
        # To the end, and at a constant rate: the other system has no schedule that works with this torch.
        "checkpoint_threshold": 1_000_000,
        "plateau_reduce_lr_threshold": 1_000_000,
        "max_num_batches": case.updates,
        "learning_rate": case.learning_rate,
        "beam_size": BEAM_SIZE,
    }
    strings = {name: str(value) for name, value in numbers.items()}
    # The other system's upper layers do not see the context.
    switches = {"bucketing_enabled": str(bucketing), "rnn_attention_in_upper_layers": "false"}
    return HyperParameters.parse(strings | switches)


class _Meter:
    """Reads the clocks after updates, when the trainer asks whether to stop, and once more at the end."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self.trainer: Trainer | None = None
        self.readings: dict[int, tuple[int, float, float]] = {}

    def __call__(self) -> bool:
        if self.trainer is not None:
            progress = self.trainer.progress
            if progress.updates in (self._case.warm_up, self._case.updates):
                reading = (progress.tokens, time.process_time(), peak_mib())
                self.readings.setdefault(progress.updates, reading)
        return False

    def result(self) -> dict[str, float]:
        (tokens, cpu, _), (tokens_end, cpu_end, peak) = (self.readings[n] for n in sorted(self.readings))
        return {"tokens_per_cpu_second": (tokens_end - tokens) / (cpu_end - cpu), "peak_mib": peak}


def measure(case: Case, bucketing: bool) -> dict[str, float]:
    set_up_torch()
    settings = settings_of(case, bucketing)
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        text = [tuple(case.corpus / f"{part}.{side}" for side in ("src", "trg")) for part in ("train", "dev")]
        options = Options(min_count=case.min_count)
        prepare((text[0][0], text[0][1]), base / "input" / "data", validation=(text[1][0], text[1][1]), options=options)
        data = load_data(Container(base), settings, case.seed)
        meter = _Meter(case)
        processes = Processes(stop_requested=meter)
        meter.trainer = Trainer(settings, data, seed=case.seed, log=lambda _: None, processes=processes)
        trained = meter.trainer.fit()
    result = meter.result()
    if case.evaluate:
        model = Seq2Seq(settings, len(data.source), len(data.target))
        model.load_state_dict(trained.parameters)
        result |= evaluate(model, data, case)
    return result


def evaluate(model: Seq2Seq, data: Data, case: Case) -> dict[str, float]:
    """Perplexity given the true words before, BLEU and speed of the search."""
    store = data.validation
    metrics = next_word_metrics(model, store, BATCH_SIZE)
    order = sorted(range(len(store)), key=lambda index: int(store.lengths(0)[index]))
    start, found = time.process_time(), []
    for first in range(0, len(order), BATCH_SIZE):
        part = [store.sentence(0, index) for index in order[first : first + BATCH_SIZE]]
        found += beam_search(model, part, BEAM_SIZE, case.max_length)
    seconds = time.process_time() - start
    lines = (case.corpus / "dev.trg").read_text().splitlines()
    references = [lines[index].split() for index in order]
    score = bleu([data.target.decode(hypothesis.words) for hypothesis in found], references)
    speed = len(order) / seconds
    return {"perplexity": metrics["perplexity"], "bleu": score, "sentences_per_cpu_second": speed}


if __name__ == "__main__":
    print(json.dumps(measure(Case.from_json(sys.argv[1]), bucketing=sys.argv[2] == "buckets")))
