"""Measures JoeyNMT 2.3.0 as released: ``python measure_joeynmt.py CASE`` with its own environment, one JSON line."""

# mypy: ignore-errors
# JoeyNMT is not among this project's dependencies.
from __future__ import annotations

import json
import logging
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from case import BATCH_SIZE, BEAM_SIZE, Case, peak_mib
from joeynmt.config import parse_global_args, set_validation_args
from joeynmt.prediction import predict, prepare
from joeynmt.training import TrainManager


def config_of(case: Case, folder: Path) -> dict[str, object]:
    """The same network: bidirectional encoder, Bahdanau's attention, input feeding, no dropout, Adam."""
    side = {"max_length": case.max_length, "level": "word", "voc_limit": 50_000, "voc_min_freq": case.min_count}
    layer = {
        "type": "recurrent",
        "rnn_type": "lstm",
        "embeddings": {"embedding_dim": case.units, "scale": False},
        "dropout": 0.0,
        "num_layers": case.layers,
    }
    return {
        "name": "benchmark",
        "joeynmt_version": "2.3.0",
        "model_dir": str(folder / "model"),
        "use_cuda": False,
        "fp16": False,
        "random_seed": case.seed,
        "num_workers": 0,
        "data": {
            "train": str(case.corpus / "train"),
            "dev": str(case.corpus / "dev"),
            "dataset_type": "plain",
            "src": {"lang": "src", **side},
            "trg": {"lang": "trg", **side},
        },
        "testing": {
            "beam_size": BEAM_SIZE,
            "beam_alpha": 1.0,
            "eval_metrics": ["bleu"],
            "max_output_length": case.max_length,
            "batch_size": BATCH_SIZE,
            "batch_type": "sentence",
            "sacrebleu_cfg": {"tokenize": "none"},
        },
        "training": {
            "optimizer": "adam",
            "learning_rate": case.learning_rate,
            "scheduling": "exponential",  # its plateau scheduler passes an argument that torch has dropped
            "decrease_factor": 1.0,
            "clip_grad_norm": 1.0,
            "batch_size": BATCH_SIZE,
            "batch_type": "sentence",
            "normalization": "batch",
            "early_stopping_metric": "ppl",
            "epochs": 1000,
            "validation_freq": 1_000_000,
            "logging_freq": 50,
            "shuffle": True,
            "overwrite": True,
        },
        "model": {
            "initializer": "xavier_uniform",
            "embed_initializer": "normal",
            "embed_init_weight": 0.1,
            "bias_initializer": "zeros",
            "lstm_forget_gate": 1.0,
            "encoder": {**layer, "bidirectional": True, "hidden_size": case.units // 2},
            "decoder": {
                **layer,
                "hidden_size": case.units,
                "hidden_dropout": 0.0,
                "input_feeding": True,
                "init_hidden": "bridge",
                "attention": "bahdanau",
            },
        },
    }


class _Metered(TrainManager):
    """Counts tokens and reads the clocks before updates; ends after the last one. Keeps the best checkpoint's model."""

    case: Case
    perplexity: Callable[[], float]
    done = 0
    tokens = 0
    readings: list[tuple[int, float, float]]
    best: tuple[float, dict[str, torch.Tensor]] | None = None

    def _train_step(self, batch):
        if self.done in (self.case.warm_up, self.case.updates):
            self.readings.append((self.tokens, time.process_time(), peak_mib()))
        if self.case.checkpoint is not None and self.done and self.done % self.case.checkpoint == 0:
            self._keep_best()
        if self.done == self.case.updates:
            raise KeyboardInterrupt
        self.done += 1
        self.tokens += batch.ntokens
        return super()._train_step(batch)

    def _keep_best(self):
        found = self.perplexity()
        self.model.train()
        if self.best is None or found < self.best[0]:
            self.best = found, {name: value.clone() for name, value in self.model.state_dict().items()}

    def _save_checkpoint(self, *_):
        """Writing to the disk is not measured."""


def measure(case: Case) -> dict[str, float]:
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "model").mkdir()
        args = parse_global_args(config_of(case, Path(folder)), rank=0, mode="train")
        model, train_data, dev_data, _ = prepare(args, rank=0, mode="train")
        manager = _Metered(
            model=model,
            model_dir=args.model_dir,
            device=args.device,
            n_gpu=args.n_gpu,
            rank=0,
            num_workers=args.num_workers,
            autocast=args.autocast,
            seed=args.seed,
            train_args=args.train,
            dev_args=set_validation_args(args.test),
        )
        manager.case, manager.readings = case, []
        manager.perplexity = lambda: perplexity(model, dev_data, args)
        manager.train_and_validate(train_data=train_data, valid_data=dev_data)
        (tokens, cpu, _), (tokens_end, cpu_end, peak) = manager.readings
        result = {"tokens_per_cpu_second": (tokens_end - tokens) / (cpu_end - cpu), "peak_mib": peak}
        if manager.best is not None:
            model.load_state_dict(manager.best[1])
        if case.evaluate:
            result |= evaluate(model, dev_data, args)
    return result


def perplexity(model, data, args) -> float:
    """Given the true words before."""
    common = {"device": args.device, "n_gpu": 0, "autocast": args.autocast}
    forced = set_validation_args(args.test)
    return predict(model, data, compute_loss=True, normalization="none", args=forced, **common)[0]["ppl"]


def evaluate(model, data, args) -> dict[str, float]:
    """Perplexity given the true words before, BLEU and speed of the search."""
    forced = perplexity(model, data, args)
    start = time.process_time()
    decoded = predict(
        model, data, compute_loss=False, args=args.test, device=args.device, n_gpu=0, autocast=args.autocast
    )
    seconds = time.process_time() - start
    speed = len(decoded[2]) / seconds
    return {"perplexity": forced, "bleu": decoded[0]["bleu"] / 100, "sentences_per_cpu_second": speed}


if __name__ == "__main__":
    logging.disable(logging.INFO)
    print(json.dumps(measure(Case.from_json(sys.argv[1]))))
