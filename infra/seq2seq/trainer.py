"""Training: updates, checkpoints with their metrics, early stopping, and going on after an interruption."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from infra.container import ClientError

from .batching import Buckets, Part, epoch_batches, length_ratio
from .checkpoint import Progress, load_state, save_state
from .dataset import Corpus, PairStore
from .evaluation import bleu_sample, next_word_metrics, translation_bleu
from .hyperparameters import HyperParameters
from .loss import cross_entropy
from .metric_lines import metric_line
from .model import Seq2Seq
from .optimizers import clip_gradients, make_optimizer
from .precision import Precision
from .processes import Processes, StopRequestedError
from .schedulers import make_scheduler
from .training_log import TrainingLog
from .vocabulary import Vocabulary


class Data(NamedTuple):
    """What a model is trained and validated on."""

    train: Corpus
    validation: PairStore
    source: Vocabulary
    target: Vocabulary


class Trained(NamedTuple):
    """The parameters of the best checkpoint by optimized_metric, and its validation metrics."""

    parameters: dict[str, Tensor]
    metrics: dict[str, float]


class Trainer:
    """One training job's loop.

    Args:
        settings: The job's hyperparameters.
        data: Training and validation data.
        seed: Decides initial weights, dropout and the order of the data; the same seed gives the same model.
        log: Takes a line.
        checkpoints: Folder for the state of an interrupted training; None or a missing one: none is kept.
        processes: Where to compute and with whom; says after each update whether to end the training early. None: in
            this process alone, on the CPU.
        precision: Of the updates' large products; checkpoints are evaluated in float32.
    """

    def __init__(
        self,
        settings: HyperParameters,
        data: Data,
        *,
        seed: int,
        log: Callable[[str], None],
        checkpoints: Path | None = None,
        processes: Processes | None = None,
        precision: Precision = Precision.FLOAT32,
    ) -> None:
        torch.manual_seed(seed)
        self._processes = Processes() if processes is None else processes
        self._settings, self._data, self._seed, self._log = settings, data, seed, log
        self._precision = precision
        self._checkpoints = checkpoints if checkpoints is not None and checkpoints.is_dir() else None
        self._model = Seq2Seq(settings, len(data.source), len(data.target)).to(self._processes.device)
        self._parallel = self._processes.parallel(self._model)
        self._optimizer = make_optimizer(settings, self._model)
        self._scheduler = make_scheduler(settings)
        self._progress = Progress()
        self._best: dict[str, Tensor] = {}
        self._bleu_sample = bleu_sample(data.validation, settings.bleu_sample_size, seed)
        self._training_log = TrainingLog(log, settings.training_metric)
        if self._processes.rank > 0:
            torch.manual_seed(seed + self._processes.rank)  # dropout of its own; the models are the same
        self._resume()

    @property
    def progress(self) -> Progress:
        """How far the training is; to be read only."""
        return self._progress

    def fit(self) -> Trained:
        """Trains until one of the hyperparameters or a request ends it."""
        try:
            self._train()
            if self._progress.evaluated_updates != self._progress.updates:
                self._checkpoint()
        except StopRequestedError:
            self._save()
            self._log(f"Stopped on request after {self._progress.updates} updates")
        return self._result()

    def _train(self) -> None:
        progress = self._progress
        if self._checkpoint_is_due():  # stopped while it was made
            self._checkpoint()
        while not self._finished():
            for part in self._epoch():
                self._update(part)
                if self._checkpoint_is_due():
                    self._checkpoint()
                if self._finished():
                    break
            else:
                progress.epoch += 1
                progress.batch = 0

    def _epoch(self) -> Iterator[Part]:
        progress, processes = self._progress, self._processes
        return epoch_batches(
            self._data.train.windows(progress.epoch),
            self._buckets,
            self._settings.batch_size,
            (self._seed, progress.epoch),
            skip=progress.batch,
            rank=processes.rank,
            count=processes.count,
        )

    def _buckets(self, store: PairStore) -> Buckets:
        settings, progress = self._settings, self._progress
        if progress.length_ratio == 0:
            progress.length_ratio = length_ratio(store)
        longest = settings.max_seq_len_source, settings.max_seq_len_target
        if not settings.bucketing_enabled:
            return Buckets.single(*longest)
        return Buckets.define(*longest, settings.bucket_width, progress.length_ratio)

    def _update(self, part: Part) -> None:
        progress, processes = self._progress, self._processes
        for group in self._optimizer.param_groups:
            group["lr"] = self._scheduler.rate(progress.updates)
        self._parallel.train()
        with self._precision.products(processes.device):
            loss = cross_entropy(self._model, self._parallel(part.batch.to(processes.device)))
        # The mean over the tokens of the whole batch; the gradients' mean over the processes makes it a sum of parts.
        mean = loss.total * (part.weight * processes.count / part.tokens)
        self._optimizer.zero_grad(set_to_none=True)
        mean.backward()
        clip_gradients(self._model, self._settings.clip_gradient)
        self._optimizer.step()
        total, correct = processes.sum([part.weight * float(loss.total.detach()), part.weight * float(loss.correct)])
        if not math.isfinite(total):
            raise self._diverged(f"the loss of batch {progress.updates + 1}")
        self._count(part, total, int(correct))

    def _count(self, part: Part, total: float, correct: int) -> None:
        progress = self._progress
        progress.batch += 1
        progress.updates += 1
        progress.samples += part.pairs
        progress.loss, progress.correct = progress.loss + total, progress.correct + correct
        progress.tokens += part.tokens
        self._training_log.update(progress, part.pairs, part.tokens)

    def _diverged(self, what: str) -> ClientError:
        return ClientError(
            f"training diverged: {what} is not finite; lower learning_rate ({self._settings.learning_rate:g}), or set "
            "clip_gradient if it is negative"
        )

    def _finished(self) -> bool:
        """Whether the hyperparameters end the training here.

        Raises:
            StopRequestedError: A request ends it.
        """
        settings, progress = self._settings, self._progress
        if progress.updates == settings.max_num_batches:
            return True
        if settings.max_num_epochs is not None and progress.epoch >= settings.max_num_epochs:
            return True
        stale = progress.stale >= settings.checkpoint_threshold and progress.epoch >= settings.min_num_epochs
        if stale and settings.max_num_epochs is None:
            return True
        if self._processes.stop_requested():
            raise StopRequestedError
        return False

    def _checkpoint_is_due(self) -> bool:
        progress = self._progress
        due = progress.updates > 0 and progress.updates % self._settings.checkpoint_frequency_num_batches == 0
        return due and progress.evaluated_updates != progress.updates

    def _checkpoint(self) -> None:
        """Evaluates the model, keeps it if it is the best so far, and saves the state; all of it or nothing."""
        seconds = self._training_log.seconds()
        metrics = self._evaluate()
        progress = self._progress
        progress.checkpoint += 1
        progress.evaluated_updates = progress.updates
        self._training_log.checkpoint(progress, metrics, seconds)
        improved = not self._best or _better(self._settings.optimized_metric, metrics, progress.best_metrics)
        if improved:
            progress.best_checkpoint, progress.best_metrics = progress.checkpoint, metrics
            self._best = {name: value.clone() for name, value in self._model.state_dict().items()}
        progress.stale = 0 if improved else progress.stale + 1
        self._scheduler.checkpoint(improved)
        progress.loss, progress.correct, progress.tokens = 0.0, 0, 0
        self._save()
        self._training_log.restart()

    def _evaluate(self) -> dict[str, float]:
        settings, data, processes = self._settings, self._data, self._processes
        metrics = next_word_metrics(self._model, data.validation, settings.batch_size, processes)
        if math.isnan(metrics["perplexity"]):
            raise self._diverged(f"the validation loss after batch {self._progress.updates}")
        if settings.computes_bleu:
            metrics["bleu"] = translation_bleu(
                self._model,
                data.validation,
                self._bleu_sample,
                data.target.decode,
                beam_size=settings.beam_size,
                max_length=settings.max_seq_len_target,
                processes=processes,
            )
        return metrics

    def _result(self) -> Trained:
        """The best model; the last metrics in the log are its own."""
        progress = self._progress
        if not self._best:
            return Trained(dict(self._model.state_dict()), {})
        if progress.best_checkpoint != progress.checkpoint:
            self._log(metric_line(progress.best_checkpoint, "Validation", progress.best_metrics))
        return Trained(self._best, progress.best_metrics)

    def _identity(self) -> dict[str, Any]:
        words = {"source vocabulary": self._data.source.digest, "target vocabulary": self._data.target.digest}
        return {**self._settings.to_strings(), **words, "seed": self._seed, "precision": self._precision.value}

    def _save(self) -> None:
        if self._checkpoints is None:
            return
        random = self._processes.gather(self._processes.random_state())
        if self._processes.rank == 0:
            state = {
                "identity": self._identity(),
                "progress": dataclasses.asdict(self._progress),
                "model": self._model.state_dict(),
                "best": self._best,
                "optimizer": self._optimizer.state_dict(),
                "scheduler": self._scheduler.state_dict(),
                "random": random,
            }
            save_state(self._checkpoints, state)

    def _resume(self) -> None:
        state = None if self._checkpoints is None else load_state(self._checkpoints, self._identity())
        if state is None:
            return
        self._progress = Progress(**state["progress"])
        self._model.load_state_dict(state["model"])
        self._best = {name: value.to(self._processes.device) for name, value in state["best"].items()}
        self._optimizer.load_state_dict(state["optimizer"])
        self._scheduler.load_state_dict(state["scheduler"])
        if self._processes.rank < len(state["random"]):  # a machine with more GPUs draws anew on those
            self._processes.set_random_state(state["random"][self._processes.rank])
        self._log(f"Resuming after {self._progress.updates} updates")


def _better(metric: str, new: dict[str, float], old: dict[str, float]) -> bool:
    return new[metric] < old[metric] if metric == "perplexity" else new[metric] > old[metric]
