"""The real emulator and the real endpoint in a home of their own."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from infra.local import ministack
from infra.local.clients import local_client
from infra.local.errors import LocalError
from infra.local.home import Home
from infra.local.parts import answers, health_url
from infra.local.processes import find, marked
from infra.local.state import PARTS, LocalState, Part, read_state
from infra.local.up import down, locked, reset, up

pytestmark = pytest.mark.integration

DOCKER_ALONE = "--docker takes an image and nothing else: tuning local image IMAGE --docker DOCKER_IMAGE\n"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path / "home")
    yield home
    if home.exists:
        down(home)
    assert marked(home, *PARTS) == []


def tuning(home: Home, *arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "TUNING_HOME": str(home.path)}
    command = [sys.executable, "-m", "infra.cli", *arguments]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)


def kill(state: LocalState, part: Part) -> None:
    process = find(state.process(part))
    assert process is not None
    process.kill()
    process.wait(10)


def test_from_up_to_reset(home: Home) -> None:
    started = tuning(home, "local", "up")
    assert (started.returncode, started.stderr) == (0, "")
    assert started.stdout.startswith("the local AWS is up: http://127.0.0.1:")

    again = tuning(home, "local", "up")
    assert again.stdout.startswith("the local AWS was already up: http://127.0.0.1:")
    state = read_state(home)
    assert state is not None

    variables = json.loads(tuning(home, "local", "env", "--json").stdout)
    assert use_from_another_program(variables) == ["000000000000", "32", "ml.g4dn.xlarge for training job usage"]
    assert {listener for part in PARTS for listener in listening(state, part)} == {
        ("127.0.0.1", state.ministack_port),
        ("127.0.0.1", state.endpoint_port),
    }
    local_client(state, "s3").create_bucket(Bucket="kept")
    local_client(state, "s3").put_object(Bucket="kept", Key="k", Body=b"v")

    shown = tuning(home, "local", "status")
    assert (shown.returncode, shown.stdout.splitlines()[-1]) == (0, "tuning jobs: 0")
    for part, port in zip(PARTS, (state.ministack_port, state.endpoint_port), strict=True):
        assert re.search(rf"{part} *│ up *│ {port} *│", shown.stdout)

    ended = tuning(home, "local", "down")
    assert (ended.returncode, ended.stdout) == (0, "the local AWS is down\n")
    assert marked(home, *PARTS) == []
    assert tuning(home, "local", "status").returncode == 1

    after, _ = up(home)
    assert (after.ministack_port, after.endpoint_port) == (state.ministack_port, state.endpoint_port)
    assert local_client(after, "s3").get_object(Bucket="kept", Key="k")["Body"].read() == b"v"

    assert reset(home)
    assert not home.path.exists()
    assert marked(home, *PARTS) == []


def use_from_another_program(variables: dict[str, str]) -> list[str]:
    program = (
        "import boto3, json\n"
        "print(json.dumps([boto3.client('sts').get_caller_identity()['Account'],\n"
        "    boto3.client('ssm').get_parameter(Name='/cdk-bootstrap/hnb659fds/version')['Parameter']['Value'],\n"
        "    boto3.client('service-quotas').get_service_quota(ServiceCode='sagemaker', QuotaCode='L-3F53BF0F')\n"
        "        ['Quota']['QuotaName']]))"
    )
    done = subprocess.run([sys.executable, "-c", program], env=variables, capture_output=True, text=True, check=True)
    names: list[str] = json.loads(done.stdout)
    return names


def listening(state: LocalState, part: Part) -> list[tuple[str, int]]:
    process = find(state.process(part))
    assert process is not None
    return [(c.laddr.ip, c.laddr.port) for c in process.net_connections() if c.status == psutil.CONN_LISTEN]


def test_a_lambda_reaches_the_endpoint_and_ends_with_the_emulator(home: Home, tmp_path: Path) -> None:
    state, _ = up(home)
    function = local_client(state, "lambda")
    for runtime, name, code in (
        ("python3.13", "index.py", PYTHON_FUNCTION),
        ("nodejs22.x", "index.js", NODE_FUNCTION),
    ):
        function.create_function(
            FunctionName=runtime.replace(".", "-"),
            Runtime=runtime,
            Handler="index.handler",
            Role="arn:aws:iam::000000000000:role/r",
            Code={"ZipFile": zipped(tmp_path, name, code)},
            Timeout=30,
        )
        answer = function.invoke(FunctionName=runtime.replace(".", "-"))
        seen = json.loads(answer["Payload"].read())
        assert seen["endpoint"] == state.endpoint_url, seen
        assert seen["key"]
    assert seen["node"] == "v24"
    assert len(marked(home, "ministack")) > 1, "the functions have processes of their own"
    down(home)
    assert marked(home, "ministack") == []


PYTHON_FUNCTION = """
import boto3, os
def handler(event, context):
    client = boto3.client("service-quotas")
    client.get_service_quota(ServiceCode="sagemaker", QuotaCode="L-3F53BF0F")
    return {"endpoint": client.meta.endpoint_url, "key": os.environ["AWS_ACCESS_KEY_ID"]}
"""
NODE_FUNCTION = """
exports.handler = async () => ({
  endpoint: process.env.AWS_ENDPOINT_URL_SERVICE_QUOTAS, key: process.env.AWS_ACCESS_KEY_ID,
  node: process.version.split(".")[0]
});
"""


def zipped(folder: Path, name: str, text: str) -> bytes:
    import zipfile

    archive = folder / f"{name}.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(name, text)
    return archive.read_bytes()


@pytest.mark.parametrize("lost", PARTS)
def test_a_lost_part_is_started_again_and_the_other_stays(home: Home, lost: Part) -> None:
    before, _ = up(home)
    kill(before, lost)
    after, started = up(home)
    assert started
    assert after.is_running
    assert after.process(lost) != before.process(lost)
    assert replace(after, ministack=None, endpoint=None) == replace(before, ministack=None, endpoint=None)
    [kept] = [part for part in PARTS if part != lost]
    assert after.process(kept) == before.process(kept)
    assert all(answers(health_url(after, part)) for part in PARTS)


def test_new_ports_where_somebody_has_taken_the_old_ones(home: Home) -> None:
    before, _ = up(home)
    kill(before, "endpoint")
    assert before.endpoint_port is not None
    with socket.create_server(("127.0.0.1", before.endpoint_port)):
        after, _ = up(home)
    assert after.endpoint_port != before.endpoint_port
    assert after.ministack_port == before.ministack_port
    # The emulator's Lambdas learn the endpoint's port from its environment, so it was started anew.
    assert after.ministack != before.ministack
    emulator = find(after.ministack)
    assert emulator is not None
    assert emulator.environ()["AWS_ENDPOINT_URL_SAGEMAKER"] == after.endpoint_url


def test_a_port_in_use_starts_nothing(home: Home) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        refused = tuning(home, "local", "up", "--port", str(port))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == f"port {port} of 127.0.0.1 is in use: end what uses it, or choose another port\n"
    assert marked(home, *PARTS) == []


def test_a_part_that_ends_at_once_shows_its_last_words(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    words = "import sys; sys.exit('the emulator has no more room')"
    monkeypatch.setattr(ministack, "command", lambda: [sys.executable, "-c", words])
    with pytest.raises(LocalError) as caught:
        up(home)
    log = home.logs / "ministack.log"
    assert str(caught.value) == (
        f"ministack ended before it was ready. The end of {log}:\nthe emulator has no more room"
    )
    assert marked(home, *PARTS) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_start_leaves_nothing_behind(home: Home, number: signal.Signals) -> None:
    # An emulator that never answers keeps `up` waiting, so that the signal surely comes in the middle.
    program = (
        "import sys\nfrom infra.cli import app\nfrom infra.local import ministack\n"
        "ministack.command = lambda: [sys.executable, '-c', 'import time; time.sleep(600)']\n"
        "app(['local', 'up'])"
    )
    environ = {**os.environ, "TUNING_HOME": str(home.path)}
    starting = subprocess.Popen([sys.executable, "-c", program], env=environ, stderr=subprocess.PIPE)
    wait_for(lambda: len(marked(home, *PARTS)) == 2)
    starting.send_signal(number)
    starting.communicate(timeout=60)
    assert starting.returncode != 0
    assert marked(home, *PARTS) == []
    state = read_state(home)
    assert state is not None
    assert (state.ministack, state.endpoint) == (None, None)


def wait_for(condition: Any) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in 30 s"
        time.sleep(0.05)


def test_two_commands_at_once_do_not_interleave(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.local.up._LOCK_SECONDS", 0.1)
    with locked(home.create()), pytest.raises(LocalError) as refused:
        up(home)
    assert str(refused.value) == (
        f"another command is starting or ending the local AWS in {home.path}: try again when it is done"
    )


def test_a_second_endpoint_on_one_home_is_refused(home: Home) -> None:
    up(home)
    command = [sys.executable, "-m", "infra.local.endpoint", "--home", str(home.path)]
    second = subprocess.run(command, capture_output=True, text=True, check=False)
    assert second.returncode == 1
    assert second.stderr.splitlines()[-1] == (
        f"cannot start: another endpoint already works on {home.path}: end it with `tuning local down`"
    )


def test_orphans_of_a_killed_emulator_end_with_down(home: Home) -> None:
    state, _ = up(home)
    kill(state, "endpoint")
    kill(state, "ministack")
    assert not down(home)
    up(home)
    home.local_json.unlink()  # even without the record, the marks lead to the processes
    assert down(home)
    assert marked(home, *PARTS) == []


def test_the_cdk_cli_runs_with_its_own_exit_code(home: Home, tmp_path: Path) -> None:
    up(home)
    assert tuning(home, "local", "cdk", "--", "--version").stdout.startswith("2.")
    failed = tuning(home, "local", "cdk", "--", "deploy", "--app", str(tmp_path / "missing"))
    assert failed.returncode == 1
    assert "missing" in failed.stderr


def test_a_record_that_cannot_be_read_is_one_clear_line(home: Home) -> None:
    home.create().engine_db.write_bytes(b"not a database" * 100)
    refused = tuning(home, "local", "up")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == (
        f"endpoint cannot start: the engine's record {home.engine_db} cannot be read (file is not a database); "
        "move it away to keep it, or begin anew with `tuning local reset`\n"
    )


def test_down_ends_the_training_programs_of_a_killed_endpoint(home: Home, tmp_path: Path) -> None:
    program = tmp_path / "train.py"
    program.write_text("import time; print('loss=1', flush=True); time.sleep(120)")
    registered = tuning(home, "local", "image", "mine", "--", sys.executable, str(program))
    assert registered.stdout == f"image mine is played by: {sys.executable} {program}\n"
    state, _ = up(home)
    local_client(state, "s3").create_bucket(Bucket="models")
    sagemaker = local_client(state, "sagemaker")
    sagemaker.create_training_job(
        TrainingJobName="left-alone",
        AlgorithmSpecification={"TrainingImage": "mine", "TrainingInputMode": "File"},
        RoleArn="arn:aws:iam::000000000000:role/training",
        OutputDataConfig={"S3OutputPath": "s3://models/out"},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        StoppingCondition={"MaxRuntimeInSeconds": 600},
    )
    folder = home.training_jobs / "left-alone"
    deadline = time.monotonic() + 60
    while not (folder / "log").exists() or "loss" not in (folder / "log").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    pid = json.loads((folder / "supervisor.json").read_text())["program"]
    assert pid in [process.pid for process in marked(home, "endpoint")]
    kill(state, "endpoint")
    assert tuning(home, "local", "down").stdout == "the local AWS is down\n"
    assert not psutil.pid_exists(pid)
    ended = json.loads((folder / "exit.json").read_text())
    assert ended["terminated"]  # so that the next engine runs it again, and does not take it for a failure


def test_images_are_listed_and_forgotten(home: Home) -> None:
    tuning(home, "local", "image", "mine:1", "--", "train", "--fast")
    assert "mine:1: train --fast\n" in tuning(home, "local", "image").stdout
    assert tuning(home, "local", "image", "mine:1", "--remove").stdout == "image mine:1 is forgotten\n"
    for arguments, message in (
        (["mine:1", "--remove"], "image mine:1 is not registered: `tuning local image` lists those that are\n"),
        (["mine:1"], "the program for image mine:1 is missing: tuning local image mine:1 -- COMMAND\n"),
        (["--docker", "x"], DOCKER_ALONE),
        (["mine:1", "--docker", "x", "--remove"], DOCKER_ALONE),
        (["mine:1", "--docker", "x", "--", "train"], DOCKER_ALONE),
    ):
        refused = tuning(home, "local", "image", *arguments)
        assert (refused.returncode, refused.stderr) == (1, message)
    named = tuning(home, "local", "image", "seq2seq", "--docker", "seq2seq:mine")
    assert named.stdout == "image seq2seq runs as a container of: seq2seq:mine\n"
    assert "seq2seq: container of seq2seq:mine\n" in tuning(home, "local", "image").stdout


def test_file_systems_are_listed_and_forgotten(home: Home, tmp_path: Path) -> None:
    command = ("local", "file-system")
    played = tuning(home, *command, "fs-0123abcd", str(tmp_path))
    assert played.stdout == f"file system fs-0123abcd is played by: {tmp_path}\n"
    assert tuning(home, *command).stdout == f"fs-0123abcd: {tmp_path}\n"
    assert tuning(home, *command, "fs-0123abcd", "--remove").stdout == "file system fs-0123abcd is forgotten\n"
    assert tuning(home, *command).stdout == ""
    for arguments, message in (
        (["efs"], "the id of a file system must look like fs-0123456789abcdef0, got efs\n"),
        (["fs-0123abcd"], "the folder for fs-0123abcd is missing: tuning local file-system fs-0123abcd FOLDER\n"),
        (
            ["fs-0123abcd", "--remove"],
            "file system fs-0123abcd is not registered: `tuning local file-system` lists those that are\n",
        ),
    ):
        refused = tuning(home, *command, *arguments)
        assert (refused.returncode, refused.stderr) == (1, message)
