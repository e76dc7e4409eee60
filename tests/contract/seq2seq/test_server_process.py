"""The life of the server's process: start, SIGTERM, and what keeps it from starting."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

from infra.seq2seq.__main__ import main

from .server import JSONLINES, running

pytestmark = pytest.mark.integration


def test_told_to_end_it_finishes_what_it_has_and_takes_nothing_new(model_base: Path) -> None:
    many = "\n".join('{"source": "a b c d e f a b c d e f"}' for _ in range(1500))
    with running(model_base) as server, ThreadPoolExecutor(1) as pool:
        # GIVEN a translation in flight
        translating = pool.submit(server.invoke, many, JSONLINES)
        while not translating.running():
            pass
        assert server.targets("a") == ["A"]
        assert not translating.done()
        # WHEN
        server.stop()
        # THEN connections end, the translation does not
        _wait_until_refused(server.port)
        assert not translating.done()
        answer = translating.result(30)
        assert (answer.status, answer.body.count(b"\n")) == (200, 1500)
        assert server.process.wait(30) == 0
        assert server.process.stderr is not None
        assert server.process.stderr.read() == ""


def _wait_until_refused(port: int) -> None:
    for _ in range(1000):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except ConnectionError:
            return
        time.sleep(0.01)
    raise AssertionError("connections are taken still")


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    monkeypatch.setenv("SAGEMAKER_BIND_TO_PORT", "0")
    return tmp_path


def test_without_a_model_it_says_so(base: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (base / "model").mkdir()
    assert main(["serve"]) == 1
    error = f"ClientError: {base}/model holds no model of this algorithm: config.json is missing\n"
    assert capsys.readouterr().err == error


def test_a_taken_port_is_named(base: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("0.0.0.0", 0)) as taken:
        port = str(taken.getsockname()[1])
        monkeypatch.setenv("SAGEMAKER_BIND_TO_PORT", port)
        assert main(["serve"]) == 1
    error = f"ClientError: cannot listen at 0.0.0.0:{port}: Address already in use; choose another port\n"
    assert capsys.readouterr().err == error


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("SAGEMAKER_BIND_TO_PORT", "http", "from 0 to 65535"),
        ("SAGEMAKER_BIND_TO_PORT", "65536", "from 0 to 65535"),
        ("SAGEMAKER_MAX_PAYLOAD_IN_MB", "0", "from 1 to 1024"),
        ("OMP_NUM_THREADS", "", "from 1 to 4096"),
    ],
)
def test_settings_of_the_environment_are_checked(
    base: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str, rule: str
) -> None:
    monkeypatch.setenv(name, value)
    assert main(["serve"]) == 1
    error = f"ClientError: environment variable {name} must be a whole number {rule}, but got {value!r}\n"
    assert capsys.readouterr().err == error


def test_an_error_of_its_own_has_another_code_than_the_clients(
    base: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("no driver")

    monkeypatch.setattr(torch, "set_num_threads", fail)
    assert main(["serve"]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == "AlgorithmError: RuntimeError: no driver"
    assert not (base / "output").exists()  # for trainings alone
