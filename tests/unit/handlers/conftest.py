"""The tuning job's handler on a SageMaker in memory, and a clock that tests let go on."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from infra.handlers import clients
from infra.handlers import clock as clock_module
from tests.support.fake_aws import FakeSageMaker, client


@pytest.fixture
def sagemaker(monkeypatch: pytest.MonkeyPatch) -> FakeSageMaker:
    fake = FakeSageMaker()
    made = client("sagemaker", fake.call)
    monkeypatch.setattr(clients, "sagemaker", lambda: made)
    monkeypatch.setenv("AWS_LAMBDA_LOG_GROUP_NAME", "/group")
    monkeypatch.setenv("AWS_LAMBDA_LOG_STREAM_NAME", "stream-1")
    return fake


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    now = SimpleNamespace(seconds=1000.0)
    monkeypatch.setattr(clock_module, "now", lambda: now.seconds)
    monkeypatch.setattr(clock_module, "sleep", lambda seconds: setattr(now, "seconds", now.seconds + seconds))
    return now
