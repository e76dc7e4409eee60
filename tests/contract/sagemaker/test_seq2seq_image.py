"""The image that `infra/seq2seq/Dockerfile` makes, as a container: it trains by the engine, then serves its model.

`SEQ2SEQ_IMAGE` names it: `docker build -f infra/seq2seq/Dockerfile -t seq2seq infra` and `SEQ2SEQ_IMAGE=seq2seq`.
"""

from __future__ import annotations

import http.client
import io
import json
import os
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from docker.models.containers import Container

from infra.local.containers.connection import ContainerEngineError, connect
from infra.local.engine.training.images import register_container
from tests.unit.seq2seq.tiny import write_job

from .conftest import DOCKER_HOST, Api, wait_until
from .test_seq2seq import train, validations

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SENTENCE = {"instances": [{"data": "a b c", "configuration": {"attention_matrix": True}}]}


@pytest.fixture
def image(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.undo()  # the machine's own engine
    name = os.environ.get("SEQ2SEQ_IMAGE")
    if name is None:
        pytest.skip("SEQ2SEQ_IMAGE names no image")
    if DOCKER_HOST is not None:
        monkeypatch.setenv("DOCKER_HOST", DOCKER_HOST)
    try:
        connect().close()
    except ContainerEngineError as error:
        pytest.skip(str(error))
    return name


def ask(port: int, method: str, path: str, body: str | None = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, response.read()
    except OSError:
        return 0, b""
    finally:
        connection.close()


def port_of(server: Container) -> int:
    server.reload()
    bindings = server.ports["8080/tcp"]
    return int(bindings[0]["HostPort"]) if bindings else 0


@pytest.mark.integration
def test_the_image_trains_and_serves(image: str, api: Api, s3: S3Client, tmp_path: Path) -> None:
    corpus = write_job(tmp_path / "corpus", {}, pairs=300) / "input/data"
    register_container(api.home, "seq2seq", image)
    train(api, s3, corpus, "in-the-image", "Pipe")
    assert len(validations(api, "in-the-image")) >= 2

    folder = tmp_path / "model"
    archive = s3.get_object(Bucket=api.bucket, Key="output/in-the-image/output/model.tar.gz")["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        folder.mkdir()
        for member in tar:
            content = tar.extractfile(member)
            assert content is not None, member.name
            (folder / member.name).write_bytes(content.read())
    client = connect()
    loopback: Any = {"8080/tcp": ("127.0.0.1", None)}  # None: any free port
    server = client.containers.run(
        image,
        ["serve"],
        detach=True,
        ports=loopback,
        volumes={str(folder): {"bind": "/opt/ml/model", "mode": "ro"}},
    )
    try:
        wait_until(lambda: ask(port_of(server), "GET", "/ping")[0] == 200)
        status, body = ask(port_of(server), "POST", "/invocations", json.dumps(SENTENCE))
        (prediction,) = json.loads(body)["predictions"]
        assert status == 200
        assert len(prediction["matrix"]) >= len(prediction["target"].split())
        server.kill(signal="SIGTERM")
        assert server.wait(timeout=30)["StatusCode"] == 0
    finally:
        server.remove(force=True)
        client.close()
