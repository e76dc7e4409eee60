"""What a training says of its course: its speed now and then, its metrics at each checkpoint."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from .checkpoint import Progress
from .evaluation import perplexity
from .metric_lines import checkpoint_line, metric_line, speed_line

#: Updates between two lines about speed.
SPEED_LINE_UPDATES = 50


class TrainingLog:
    """The lines of a training's log and, behind them, a clock that starts anew after each checkpoint.

    Args:
        log: Takes a line.
        training_metric: ``perplexity`` or ``accuracy``, as the hyperparameter has it.
    """

    def __init__(self, log: Callable[[str], None], training_metric: str) -> None:
        self._log, self._training_metric = log, training_metric
        self.restart()

    def restart(self) -> None:
        """Counts and times from here on."""
        self._start = time.perf_counter()
        self._samples = self._tokens = self._updates = 0

    def seconds(self) -> float:
        """Seconds since the last start."""
        return max(time.perf_counter() - self._start, 1e-9)

    def update(self, progress: Progress, samples: int, tokens: int) -> None:
        """Counts an update of so many pairs and target tokens; now and then the speed so far is told."""
        self._samples += samples
        self._tokens += tokens
        self._updates += 1
        if progress.updates % SPEED_LINE_UPDATES == 0:
            seconds = self.seconds()
            counts = {"samples": self._samples, "tokens": self._tokens, "updates": self._updates}
            rates = {name: count / seconds for name, count in counts.items()}
            self._log(speed_line(progress.epoch, progress.batch, **rates))

    def checkpoint(self, progress: Progress, validation: Mapping[str, float], seconds: float) -> None:
        """Tells how far the training is, and the metrics of both kinds of data.

        Args:
            progress: With the sums over the target tokens since the checkpoint before.
            validation: Metrics on the validation data.
            seconds: That the updates since the last start took, evaluation excluded.
        """
        self._log(
            checkpoint_line(
                progress.checkpoint,
                updates=progress.updates,
                epoch=progress.epoch,
                samples=progress.samples,
                seconds=seconds,
                rate=self._updates / seconds,
            )
        )
        metrics = {"perplexity": perplexity(progress.loss / progress.tokens)}
        if self._training_metric == "accuracy":
            metrics = {"accuracy": progress.correct / progress.tokens}
        if self._tokens > 0:  # none since a training was resumed that had been stopped at its checkpoint
            metrics["tokens_per_second"] = self._tokens / seconds
        self._log(metric_line(progress.checkpoint, "Train", metrics))
        self._log(metric_line(progress.checkpoint, "Validation", validation))
