"""What the engine itself costs: see README.md beside this file."""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from constructs_lib.algorithms import Seq2Seq
from constructs_lib.ranges import CategoricalRange, ContinuousRange, IntegerRange
from infra.local.clients import local_client
from infra.local.engine.strategies import BayesianStrategy, Configuration, Observation, Space
from infra.local.engine.training.images import register_image
from infra.local.home import Home
from infra.local.processes import find
from infra.local.state import LocalState
from infra.local.up import down, up

ROLE = "arn:aws:iam::000000000000:role/training"
RANGES = {
    "ContinuousParameterRanges": [
        {"Name": "learning_rate", "MinValue": "0.0001", "MaxValue": "0.1", "ScalingType": "Logarithmic"},
        {"Name": "dropout", "MinValue": "0", "MaxValue": "0.5"},
    ],
    "IntegerParameterRanges": [{"Name": "num_hidden", "MinValue": "32", "MaxValue": "512"}],
    "CategoricalParameterRanges": [{"Name": "cell", "Values": ["lstm", "gru"]}],
}
SENTENCES = 40


def main() -> None:
    """Run the chosen parts and print their figures."""
    parts = {"ask": ask, "start": start, "trials": trials, "many": many}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=list(parts), metavar="PART", help="of " + ", ".join(parts))
    options = parser.parse_args()
    machine = f"{platform.platform()}, Python {platform.python_version()}"
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {machine}")
    for name in options.parts:
        parts[name]()


def ask() -> None:
    """An ask of the Bayesian strategy with and without running jobs, in a small space and in that of Seq2Seq."""
    for what, ranges in (("4 hyperparameters", RANGES), ("all that Seq2Seq recommends", seq2seq_ranges())):
        space = Space.of(ranges)
        strategy = BayesianStrategy(seed=1, maximize=False)
        random = [BayesianStrategy(seed=seed, maximize=False).ask(space, [], [], seed) for seed in range(753)]
        chosen = [c for c in random if c is not None]
        for finished, running in ((100, 0), (100, 3), (750, 3)):
            history = [Observation(c, loss(c)) for c in chosen[:finished]]
            beside = chosen[750 : 750 + running]
            strategy.ask(space, history, beside, finished + 4)  # imports, and settles
            walls, cpus = [], []
            for number in range(finished + 5, finished + 12):
                wall, cpu = time.perf_counter(), time.process_time()
                strategy.ask(space, history, beside, number)
                walls.append(time.perf_counter() - wall)
                cpus.append(time.process_time() - cpu)
            print(
                f"ask: {median(walls):.3f} s in the median ({median(cpus):.3f} s of processor time) for {what} at "
                f"{finished} finished and {running} running jobs (aim: 0.5); {load()}"
            )


def loss(c: Configuration) -> float:
    """Some objective: a narrow valley in the learning rate, and a slope in every other number."""
    others = [float(value) for name, value in c.items() if isinstance(value, float) and name != "learning_rate"]
    return abs(math.log10(float(c["learning_rate"])) + 2) + sum(others) / 10


def seq2seq_ranges() -> dict[str, Any]:
    """The documented ranges of Seq2Seq, as a request has them."""
    ranges: dict[str, list[dict[str, Any]]] = {}
    for r in Seq2Seq.recommended_ranges():
        if isinstance(r, CategoricalRange):
            entry = {"Name": r.name, "Values": [str(value) for value in r.values]}
            ranges.setdefault("CategoricalParameterRanges", []).append(entry)
        elif isinstance(r, (IntegerRange, ContinuousRange)):
            kind = "Integer" if isinstance(r, IntegerRange) else "Continuous"
            entry = {"Name": r.name, "MinValue": str(r.min), "MaxValue": str(r.max)}
            ranges.setdefault(f"{kind}ParameterRanges", []).append(entry)
    return ranges


def load() -> str:
    """How busy the machine is."""
    return f"load {os.getloadavg()[0]:.1f}"


def start() -> None:
    """From a free slot to the first line of the next training job, for the image seq2seq."""
    with Local() as local:
        keys = local.upload_corpus()
        local.watch_first_lines()
        jobs = local.tune(
            "start",
            local.seq2seq(keys),
            jobs=12,
            parallel=1,
            ranges={"ContinuousParameterRanges": [{"Name": "learning_rate", "MinValue": "0.001", "MaxValue": "0.01"}]},
        )
        names = [job["TrainingJobName"] for job in jobs]
        lines = [local.first_lines[name] for name in names]
        slots = [job["TrainingEndTime"].timestamp() for job in jobs]
        programs = [json.loads((local.home.training_jobs / name / "exit.json").read_text())["ended"] for name in names]
        for what, ends, aim in (
            ("from a free slot to the first line", slots, " (aim: 0.25)"),
            ("the same from the end of the program before, with its artifacts", programs, ""),
        ):
            gaps = sorted(line - end for end, line in zip(ends, lines[1:], strict=False))
            shown = ", ".join(f"{gap:.2f}" for gap in gaps)
            print(f"start: {median(gaps):.3f} s {what}, median of {len(gaps)}{aim}: {shown}; {load()}")
        first = lines[0] - jobs[0]["CreationTime"].timestamp()
        print(f"start: {first:.2f} s for the first job, which waits for the imports")


def trials() -> None:
    """100 trials of 1 s on 2 slots."""
    with Local() as local:
        register_image(local.home, "second", ["sh", "-c", "echo loss=$SM_HP_DROPOUT; sleep 1"])
        began = time.perf_counter()
        local.tune("trials", local.definition("second"), jobs=100, parallel=2)
        seconds = time.perf_counter() - began
        print(
            f"trials: {seconds:.1f} s for 100 trials of 1 s on 2 slots, {seconds / 50:.2f} times 50 s (aim: 1.15); "
            f"{load()}"
        )


def many() -> None:
    """750 training jobs in one tuning job, and 100 tuning jobs in the list."""
    with Local() as local:
        register_image(local.home, "moment", ["sh", "-c", "echo loss=$SM_HP_DROPOUT"])
        for number in range(99):
            local.create(f"small-{number}", local.definition("moment"), jobs=1, parallel=1)
        began = time.perf_counter()
        local.create("many", local.definition("moment"), jobs=750, parallel=10)
        sagemaker, times = local.sagemaker, Times()
        tuning, busy = {"HyperParameterTuningJobName": "many"}, local.processor_time()
        page = {"MaxResults": 100}
        best_first = partial(
            sagemaker.list_training_jobs_for_hyper_parameter_tuning_job, SortBy="FinalObjectiveMetricValue"
        )
        while True:
            answer = times.of("Describe", lambda: sagemaker.describe_hyper_parameter_tuning_job(**tuning))
            times.of("100 tuning jobs", lambda: sagemaker.list_hyper_parameter_tuning_jobs(**page))
            times.of("100 of its training jobs, the best first", lambda: best_first(**tuning, **page))
            times.of("100 of all training jobs", lambda: sagemaker.list_training_jobs(**page))
            if answer["HyperParameterTuningJobStatus"] != "InProgress":
                break
            time.sleep(0.5)
        seconds = time.perf_counter() - began
        busy = local.processor_time() - busy
        print(f"many: {seconds:.0f} s for 750 training jobs without work on 10 slots, beside 99 small tuning jobs")
        print(f"many: {1000 * busy / 750:.0f} ms of the endpoint's processor time for each of them, the looks included")
        for what, shown in times.medians().items():
            print(f"many: {what}: {1000 * shown:.0f} ms in the median{' (aim: 50)' if what == 'Describe' else ''}")
        for when in ("when it has ended and is still being told to other services", "when all of it has been told"):
            busy = local.processor_time()
            times.again("Describe")
            busy = local.processor_time() - busy
            for what in list(times.medians())[1:]:
                times.again(what)
            quiet = ", ".join(f"{what} {1000 * shown:.0f} ms" for what, shown in times.medians().items())
            print(f"many: the same {when}: {quiet}; {load()}")
            print(f"many: {1000 * busy / Times.AGAIN:.1f} ms of the endpoint's processor time for each Describe")
            local.wait_until_idle()
        print(f"many: {local.most_memory / 2**20:.0f} MiB resident at most (aim: 300)")


class Times:
    """How long calls take."""

    AGAIN = 20

    def __init__(self) -> None:
        self._seconds: dict[str, list[float]] = {}
        self._calls: dict[str, Callable[[], Any]] = {}

    def of(self, what: str, call: Callable[[], Any]) -> Any:
        """Make a call; its answer."""
        at = time.perf_counter()
        answer = call()
        self._seconds.setdefault(what, []).append(time.perf_counter() - at)
        self._calls[what] = call
        return answer

    def again(self, what: str) -> None:
        """Measure a call anew."""
        self._seconds[what] = []
        for _ in range(self.AGAIN):
            self.of(what, self._calls[what])

    def medians(self) -> dict[str, float]:
        """The median of each call's times."""
        return {what: median(seconds) for what, seconds in self._seconds.items()}


class Local:
    """A local AWS in a folder of its own, for one part."""

    def __enter__(self) -> Local:
        """Start it."""
        self._folder = tempfile.TemporaryDirectory(prefix="tuning-benchmark-")
        self.home = Home(Path(self._folder.name) / "home")
        self._state, _ = up(self.home)
        self.sagemaker = local_client(self._state, "sagemaker")
        self._s3 = local_client(self._state, "s3")
        self._s3.create_bucket(Bucket="benchmark")
        self.most_memory = 0
        self.first_lines: dict[str, float] = {}
        self._done = threading.Event()
        threading.Thread(target=self._watch, args=(self._state,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """End it and remove its folder."""
        self._done.set()
        down(self.home)
        self._folder.cleanup()

    def _watch(self, state: LocalState) -> None:
        process = find(state.endpoint)
        while process is not None and not self._done.wait(0.5):
            try:
                self.most_memory = max(self.most_memory, process.memory_info().rss)
            except psutil.Error:
                return

    def processor_time(self) -> float:
        """Seconds of processor time that the endpoint with the engine has used."""
        process = find(self._state.endpoint)
        if process is None:
            raise RuntimeError("the endpoint has ended")
        used = process.cpu_times()
        return float(used.user + used.system)

    def wait_until_idle(self) -> None:
        """Wait until the endpoint does next to nothing: all is told to other services."""
        while True:
            busy = self.processor_time()
            time.sleep(2)
            if self.processor_time() - busy < 0.1:
                return

    def definition(self, image: str, **members: Any) -> dict[str, Any]:
        """A training job definition."""
        return {
            "AlgorithmSpecification": {
                "TrainingImage": image,
                "TrainingInputMode": "File",
                "MetricDefinitions": [{"Name": "loss", "Regex": r"loss=(\S+)"}],
            },
            "RoleArn": ROLE,
            "OutputDataConfig": {"S3OutputPath": "s3://benchmark/out"},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
            "StoppingCondition": {"MaxRuntimeInSeconds": 600},
            **members,
        }

    def seq2seq(self, channels: dict[str, str]) -> dict[str, Any]:
        """The definition of a tiny sequence-to-sequence model."""
        static = {
            "max_num_epochs": "1",
            "batch_size": "8",
            "encoder_type": "rnn",
            "num_layers_encoder": "1",
            "num_layers_decoder": "1",
            "rnn_num_hidden": "8",
            "num_embed_source": "8",
            "num_embed_target": "8",
            "optimized_metric": "perplexity",
        }
        sources = [
            {"ChannelName": name, "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri}}}
            for name, uri in channels.items()
        ]
        definition = self.definition("seq2seq", StaticHyperParameters=static, InputDataConfig=sources)
        definition["AlgorithmSpecification"].pop("MetricDefinitions")
        return definition

    def upload_corpus(self) -> dict[str, str]:
        """Prepare and upload a corpus of a few sentences; the channels' URIs."""
        from infra.cli.seq2seq import prepare

        folder = Path(self._folder.name)
        for name in ("src", "trg"):
            (folder / name).write_text("".join(f"a b c {name} {n % 7} .\n" for n in range(SENTENCES)))
        prepare(folder / "src", folder / "trg", folder / "out", validation_fraction=0.2)
        for file in (f for f in (folder / "out").rglob("*") if f.is_file()):
            self._s3.upload_file(str(file), "benchmark", file.relative_to(folder / "out").as_posix())
        return {name: f"s3://benchmark/{name}/" for name in ("train", "validation", "vocab")}

    def create(
        self, name: str, definition: dict[str, Any], *, jobs: int, parallel: int, ranges: dict[str, Any] | None = None
    ) -> None:
        """Create a random search."""
        metric = "loss" if "MetricDefinitions" in definition["AlgorithmSpecification"] else "validation:perplexity"
        self.sagemaker.create_hyper_parameter_tuning_job(
            HyperParameterTuningJobName=name,
            HyperParameterTuningJobConfig={
                "Strategy": "Random",
                "RandomSeed": 1,
                "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": metric},
                "ResourceLimits": {"MaxNumberOfTrainingJobs": jobs, "MaxParallelTrainingJobs": parallel},
                "ParameterRanges": RANGES if ranges is None else ranges,
            },
            TrainingJobDefinition=definition,
        )

    def tune(self, name: str, definition: dict[str, Any], **limits: Any) -> list[dict[str, Any]]:
        """Create a random search and wait for its end; its training jobs."""
        self.create(name, definition, **limits)
        while True:
            time.sleep(0.2)
            answer = self.sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
            if answer["HyperParameterTuningJobStatus"] != "InProgress":
                break
        pages = self.sagemaker.get_paginator("list_training_jobs_for_hyper_parameter_tuning_job")
        found = [
            job for page in pages.paginate(HyperParameterTuningJobName=name) for job in page["TrainingJobSummaries"]
        ]
        if bad := [job for job in found if job["TrainingJobStatus"] != "Completed"]:
            raise RuntimeError(
                f"{len(bad)} training jobs have not completed, one because {bad[0].get('FailureReason')}"
            )
        return found

    def watch_first_lines(self) -> None:
        """Note from now on when each job's log gets its first line."""
        threading.Thread(target=self._watch_logs, daemon=True).start()

    def _watch_logs(self) -> None:
        while not self._done.wait(0.005):
            for log in self.home.training_jobs.glob("*/log"):
                if log.parent.name not in self.first_lines and log.stat().st_size > 0:
                    self.first_lines[log.parent.name] = time.time()


if __name__ == "__main__":
    main()
    sys.stdout.flush()
