"""A tiny model, trained once, and a server of it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from infra.container import Container
from infra.seq2seq import training_job
from infra.seq2seq.hyperparameters import HyperParameters
from tests.unit.seq2seq.tiny import write_job

from .server import Server, running


@pytest.fixture(scope="session")
def model_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is /opt/ml: the model answers letters by capital letters."""
    learning = {"learning_rate": "0.02", "batch_size": "32", "checkpoint_frequency_num_batches": "120"}
    base = write_job(tmp_path_factory.mktemp("serving"), {**learning, "max_num_batches": "240"}, pairs=600)
    container = Container(base)
    before = signal.getsignal(signal.SIGTERM)
    training_job.run(container, HyperParameters.parse(container.hyperparameters()), lambda _: None)
    signal.signal(signal.SIGTERM, before)
    torch.set_flush_denormal(False)  # a process of its own would have taken this with it
    return base


@pytest.fixture(scope="session")
def server(model_base: Path) -> Iterator[Server]:
    """The server, with bodies of at most 1 MiB."""
    with running(model_base, SAGEMAKER_MAX_PAYLOAD_IN_MB="1") as started:
        yield started
