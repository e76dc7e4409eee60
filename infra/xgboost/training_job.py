"""A training job from start to end: the container's files in, the model out."""

from __future__ import annotations

import os
import re
import resource
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from infra.container import ClientError, StopRequest

from . import own_metrics
from .checkpoint import Checkpoints, write_model
from .container import CSV, TableContainer
from .hyperparameters import HyperParameters
from .library import xgb
from .metric_lines import metric_line
from .tables import Table, read_csv, read_libsvm

MODEL = "xgboost-model"

Log = Callable[[str], None]


def run(container: TableContainer, settings: HyperParameters, log: Log) -> None:
    """Trains and leaves the model in the container's model folder.

    Raises:
        ClientError: Something in the channels or the hyperparameters keeps the job from training.
    """
    stop = StopRequest()
    channels = load_channels(container, settings)
    for name, data in channels.items():
        log(f"Channel {name}: {data.num_row()} examples with {data.num_col()} features")
    with _warnings_in(log):
        try:
            model = Training(settings, channels, container, log, lambda: stop.received).fit()
        except xgb.core.XGBoostError as error:
            raise ClientError(_library_text(error)) from error
    if model is None:
        log("Stopped before the first round: there is no model")
        return
    container.model.mkdir(parents=True, exist_ok=True)
    write_model(model, container.model / MODEL)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    log(f"Model of {model.num_boosted_rounds()} rounds saved to {container.model}. Peak memory: {peak:.0f} MiB")


def load_channels(container: TableContainer, settings: HyperParameters) -> dict[str, xgb.DMatrix]:
    """The data of the channels train and, if there is one, validation.

    Raises:
        ClientError: A channel is missing, or its files cannot be read.
    """
    if not container.has_channel("train"):
        raise ClientError("channel 'train' is missing: add it to InputDataConfig")
    names = [name for name in ("train", "validation") if container.has_channel(name)]
    if settings.tuning_objective is not None and "validation" not in names:
        raise ClientError(
            f"channel 'validation' is missing: the tuning job's objective {settings.tuning_objective} is computed on it"
        )
    tables = {name: _read(container, name, settings) for name in names}
    widths = {name: table.columns for name, table in tables.items()}
    widest = max(widths.values())
    if len(set(widths.values())) > 1:
        if any(container.format(name) == CSV for name in names):
            raise ClientError(f"the channels must have the same number of features, but got {widths}")
        tables = {name: table.widened(widest) for name, table in tables.items()}
    return {name: _matrix(table) for name, table in tables.items()}


def _read(container: TableContainer, channel: str, settings: HyperParameters) -> Table:
    files = container.data_files(channel)
    if container.format(channel) == CSV:
        return read_csv(files, weights=settings.values.get("csv_weights") == "1")
    return read_libsvm(files)


def _matrix(table: Table) -> xgb.DMatrix:
    return xgb.DMatrix(table.features, table.labels, weight=table.weights, qid=table.groups, nthread=_threads())


class Training:
    """One training, from its checkpoint if there is one."""

    def __init__(
        self,
        settings: HyperParameters,
        channels: dict[str, xgb.DMatrix],
        container: TableContainer,
        log: Log,
        stopped: Callable[[], bool],
    ) -> None:
        self._settings = settings
        self._channels = channels
        self._checkpoints = Checkpoints(container.checkpoints)
        self._log = log
        self._stopped = stopped
        self._own = [metric for metric in settings.metrics if metric in own_metrics.ALL]

    def fit(self) -> xgb.Booster | None:
        """The model of all rounds, or of those until early stopping or SIGTERM; None if there was no time for one."""
        begun = self._checkpoints.newest(self._log)
        done = 0 if begun is None else begun.num_boosted_rounds()
        rounds = self._settings.values["num_round"] - done
        if begun is not None:
            self._log(f"Going on after round {done - 1}, from the checkpoint")
        if self._stopped():
            return begun
        if rounds <= 0 and begun is not None:
            self._log_metrics_of(begun, done - 1)
            return begun
        return xgb.train(
            self._parameters(),
            self._channels["train"],
            rounds,
            evals=self._watched(),
            custom_metric=self._own_values if self._own else None,
            callbacks=[_Rounds(self._log, self._checkpoints, self._stopped), *self._early_stopping()],
            xgb_model=begun,
            verbose_eval=False,
        )

    def _log_metrics_of(self, model: xgb.Booster, round_number: int) -> None:
        parameters = self._parameters()
        metrics = [("eval_metric", metric) for metric in parameters.pop("eval_metric", [])]
        model.set_param([*parameters.items(), *metrics])
        own: Any = self._own_values if self._own else None
        self._log(model.eval_set(self._watched(), round_number, own, output_margin=False))

    def _watched(self) -> list[tuple[xgb.DMatrix, str]]:
        return [(data, name) for name, data in self._channels.items()]

    def _parameters(self) -> dict[str, Any]:
        parameters = {"nthread": _threads(), **self._settings.for_library()}
        if self._settings.values.get("tree_method") == "gpu_hist":
            self._log("tree_method gpu_hist: without a GPU, hist does the same on the processor")
        library_metrics = [metric for metric in self._settings.metrics if metric not in own_metrics.ALL]
        if library_metrics:
            parameters["eval_metric"] = library_metrics
        elif self._own:
            parameters["disable_default_eval_metric"] = True
        return parameters

    def _own_values(self, predictions: Any, data: xgb.DMatrix) -> list[tuple[str, float]]:
        labels = data.get_label()
        return [(name, own_metrics.value(name, labels, predictions, self._settings.objective)) for name in self._own]

    def _early_stopping(self) -> list[xgb.callback.TrainingCallback]:
        found = self._settings.early_stopping
        if found is None or "validation" not in self._channels:
            if "early_stopping_rounds" in self._settings.values:
                self._log("early_stopping_rounds has no effect without eval_metric and a channel validation")
            return []
        rounds, metric, more_is_better = found
        # A linear model is one model, not a list of rounds that could be cut after the best.
        save_best = self._settings.values.get("booster") != "gblinear"
        return [
            xgb.callback.EarlyStopping(
                rounds, metric_name=metric, data_name="validation", maximize=more_is_better, save_best=save_best
            )
        ]


class _Rounds(xgb.callback.TrainingCallback):
    """Logs each round, writes checkpoints, and ends the training when it is told to stop."""

    def __init__(self, log: Log, checkpoints: Checkpoints, stopped: Callable[[], bool]) -> None:
        super().__init__()
        self._log = log
        self._checkpoints = checkpoints
        self._stopped = stopped

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
        """Whether the training is to end. The model knows its round, which goes on over a checkpoint."""
        values = [
            (channel, metric, history[-1]) for channel, found in evals_log.items() for metric, history in found.items()
        ]
        self._log(metric_line(model.num_boosted_rounds() - 1, values))
        stopped = self._stopped()
        if stopped or self._checkpoints.due():
            self._checkpoints.write(model)
        return stopped


def _threads() -> int:
    """As many as the job was given: threads of parallel jobs fight for the same cores."""
    return int(os.environ.get("OMP_NUM_THREADS", "1"))


@contextmanager
def _warnings_in(log: Log) -> Iterator[None]:
    """The library's warnings as lines of the log, without the place in Python's source that they were raised at."""

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        log(f"WARNING: {_text(str(message))}")

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = show
        yield


def _library_text(error: Exception) -> str:
    return f"XGBoost: {_text(str(error).partition('Stack trace:')[0])}"


def _text(text: str) -> str:
    """One line, without time and place in the library's source."""
    return " ".join(re.sub(r"^\[[0-9:]+\] (WARNING: )?\S+:[0-9]+: ", "", text.strip()).split())
