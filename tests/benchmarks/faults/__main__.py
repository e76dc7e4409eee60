"""Deploys two tuning jobs again and again through the real CDK CLI on a local AWS whose SageMaker fails.

``python -m tests.benchmarks.faults --runs 21`` prints a line per run and the count of runs and faults; it exits with 1
where a job was lost, doubled or left running, or a stack is stuck. ``README.md`` says what each run does.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import psutil

import infra.local.up as local_up
from infra.local import ministack
from infra.local.clients import local_client
from infra.local.engine.training.images import register_image
from infra.local.home import Home
from infra.local.parts import log_file, start
from infra.local.processes import find, python, spawn
from infra.local.state import LocalState, Part, read_state
from tests.benchmarks.faults.proxy import FaultyProxy

ROOT = Path(__file__).parents[3]
EMULATOR = Path(__file__).with_name("emulator.py")
STACK, BUCKET = "faults", "fault-channels"
LIVE = ("InProgress", "Stopping")
VERSIONS, TRAPS = (1, 2), (None, 0, 1, 2)
KINDS = ("storm", "kill", "engine", "trap", "answer")
OPERATOR_TRIES = 3
PROGRAM = "import time\nfor step in range(600):\n    print('loss=1', flush=True)\n    time.sleep(1)\n"


def synthesise(folder: Path) -> None:
    """All templates that runs deploy: two versions of two jobs, with an empty channel at each step or at none."""
    program = f"from tests.benchmarks.faults.app import build; build({str(folder)!r})"
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)


class Workplace:
    """A local AWS behind the proxy."""

    def __init__(self, folder: Path, random: Random) -> None:
        self.folder, self.random = folder, random
        self.home = Home(folder / "home")
        self.proxy = FaultyProxy(random)
        self.answers = folder / "answers"
        vars(local_up)["start"] = self._start
        self.state, _ = local_up.up(self.home)
        self._take_state(self.state)
        file = folder / "program.py"
        file.write_text(PROGRAM)
        register_image(self.home, "program", [sys.executable, "-u", str(file)])
        s3 = local_client(self.state, "s3")
        s3.create_bucket(Bucket=BUCKET)
        s3.put_object(Bucket=BUCKET, Key="train/x", Body=b"x")
        self.sagemaker = local_client(self.state, "sagemaker")
        self.cloudformation = local_client(self.state, "cloudformation")

    def close(self) -> None:
        """End everything."""
        local_up.down(self.home)
        self.proxy.close()

    def _start(self, home: Home, state: LocalState, part: Part) -> psutil.Process:
        """Lambda functions find the proxy in the place of the endpoint; the emulator has faults of its own."""
        if part != "ministack":
            return start(home, state, part)
        ministack.prepare(home)
        command = python(str(EMULATOR), str(self.answers))
        environment = ministack.environment(home, replace(state, endpoint_port=self.proxy.port))
        return spawn(home, part, command, environment, log_file(home, part))

    def lose_answers(self, number: int) -> None:
        """Let so many of the next answers to CloudFormation fail."""
        self.answers.write_text(str(number))

    def stop_losing_answers(self) -> int:
        """Let answers arrive again; how many were still to be lost."""
        left = int(self.answers.read_text()) if self.answers.exists() else 0
        self.lose_answers(0)
        return left

    def _take_state(self, state: LocalState) -> None:
        assert state.endpoint_port is not None
        self.proxy.target_port = state.endpoint_port

    def restart_engine(self) -> None:
        """Kill the endpoint, and start it again: its engine finds its jobs."""
        state = read_state(self.home)
        process = None if state is None else find(state.endpoint)
        if process is not None:
            process.kill()
            process.wait(10)
        state, _ = local_up.up(self.home)
        self._take_state(state)

    def cdk(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The real CLI, on an assembly that is there already."""
        command = [sys.executable, "-m", "infra.cli", "local", "cdk", "--", *arguments]
        environment = {**os.environ, "TUNING_HOME": str(self.home.path), "PYTHONPATH": str(ROOT)}
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    def deploy(self, version: int, trap: int | None) -> bool:
        """Deploy; whether it succeeded."""
        app = self.folder / "assemblies" / f"{version}-{trap}"
        return self.cdk("deploy", STACK, "--app", str(app), "--require-approval", "never").returncode == 0

    def destroy(self) -> bool:
        """Destroy the stack; whether it is gone."""
        app = self.folder / "assemblies" / "1-None"
        return self.cdk("destroy", STACK, "--app", str(app), "--force").returncode == 0

    def live_jobs(self) -> dict[str, dict[str, str]]:
        """The tags of each live job."""
        found = self.sagemaker.list_hyper_parameter_tuning_jobs(MaxResults=100)["HyperParameterTuningJobSummaries"]
        return {
            one["HyperParameterTuningJobName"]: {
                tag["Key"]: tag["Value"]
                for tag in self.sagemaker.list_tags(ResourceArn=one["HyperParameterTuningJobArn"])["Tags"]
            }
            for one in found
            if one["HyperParameterTuningJobStatus"] in LIVE
        }

    def stack(self) -> tuple[str | None, list[str]]:
        """The stack's status, None without one, and the physical ids of its tuning jobs."""
        stacks = [one for one in self.cloudformation.describe_stacks()["Stacks"] if one["StackName"] == STACK]
        if not stacks:
            return None, []
        resources = self.cloudformation.describe_stack_resources(StackName=STACK)["StackResources"]
        kind = "Custom::HyperParameterTuningJob"
        ids = [one["PhysicalResourceId"] for one in resources if one["ResourceType"] == kind]
        return stacks[0]["StackStatus"], ids

    def mend(self) -> list[str]:
        """What an operator does: with the service back, the failed step is taken again. Returns the steps."""
        steps = []
        for _ in range(OPERATOR_TRIES):
            status, _ = self.stack()
            if status is None or ("FAILED" not in status and status != "ROLLBACK_COMPLETE"):
                break
            if "DELETE" in status or status.startswith(("ROLLBACK", "CREATE")):
                steps.append("destroy")
                self.destroy()
            else:
                steps.append("rollback")
                self.cdk("rollback", STACK, "--app", str(self.folder / "assemblies" / "1-None"))
        return steps

    def problems(self) -> list[str]:
        """What is not as it must be."""
        status, held = self.stack()
        live = self.live_jobs()
        digests = [tags.get("tuning-as-code:declaration") for tags in live.values()]
        found = [f"{name} is live and belongs to nothing" for name in live if name not in held]
        if len(set(digests)) != len(digests):
            found.append(f"a declaration has two live jobs: {sorted(live)}")
        if status is not None and ("FAILED" in status or status.endswith("IN_PROGRESS")):
            found.append(f"the stack is stuck: {status}")
        return found


def one_run(place: Workplace, number: int) -> list[str]:
    """One deployment or deletion with faults, and what it left that it must not leave."""
    random, proxy = place.random, place.proxy
    kind = KINDS[number % len(KINDS)]
    trap = random.choice(TRAPS[1:]) if kind == "trap" else None
    version = VERSIONS[number % 3 % 2]  # most runs change what is there
    # A storm fails every third call; where something else is tried, one in twenty.
    proxy.rate = {"storm": 0.35, "answer": 0.0}.get(kind, 0.05)
    proxy.kill_at = 1 + number // len(KINDS) if kind == "kill" else 0
    lost = random.randint(1, 8) if kind == "answer" else 0
    place.lose_answers(lost)
    restart = threading.Timer(4, place.restart_engine)
    if kind == "engine":
        restart.start()
    began = time.monotonic()
    destroys = number % 4 == 3
    done = place.destroy() if destroys else place.deploy(version, trap)
    if kind == "engine":
        restart.join()
    proxy.rate, proxy.kill_at = 0.0, 0
    lost -= place.stop_losing_answers()
    proxy.seen["answer not sent"] += lost
    status, _ = place.stack()
    operator = place.mend()
    seconds = time.monotonic() - began
    what = "destroy" if destroys else f"deploy version {version}"
    detail = {"trap": f" {trap}", "answer": f" {lost}"}.get(kind, "")
    after = f", then {operator}" if operator else ""
    print(f"run {number}: {what}, {kind}{detail}: {done}, {status}{after}, {seconds:.0f} s", flush=True)
    return place.problems()


def main() -> int:
    """Run them all."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.faults", description=__doc__)
    parser.add_argument("--runs", type=int, default=21)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    failed: list[Any] = []
    with tempfile.TemporaryDirectory() as folder:
        synthesise(Path(folder) / "assemblies")
        place = Workplace(Path(folder), Random(options.seed))
        try:
            for number in range(options.runs):
                problems = one_run(place, number)
                failed += [(number, problem) for problem in problems]
                for problem in problems:
                    print(f"run {number}: {problem}", flush=True)
            place.destroy()
            place.mend()
            failed += [("end", problem) for problem in place.problems()]
        finally:
            place.close()
        seen = dict(place.proxy.seen)
    calls = place.proxy.calls
    print(f"{options.runs} runs, {calls} calls, {sum(seen.values())} faults {seen}, {len(failed)} problems {failed}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
